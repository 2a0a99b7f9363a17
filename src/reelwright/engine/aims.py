"""What a chunk's search is held to, by the request and the zone it lies in."""

from reelwright.encoders import find
from reelwright.engine import trading
from reelwright.planning.chunking import Chunk
from reelwright.planning.plan import Request
from reelwright.planning.windows import sample_windows
from reelwright.planning.zones import Zone
from reelwright.quality.moves import SAME, Aim
from reelwright.quality.steps import Goal


def aim_of(request: Request, zone: Zone | None = None) -> Aim:
    """What a chunk's search aims at: the request's target or its zone's, with the request's band around it."""
    target = request.target_vmaf if zone is None or zone.target is None else zone.target
    moved = target - request.target_vmaf
    encoder = find(request.encoder)
    return Aim(
        target=target,
        # Not rounded off the target's side: a sum may be a hair above or below what was asked for.
        low=min(request.band_low + moved, target),
        high=max(request.band_high + moved, target),
        min_crf=request.min_crf,
        max_crf=min(request.max_crf, encoder.highest_crf),
        step=encoder.crf_step,
    )


def goal_of(request: Request, zone: Zone | None = None) -> Goal | None:
    """What a chunk's scores are held against; None where its CRF is fixed."""
    if fixed_crf(request, zone) is not None:
        return None
    aim = aim_of(request, zone)
    if trading.trades(request, zone):  # there is no band: only its floor is held against a chunk
        return Goal(low=trading.film_aim(request, aim).floor, high=100.0, floor_p5=request.floor_p5)
    return Goal(low=aim.low, high=aim.high, floor_p5=request.floor_p5)


def matters(request: Request, zone: Zone | None, crf: float) -> bool:
    """Whether the search looks at a trial at this CRF at all."""
    fixed = fixed_crf(request, zone)
    if fixed is not None:
        return abs(crf - fixed) < SAME
    aim = aim_of(request, zone)
    return aim.min_crf - SAME <= crf <= aim.max_crf + SAME


def fixed_crf(request: Request, zone: Zone | None) -> float | None:
    """The CRF a chunk has without a search; None: it is searched."""
    if zone is not None and (zone.crf is not None or zone.target is not None):
        return zone.crf
    return request.crf


def may_sample(request: Request, chunk: Chunk) -> bool:
    """Whether a sample of a chunk can be encoded, and tells something of it."""
    if request.deinterlace is not None:  # what neighbours make of a frame at a window's edge is not what it will be
        return False
    return find(request.encoder).samples and sample_windows(chunk) is not None
