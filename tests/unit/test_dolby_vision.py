"""Dolby Vision by its facts alone: what is carried, what is refused and why, and what shows that nothing was lost."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dolby_vision import P81 as FLAVOR
from dolby_vision import Bits, crc32, escaped, nal, rpu
from examples import HDR, constant, index, info, stream, video
from reelwright.engine.job_state import TrialStep
from reelwright.engine.resources import Machine, decide_parallel
from reelwright.engine.scheduler import begin, next_steps
from reelwright.media.model import Color, DolbyVision, MediaInfo, StreamKind
from reelwright.planning.checks.dolby_vision import check_dolby_vision
from reelwright.planning.checks.evidence import Evidence, Metadata
from reelwright.planning.decision import Verdict, decide, incomplete
from reelwright.planning.division import divide
from reelwright.planning.dolby_vision import direct_crf
from reelwright.planning.plan import EncodePlan, Request, Strategy, asked, make_plan
from reelwright.tools.children.rpus import (
    LAYER,
    RPU,
    is_sound,
    kinds,
    lengths,
    obus,
    profile_of,
    starts,
    units_in_av1,
)
from reelwright.tools.facts import records, with_dolby_vision

HLG = Color(range="tv", primaries="bt2020", transfer="arib-std-b67", matrix="bt2020nc")
SDR = Color(range="tv", primaries="bt709", transfer="bt709", matrix="bt709")
P81 = DolbyVision(profile=8, compatibility=1, seen=8, metadata=True, record=True)
P84, P82 = replace(P81, compatibility=4), replace(P81, compatibility=2)
#: As in a file without a record: the colours tell what the base layer is.
BARE = replace(P81, profile=None, record=False)
P10 = replace(P81, profile=10)


def film(dolby: DolbyVision | None = P81, codec: str = "hevc", **changes: Any) -> MediaInfo:
    return info(stream(0, StreamKind.VIDEO, codec, video=video(**{"dolby_vision": dolby, **changes})))


def planned(dolby: DolbyVision | None = P81, codec: str = "hevc", *, height: int = 720, **asked_for: Any) -> EncodePlan:
    return make_plan(film(dolby, codec, height=height), Request(**asked_for))


@pytest.mark.parametrize(
    ("dolby", "color"),
    [(P81, HDR), (P84, HLG), (P82, SDR), (BARE, HDR), (replace(P81, seen=None, metadata=False), HDR)],
)
@pytest.mark.parametrize("strategy", ["auto", "direct", "chunked"])
def test_what_has_a_form_in_av1_is_encoded(dolby: DolbyVision, color: Color, strategy: str) -> None:
    assert decide(film(dolby, color=color), Request(strategy=strategy)).verdict is Verdict.ENCODE


@pytest.mark.parametrize(
    ("dolby", "changes", "says", "helps"),
    [
        (replace(P81, profile=5, compatibility=0, seen=5), {}, "profile 5", "release of profile 8"),
        (replace(BARE, compatibility=None, seen=5), {}, "profile 5", "release of profile 8"),
        (replace(P10, compatibility=0, seen=5), {}, "profile 5", "release of profile 8"),
        (replace(P81, profile=7, compatibility=6, seen=7), {}, "profile 7", "dovi_tool -m 2 convert"),
        (replace(BARE, compatibility=None, seen=7), {}, "profile 7", "dovi_tool"),
        # What a remux made of profile 7 by its name alone: FFmpeg would take the metadata as it is.
        (replace(P81, seen=7), {}, "profile 7", "dovi_tool"),
        (replace(P81, enhancement=True), {}, "enhancement layer", "dovi_tool"),
        (replace(P81, profile=10, seen=4), {}, "profile 10, its metadata profile 4", "Remux"),
        (replace(P81, profile=9, compatibility=2, seen=None), {}, "profile 9.2, which has no form", "left as it is"),
        (replace(BARE, seen=4), {}, "profile 4, which has no form", "left as it is"),
        (replace(BARE, seen=None, compatibility=None), {}, "not known", "left as it is"),
        (replace(BARE, compatibility=None), {"color": Color()}, "nothing tells", "must be tagged"),
        (P81, {"color": Color()}, "tagged unknown/unknown/unknown", "bt2020/smpte2084/bt2020nc"),
        (P81, {"color": HLG}, "tagged bt2020/arib-std-b67", "bt2020/smpte2084/bt2020nc"),
        (P84, {"color": HDR}, "over HLG", "bt2020/arib-std-b67/bt2020nc"),
    ],
)
@pytest.mark.parametrize("strategy", ["auto", "direct", "chunked"])
def test_the_rest_is_refused_with_the_reason_and_what_would_help(
    dolby: DolbyVision, changes: dict[str, Any], says: str, helps: str, strategy: str
) -> None:
    found = decide(film(dolby, **changes), Request(strategy=strategy))
    assert (found.verdict, found.rule) == (Verdict.REFUSE, "dolby-vision")
    assert says in found.reasons[0]
    assert helps in found.hint
    error = found.error()
    assert error is not None
    assert error.exit_code == 3


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (Request(scale=(640, 360)), "--scale"),
        (Request(crop="auto"), "--crop"),
        (Request(crop="100:100:0:0"), "--crop"),
        (Request(encoder="nvenc"), "encoder nvenc"),
        (Request(zones=("0-1:crf=20",)), "--zone"),
        (Request(cuts=(0, 5), cuts_frames=10), "--scenes"),
    ],
)
def test_what_would_spoil_the_metadata_or_needs_chunks_is_refused(request_: Request, says: str) -> None:
    found = decide(film(), request_)
    assert found.verdict is Verdict.REFUSE
    assert says in found.reasons[0]
    assert found.hint
    # The same is asked of ordinary films every day.
    assert decide(film(None), request_).verdict is Verdict.ENCODE


def test_zones_are_had_in_chunks_and_never_in_one_piece() -> None:
    zones = ("0-1:crf=20",)
    assert decide(film(), Request(zones=zones, strategy="chunked")).verdict is Verdict.ENCODE
    assert decide(film(None), Request(zones=zones, strategy="direct")).rule == "one-piece"


def test_av1_with_dolby_vision_is_encoded_again_only_where_a_strategy_is_asked_for() -> None:
    assert decide(film(P10, "av1")).rule == "av1-already"
    again = decide(film(P10, "av1"), Request(strategy="direct"))
    assert (again.verdict, again.rule) == (Verdict.ENCODE, "av1-again")
    assert decide(film(None, "av1"), Request(strategy="direct")).rule == "av1-already"


@pytest.mark.parametrize(
    ("dolby", "name"),
    [
        (P81, "8.1"), (P84, "8.4"), (P10, "10.1"), (BARE, "8.1"), (replace(BARE, compatibility=None), "8"),
        (DolbyVision(profile=5, compatibility=0), "5"), (DolbyVision(profile=7, compatibility=6), "7"),
        (DolbyVision(metadata=True), "unknown"),
    ],
)  # fmt: skip
def test_a_profile_is_called_what_people_call_it(dolby: DolbyVision, name: str) -> None:
    assert dolby.name == name


@pytest.mark.parametrize(("height", "crf"), [(90, 25), (720, 25), (721, 26), (1080, 26), (1081, 29), (2160, 29)])
def test_the_fixed_crf_goes_by_the_lines_of_the_picture(height: int, crf: float) -> None:
    request = Request(direct_crf=(25.0, 26.0, 29.0))
    assert direct_crf(video(height=height), request) == crf
    assert direct_crf(video(height=height), replace(request, crf=31.5)) == 31.5


def test_dolby_vision_goes_in_one_piece_and_other_films_in_chunks_unless_asked_otherwise() -> None:
    direct, chunked = planned(height=1080), planned(strategy="chunked")
    assert (direct.strategy, direct.request.crf, direct.dolby_vision) == (Strategy.DIRECT, 25.0, True)
    assert (chunked.strategy, chunked.request.crf, chunked.dolby_vision) == (Strategy.CHUNKED, None, True)
    assert planned(None).strategy is Strategy.CHUNKED
    ordinary = planned(None, strategy="direct", height=2160)
    assert (ordinary.strategy, ordinary.request.crf, ordinary.dolby_vision) == (Strategy.DIRECT, 29.0, False)
    assert any("in one piece at CRF 25" in note for note in direct.notes)
    assert not any("in one piece" in note for note in chunked.notes)
    assert all(any("8.1 becomes profile 10.1" in n for n in p.notes) for p in (direct, chunked))
    assert any("stays profile 10.1" in n for n in planned(P10, "av1").notes)


def test_the_same_work_in_other_words_is_the_same_job() -> None:
    assert planned().request_identity() == planned(strategy="direct", crf=25.0).request_identity()
    assert planned(None).request_identity() == planned(None, strategy="chunked").request_identity()
    assert planned().request_identity() != planned(strategy="chunked").request_identity()
    assert "dolby_vision" not in planned(None).encode_identity()
    assert dict(asked(planned(None).request)).keys().isdisjoint({"strategy"})


def test_one_piece_is_one_chunk_that_the_scheduler_encodes_at_the_fixed_crf() -> None:
    plan = planned(preset=12)
    film_index = constant(100, cuts=(0, 30, 60))
    whole = divide(film_index, plan.request)
    assert [(c.index, c.start, c.end) for c in whole] == [(0, 0, 100)]
    assert len(divide(film_index, planned(strategy="chunked").request)) == 3
    excerpt = divide(film_index, replace(plan.request, start="1", duration="2"))
    assert [(c.index, c.start, c.end) for c in excerpt] == [(0, 25, 75)]
    (step,) = next_steps(begin(plan.request, (1280, 720), whole, {}), set(), 4)
    assert isinstance(step, TrialStep)
    assert (step.crf, step.why) == (25.0, "CRF 25 is that of a film in one piece")


def test_one_piece_has_a_key_frame_as_often_as_chunks_would_and_a_chunk_only_its_first() -> None:
    assert dict(planned().parameters)["keyint"] == "250"  # ten seconds of 25 frames
    assert dict(planned(chunk_seconds=4.0).parameters)["keyint"] == "100"
    assert dict(planned(strategy="chunked").parameters)["keyint"] == "-1"
    assert dict(planned(svt=(("keyint", "48"),)).parameters)["keyint"] == "48"
    silent = film(average_rate=None, nominal_rate=None)
    assert dict(make_plan(silent, Request()).parameters)["keyint"] == "240"


def test_one_piece_has_the_whole_machine() -> None:
    machine = Machine(cores=8, free_bytes=64 << 30, total_bytes=64 << 30)
    found = decide_parallel(machine, (), width=1920, height=1080, one_piece=True)
    assert found.encodes == 1
    assert found.threads > decide_parallel(machine, (), width=1920, height=1080).threads
    assert decide_parallel(machine, (), width=1920, height=1080, requested=4, one_piece=True).encodes == 1


# What the probe makes of FFmpeg's words.

RECORD = "      DOVI configuration record: version: 1.0, profile: {}, level: 6, rpu flag: 1, el flag: {}, bl flag: 1"


def banner(*streams: str) -> str:
    lines = []
    for k, record in enumerate(streams):
        lines += [f"  Stream #0:{k}[0x1{k}](eng): Video: hevc (Main 10)", "    Metadata:", "      title : profile: 5"]
        lines += ["    Side data:", record] if record else []
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (RECORD.format(8, 0) + ", compatibility id: 1, compression: 0", P81),
        (RECORD.format(7, 1) + ", compatibility id: 6", replace(P81, profile=7, compatibility=6, enhancement=True)),
        (RECORD.format(8, 0), replace(P81, compatibility=None)),  # half a record is a record too
        ("      DOVI configuration record: profile: 8", replace(P81, compatibility=None)),
        ("      Mastering Display Metadata, has_primaries:1", None),
        ("      title           : DOVI configuration record: profile: 8", None),
    ],
)
def test_a_record_is_read_from_the_banner(record: str, value: DolbyVision | None) -> None:
    want = {0: replace(value, seen=None, metadata=False)} if value else {}
    assert records(banner(record)) == want


def looked(seen: DolbyVision | None, banner_: str, color: Color = HDR) -> DolbyVision | None:
    told = film(seen, color=color)
    assert told.film is not None
    found = with_dolby_vision(told, told.film, banner_).film
    assert found is not None
    assert found.video is not None
    return found.video.dolby_vision


def test_record_frames_and_colours_tell_together() -> None:
    seen = DolbyVision(seen=8, metadata=True)
    record = RECORD.format(8, 0) + ", compatibility id: 4"
    assert looked(seen, banner(record)) == P84
    assert looked(None, banner(record)) == replace(P84, seen=None, metadata=False)
    assert looked(seen, banner("")) == BARE
    assert looked(seen, banner(""), HLG) == replace(BARE, compatibility=4)
    assert looked(seen, banner(""), Color()) == replace(BARE, compatibility=None)
    assert looked(replace(seen, seen=5), banner("")) == replace(seen, seen=5)  # whatever its colours say
    assert looked(None, banner("")) is None
    assert looked(replace(seen, seen=7, enhancement=True), banner(record)) == replace(P84, seen=7, enhancement=True)


def test_an_enhancement_layer_in_a_stream_of_its_own_is_the_films() -> None:
    layer = RECORD.format(7, 1).replace("bl flag: 1", "bl flag: 0") + ", compatibility id: 6"
    found = looked(None, banner("", layer))
    assert found is not None
    assert (found.profile, found.enhancement) == (7, True)
    assert decide(film(found)).verdict is Verdict.REFUSE
    # A second film of profile 8 says nothing of the first.
    assert looked(None, banner("", RECORD.format(8, 0) + ", compatibility id: 1")) is None


# What is in packets.


def test_units_are_found_in_packets_of_either_form() -> None:
    units = [bytes([kind << 1, 1, 9, 9]) for kind in (35, 1, LAYER)] + [nal(FLAVOR, 0)]
    annex_b = b"".join(b"\0\0\1" + unit for unit in units)
    counted = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
    assert list(starts(annex_b)) == list(lengths(counted, 4)) == units
    assert kinds(iter(units)) == {35, 1, LAYER, RPU}
    assert list(lengths(b"\xff\xff\xff\xff\x7c", 4)) == [b"\x7c"]  # a length that lies ends it
    assert list(starts(b"")) == list(lengths(b"\0", 4)) == []
    assert list(lengths(bytes(8), 4)) == [b""]


@given(st.binary(max_size=80))
def test_packets_of_anything_are_looked_through(data: bytes) -> None:
    for units in (starts(data), lengths(data, 4), lengths(data, 1)):
        assert kinds(units) <= set(range(64))
    assert units_in_av1(data) <= {RPU}
    assert profile_of(data) in {None, 4, 5, 7, 8}


@given(st.integers(0, 5000), st.integers(0, 10_000))
def test_an_rpu_with_one_bit_changed_is_damaged(number: int, bit: int) -> None:
    unit = nal(FLAVOR, number)
    assert is_sound(unit)
    assert is_sound(unit + b"\0\0")  # zeros that fill up a packet
    payload = bytearray(rpu(FLAVOR, number))
    payload[bit // 8 % len(payload)] ^= 1 << bit % 8
    assert not is_sound(unit[:2] + escaped(bytes(payload)))


def test_dolby_visions_obus_are_told_from_others() -> None:
    frame, dolby = bytes([6 << 3 | 2, 3, 1, 2, 3]), bytes.fromhex("04b5003b0000080037cd")
    metadata = bytes([5 << 3 | 2, len(dolby)]) + dolby
    hdr10plus = bytes([5 << 3 | 2, 6]) + bytes.fromhex("04b5003c0001")
    assert units_in_av1(b"\x12\0" + metadata + frame) == {RPU}
    assert units_in_av1(b"\x12\0" + hdr10plus + frame) == set()
    assert units_in_av1(b"") == set()
    long = bytes([5 << 3 | 6, 0, 0x82, 1]) + bytes(130)  # with an extension, and a size of two bytes
    assert [(kind, len(body)) for kind, body in obus(long + frame)] == [(5, 130), (6, 3)]
    assert list(obus(b"\x32\x90")) == [(6, b"")]  # a size that never ends


# What shows that nothing was lost.


def evidence(dolby: DolbyVision = P81, **changes: Any) -> Evidence:
    ticks = tuple(range(0, 400, 40))
    digests = tuple(f"{k:02}" for k in range(10))
    output = film(DolbyVision(record=True, metadata=True, profile=10, compatibility=1, seen=8), "av1")
    values: dict[str, Any] = {
        "plan": make_plan(film(dolby), Request()),
        "source": film(dolby),
        "index": index(ticks),
        "output": output,
        "shift": Fraction(0),
        "packet_ticks": ticks,
        "decoded_ticks": ticks,
        "warnings": (),
        "copied": (),
        "attached": (),
        "attachments": (),
        "metadata": (Metadata(digests=digests, carried=10), Metadata(digests=digests, carried=10)),
    }
    return Evidence(**{**values, **changes})


def test_equal_metadata_and_a_right_record_pass() -> None:
    check = check_dolby_vision(evidence())
    assert check.passed
    assert check.detail == "profile 10.1, the metadata of 10 frames equal to the source's"


def digests(change: Callable[[list[str | None]], object], carried: int = 10) -> dict[str, Any]:
    """The output's metadata, spoilt."""
    good = tuple(f"{k:02}" for k in range(10))
    spoilt: list[str | None] = [*good]
    change(spoilt)
    return {"metadata": (Metadata(digests=good, carried=10), Metadata(digests=tuple(spoilt), carried=carried))}


