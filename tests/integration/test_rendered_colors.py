"""Colours transformed as the rendering child does, against OpenImageIO's own way; and previews with their errors."""

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from pictures import ramp
from reelwright.tools.children.chain import Chain, Costly, Scratch, interleaved, planar, with_alpha
from reelwright.tools.children.pixels import UnreadableError
from reelwright.tools.children.transforms import Processor

CONFIG = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
STUDIO = "ocio://studio-config-v2.1.0_aces-v1.3_ocio-v2.3"
LINEAR, SRGB = "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"
DISPLAY, ACES2 = "sRGB - Display", "ACES 2.0 - SDR 100 nits (Rec.709)"
VIEW = {"config": CONFIG, "from": "ACEScg", "display": DISPLAY, "view": ACES2}
#: The inverse of a gamma in a cube of two points: each channel is exchanged with white's.
CUBE = "LUT_3D_SIZE 2\n" + "".join(f"{1 - r} {1 - g} {1 - b}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))


@pytest.fixture(autouse=True)
def _same_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", CONFIG)  # OpenImageIO's own is the one that is compared with


def color(source: str, to: str, **more: Any) -> dict[str, Any]:
    return {"config": CONFIG, "from": source, "to": to, **more}


def chain(
    like: Any, wanted: dict[str, Any] | None, *steps: dict[str, Any], transform: str = "exact", alpha: str = "ignore"
) -> Chain:
    made = [{"local": False, "origin": "", "values": {}, **step} for step in steps]
    asked = {"steps": made, "color": wanted, "transform": transform, "alpha": alpha}
    return Chain({**asked, "height": like.shape[0], "width": like.shape[1]}, Scratch(run=no_scratch), no_picture)


def no_scratch(step: int, pixels: Any) -> Any:
    raise AssertionError(step, pixels)


def no_picture(path: str) -> Any:
    raise AssertionError(path)


def half(values: Any) -> Any:
    return np.ascontiguousarray(values, np.float16)


def noise(count: int = 2000) -> Any:
    return half(np.random.default_rng(1).normal(0.3, 0.4, (40, count // 40, 3)))


def codes(values: Any) -> Any:
    return (np.clip(np.nan_to_num(values, nan=0, posinf=1, neginf=0), 0, 1) * 65535 + 0.5).astype(int)


def off(one: Any, other: Any) -> int:
    return int(np.abs(one.astype(int) - other).max())


def test_a_conversion_gives_openimageios_codes_to_one_of_65535() -> None:
    pixels = noise()
    for source in (LINEAR, "ACEScg"):
        buffer = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
        theirs = oiio.ImageBufAlgo.colorconvert(buffer, source, SRGB, unpremult=False).get_pixels(oiio.FLOAT)
        ours = interleaved(chain(pixels, color(source, SRGB)).coded(pixels).planes)
        assert off(ours, codes(theirs)) <= 1, source


def test_so_does_a_view_of_aces_2() -> None:
    pixels = noise()
    buffer = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
    theirs = oiio.ImageBufAlgo.ociodisplay(buffer, DISPLAY, ACES2, fromspace="ACEScg", unpremult=False)
    assert off(interleaved(chain(pixels, VIEW).coded(pixels).planes), codes(theirs.get_pixels(oiio.FLOAT))) <= 1


def test_and_a_look_before_a_view_of_an_older_pinned_configuration() -> None:
    pixels, look = noise(), "ACES 1.3 Reference Gamut Compression"
    wanted = {**VIEW, "config": STUDIO, "view": "ACES 1.0 - SDR Video", "looks": look}
    buffer = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
    asked = {"fromspace": "ACEScg", "looks": look, "unpremult": False, "colorconfig": STUDIO}
    theirs = oiio.ImageBufAlgo.ociodisplay(buffer, DISPLAY, "ACES 1.0 - SDR Video", **asked).get_pixels(oiio.FLOAT)
    with_look = interleaved(chain(pixels, wanted).coded(pixels).planes)
    assert off(with_look, codes(theirs)) <= 2
    assert off(with_look, interleaved(chain(pixels, {**wanted, "looks": ""}).coded(pixels).planes).astype(int)) > 100


def test_a_look_is_applied_between_two_spaces_as_well() -> None:
    pixels, look = noise(), "ACES 1.3 Reference Gamut Compression"
    buffer = oiio.ImageBuf(np.ascontiguousarray(pixels, np.float32))
    theirs = oiio.ImageBufAlgo.ociolook(buffer, look, fromspace="ACEScg", tospace=SRGB, unpremult=False)
    ours = interleaved(chain(pixels, color("ACEScg", SRGB, looks=look)).coded(pixels).planes)
    assert off(ours, codes(theirs.get_pixels(oiio.FLOAT))) <= 1


@pytest.mark.parametrize("name", ["a.cube", "a.clf"])
def test_a_lut_comes_last(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    array = "".join(f"{1 - r} {1 - g} {1 - b}\n" for r in (0, 1) for g in (0, 1) for b in (0, 1))
    clf = (
        '<ProcessList xmlns="urn:AMPAS:CLF:v3.0" id="a" compCLFversion="3.0"><LUT3D inBitDepth="32f" '
        f'outBitDepth="32f" interpolation="tetrahedral"><Array dim="2 2 2 3">{array}</Array></LUT3D></ProcessList>'
    )
    path.write_text(CUBE if name == "a.cube" else clf)
    pixels = half(ramp(16, 12) * 0.9)
    ours = chain(pixels, color(LINEAR, SRGB, lut=str(path))).coded(pixels).planes
    plain = chain(pixels, color(LINEAR, SRGB)).coded(pixels).planes
    assert off(ours, 65535 - plain.astype(int)) <= 2


def test_a_configuration_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "config.ocio"
    path.write_text(
        "ocio_profile_version: 2\nroles: {default: raw}\ndisplays:\n  screen:\n"
        "    - !<View> {name: bright, colorspace: half}\ncolorspaces:\n"
        "  - !<ColorSpace> {name: raw, isdata: true}\n  - !<ColorSpace> {name: lin}\n"
        "  - !<ColorSpace>\n    name: half\n"
        "    from_scene_reference: !<MatrixTransform> "
        "{matrix: [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1]}\n"
    )
    pixels = half(ramp(8, 6))
    wanted = {"config": str(path), "from": "lin", "display": "screen", "view": "bright"}
    assert off(interleaved(chain(pixels, wanted).coded(pixels).planes), codes(pixels.astype(np.float32) / 2)) <= 1


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_without_a_transform_codes_keep_their_values(kind: Any) -> None:
    top = np.iinfo(kind).max
    every = np.arange(top + 1, dtype=kind).reshape(-1, 16, 1).repeat(3, axis=2)
    assert np.array_equal(interleaved(chain(every, None).coded(every).planes), every.astype(np.uint32) * 65535 // top)


def test_codes_are_rounded_and_cut_off_and_what_is_no_number_is_black() -> None:
    for kind in (np.float16, np.float32):
        pixels = np.array([[[-1.0, 0.0, 0.5], [1.0, 2.0, np.nan], [np.inf, -np.inf, 1.0]]], kind)
        found = interleaved(chain(pixels, None).coded(pixels).planes).tolist()
        assert found == [[[0, 0, 32768], [65535, 65535, 0], [65535, 0, 65535]]], kind


@pytest.mark.parametrize("wanted", [color("no such space", SRGB), color(LINEAR, SRGB, lut="/nowhere.cube")])
def test_what_the_configuration_does_not_have_is_said_and_not_passed_over(wanted: dict[str, Any]) -> None:
    with pytest.raises(UnreadableError, match="cannot be transformed"):
        chain(noise(), wanted)


def test_of_pixels_that_repeat_the_first_is_transformed_and_all_get_its_codes() -> None:
    exact = chain(noise(), VIEW)._last
    assert isinstance(exact, Costly)  # of 100 nanoseconds a pixel and more
    flat = half(np.repeat(np.repeat(ramp(8, 8), 9, axis=0), 13, axis=1))
    asked: list[int] = []

    class Counting(Processor):
        def __init__(self) -> None:
            super().__init__([])

        def planes(self, pixels: Any) -> Any:
            asked.append(pixels.shape[0] * pixels.shape[1])
            return exact._processor.planes(pixels)

    found = Costly(Counting()).planes(flat)
    assert np.array_equal(found, exact._processor.planes(flat))
    assert asked == [72 * 8]
    Costly(Counting()).planes(noise())
    assert asked[1:] == [2000]


def test_a_preview_says_how_far_it_is_off_and_is_off_no_further() -> None:
    pixels = half(np.abs(np.random.default_rng(5).normal(0.2, 0.3, (60, 50, 3))))
    preview, exact = chain(pixels, VIEW, transform="preview"), chain(pixels, VIEW)
    shown = preview.coded(pixels, whole=True).planes.astype(int)
    assert preview.preview is not None
    error = preview.preview.error()
    largest = np.abs(shown - exact.coded(pixels).planes).max() * 1023 / 65535
    assert error["pixels"] == 3000
    assert error["max"] == pytest.approx(largest, abs=0.01)
    assert 0 < error["p999"] <= error["max"] < 60


def test_a_preview_of_some_pixels_looks_at_one_in_61() -> None:
    pixels = half(np.abs(np.random.default_rng(5).normal(0.2, 0.3, (61, 20, 3))))
    preview = chain(pixels, VIEW, transform="preview")
    for seed in range(3):
        preview.coded(pixels, seed=seed)
    assert preview.preview is not None
    assert preview.preview.error()["pixels"] == 60


def test_a_preview_of_a_curve_alone_is_nearly_exact() -> None:
    pixels = half(ramp(64, 40))
    preview = chain(pixels, color(SRGB, SRGB), transform="preview")
    preview.coded(pixels, whole=True)
    assert preview.preview is not None
    assert preview.preview.error()["max"] < 1


def test_planes_come_green_first_as_ffmpeg_has_them() -> None:
    drawn = planar(np.array([[[1, 2, 3]]], np.uint16))
    assert drawn.ravel().tolist() == [2, 3, 1]
    assert with_alpha(drawn).ravel().tolist() == [2, 3, 1, 65535]


def test_kept_alpha_is_taken_out_of_the_colours_before_they_are_transformed() -> None:
    pixels = np.array([[[0.25, 0.25, 0.25, 0.5], [0.0, 0.0, 0.0, 0.0]]], np.float32)
    planes = chain(pixels, color(LINEAR, SRGB), alpha="keep").coded(pixels).planes
    straight = chain(pixels[:, :, :3], color(LINEAR, SRGB)).coded(np.full((1, 2, 3), 0.5, np.float32)).planes
    assert planes[:, 0, 0].tolist() == [*straight[:, 0, 0].tolist(), 32768]
    assert planes[:, 0, 1].tolist() == [0, 0, 0, 0]


def test_what_codes_cannot_hold_is_told_by_shares_and_extremes() -> None:
    values = np.full((61, 64, 3), 0.5, np.float32)
    values[:, 2] = 1 + 0.4 / 1023  # rounding
    assert chain(values, None).coded(values).cut_off is None
    values[:, :16, 1], values[:, 60:, 2] = 7.5, -0.25
    found = chain(values, None).coded(values, seed=5).cut_off
    assert found == {
        "above": pytest.approx(1 / 4, abs=0.02), "below": pytest.approx(1 / 16, abs=0.02),
        "largest": 7.5, "smallest": -0.25,
    }  # fmt: skip
