"""Which steps of a job are ready: a pure function of what has been committed so far."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from reelwright.engine import trading
from reelwright.engine.aims import aim_of, fixed_crf, goal_of, may_sample
from reelwright.engine.costs import costs_of
from reelwright.engine.job_state import ChunkState, FilmStep, JobState, SoundStep, Step, TrialStep
from reelwright.engine.jobs import StepKind
from reelwright.engine.order import in_order, is_still, traits_of, waves
from reelwright.planning.chunking import Chunk
from reelwright.planning.plan import Request, Strategy
from reelwright.planning.windows import sample_cost, sample_windows
from reelwright.planning.zones import Zone, kind_of
from reelwright.quality.belief import Belief, Prior, Sight, believe
from reelwright.quality.controller import WHOLE_SD, next_move
from reelwright.quality.feedback import Ended, Left, goal_for, median_by_frames
from reelwright.quality.moves import SAME, Accept, Aim, FilmView, Move, Point, Sample, Sampling, Try, Wait
from reelwright.quality.outlook import Expected
from reelwright.quality.prior import Answer, expect

#: Chunks are enough to say what the rest of a film is like.
ENOUGH = 40
FILM_STEPS = (StepKind.ASSEMBLE, StepKind.VALIDATE, StepKind.PLACE)


def begin(
    request: Request,
    size: tuple[int, int],
    chunks: Sequence[Chunk],
    points: Mapping[int, Sequence[Point]],
    sights: Mapping[int, Sequence[Sight]] | None = None,
    *,
    unclear: Mapping[int, Sequence[float]] | None = None,
    foreseen: Sequence[Expected] = (),
) -> JobState:
    """The state of a job whose chunks have these trials and samples already, by chunk index.

    The CRFs of trials that are to be scored anew are not among the points.
    """
    seen, doubted = sights or {}, unclear or {}
    order = in_order(chunks)
    turn, wave = {index: k for k, index in enumerate(order)}, waves(order)
    states = tuple(
        ChunkState(
            chunk=c,
            points=tuple(points.get(c.index, ())),
            sights=tuple(seen.get(c.index, ())),
            turn=turn[c.index],
            wave=wave[c.index],
            unclear=tuple(doubted.get(c.index, ())),
        )
        for c in chunks
    )
    state = JobState(request=request, width=size[0], height=size[1], chunks=states, foreseen=tuple(foreseen))
    for chunk in chunks:
        state = settle(state, chunk.index)
    return state


def with_point(state: JobState, chunk_index: int, point: Point) -> JobState:
    """The state after one more trial of a chunk."""
    chunks = list(state.chunks)
    known = chunks[chunk_index]
    left = tuple(crf for crf in known.unclear if crf != point.crf)
    chunks[chunk_index] = replace(known, points=(*known.points, point), unclear=left)
    return settle(replace(state, chunks=tuple(chunks)), chunk_index)


def with_sight(state: JobState, chunk_index: int, sight: Sight) -> JobState:
    """The state after one more sample of a chunk."""
    chunks = list(state.chunks)
    chunks[chunk_index] = replace(chunks[chunk_index], sights=(*chunks[chunk_index].sights, sight))
    return settle(replace(state, chunks=tuple(chunks)), chunk_index)


def settle(state: JobState, chunk_index: int) -> JobState:
    """Note what a chunk's trials have come to: an answer, none to be had, or neither yet."""
    known = state.chunks[chunk_index]
    if not (known.points or known.sights) or known.accepted or known.unclear:
        return state
    if trading.trades(state.request, known.chunk.zone):  # those are accepted all together
        return state
    move = move_of(state, known, learned=False)
    chunks = list(state.chunks)
    flat = known.flat or isinstance(move, Wait)
    chunks[chunk_index] = replace(known, accepted=move if isinstance(move, Accept) else None, flat=flat)
    return replace(state, chunks=tuple(chunks))


