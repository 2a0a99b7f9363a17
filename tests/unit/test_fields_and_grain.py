"""Fields become frames where they are asked to, and grain that is synthesised stays out of the score."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from test_checks import GOOD

from examples import film, index, info, plan
from reelwright.errors import RefusedError
from reelwright.planning.checks.grain import check_grain
from reelwright.planning.decision import Verdict, decide, fields_inside
from reelwright.planning.fields import METHODS
from reelwright.planning.grain import grain_notes, has_grain
from reelwright.planning.plan import Request, make_plan, parameters, zoned
from reelwright.planning.zones import parse_zone
from reelwright.tools.children.sequence_header import announces_grain
from reelwright.tools.ffmpeg import encode_args
from reelwright.tools.frames import NEIGHBOURS, chosen, film_frames
from reelwright.tools.vmaf import NO_GRAIN, Look, Pairing, score_args

WOVEN = info(film(interlaced=True))
ALL = index(interlaced_frames=250, first_interlaced=0)
LATE = index(interlaced_frames=50, first_interlaced=100)
BWDIF = METHODS["bwdif"]


@pytest.mark.parametrize("method", METHODS)
def test_an_interlaced_film_is_encoded_where_a_method_is_named(method: str) -> None:
    refused = decide(WOVEN)
    assert (refused.verdict, refused.rule) == (Verdict.REFUSE, "interlaced")
    assert "--deinterlace bwdif" in refused.hint
    assert decide(WOVEN, Request(deinterlace=method)).verdict is Verdict.ENCODE
    assert make_plan(WOVEN, Request(deinterlace=method), ALL).ahead == (METHODS[method],)


def test_fields_that_only_the_analysis_meets_are_refused_as_well() -> None:
    decision = fields_inside(LATE, Request())
    assert decision is not None
    assert (decision.rule, decision.reasons[0]) == (
        "interlaced", "50 of its frames are interlaced, and AV1 cannot code fields."
    )  # fmt: skip
    assert isinstance(decision.error(), RefusedError)
    assert fields_inside(LATE, Request(deinterlace="bwdif")) is None
    assert fields_inside(index(), Request()) is None


@pytest.mark.parametrize(
    ("of", "seen", "ahead"),
    [
        (WOVEN, None, (BWDIF,)),
        (info(), None, ()),
        (info(), LATE, (BWDIF,)),  # the first frames did not tell
        (WOVEN, index(), ()),  # the container says so, and not one frame does
    ],
)
def test_the_frames_decide_and_before_the_analysis_the_first_ones(of: Any, seen: Any, ahead: tuple[str, ...]) -> None:
    assert make_plan(of, Request(deinterlace="bwdif"), seen).ahead == ahead


def test_without_fields_it_is_the_same_encode() -> None:
    asked = make_plan(info(), Request(deinterlace="bwdif"), index())
    assert asked.encode_identity() == make_plan(info(), Request(), index()).encode_identity()
    fields = make_plan(info(), Request(deinterlace="bwdif"), LATE)
    other = make_plan(info(), Request(deinterlace="yadif"), LATE)
    assert len({str(p.encode_identity()) for p in (asked, fields, other)}) == 3


@pytest.mark.parametrize(
    ("rate", "of", "seen", "said", "telecine"),
    [
        (Fraction(25), {"interlaced": True}, None, "Its interlaced frames are deinterlaced with bwdif", False),
        (Fraction(30000, 1001), {}, LATE, "50 of 250 frames are deinterlaced with bwdif", True),
        (Fraction(2997, 100), {}, LATE, "50 of 250 frames", True),  # the same rate, as some containers round it
        (None, {}, LATE, "50 of 250 frames", False),
        (Fraction(25), {"interlaced": True}, index(), "The container calls the film interlaced, but none", False),
        (Fraction(25), {}, index(), "None of its frames is: nothing is deinterlaced", False),
    ],
)
def test_notes_say_what_becomes_of_fields(rate: Any, of: Any, seen: Any, said: str, *, telecine: bool) -> None:
    source = info(film(average_rate=rate, **of))
    notes = make_plan(source, Request(deinterlace="bwdif"), seen).notes
    assert any(said in note for note in notes), notes
    assert any("nothing here undoes telecine" in note for note in notes) is telecine


@pytest.mark.parametrize(
    ("start", "end", "choose", "count"),
    [
        (0, 10, "trim=start_pts=0:end_pts=480", "trim=start_frame=0:end_frame=10"),
        (1, 2, "trim=start_pts=0:end_pts=160", "trim=start_frame=1:end_frame=2"),
        (50, 75, "trim=start_pts=1920:end_pts=3080", "trim=start_frame=2:end_frame=27"),
        (240, 250, "trim=start_pts=9520:end_pts=9961", "trim=start_frame=2:end_frame=12"),
    ],
)
def test_neighbours_are_given_to_the_deinterlacer_and_taken_off_again(
    start: int, end: int, choose: str, count: str
) -> None:
    assert chosen(ALL, start, end, (BWDIF,)) == (choose, BWDIF, count)
    assert len(chosen(ALL, start, end)) == 1


def test_where_frames_are_mixed_bwdif_has_met_an_interlaced_one_before() -> None:
    first, lead, *rest = chosen(LATE, 110, 120, (BWDIF,))
    assert (first, rest) == ("trim=start_pts=4320:end_pts=4880", [BWDIF, "trim=start_frame=4:end_frame=14"])
    assert "setfield=tff" in lead
    # In the whole film it has not met one there either, or needs none.
    assert len(chosen(LATE, 80, 120, (BWDIF,))) == 3
    assert len(chosen(LATE, 102, 120, (BWDIF,))) == 3
    assert len(chosen(LATE, 103, 120, (BWDIF,))) == 4
    assert len(chosen(LATE, 110, 120, (METHODS["yadif"],))) == 3


def test_decoding_starts_early_enough_for_the_neighbours() -> None:
    # Frames 50 is a key frame; its neighbours are decoded from the one at 25.
    plain, ahead = film_frames("/a.mkv", 0, ALL), film_frames("/a.mkv", 0, ALL, (BWDIF,))
    seeks = [args[args.index("-ss") + 1] for args in (plain(50, 60, 0).input_args, ahead(50, 60, 0).input_args)]
    assert float(seeks[1]) < 1.92 - NEIGHBOURS * 0.04 < float(seeks[0])
    assert "-ss" not in ahead(1, 60, 0).input_args


def test_the_deinterlacer_runs_on_both_sides_and_once() -> None:
    made = make_plan(WOVEN, Request(deinterlace="bwdif"), ALL)
    args = encode_args("ffmpeg", film_frames("/a.mkv", 0, ALL, made.ahead)(50, 60, 0), made, crf=30, threads=1, out="o")
    chain = args[args.index("-vf") + 1]
    assert (
        chain.index("trim=start_pts") < chain.index("bwdif") < chain.index("trim=start_frame") < chain.index("setpts")
    )
    pairing = Pairing(
        chunk_path="c.mkv",
        reference_input=(),
        video_index=0,
        choose=chosen(ALL, 50, 60, made.ahead),
        preroll=0,
        look=Look(frames=10),
    )
    graph = " ".join(score_args("ffmpeg", pairing, made, threads=1, log_name="l"))
    assert (chain.count("bwdif"), graph.count("bwdif")) == (1, 1)


@pytest.mark.parametrize(
    ("given", "grain"),
    [
        ((), False),
        ((("film-grain", "0"),), False),
        ((("film-grain", "8"),), True),
        ((("Film_Grain", "8"),), True),
        ((("fgs-table", "grain.txt"),), True),
        ((("film-grain-denoise", "1"),), False),
    ],
)
def test_parameters_tell_of_grain(given: Any, *, grain: bool) -> None:
    assert has_grain(given) is grain
    assert bool(grain_notes(given)) is grain


def test_grain_asked_for_by_flag_or_by_parameter_is_the_same_encode() -> None:
    one, other = plan(film_grain=8), plan(svt=(("film-grain", "8"),))
    assert one.encode_identity() == other.encode_identity()
    assert one.notes == other.notes
    assert any("grain of strength 8; VMAF is taken without it" in note for note in one.notes)
    assert dict(parameters(Request(film_grain=8, svt=(("film-grain", "20"),))))["film-grain"] == "8"


def test_a_zone_may_have_grain_of_its_own() -> None:
    made = plan(film_grain=8, zones=("0-10:svt.film-grain=0",))
    assert dict(zoned(made, parse_zone("0-10:svt.film-grain=0")).parameters)["film-grain"] == "0"
    assert dict(zoned(made, parse_zone("0-10:preset=4")).parameters)["film-grain"] == "8"
    alone = plan(zones=("0-10:svt.film-grain=12",))
    assert any("adds grain in a zone" in note for note in alone.notes)


def test_the_chunk_is_decoded_without_grain_when_it_is_scored() -> None:
    pairing = Pairing(
        chunk_path="c.mkv", reference_input=("-i", "f"), video_index=0, choose=("null",), preroll=0, look=Look(frames=5)
    )
    args = score_args("ffmpeg", pairing, plan(), threads=1, log_name="l")
    at = args.index(NO_GRAIN[0])
    assert tuple(args[at : at + 2]) == NO_GRAIN
    assert at < args.index("-i")
    assert args[args.index("-i") + 1].endswith("c.mkv")


def header(last_bits: str) -> bytes:
    """A temporal delimiter and a sequence header whose payload ends so."""
    bits = "0" * 40 + last_bits
    payload = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return bytes([2 << 3 | 2, 0, 1 << 3 | 2, len(payload)]) + payload + bytes([6 << 3 | 2, 2, 1, 2])


@pytest.mark.parametrize(
    ("packet", "grain"),
    [
        (header("11"), True),
        (header("01"), False),
        (header("10000001" + "1"), True),  # the trailing one begins a byte
        (header("10000000" + "1"), False),
        (bytes([2 << 3 | 2, 0, 6 << 3 | 2, 2, 255, 255]), None),  # no sequence header
        (bytes([1 << 3 | 4 | 2, 0, 2, 0, 0b11]), True),  # with an extension
        (bytes([1 << 3, 0, 0b11]), True),  # without a size: up to the end
        (b"", None),
    ],
)
def test_a_sequence_header_announces_grain_with_its_last_bit(packet: bytes, *, grain: bool | None) -> None:
    assert announces_grain(packet) is grain


@pytest.mark.parametrize(
    ("asked", "grain", "passed"),
    [
        ({}, (0, 3), True),
        ({}, (1, 3), False),
        ({}, (0, 0), True),
        ({"film_grain": 8}, (3, 3), True),
        ({"film_grain": 8}, (2, 3), False),
        ({"film_grain": 8}, (0, 3), False),
        ({"film_grain": 8}, (0, 0), False),
        ({"zones": ("0-1:svt.film-grain=8",)}, (1, 3), True),
    ],
)
def test_grain_is_announced_where_it_was_asked_for(asked: Any, grain: tuple[int, int], *, passed: bool) -> None:
    assert check_grain(replace(GOOD, plan=plan(**asked), grain=grain)).passed is passed
