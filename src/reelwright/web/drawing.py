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


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """What grew over time, as points of a polygon in the same box and of the line above it."""

    line: str
    filled: str


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


def area(values: Sequence[float]) -> Area | None:
    """Values from 0 on, from the left edge to the right one; None where there are fewer than two."""
    if len(values) < 2:  # noqa: PLR2004 - two points make a line
        return None
    most = max(values) or 1.0
    step = WIDTH / (len(values) - 1)
    points = [(round(k * step, 3), round(HEIGHT * (1 - max(0.0, value) / most), 3)) for k, value in enumerate(values)]
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    return Area(line=line, filled=f"0,{HEIGHT:g} {line} {WIDTH:g},{HEIGHT:g}")
