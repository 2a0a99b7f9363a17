"""Rules of a library: the first that matches decides, and says why."""

import tomllib
from fractions import Fraction
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.errors import UsageError
from reelwright.library.facts import FACTS, FactKind, OnDisk, disk_facts, film_facts, problem_facts
from reelwright.library.matchers import EXPECTED, read_condition
from reelwright.library.rule_text import rules_from
from reelwright.library.rules import NO_RULE, REFUSED, Action, choose, trace
from reelwright.media.model import Color, DolbyVision, MediaInfo, Stream, StreamKind, Video
from reelwright.planning.decision import decide

DEFAULTS = files("reelwright.library").joinpath("default_rules.toml").read_text()


def rules(text: str) -> Any:
    return rules_from(tomllib.loads(text), "rules.toml")


@pytest.mark.parametrize(
    ("name", "wanted", "value", "holds"),
    [
        ("codec", "h264", "h264", True),
        ("codec", "H264", "h264", True),
        ("codec", ["hevc", "vp9"], "vp9", True),
        ("codec", ["hevc", "vp9"], "h264", False),
        ("codec", "!=av1", "h264", True),
        ("codec", "!= av1", "av1", False),
        ("path", "TV/*", "tv/Show/S01E01.mkv", True),
        ("path", "*[2]*", "a2", True),
        ("audio", "opus", ("aac", "opus"), True),
        ("audio", "opus", ("aac",), False),
        ("audio", "opus", (), False),
        ("height", 720, 720, True),
        ("height", ">=720", 719, False),
        ("height", ">=720", 720, True),
        ("height", "720..1080", 1080, True),
        ("height", "720..1080", 1081, False),
        ("height", "!=720", 721, True),
        ("size", "<50MB", 49_999_999, True),
        ("size", "<50MB", 50_000_000, False),
        ("size", "1GiB..2GiB", 2**30, True),
        ("bitrate", "<4M", 3_999_999.5, True),
        ("duration", ">45min", 2701.0, True),
        ("duration", "1h..3h", 3599.9, False),
        ("age", ">30d", 30 * 86400.0, False),
        ("interlaced", True, True, True),
        ("interlaced", False, True, False),
        ("codec", "h264", None, None),
    ],
)
def test_a_condition_holds_or_not(name: str, wanted: Any, value: Any, holds: Any) -> None:
    assert read_condition(name, wanted).holds(value) is holds


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("height", "tall"),
        ("height", ">="),
        ("height", "1080..720"),
        ("height", True),
        ("size", "<many"),
        ("duration", "soon"),
        ("interlaced", "yes"),
        ("codec", 264),
        ("codec", []),
        ("codec", {"a": 1}),
        ("size", None),
    ],
)
def test_a_wrong_value_says_what_was_expected(name: str, wanted: Any) -> None:
    with pytest.raises(ValueError, match=r"expected") as error:
        read_condition(name, wanted)
    assert EXPECTED[FACTS[name].kind] in str(error.value)
    assert name in str(error.value)


@given(st.text(max_size=20), st.sampled_from([f.name for f in FACTS.values() if f.kind is not FactKind.FLAG]))
def test_any_text_is_a_condition_or_an_error_that_names_it(text: str, name: str) -> None:
    value: Any = {FactKind.TEXT: "x", FactKind.TEXTS: ("x",)}.get(FACTS[name].kind, 1)
    said = ""
    try:
        holds = read_condition(name, text).holds(value)
    except ValueError as error:
        said, holds = str(error), None
    assert name in said or holds in {True, False}


def test_the_first_rule_that_matches_decides_and_no_later_one_is_tried() -> None:
    two = rules(
        """
        [[rule]]
        name = "small"
        when = { size = "<50MB" }
        then = "skip"
        why = "Little to save."
        [[rule]]
        name = "rest"
        then = "encode"
        """
    )
    small, large = {"size": 1000}, {"size": 10**9}
    assert choose(two, small).action is Action.SKIP
    assert choose(two, small).reasons == ("Little to save.", "Size is 1,000.")
    assert [t.rule for t in trace(two, small)] == ["small"]
    assert choose(two, large).rule == "rest"
    assert [(t.rule, t.matches, t.because) for t in trace(two, large)] == [
        ("small", False, ("size is 1,000,000,000, not <50MB",)),
        ("rest", True, ("it matches everything",)),
    ]


def test_where_no_rule_matches_nothing_is_done() -> None:
    one = rules('[[rule]]\nname = "av1"\nwhen = { codec = "av1" }\nthen = "encode"')
    assert choose(one, {"codec": "h264"}).rule == NO_RULE
    assert choose(one, {"codec": "h264"}).action is Action.SKIP


