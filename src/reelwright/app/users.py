"""Users of the pages and tokens of programs, kept in the ledger."""

import re
import secrets
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from reelwright.app.wiring import load
from reelwright.cli.user_commands import UserRow
from reelwright.errors import ConflictError, RefusedError, UsageError
from reelwright.store.database import make_tables, open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.contrib.auth.models import User

#: Where a line of the audit comes from that no page wrote.
HERE = "command line"


class Users:
    """What the command line can ask of users."""

    def listed(self) -> Sequence[UserRow]:
        """All of them, by name; no ledger is made to look."""
        if not load({}).ledger.exists():
            return []
        with _ledger():
            from django.contrib.auth.models import User

            found = User.objects.order_by("username").prefetch_related("tokens")
            return [
                UserRow(
                    name=user.username, added=user.date_joined, last_login=user.last_login,
                    tokens=tuple(sorted(token.name for token in user.tokens.all())),
                )
                for user in found
            ]  # fmt: skip

    def add(self, name: str, password: Callable[[], str]) -> None:
        """Make a user.

        Raises:
            UsageError: the name or the password cannot be.
            ConflictError: there is one of that name.
        """
        with _ledger():
            from django.contrib.auth.models import User

            user = User(username=name)
            _check(lambda: user.clean_fields(exclude=["password"]), f"{name!r} is no name for a user")
            if User.objects.filter(username__iexact=name).exists():
                raise ConflictError(
                    f"There is a user {name} already.", hint="`reelwright user password` gives another password."
                )
            _set_password(user, password())
            _note("user add", name)

    def password(self, name: str, password: Callable[[], str]) -> None:
        """Give a user another password; it ends the user's sessions.

        Raises:
            UsageError: there is no such user, or the password cannot be.
        """
        with _ledger():
            _set_password(_user(name), password())
            _note("user password", name)

    def remove(self, name: str, *, even_the_last: bool) -> None:
        """Remove a user with all tokens.

        Raises:
            UsageError: there is no such user.
            RefusedError: nobody could sign in any more.
        """
        with _ledger():
            from django.contrib.auth.models import User

            user = _user(name)
            if not even_the_last and not User.objects.exclude(pk=user.pk).filter(is_active=True).exists():
                raise RefusedError(
                    f"{name} is the last user: nobody could sign in any more, and `serve` would refuse to start "
                    "where others can reach it.",
                    hint="Add another one first, or say --last.",
                )
            user.delete()
            _note("user remove", name)

    def token(self, name: str, token: str) -> str:
        """Make a token.

        Raises:
            UsageError: there is no such user, or the token's name cannot be.
            ConflictError: the user has one of that name.
        """
        with _ledger():
            from reelwright.web.models import ApiToken
            from reelwright.web.tokens import make_token

            most = ApiToken._meta.get_field("name").max_length or 0  # noqa: SLF001 -- Django's documented way
            if not 0 < len(token) <= most or not token.isprintable():
                raise UsageError(f"{token!r} is no name for a token: 1 to {most} printable characters are.")
            user = _user(name)
            if ApiToken.objects.filter(user=user, name=token).exists():
                raise ConflictError(f"{name} has a token {token} already.", hint="Revoke it, or use another --name.")
            _note("token add", f"{name}: {token}")
            return make_token(user, token)

    def revoke(self, name: str, token: str | None) -> int:
        """Make tokens worthless.

        Raises:
            UsageError: there is no such user, or no such token.
        """
        with _ledger():
            from reelwright.web.models import ApiToken

            found = ApiToken.objects.filter(user=_user(name))
            if token is not None and not (found := found.filter(name=token)):
                raise UsageError(f"{name} has no token {token}.", hint="`reelwright user list` names them.")
            count = found.delete()[0]
            _note("token revoke", name if token is None else f"{name}: {token}", f"{count}")
            return count


@contextmanager
def _ledger() -> "Iterator[None]":
    """The ledger with the pages' tables, spoken to by this thread."""
    from django.conf import settings

    from reelwright.store import connection
    from reelwright.web.site import Site, configure

    if not settings.configured:
        configure(Site(host="127.0.0.1", port=0, secret=secrets.token_hex(32)))  # nothing is signed here
    store = open_ledger(load({}).ledger)
    make_tables(store.place)
    try:
        with connection.speaking_to(store.place):
            yield
    finally:
        store.close()


def _user(name: str) -> "User":
    from django.contrib.auth.models import User

    found = User.objects.filter(username=name).first()
    if found is None:
        raise UsageError(f"There is no user {name}.", hint="`reelwright user list` names them.")
    return found


def _set_password(user: "User", password: str) -> None:
    from django.contrib.auth.password_validation import validate_password

    _check(lambda: validate_password(password, user), "This password cannot be taken")
    user.set_password(password)
    user.save()


def _check(check: Callable[[], object], complaint: str) -> None:
    """Make Django's complaints one sentence.

    Raises:
        UsageError: it has any.
    """
    from django.core.exceptions import ValidationError

    try:
        check()
    except ValidationError as error:
        found = "; ".join(message.rstrip(".") for message in error.messages)
        said = re.sub(r"\. (\w)", lambda start: f": {start[1].lower()}", found)
        raise UsageError(f"{complaint}: {said[:1].lower()}{said[1:]}.") from error


def _note(act: str, subject: str, outcome: str = "") -> None:
    from reelwright.web.models import AuditLine

    AuditLine.objects.create(address=HERE, act=act, subject=subject, outcome=outcome)
