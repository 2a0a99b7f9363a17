"""What the joining child does to packets, tags and chapters for the container it writes."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest

from reelwright.planning.containers import Container
from reelwright.tools.children.packets import says_something
from reelwright.tools.children.source import titled
from reelwright.tools.children.writer import Timeline, decodable, written_chapters
from reelwright.tools.ffmpeg import complaints_of, convert_args

MILLI = Fraction(1, 1000)


def packet(stream: int, dts: int | None, duration: int = 40, **more: Any) -> Any:
    return SimpleNamespace(stream_index=stream, dts=dts, duration=duration, **more)


def decoded(*packets: Any) -> list[tuple[int, int | None]]:
    return [(p.stream_index, p.dts) for p in decodable(iter(packets))]


def test_decoding_times_before_the_first_known_one_are_counted_back() -> None:
    found = decoded(packet(0, None), packet(1, 0), packet(0, None), packet(1, 20), packet(0, 0), packet(0, 40))
    assert found == [(1, 0), (1, 20), (0, -80), (0, -40), (0, 0), (0, 40)]


def test_packets_with_decoding_times_are_left_as_they_are() -> None:
    assert decoded(packet(0, 5), packet(1, 0), packet(0, 6)) == [(0, 5), (1, 0), (0, 6)]


def test_packets_without_a_length_are_a_tick_apart() -> None:
    assert decoded(packet(0, None, 0), packet(0, None, 0), packet(0, 7, 0)) == [(0, 5), (0, 6), (0, 7)]


def test_a_stream_that_never_says_when_it_decodes_loses_no_packet() -> None:
    assert decoded(packet(0, None), packet(1, 3), packet(0, None)) == [(1, 3), (0, None), (0, None)]


def test_no_more_packets_are_held_back_than_a_decoder_reorders() -> None:
    packets = iter([packet(0, None) for _ in range(100)])
    found = decodable(packets)
    next(found)
    assert 60 < len(list(packets)) < 100


@pytest.mark.parametrize(
    ("tags", "named"),
    [
        ({"name": "Main", "language": "eng"}, {"title": "Main", "language": "eng"}),
        ({"name": "x", "title": "Main"}, {"name": "x", "title": "Main"}),
        ({}, {}),
    ],
)
def test_a_tracks_name_is_its_title(tags: dict[str, str], named: dict[str, str]) -> None:
    assert titled(tags) == named


def chapter(start: int, end: int, **metadata: str) -> dict[str, Any]:
    return {"id": 7, "start": start, "end": end, "time_base": MILLI, "metadata": metadata}


def test_chapters_for_mp4_have_titles_even_where_they_are_empty_and_no_gaps() -> None:
    given = [chapter(5, 8, title="One", sub="x"), chapter(10, 20)]
    found = [(c["start"], c["end"], c["metadata"]) for c in written_chapters(Container.MP4, given)]
    assert found == [(0, 5, {"title": ""}), (5, 10, {"title": "One"}), (10, 20, {"title": ""})]
    assert written_chapters(Container.MATROSKA, given) == given


class Bytes(SimpleNamespace):
    """A packet of some bytes."""

    def __bytes__(self) -> bytes:
        payload: bytes = self.payload
        return payload

    @property
    def size(self) -> int:
        return len(self.payload)


@pytest.mark.parametrize(
    ("kind", "payload", "says"),
    [
        ("subtitle", b"\0\x05Hello", True),
        ("subtitle", b"\0\0", False),
        ("subtitle", b"ok", True),
        ("audio", b"\0\0", True),
        ("video", b"", False),
    ],
)
def test_a_packet_of_no_text_says_nothing(kind: str, payload: bytes, *, says: bool) -> None:
    assert says_something(Bytes(payload=payload, stream=SimpleNamespace(type=kind))) is says


@pytest.mark.parametrize(
    ("pts", "clock", "ticks"),
    [(1001, Fraction(1, 24000), 1001), (1001, Fraction(1, 48000), 2002), (1001, Fraction(1, 1000), 42)],
)
def test_a_packet_is_stamped_on_the_clock_of_its_own_stream(pts: int, clock: Fraction, ticks: int) -> None:
    stream, given = SimpleNamespace(time_base=clock), packet(0, None, 1001)
    seconds = Timeline(Fraction(0)).stamp(given, pts, pts - 1001, Fraction(1, 24000), stream)
    assert (given.pts, given.dts, given.duration) == (ticks, 0, ticks)
    assert (given.time_base, given.stream) == (clock, stream)
    assert seconds == 0


def test_no_packet_is_decoded_after_it_is_shown() -> None:
    given = packet(0, None)
    Timeline(Fraction(1)).stamp(given, 0, 5, MILLI, SimpleNamespace(time_base=MILLI))
    assert (given.pts, given.dts) == (1000, 1000)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], []),
        (["[in#0 @ 0x1] [warning] stream 0, timescale not set"], []),
        (["[in#0 @ 0x1] [warning] UDTA parsing failed retrying raw", "    Last message repeated 2 times"], []),
        (
            ["[av1] bad tile", "    Last message repeated 2 times"],
            ["[av1] bad tile", "    Last message repeated 2 times"],
        ),
        (["", "[mov] [warning] stream 0, timescale not set", "[av1] bad tile"], ["[av1] bad tile"]),
    ],
)
def test_what_the_demuxer_remarks_on_sound_files_is_no_complaint(lines: list[str], said: list[str]) -> None:
    assert complaints_of("\n".join(lines)) == said


@pytest.mark.parametrize(
    ("container", "codec", "muxer"), [(Container.MATROSKA, "subrip", "matroska"), (Container.MP4, "mov_text", "mp4")]
)
def test_subtitles_become_the_text_the_container_has(container: Container, codec: str, muxer: str) -> None:
    args = convert_args("ffmpeg", "film.mkv", ((2, codec), (4, codec)), "out", container=container)
    assert args[args.index("-c:1") + 1] == codec
    assert args[args.index("-f") + 1] == muxer
    assert [args[k + 1] for k, arg in enumerate(args) if arg == "-map"] == ["0:2", "0:4"]