def test_what_nobody_knows_matches_nothing_and_keeps_nothing_out() -> None:
    one = rules('[[rule]]\nname = "hd"\nwhen = { height = ">=720" }\nthen = "encode"')
    assert trace(one, {})[0].because == ("height is not known (wanted: >=720)",)
    assert not trace(one, {})[0].matches
    unless = rules('[[rule]]\nname = "hd"\nunless = { height = ">=720" }\nthen = "encode"')
    assert trace(unless, {})[0].matches
    assert not trace(unless, {"height": 1080})[0].matches


def test_unless_keeps_out_where_all_of_it_holds() -> None:
    one = rules('[[rule]]\nname = "r"\nunless = { codec = "hevc", path = "Kids/*" }\nthen = "encode"')
    assert choose(one, {"codec": "hevc", "path": "Kids/a.mkv"}).action is Action.SKIP
    assert choose(one, {"codec": "hevc", "path": "TV/a.mkv"}).action is Action.ENCODE


@pytest.mark.parametrize("then", ["encode", "remux"])
def test_no_rule_overrules_a_refusal(then: str) -> None:
    one = rules(f'[[rule]]\nname = "all"\nthen = "{then}"')
    choice = choose(one, {}, refusal=("Dolby Vision profile 5 would be lost.",))
    assert (choice.action, choice.rule) == (Action.SKIP, REFUSED)
    assert choice.reasons[0] == "Dolby Vision profile 5 would be lost."
    assert "The rule all says" in choice.reasons[1]