def swap(found: list[str | None]) -> None:
    found[4], found[5] = found[5], found[4]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        # A decoder gives a frame without metadata that of the one before: only its packet tells.
        (digests(lambda d: d.__setitem__(4, "03"), carried=9), "the output has metadata on 9 of 10"),
        (digests(lambda _: None, carried=9), "the output has metadata on 9 of 10"),
        (digests(lambda d: d.__setitem__(0, None)), "the output has metadata on 9 of 10"),
        (digests(swap), "of 2 of 10 frames differs, first of frame 4"),
        (digests(lambda d: d.__setitem__(9, "00")), "of 1 of 10 frames differs, first of frame 9"),
        (digests(lambda d: d.pop(), carried=9), "on 9 of 9 decoded frames, of 10"),
        ({"metadata": None}, "was not read"),
        ({"output": film(None, "av1")}, "no configuration record"),
        ({"output": film(replace(P10, record=False, profile=None), "av1")}, "no configuration record"),
        ({"output": film(P81, "av1")}, "record says profile 8.1"),
        ({"output": film(replace(P10, compatibility=4), "av1")}, "profile 10.4 for a source of profile 8.1"),
    ],
)
def test_what_was_lost_or_changed_is_found(changes: dict[str, Any], says: str) -> None:
    check = check_dolby_vision(evidence(**changes))
    assert not check.passed
    assert says in check.detail


