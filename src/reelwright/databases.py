"""Where a ledger may be: a file of SQLite, or a database of a PostgreSQL server, named by its URL."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

EXPECTED = "expected a URL such as postgresql://USER:PASSWORD@HOST:5432/NAME"
SCHEMES = frozenset({"postgresql", "postgres"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Postgres:
    """A database of a PostgreSQL server. What is left empty is up to libpq: its variables, its files, its defaults."""

    name: str
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    #: Parameters of libpq, such as `sslmode`.
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def exists(self) -> bool:
        """Whether there is something to look at; asked before a ledger is made by looking."""
        return True

    def __str__(self) -> str:
        """The URL without its password."""
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"postgresql://{user}{self.host}{port}/{self.name}"


#: What a store is opened by.
Place = Path | Postgres


def parse_url(url: str) -> Postgres:
    """The database a URL names.

    Raises:
        ValueError: it names none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError(EXPECTED) from error
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in SCHEMES or not name or "/" in name or parts.fragment:
        raise ValueError(EXPECTED)
    options = dict(parse_qsl(parts.query))
    return Postgres(
        name=name,
        host=options.pop("host", unquote(parts.hostname or "")),
        port=options.pop("port", str(port or "")),
        user=options.pop("user", unquote(parts.username or "")),
        password=options.pop("password", unquote(parts.password or "")),
        options=options,
    )


def checked_url(value: str) -> str:
    """A URL of a ledger, or nothing.

    Raises:
        ValueError: it is neither.
    """
    if value:
        parse_url(value)
    return value


def without_password(text: str) -> str:
    """The text with the password of a URL in it replaced by stars, however malformed the URL may be."""
    text = re.sub(r"(//[^:@/?#]*):.*@", r"\1:***@", text, flags=re.DOTALL)
    return re.sub(r"([?&](?:ssl)?password=)[^&\s'\"]*", r"\1***", text)
