"""Plans of libraries that a page shows: made, kept until the next, and approved as a whole or in part."""

import hashlib
import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from reelwright.app.library_plan import apply_plan, make_plan, read_plan_file, write_plan
from reelwright.app.library_queue import Queue
from reelwright.app.library_terms import REPLACE, may_replace, named
from reelwright.config import Settings
from reelwright.errors import ConflictError, UsageError
from reelwright.events import Tee
from reelwright.library.catalog import Library
from reelwright.library.plans import Plan, PlannedFile
from reelwright.web.desk import Approved, Proposal, desk


class Plans:
    """One plan a library, as a file of the work folder: what is approved is what was shown, also after a restart."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: dict[str, tuple[tuple[int, int], Proposal]] = {}
        self._one = threading.Lock()

    def _place(self, name: str) -> Path:
        return self._settings.work_dir / "plans" / f"{name}.json"

    def make(self, name: str) -> Proposal:
        """Make a plan anew.

        Raises:
            UsageError: there is no such library.
            SourceError: its root is away.
        """
        library, place = self._library(name), self._place(name)
        place.parent.mkdir(parents=True, exist_ok=True)
        with self._one:
            make_plan(self._settings, desk().libraries, library, place, Tee([]), samples=False)
        found = self.last(name)
        if found is None:
            raise UsageError(f"The plan of {name} is gone again.", hint="Make it once more.")
        return found

    def last(self, name: str) -> Proposal | None:
        """The plan that was made last; None where none is there."""
        library, place = self._library(name), self._place(name)
        try:
            status = place.stat()
        except OSError:
            return None
        stamp = status.st_mtime_ns, status.st_ino
        known = self._read.get(library.name)
        if known is None or known[0] != stamp:
            proposal = Proposal(id=hashlib.sha256(place.read_bytes()).hexdigest()[:32], plan=read_plan_file(place))
            known = self._read[library.name] = stamp, proposal
        return known[1]

    def approve(self, name: str, plan_id: str, paths: Collection[str] | None) -> Approved:
        """Queue all of a plan, or some files of it.

        Raises:
            ConflictError: the plan was made anew since it was looked at, or the policy cannot be approved in part.
            SourceError: the library's root is away.
        """
        library, found = self._library(name), self.last(name)
        if found is None or found.id != plan_id:
            raise ConflictError("The plan was made anew since you looked at it. Nothing was queued.")
        plan, here = found.plan, desk()
        if paths is not None:
            if plan.policy == REPLACE and not may_replace(library):
                raise ConflictError(
                    f"Outputs take the films' places in {name}: that is approved with the whole plan, not with a part."
                )
            plan = replace(plan, files=tuple(file for file in plan.files if file.path in paths))
        queue = Queue(self._settings, here.libraries, here.work)
        done = apply_plan(self._settings, here.libraries, queue, library, plan, whole=paths is None)
        through = {file.path for file in plan.files}
        self._keep(library, tuple(file for file in found.plan.files if file.path not in through), found.plan)
        return Approved(queued=done.queued, refused=done.refused)

    def _keep(self, library: Library, rest: tuple[PlannedFile, ...], plan: Plan) -> None:
        """What was not approved yet stays to be looked at."""
        if rest:
            write_plan(self._place(library.name), replace(plan, files=rest))
        else:
            self._place(library.name).unlink(missing_ok=True)

    def _library(self, name: str) -> Library:
        (library,) = named(desk().libraries.libraries(), [name])
        return library