def test_dolby_vision_out_of_nowhere_is_found_and_none_is_right_where_there_was_none() -> None:
    ordinary = film(None)
    plan = make_plan(ordinary, Request())
    assert check_dolby_vision(evidence(plan=plan, source=ordinary, output=film(None, "av1"), metadata=None)).passed
    assert not check_dolby_vision(evidence(plan=plan, source=ordinary, metadata=None)).passed


@pytest.mark.parametrize(
    ("dolby", "carried", "refused"),
    [
        (P81, 10, False), (P81, 9, True), (P81, 1, True), (P81, 0, True), (P81, None, False),
        (None, 0, False), (None, None, False), (None, 3, True), (None, 10, True),
    ],
)  # fmt: skip
def test_metadata_that_frames_lack_is_refused(dolby: DolbyVision | None, carried: int | None, *, refused: bool) -> None:
    picture = video(dolby_vision=dolby)
    found = incomplete(picture, 10, carried)
    assert (found is not None) == refused
    if found:
        assert f"on {carried} of its 10 frames" in found.reasons[0]
        assert "inject-rpu" in found.hint


# The writer of the tests themselves; dovi_tool reads the same in tests/integration.


def test_the_writers_bits_are_those_of_the_books() -> None:
    assert bytes(Bits().ue(0, 1, 2, 3)) == bytes([0b10100110, 0b01000000])
    assert bytes(Bits().se(0).se(1).se(-1)) == bytes([0b10100110])
    assert bytes(Bits().u(-1, 12).u(5, 4)) == bytes([0xFF, 0xF5])
    assert crc32(b"123456789") == 0x0376E6E7  # the check value of CRC-32/MPEG-2
    assert escaped(bytes(5) + b"\1\0\0\4") == b"\0\0\3\0\0\3\0\1\0\0\4"
    assert len({rpu(FLAVOR, k) for k in range(300)}) == 300
