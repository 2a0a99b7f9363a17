"""HDR10+ in SEI messages: found whatever lies around it; and what has to arrive of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import constant, film
from reelwright.media.timing import FrameIndex
from reelwright.planning.dynamic_hdr import expected, uncarried, unreadable
from reelwright.planning.excerpt import clip_index
from reelwright.tools.children.hdr10plus import PREFIX, coded_units, reader_for, sei_messages, unescaped

PAYLOAD = PREFIX + b"\x01\x40\x00\x00\x01\x00\x00\x00\x03\x80"
CAPTIONS = bytes.fromhex("b5003147413934") + b"\x03\xc1\xff"


def escaped(data: bytes) -> bytes:
    """Emulation prevention, the plain way."""
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def message(kind: int, payload: bytes) -> bytes:
    sizes = b"".join(b"\xff" * (n // 255) + bytes([n % 255]) for n in (kind, len(payload)))
    return sizes + payload


def sei(*messages: bytes, head: bytes = b"\x4e\x01") -> bytes:
    return head + escaped(b"".join(messages) + b"\x80")


SLICE = b"\x02\x01\xd0picture\x00\x00\x03\x01"
UNITS = [b"\x46\x01\x50", sei(message(137, b"m" * 24), message(4, CAPTIONS), message(4, PAYLOAD)), SLICE]


def sized(parts: list[bytes], length: int = 4) -> bytes:
    return b"".join(len(part).to_bytes(length, "big") + part for part in parts)


def with_codes(parts: list[bytes]) -> bytes:
    return b"".join((b"\0" if k % 2 else b"") + b"\0\0\1" + part for k, part in enumerate(parts))


def record(length: int) -> bytes:
    """The beginning of an hvcC."""
    return b"\1" + b"\0" * 20 + bytes([0xFC | length - 1]) + b"\0"


def read(codec: str, extradata: bytes | None, data: bytes) -> list[bytes]:
    reader = reader_for(codec, extradata)
    assert reader is not None
    return reader(data)


def test_the_payload_is_found_in_units_with_sizes() -> None:
    for length in (1, 2, 4):
        assert read("hevc", record(length), sized(UNITS, length)) == [PAYLOAD]


@pytest.mark.parametrize("extradata", [None, b"", b"\0\0\0\1\x40"])
def test_the_payload_is_found_behind_start_codes(extradata: bytes | None) -> None:
    assert read("hevc", extradata, with_codes(UNITS)) == [PAYLOAD]


def test_the_payload_is_found_in_h264() -> None:
    parts = [b"\x09\xf0", sei(message(5, b"x" * 300), message(4, PAYLOAD), head=b"\x06"), b"\x65slice"]
    assert read("h264", None, with_codes(parts)) == [PAYLOAD]
    assert read("h264", b"\1\x64\0\x28\xff", sized(parts)) == [PAYLOAD]


def test_captions_and_slices_are_no_payload() -> None:
    parts = [sei(message(4, CAPTIONS)), b"\x02\x01" + message(4, PAYLOAD)]
    assert read("hevc", None, with_codes(parts)) == []


def test_several_payloads_of_a_frame_are_all_found() -> None:
    other = PAYLOAD[:-1] + b"\x81"
    assert read("hevc", None, with_codes([sei(message(4, PAYLOAD)), sei(message(4, other)), SLICE])) == [PAYLOAD, other]


@given(st.binary(min_size=1, max_size=700))
def test_emulation_prevention_is_undone(data: bytes) -> None:
    assert unescaped(escaped(data)) == data
    assert list(coded_units(b"\0\0\1" + escaped(data + b"\x80"))) == [escaped(data + b"\x80")]


@given(st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=600)), min_size=1, max_size=4))
def test_messages_are_read_as_they_are_written(messages: list[tuple[int, bytes]]) -> None:
    data = b"".join(message(*one) for one in messages) + b"\x80"
    assert list(sei_messages(data)) == messages


@given(st.binary(max_size=80), st.sampled_from(["hevc", "h264"]), st.sampled_from([None, record(4), b"\1\0\0\0\xff"]))
def test_whatever_a_packet_holds_it_is_read_to_its_end(data: bytes, codec: str, extradata: bytes | None) -> None:
    assert all(found.startswith(PREFIX) for found in read(codec, extradata, data))


def test_of_other_codecs_nothing_can_be_read() -> None:
    assert reader_for("vp9", None) is None


ONE, TWO = ("aa", "d1"), ("bb", "d2")


def described(*of: int, kinds: tuple[tuple[str, str], ...] = (("", ""), ONE, TWO, ("", "d1"))) -> FrameIndex:
    return replace(constant(len(of)), hdr10plus=kinds, hdr10plus_of=of)


def test_each_frame_has_to_carry_its_own() -> None:
    assert expected(described(1, 2, 0, 1)) == [ONE, TWO, ("", ""), ONE]
    assert expected(constant(3)) == []


def test_what_a_decoder_shows_on_and_on_is_not_carried() -> None:
    index = described(1, 3, 3, 2)
    assert expected(index) == [ONE, ("", ""), ("", ""), TWO]
    assert uncarried(index) is None


def test_what_no_packet_was_seen_to_carry_cannot_be_kept() -> None:
    reason = uncarried(described(1, 1, 2, kinds=(("", ""), ("", "d9"), ONE)))
    assert reason == "2 of its frames carry HDR10+ metadata that cannot be read to be kept."


def test_an_excerpt_has_the_metadata_of_its_own_frames() -> None:
    part = clip_index(described(1, 2, 0, 1, 2), 1, 4)
    assert [part.hdr10plus[kind] for kind in part.hdr10plus_of or ()] == [TWO, ("", ""), ONE]
    assert clip_index(constant(5), 1, 4).hdr10plus_of is None


def test_a_codec_whose_packets_are_not_understood_is_told_beforehand() -> None:
    assert unreadable(film(hdr10plus=True)) is None
    assert unreadable(replace(film(), codec="vp9")) is None
    said = unreadable(replace(film(hdr10plus=True), codec="vp9"))
    assert said is not None
    assert "in vp9" in said
