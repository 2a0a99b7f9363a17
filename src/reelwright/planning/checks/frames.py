"""Checks of the film's frames: how many, when, and whether they decode."""

from fractions import Fraction

from reelwright.media.timing import FrameIndex
from reelwright.planning.checks.evidence import Check, Evidence
from reelwright.planning.clocks import MILLISECOND
from reelwright.planning.containers import Container
from reelwright.planning.plan import Strategy


def expected_ticks(index: FrameIndex, shift: Fraction, clock: Fraction = MILLISECOND) -> list[Fraction]:
    """Exact times of the source's frames on the output's clock, in its ticks of `clock` seconds."""
    return [(p * index.time_base + shift) / clock for p in index.pts]


def check_frames(e: Evidence) -> Check:
    """As many frames decode as the source shows."""
    want, got, detail = e.index.frames, len(e.decoded_ticks), ""
    if left_out := e.index.unshowable:
        detail = f"; the source begins with {left_out} packets that refer to frames it does not hold"
    return Check(name="frames", passed=want == got, detail=f"{got} of {want} frames decode{detail}")


def check_times(e: Evidence) -> Check:
    """Each frame is shown when the source shows it, to half a tick of the container."""
    want = expected_ticks(e.index, e.shift, e.clock)
    for name, ticks in (("packet", e.packet_ticks), ("decoded frame", e.decoded_ticks)):
        if len(ticks) != len(want):
            return Check(name="times", passed=False, detail=f"{len(ticks)} {name}s for {len(want)} frames")
        wrong = next((k for k, (a, b) in enumerate(zip(ticks, want, strict=True)) if abs(a - b) > Fraction(1, 2)), None)
        if wrong is not None:
            got, due = (float(tick * e.clock * 1000) for tick in (ticks[wrong], want[wrong]))
            detail = f"{name} {wrong} is at {got:.3f} ms instead of {due:.3f} ms"
            return Check(name="times", passed=False, detail=detail)
    return Check(name="times", passed=True, detail=f"{len(want)} times equal to half a tick of {e.clock} s")


def check_decode(e: Evidence) -> Check:
    """The whole film decodes without a warning."""
    detail = e.warnings[0] if e.warnings else "decodes without a warning"
    # Packets that refer to frames the source does not hold are copied with the rest, and a decoder says so of them.
    told = bool(e.index.unshowable) and e.plan.strategy is Strategy.REMUX
    return Check(name="decode", passed=told or not e.warnings, detail=detail)


def check_duration(e: Evidence) -> Check:
    """The film ends when the source's does, to a frame, and the file says that it lasts as long."""
    ticks, frame = e.packet_ticks, 1 / e.index.rate
    last = e.index.last_duration * e.index.time_base
    got = (ticks[-1] - ticks[0]) * e.clock + last if ticks else Fraction(0)
    # Matroska says when it ends, counted from zero; MP4, as FFmpeg writes it, how long it is from its first time on.
    # Both mean whatever ends last; other streams may end after the film.
    begin = (e.output.start or 0) if e.plan.request.container is Container.MP4 else 0
    said, end = e.output.duration, (ticks[-1] * e.clock + last - begin if ticks else Fraction(0))
    alone = not any(s.is_carried for s in e.plan.streams)
    # A copied file may not know the length of its last frame.
    right = said is not None and said >= end - max(frame, last) and (not alone or said <= end + frame)
    passed = abs(got - e.index.duration) <= frame and right
    detail = f"{float(got):.3f} s of {float(e.index.duration):.3f} s, said to end after {float(said or 0):.3f} s"
    return Check(name="duration", passed=passed, detail=detail)
