from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from reelwright.errors import SourceError, UsageError
from reelwright.sequences.channels import Part
from reelwright.sequences.check import Listing, check_names
from reelwright.sequences.deliverable import Asked, Header, Known, Palette, raster_of, rendering_of
from reelwright.sequences.layouts import Wanted
from reelwright.sequences.repair import Missing
from reelwright.sequences.sheet import Row
from reelwright.sequences.step_list import STEPS
from reelwright.sequences.steps import parse_step, parse_steps

PALETTE = Palette(
    spaces=("ACEScg", "sRGB Encoded Rec.709 (sRGB)"),
    aliases=("scene_linear",),
    looks=("ACES 1.3 Reference Gamut Compression",),
    displays={"sRGB - Display": ["ACES 2.0", "Un-tone-mapped"], "Rec.1886 Rec.709 - Display": ["ACES 2.0"]},
    display="sRGB - Display",
    view="ACES 2.0",
)
HEADER = Header(width=64, height=36, parts=(Part(channels=("R", "G", "B")),))


def known(names: list[str], header: Header = HEADER, **row: Any) -> Known:
    wanted = Wanted(name="a", padding=4, extension="exr")
    check = check_names(Row(number=1, parent="p", wanted=wanted, **row), Listing(folder="p", names=tuple(names)))
    return Known(check=check, header=header, palette=PALETTE, own={n: f"p/{name}" for n, name in check.names.items()})


FRAMES = [f"a.{n}.exr" for n in range(1001, 1005)]
ASKED = Asked(rate=Fraction(24), colorspace="ACEScg")


def test_a_row_is_planned_from_its_first_frame_to_its_last() -> None:
    rendering = rendering_of(known(FRAMES), ASKED)
    assert (rendering.first, rendering.last, rendering.frames) == (1001, 1004, 5)  # the slate is one more


def test_the_slate_comes_before_the_first_frame_and_its_timecode_too() -> None:
    rendering = rendering_of(known(FRAMES), replace(ASKED, slate_frames=2))
    assert rendering.first_timecode == "00:00:41:15"
    assert dict(rendering.tags())["slate_length"] == "2"
    assert rendering_of(known(FRAMES), replace(ASKED, slate=False)).first_timecode == "00:00:41:17"


def test_a_headers_timecode_is_that_of_its_own_frame_and_an_asked_one_the_cuts_first() -> None:
    header = replace(HEADER, timecode="01:00:00:10", number=1003)
    asked = replace(ASKED, missing=Missing.BLACK, slate=False)
    assert rendering_of(known(FRAMES[2:], header, first=1001, last=1004), asked).first_timecode == "01:00:00:08"
    cut = known(FRAMES, header, first=1002, last=1003, handles=1)
    assert rendering_of(cut, asked).first_timecode == "01:00:00:08"
    assert rendering_of(cut, replace(asked, timecode="10:00:00:00")).first_timecode == "09:59:59:23"


def test_a_range_of_the_sheet_is_rendered_in_full_though_its_ends_are_missing() -> None:
    rendering = rendering_of(known(FRAMES, first=1000, last=1006), replace(ASKED, missing=Missing.BLACK))
    assert len(rendering.places) == 7


def test_missing_frames_are_an_error_unless_a_policy_says_otherwise() -> None:
    with pytest.raises(SourceError, match=r"Frames 1000,1005-1006 of a\.####\.exr are missing"):
        rendering_of(known(FRAMES, first=1000, last=1006), ASKED)


def test_frames_of_other_places_are_not_missing() -> None:
    have = replace(known(FRAMES, last=1005), retrieved=[("v1", {1005: "v1/a.1005.exr"})])
    assert rendering_of(have, ASKED).places[-1].tried[0].place == "v1"


def test_without_any_frame_there_is_no_movie_under_any_policy() -> None:
    with pytest.raises(SourceError, match="There are no frames"):
        rendering_of(known([], first=1, last=5), replace(ASKED, missing=Missing.BLACK))


def test_a_rate_must_be_said_by_somebody() -> None:
    with pytest.raises(UsageError, match="how many frames a second"):
        rendering_of(known(FRAMES), replace(ASKED, rate=None))
    by_header = known(FRAMES, replace(HEADER, rate=Fraction(25)))
    assert rendering_of(by_header, replace(ASKED, rate=None)).rate == 25
    assert rendering_of(known(FRAMES, rate=Fraction(30)), ASKED).rate == 30


def test_a_colour_space_must_be_said_by_somebody() -> None:
    with pytest.raises(UsageError, match="what colour space"):
        rendering_of(known(FRAMES), replace(ASKED, colorspace=None))
    ruled = rendering_of(known(FRAMES, replace(HEADER, ruled="ACEScg")), replace(ASKED, colorspace=None))
    assert ruled.colors is not None
    assert (ruled.colors.source, ruled.colors.view) == ("ACEScg", "ACES 2.0")


