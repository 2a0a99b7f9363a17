"""Files of libraries into the queue, and what became of them back into the libraries."""

from collections.abc import Iterable, Mapping

from reelwright.app.forecasts import foretell
from reelwright.app.library_terms import REPLACE, Effective, may_replace, settings_of, terms_of
from reelwright.config import Settings
from reelwright.engine.leases import FILM, LeaseStore, Work, WorkState
from reelwright.library.catalog import Catalog, FileState, Library, LibraryFile, Standing
from reelwright.library.films import standing_of, work_for
from reelwright.library.rules import Action, Choice

#: Actions that are work.
AT_WORK = (Action.ENCODE, Action.REMUX)


class Queue:
    """The queue as libraries see it. Blocking: call it in the store's thread."""

    def __init__(self, settings: Settings, catalog: Catalog, leases: LeaseStore) -> None:
        self._settings, self._catalog, self._leases = settings, catalog, leases

    def works(self, library: Library, files: Iterable[LibraryFile]) -> dict[int, Work]:
        """The work of each decided file."""
        terms, effective = terms_of(self._settings, settings_of(library, self._settings)), Effective(self._settings)
        return {file.id: work_for(library, file, terms, effective(file)) for file in files if file.choice is not None}

    def approve(self, library: Library, files: Mapping[int, LibraryFile], choices: Mapping[int, Choice]) -> int:
        """Queue what somebody approved; what had ended before is begun anew. Returns how many files are queued."""
        works = self.works(library, files.values())
        self._catalog.queue(library.id, choices, works)
        self._leases.reopen([work.id for work in works.values()])
        return len(works)

    def refresh(self, library: Library) -> int:
        """Bring files and their work together; queue what is new where the library works on its own.

        A file that failed or was not worth it is queued again only where its work would be another one now, because
        its content or the settings changed. Returns how much work is new.
        """
        self.settle(library)
        if not self.may_queue(library):
            return 0
        fresh = [file for file in self._catalog.files(library.id, [FileState.PLANNED]) if _whole(file)]
        foretell(self._settings, self._catalog, [file for file in fresh if file.saves is None])
        fresh = [self._catalog.file(file.id) or file if file.saves is None else file for file in fresh]
        ended = [f for f in self._catalog.files(library.id, [FileState.FAILED, FileState.SKIPPED]) if f.work_id]
        tried = [file for file in ended if _whole(file)]
        works = self.works(library, [*fresh, *tried])
        chosen = [*fresh, *(file for file in tried if works[file.id].id != file.work_id)]
        choices = {file.id: file.choice for file in chosen if file.choice is not None}
        # Content that is back after other content was there: what came of it then is not what is there now.
        back = [works[file.id].id for file in chosen if file.work_id not in {None, works[file.id].id}]
        added = self._catalog.queue(library.id, choices, {key: works[key] for key in choices})
        added += self._leases.reopen(back)
        self.settle(library)
        return added

    def may_queue(self, library: Library) -> bool:
        """Whether a library works on its own: a plan of it was approved, with the policy it has now."""
        if library.approved is None:
            return False
        return settings_of(library, self._settings).policy != REPLACE or may_replace(library)

    def withdraw(self, file: LibraryFile) -> None:
        """Take a file's work that waits out of the queue: its owner has said something else."""
        if file.state is FileState.QUEUED and file.work_id is not None:
            self._leases.ask_cancel([file.work_id])
            self._catalog.stand(file.id, Standing(state=FileState.SKIPPED))

    def settle(self, library: Library) -> None:
        """Files that wait or run by their state, but not by their work, stand where their work stands."""
        for file, row in self._catalog.at_work(library.id):
            if (standing := standing_of(row)) is not None and (standing[0], standing[1]) != (file.state, file.note):
                self._catalog.stand(file.id, Standing(state=standing[0], note=standing[1]))

    def waiting(self, names: Iterable[str], *, later: bool) -> int:
        """How much of the libraries' work is ready or runs.

        Args:
            names: of libraries.
            later: whether work counts that waits for its time after a failure.
        """
        wanted = set(names)
        if later:
            counts = self._leases.count_work([FILM])
            alive = {WorkState.READY, WorkState.LEASED}
            return sum(n for (owner, state), n in counts.items() if owner in wanted and state in alive)
        rows = self._leases.works([WorkState.READY, WorkState.LEASED], kinds=[FILM], limit=10**6)
        return sum(row.work.owner in wanted and (row.state is WorkState.LEASED or not row.attempts) for row in rows)


def _whole(file: LibraryFile) -> bool:
    """Whether everything is known that work is made of."""
    return file.fingerprint is not None and file.choice is not None and file.choice.action in AT_WORK
