"""What the `user` command hands to the program, and what it gets back: values without anything heavy behind them."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class UserRow:
    """A user of the pages."""

    name: str
    added: dt.datetime
    #: None: never.
    last_login: dt.datetime | None
    #: Names of the user's tokens.
    tokens: tuple[str, ...]


class UserProgram(Protocol):
    """What the command line can ask of users."""

    def listed(self) -> Sequence[UserRow]:
        """All of them, by name."""
        ...

    def add(self, name: str, password: Callable[[], str]) -> None:
        """Make a user; the password is asked for once the name is known to be fit."""
        ...

    def password(self, name: str, password: Callable[[], str]) -> None:
        """Give a user another password."""
        ...

    def remove(self, name: str, *, even_the_last: bool) -> None:
        """Remove a user."""
        ...

    def token(self, name: str, token: str) -> str:
        """Make a token of a user; what is returned is seen for the only time."""
        ...

    def revoke(self, name: str, token: str | None) -> int:
        """Make a user's tokens of this name worthless, all where None; returns how many."""
        ...
