"""Frames that hold two fields but are marked as whole pictures are noticed; pictures with fine patterns are not."""

from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest

from reelwright.tools.children.combing import EVERY, Combing

LINES, COLUMNS = 96, 128
Picture = np.ndarray[Any, np.dtype[np.uint8]]


def moved(number: int) -> Picture:
    """A bright disc on grey that moves six samples a picture."""
    rows, columns = np.mgrid[:LINES, :COLUMNS]
    middle = 20 + number * 6 % 90
    return np.where((rows - 48) ** 2 + (columns - middle) ** 2 < 30**2, 200, 90).astype(np.uint8)


def woven(number: int) -> Picture:
    """Its lines from two moments in turn."""
    picture = moved(2 * number)
    picture[1::2] = moved(2 * number + 1)[1::2]
    return picture


def striped(number: int) -> Picture:
    """Stripes of two lines that move up and down."""
    return (
        np.roll(np.repeat(np.tile([40, 200], LINES // 4), 2), number).astype(np.uint8)[:, None].repeat(COLUMNS, axis=1)
    )


def noisy(number: int) -> Picture:
    return np.random.default_rng(number).integers(0, 255, (LINES, COLUMNS), dtype=np.uint8)


def still(number: int) -> Picture:
    """Two fields, however unlike they are, of a picture in which next to nothing moves."""
    picture = np.where(np.arange(LINES)[:, None] % 2, 40, 200).astype(np.uint8).repeat(COLUMNS, axis=1)
    picture[0, 0] = number
    return picture


def frames(kind: Any, name: str, count: int = 4 * EVERY) -> Iterator[av.VideoFrame]:
    for number in range(count):
        picture = kind(number)
        if name == "gray10le":
            yield av.VideoFrame.from_ndarray(picture.astype(np.uint16) << 2, format=name)
        else:
            yield av.VideoFrame.from_ndarray(picture, format="gray").reformat(format=name)


def remarks(kind: Any, name: str = "yuv420p", **more: int) -> list[str]:
    look = Combing()
    for frame in frames(kind, name, **more):
        look(frame)
    return look.remarks()


@pytest.mark.parametrize("name", ["yuv420p", "gray", "gray10le", "yuv422p"])
def test_two_fields_in_one_picture_are_noticed_where_it_moves(name: str) -> None:
    (said,) = remarks(woven, name)
    assert said[0] in "34"
    assert said[1:].startswith(" of 4 frames that were looked at seem to hold two fields")
    assert remarks(moved, name) == []


@pytest.mark.parametrize("kind", [striped, noisy, still])
def test_patterns_noise_and_what_does_not_move_are_no_fields(kind: Any) -> None:
    assert remarks(kind) == []


def test_one_such_frame_says_nothing_and_other_formats_are_left_alone() -> None:
    assert remarks(woven, count=EVERY) == []
    assert remarks(woven, "rgb24") == []
