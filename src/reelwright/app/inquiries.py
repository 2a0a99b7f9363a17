"""What the pages ask that is in no ledger: the settings with their origins, doctor, and image sequences."""

import asyncio
import hashlib
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.app.sequence import READERS, check_names, look_at_pictures
from reelwright.app.wiring import utc_now
from reelwright.cli.commands import RenderOrder
from reelwright.config import Settings
from reelwright.engine.delivering import DELIVER
from reelwright.errors import ConflictError, ReelwrightError, UsageError
from reelwright.events import EventSink
from reelwright.origins import Report, trace
from reelwright.sequences.repair import Missing
from reelwright.web.asking import Checkup, Health, Sheet, SheetLook
from reelwright.web.desk import desk

if TYPE_CHECKING:
    from reelwright.sequences.check import CheckReport

logger = logging.getLogger(__name__)

#: Jobs looked through for sequences that were rendered lately, and entries of a configured folder.
RECENT, MOST = 200, 500


class Asked:
    """See `web.asking.Inquiries`. What takes long runs in a thread of its own, one thing at a time for each sheet."""

    def __init__(self, settings: Settings, sink: EventSink) -> None:
        self._settings, self._sink = settings, sink
        self._one = threading.Lock()
        self._checkup = Checkup()
        self._doing: dict[str, str] = {}
        self._came: dict[str, tuple[str, ...]] = {}
        self._seen: dict[str, CheckReport] = {}

    def flower(self) -> str:
        """See the port."""
        # Whoever follows the link signs in there; the name and password in it are the program's.
        return re.sub(r"^(https?://)[^/?#]*@", r"\1", self._settings.web.flower)

    def settings(self) -> Report:
        """See the port."""
        return trace(os.environ)

    def checkup(self, *, anew: bool) -> Checkup:
        """See the port."""
        with self._one:
            if not self._checkup.running and (anew or self._checkup.at is None):
                self._checkup = Checkup(running=True, at=self._checkup.at, rows=self._checkup.rows)
                _begin("doctor", self._examine)
            return self._checkup

    def _examine(self) -> None:
        from reelwright.doctor import examine

        rows = self._checkup.rows
        try:
            found = asyncio.run(examine(self._settings))
            rows = tuple(Health(**asdict(row)) for row in found)
        except ReelwrightError as error:
            rows = (Health(name="doctor", works=False, found=error.message, advice=error.hint),)
        finally:
            with self._one:
                self._checkup = Checkup(at=utc_now(), rows=rows)

    def sheets(self) -> Sequence[Sheet]:
        """See the port."""
        found = {sheet.id: sheet for sheet in _of_jobs()}
        for root in self._settings.web.sequences:
            found |= {sheet.id: sheet for sheet in _below(Path(root))}
        return sorted(found.values(), key=lambda sheet: (sheet.origin, sheet.path))

    def sheet(self, sheet_id: str) -> SheetLook | None:
        """See the port."""
        sheet = self._find(sheet_id)
        if sheet is None:
            return None
        doing, came = self._doing.get(sheet_id, ""), self._came.get(sheet_id, ())
        try:
            report = self._seen.get(sheet_id) or check_names(Path(sheet.path), lambda _: None)
        except ReelwrightError as error:
            return SheetLook(sheet=sheet, report=None, complaint=str(error), doing=doing, came=came)
        return SheetLook(sheet=sheet, report=report, doing=doing, came=came)

    def look(self, sheet_id: str) -> str:
        """See the port."""

        def work(sheet: Sheet) -> tuple[str, ...]:
            report = check_names(Path(sheet.path), lambda _: None)
            self._seen[sheet.id] = asyncio.run(look_at_pictures(report, lambda _: None))
            return ("Every picture was looked at.",)

        self._begin(sheet_id, "looking at the pictures", work)
        return "Every picture is looked at; that takes as long as reading them."

    def render(self, sheet_id: str) -> str:
        """See the port."""

        def work(sheet: Sheet) -> tuple[str, ...]:
            from reelwright.app.sequencerender import render_all

            outcomes = asyncio.run(render_all(_order(sheet, self._settings), self._sink))
            return tuple(
                f"{Path(one.output_path or '').name}: {one.outcome}. {' '.join(one.reasons)}" for one in outcomes
            )

        self._begin(sheet_id, "rendering", work)
        return "It is being rendered; each movie is a job."

    def _find(self, sheet_id: str) -> Sheet | None:
        return next((sheet for sheet in self.sheets() if sheet.id == sheet_id), None)

    def _begin(self, sheet_id: str, what: str, work: Callable[[Sheet], tuple[str, ...]]) -> None:
        sheet = self._find(sheet_id)
        if sheet is None:
            raise UsageError("There is no such sheet any more.")
        with self._one:
            if sheet_id in self._doing:
                raise ConflictError(f"We are {self._doing[sheet_id]} already.")
            self._doing[sheet_id] = what

        def carry_out() -> None:
            try:
                self._came[sheet_id] = work(sheet)
            except ReelwrightError as error:
                self._came[sheet_id] = (str(error),)
            finally:
                with self._one:
                    del self._doing[sheet_id]

        _begin(what, carry_out)


def _begin(name: str, work: Callable[[], None]) -> None:
    def guarded() -> None:
        try:
            work()
        except Exception:
            logger.exception("%s met a defect of ours", name)

    threading.Thread(target=guarded, name=name, daemon=True).start()


def _order(sheet: Sheet, settings: Settings) -> RenderOrder:
    output = settings.placement.output_dir
    return RenderOrder(
        source=Path(sheet.path), output=f"{output}/" if output else None, profiles=(), missing=Missing.ERROR.value,
        retrieve=(), no_slate=False, no_burn_ins=False, burn_ins=(), asked={}, overwrite=False, dry_run=False,
        flags={},
    )  # fmt: skip


def _sheet(path: Path, origin: str) -> Sheet:
    whole = os.path.realpath(path)
    kind = "sheet" if path.suffix.lower() in READERS and not path.is_dir() else "folder"
    name = hashlib.sha256(os.fsencode(whole)).hexdigest()[:16]
    return Sheet(id=name, path=whole, kind=kind, origin=origin)


def _below(root: Path) -> Iterator[Sheet]:
    """A configured sheet or folder, and the sheets and folders that lie in the folder; no deeper."""
    yield _sheet(root, "configured")
    with suppress(OSError):
        names = sorted(os.scandir(root), key=lambda entry: entry.name)[:MOST] if root.is_dir() else []
        for entry in names:
            shown = not entry.name.startswith(".") and not entry.is_symlink()
            if shown and (entry.is_dir() or Path(entry.name).suffix.lower() in READERS):
                yield _sheet(Path(entry.path), "configured")


def _of_jobs() -> Iterator[Sheet]:
    """Folders of sequences that were rendered lately."""
    for job in desk().jobs.recent_jobs(None, RECENT):
        if job.plan.get("strategy") == DELIVER:
            folder = Path(job.source_path).parent
            if folder.is_dir():
                yield _sheet(folder, "job")