def kin(state: JobState, zone: Zone | None) -> list[ChunkState]:
    """The chunks that a chunk of this zone may learn from: those with the same aim and parameters."""
    return [s for s in state.chunks if kind_of(s.chunk.zone) == kind_of(zone)]


def film_view(state: JobState, zone: Zone | None) -> FilmView:
    """What a flat chunk may know of its kin: the median accepted CRF, by frames, and whether it is final.

    A flat chunk that finds an answer after all is left out: what others take must not depend on who was first.
    """
    near = kin(state, zone)
    found = [s for s in near if not s.flat]
    answered = sorted((s.accepted.crf, s.chunk.frames) for s in found if s.accepted and s.accepted.within_band)
    return FilmView(median_crf=median_by_frames(answered), settled=all(s.accepted or s.flat for s in near))


def beside(state: JobState, chunk: Chunk) -> tuple[float, ...]:
    """The accepted CRFs of the chunks just before and after that show the same scene and have an answer."""
    known = {s.chunk.index: s.accepted.crf for s in answered(state, chunk) if s.accepted}
    after = chunk.index + 1 < len(state.chunks) and state.chunks[chunk.index + 1].chunk.goes_on
    places = [*([chunk.index - 1] if chunk.goes_on else []), *([chunk.index + 1] if after else [])]
    return tuple(known[place] for place in places if place in known)


def move_of(state: JobState, known: ChunkState, *, learned: bool = True) -> Move:
    """What to do with a chunk.

    Args:
        state: what has been committed.
        known: the chunk.
        learned: look at what the film has shown. Whether a trial is the last one does not depend on it.
    """
    chunk = known.chunk
    fixed = fixed_crf(state.request, chunk.zone)
    if fixed is not None:
        tried = any(abs(p.crf - fixed) < SAME for p in known.points)
        origin = "is that of a film in one piece" if state.request.strategy == Strategy.DIRECT else "was asked for"
        why = f"CRF {fixed:g} {origin}"
        return Accept(crf=fixed, why=why, within_band=True) if tried else Try(crf=fixed, why=why)
    aim = aim_of(state.request, chunk.zone)
    peers = answered(state, chunk) if learned else []
    prior = prior_of(state, chunk, peers)
    still = learned and is_likely_flat(state, chunk, peers)
    return next_move(
        known.points,
        aimed(state, known, aim, peers) if learned else aim,
        prior=prior,
        film=replace(film_view(state, chunk.zone), beside=beside(state, chunk), still=still),
        sights=known.sights,
        sampling=Sampling(cost=sample_cost(chunk.frames), blur=prior.blur)
        if may_sample(state.request, chunk)
        else None,
    )


def is_likely_flat(state: JobState, chunk: Chunk, peers: Sequence[ChunkState]) -> bool:
    """Whether a chunk hardly moves, in a film where none of those had an answer so far.

    With `deterministic` it is asked no such thing: what the film's median is before all have ended depends on timing.
    """
    return is_still(chunk) and not state.request.deterministic and not any(is_still(s.chunk) for s in peers)


def aimed(state: JobState, known: ChunkState, aim: Aim, peers: Sequence[ChunkState]) -> Aim:
    """Where a chunk's trials aim, so that the mean of its kin lands on the target with few bytes."""
    ended = [Ended(frames=s.chunk.frames, score=score_of(s)) for s in peers]
    if state.request.deterministic:  # who of its own wave has ended depends on timing
        to_come = [s for s in kin(state, known.chunk.zone) if s.wave >= known.wave]
    else:
        to_come = [s for s in kin(state, known.chunk.zone) if not (s.accepted or s.flat)]
    costs = costs_of(state.chunks, aim.target, frozen=state.request.deterministic)
    left = [Left(frames=s.chunk.frames, cost=costs[s.chunk.index]) for s in to_come]
    goal = goal_for(aim.target, aim.low, aim.high, ended=ended, left=left, cost=costs[known.chunk.index])
    return replace(aim, goal=goal.score, even=goal.even)


