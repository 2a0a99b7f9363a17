"""Frames of light: which space they are in, what is refused, what a half float cannot hold."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_deliverable import ASKED, FRAMES, known

from reelwright.cli import sequencerender
from reelwright.errors import UsageError
from reelwright.sequences.deliverable import Asked
from reelwright.sequences.delivery import find_profile
from reelwright.sequences.light import COMPRESSIONS, light_notes, light_of, refuse_cut_off, refuse_unseen
from reelwright.sequences.rendering import Colors
from reelwright.sequences.step_list import STEPS
from reelwright.sequences.steps import parse_steps
from reelwright.tools.children.light import packed_timecode, to_halves

SRGB = "sRGB Encoded Rec.709 (sRGB)"
LIGHT, MOVIE = find_profile("exr-linear"), find_profile("h264")
LINEAR = "Linear Rec.709 (sRGB)"
PALETTE = replace(known(FRAMES).palette, light=("ACEScg", "lin_ap1", LINEAR), spaces=("ACEScg", LINEAR, SRGB))
LIT = replace(known(FRAMES), palette=PALETTE)


def space(asked: Asked) -> str | None:
    light = light_of(LIT, asked, [MOVIE, LIGHT])
    return None if light is None else light.colors.to


def test_the_space_is_the_one_asked_for_else_to_else_the_frames_own() -> None:
    asked = replace(ASKED, colorspace="ACEScg")
    assert space(asked) == "ACEScg"
    assert space(replace(asked, to=SRGB)) == "ACEScg"
    assert space(replace(asked, to=LINEAR)) == LINEAR
    assert space(replace(asked, to="ACEScg", linear_to=LINEAR)) == LINEAR
    assert light_of(LIT, asked, [MOVIE]) is None


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"linear_to": SRGB}, "is no space of light, which exr-linear holds"),
        ({"linear_to": "ACEScq"}, "no colour space 'ACEScq'"),
        ({"colorspace": SRGB}, "is no space of light, which exr-linear holds"),
        ({"colorspace": "display"}, "Nothing says which light"),
        ({"colorspace": None}, "Nothing says which light"),
        (
            {"steps": parse_steps(["view", "gain:value=2"], STEPS, place="x")},
            "the step gain after view works on values as they are seen",
        ),
    ],
)
def test_what_is_no_light_is_refused(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        light_of(LIT, replace(ASKED, **asked), [LIGHT])


def test_a_space_of_light_without_an_output_for_it_is_of_no_use() -> None:
    with pytest.raises(UsageError, match="no output holds light"):
        light_of(LIT, replace(ASKED, linear_to="ACEScg"), [MOVIE])


def test_a_movie_cannot_hold_light_and_frames_of_light_can() -> None:
    colors = Colors(config="", source="ACEScg", to="LIN_AP1")
    refuse_cut_off(colors, LIT.palette, [LIGHT])
    refuse_cut_off(replace(colors, lut="film.cube"), LIT.palette, [MOVIE])
    with pytest.raises(UsageError, match="h264 holds values of 0 to 1: those of LIN_AP1 above 1 and below 0"):
        refuse_cut_off(colors, LIT.palette, [LIGHT, MOVIE])


def test_what_is_only_seen_is_refused_where_nothing_is_looked_at() -> None:
    refuse_unseen({"--mask": True}, [LIGHT, MOVIE])
    refuse_unseen({"--mask": False}, [LIGHT])
    with pytest.raises(UsageError, match="--mask is of what is seen, and exr-linear holds light as it is"):
        refuse_unseen({"--size": False, "--mask": True}, [LIGHT])


def test_what_was_changed_is_said_with_its_frames() -> None:
    whole = {"number": 1, "light": {"nan": 0, "infinite": 0, "beyond": 0}}
    assert light_notes([whole, {"number": 2}]) == ()
    (note,) = light_notes([whole, {"number": 2, "light": {"nan": 3, "infinite": 0, "beyond": 1}}])
    assert note.endswith("3 samples were no number and became 0; 1 were beyond ±65504 and became that; frames 2.")


def test_halves_are_the_nearest_and_what_does_not_fit_is_counted() -> None:
    halves = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = halves[np.isfinite(halves)].reshape(1, -1, 1)
    assert to_halves(finite)[0] is finite
    assert to_halves(finite.astype(np.float32))[0].tobytes() == finite.tobytes()
    got, repaired = to_halves(np.array([65504, 65519, -70000, np.inf, -np.inf, np.nan], np.float32))
    assert got.tolist() == [65504, 65504, -65504, 65504, -65504, 0]
    assert repaired == {"nan": 1, "infinite": 2, "beyond": 2}


@pytest.mark.parametrize(
    ("label", "packed"), [("00:00:00:00", 0), ("12:34:56:23", 0x12345623), ("01:00:59;29", 0x01005969)]
)
def test_a_timecode_is_packed_digit_by_digit(label: str, packed: int) -> None:
    assert packed_timecode(label) == packed


def test_the_command_line_knows_the_same_compressions() -> None:
    assert sequencerender.COMPRESSIONS == COMPRESSIONS
