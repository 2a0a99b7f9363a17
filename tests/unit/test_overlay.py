from fractions import Fraction

import pytest

from reelwright.errors import UsageError
from reelwright.sequences.overlay import BurnIn, Corner, Run, parse_burn_in, runs, slate_of, spoken
from reelwright.sequences.rendering import Raster
from reelwright.tools.delivery import Counting, burn_in_filter, burn_in_text

COUNTING = Counting(first=1001, step=1, padding=4, rate=Fraction(24), timecode=1001)


def burn_in(text: str) -> BurnIn:
    return BurnIn(corner=Corner.TOP, text=text)


def test_a_burn_in_is_a_corner_and_a_text() -> None:
    assert parse_burn_in("bottom-right={frame}") == BurnIn(corner=Corner.BOTTOM_RIGHT, text="{frame}")
    assert parse_burn_in("top==").text == "="


@pytest.mark.parametrize(
    "text", ["", "top", "middle={frame}", "top={frame", "top={frame:04d}", "top={shot!r}", "top={}"]
)
def test_what_is_no_burn_in_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_burn_in(text)


def test_a_name_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError, match="shoot") as refused:
        parse_burn_in("top={shoot}")
    assert "shot" in refused.value.hint


def test_texts_that_stay_are_joined_and_numbers_count() -> None:
    assert runs(burn_in("{shot}/{version} f{frame}"), {"shot": "sh010", "version": "v3"}) == (
        Run(kind="text", text="sh010/v3 f"),
        Run(kind="frame"),
    )


def test_a_burn_in_without_anything_to_say_is_empty() -> None:
    assert runs(burn_in("{artist} {version}"), {}) == ()
    assert burn_in_text(burn_in("{artist}"), {}, COUNTING) == ""


def test_what_is_spoken_at_a_frame() -> None:
    said = spoken(burn_in("{shot} {frame} {timecode}"), {"shot": "a"}, number=7, count=24, rate=Fraction(24), padding=4)
    assert said == "a 0007 00:00:01:00"


def test_percent_signs_and_backslashes_of_a_sheet_are_no_commands() -> None:
    text = burn_in_text(burn_in("{shot} {frame}"), {"shot": r"100% \n %{pts}"}, COUNTING)
    assert text == r"100\% \\n \%{pts} %{eif:1001+n*1:d:4}"


def test_a_line_break_of_a_sheet_does_not_become_a_second_line() -> None:
    assert burn_in_text(burn_in("{shot}"), {"shot": "a\nb\x1b[31m"}, COUNTING) == "a b [31m"


@pytest.mark.parametrize("corner", Corner)
def test_each_corner_has_a_place_of_its_own(corner: Corner) -> None:
    raster = Raster(width=64, height=36, out_width=1280, out_height=720)
    places = {burn_in_filter("t", BurnIn(corner=c, text="x"), raster).split(":x=")[1] for c in Corner}
    assert len(places) == len(Corner)
    assert "fontsize=22" in burn_in_filter("t", BurnIn(corner=corner, text="x"), raster)


def test_the_slate_says_what_is_known_and_no_more() -> None:
    slate = slate_of("Show", {"shot": "sh010", "artist": " ", "rate": "24"}, frames=2)
    assert slate.lines == (("Shot", "sh010"), ("Rate", "24"))
    assert (slate.title, slate.frames) == ("Show", 2)
