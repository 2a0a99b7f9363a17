"""What programs and decoders say: versions, lists, complaints, allow lists and ticks."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.errors import ToolError
from reelwright.tools.allow import FORMATS, INPUT_OPTIONS, file_url, input_flags
from reelwright.tools.capabilities import Capabilities, find_ffmpeg, parse_names, parse_version, require
from reelwright.tools.children.packets import Tally, attached_facts, to_ticks
from reelwright.tools.complaints import END, EXCUSED, complaints


@pytest.mark.parametrize(
    ("line", "version", "major"),
    [
        ("ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright (c)", "n9.0.2-17-g2a571b6068-20260930", 9),
        ("ffmpeg version 7.1-static https://johnvansickle.com", "7.1-static", 7),
        ("ffmpeg version 5.1.6-0+deb12u1 Copyright", "5.1.6-0+deb12u1", 5),
        ("ffmpeg version 10.0 Copyright", "10.0", 10),
        ("ffmpeg version N-118000-gabcdef Copyright", "N-118000-gabcdef", None),  # a development branch
        ("ffmpeg version git-2026-01-01-abc Copyright", "git-2026-01-01-abc", None),
    ],
)
def test_a_version_and_its_major_number_where_it_is_a_release(line: str, version: str, major: int | None) -> None:
    assert parse_version(f"{line}\nbuilt with gcc 16", "/usr/bin/ffmpeg") == (version, major)


@pytest.mark.parametrize("text", ["", "GNU bash, version 5.2", "usage: ffmpeg version"])
def test_a_program_that_does_not_answer_like_ffmpeg_is_none(text: str) -> None:
    with pytest.raises(ToolError, match="does not answer like FFmpeg"):
        parse_version(text, "/usr/bin/ffmpeg")


ENCODERS = """\
Encoders:
 V..... = Video
 ..S... = Slice-level multithreading
 ------
 V....D libaom-av1           libaom AV1 (codec av1)
 V..... libsvtav1            SVT-AV1(Scalable Video Technology for AV1) encoder (codec av1)
 A....D libopus              libopus Opus (codec opus)
"""
FILTERS = """\
Filters:
  T.. = Timeline support
  | = Source or sink filter
  ------
 .. libvmaf           VV->V      Calculate the VMAF between two video streams.
 .. scale             V->V       Scale the input video size and/or convert the image format.
 .. setparams         V->V       Force field, or color property for the output video frame.
 .. tpad              V->V       Temporarily pad video frames.
 .. trim              V->V       Pick one continuous section from the input, drop the rest.
"""


def capable(
    version: str = "9.0", major: int | None = 9, encoders: str = ENCODERS, filters: str = FILTERS
) -> Capabilities:
    return Capabilities(
        ffmpeg="/bin/ffmpeg",
        version=version,
        major=major,
        svt_version="4.2",
        encoders=parse_names(encoders),
        filters=parse_names(filters),
    )


def test_encoders_and_filters_are_the_second_words_of_their_lists() -> None:
    assert {"libaom-av1", "libsvtav1", "libopus"} <= parse_names(ENCODERS)
    assert {"libvmaf", "trim"} <= parse_names(FILTERS)
    assert "encoder" not in parse_names(ENCODERS)


@pytest.mark.parametrize(
    ("tools", "lacks"),
    [
        (capable(), []),
        (capable("N-1-g", None), []),  # a development build is taken at its word
        (capable("6.1", 6), ["FFmpeg 6.1 at /bin/ffmpeg is too old; 7 or newer is needed."]),
        (capable(encoders=""), ["FFmpeg at /bin/ffmpeg has no libsvtav1 encoder."]),
        (capable(filters=FILTERS.replace("libvmaf", "x")), ["FFmpeg at /bin/ffmpeg has no libvmaf filter."]),
    ],
)
def test_what_an_ffmpeg_lacks_is_said_in_sentences(tools: Capabilities, lacks: list[str]) -> None:
    assert tools.missing() == lacks
    if lacks:
        with pytest.raises(ToolError, match="imageio-ffmpeg"):
            require(tools)
    else:
        assert require(tools) is tools


def test_a_configured_ffmpeg_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"no FFmpeg at .*tools\.ffmpeg"):
        find_ffmpeg(str(tmp_path / "none"))
    there = tmp_path / "ffmpeg"
    there.touch()
    assert find_ffmpeg(str(there)) == str(there)


def test_complaints_lose_addresses_and_repetition_and_are_few() -> None:
    stderr = """\
[h264 @ 0x56261b0b9940] corrupted macroblock 7 3 (total_coeff=16)
[h264 @ 0x56261b0b9940] error while decoding MB 7 3
[h264 @ 0x56261b0bb680] error while decoding MB 12 44

