"""Plans of libraries for people, and as plain values for programs."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console

from reelwright.cli.jsonlines import JsonSink
from reelwright.cli.text import duration, printable_path, size
from reelwright.events import Event, EventName
from reelwright.library.plans import PlannedFile, plain_plan

if TYPE_CHECKING:
    from rich.status import Status

    from reelwright.cli.library_commands import PlanDone

#: Films that are named, those that save the most for an hour first.
NAMED = 10


class SamplesTold:
    """Shows which film a sample is taken of; the samples' own results are nobody's business."""

    def __init__(self, *, as_json: bool) -> None:
        self._err = Console(file=sys.stderr, highlight=False)
        self._json = JsonSink(sys.stdout, sys.stderr) if as_json else None
        self._status: Status | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def emit(self, event: Event) -> None:
        """Take an event of a sample's encode."""
        if self._json is not None:
            if event.event is not EventName.RESULT:
                self._json.emit(event)
            return
        if event.event is not EventName.FILE_DISCOVERED:
            return
        said = f"taking a sample of {printable_path(event.file)}"
        if not self._err.is_terminal:
            self._err.print(said, markup=False)
        elif self._status is None:
            self._status = self._err.status(said)
            self._status.start()
        else:
            self._status.update(said)


def samples_told(*, as_json: bool) -> SamplesTold:
    """What to hand a plan that takes samples."""
    return SamplesTold(as_json=as_json)


def plan_lines(done: "PlanDone") -> Iterator[str]:
    """A plan in some lines: by rule, the films that pay most, and what is not worked on."""
    plan = done.plan
    for path, why in done.not_sampled:
        yield f"no sample of {printable_path(path)}: {why}"
    if not plan.files:
        yield f"{plan.library}: nothing is to be done."
    else:
        likely, low, high = plan.saves
        yield f"{plan.library}: {len(plan.files):,} files with {size(plan.bytes)}"
        yield f"  would save about {size(max(0, likely))} ({_range(low, high)}) in about {duration(plan.seconds)}"
        if plan.rough:
            yield "  These figures are rough: nothing like some of these films was encoded here yet."
        yield from (f"  {line}" for line in _by_rule(plan.files))
        yield "  first:"
        yield from (f"    {_line(file)}" for file in _best(plan.files))
    left = ", ".join(f"{count:,} {state}" for state, count in sorted(plan.others.items()) if count)
    if left:
        yield f"  not in it: {left}"
    if done.path is not None:
        yield f"Next: reelwright library apply {printable_path(done.path)}"
    elif plan.files:
        yield f"Nothing was queued. To go on: reelwright library plan {plan.library} -o plan.json"


def _range(low: float, high: float) -> str:
    return f"{size(low)} to {size(high)}" if low > 0 else f"at most {size(max(0, high))}"


def _by_rule(files: tuple[PlannedFile, ...]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[PlannedFile]] = defaultdict(list)
    for file in files:
        groups[file.action.value, file.rule].append(file)
    for (action, rule), members in sorted(groups.items()):
        yield f"{action} by {rule}: {len(members):,} files, {size(sum(file.size for file in members))}"


def _best(files: tuple[PlannedFile, ...]) -> list[PlannedFile]:
    def worth(file: PlannedFile) -> float:
        return file.saves[0] / max(file.seconds or 1.0, 1.0) if file.saves is not None else float("-inf")

    return sorted(files, key=worth, reverse=True)[:NAMED]


def _line(file: PlannedFile) -> str:
    saves = "unknown" if file.saves is None else size(max(0, file.saves[0]))
    return f"{size(file.size):>8}  saves {saves:>8}  {printable_path(file.path)}"


def plain_done(done: "PlanDone") -> dict[str, Any]:
    """A plan that was made, for JSON: the plan itself, and what samples were taken."""
    return {
        "path": str(done.path) if done.path is not None else None,
        "sampled": list(done.sampled),
        "not_sampled": [{"path": path, "why": why} for path, why in done.not_sampled],
        **plain_plan(done.plan),
    }
