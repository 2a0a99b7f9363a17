"""What is said of pictures, from facts alone."""

from dataclasses import replace

import pytest

from reelwright.sequences.check import Listing, check_names, with_pictures
from reelwright.sequences.layouts import Wanted
from reelwright.sequences.pictures import FrameFacts, Look, problems, usual
from reelwright.sequences.sheet import Row

LOOK = Look(
    format="openexr",
    display_window=(1920, 1080, 0, 0),
    pixel_aspect=1.0,
    channels=("R", "G", "B"),
    types=("half", "half", "half"),
    compression="zip",
)
ROW = Row(number=2, parent="/p", wanted=Wanted(name="a", padding=4, extension="exr"))


def facts(*changed: FrameFacts | Look | None) -> dict[int, FrameFacts]:
    """Frames from 1 on: None is a sound one."""
    found = {}
    for frame, one in enumerate(changed, 1):
        look = one if isinstance(one, Look) else LOOK
        sound = FrameFacts(look=look, size_bytes=100_000, content=f"{frame}")
        found[frame] = one if isinstance(one, FrameFacts) else sound
    return found


def said(found: dict[int, FrameFacts]) -> list[tuple[int, str, str]]:
    return [(problem.frame, problem.kind, problem.what) for problem in problems(found)]


def test_a_sound_sequence_has_no_problems() -> None:
    assert said(facts(*[None] * 5)) == []
    assert said({}) == []


@pytest.mark.parametrize(
    ("changed", "kind", "what"),
    [
        ({"display_window": (960, 540, 0, 0)}, "display window", "display window 960x540, elsewhere 1920x1080"),
        (
            {"display_window": (1920, 1080, 8, -4)},
            "display window",
            "display window 1920x1080 at 8,-4, elsewhere 1920x1080",
        ),
        ({"pixel_aspect": 2.0}, "pixel aspect", "pixel aspect 2, elsewhere 1"),
        ({"pixel_aspect": None}, "pixel aspect", "pixel aspect unknown, elsewhere 1"),
        ({"channels": ("R", "G", "B", "A"), "types": ("half",) * 4}, "channels", "channels R,G,B,A, elsewhere R,G,B"),
        ({"types": ("float",) * 3}, "type", "type float, elsewhere half"),
        ({"format": "png"}, "format", "format png, elsewhere openexr"),
    ],
)
def test_the_odd_one_out_is_told(changed: dict[str, object], kind: str, what: str) -> None:
    odd = replace(LOOK, **changed)
    assert said(facts(None, odd, None)) == [(2, kind, what)]
    # Even where it comes first.
    assert said(facts(odd, None, None)) == [(1, kind, what)]


def test_compression_and_rate_may_change() -> None:
    assert said(facts(None, replace(LOOK, compression="piz", rate="24"), None)) == []


def test_most_frames_say_what_is_usual_field_by_field() -> None:
    wide, float_one = replace(LOOK, display_window=(9, 9, 0, 0)), replace(LOOK, types=("float",) * 3)
    assert usual(facts(wide, float_one, None)) == LOOK
    assert usual(facts(FrameFacts(damage="empty"))) is None


def test_damage_is_told_with_its_reason() -> None:
    found = facts(None, FrameFacts(damage="truncated", reason="end of file", look=LOOK), FrameFacts(damage="empty"))
    assert said(found) == [(2, "truncated", "truncated: end of file"), (3, "empty", "empty")]


def zeros(count: int) -> FrameFacts:
    return FrameFacts(look=LOOK, size_bytes=100_000, zero_tail=count, content=f"zeros {count}")


def test_a_tail_of_zeros_that_others_lack_is_told() -> None:
    assert said(facts(None, zeros(50_000), None)) == [
        (2, "zero tail", "its last 50000 bytes (50 %) are zero: black there, or never written")
    ]
    assert said(facts(None, zeros(4095), None)) == []


def test_the_black_bar_below_every_frame_is_no_tail() -> None:
    bars = [replace(zeros(20_000 + frame), content=f"{frame}") for frame in range(4)]
    assert said(facts(*bars)) == []
    assert [problem[:2] for problem in said(facts(*bars, zeros(60_000)))] == [(5, "zero tail")]


def test_the_very_bytes_of_the_frame_before_are_told() -> None:
    found = facts(None, None, None)
    found[3] = found[2]
    assert said(found) == [(3, "stale duplicate", "the same bytes as frame 2")]


def listing(*names: str, not_files: frozenset[str] = frozenset()) -> Listing:
    return Listing(folder="/p", names=names, not_files=not_files)


def test_a_plan_decides_what_is_missing_and_what_is_outside() -> None:
    row = replace(ROW, first=2, last=6)
    check = check_names(row, listing("a.0001.exr", "a.0002.exr", "a.0004.exr", "a.0009.exr", "b"))
    assert check.frames == ((1, 2), (4, 4), (9, 9))
    assert check.missing == ((3, 3), (5, 6))
    assert check.outside == ((1, 1), (9, 9))
    assert check.harvest.rejected[0] == ("b",)


def test_without_a_plan_frames_are_missing_between_the_first_and_the_last() -> None:
    assert check_names(ROW, listing("a.0001.exr", "a.0004.exr")).missing == ((2, 3),)
    assert check_names(ROW, listing()).missing == ()


def test_half_a_plan_goes_to_the_last_frame_there_is() -> None:
    assert check_names(replace(ROW, first=1), listing("a.0003.exr")).missing == ((1, 2),)
    assert check_names(replace(ROW, last=5), listing("a.0003.exr")).missing == ((4, 5),)
    assert check_names(replace(ROW, first=4), listing()).missing == ((4, 4),)
    assert check_names(replace(ROW, first=1, last=3), listing()).missing == ((1, 3),)


def test_a_folder_named_like_a_frame_is_a_problem_with_or_without_pictures() -> None:
    check = check_names(ROW, listing("a.0001.exr", not_files=frozenset({"a.0001.exr", "b"})))
    assert [(one.frame, one.kind) for one in check.problems] == [(1, "not a file")]
    looked = with_pictures(check, {1: FrameFacts(damage="not a file")})
    assert [(one.frame, one.kind) for one in looked.problems] == [(1, "not a file")]
    assert looked.looked_at == 1
