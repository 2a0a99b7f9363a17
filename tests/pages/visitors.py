"""Who looks at pages, and where they are offered."""

from typing import Any

from django.test import override_settings

from reelwright.web.site import Site, web_settings

PASSWORD = "correct horse battery staple"  # noqa: S105 -- of a ledger that lives as long as a test
#: Hashing a password is meant to take long, but not here.
QUICK: dict[str, Any] = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}


def offered(host: str = "127.0.0.1", *, names: tuple[str, ...] = (), login: bool = False) -> Any:
    """The settings of pages offered at an address."""
    found = web_settings(Site(host=host, port=8765, secret="s" * 50, names=names, always_login=login))
    wanted = {"ALLOWED_HOSTS", "REELWRIGHT_SITE", "SECRET_KEY"}
    return override_settings(**{name: found[name] for name in wanted}, **QUICK)
