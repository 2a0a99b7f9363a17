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

from reelwright.app.page_sheets import ContactSheets, frames_of
from reelwright.app.sequence import READERS, check_names, look_at_pictures
from reelwright.app.sheet_work import Noting, SheetWork, Task
from reelwright.app.wiring import utc_now
from reelwright.cli.commands import RenderOrder
from reelwright.config import Settings
from reelwright.engine.delivering import DELIVER
from reelwright.engine.jobs import OutcomeRecord
from reelwright.errors import ReelwrightError, UsageError
from reelwright.events import EventSink
from reelwright.origins import Report, trace
from reelwright.sequences.check import CheckProgress
from reelwright.sequences.repair import Missing
from reelwright.tools.process import Runner
from reelwright.web.asking import Checkup, Doing, Health, Sheet, SheetLook, Wish
from reelwright.web.desk import desk

if TYPE_CHECKING:
    from reelwright.sequences.check import CheckReport

logger = logging.getLogger(__name__)

#: Jobs looked through for sequences that were rendered lately, and entries of a configured folder.
RECENT, MOST = 200, 500
#: Sequences of one sheet of which contact sheets are made: as many as its page shows.
MOST_SHEETS = 100
#: Seconds between two looks at sequences that are followed.
WATCH_SECONDS = 2.0


class Asked:
    """See `web.asking.Inquiries`. What takes long runs in a thread of its own, one thing at a time for each sheet."""

    def __init__(self, settings: Settings, sink: EventSink) -> None:
        self._settings, self._sink = settings, sink
        self._one = threading.Lock()
        self._checkup = Checkup()
        self._work, self._contacts = SheetWork(), ContactSheets(settings)
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
        now = self._work.seen(sheet_id)
        try:
            report = self._seen.get(sheet_id) or check_names(Path(sheet.path), lambda _: None)
        except ReelwrightError as error:
            return SheetLook(sheet=sheet, report=None, complaint=str(error), now=now)
        contacts = {
            k: found
            for k, check in enumerate(report.checks[:MOST_SHEETS])
            if (found := self._contacts.kept(f"{sheet_id}-{k}", check)) is not None
        }
        return SheetLook(sheet=sheet, report=report, now=now, contacts=contacts)

    def doing(self, sheet_id: str) -> Doing:
        """See the port."""
        return self._work.seen(sheet_id)

    def look(self, sheet_id: str) -> str:
        """See the port."""
        sheet = self._known(sheet_id)

        async def work(task: Task) -> tuple[str, ...]:
            report = await asyncio.to_thread(check_names, Path(sheet.path), lambda _: None)

            def tell(progress: CheckProgress) -> None:
                task.share = progress.share

            self._seen[sheet.id] = await look_at_pictures(report, tell)
            return ("Every picture was looked at.",)

        self._work.begin(sheet_id, "looking at the pictures", work)
        return "Every picture is looked at; that takes as long as reading them."

    def render(self, sheet_id: str, wish: Wish = Wish()) -> str:  # noqa: B008 -- it never changes
        """See the port."""
        sheet, order = self._known(sheet_id), _order(self._known(sheet_id), self._settings, wish)

        async def work(task: Task) -> tuple[str, ...]:
            from reelwright.app.sequencerender import render_all

            # What was seen in the pictures may not be so any more, once they are followed.
            self._seen.pop(sheet.id, None)
            return tuple(map(_told, await render_all(order, Noting(sink=self._sink, task=task))))

        self._work.begin(sheet_id, "watching and rendering" if wish.watch else "rendering", work)
        if wish.watch:
            return "It is followed and rendered anew as frames land, until every planned frame is there."
        return "It is being rendered; each movie is a job."

    def contact(self, sheet_id: str) -> str:
        """See the port."""
        sheet = self._known(sheet_id)

        async def work(task: Task) -> tuple[str, ...]:
            report = self._seen.get(sheet_id)
            if report is None:
                report = await asyncio.to_thread(check_names, Path(sheet.path), lambda _: None)
            wanted = [
                (f"{sheet_id}-{k}", check)
                for k, check in enumerate(report.checks[:MOST_SHEETS])
                if check.names and self._contacts.kept(f"{sheet_id}-{k}", check) is None
            ]
            total, done = sum(len(set(frames_of(check)) & check.names.keys()) for _, check in wanted), 0

            def tell() -> None:
                nonlocal done
                done += 1
                task.share = done / max(1, total)

            async with Runner(nice=self._settings.processing.nice) as runner:
                for key, check in wanted:
                    await self._contacts.make(runner, key, check, tell)
            return ()

        self._work.begin(sheet_id, "making the contact sheets", work)
        return "The contact sheets are made."

    def thumbnail(self, sheet_id: str, row: int, place: int) -> bytes | None:
        """See the port."""
        return self._contacts.one(f"{self._known(sheet_id).id}-{row:d}", place)

    def stop(self, sheet_id: str) -> str:
        """See the port."""
        self._known(sheet_id)
        if not self._work.stop(sheet_id):
            return "Nothing is done with it any more."
        return "It is asked to end."

    def _find(self, sheet_id: str) -> Sheet | None:
        return next((sheet for sheet in self.sheets() if sheet.id == sheet_id), None)

    def _known(self, sheet_id: str) -> Sheet:
        sheet = self._find(sheet_id)
        if sheet is None:
            raise UsageError("There is no such sheet any more.")
        return sheet


def _begin(name: str, work: Callable[[], None]) -> None:
    def guarded() -> None:
        try:
            work()
        except Exception:
            logger.exception("%s met a defect of ours", name)

    threading.Thread(target=guarded, name=name, daemon=True).start()


def _told(outcome: OutcomeRecord) -> str:
    named = Path(outcome.output_path or outcome.source_path).name
    return f"{named}: {outcome.outcome}. {' '.join(outcome.reasons)}".rstrip()


def _order(sheet: Sheet, settings: Settings, wish: Wish) -> RenderOrder:
    output = settings.placement.output_dir
    try:
        missing = Missing(wish.missing)
    except ValueError:
        raise UsageError("What stands for missing frames is one of: " + ", ".join(Missing) + ".") from None
    return RenderOrder(
        source=Path(sheet.path), output=f"{output}/" if output else None, missing=missing.value,
        overwrite=wish.overwrite, contact_sheet="jpg" if wish.contact else None,
        watch=WATCH_SECONDS if wish.watch else None,
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
