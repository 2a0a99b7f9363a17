"""Elements of Matroska files, from bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.media.elements import elements, matroska_colors


def element(name: int, content: bytes) -> bytes:
    """One element, its size in eight bytes."""
    return name.to_bytes((name.bit_length() + 7) // 8, "big") + b"\x01" + len(content).to_bytes(7, "big") + content


def movie(*tracks: bytes) -> bytes:
    return element(0x1A45DFA3, b"") + element(
        0x18538067, element(0xEC, b"\0" * 9) + element(0x1654AE6B, b"".join(tracks))
    )


SOUND = element(0xAE, element(0x83, b"\x02"))
COLOUR = element(0x55B0, element(0x55B1, b"\x01") + element(0x55BA, b"\x0d") + element(0x55BB, b"\x01"))
FILM = element(0xAE, element(0x83, b"\x01") + element(0xE0, element(0xB0, b"\x07\x80") + COLOUR))


def test_the_first_film_says_its_colours() -> None:
    assert matroska_colors(movie(SOUND, FILM)) == (1, 13, 1)


def test_a_segment_of_unknown_size_is_read_to_the_end() -> None:
    whole = movie(FILM)
    at = whole.index(bytes.fromhex("18538067")) + 4
    assert matroska_colors(whole[:at] + b"\x01" + b"\xff" * 7 + whole[at + 8 :]) == (1, 13, 1)


@pytest.mark.parametrize("data", [b"", movie(SOUND), movie(element(0xAE, element(0x83, b"\x01"))), movie(FILM)[:40]])
def test_where_it_does_not_say_there_is_none(data: bytes) -> None:
    assert matroska_colors(data) is None


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_they_are_read_to_the_end(data: bytes) -> None:
    assert sum(len(content) for _, content in elements(data)) <= len(data)
    matroska_colors(data)
