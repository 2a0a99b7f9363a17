"""Dolby Vision profile 7 by its facts alone: when it can be converted, and what is said of it then."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dolby_vision import LAYER_HEADER, P7, nal
from examples import HDR, index, info, stream, video
from reelwright.doctor import dovi_tool_row
from reelwright.media.model import DolbyVision, MediaInfo, StreamKind
from reelwright.media.timing import Timing
from reelwright.planning.checks.dolby_vision import wrong_metadata
from reelwright.planning.checks.evidence import Evidence, Metadata
from reelwright.planning.decision import Verdict, decide
from reelwright.planning.dolby_vision import converted, is_convertible
from reelwright.planning.fates import Fate, Rule
from reelwright.planning.plan import Request, make_plan
from reelwright.tools.children.layers import HEADER, MARK, read_rpus, rpus_of
from reelwright.tools.children.rpus import lengths, starts
from reelwright.tools.children.seekable import NoCopyError, digest, one_each, with_metadata
from reelwright.tools.seekable import index_of_copy

LAYERED = DolbyVision(profile=7, compatibility=6, seen=7, metadata=True, record=True, enhancement=True)
TOOL = "dovi_tool 2.3.1"


def film(dolby: DolbyVision | None = LAYERED, codec: str = "hevc", **changes: Any) -> MediaInfo:
    said = (("DOVI configuration record", "profile: 7"),)
    picture = video(**{"dolby_vision": dolby, "color": HDR, "frame_data": ("DOVI_METADATA",), **changes})
    return info(stream(0, StreamKind.VIDEO, codec, video=picture, side_data=said))


@pytest.mark.parametrize(
    ("dolby", "codec", "possible"),
    [
        (LAYERED, "hevc", True),
        # In a file without a record.
        (replace(LAYERED, profile=None, compatibility=None, record=False), "hevc", True),
        # Its metadata are in the other layer's stream, as on discs.
        (replace(LAYERED, seen=None, metadata=False), "hevc", False),
        (replace(LAYERED, seen=8), "hevc", False),
        (replace(LAYERED, profile=8), "hevc", False),
        (DolbyVision(profile=8, compatibility=1, seen=8), "hevc", False),
        (LAYERED, "h264", False),
        (None, "hevc", False),
    ],
)
def test_it_is_converted_where_its_own_stream_has_the_metadata(
    dolby: DolbyVision | None, codec: str, *, possible: bool
) -> None:
    assert is_convertible(film(dolby, codec)) is possible


def test_it_is_refused_until_something_converts_it() -> None:
    refused = decide(film())
    assert refused.verdict is Verdict.REFUSE
    assert "on the path" in refused.hint
    apart = decide(film(replace(LAYERED, seen=None, metadata=False)))
    assert "dovi_tool mux" in apart.hint
    assert decide(converted(film(), TOOL)).verdict is Verdict.ENCODE
    # What it says of the picture holds for the metadata that were converted too.
    assert decide(converted(film(), TOOL), Request(crop="auto")).rule == "dolby-vision-picture"
    assert decide(converted(film(color=replace(HDR, matrix=None)), TOOL)).verdict is Verdict.REFUSE


def test_the_plan_and_its_ledger_say_what_is_dropped_and_by_whom() -> None:
    plan = make_plan(converted(film(), TOOL), Request())
    (note,) = [note for note in plan.notes if TOOL in note]
    assert "profile 7 is converted to 8.1" in note
    assert "enhancement layer is dropped" in note
    rows = {row.name: (row.fate, row.rule) for row in plan.ledger}
    assert rows["Dolby Vision enhancement layer"] == (Fate.DROP, Rule.ENHANCEMENT_LAYER)
    assert rows["DOVI configuration record"] == (Fate.CONVERT, Rule.DOLBY_VISION_7)
    assert rows["DOVI_METADATA"] == (Fate.CONVERT, Rule.DOLBY_VISION_7)


def test_an_encode_of_converted_metadata_is_another_one_and_that_of_others_what_it_was() -> None:
    plain = make_plan(film(DolbyVision(profile=8, compatibility=1, seen=8, record=True)), Request())
    first, second = (make_plan(converted(film(), tool), Request()) for tool in (TOOL, "dovi_tool 2.4.0"))
    assert plain.encode_identity()["dolby_vision"] is True
    identities = [plan.encode_identity() for plan in (plain, first, second)]
    assert identities[0] != identities[1] != identities[2]


@pytest.mark.parametrize(("profiles", "wrong"), [((8,), False), ((7,), True), ((7, 8), True), ((), True)])
def test_metadata_that_were_not_converted_fail_the_check(profiles: tuple[int, ...], *, wrong: bool) -> None:
    frames = index(range(3), base=index().time_base)
    found = Metadata(digests=("a", "b", "c"), carried=3, profiles=profiles)
    source = converted(film(), TOOL)
    evidence = Evidence(
        plan=make_plan(source, Request()), source=source, index=frames, output=source, shift=index().time_base * 0,
        packet_ticks=(), decoded_ticks=(), warnings=(), copied=(), attached=(), attachments=(),
        metadata=(found, replace(found, profiles=(8,))),
    )  # fmt: skip
    assert bool(wrong_metadata(evidence)) is wrong


class Packets:
    """As much of a stream as is asked of it: start codes, or lengths of four bytes."""

    def __init__(self, *, with_lengths: bool) -> None:
        self.codec_context = self
        self.name = "hevc"
        self.extradata = b"\1" + bytes(20) + b"\xff\0" if with_lengths else b"\0\0\0\1\x40"


#: A parameter set, a picture, and the units of another layer: by their type, and by their layer.
OWN = (b"\x40\x01\x0c", b"\x02\x01\xd0\x80")
OTHERS = (LAYER_HEADER + b"\x28\x80", b"\x02\x09\xd0\x80")


@pytest.mark.parametrize("with_lengths", [False, True])
def test_metadata_are_put_in_the_place_of_others_and_the_other_layer_goes(*, with_lengths: bool) -> None:
    units = (*OWN, *OTHERS, nal(P7, 1))
    joined = b"".join((len(u).to_bytes(4, "big") if with_lengths else b"\0\0\0\1") + u for u in units)
    packets = Packets(with_lengths=with_lengths)
    assert rpus_of(joined, packets) == [nal(P7, 1)[2:]]
    made = with_metadata(joined, packets, b"\x19new\x80")
    found = [u.rstrip(b"\0") for u in (lengths(made, 4) if with_lengths else starts(made))]
    assert found == [*OWN, HEADER + b"\x19new\x80"]


def test_what_dovi_tool_reads_and_writes_is_taken_apart_again(tmp_path: Path) -> None:
    path = tmp_path / "rpus"
    several = [nal(P7, k)[2:] for k in range(40)]
    path.write_bytes(b"".join(MARK + one for one in several))
    assert read_rpus(path) == several
    path.write_bytes(b"no such thing")
    assert read_rpus(path) == []


def test_packets_are_equal_however_their_units_are_marked_and_not_where_one_bit_differs() -> None:
    three, four = (b"".join(mark + unit for unit in OWN) for mark in (b"\0\0\1", b"\0\0\0\1"))
    sized = b"".join(len(unit).to_bytes(4, "big") + unit for unit in OWN)
    assert digest(three, "hevc", size=None) == digest(four, "h264", size=None) == digest(sized, "hevc", size=4)
    spoilt = sized[:-1] + bytes([sized[-1] ^ 0x40])
    assert digest(spoilt, "hevc", size=4) != digest(sized, "hevc", size=4)
    # Other codecs have no units: there every byte counts.
    assert digest(three, "mpeg2video", size=None) != digest(four, "mpeg2video", size=None)


@pytest.mark.parametrize("numbers", [[0, 1, 1], [0, 2], [0, 1, 2, 3], [-1, 0, 1], []])
def test_a_film_whose_packets_are_not_one_for_each_frame_is_not_copied(numbers: list[int]) -> None:
    assert one_each([2, 0, 1], 3) == [2, 0, 1]
    with pytest.raises(NoCopyError, match="packets hold the film's 3 frames"):
        one_each(numbers, 3)


def test_frames_of_a_copy_are_found_by_their_number() -> None:
    counted = index([5, 9, 10, 30], timing=Timing.COUNTED, key_pts=())
    copy = index_of_copy(counted, start=0, keys=(0, 2))
    assert copy.timing is Timing.STAMPED
    assert [copy.pts[k] * copy.time_base * 25 for k in range(4)] == [0, 1, 2, 3]
    assert copy.is_key(2)
    assert not copy.is_key(3)
    assert copy.spatial == counted.spatial


@pytest.mark.parametrize(
    ("script", "works", "found"),
    [
        (None, False, "not on the path"),
        ("echo dovi_tool 2.3.1", True, "2.3.1 at "),
        ("echo something else", False, "does not answer like dovi_tool"),
        ("exit 3", False, "Asking dovi_tool for its version failed"),
    ],
)
def test_doctor_tells_whether_it_is_there_and_never_fails_for_it(
    script: str | None, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, works: bool
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin" if script else str(tmp_path))
    if script:
        program = tmp_path / "dovi_tool"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    row = asyncio.run(dovi_tool_row())
    assert (row.works, row.optional) == (works, True)
    assert found in row.found
