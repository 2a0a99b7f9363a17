"""Who did what: a line for each act that changes something."""

from django.http import HttpRequest

from reelwright.web.models import AuditLine


def address_of(request: HttpRequest) -> str:
    """Where a request came from. Behind a proxy it is the proxy: headers can say anything."""
    return str(request.META.get("REMOTE_ADDR", ""))[:64]


def note(request: HttpRequest, act: str, subject: str, outcome: str = "") -> None:
    """Write a line."""
    user = request.user.get_username() if request.user.is_authenticated else ""
    AuditLine.objects.create(user=user, address=address_of(request), act=act, subject=subject, outcome=outcome)
