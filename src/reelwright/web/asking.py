"""What the pages ask that is in no ledger: settings, health, and image sequences. `app` implements it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from reelwright.origins import Report
from reelwright.sequences.check import CheckReport


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """One thing that doctor looked at; see `cli.commands.CheckRow`."""

    name: str
    works: bool | None
    found: str
    advice: str = ""
    kind: str = "check"
    optional: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkup:
    """What doctor found last."""

    running: bool = False
    #: None: it has not ended yet.
    at: dt.datetime | None = None
    rows: tuple[Health, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A sheet or a folder of frames that may be looked at. Requests name the id; paths are kept here."""

    #: 16 hexadecimal digits of the path.
    id: str
    path: str
    #: "sheet" or "folder".
    kind: str
    #: "configured", or "job": a sequence of it was rendered lately.
    origin: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetLook:
    """What is known of a sheet by now."""

    sheet: Sheet
    #: None where it could not be read.
    report: CheckReport | None
    complaint: str = ""
    #: What is done with it now: "looking at the pictures", "rendering"; empty: nothing.
    doing: str = ""
    #: What came of the last deed, as sentences.
    came: tuple[str, ...] = ()


class Inquiries(Protocol):
    """The port; called from threads of requests. Each raises the program's errors."""

    def flower(self) -> str:
        """Where Flower is; empty: nobody said."""
        ...

    def settings(self) -> Report:
        """Every setting in effect with its origin; secrets are stars."""
        ...

    def checkup(self, *, anew: bool) -> Checkup:
        """What doctor found last; it is asked where it never was, or anew, and answers in the background."""
        ...

    def sheets(self) -> Sequence[Sheet]:
        """What may be looked at: configured, and of recent jobs."""
        ...

    def sheet(self, sheet_id: str) -> SheetLook | None:
        """A look at the names of a sheet or folder, and what was found in its pictures; None: there is none such."""
        ...

    def look(self, sheet_id: str) -> str:
        """Look at every picture in the background; returns a sentence."""
        ...

    def render(self, sheet_id: str) -> str:
        """Render in the background; returns a sentence."""
        ...


_inquiries: list[Inquiries] = []


def set_inquiries(inquiries: Inquiries) -> None:
    """Hand the process what it asks."""
    _inquiries[:] = [inquiries]


def inquiries() -> Inquiries:
    """What the process asks."""
    return _inquiries[0]
