"""Framing is worked out here and compared with what FFmpeg's own filters write."""

from pathlib import Path

import av
import pytest
from av.bitstream import BitStreamFilterContext

from everything import run
from pgs import write_pgs
from reelwright.tools.children.framing import Segments, raw_aac, with_lengths


def adts(payload: bytes, *, checked: bool = False, channels: int = 2) -> bytes:
    """A packet of AAC with its header."""
    head = bytearray([0xFF, 0xF0 | (0 if checked else 1), 0x4C | channels >> 2, (channels & 3) << 6, 0, 0x1F, 0xFC])
    return bytes(head) + (b"\x12\x34" if checked else b"") + payload


def test_a_header_is_taken_off_with_its_checksum() -> None:
    assert raw_aac(adts(b"data")) == b"data"
    assert raw_aac(adts(b"data", checked=True)) == b"data"
    assert raw_aac(b"\x21\x10\x04raw") == b"\x21\x10\x04raw"  # none to take off
    assert raw_aac(b"\xff") == b"\xff"


def test_channels_that_only_the_data_describes_are_said_to_be_too_much() -> None:
    with pytest.raises(ValueError, match="describes its channels inside"):
        raw_aac(adts(b"data", channels=0))


@pytest.mark.parametrize(
    ("packet", "written"),
    [
        (b"\0\0\0\1\x67ab\0\0\1\x65cd", b"\0\0\0\3\x67ab\0\0\0\3\x65cd"),
        (b"\0\0\1\x67ab\0\0\0\1\x65cd", b"\0\0\0\3\x67ab\0\0\0\3\x65cd"),
        (b"\0\0\1\x67", b"\0\0\0\1\x67"),
        (b"no start code", b"no start code"),
    ],
)
def test_start_codes_become_lengths(packet: bytes, written: bytes) -> None:
    assert with_lengths(packet) == written


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("framing")
    write_pgs(folder / "words.sup", [(0.1, 0.2), (0.3, 0.4)])
    picture = ("-f", "lavfi", "-i", "testsrc2=size=64x48:rate=24:duration=0.5")
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=0.5")
    made = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "aac", "-c:s", "copy")
    maps = ("-map", "0", "-map", "1", "-map", "2")
    run(folder, *picture, *tone, "-i", "words.sup", *maps, *made, "a.m2ts")
    return folder / "a.m2ts"


def test_what_is_left_of_adts_is_what_ffmpegs_own_filter_leaves(stream: Path) -> None:
    with av.open(str(stream)) as container:
        sound = container.streams.audio[0]
        theirs = BitStreamFilterContext("aac_adtstoasc", sound)
        packets = [p for p in container.demux(sound) if p.size]
        ours = [raw_aac(bytes(p)) for p in packets]
        assert ours == [bytes(out) for p in packets for out in theirs.filter(p)]
        assert len(ours) > 20


def test_segments_are_joined_and_not_one_byte_is_lost(stream: Path) -> None:
    with av.open(str(stream)) as container:
        words = container.streams.subtitles[0]
        join, before, after = Segments(words), b"", []
        for packet in container.demux(words):
            if packet.size:
                before += bytes(packet)
                after += [bytes(whole) for whole in join(packet)]
        after += [bytes(whole) for whole in join(None)]
    assert b"".join(after) == before
    assert len(after) == 4


def test_a_picture_that_never_ends_comes_with_the_end(stream: Path) -> None:
    with av.open(str(stream)) as container:
        words = container.streams.subtitles[0]
        join = Segments(words)
        first = next(p for p in container.demux(words) if p.size)
        data = bytes(first)
        assert join(first) == []
        assert [bytes(whole) for whole in join(None)] == [data]
