"""Which work folders may be removed: rules on values, without a clock and without a file.

| folder | without --older-than | with --older-than AGE | with --all |
| --- | --- | --- | --- |
| a run holds it | stays | stays | stays |
| not of our making: another name, other things in it, a link | stays | stays | stays |
| every job in it is done or cancelled | goes | goes if older | goes |
| a failed job in it, or a stopped one that may go on | goes after 14 days | goes if older | goes |
| no job in the ledger knows it | goes after 14 days | goes if older | goes |
| `reading-…`: a film was being read | goes | goes | goes |
"""

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from reelwright.engine.listing import State

#: How long what may go on, or may tell why it failed, is kept unless an age is given.
KEPT = dt.timedelta(days=14)
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Kind(StrEnum):
    """What a folder below the work folder is."""

    FILM = "film"
    READING = "reading"
    #: Left by a `clean` that was itself ended in the middle.
    REMOVING = "removing"
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True, slots=True)
class Age:
    """How old things must be."""

    #: None: none was given.
    older_than: dt.timedelta | None = None
    everything: bool = False

    def passed(self, idle: dt.timedelta) -> bool:
        """Whether something that may still be of use is old enough."""
        return self.everything or idle >= (KEPT if self.older_than is None else self.older_than)

    def passed_by_finished(self, idle: dt.timedelta) -> bool:
        """Whether something that is finished or given up is old enough."""
        return self.everything or self.older_than is None or idle >= self.older_than


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """Whether something goes, and why."""

    goes: bool
    why: str


def parse_age(text: str) -> dt.timedelta:
    """An age such as 14d, 12h or 0.

    Raises:
        ValueError: it is none.
    """
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)([smhdw])", text.strip().lower())
    if text.strip() == "0":
        return dt.timedelta(0)
    if not found:
        raise ValueError("expected an age such as 14d, 12h or 0")
    return dt.timedelta(seconds=float(found[1]) * UNITS[found[2]])


def kind_of(name: str) -> Kind:
    """What a folder is by its name: films' folders are named by 32 hexadecimal digits."""
    patterns = {
        Kind.FILM: r"[0-9a-f]{32}",
        Kind.READING: r"reading-[0-9a-f]{32}",
        Kind.REMOVING: r"\.removing-(reading-)?[0-9a-f]{32}-[0-9]+",
    }
    return next((kind for kind, pattern in patterns.items() if re.fullmatch(pattern, name)), Kind.FOREIGN)


def judge_folder(kind: Kind, *, held: bool, states: Collection[State], idle: dt.timedelta, age: Age) -> Verdict:
    """Whether a folder of our making goes.

    Args:
        kind: what it is.
        held: whether a run holds it.
        states: where the jobs in it stand.
        idle: for how long nothing has changed in it.
        age: how old it must be.
    """
    if held:
        return Verdict(goes=False, why="a run holds it")
    if kind in {Kind.READING, Kind.REMOVING}:
        return Verdict(goes=True, why="left over by a run that ended")
    return judge_states(states, idle, age)


def judge_states(states: Collection[State], idle: dt.timedelta, age: Age) -> Verdict:
    """Whether what belongs to jobs in these states, none of them running, goes."""
    useful = sorted({State.STOPPED, State.FAILED} & set(states), reverse=True)
    if states and not useful:
        ended = " and ".join(sorted(set(states)))
        return Verdict(goes=age.passed_by_finished(idle), why=ended)
    name = f"{useful[0]}, and may go on" if useful else "of no job in this ledger"
    return Verdict(goes=age.passed(idle), why=name if not age.passed(idle) else name.partition(",")[0])