def test_frames_that_are_a_displays_already_are_not_transformed() -> None:
    rendering = rendering_of(known(FRAMES, colorspace="display"), ASKED)
    assert (rendering.colors, rendering.transfer) == (None, "bt709")


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ({"colorspace": "ACEScgg"}, "ACEScg"),
        ({"display": "sRGB Display"}, "sRGB - Display"),
        ({"view": "Untone-mapped"}, "Un-tone-mapped"),
        ({"to": "sRGB Encoded"}, "sRGB Encoded Rec.709"),
        ({"looks": "ACES 1.3 Reference Gamut"}, "Reference Gamut Compression"),
    ],
)
def test_a_name_the_configuration_has_not_is_refused_with_the_nearest(asked: dict[str, Any], near: str) -> None:
    with pytest.raises(UsageError) as refused:
        rendering_of(known(FRAMES), replace(ASKED, **asked))
    assert near in refused.value.hint


def test_the_transfer_follows_the_display() -> None:
    assert rendering_of(known(FRAMES), ASKED).transfer == "iec61966-2-1"
    assert rendering_of(known(FRAMES), replace(ASKED, display="Rec.1886 Rec.709 - Display")).transfer == "bt709"


def test_a_channel_the_frames_have_not_is_refused_but_grey_stands_for_all() -> None:
    with pytest.raises(UsageError, match=r"no channel diffuse\.R"):
        rendering_of(known(FRAMES), replace(ASKED, channels="diffuse.R,diffuse.G,diffuse.B"))
    grey = replace(HEADER, parts=(Part(channels=("Y",)),))
    assert rendering_of(known(FRAMES, grey), ASKED).channels == ("Y", "Y", "Y")


LAYERS = replace(HEADER, parts=(Part(channels=("R", "G", "B", "A", "spec.R", "spec.G", "spec.B")),))


def test_a_row_says_its_channels_before_the_command_line_does() -> None:
    rendering = rendering_of(known(FRAMES, LAYERS, channels="spec"), replace(ASKED, channels="R,G,B"))
    assert rendering.channels == ("spec.R", "spec.G", "spec.B")


def test_alpha_is_read_only_where_something_needs_it() -> None:
    over = parse_step("over", STEPS, place="x")
    assert rendering_of(known(FRAMES, LAYERS), ASKED).channels == ("R", "G", "B")
    laid = rendering_of(known(FRAMES, LAYERS), replace(ASKED, alpha="over", background=over))
    assert (laid.channels, laid.alpha, laid.steps) == (("R", "G", "B", "A"), "ignore", (over,))
    assert rendering_of(known(FRAMES, LAYERS), replace(ASKED, alpha="keep")).alpha == "keep"
    assert rendering_of(known(FRAMES), replace(ASKED, alpha="over", background=over)).steps == ()
    with pytest.raises(UsageError, match="needs an alpha channel"):
        rendering_of(known(FRAMES), replace(ASKED, steps=(over,)))


def test_steps_change_the_size_that_is_delivered_and_a_quarter_turn_the_samples_shape() -> None:
    turned = parse_steps(["crop:area=60:30:0:0", "rotate:degrees=90"], STEPS, place="x")
    rendering = rendering_of(known(FRAMES, replace(HEADER, pixel_aspect=Fraction(2))), replace(ASKED, steps=turned))
    assert rendering.read == (64, 36)
    assert (rendering.raster.width, rendering.raster.height) == (30, 60)
    assert rendering.raster.pixel_aspect == Fraction(1, 2)


def test_where_the_colours_are_transformed_is_only_said_where_they_are() -> None:
    view = parse_steps(["view"], STEPS, place="x")
    assert rendering_of(known(FRAMES), replace(ASKED, steps=view)).steps == view
    with pytest.raises(UsageError, match="nothing is to be transformed"):
        rendering_of(known(FRAMES), replace(ASKED, steps=view, colorspace="display"))


def test_odd_sizes_are_made_even_and_a_sample_that_is_not_square_is_stretched() -> None:
    odd = raster_of((65, 37), Fraction(1), Asked())
    assert (odd.out_width, odd.out_height, odd.fitted) == (66, 38, (65, 37))
    wide = raster_of((1828, 1556), Fraction(2), Asked())
    assert (wide.out_width, wide.out_height) == (3656, 1556)


def test_a_picture_is_fitted_whole_into_another_shape() -> None:
    raster = raster_of((2048, 1556), Fraction(1), Asked(size=(1920, 1080)))
    assert raster.fitted == (1422, 1080)


def test_a_crop_outside_the_picture_and_an_odd_size_are_refused() -> None:
    with pytest.raises(UsageError, match="not inside the picture"):
        raster_of((64, 36), Fraction(1), Asked(crop=(60, 36, 5, 0)))
    with pytest.raises(UsageError, match="even"):
        raster_of((64, 36), Fraction(1), Asked(size=(641, 360)))


def test_the_identity_follows_the_plan_and_the_files() -> None:
    rendering = rendering_of(known(FRAMES), ASKED)
    stamps = {"p/a.1001.exr": (10, 20)}
    outputs = {"out/a.mov": "h264"}
    mine = rendering.identity(stamps, outputs)
    assert mine == rendering_of(known(FRAMES), ASKED).identity(dict(stamps), dict(outputs))
    assert mine != rendering.identity({"p/a.1001.exr": (10, 21)}, outputs)
    assert mine != rendering.identity(stamps, {"out/a.mov": "h265"})
    assert mine != rendering.identity(stamps, {"out/b.mov": "h264"})
    other = rendering_of(known(FRAMES), replace(ASKED, slate=False))
    assert mine != other.identity(stamps, outputs)
