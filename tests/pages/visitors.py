"""Who looks at pages, and where they are offered."""

import re
from typing import Any

from django.test import override_settings
from django.urls import URLPattern, URLResolver, get_resolver

from ledger_of_pages import JOB
from reelwright.web.site import Site, web_settings

PASSWORD = "correct horse battery staple"  # noqa: S105 -- of a ledger that lives as long as a test
#: Hashing a password is meant to take long, but not here.
QUICK: dict[str, Any] = {"PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"]}
#: A value for each parameter of an address.
VALUES = {
    "job_id": JOB, "sheet_id": "0123456789abcdef", "what": "look", "name": "films", "file_id": "1",
    "label": "0123456789abcdef", "parts": "now", "subject": JOB, "file": "1", "number": "0", "side": "source",
    "library": "films", "plan_id": "0" * 32, "row": "1", "place": "0", "chunk": "0",
}  # fmt: skip


def offered(host: str = "127.0.0.1", *, names: tuple[str, ...] = (), login: bool = False) -> Any:
    """The settings of pages offered at an address."""
    found = web_settings(Site(host=host, port=8765, secret="s" * 50, names=names, always_login=login))
    wanted = {"ALLOWED_HOSTS", "REELWRIGHT_SITE", "SECRET_KEY"}
    return override_settings(**{name: found[name] for name in wanted}, **QUICK)


def addresses(patterns: Any = None, before: str = "") -> list[tuple[str, str | None]]:
    """Every address there is, filled in, with its name: a new page cannot be left out."""
    found = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += addresses(pattern.url_patterns, route)
        else:
            assert isinstance(pattern, URLPattern)
            filled = re.sub(r"<(?:[\w-]+:)?(\w+)>", lambda name: VALUES.get(name[1], "abcdef01"), route)
            found.append((f"/{filled}", pattern.name))
    return found
