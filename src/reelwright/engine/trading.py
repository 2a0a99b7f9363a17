"""The film as one bargain: which chunks take part, what is known of them, and what all of it will come to."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from reelwright.planning.plan import Request
from reelwright.planning.zones import Zone
from reelwright.quality.film_aim import FilmAim
from reelwright.quality.moves import Accept, Aim, Point, Sample, Try
from reelwright.quality.objective import Exchange, exchange
from reelwright.quality.projection import Projection, Prospect, project
from reelwright.quality.rates import Line, Member, Trend, belief_of, line_of, trend_of

if TYPE_CHECKING:
    from reelwright.engine.job_state import ChunkState, JobState
    from reelwright.quality.belief import Prior

MIN_SIZE = "min-size"
#: Without a floor that was asked for, no chunk's mean is further below the target.
FLOOR = 3.0
#: Temporal information below which a chunk is still: of those measured, none above was flat and none below was not.
STILL = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What the scheduler knows of chunks, lent by it."""

    prior_of: "Callable[[JobState, ChunkState, float], Prior]"
    aim_of: Callable[[Request, Zone | None], Aim]
    fixed_crf: Callable[[Request, Zone | None], float | None]
    may_sample: "Callable[[JobState, ChunkState], bool]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """What a film will come to by what is known now."""

    projection: Projection
    prospects: tuple[Prospect, ...]
    #: Frames of chunks of which anything was encoded, and how many those are.
    seen_frames: int
    seen_chunks: int
    #: What the film pays for a point of VMAF, and the CRF each chunk wants for it, with `min-size`.
    exchange: Exchange | None


def trades(request: Request, zone: Zone | None) -> bool:
    """Whether a chunk takes part in the exchange: it is searched, and has no target of its own."""
    if request.objective != MIN_SIZE or request.crf is not None:
        return False
    return zone is None or (zone.target is None and zone.crf is None)


def film_aim(request: Request, aim: Aim) -> FilmAim:
    """What the chunks that trade aim at together."""
    floor = request.target_vmaf - FLOOR if request.floor_vmaf is None else request.floor_vmaf
    return FilmAim(
        target=request.target_vmaf, floor=min(floor, request.target_vmaf), min_crf=aim.min_crf, max_crf=aim.max_crf,
        step=aim.step, max_trials=aim.max_trials,
    )  # fmt: skip


def member_of(state: "JobState", known: "ChunkState", rules: Rules) -> Member:
    """A chunk as the exchange sees it."""
    target = rules.aim_of(state.request, known.chunk.zone).target
    return Member(
        index=known.chunk.index,
        frames=known.chunk.frames,
        prior=rules.prior_of(state, known, target),
        points=tuple(p for p in known.points if p.rate),
        sights=tuple(s for s in known.sights if s.rate),
        can_sample=rules.may_sample(state, known),
        source_rate=known.chunk.features.source_bytes,
        still=known.chunk.features.temporal < STILL,
    )


@lru_cache(maxsize=4)
def exchange_of(state: "JobState", rules: Rules) -> Exchange | None:
    """What becomes of the chunks that trade; None where none does."""
    mine = [s for s in state.chunks if trades(state.request, s.chunk.zone)]
    if not mine:
        return None
    aim = film_aim(state.request, rules.aim_of(state.request, None))
    return exchange([member_of(state, s, rules) for s in mine], aim, frozen=state.request.deterministic)


def ready(state: "JobState", busy: Collection[int], rules: Rules) -> "Iterator[tuple[ChunkState, Try | Sample]]":
    """The trials and samples of the exchange that may begin, the most useful first."""
    trade = exchange_of(state, rules)
    if trade is None or (trade.alone and busy):
        return
    for index, move in trade.moves.items():
        if isinstance(move, Try | Sample) and index not in busy:
            yield state.chunks[index], move
            if trade.alone:
                return


def agreed(state: "JobState", busy: Collection[int], rules: Rules) -> dict[int, Accept]:
    """The trials that are taken, once all are in and nothing would be gained by another."""
    trade = None if busy else exchange_of(state, rules)
    if trade is None or not trade.settled:
        return {}
    return {index: move for index, move in trade.moves.items() if isinstance(move, Accept)}


@lru_cache(maxsize=4)
def expected(state: "JobState", rules: Rules) -> Expected:
    """What the film will come to, by all that is known of its chunks."""
    trade = exchange_of(state, rules)
    members = {s.chunk.index: member_of(state, s, rules) for s in state.chunks}
    trend = trend_of(list(members.values()))
    prospects = tuple(
        trade.prospects[s.chunk.index]
        if trade and s.chunk.index in trade.prospects and not s.accepted
        else prospect_of(state, s, members[s.chunk.index], trend, rules)
        for s in state.chunks
    )
    seen = [s for s in state.chunks if s.points or s.sights]
    return Expected(
        projection=project(prospects), prospects=prospects, exchange=trade,
        seen_frames=sum(s.chunk.frames for s in seen), seen_chunks=len(seen),
    )  # fmt: skip


def prospect_of(state: "JobState", known: "ChunkState", member: Member, trend: Trend, rules: Rules) -> Prospect:
    """Where a chunk that is searched for itself will end."""
    request, zone = state.request, known.chunk.zone
    aim, fixed = rules.aim_of(request, zone), rules.fixed_crf(request, zone)
    belief = belief_of(member, aim.target)
    near = belief.crf if fixed is None else fixed
    line = line_of(member, belief, trend, near)
    crf = fixed if fixed is not None else at_home(line, aim)
    chosen: Point | None = None
    if known.accepted:
        chosen = next((p for p in known.points if p.crf == known.accepted.crf), None)
    counts = not known.flat and (known.accepted is None or known.accepted.within_band)
    return Prospect(frames=member.frames, line=line, crf=crf, chosen=chosen, counts=counts)


def at_home(line: Line, aim: Aim) -> float:
    """The CRF where a chunk is expected to meet its target, within the bounds."""
    return min(max(line.at_loss(100 - aim.target), aim.min_crf), aim.max_crf)
