"""What the pages ask that is in no ledger: settings, health, and image sequences. `app` implements it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
class Cell:
    """One picture of a contact sheet."""

    frame: int
    #: By which the picture is asked for; None: there is none.
    place: int | None
    #: Why there is none: "missing", or what is wrong with the file.
    said: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A contact sheet of the frames of one sequence; its pictures are asked for one by one."""

    cells: tuple[Cell, ...]
    #: Another one once the frames have changed.
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Doing:
    """What is done with a sheet now, or came of what was done last."""

    #: "looking at the pictures", "rendering"; empty: nothing.
    what: str = ""
    #: Of all that is to be done; None: nobody knows.
    share: float | None = None
    #: Ids of the jobs that it made.
    jobs: tuple[str, ...] = ()
    #: What came of it, as sentences.
    came: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """How a sheet is to be rendered."""

    #: What stands for frames that are missing; see `sequences.repair.Missing`.
    missing: str = "error"
    #: Whether movies that are there already are replaced.
    overwrite: bool = False
    #: Whether a contact sheet is written beside each movie.
    contact: bool = False
    #: Whether the sequences are followed until they are complete.
    watch: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetLook:
    """What is known of a sheet by now."""

    sheet: Sheet
    #: None where it could not be read.
    report: CheckReport | None
    complaint: str = ""
    now: Doing = Doing()
    #: Contact sheets there are, by the place of the sequence in the report.
    contacts: Mapping[int, Contact] = field(default_factory=dict)


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

    def render(self, sheet_id: str, wish: Wish = Wish()) -> str:
        """Render in the background; returns a sentence.

        Raises:
            UsageError: what stands for missing frames is none of what can.
            ConflictError: something else is done with the sheet.
        """
        ...

    def contact(self, sheet_id: str) -> str:
        """Make contact sheets of its sequences in the background; returns a sentence."""
        ...

    def stop(self, sheet_id: str) -> str:
        """Have what is done with a sheet end; returns a sentence."""
        ...

    def doing(self, sheet_id: str) -> Doing:
        """What is done with a sheet now; costs nothing."""
        ...

    def thumbnail(self, sheet_id: str, row: int, place: int) -> bytes | None:
        """One picture of a contact sheet, as WebP; None: there is none such."""
        ...


_inquiries: list[Inquiries] = []


def set_inquiries(inquiries: Inquiries) -> None:
    """Hand the process what it asks."""
    _inquiries[:] = [inquiries]


def inquiries() -> Inquiries:
    """What the process asks."""
    return _inquiries[0]
