"""Every trial of a film that counts, and what the search sees of it."""

from dataclasses import dataclass, field
from typing import Any

from reelwright.engine.aims import goal_of, matters
from reelwright.engine.film import Film
from reelwright.engine.job_state import JobState
from reelwright.engine.jobs import TrialRecord
from reelwright.engine.scheduler import begin, with_point, with_sight
from reelwright.planning.chunking import Chunk
from reelwright.planning.plan import Request
from reelwright.quality.belief import Sight
from reelwright.quality.controller import WHOLE_SD
from reelwright.quality.moves import Held, Point
from reelwright.quality.outlook import Expected
from reelwright.quality.rates import sample_rate
from reelwright.quality.steps import Goal, is_settled


@dataclass(kw_only=True, slots=True)
class Trials:
    """Every usable trial of the film's chunks, by chunk and CRF."""

    by_chunk: dict[int, dict[float, TrialRecord]] = field(default_factory=dict)
    #: Samples, which are no part of the film, in the same order.
    samples: dict[int, dict[float, TrialRecord]] = field(default_factory=dict)
    #: Earlier trials that are to be scored on every frame before they count, in the same order.
    unclear: dict[int, dict[float, TrialRecord]] = field(default_factory=dict)
    #: What other films say of each chunk.
    foreseen: tuple[Expected, ...] = ()

    def add(self, chunk: int, trial: TrialRecord) -> None:
        """Take one more."""
        of = self.by_chunk if trial.windows is None else self.samples
        of.setdefault(chunk, {})[trial.crf] = trial

    def state(self, film: Film) -> JobState:
        """The job's state with these trials and no others."""
        plan = film.plan
        goals = {chunk.index: goal_of(plan.request, chunk.zone) for chunk in film.chunks}
        return begin(
            plan.request,
            (plan.width, plan.height),
            film.chunks,
            {chunk: [point_of(t, goals[chunk]) for t in trials.values()] for chunk, trials in self.by_chunk.items()},
            {chunk: [sight_of(t, goals[chunk]) for t in trials.values()] for chunk, trials in self.samples.items()},
            unclear={chunk: list(trials) for chunk, trials in self.unclear.items()},
            foreseen=self.foreseen,
        )

    def chosen(self, state: JobState) -> tuple[TrialRecord, ...]:
        """The accepted trial of each chunk, in the film's order."""
        return tuple(self.by_chunk[s.chunk.index][s.accepted.crf] for s in state.chunks if s.accepted is not None)

    def account(self, state: JobState) -> list[dict[str, Any]]:
        """What was chosen for each chunk and why, as plain values: a report has to guess nothing."""
        return [
            {
                "index": s.chunk.index,
                "start": s.chunk.start,
                "end": s.chunk.end,
                "trial": self.by_chunk[s.chunk.index][s.accepted.crf].trial_key,
                "crf": s.accepted.crf,
                "why": s.accepted.why,
                "within_band": s.accepted.within_band,
            }
            for s in state.chunks
            if s.accepted is not None
        ]

    def __len__(self) -> int:
        return sum(len(trials) for trials in self.by_chunk.values())


def with_trial(state: JobState, chunk: int, trial: TrialRecord) -> JobState:
    """The state after one more trial or sample of a chunk."""
    goal = goal_of(state.request, state.chunks[chunk].chunk.zone)
    if trial.windows is not None:
        return with_sight(state, chunk, sight_of(trial, goal))
    return with_point(state, chunk, point_of(trial, goal))


def point_of(trial: TrialRecord, goal: Goal | None) -> Point:
    """A trial as the search sees it."""
    score, rate = trial.score, trial.size_bytes / trial.frames
    if goal is None or not goal.is_held(score.mean, score.p5):
        return Point(crf=trial.crf, score=score.mean, rate=rate)
    held = Held(mean=score.mean, p5=score.p5)
    return Point(crf=trial.crf, score=goal.effective(score.mean, score.p5), held=held, rate=rate)


def sight_of(trial: TrialRecord, goal: Goal | None) -> Sight:
    """A sample as the search sees it."""
    windows, key = len(trial.windows or ()), trial.features.get("key_bytes")
    rate = None
    if windows and key is not None:
        rate = sample_rate(trial.size_bytes, int(key), trial.frames, windows, trial.end - trial.start)
    score = trial.score
    seen = score.mean if goal is None else goal.effective(score.mean, score.p5)
    return Sight(crf=trial.crf, score=seen, sd=WHOLE_SD, sample=True, rate=rate)


def is_clear(trial: TrialRecord, request: Request, chunk: Chunk) -> bool:
    """Whether an earlier trial's score will do here: of every frame, or of enough of them for this job's band."""
    step = trial.score.n_subsample
    if step == 1 or trial.windows is not None or not matters(request, chunk.zone, trial.crf):
        return True
    return request.scored_frames != "every" and is_settled(trial.frame_scores, step, goal_of(request, chunk.zone))