[in#0/matroska,webm @ 0x56261b0b4080] 0x00 at pos 5 (0x5) invalid as first byte of an EBML number
[in#0/matroska,webm @ 0x56261b0b4080] Error parsing frame sizes.
"""
    assert complaints(stderr) == [
        "h264: corrupted macroblock 7 3 (total_coeff=16)",
        "h264: error while decoding MB 7 3",
        "in#0/matroska,webm: 0x00 at pos 5 (0x5) invalid as first byte of an EBML number",
    ]
    assert complaints("") == complaints("\n \n") == []


def test_what_is_said_of_a_beginning_that_is_not_there_is_excused_as_often_as_it_was_foretold() -> None:
    line = "[h264 @ 0x55d] co located POCs unavailable"
    stderr = [
        EXCUSED,
        line,
        "[h264 @ 0x55d] mmco: unref short failure 3",
        END,
        line,
        "[h264 @ 0x5f] mmco: unref short failure 4",
    ]
    assert complaints("\n".join(stderr)) == []
    assert complaints("\n".join([*stderr, "[h264 @ 0x55d] no frame!"])) == ["h264: no frame!"]
    assert complaints("\n".join([*stderr, line])) == ["h264: co located POCs unavailable"]


@pytest.mark.parametrize(
    "name", ["a.mkv", "-x.mkv", "a:b.mkv", "%03d.mkv", "http:x.mkv", "a\nb.mkv", "it's.mkv", "caf\udce9.mkv"]
)
def test_a_path_is_taken_literally_as_an_absolute_file_url(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_url(name) == file_url(Path(name)) == f"file:{tmp_path}/{name}"


def test_a_link_is_not_resolved(tmp_path: Path) -> None:
    link = tmp_path / "link.mkv"
    link.symlink_to("/elsewhere/film.mkv")
    assert file_url(link) == f"file:{link}"


def test_nothing_that_leads_elsewhere_is_allowed() -> None:
    allowed = set(FORMATS.split(","))
    assert not allowed & {"hls", "dash", "concat", "image2", "lavfi", "rtsp", "sdp", "tee", "v4l2", "x11grab", "imf"}
    assert INPUT_OPTIONS == {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    assert input_flags() == ("-protocol_whitelist", "file", "-format_whitelist", FORMATS)


bases = st.builds(Fraction, st.integers(1, 1001), st.sampled_from((1000, 1200, 90_000, 24_000, 1_000_000_000)))
shifts = st.builds(Fraction, st.integers(-(10**7), 10**7), st.sampled_from((1, 3, 1000, 90_000)))


@given(pts=st.integers(-(10**9), 10**9), base=bases, shift=shifts)
def test_a_tick_is_the_nearest_one(pts: int, base: Fraction, shift: Fraction) -> None:
    assert abs(to_ticks(pts, base, shift) - (pts * base + shift) * 1000) <= Fraction(1, 2)


@given(pts=st.integers(-(10**9), 10**9), base=bases)
def test_times_round_alike_before_and_after_zero_and_keep_their_order(pts: int, base: Fraction) -> None:
    assert to_ticks(-pts, base, Fraction(0)) == -to_ticks(pts, base, Fraction(0))
    assert to_ticks(pts, base, Fraction(0)) <= to_ticks(pts + 1, base, Fraction(0))


@pytest.mark.parametrize(
    ("pts", "base", "ticks"),
    [
        (1, Fraction(1, 2000), 1),  # half a tick goes away from zero
        (-1, Fraction(1, 2000), -1),
        (3, Fraction(1, 2000), 2),
        (1, Fraction(1, 3000), 0),
        (90, Fraction(1, 90_000), 1),
    ],
)
def test_halves_go_away_from_zero(pts: int, base: Fraction, ticks: int) -> None:
    assert to_ticks(pts, base, Fraction(0)) == ticks


def tally(*packets: tuple[bytes, int]) -> dict[str, object]:
    found = Tally()
    for payload, ticks in packets:
        found.add(payload, ticks)
    return found.facts()


def test_a_tally_counts_bytes_and_finds_the_earliest_time() -> None:
    facts = tally((b"abc", 40), (b"de", 0))
    assert (facts["packets"], facts["size"], facts["first"]) == (2, 5, 0)


@pytest.mark.parametrize(
    ("other", "differs"),
    [
        (((b"abc", 0), (b"de", 41)), "times"),
        (((b"abc", 0), (b"dE", 40)), "payload"),
        (((b"de", 0), (b"abc", 40)), "payload"),  # order counts
        (((b"abc", 4), (b"de", 0)), "times"),
    ],
)
def test_a_tally_tells_streams_apart_by_payload_and_by_times(
    other: tuple[tuple[bytes, int], ...], differs: str
) -> None:
    one, two = tally((b"abc", 0), (b"de", 40)), tally(*other)
    assert {key for key in ("payload", "times") if one[key] != two[key]} == {differs}


def test_an_attached_file_is_named_and_hashed() -> None:
    assert attached_facts(None, None, b"") == {**attached_facts("", "", b""), "name": "", "mimetype": ""}
    assert attached_facts("a", "b", b"x")["digest"] != attached_facts("a", "b", b"y")["digest"]
