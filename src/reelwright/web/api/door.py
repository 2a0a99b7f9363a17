"""Who may call the API, and how the program's errors become answers."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.security import HttpBearer
from ninja.utils import check_csrf

from reelwright import errors
from reelwright.version import VERSION
from reelwright.web.access import SAFE

#: What an error of ours is for whoever asked; the nearest class counts.
STATUSES: dict[type[errors.ReelwrightError], int] = {
    errors.UsageError: 422,
    errors.RefusedError: 409,
    errors.SourceError: 409,
    errors.ConflictError: 409,
    errors.ValidationFailedError: 409,
    errors.ResourceError: 503,
    errors.ToolError: 503,
    errors.InterruptedRunError: 503,
}


class Door(HttpBearer):
    """Lets in whom the login let in already; a browser that changes something shows its form token besides."""

    #: Ninja's page then sends the token by itself.
    csrf = True

    def __call__(self, request: HttpRequest) -> Any:
        """Whoever asks; the login's middleware has turned strangers away."""
        by_token = getattr(request, "by_token", False)
        if request.method not in SAFE and not by_token and is_browser(request) and check_csrf(request) is not None:
            raise HttpError(403, "This request did not come from a page of ours: its form token is missing or wrong.")
        return request.user if request.user.is_authenticated else "here"

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Not asked: the middleware knows tokens."""
        del request, token
        raise AssertionError


def is_browser(request: HttpRequest) -> bool:
    """Whether a request may have been made by a browser: it brings a cookie, or says where it comes from.

    Where no login is wanted, a program on this machine needs no token; a page of another site that makes a browser
    send something is known by these.
    """
    says = {"Origin", "Referer", "Sec-Fetch-Site"}
    return bool(request.COOKIES) or any(name in request.headers for name in says)


def status_of(error: errors.ReelwrightError) -> int:
    """The HTTP status of an error of ours; 500 for a defect."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def make_api() -> NinjaAPI:
    """The API, without its addresses."""
    api = NinjaAPI(
        title="Reelwright", version=VERSION, urls_namespace="api", auth=Door(),
        description="Jobs, libraries, queue and quarantine, as the command line and the pages know them. "
        'Sign in to the pages, or send a token: "Authorization: Bearer rw_...".',
    )  # fmt: skip
    api.add_exception_handler(errors.ReelwrightError, _refused)
    api.add_exception_handler(ValidationError, _not_valid)
    api.add_exception_handler(Http404, _not_found)
    return api


def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    del request
    return JsonResponse({"detail": str(error), "exit_code": error.exit_code}, status=status_of(error))


def _not_valid(request: HttpRequest, error: Any) -> HttpResponse:
    """Wrong parameters, as one sentence each."""
    del request
    told = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors]
    return JsonResponse({"detail": "; ".join(told)}, status=422)


def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    del request
    return JsonResponse({"detail": str(error) or "There is no such thing."}, status=404)