def score_of(known: ChunkState) -> float:
    """The score of a finished chunk."""
    return next(p.score for p in known.points if known.accepted and p.crf == known.accepted.crf)


def prior_of(state: JobState, chunk: Chunk, peers: Sequence[ChunkState] | None = None) -> Prior:
    """What is expected of a chunk after what its finished peers have shown; None: all that it may know of."""
    target = aim_of(state.request, chunk.zone).target
    seen = answered(state, chunk) if peers is None else peers
    return class_prior(state, chunk, target, [answer_of(state, s, target) for s in seen])


def answered(state: JobState, chunk: Chunk) -> list[ChunkState]:
    """The finished chunks of a chunk's kind that have an answer and that it may know of.

    With `deterministic` those are the ones of earlier waves: who else happens to be finished depends on timing.
    """
    wave = state.chunks[chunk.index].wave if state.request.deterministic else math.inf
    near = kin(state, chunk.zone)
    return [s for s in near if s.accepted and s.accepted.within_band and not s.flat and s.wave < wave]


def answer_of(state: JobState, known: ChunkState, target: float) -> Answer:
    """Where a finished chunk meets the target, by its own trials."""
    whole = [Sight(crf=p.crf, score=p.score, sd=WHOLE_SD) for p in known.points]
    belief = believed(class_prior(state, known.chunk, target, ()), target, (*known.sights, *whole))
    expected = foreseen_of(state, known.chunk)
    shift = belief.shift if known.sights and known.points else None
    return Answer(
        crf=belief.crf, slope=belief.slope, traits=traits_of(known.chunk), expected=expected, shift=shift,
        frames=known.chunk.frames,
    )  # fmt: skip


def foreseen_of(state: JobState, chunk: Chunk) -> Expected | None:
    """What other films say of a chunk."""
    return state.foreseen[chunk.index] if state.foreseen else None


@lru_cache(maxsize=8192)
def believed(prior: Prior, target: float, sights: tuple[Sight, ...]) -> Belief:
    """What is believed of a finished chunk, which every chunk to come asks again."""
    return believe(prior, target, sights)


def class_prior(state: JobState, chunk: Chunk, target: float, answers: Sequence[Answer]) -> Prior:
    """What is expected of a chunk where the film has shown these answers."""
    zone = chunk.zone
    return expect(
        width=state.width,
        height=state.height,
        preset=state.request.preset if zone is None or zone.preset is None else zone.preset,
        target=target,
        temporal=chunk.features.temporal,
        traits=traits_of(chunk),
        frames=chunk.frames,
        answers=answers,
        expected=foreseen_of(state, chunk),
    )


def sound_steps(state: JobState, sounding: Collection[int], most: int) -> list[Step]:
    """Sounds to encode: one at a time beside the trials, for each reads the whole film; then as many as fit."""
    trials_wait = any(not s.accepted for s in state.chunks)
    room = min(most, 1 - len(sounding)) if trials_wait else most
    left = [index for index in state.sounds if index not in sounding]
    return [SoundStep(index=index) for index in left[: max(0, room)]]


def next_steps(state: JobState, busy: Collection[int], most: int, sounding: Collection[int] = ()) -> list[Step]:
    """Steps that are ready, the most useful first: a sound, searches under way, new ones, long chunks before short.

    A sound comes first because it is the one thing that may be damaged after the film was read.

    Args:
        state: what has been committed.
        busy: chunks with a trial under way.
        most: how many steps are wanted at the most.
        sounding: streams whose sound is being encoded.
    """
    waiting = [s for s in state.chunks if not s.accepted]
    steps = sound_steps(state, sounding, most)
    if not waiting:
        if busy or state.sounds:
            return steps
        open_steps: list[Step] = [FilmStep(kind=k) for k in FILM_STEPS if k not in state.committed]
        return open_steps[:1]
    together = [s for s in waiting if trading.trades(state.request, s.chunk.zone)]
    steps += traded_steps(state, together, busy)[: max(0, most - len(steps))]
    waiting = [s for s in waiting if not trading.trades(state.request, s.chunk.zone)]
    begun = {s.chunk.index for s in waiting if s.points or s.sights or s.unclear}
    for known in sorted(waiting, key=lambda s: (s.chunk.index not in begun, s.turn)):
        if len(steps) >= most:
            break
        if known.chunk.index in busy or not is_open(state, known):
            continue
        if (step := trial_step(state, known)) is not None:
            steps.append(step)
    return steps


