"""A disk and a journal between a replacement and the real ones, or the model: they count, fail, die, or are deaf."""

import os
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from reelwright.engine.disk import Disk
from reelwright.engine.replacing import PlacementJournal

#: What changes something; every one is a place where a run can end, and fail.
CHANGES = frozenset(
    {"copy", "carry", "sync", "make_folder", "remove_folder", "link", "rename", "rename_new", "exchange", "unlink"}
)

#: What is done at a place: told its number, its name, and "before" or "after".
Strike = Callable[[int, str, str], None]


class PowerFailure(BaseException):
    """The end of a run that nothing catches."""


class Points:
    """Counts and names the places of a run, and does something at one of them.

    Args:
        strike: called with number, name, and "before" or "after" the call; may raise or end the process.
    """

    def __init__(self, strike: Strike = lambda *_: None) -> None:
        self.names: list[str] = []
        self.strike = strike

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Make a call at a place of this name."""
        number = len(self.names)
        self.names.append(name)
        self.strike(number, name, "before")
        answer = call()
        self.strike(number, name, "after")
        return answer


def short(path: str) -> str:
    """What a path is to a replacement, whatever its id."""
    parts = PurePath(path).parts
    name = parts[-1]
    if name.startswith(".reelwright-") and name.endswith(".new"):
        return "draft"
    if ".reelwright-quarantine" in parts:
        return ("quarantine", "its folder", "kept")[len(parts) - 1 - parts.index(".reelwright-quarantine")]
    return name


class WatchedDisk:
    """The port, with its changes at `points`; those that `deaf` says yes to are answered and not made."""

    def __init__(self, disk: Disk, points: Points, deaf: Callable[[int, str], bool] = lambda *_: False) -> None:
        self._disk, self._points, self._deaf = disk, points, deaf

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._disk, name)
        if name not in CHANGES:
            return call

        def watched(*paths: str) -> Any:
            told = f"{name} {' '.join(short(path) for path in paths)}"
            number = len(self._points.names)
            return self._points.around(told, lambda: None if self._deaf(number, told) else call(*paths))

        return watched


class WatchedJournal:
    """The port, with its writes at `points`."""

    def __init__(self, journal: PlacementJournal, points: Points) -> None:
        self._journal, self._points = journal, points

    def write(self, entry: Any) -> None:
        self._points.around(f"journal {entry.stage.value}", lambda: self._journal.write(entry))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def failing(number: int, code: int, *, after: bool = False, times: int = 1) -> Strike:
    """A strike that fails a call of the disk, before or after it was made; and the following ones, `times` in all."""

    def strike(at: int, name: str, when: str) -> None:
        if number <= at < number + times and (when == "after") is after and not name.startswith("journal"):
            raise OSError(code, os.strerror(code), name)

    return strike


def dying(number: int, *, after: bool = False) -> Strike:
    """A strike that ends the run at a place."""

    def strike(at: int, name: str, when: str) -> None:
        del name
        if at == number and (when == "after") is after:
            raise PowerFailure

    return strike
