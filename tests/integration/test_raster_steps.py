"""What the built-in raster steps do to pixels, and where they stand in a rendering."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pictures import ramp, write_still
from reelwright.sequences.step_list import STEPS
from reelwright.sequences.steps import StepSpec, parse_step, size_through
from reelwright.tools.children.chain import Chain, Scratch, interleaved
from reelwright.tools.children.pixels import UnreadableError, read_pixels

CONFIG = "ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5"
LINEAR, SRGB = "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"
HALF = np.full((2, 2, 3), 0.5, np.float32)
WIDTH, HEIGHT = 24, 16


def asked(*texts: str, **more: Any) -> list[dict[str, Any]]:
    steps = [parse_step(text, STEPS, place="--step") for text in texts]
    return [{"name": s.name, "values": dict(s.values), "local": s.local, "origin": s.origin, **more} for s in steps]


def after(pixels: Any, *texts: str, color: dict[str, Any] | None = None, plugin: str = "") -> Any:
    """The values of a picture after steps, as 0 to 1."""
    steps = [parse_step(text, STEPS, place="--step") for text in texts]
    width, height = size_through(steps, STEPS, (pixels.shape[1], pixels.shape[0]))
    made = asked(*texts)
    if plugin:
        made.append({"name": "mine", "values": {}, "local": False, "origin": plugin})
    request = {"steps": made, "color": color, "transform": "exact", "alpha": "ignore"}
    made_chain = Chain({**request, "width": width, "height": height}, Scratch(run=lambda _, p: p), background)
    return interleaved(made_chain.coded(np.ascontiguousarray(pixels, np.float32)).planes) / 65535


def background(path: str) -> Any:
    return read_pixels(path, str(Path(path).parent), size=(WIDTH, HEIGHT), channels=["R", "G", "B"])


@pytest.mark.parametrize(
    ("text", "value", "becomes"),
    [
        ("exposure:stops=1", 0.2, 0.4),
        ("exposure:stops=-1", 0.2, 0.1),
        ("gain:value=1.5", 0.2, 0.3),
        ("offset:value=0.1", 0.2, 0.3),
        ("lift:value=0.1", 0.0, 0.1),
        ("lift:value=0.1", 1.0, 1.0),
        ("gamma:value=2", 0.25, 0.5),
        ("contrast:amount=2,pivot=0.2", 0.3, 0.4),
        ("contrast:amount=2", 0.18, 0.18),
        ("invert", 0.2, 0.8),
        ("clamp:min=0.3,max=0.6", 0.2, 0.3),
        ("clamp:min=0.3,max=0.6", 0.9, 0.6),
        ("saturation:amount=3", 0.2, 0.2),
    ],
)
def test_a_step_changes_grey_as_it_says(text: str, value: float, becomes: float) -> None:
    assert after(HALF / 0.5 * value, text) == pytest.approx(becomes, abs=1e-4)


def test_channels_have_values_of_their_own() -> None:
    assert after(HALF, "gain:value=1/0.5/0.25")[0, 0] == pytest.approx([0.5, 0.25, 0.125], abs=1e-4)
    assert after(HALF * [0.2, 0.4, 0.6], "channels:order=B1R")[0, 0] == pytest.approx([0.3, 1, 0.1], abs=1e-4)


def test_no_saturation_leaves_the_luma_of_bt709() -> None:
    red = np.broadcast_to([1.0, 0.0, 0.0], (2, 2, 3))
    assert after(red, "saturation:amount=0")[0, 0] == pytest.approx([0.2126] * 3, abs=1e-4)


def test_values_between_steps_are_neither_rounded_nor_cut_off() -> None:
    assert after(HALF, "exposure:stops=6", "flip", "exposure:stops=-6") == pytest.approx(0.5, abs=1e-4)
    assert after(HALF, "offset:value=-2", "flop", "offset:value=2") == pytest.approx(0.5, abs=1e-4)


def test_steps_come_before_the_view_unless_the_list_says_otherwise() -> None:
    color = {"config": CONFIG, "from": LINEAR, "to": SRGB}
    grey = HALF * 0.4
    ahead = after(grey, "exposure:stops=1", color=color)[0, 0, 0]
    behind = after(grey, "view", "exposure:stops=1", color=color)[0, 0, 0]
    assert ahead == pytest.approx(1.055 * 0.4 ** (1 / 2.4) - 0.055, abs=1e-3)
    assert behind == pytest.approx(2 * (1.055 * 0.2 ** (1 / 2.4) - 0.055), abs=1e-3)


def test_pictures_are_cut_padded_turned_and_mirrored() -> None:
    picture = ramp(WIDTH, HEIGHT)
    close = {"abs": 1e-4}
    assert after(picture, "crop:area=10:5:3:2") == pytest.approx(picture[2:7, 3:13], **close)
    padded = after(picture, "pad:size=30x20,color=0.2/0.4/0.6")
    assert padded[2:18, 3:27] == pytest.approx(picture, **close)
    assert padded[0, 0] == pytest.approx([0.2, 0.4, 0.6], **close)
    assert after(picture, "flip") == pytest.approx(picture[::-1], **close)
    assert after(picture, "flop") == pytest.approx(picture[:, ::-1], **close)
    turned = after(picture, "rotate:degrees=90")
    assert turned.shape == (WIDTH, HEIGHT, 3)
    assert turned[0, -1] == pytest.approx(picture[0, 0], **close)  # clockwise: the upper left comes to the right
    assert after(picture, "rotate:degrees=90", "rotate:degrees=270") == pytest.approx(picture, **close)


def test_a_mask_leaves_its_shape_open() -> None:
    wide = after(np.full((HEIGHT, WIDTH, 3), 0.5), "mask:ratio=3")
    assert wide[:, 0, 0] == pytest.approx([0] * 4 + [0.5] * 8 + [0] * 4, abs=1e-4)
    narrow = after(np.full((HEIGHT, WIDTH, 3), 0.5), "mask:ratio=1,opacity=0.5,color=1")
    assert narrow[0, :, 0] == pytest.approx([0.75] * 4 + [0.5] * 16 + [0.75] * 4, abs=1e-4)
    assert after(ramp(WIDTH, HEIGHT), "mask:ratio=1.5") == pytest.approx(ramp(WIDTH, HEIGHT), abs=1e-4)


def test_blur_spreads_a_point_and_keeps_flat_edges_and_sharpen_does_the_contrary() -> None:
    point = np.full((HEIGHT, WIDTH, 3), 0.25)
    point[8, 12] = 0.75
    blurred = after(point, "blur:size=3,kernel=box")
    assert blurred[7:10, 11:14] == pytest.approx(0.25 + 0.5 / 9, abs=1e-3)
    assert blurred[0] == pytest.approx(0.25, abs=1e-4)
    sharp = after(point, "sharpen:size=3,kernel=box,amount=0.2")
    assert sharp[8, 12, 0] > 0.75
    assert sharp[8, 11, 0] < 0.25
    assert after(point, "sharpen:size=3,threshold=0.6") == pytest.approx(point, abs=1e-4)


def test_resize_gives_the_size_and_keeps_flat_pictures_flat() -> None:
    flat = after(np.full((HEIGHT, WIDTH, 3), 0.5), "resize:size=10x12")
    assert flat.shape == (12, 10, 3)
    assert flat == pytest.approx(0.5, abs=1e-3)


def test_frames_with_alpha_are_laid_over_a_colour_or_a_picture(tmp_path: Path) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    pixels[:, : WIDTH // 2] = [0.2, 0.1, 0.0, 0.5]
    colored = after(pixels, "over:color=1/0/0.5")
    assert colored[0, 0] == pytest.approx([0.7, 0.1, 0.25], abs=1e-4)
    assert colored[0, -1] == pytest.approx([1, 0, 0.5], abs=1e-4)
    behind = ramp(WIDTH, HEIGHT)
    path = write_still(tmp_path / "back.exr", behind)
    laid = after(pixels, f"over:image={path}")
    assert laid[:, WIDTH // 2 :] == pytest.approx(behind[:, WIDTH // 2 :], abs=1e-3)
    assert laid[3, 2] == pytest.approx(behind[3, 2] / 2 + [0.2, 0.1, 0], abs=1e-3)


class Doubling:
    """A step of somebody else."""

    spec = StepSpec(name="mine", summary="twice as bright")

    def apply(self, pixels: Any, values: Any) -> Any:
        assert values == {}
        return pixels * 2


class Failing(Doubling):
    def apply(self, pixels: Any, values: Any) -> Any:
        raise ValueError(f"no {pixels.shape[1]} here{values or ''}")


class Shrinking(Doubling):
    def apply(self, pixels: Any, values: Any) -> Any:
        return pixels[:1] if not values else None


def test_a_plugin_is_found_by_its_origin_and_run_like_any_other() -> None:
    assert after(HALF, "gain:value=0.5", plugin=f"{__name__}:Doubling") == pytest.approx(0.5, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "said"),
    [("Failing", "mine failed: no 2 here"), ("Shrinking", "is 2x1 after its steps and not 2x2"), ("Gone", "loaded")],
)
def test_one_that_fails_is_named_and_harms_nothing_else(name: str, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        after(HALF, plugin=f"{__name__}:{name}")