def is_open(state: JobState, known: ChunkState) -> bool:
    """Whether a chunk's search may go on. With `deterministic` the waves before its own come first."""
    if not state.request.deterministic or fixed_crf(state.request, known.chunk.zone) is not None:
        return True
    return all(s.accepted or s.flat for s in state.chunks if s.wave < known.wave)


def trial_step(state: JobState, known: ChunkState) -> TrialStep | None:
    """The next trial of a chunk; None where it waits for others."""
    goal = goal_of(state.request, known.chunk.zone)
    if known.unclear:
        why = "some of its frames were scored and do not settle it: all of them"
        return TrialStep(chunk=known.chunk, crf=known.unclear[0], why=why, goal=goal, again=True)
    move = move_of(state, known)
    return step_of(state, known, move) if isinstance(move, Try | Sample) else None


def step_of(state: JobState, known: ChunkState, move: Try | Sample) -> TrialStep:
    """A move as a step."""
    windows = sample_windows(known.chunk) if isinstance(move, Sample) else None
    goal = goal_of(state.request, known.chunk.zone)
    return TrialStep(
        chunk=known.chunk, crf=move.crf, why=move.why, windows=windows,
        predicted=move.predicted, unsure=move.unsure, goal=goal,
    )  # fmt: skip


def traded_steps(state: JobState, together: Sequence[ChunkState], busy: Collection[int]) -> list[Step]:
    """Trials of chunks that are weighed together."""
    doubted = [s for s in together if s.unclear]
    if doubted:
        steps = [trial_step(state, s) for s in doubted if s.chunk.index not in busy]
        return [step for step in steps if step is not None]
    return [step_of(state, known, move) for known, move in trading.ready(state, busy, RULES)] if together else []


def accept_waiting(state: JobState, busy: Collection[int] = ()) -> JobState:
    """Accept flat chunks for which that has become possible without another trial, and chunks weighed together."""
    doubted = {s.chunk.index for s in state.chunks if s.unclear}
    agreed = trading.agreed(state, {*busy, *doubted}, RULES)
    if any(s.chunk.index in agreed and not s.accepted for s in state.chunks):
        chunks = tuple(replace(s, accepted=agreed.get(s.chunk.index, s.accepted)) for s in state.chunks)
        state = replace(state, chunks=chunks)
    for known in state.chunks:
        if known.flat and not known.accepted:
            state = settle(state, known.chunk.index)
    return state


def film_prior(state: JobState, known: ChunkState, target: float) -> Prior:
    """What is expected of a chunk before its own trials, where the whole film is weighed."""
    return class_prior(state, known.chunk, target, [] if state.request.deterministic else shown(state, target))


@lru_cache(maxsize=4)
def shown(state: JobState, target: float) -> tuple[Answer, ...]:
    """Where the longest chunks that were encoded meet the target, as far as their trials tell."""
    seen = sorted((s for s in state.chunks if s.points or s.sights), key=lambda s: (-s.chunk.frames, s.chunk.index))
    return tuple(answer_of(state, s, target) for s in seen[:ENOUGH])


#: What the bargain over a whole film asks of a chunk's search.
RULES = trading.Rules(
    prior_of=film_prior,
    aim_of=aim_of,
    fixed_crf=fixed_crf,
    may_sample=lambda state, known: may_sample(state.request, known.chunk),
)
