"""API tokens: shown once, kept as a hash."""

import hashlib
import secrets

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from reelwright.web.models import ApiToken

PREFIX = "rw_"


def bearer_of(request: HttpRequest) -> str | None:
    """The token a request carries."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" and text.strip().startswith(PREFIX) else None


def digest(token: str) -> str:
    """What is kept of a token. It is 32 random bytes, so that a plain hash cannot be searched through."""
    return hashlib.sha256(token.encode()).hexdigest()


def make_token(user: User, name: str) -> str:
    """A new token of a user; what is returned is seen here for the only time."""
    token = PREFIX + secrets.token_urlsafe(32)
    ApiToken.objects.create(user=user, name=name, digest=digest(token))
    return token


def known_token(text: str | None) -> ApiToken | None:
    """The row of a token, of a user who may still sign in."""
    if text is None:
        return None
    row = ApiToken.objects.select_related("user").filter(digest=digest(text), user__is_active=True).first()
    if row is not None and (row.used is None or (timezone.now() - row.used).total_seconds() > 60):  # noqa: PLR2004
        ApiToken.objects.filter(pk=row.pk).update(used=timezone.now())
    return row
