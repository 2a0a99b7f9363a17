"""Who may see and do what: login, requests from other sites, and what every page knows of its reader."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from reelwright.version import VERSION
from reelwright.web.site import Site
from reelwright.web.tokens import bearer_of, known_token

Answer = Callable[[HttpRequest], HttpResponse]
#: Reached without a login: the login itself, and what says that we are alive.
OPEN_TO_ALL = frozenset({"login", "alive"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API = "/api/"
#: What Prometheus reads.
METRICS = "/metrics"


def site() -> Site:
    """The site this process offers."""
    found: Site = settings.REELWRIGHT_SITE  # type: ignore[misc]
    return found


def same_site_only(answer: Answer) -> Answer:
    """Middleware: what changes something comes from a page of ours, or from a program with a token.

    Browsers say where a request comes from (Sec-Fetch-Site, Origin); what says neither is no browser, and is left to
    the token and to Django's own check of forms.
    """

    def checked(request: HttpRequest) -> HttpResponse:
        if request.method not in SAFE and from_elsewhere(request):
            return forged(request)
        return answer(request)

    return checked


def from_elsewhere(request: HttpRequest) -> bool:
    """Whether a browser says that another site sent this."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("Origin")
    return origin is not None and (origin == "null" or urlsplit(origin).netloc != request.get_host())


def login_first(answer: Answer) -> Answer:
    """Middleware: nothing is seen without a login where one is wanted; a token does for the API."""

    def checked(request: HttpRequest) -> HttpResponse:
        token = known_token(bearer_of(request)) if takes_token(request.path) else None
        if token is not None:
            request.user = token.user
            request.by_token = True  # type: ignore[attr-defined]
            request.csrf_processing_done = True  # type: ignore[attr-defined] # no cookie was believed
            return answer(request)
        if may_enter(request):
            return answer(request)
        if takes_token(request.path):
            headers = {"WWW-Authenticate": "Bearer"}
            return JsonResponse({"detail": "Sign in, or send a token."}, status=401, headers=headers)
        if getattr(request, "headers", {}).get("HX-Request"):
            return HttpResponse(status=401, headers={"HX-Redirect": login_address(request)})
        return HttpResponseRedirect(login_address(request))

    return checked


def takes_token(path: str) -> bool:
    """Whether an address is for programs, which show a token."""
    return path.startswith(API) or path == METRICS


def may_enter(request: HttpRequest) -> bool:
    """Whether a request may be answered."""
    if not site().wants_login or request.user.is_authenticated:
        return True
    match = request.resolver_match or _resolved(request)
    return match in OPEN_TO_ALL


def _resolved(request: HttpRequest) -> str | None:
    from django.urls import Resolver404, resolve  # noqa: PLC0415 -- not at import: the URLs name these views

    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def login_address(request: HttpRequest) -> str:
    """Where to sign in, and where to go on afterwards."""
    return f"{reverse('login')}?{urlencode({'next': request.get_full_path()})}"


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A request that another site made a browser send."""
    del reason
    if request.path.startswith(API):
        return JsonResponse({"detail": "This request did not come from a page of ours."}, status=403)
    return HttpResponseForbidden(render(request, "web/forged.html").content)


def page_facts(request: HttpRequest) -> dict[str, object]:
    """What every page's frame shows."""
    found = site()
    return {"version": VERSION, "login_wanted": found.wants_login, "path": request.path}
