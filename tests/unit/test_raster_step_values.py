from typing import Any

import pytest

from reelwright.errors import UsageError
from reelwright.sequences.oiiotool_line import COMMANDS, parse_line, size_after_line
from reelwright.sequences.step_list import STEPS
from reelwright.sequences.steps import parse_step, parse_steps, size_through


def parsed(text: str) -> dict[str, Any]:
    return dict(parse_step(text, STEPS, place="--step").values)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("exposure:stops=-1.5", {"stops": -1.5}),
        ("gain:value=2", {"value": (2.0,)}),
        ("gain:value=1/0.5/.25", {"value": (1.0, 0.5, 0.25)}),
        ("contrast:amount=1.2", {"amount": (1.2,), "pivot": 0.18}),
        ("clamp", {"min": 0.0, "max": 1.0}),
        ("invert", {}),
        ("resize:size=1920x1080,filter=mitchell", {"size": (1920, 1080), "filter": "mitchell"}),
        ("crop:area=20:10:1:2", {"area": (20, 10, 1, 2)}),
        ("lut:file=a\\,b.cube", {"file": "a,b.cube", "inverse": "no"}),
        ("lut:file=C=D.cube,inverse=yes", {"file": "C=D.cube", "inverse": "yes"}),
        ("oiiotool:--contrast:black=0.1,0.2,0.3 --blur 3x3", {"line": "--contrast:black=0.1,0.2,0.3 --blur 3x3"}),
    ],
)
def test_a_step_is_a_name_and_values(text: str, values: dict[str, Any]) -> None:
    assert parsed(text) == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("exposur:stops=1", "no raster step 'exposur'"),
        ("exposure", "stops is missing; expected a number from -32 to 32"),
        ("exposure:stops=", "stops: expected a number from -32 to 32, found ''"),
        ("exposure:stops=99", "expected a number from -32 to 32, found '99'"),
        ("exposure:stops=nan", "found 'nan'"),
        ("exposure:stops=1,stops=2", "stops is there twice"),
        ("exposure:stop=1", "expected KEY=VALUE with stops, found 'stop=1'"),
        ("invert:amount=1", "it has no parameters"),
        ("gain:value=1/2", "expected a number, or three as in 0.1/0.2/0.3, found '1/2'"),
        ("gamma:value=0", "of 0.01 or more"),
        ("clamp:min=1,max=1", "expected min below max"),
        ("channels:order=RGA", "three letters among R, G, B, 0 and 1"),
        ("rotate:degrees=45", "expected one of 90, 180, 270"),
        ("resize:size=0x10", "expected WIDTHxHEIGHT"),
        ("resize:size=99999x10", "expected WIDTHxHEIGHT"),
        ("over:color=0.2,image=a.exr", "expected color or image, found both"),
        ("oiiotool", "line is missing"),
        ("oiiotool:--blur", "--blur does not take nothing here"),
    ],
)
def test_a_wrong_step_is_told_with_its_place_and_what_was_expected(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_step(text, STEPS, place="row 3, column steps")
    assert caught.value.message.startswith("row 3, column steps")
    assert said in caught.value.message
    assert caught.value.exit_code == 2


def test_a_near_miss_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        parsed("saturate:amount=1")
    assert caught.value.hint == "Did you mean saturation?"


def test_colours_are_transformed_once() -> None:
    with pytest.raises(UsageError, match="view is there twice"):
        parse_steps(["view", "clamp", "view"], STEPS, place="--step")


def test_sizes_follow_from_step_to_step() -> None:
    texts = ["crop:area=20:10:0:0", "rotate:degrees=90", "pad:size=12x24", "oiiotool:--rotate90 --fit 30x40", "flip"]
    assert size_through(parse_steps(texts, STEPS, place="x"), STEPS, (64, 48)) == (30, 40)
    assert size_through(parse_steps(texts[:3], STEPS, place="x"), STEPS, (64, 48)) == (12, 24)
    assert size_through(parse_steps(["rotate:degrees=180"], STEPS, place="x"), STEPS, (64, 48)) == (64, 48)


@pytest.mark.parametrize("text", ["crop:area=60:40:8:9", "pad:size=63x48"])
def test_a_step_that_does_not_fit_the_picture_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="cannot take a picture of 64x48"):
        size_through(parse_steps([text], STEPS, place="x"), STEPS, (64, 48))


@pytest.mark.parametrize(
    "line",
    [
        "oiiotool --saturate 1.2 --blur:kernel=box 3x3",
        "--addc 0.1,0.2,0.3 --clamp:min=0:max=1",
        "-flop --ch B,G,R",
        '--colorconvert "Linear Rec.709 (sRGB)" ACEScg',
    ],
)
def test_lines_of_commands_that_change_pixels_are_taken(line: str) -> None:
    assert all(word.startswith("--") for word in parse_line(line) if word[1:].lstrip("-").split(":")[0] in COMMANDS)
    assert parse_line(line)[0].startswith("--")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "oiiotool",
        "in.exr --flip",
        "--flip -o out.exr",
        "-i in.exr",
        "--flip; rm x",
        "--runstats",
        "--if 1 --flip --endif",
        "--saturate {TOP.width}",
        "--saturate 1.2/0",
        "--text:font=/etc/x hello",
        "--blur:font=a 3x3",
        "--contrast:black={1}",
        "--resize 50%",
        "--resize 99999999x3",
        "--create 10x10 3",
        "--pastemeta",
        "--colorconvert --flip x",
        "--flip 'unfinished",
        "--pattern fill 3x3 3",
        "--eraseattrib .*",
        "--ociofiletransform /etc/passwd",
        "--flip\0",
    ],
)
def test_whatever_reads_or_writes_or_computes_is_not(line: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        size_after_line((8, 8), line)


def test_a_very_long_line_is_not_read() -> None:
    with pytest.raises(ValueError, match="longer"):
        parse_line("--flip " * 1000)
