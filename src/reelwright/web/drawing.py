"""Small pictures of numbers, as SVG that the style sheet colours: no script, no network, readable aloud."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One bar: where it stands and how high, in a box of 100 by 40; what it says when pointed at."""

    x: float
    width: float
    y: float
    height: float
    title: str


WIDTH, HEIGHT, GAP = 100.0, 40.0, 0.25


def bars(values: Sequence[tuple[float, str]]) -> tuple[Bar, ...]:
    """Bars of equal width for values from 0 on, the highest as high as the box; nothing where there are none."""
    if not values:
        return ()
    step = WIDTH / len(values)
    most = max(value for value, _ in values) or 1.0
    heights = [HEIGHT * max(0.0, value) / most for value, _ in values]
    return tuple(
        Bar(
            x=round(k * step + step * GAP / 2, 3), width=round(step * (1 - GAP), 3), y=round(HEIGHT - height, 3),
            height=round(height, 3), title=title,
        )
        for k, (height, (_, title)) in enumerate(zip(heights, values, strict=True))
    )  # fmt: skip
