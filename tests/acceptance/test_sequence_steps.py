"""`sequence render` with raster steps, channels, views, backgrounds and previews, as they are used."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from test_sequence_render import HEIGHT, SRGB, WIDTH, Studio, pictures

from pictures import ramp, write_still

FLAT = ("--no-slate", "--no-burn-ins", "--profile", "png")


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    made = Studio(tmp_path)
    made.sheet(colorspace="display")
    return made


def grey(studio: Studio, value: float, *numbers: int) -> None:
    for number in numbers:
        write_still(studio.frame(number), np.full((HEIGHT, WIDTH, 3), value), kind="float")


def shown(studio: Studio, number: int = 1001) -> Any:
    """A frame that was delivered, as values of 0 to 1."""
    return pictures(studio.out / "sh010.png" / f"sh010.{number}.png")[0] / 65535


def test_steps_of_the_command_line_are_done_in_their_order(studio: Studio) -> None:
    grey(studio, 0.2, 1001)
    run = studio(*FLAT, "--step", "exposure:stops=1", "--step", "offset:value=0.1", "--step", "crop:area=40:20:0:0")
    assert run.code == 0, run.err
    assert shown(studio).shape == (20, 40, 3)
    assert shown(studio) == pytest.approx(0.5, abs=1e-4)
    said = studio.manifest("sh010.png")["steps"]
    assert [step["name"] for step in said] == ["exposure", "offset", "crop"]


def test_a_rows_steps_come_before_them_and_the_settings_after_them(studio: Studio) -> None:
    grey(studio, 0.2, 1001)
    (studio.root / "reelwright.toml").write_text('[sequences]\nsteps = ["gain:value=2"]\n')
    assert studio(*FLAT).code == 0
    assert shown(studio) == pytest.approx(0.4, abs=1e-4)
    assert studio(*FLAT, "--overwrite", "--step", "gain:value=3").code == 0
    assert shown(studio) == pytest.approx(0.6, abs=1e-4)
    studio.sheet(colorspace="display", steps="gain:value=4;invert")
    assert studio(*FLAT, "--overwrite", "--step", "gain:value=3").code == 0
    assert shown(studio) == pytest.approx(0.2, abs=1e-4)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--step", "exposur:stops=1"), ("--step", "Did you mean exposure?")),
        (("--step", "exposure:stops=x"), ("step exposure, stops: expected a number from -32 to 32, found 'x'",)),
        (("--step", "lut:file=no.cube"), ("step lut, file: there is no file",)),
        (("--step", "oiiotool:-o /tmp/x.exr"), ("'-o' is no oiiotool command that is taken",)),
        (("--step", "crop:area=999:9:0:0"), ("The step crop cannot take a picture of 96x54",)),
        (("--background", "no.exr"), ("--background", "there is no file")),
        (("--lut", "no.cube"), ("--lut: there is no file no.cube",)),
        (("--eye", "right"), ("no view 'right'",)),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_rendered(
    studio: Studio, args: tuple[str, ...], said: tuple[str, ...]
) -> None:
    grey(studio, 0.2, 1001)
    studio(*args).assert_failed(2, *said)
    assert not studio.out.exists()


def test_in_a_sheet_it_is_told_with_its_row_and_column(studio: Studio) -> None:
    studio.sheet(colorspace="display", steps="gamma:value=2;blur")
    studio().assert_failed(2, "row 2, column steps, step blur: size is missing; expected a number from 1 to 999")
    (studio.root / "reelwright.toml").write_text('[sequences]\nsteps = ["flp"]\n')
    studio.sheet(colorspace="display")
    studio().assert_failed(2, "The setting sequences.steps: there is no raster step 'flp'", "flop")


def test_an_oiiotool_line_is_done_by_oiiotool_and_leaves_nothing(studio: Studio) -> None:
    for number in (1001, 1002, 1003):
        write_still(studio.frame(number), ramp(WIDTH, HEIGHT, number), kind="float")
    line = "oiiotool --mulc 0.5 --blur:kernel=box 3x3 --rotate90"
    assert studio(*FLAT, "--step", "offset:value=0.25", "--step", f"oiiotool:{line}").code == 0
    source = oiio.ImageBufAlgo.add(oiio.ImageBuf(str(studio.frame(1002))), 0.25)
    box = oiio.ImageBufAlgo.make_kernel("box", 3.0, 3.0)
    theirs = oiio.ImageBufAlgo.rotate90(oiio.ImageBufAlgo.convolve(oiio.ImageBufAlgo.mul(source, 0.5), box))
    assert shown(studio, 1002) == pytest.approx(theirs.get_pixels(oiio.FLOAT), abs=2e-4)
    assert not list((studio.root / "work").glob("**/*.exr"))


def test_an_oiiotool_line_that_fails_breaks_the_frame_and_says_why(studio: Studio) -> None:
    grey(studio, 0.2, 1001)
    run = studio(*FLAT, "--step", "oiiotool:--colorconvert nowhere elsewhere")
    run.assert_failed(4, "frame 1001", "the step oiiotool failed", "nowhere")
    assert not [path for path in studio.out.rglob("*") if path.is_file()]


def write_parts(path: Path, parts: list[tuple[str, str, tuple[str, ...], Any]]) -> None:
    """An EXR of several parts: name, view, channels, pixels."""
    specs = []
    for name, view, channels, pixels in parts:
        spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], len(channels), "half")
        spec.channelnames = channels
        spec.attribute("oiio:subimagename", name)
        if view:
            spec.attribute("view", view)
        specs.append(spec)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), tuple(specs)), out.geterror()
    for k, (_, _, _, pixels) in enumerate(parts):
        if k:
            assert out.open(str(path), specs[k], "AppendSubimage"), out.geterror()
        assert out.write_image(np.ascontiguousarray(pixels, np.float32)), out.geterror()
    out.close()


def flat(*values: float) -> Any:
    return np.broadcast_to(values, (HEIGHT, WIDTH, len(values)))


def test_views_layers_and_parts_of_an_exr_are_chosen(studio: Studio) -> None:
    rgb = ("R", "G", "B")
    write_parts(
        studio.frame(1001),
        [
            ("rgb.left", "left", rgb, flat(0.1, 0.2, 0.3)),
            ("rgb.right", "right", rgb, flat(0.4, 0.5, 0.6)),
            ("diffuse", "left", rgb, flat(0.7, 0.8, 0.9)),
            ("depth", "left", ("Z",), flat(0.25)),
        ],
    )
    wanted = {
        (): (0.1, 0.2, 0.3),
        ("--eye", "right"): (0.4, 0.5, 0.6),
        ("--channels", "diffuse"): (0.7, 0.8, 0.9),
        ("--channels", "depth"): (0.25, 0.25, 0.25),
        ("--channels", "B,G,R"): (0.3, 0.2, 0.1),
    }
    for args, color in wanted.items():
        assert studio(*FLAT, "--overwrite", *args).code == 0
        assert shown(studio)[5, 5] == pytest.approx(color, abs=1e-3), args
    studio.sheet(colorspace="display", eye="right")
    assert studio(*FLAT, "--overwrite").code == 0
    assert shown(studio)[5, 5] == pytest.approx((0.4, 0.5, 0.6), abs=1e-3)


def test_frames_with_alpha_are_laid_over_a_picture_and_over_a_colour(studio: Studio) -> None:
    write_still(studio.frame(1001), flat(0.2, 0.2, 0.2, 0.5), channelnames=("R", "G", "B", "A"))
    behind = write_still(studio.root / "behind.exr", flat(0.6, 0.4, 0.2))
    assert studio(*FLAT, "--background", behind.name).code == 0
    assert shown(studio)[3, 3] == pytest.approx((0.5, 0.4, 0.3), abs=1e-3)
    assert studio(*FLAT, "--overwrite", "--background", "1/0/0").code == 0
    assert shown(studio)[3, 3] == pytest.approx((0.7, 0.2, 0.2), abs=1e-3)


def test_a_preview_states_its_error_in_the_terminal_and_in_the_manifest(studio: Studio) -> None:
    studio.sheet(colorspace="ACEScg")
    studio.write(1001, 1002)
    view = ("--display", "sRGB - Display", "--view", "ACES 2.0 - SDR 100 nits (Rec.709)")
    argv = [a for a in studio.argv(*FLAT, *view, "--transform", "preview") if a not in {"--to", SRGB}]
    done = subprocess.run(argv, cwd=studio.root, env=studio.environment(), capture_output=True, text=True, check=True)
    error = studio.manifest("sh010.png")["preview_error"]
    assert error["pixels"] == 2 * WIDTH * HEIGHT
    assert 0 < error["max"] < 100
    assert f"off by {error['max']:.1f} codes of 1023 at the most" in done.stdout
    assert studio.manifest("sh010.png")["transform"] == "preview"


@pytest.mark.parametrize(
    ("ending", "kind", "tolerance"),
    [("dpx", "uint16", 1e-3), ("png", "uint16", 1e-3), ("tif", "uint8", 3e-3), ("jpg", "uint8", 2e-2)],
)
def test_other_formats_are_read(studio: Studio, ending: str, kind: str, tolerance: float) -> None:
    studio.sheet(colorspace="display", extension=ending)
    write_still(studio.frames / f"sh010.1001.{ending}", flat(0.75, 0.5, 0.25), kind=kind)
    assert studio(*FLAT).code == 0
    assert shown(studio)[5, 5] == pytest.approx((0.75, 0.5, 0.25), abs=tolerance)


def test_samples_that_are_not_square_are_stretched(studio: Studio) -> None:
    write_still(studio.frame(1001), ramp(WIDTH, HEIGHT), PixelAspectRatio=2.0)
    assert studio(*FLAT).code == 0
    assert shown(studio).shape == (HEIGHT, 2 * WIDTH, 3)
