"""The film's chunks with their searches, put together from a job's records. Nothing is guessed: unknown is None."""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reelwright.engine.jobs import StepKind, TrialRecord
from reelwright.events import Event, EventName
from reelwright.quality.moves import SAME
from reelwright.quality.steps import scored_frames
from reelwright.report.dossier import Dossier, Shot


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkStory:
    """One chunk, every trial of it, and the one that was taken."""

    index: int
    #: Frames [start, end), and when the first is shown and the last is over, in seconds.
    start: int
    end: int
    begins: float
    ends: float
    #: In the order in which they were made, as far as the events tell.
    trials: tuple[TrialRecord, ...]
    #: The trial that is in the output; None where the search has not ended.
    accepted: TrialRecord | None = None
    #: Why the search stopped there, and whether the score is within the band.
    why: str | None = None
    within_band: bool | None = None

    @property
    def seconds(self) -> float:
        """How long the chunk is shown."""
        return self.ends - self.begins

    @property
    def kbps(self) -> float | None:
        """Kilobits a second of the accepted trial."""
        if self.accepted is None or self.seconds <= 0:
            return None
        return self.accepted.size_bytes * 8 / self.seconds / 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Choice:
    trial: str | None
    crf: float
    why: str
    within_band: bool


def chunk_stories(dossier: Dossier) -> tuple[ChunkStory, ...]:
    """The chunks of a film in order; none where the job was not analysed yet."""
    analysed = dossier.steps.get(StepKind.ANALYSE)
    plain: Sequence[Mapping[str, Any]] = analysed.result.get("chunks", ()) if analysed else ()
    if not analysed or not plain:
        return ()
    choices = {**_told(dossier.events), **_assembled(dossier)}
    order = _order(dossier.events)
    curves: dict[str, list[TrialRecord]] = defaultdict(list)
    for trial in dossier.trials:
        curves[trial.curve_key].append(trial)
    ends = [*(c["seconds"] for c in plain[1:]), analysed.result["seconds"]]
    return tuple(
        _story(k, chunk, end, _in_order(curves[chunk["curve"]], k, order), choices.get(k))
        for k, (chunk, end) in enumerate(zip(plain, ends, strict=True))
    )


def _story(
    k: int, chunk: Mapping[str, Any], ends: float, trials: tuple[TrialRecord, ...], choice: _Choice | None
) -> ChunkStory:
    accepted = next((t for t in trials if choice and _is_chosen(t, choice)), None)
    taken = choice if accepted else None
    return ChunkStory(
        index=k,
        start=chunk["start"],
        end=chunk["end"],
        begins=chunk["seconds"],
        ends=ends,
        trials=trials,
        accepted=accepted,
        why=taken.why if taken else None,
        within_band=taken.within_band if taken else None,
    )


def _is_chosen(trial: TrialRecord, choice: _Choice) -> bool:
    return trial.trial_key == choice.trial if choice.trial else abs(trial.crf - choice.crf) < SAME


def _in_order(
    trials: Sequence[TrialRecord], chunk: int, order: Mapping[tuple[int, float], int]
) -> tuple[TrialRecord, ...]:
    return tuple(sorted(trials, key=lambda t: (order.get((chunk, t.crf), len(order)), t.crf)))


def _order(events: Sequence[Event]) -> dict[tuple[int, float], int]:
    """Place of each trial, by chunk and CRF, among all that were announced."""
    found: dict[tuple[int, float], int] = {}
    for event in events:
        if event.event is EventName.TRIAL_COMPLETE:
            found.setdefault((event.data["chunk"], event.data["crf"]), len(found))
    return found


def _told(events: Sequence[Event]) -> dict[int, _Choice]:
    """What was announced as accepted: all there is of a job that was not assembled yet."""
    ended = [e.data for e in events if e.event is EventName.SEGMENT_COMPLETE]
    return {d["chunk"]: _Choice(trial=None, crf=d["crf"], why=d["why"], within_band=d["within_band"]) for d in ended}


def _assembled(dossier: Dossier) -> dict[int, _Choice]:
    """What the output was made of."""
    step = dossier.steps.get(StepKind.ASSEMBLE)
    rows = step.result.get("chunks", ()) if step else ()
    return {
        r["index"]: _Choice(trial=r["trial"], crf=r["crf"], why=r["why"], within_band=r["within_band"]) for r in rows
    }


def shots(chunks: Sequence[ChunkStory]) -> tuple[Shot, ...]:
    """The worst frame of the worst chunk, and the most typical frames of the median and the best one."""
    scored = sorted((c for c in chunks if c.accepted), key=lambda c: c.accepted.score.mean if c.accepted else 0.0)
    if not scored:
        return ()
    places = {"worst": 0, "median": len(scored) // 2, "best": len(scored) - 1}
    found: dict[int, Shot] = {}
    for kind in ("worst", "best", "median"):
        chunk = scored[places[kind]]
        if chunk.index not in found:
            found[chunk.index] = _shot(kind, chunk)
    return tuple(sorted(found.values(), key=lambda s: list(places).index(s.kind)))


def ranked(chunks: Sequence[ChunkStory]) -> tuple[Shot, ...]:
    """The lowest frame of each chunk that was accepted, the lowest-scored chunk first."""
    scored = [(chunk.accepted.score.mean, chunk) for chunk in chunks if chunk.accepted]
    return tuple(_shot("worst", chunk) for _, chunk in sorted(scored, key=lambda one: (one[0], one[1].index)))


def _shot(kind: str, chunk: ChunkStory) -> Shot:
    if chunk.accepted is None:
        raise ValueError("only a chunk that was accepted can be shown")
    scores = chunk.accepted.frame_scores
    aim = min(scores) if kind == "worst" else statistics.fmean(scores)
    nearest = min(range(len(scores)), key=lambda k: (abs(scores[k] - aim), k))
    frame = scored_frames(chunk.start, chunk.end, chunk.accepted.score.n_subsample)[nearest]
    return Shot(kind=kind, chunk=chunk.index, start=chunk.start, frame=frame, score=scores[nearest])
