"""AV1 units: read apart, and HDR10+ put where decoders look for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitstreams import METADATA, obus
from reelwright.tools.children.obu import Kind, is_shown, leb128, read_leb128, t35_payloads, t35_unit, units, with_t35

HDR10PLUS = bytes.fromhex("b5003c00010401") + b"\x40\x00\x80\x00"


def unit(kind: int, payload: bytes, *, sized: bool = True, extended: bool = False) -> bytes:
    head = bytes([kind << 3 | (4 if extended else 0) | (2 if sized else 0)]) + (b"\0" if extended else b"")
    return head + (leb128(len(payload)) if sized else b"") + payload


DELIMITER = unit(Kind.TEMPORAL_DELIMITER, b"")
HEADER = unit(Kind.SEQUENCE_HEADER, b"\0\0\0\x42")
HIDDEN = unit(Kind.FRAME, b"\x20frame")
SHOWN = unit(Kind.FRAME, b"\x30frame")
AGAIN = unit(Kind.FRAME_HEADER, b"\x88")
DOLBY = t35_unit(bytes.fromhex("b5003b00000800") + b"rpu")


@given(st.integers(0, (1 << 56) - 1))
def test_numbers_are_read_as_they_are_written(value: int) -> None:
    written = leb128(value)
    assert read_leb128(b"x" + written + b"y", 1) == (value, 1 + len(written))


@pytest.mark.parametrize(("value", "written"), [(0, "00"), (127, "7f"), (128, "8001"), (300, "ac02"), (4, "04")])
def test_numbers_are_written_in_few_bytes(value: int, written: str) -> None:
    assert leb128(value).hex() == written


def test_numbers_that_cannot_be_are_refused() -> None:
    for data in (b"", b"\x80", b"\x80" * 9):
        with pytest.raises(ValueError, match="cannot be read"):
            read_leb128(data, 0)
    with pytest.raises(ValueError, match="negative"):
        leb128(-1)


def test_units_are_told_apart() -> None:
    data = DELIMITER + HEADER + unit(Kind.FRAME, b"\x30", extended=True) + unit(Kind.FRAME, b"\x30z", sized=False)
    found = list(units(data))
    assert [(u.kind, u.payload) for u in found] == [(2, b""), (1, b"\0\0\0\x42"), (6, b"\x30"), (6, b"\x30z")]
    assert [u.start for u in found] == [0, 2, 8, 12]


@pytest.mark.parametrize("data", [b"\x80", b"\x32\x05abc", b"\x32", b"\x32\xff\xff\xff\xff\xff\xff\xff\xff\xff"])
def test_broken_units_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="AV1 unit"):
        list(units(data))


@pytest.mark.parametrize(
    ("data", "shown"), [(HIDDEN, False), (SHOWN, True), (AGAIN, True), (HEADER, False), (unit(6, b""), False)]
)
def test_shown_frames_are_known_by_their_first_bits(data: bytes, *, shown: bool) -> None:
    assert is_shown(next(iter(units(data)))) is shown


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (DELIMITER + HEADER, SHOWN),
        (HEADER + DOLBY, SHOWN),
        (HIDDEN, AGAIN),  # what is hidden must not swallow it
        (DELIMITER + HIDDEN + HIDDEN + DOLBY, SHOWN),
        (b"", SHOWN + b""),
        (HEADER, unit(Kind.FRAME_HEADER, b"\x30x") + unit(4, b"tiles")),
    ],
)
def test_metadata_lies_right_before_the_shown_frame(before: bytes, after: bytes) -> None:
    assert with_t35(before + after, [HDR10PLUS]) == before + t35_unit(HDR10PLUS) + after


def test_a_packet_that_shows_nothing_takes_no_metadata() -> None:
    for data in (b"", HEADER, HIDDEN):
        with pytest.raises(ValueError, match="shows no frame"):
            with_t35(data, [HDR10PLUS])


def test_a_metadata_unit_ends_with_its_trailing_bit() -> None:
    ((kind, payload),) = obus(t35_unit(HDR10PLUS))
    assert kind == METADATA
    assert payload == b"\x04" + HDR10PLUS + b"\x80"


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=4))
def test_payloads_are_read_back_to_the_last_bit(payloads: list[bytes]) -> None:
    data = with_t35(DELIMITER + HEADER + HIDDEN + SHOWN, payloads)
    assert t35_payloads(data) == payloads


def test_other_metadata_is_no_payload() -> None:
    light = unit(Kind.METADATA, b"\x01\x03\xe8\x01\x90\x80")
    assert t35_payloads(light + DOLBY + SHOWN) == [bytes.fromhex("b5003b00000800") + b"rpu"]
    assert t35_payloads(with_t35(light + DOLBY + SHOWN, [HDR10PLUS]))[1] == HDR10PLUS


@given(st.binary(max_size=60))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    try:
        found = list(units(data))
    except ValueError:
        return
    assert sum(len(u.payload) for u in found) <= len(data)
