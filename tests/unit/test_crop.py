"""Cropping: what is kept is asked for or seen, lies on the picture's grid, and film and score are cut alike."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import RICH, film, index, info, plan, video
from reelwright.errors import RefusedError, UsageError
from reelwright.media.model import DolbyVision
from reelwright.planning.crop import SMALLEST, crop_of, named_crop, seen_crop
from reelwright.planning.decision import Verdict, decide
from reelwright.planning.plan import EncodePlan, Request, make_plan
from reelwright.quality.comparison import Crop

HD = {"width": 1920, "height": 1080, "pix_fmt": "yuv420p"}
WIDE = index(visible=(0, 138, 1920, 942))


def planned(seen: Any = WIDE, **asked: Any) -> EncodePlan:
    return make_plan(info(film(**HD)), replace(Request(), **asked), seen)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("1920:800:0:140", Crop(width=1920, height=800, x=0, y=140)),
        ("1920:1080:0:0", None),  # that is all of it
        ("16:16:1904:1064", Crop(width=16, height=16, x=1904, y=1064)),
    ],
)
def test_what_is_named_is_kept(text: str, kept: Crop | None) -> None:
    assert named_crop(video(**HD), text) == kept


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1921:800:0:140", "even"),
        ("1920:801:0:140", "even"),
        ("1918:800:1:140", "even"),
        ("1920:800:0:141", "even"),
        ("1920:800:0:282", "lie within"),
        ("1920:800:2:140", "lie within"),
        ("3840:2160:0:0", "lie within"),
        ("1920:0:0:0", "less than 16x16"),
        ("14:800:0:0", "less than 16x16"),
    ],
)
def test_what_cannot_be_kept_is_a_wrong_use_that_names_the_size(text: str, said: str) -> None:
    with pytest.raises(UsageError, match="1920x1080") as error:
        named_crop(video(**HD), text)
    assert said in error.value.message
    assert f"--crop {text} " in error.value.message
    assert error.value.exit_code == 2


def test_coarse_chroma_asks_for_coarse_places() -> None:
    picture = video(**HD | {"pix_fmt": "yuv411p"})
    with pytest.raises(UsageError, match="multiples of 4 and 2"):
        named_crop(picture, "1000:800:2:140")
    assert named_crop(picture, "1000:800:4:140") is not None
    assert seen_crop(picture, (6, 138, 1914, 942)) == Crop(width=1910, height=804, x=4, y=138)


@pytest.mark.parametrize(
    ("size", "seen", "kept"),
    [
        ((1920, 1080), (0, 138, 1920, 942), "1920:804:0:138"),
        ((1920, 1080), (0, 139, 1920, 941), "1920:804:0:138"),  # widened to even lines
        ((1920, 1080), (241, 0, 1679, 1080), "1440:1080:240:0"),
        ((1920, 1080), (0, 0, 1920, 1080), None),
        ((1920, 1080), (1, 1, 1919, 1079), None),  # half a chroma sample of black is no border
        ((1920, 1080), (0, 0, 0, 0), None),  # black all over
        ((1920, 1080), (900, 500, 910, 510), None),  # hardly anything
        ((853, 480), (0, 60, 853, 420), "854:360:0:60"),  # an odd edge is repeated before it is cut
        ((853, 481), (0, 0, 853, 481), None),
    ],
)
def test_what_was_seen_is_kept(size: tuple[int, int], seen: tuple[int, int, int, int], kept: str | None) -> None:
    crop = seen_crop(video(width=size[0], height=size[1], pix_fmt="yuv420p"), seen)
    assert (str(crop) if crop else None) == kept


@given(
    st.integers(16, 2000), st.integers(16, 2000), st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.sampled_from(["yuv420p", "yuv411p", "yuv410p", "yuv444p10le"]),
)  # fmt: skip
def test_never_tighter_than_what_was_seen(width: int, height: int, shares: list[float], pix_fmt: str) -> None:
    left, right = sorted(round(share * width) for share in shares[:2])
    top, bottom = sorted(round(share * height) for share in shares[2:])
    picture = video(width=width, height=height, pix_fmt=pix_fmt)
    crop = seen_crop(picture, (left, top, right, bottom))
    if crop is None:
        return
    assert crop.x <= left
    assert crop.y <= top
    assert crop.x + crop.width >= right
    assert crop.y + crop.height >= bottom
    assert crop.x + crop.width <= width + width % 2
    assert crop.y + crop.height <= height + height % 2
    assert min(crop.width, crop.height) >= SMALLEST
    # What was seen can be named as well.
    assert named_crop(picture, str(crop)) == crop


def test_both_sides_are_cut_before_anything_else() -> None:
    plain, cut = planned(), planned(crop="auto")
    assert cut.filters == ("crop=1920:804:0:138", *plain.filters)
    assert cut.reference == ("crop=1920:804:0:138", *plain.reference)
    assert (cut.width, cut.height) == (1920, 804)
    assert planned(crop="1920:804:0:138").encode_identity() == cut.encode_identity()


def test_an_odd_edge_is_repeated_first() -> None:
    of = info(film(width=853, height=480, pix_fmt="yuv420p"))
    made = make_plan(of, Request(crop="auto"), index(visible=(0, 60, 853, 420)))
    assert made.filters[0].startswith("pad=854:480:0:0,fillborders=right=1:bottom=0")
    assert made.filters[1] == "crop=854:360:0:60"
    assert not any("pad=" in part for part in made.filters[1:])
    assert (made.width, made.height) == (854, 360)


def test_what_is_left_is_scaled_and_keeps_its_shape() -> None:
    made = planned(crop="auto", scale=(0, 402))
    assert (made.width, made.height, made.sample_aspect) == (960, 402, None)
    assert made.filters[0] == "crop=1920:804:0:138"
    assert next(part for part in made.filters if part.startswith("scale=")).startswith("scale=960:402:")
    assert made.reference[0] == "crop=1920:804:0:138"
    assert made.scoring.scaled_to == (1920, 804)
    assert any("scaled from 1920x804 to 960x402" in note for note in made.notes)


def test_the_size_that_is_left_decides_how_it_is_scored() -> None:
    assert planned(index(visible=(240, 90, 1680, 990)), crop="auto").scoring.scaled_to == (1728, 1080)
    uhd = info(film(width=3840, height=2160, pix_fmt="yuv420p"))
    made = make_plan(uhd, Request(crop="auto"), index(visible=(480, 0, 3360, 2160)))
    assert made.scoring.model == "vmaf_4k_v0.6.1"


def test_samples_keep_their_shape() -> None:
    of = info(film(**HD, sample_aspect=Fraction(4, 3)))
    assert make_plan(of, Request(crop="1440:800:0:140")).sample_aspect == Fraction(4, 3)


@pytest.mark.parametrize(
    ("asked", "seen", "note"),
    [
        ("auto", None, "is found by the analysis, which looks at every frame"),
        ("auto", index(), "is found by the analysis"),  # an index of before borders were looked for
        ("auto", WIDE, "from 1920x1080 to 1920:804:0:138 (found by the analysis over 250 frames)"),
        ("auto", index(visible=(0, 0, 1920, 1080)), "No black borders were found"),
        ("auto", index(visible=(0, 0, 0, 0)), "Hardly anything but black"),
        ("1920:800:0:140", None, "to 1920:800:0:140 (as asked); VMAF compares what is kept"),
    ],
)
def test_notes_say_what_is_cut_or_why_nothing_is(asked: str, seen: Any, note: str) -> None:
    made = planned(seen, crop=asked)
    assert any(note in said for said in made.notes), made.notes


def test_nothing_is_said_where_nothing_is_asked() -> None:
    assert planned(WIDE).notes == planned(None).notes
    assert not any("crop" in note or "black" in note for note in planned().notes)


def test_a_film_without_borders_is_the_same_encode() -> None:
    whole = index(visible=(0, 0, 1920, 1080))
    assert planned(whole, crop="auto").encode_identity() == planned(whole).encode_identity()
    assert crop_of(video(**HD), "auto", None) is None


@pytest.mark.parametrize("crop", ["auto", "1280:640:0:40"])
@pytest.mark.parametrize("strategy", ["auto", "direct", "chunked"])
def test_dolby_vision_is_not_cropped(crop: str, strategy: str) -> None:
    of = info(film(dolby_vision=DolbyVision(profile=8, compatibility=1, seen=8, metadata=True, record=True)))
    decision = decide(of, Request(crop=crop, strategy=strategy))
    assert isinstance(decision.error(), RefusedError)
    assert "crop" in f"{decision.reasons} {decision.hint}"
    assert decide(of, Request(strategy=strategy)).verdict is Verdict.ENCODE


def test_where_nothing_depends_on_the_analysis_the_plan_stays() -> None:
    assert plan() == make_plan(RICH, Request(), WIDE)
