"""What is said of a film that is not whole, and not said of one that is."""

from fractions import Fraction
from typing import Any

import pytest
from av import CodecContext

from reelwright.tools.children.hdr10plus import Hdr10Plus
from reelwright.tools.children.index import Pass, damage, missing_end
from reelwright.tools.children.times import Times

MATROSKA, MP4 = "matroska,webm", "mov,mp4,m4a,3gp,3g2,mj2"


def read(frames: int = 3, *, end: Fraction | int = 1) -> Pass:
    notes = Pass(Hdr10Plus(CodecContext.create("h264", "r")))
    notes.pts = list(range(frames))
    notes.last_end = Fraction(end)
    notes.shapes = {(64, 48, "yuv420p")}
    return notes


def facts(name: str, declared: Fraction | int | None = None, start: Fraction | int = 0) -> dict[str, Any]:
    told = None if declared is None else Fraction(declared)
    return {"format": name, "declared": told, "start": Fraction(start), "time_base": Fraction(1, 1000)}


def stamped(*pts: int | None) -> Times:
    return Times(counted=False, base=Fraction(1, 1000), pts=list(pts))


def test_a_sound_film_is_not_spoken_of() -> None:
    assert damage(read(), facts(MP4, 1), 1000, stamped(0, 1, 2)) == []


@pytest.mark.parametrize(
    ("name", "start", "end", "declared", "missing"),
    [
        (MP4, 0, 10, 10, False),
        (MP4, 0, 5, 10, True),
        # An MP4 file promises its length, Matroska its end: a film that begins late is not cut off.
        (MP4, 7, 17, 10, False),
        (MATROSKA, 7, 17, 17, False),
        (MATROSKA, 7, 12, 17, True),
        (MATROSKA, -5, 5, 10, False),
        (MATROSKA, 0, 10, None, False),
        # What FFmpeg estimates from a file is no promise of it.
        ("mpegts", 0, 5, 10, False),
        ("mpeg", 0, 5, 10, False),
        ("h264", 0, 0, 10, False),
    ],
)
def test_a_missing_end_is_found_where_one_was_promised(
    name: str, start: int, end: int, declared: int | None, *, missing: bool
) -> None:
    assert (missing_end(read(end=end), facts(name, declared, start)) is not None) is missing


def test_the_sentence_says_how_much_is_missing() -> None:
    assert missing_end(read(end=5), facts(MP4, 10)) == "it ends 5.0 s before the 10.0 s its header promises"


def test_times_that_are_missing_or_do_not_rise_are_found() -> None:
    assert damage(read(), facts(MP4), 1, stamped(0, None, 2)) == ["1 of its frames carry no timestamp"]
    assert damage(read(), facts(MP4), 1, stamped(0, 2, 2)) == ["its timestamps do not rise at frame 2"]


def test_a_picture_that_changes_its_size_or_shape_is_found() -> None:
    notes = read()
    notes.aspects = {Fraction(1), Fraction(64, 45)}
    assert damage(notes, facts(MP4), 1, stamped(0, 1, 2)) == ["its sample aspect changes on the way"]
    notes.shapes.add((96, 64, "yuv420p"))
    assert damage(notes, facts(MP4), 1, stamped(0, 1, 2)) == ["its picture size or format changes on the way"]


def test_two_ways_of_writing_one_sample_aspect_are_no_change() -> None:
    notes = read()
    notes.aspects = {Fraction(1), Fraction(4320, 4319)}
    assert damage(notes, facts(MP4), 1, stamped(0, 1, 2)) == []


def test_a_transport_stream_whose_last_packet_is_cut_is_found() -> None:
    assert damage(read(), facts("mpegts"), 188 * 10 + 5, stamped(0, 1, 2)) == ["its last transport packet is cut off"]
    assert damage(read(), facts("mpegts"), 192 * 10, stamped(0, 1, 2)) == []
