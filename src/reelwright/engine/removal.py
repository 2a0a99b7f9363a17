"""Taking away what finished and given-up jobs left: never through a link, never what a run holds."""

import datetime as dt
import os
import shutil
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from reelwright.engine.cleaning import Age, Kind, Verdict, judge_folder, judge_states, kind_of
from reelwright.engine.holder import holder_of
from reelwright.engine.jobs import Job, JobStatus
from reelwright.engine.listing import State, workspace_of
from reelwright.engine.placement import temporary_path
from reelwright.engine.workspace import FOLDERS, Lock, Workspace
from reelwright.errors import ConflictError, ReelwrightError

STUCK = "it cannot be removed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cleaned:
    """One thing that was looked at."""

    path: Path
    #: "work folder", "half-written output" or "half-written trials".
    what: str
    #: Path of the film; None where the ledger does not know.
    film: str | None
    bytes: int
    #: Whether it went, or would go in a dry run.
    goes: bool
    why: str

    @property
    def failed(self) -> bool:
        """Whether it should have gone and could not be removed."""
        return self.why.startswith(STUCK)


@dataclass(kw_only=True)
class Cleaner:
    """Looks at everything below the work folders and beside the outputs, and removes what the rules let go.

    Args:
        jobs: every job of the ledger, newest first.
        work_dirs: where work folders lie.
        age: how old things must be.
        now: the time.
        token: of this run, for the locks it takes.
        sweep: ends what a run that died has left running, by its token.
        dry_run: whether nothing is removed.
    """

    jobs: Sequence[Job]
    work_dirs: Sequence[Path]
    age: Age
    now: dt.datetime
    token: str
    sweep: Callable[[str], int]
    dry_run: bool = False
    _by_folder: dict[Path, list[Job]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for job in self.jobs:
            self._by_folder[workspace_of(job, self.work_dirs[0]).root.absolute()].append(job)

    def clean(self) -> Iterator[Cleaned]:
        """Everything that was found, as it is dealt with: outputs first, while their folders' locks can be taken."""
        for job in self.jobs:
            if found := self.half_written_output(job):
                yield found
        for work_dir in self.work_dirs:
            with suppress(FileNotFoundError, NotADirectoryError):
                for root in sorted(work_dir.absolute().iterdir()):
                    if kind_of(root.name) is not Kind.FOREIGN:
                        yield from self.folder(root)

    def half_written_output(self, job: Job) -> Cleaned | None:
        """An output's temporary file beside it, which only a run that died leaves behind."""
        path = temporary_path(Path(job.output_path), job.id)
        try:
            facts = path.lstat()
        except OSError:
            return None
        workspace = workspace_of(job, self.work_dirs[0])
        holder = holder_of(workspace.lock)
        if holder and holder.job in {None, job.id}:
            verdict = Verdict(goes=False, why="a run holds it")
        elif not stat.S_ISREG(facts.st_mode):
            verdict = Verdict(goes=False, why="it is no file of ours")
        else:
            verdict = judge_states([state_at_rest(job)], self.since(facts.st_mtime), self.age)
        if verdict.goes and not self.dry_run:
            verdict = self.removed(workspace if not holder else None, path.unlink, verdict)
        return Cleaned(
            path=path, what="half-written output", film=job.source_path, bytes=facts.st_size, goes=verdict.goes,
            why=verdict.why,
        )  # fmt: skip

    def folder(self, root: Path) -> Iterator[Cleaned]:
        """One work folder, and where it stays what an interrupted run left half-written in it."""
        jobs, kind, workspace = self._by_folder.get(root, []), kind_of(root.name), Workspace(root=root)
        film = jobs[0].source_path if jobs else None
        if refusal := not_ours(root, kind):
            yield Cleaned(path=root, what="work folder", film=film, bytes=0, goes=False, why=refusal)
            return
        held = kind is not Kind.REMOVING and holder_of(workspace.lock) is not None
        idle = self.since(last_change(root))
        verdict = judge_folder(kind, held=held, states=[state_at_rest(j) for j in jobs], idle=idle, age=self.age)
        count, parts = measure(root), 0 if held else sum(size_of(part) for part in half_written(workspace))
        if verdict.goes and not self.dry_run:
            lock = None if kind is Kind.REMOVING else workspace
            verdict = self.removed(lock, lambda: take_away(root, kind), verdict)
        yield Cleaned(path=root, what="work folder", film=film, bytes=count, goes=verdict.goes, why=verdict.why)
        if parts and not verdict.goes:
            verdict = Verdict(goes=True, why="left over by a run that ended")
            if not self.dry_run:
                verdict = self.removed(workspace, workspace.clear_leftovers, verdict)
            what = "half-written trials"
            yield Cleaned(path=root, what=what, film=film, bytes=parts, goes=verdict.goes, why=verdict.why)

    def removed(self, workspace: Workspace | None, remove: Callable[[], object], verdict: Verdict) -> Verdict:
        """The verdict once it is carried out, with the folder's lock held where it has one."""
        try:
            if workspace is None or not workspace.lock.parent.is_dir():
                remove()
            else:
                with Lock(workspace.lock, token=self.token, what=workspace.root.name, sweep=self.sweep):
                    remove()
        except ConflictError:
            return Verdict(goes=False, why="a run has just taken it")
        except FileNotFoundError:
            return verdict
        except (OSError, ReelwrightError) as error:
            return Verdict(goes=False, why=f"{STUCK}: {getattr(error, 'strerror', None) or error}")
        return verdict

    def since(self, moment: float) -> dt.timedelta:
        """How long ago something was, in the file system's seconds."""
        return self.now - dt.datetime.fromtimestamp(moment, dt.UTC)


def state_at_rest(job: Job) -> State:
    """Where a job stands whose folder nobody holds."""
    return State.STOPPED if job.status is JobStatus.OPEN else State(job.status.value)


def not_ours(root: Path, kind: Kind) -> str:
    """Why a folder is not to be touched; empty where it is one of ours."""
    if root.is_symlink() or not root.is_dir():
        return "it is no folder of ours"
    found = {entry.name: entry for entry in root.iterdir()}
    if strange := sorted(found.keys() - set(FOLDERS)):
        return f"it holds {strange[0]!r}, which is not ours"
    if any(entry.is_symlink() or not entry.is_dir() for entry in found.values()):
        return "it holds links instead of folders"
    whole = set(FOLDERS) <= found.keys()
    return "" if whole or kind is Kind.REMOVING else "it does not have the folders of a work folder"


def last_change(root: Path) -> float:
    """When anything in a work folder was last written or made."""
    places: Iterable[Path] = [root, *(root / name for name in FOLDERS), root / "state" / "lock"]
    moments: list[float] = []
    for place in places:
        with suppress(OSError):
            moments.append(place.lstat().st_mtime)
    return max(moments)


def measure(root: Path) -> int:
    """Bytes of the files below a folder; links are not followed."""
    return sum(size_of(Path(parent, name)) for parent, _, names in os.walk(root) for name in names)


def size_of(path: Path) -> int:
    """Bytes of a file; none where it has gone."""
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def half_written(workspace: Workspace) -> list[Path]:
    """What `Workspace.clear_leftovers` would remove."""
    return [part for folder in (workspace.working, workspace.segments) for part in folder.glob("*.part")]


def take_away(root: Path, kind: Kind) -> None:
    """Remove a folder: first its name, in one step, so that a run that comes now makes a fresh one."""
    away = root if kind is Kind.REMOVING else root.with_name(f".removing-{root.name}-{os.getpid()}")
    if away != root:
        root.rename(away)
    shutil.rmtree(away)  # follows no links
