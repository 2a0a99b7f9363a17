"""Pictures read and transformed as the rendering child does, against OpenImageIO's own way."""

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from pictures import ramp, write_still
from reelwright.tools.children.pixels import (
    Coloring,
    UnreadableError,
    codes,
    ocio_transform,
    over,
    planar,
    read_pixels,
)

CONFIG = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
LINEAR, SRGB = "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"


@pytest.fixture(autouse=True)
def _other_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", CONFIG)


def color(source: str, to: str) -> dict[str, Any]:
    return {"config": CONFIG, "from": source, "to": to}


def half(values: Any) -> Any:
    return np.asarray(values, np.float16)


def test_a_transform_of_each_channel_by_itself_goes_by_a_table_and_is_exact() -> None:
    coloring = Coloring(ocio_transform(color(LINEAR, SRGB)))
    pixels = half(np.random.default_rng(1).normal(0.4, 0.6, (40, 50, 3)))
    pixels[0, 0], pixels[0, 1] = np.inf, np.nan
    assert coloring.by_table(np.float16)
    assert np.array_equal(coloring(pixels), coloring.exact(pixels.astype(np.float32)))


def test_one_that_mixes_channels_does_not() -> None:
    coloring = Coloring(ocio_transform(color("ACEScg", SRGB)))
    pixels = half(ramp(32, 20))
    assert not coloring.by_table(np.float16)
    buffer = oiio.ImageBufAlgo.colorconvert(
        oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32)), "ACEScg", SRGB, unpremult=False
    )
    assert np.array_equal(coloring(pixels), codes(buffer.get_pixels(oiio.FLOAT)))


def test_without_a_transform_8_bit_codes_keep_their_values() -> None:
    every = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    assert np.array_equal(Coloring(None)(every), every.astype(np.uint16) * 257)


def test_codes_are_rounded_and_cut_off() -> None:
    values = np.array([[[-1.0, 0.0, 0.5], [1.0, 2.0, np.nan]]], np.float32)
    assert codes(values).tolist() == [[[0, 0, 32768], [65535, 65535, 0]]]


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


def test_a_colour_space_nobody_knows_is_said_and_not_passed_over() -> None:
    with pytest.raises(UnreadableError, match="cannot be transformed"):
        ocio_transform(color("no such space", SRGB))(np.zeros((2, 2, 3), np.float32))


def test_premultiplied_pixels_are_laid_over_a_background() -> None:
    values = np.array([[[0.2, 0.1, 0.0, 0.5], [0.0, 0.0, 0.0, 0.0]]], np.float32)
    assert np.allclose(over(values, (1.0, 0.0, 0.5)), [[[0.7, 0.1, 0.25], [1.0, 0.0, 0.5]]])


def test_planes_come_green_first_as_ffmpeg_has_them() -> None:
    assert planar(np.array([[[1, 2, 3, 4]]], np.uint16)) == bytes([2, 0, 3, 0, 1, 0, 4, 0])
