from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from reelwright.errors import SourceError, UsageError
from reelwright.sequences.check import Listing, check_names
from reelwright.sequences.deliverable import Asked, Header, Known, Palette, raster_of, rendering_of
from reelwright.sequences.layouts import Wanted
from reelwright.sequences.repair import Missing
from reelwright.sequences.sheet import Row

PALETTE = Palette(
    spaces=("ACEScg", "sRGB Encoded Rec.709 (sRGB)"),
    aliases=("scene_linear",),
    looks=("ACES 1.3 Reference Gamut Compression",),
    displays={"sRGB - Display": ["ACES 2.0", "Un-tone-mapped"], "Rec.1886 Rec.709 - Display": ["ACES 2.0"]},
    display="sRGB - Display",
    view="ACES 2.0",
)
HEADER = Header(width=64, height=36, channels=("R", "G", "B"))


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
        rendering_of(known(FRAMES), replace(ASKED, channels=("diffuse.R", "diffuse.G", "diffuse.B")))
    assert rendering_of(known(FRAMES, replace(HEADER, channels=("Y",))), ASKED).channels == ("R", "G", "B")


def test_odd_sizes_are_made_even_and_a_sample_that_is_not_square_is_stretched() -> None:
    odd = raster_of(replace(HEADER, width=65, height=37), Asked())
    assert (odd.out_width, odd.out_height, odd.fitted) == (66, 38, (65, 37))
    wide = raster_of(replace(HEADER, width=1828, height=1556, pixel_aspect=Fraction(2)), Asked())
    assert (wide.out_width, wide.out_height) == (3656, 1556)


def test_a_picture_is_fitted_whole_into_another_shape() -> None:
    raster = raster_of(replace(HEADER, width=2048, height=1556), Asked(size=(1920, 1080)))
    assert raster.fitted == (1422, 1080)


def test_a_crop_outside_the_picture_and_an_odd_size_are_refused() -> None:
    with pytest.raises(UsageError, match="not inside the picture"):
        raster_of(HEADER, Asked(crop=(60, 36, 5, 0)))
    with pytest.raises(UsageError, match="even"):
        raster_of(HEADER, Asked(size=(641, 360)))


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
