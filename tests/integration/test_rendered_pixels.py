"""Pictures read as the rendering child does."""

from pathlib import Path

import numpy as np
import pytest

from pictures import ramp, write_still
from reelwright.tools.children.pixels import UnreadableError, read_pixels


@pytest.mark.parametrize(
    ("origin", "size", "kept"),
    [
        ((0, 0), (8, 6), True),
        ((2, 1), (4, 3), False),
        ((-3, -2), (14, 11), False),
        ((5, 4), (9, 9), False),
        ((20, 20), (3, 3), False),
    ],
)
def test_a_data_window_lies_where_it_belongs_over_black(
    tmp_path: Path,
    origin: tuple[int, int],
    size: tuple[int, int],
    kept: bool,  # noqa: FBT001
) -> None:
    pixels = ramp(*size) + 0.01
    path = write_still(tmp_path / "a.exr", pixels, display=(8, 6), origin=origin)
    found = read_pixels(str(path), str(tmp_path), size=(8, 6), channels=["R", "G", "B"])
    expected = np.zeros((6, 8, 3), np.float16)
    for y in range(6):
        for x in range(8):
            if 0 <= x - origin[0] < size[0] and 0 <= y - origin[1] < size[1]:
                expected[y, x] = pixels[y - origin[1], x - origin[0]]
    assert np.array_equal(found, expected)
    assert np.any(found) or not kept


def test_channels_are_chosen_by_name_and_in_any_order(tmp_path: Path) -> None:
    names = ("A", "B", "G", "R", "depth.Z")
    pixels = np.stack([np.full((4, 5), k / 8) for k in range(5)], -1)
    path = str(write_still(tmp_path / "a.exr", pixels, channelnames=names))
    found = read_pixels(path, str(tmp_path), size=(5, 4), channels=["R", "G", "B", "A"])
    assert found[0, 0].tolist() == [3 / 8, 2 / 8, 1 / 8, 0]
    assert read_pixels(path, str(tmp_path), size=(5, 4), channels=["depth.Z"] * 3)[0, 0].tolist() == [0.5] * 3
    with pytest.raises(UnreadableError, match=r"no channel normal\.X; it has"):
        read_pixels(path, str(tmp_path), size=(5, 4), channels=["normal.X", "G", "B"])


def test_grey_stands_for_all_three(tmp_path: Path) -> None:
    path = write_still(tmp_path / "a.png", np.full((4, 5, 1), 0.5), kind="uint8")
    assert (
        read_pixels(str(path), str(tmp_path), size=(5, 4), channels=["R", "G", "B"]).tolist() == [[[128] * 3] * 5] * 4
    )


def test_what_cannot_be_used_says_why(tmp_path: Path) -> None:
    good = write_still(tmp_path / "a.exr", ramp(64, 48))
    with pytest.raises(UnreadableError, match="is 64x48 and not 65x48"):
        read_pixels(str(good), str(tmp_path), size=(65, 48), channels=["R", "G", "B"])
    cut = tmp_path / "cut.exr"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    with pytest.raises(UnreadableError, match="cannot be"):
        read_pixels(str(cut), str(tmp_path), size=(64, 48), channels=["R", "G", "B"])
    empty = tmp_path / "empty.exr"
    empty.touch()
    with pytest.raises(UnreadableError, match="cannot be opened"):
        read_pixels(str(empty), str(tmp_path), size=(64, 48), channels=["R", "G", "B"])
    with pytest.raises(UnreadableError, match="no part 3"):
        read_pixels(str(good), str(tmp_path), size=(64, 48), channels=["R", "G", "B"], part=3)
