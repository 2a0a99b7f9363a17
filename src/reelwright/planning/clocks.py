"""The clocks of an output: how long the ticks of its film and of the whole file are."""

from collections.abc import Iterable
from fractions import Fraction
from math import lcm

from reelwright.planning.containers import Container

#: Matroska's one clock, as FFmpeg writes it.
MILLISECOND = Fraction(1, 1000)
#: MP4 stores ticks a second in 32 bits; FFmpeg computes with a sign.
MOST_TICKS = (1 << 31) - 1
#: FFmpeg's muxer doubles the ticks of a picture's clock until there are as many a second.
FEWEST_TICKS = 10_000


def film_clock(container: Container, time_base: Fraction) -> Fraction:
    """Seconds of a tick of the film's clock in an output.

    Matroska has milliseconds. In MP4 each track has a clock of its own; the film's divides the source's, so that
    every time is exact: 1/24000 s for 24000/1001 frames a second.

    Args:
        container: what is written.
        time_base: the source's tick, in seconds.
    """
    if container is Container.MATROSKA:
        return MILLISECOND
    ticks = time_base.denominator
    while ticks < FEWEST_TICKS:
        ticks *= 2
    return Fraction(1, ticks) if ticks <= MOST_TICKS else Fraction(1, 90_000)


def movie_ticks(times: Iterable[Fraction], film: Fraction) -> int:
    """Ticks a second of MP4's own clock, in which a track's late start is stored: as few as say every time exactly.

    Args:
        times: seconds at which tracks begin, or ticks they may begin on.
        film: the film's tick, to fall back on where a clock for all of them would be too fine.
    """
    ticks = lcm(1000, *(time.denominator for time in times))
    return ticks if ticks <= MOST_TICKS else max(1000, film.denominator)