def test_settings_come_with_the_choice() -> None:
    one = rules('[[rule]]\nname = "a"\nthen = "encode"\nsettings = { encoding = { target_vmaf = 95 } }')
    assert choose(one, {}).settings == {"encoding": {"target_vmaf": 95}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"expected rules as tables \[\[rule\]\]"),
        ("[rules]\nname = 1", "there is no table rules"),
        ("rule = 3", "expected rules"),
        ('[[rule]]\nthen = "skip"', "rule 1 has no name"),
        (
            '[[rule]]\nname = "a"\nthen = "delete"',
            r"rule 1 \(a\): then = 'delete' is wrong: expected skip, encode, remux, ask",
        ),
        ('[[rule]]\nname = "a"', "then = None is wrong"),
        ('[[rule]]\nname = "a"\nthen = "skip"\nwhem = {}', r"no key whem \(did you mean when\?\)"),
        (
            '[[rule]]\nname = "a"\nthen = "skip"\nwhen = { hight = 3 }',
            r"when: there is no fact hight \(did you mean height\?\)",
        ),
        (
            '[[rule]]\nname = "a"\nthen = "skip"\nunless = { height = "x" }',
            "unless: height = 'x' is wrong: expected a number",
        ),
        (
            '[[rule]]\nname = "a"\nthen = "encode"\nsettings = { encoding = { target = 3 } }',
            "settings: .*no setting encoding.target",
        ),
        (
            '[[rule]]\nname = "a"\nthen = "encode"\nsettings = { placement = { policy = "replace" } }',
            "placement cannot be set",
        ),
        ('[[rule]]\nname = "a"\nthen = "skip"\n[[rule]]\nname = "a"\nthen = "skip"', "two rules are called a"),
        ('[[rule]]\nname = "a"\nthen = "skip"\nwhy = 3', "why is no text"),
        ('[[rule]]\nname = "a"\nthen = "skip"\nwhen = 3', "when is no table of facts"),
    ],
)
def test_wrong_rules_say_which_rule_and_key(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        rules(text)
    assert "rules.toml" in str(error.value)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(UsageError) as error:
        rules(
            '[[rule]]\nname = "a"\nthen = "no"\n[[rule]]\nname = "b"\nthen = "skip"\nwhen = { hight = 1, size = "?" }'
        )
    assert all(word in str(error.value) for word in ("rule 1 (a)", "rule 2 (b)", "hight", "size = '?'"))


def film(codec: str = "h264", *, size: int = 4_000_000_000, **changes: Any) -> MediaInfo:
    """An hour of 1080p at 24 fps."""
    video = Video(**{
        "width": 1920, "height": 1080, "pix_fmt": "yuv420p", "bit_depth": 8, "color": Color(), "sample_aspect": None,
        "rotation": 0, "average_rate": Fraction(24), "nominal_rate": None, "declared_frames": None, "interlaced": False,
        "attached_picture": False, "still": False, "hdr10plus": False, "dolby_vision": None, "mastering_display": None,
        "content_light": None, **changes,
    })  # fmt: skip
    stream = Stream(
        index=0, kind=StreamKind.VIDEO, codec=codec, language=None, title=None, dispositions=(), time_base=None,
        start_pts=None, duration=None, video=video,
    )  # fmt: skip
    return MediaInfo(
        container="matroska,webm", size_bytes=size, duration=Fraction(3600), start=Fraction(0), streams=(stream,),
        chapters=(), tags=(),
    )  # fmt: skip


def by_default(info: MediaInfo, **disk: Any) -> tuple[str, str]:
    on_disk = OnDisk(**{
        "library": "films", "path": "a/b.mkv", "size": info.size_bytes, "age": 1e6, "hard_links": 1, **disk,
    })  # fmt: skip
    decision = decide(info)
    refusal = decision.reasons if decision.verdict.value in {"refuse", "unusable"} else ()
    choice = choose(rules(DEFAULTS), disk_facts(on_disk) | film_facts(info, decision), refusal=refusal)
    return str(choice.action), choice.rule


@pytest.mark.parametrize(
    ("info", "disk", "chosen"),
    [
        (film(), {}, ("encode", "encode")),
        (film("av1"), {}, ("skip", "av1-already")),
        (film(), {"hard_links": 2}, ("skip", "hard-links")),
        (film(dolby_vision=DolbyVision(profile=8, compatibility=1, metadata=True)), {}, ("ask", "dolby-vision")),
        (film(hdr10plus=True), {}, ("ask", "hdr10-plus")),
        (film(interlaced=True), {}, ("ask", "interlaced")),
        (film(size=40_000_000), {"size": 40_000_000}, ("skip", "small-file")),
        (film("hevc", size=600_000_000), {}, ("skip", "few-bits")),
        (film("h264", size=600_000_000), {}, ("encode", "encode")),
        (film("h264", size=400_000_000), {}, ("skip", "few-bits-older-codec")),
        (film(width=0), {}, ("skip", "unusable")),
    ],
)
def test_the_rules_that_come_with_it(info: MediaInfo, disk: dict[str, Any], chosen: tuple[str, str]) -> None:
    assert by_default(info, **disk) == chosen


def test_a_file_that_cannot_be_read_is_skipped_by_default() -> None:
    assert choose(rules(DEFAULTS), problem_facts("unreadable")).rule == "unusable"


def test_every_fact_that_is_said_is_in_the_table_and_every_one_in_the_table_is_said() -> None:
    on_disk = disk_facts(OnDisk(library="l", path="x/.hidden", size=1, age=None, hard_links=1))
    assert on_disk["extension"] == ""
    said = film_facts(film(), decide(film()))
    assert set(on_disk) | set(said) == set(FACTS)
    assert set(on_disk) == {fact.name for fact in FACTS.values() if fact.on_disk}
    assert said["bits_per_pixel"] == pytest.approx(4e9 * 8 / 3600 / (1920 * 1080 * 24))


class Even:
    """A matcher as a plugin gives it; it fails over a width of 13."""

    port_version = 1
    meaning = "whether the width is even"

    def check(self, wanted: Any) -> None:
        if wanted == "crash":
            raise KeyError("crash")
        if not isinstance(wanted, bool):
            raise ValueError("expected true or false")  # noqa: TRY004 - as the port has it

    def holds(self, wanted: Any, facts: Any) -> Any:
        width = facts.get("width")
        if width == 13:
            raise RuntimeError("unlucky")
        return "yes" if width == 7 else None if width is None else (width % 2 == 0) is wanted

    def found(self, facts: Any) -> str:
        return "even" if facts.get("width", 1) % 2 == 0 else "odd"


PLUGGED = '[[rule]]\nname = "even"\nthen = "skip"\nwhen = { "my.even" = true }\n'


def plugged_rules(text: str = PLUGGED) -> Any:
    return rules_from(tomllib.loads(text), "rules.toml", {"my.even": Even()})


@pytest.mark.parametrize(
    ("width", "matches", "because"),
    [
        (4, True, "my.even is even"),
        (5, False, "my.even is odd, not true"),
        (None, False, "my.even is not known (wanted: true)"),
        (13, False, "my.even is not known (its plugin failed, RuntimeError: unlucky)"),
        (7, False, "my.even is not known (its plugin answered 'yes' in place of true or false)"),
    ],
)
def test_a_plugin_judges_and_its_failure_is_a_reason(width: int | None, *, matches: bool, because: str) -> None:
    (tried,) = trace(plugged_rules(), {"width": width} if width is not None else {})
    assert (tried.matches, tried.because) == (matches, (because,))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLUGGED.replace("true", '"x"'), "my.even = 'x' is wrong: expected true or false"),
        (PLUGGED.replace("true", '"crash"'), "my.even = 'crash': its plugin failed, KeyError: 'crash'"),
        (PLUGGED.replace("my.even", "my.evn"), "there is no matcher my.evn: `reelwright doctor` shows"),
        (PLUGGED.replace("my.even", "my.evn"), "(did you mean my.even?)"),
        (PLUGGED.replace('"my.even"', "my.even"), "there is no fact my"),
    ],
)
def test_what_a_plugin_does_not_take_is_told_with_the_rule(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        plugged_rules(text)
    assert said in caught.value.message
    assert "rule 1 (even), when" in caught.value.message
