"""What encoding a library's film would save and cost, from the trials of films like it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reelwright.library.facts import Facts
from reelwright.planning.estimate import Estimate, Range, TrialFact, estimate, size_class


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What an encode would be asked for."""

    preset: int
    target: float
    #: Whether CRFs are searched for.
    search: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """What an encode would come to. Saved bytes may be negative: then the output would be larger than the source."""

    saves: Range
    #: Seconds of both cores, or all there are, with one film at a time.
    seconds: Range
    #: Nothing like it was encoded here yet: the figures are rough.
    rough: bool


def forecast(size: int, facts: Facts, seen: Iterable[TrialFact], wish: Wish, *, parallel: int) -> Forecast | None:
    """Foretell one film; None where its facts do not say how large or long it is.

    Args:
        size: of the file, in bytes.
        facts: of the film.
        seen: trials of the same preset, of any film.
        wish: what would be asked for.
        parallel: trials at once.
    """
    width, height, fps, duration = (facts.get(name) for name in ("width", "height", "fps", "duration"))
    if not (isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0):
        return None
    if not isinstance(fps, float | int) or not isinstance(duration, float | int) or fps <= 0 or duration <= 0:
        return None
    expected: Estimate = estimate(
        seen, width=width, height=height, frames=max(1, round(fps * duration)), preset=wish.preset,
        target=wish.target, parallel=parallel, search=wish.search,
    )  # fmt: skip
    rate = facts.get("sound_bitrate")
    copied = float(rate) * float(duration) / 8 if isinstance(rate, int | float) else 0.0
    left = [size - copied - taken for taken in (expected.bytes.high, expected.bytes.likely, expected.bytes.low)]
    # A film cannot be known to be smaller than nothing: more than its size is never saved.
    low, likely, high = (min(one, float(size)) for one in left)
    return Forecast(saves=Range(low=low, likely=likely, high=high), seconds=expected.seconds, rough=expected.rough)


def unlike_any(films: Sequence[tuple[int, Facts]], seen: Iterable[TrialFact]) -> list[int]:
    """Ids of films to take samples of: one of each class of picture size and codec nothing is known of.

    Of each class the film of the middle size: neither a trailer nor the one that is longer than all.

    Args:
        films: ids and facts; those without a picture size are left out.
        seen: trials that are known.
    """
    known = {size_class(fact.width, fact.height) for fact in seen}
    classes: dict[tuple[int, object], list[tuple[float, int]]] = {}
    for key, facts in films:
        width, height, duration = (facts.get(name) for name in ("width", "height", "duration"))
        if not isinstance(width, int) or not isinstance(height, int) or not isinstance(duration, int | float):
            continue
        group = size_class(width, height)
        if group not in known:
            classes.setdefault((group, facts.get("codec")), []).append((float(duration), key))
    return [sorted(members)[len(members) // 2][1] for _, members in sorted(classes.items(), key=lambda c: str(c[0]))]
