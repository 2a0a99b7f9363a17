"""FFmpeg's command lines as values, and what it prints."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import index, plan
from reelwright.media.timing import Timing
from reelwright.planning.colors import UNTAG
from reelwright.tools.encoders.svt_av1 import format_crf
from reelwright.tools.ffmpeg import (
    Progress,
    ProgressReader,
    convert_args,
    decode_args,
    encode_args,
    parse_framecrc,
)
from reelwright.tools.frames import STEPS_BACK, choose, choose_windows, film_frames, reference_input, seek_seconds

KEYED = index(range(0, 4000, 40), key_pts=(0, 1000, 2000, 3000))
COUNTED = replace(KEYED, timing=Timing.COUNTED, key_pts=())
#: Names that a shell, a protocol, a flag, a pattern or a filter would make something else of.
ODD = ["-x.mkv", "a:b.mkv", "%03d.mkv", "a'b\"c.mkv", "a\nb.mkv", "$(id);&|.mkv", "concat:x.mkv", "caf\udce9.mkv"]


def encode(name: str = "/films/a.mkv", *, crf: float = 30.25, out: str = "/trials/b.part") -> list[str]:
    frames = film_frames(name, 0, KEYED)(60, 80, 0)
    return encode_args("ffmpeg", frames, plan(svt=(("film-grain", "8"),)), crf=crf, threads=2, out=out)


def after(args: list[str] | tuple[str, ...], flag: str) -> str:
    return args[args.index(flag) + 1]


@pytest.mark.parametrize(
    ("crf", "text"),
    [
        (30.0, "30"),
        (30.25, "30.25"),
        (30.5, "30.5"),
        (12.0, "12"),
        (10.0, "10"),
        (70.0, "70"),
        (0.0, "0"),
        (8.75, "8.75"),
    ],
)
def test_a_crf_is_written_in_quarter_steps_without_trailing_zeros(crf: float, text: str) -> None:
    assert format_crf(crf) == text


@given(st.integers(4, 280))
def test_a_crf_survives_being_written(quarters: int) -> None:
    assert float(format_crf(quarters / 4)) == quarters / 4


def test_the_crf_goes_through_the_encoders_own_parameters_with_the_users_after_it() -> None:
    args = encode()
    assert after(args, "-svtav1-params") == "crf=30.25:lp=2:film-grain=8:keyint=-1:scd=0"
    assert after(args, "-c:v") == "libsvtav1"
    assert after(args, "-preset") == "6"
    assert "-crf" not in args


def test_frames_are_chosen_then_numbered_then_filtered() -> None:
    chain = after(encode(), "-vf")
    assert chain.startswith(f"trim=start_pts=2400:end_pts=3200,settb=1/1000,setpts=N*40,fps=25,{UNTAG},scale=")
    assert chain.endswith("colorspace=bt2020nc")


def test_a_chunk_is_bit_exact_matroska_without_anything_else_of_the_source() -> None:
    args = encode()
    assert {"-an", "-sn", "-dn"} <= set(args)
    assert after(args, "-map") == "0:0"
    assert after(args, "-map_metadata") == after(args, "-map_chapters") == "-1"
    assert after(args, "-fflags") == after(args, "-flags:v") == "+bitexact"
    assert after(args, "-f") == "matroska"
    assert after(args, "-fps_mode") == "passthrough"
    assert args[-1] == "file:/trials/b.part"


@pytest.mark.parametrize("name", ODD)
def test_names_stand_alone_as_absolute_file_urls_whatever_is_in_them(name: str) -> None:
    for args in (
        encode(f"/films/{name}", out=f"/trials/{name}"),
        decode_args("ffmpeg", f"/films/{name}"),
        convert_args("ffmpeg", f"/films/{name}", ((3, "subrip"),), f"/trials/{name}"),
    ):
        assert after(args, "-i") == f"file:/films/{name}"
        assert not any(name in part for part in args if not part.startswith("file:"))
        assert all(isinstance(part, str) for part in args)
    assert encode(out=f"/trials/{name}")[-1] == f"file:/trials/{name}"


@pytest.mark.parametrize(
    "args", [encode(), decode_args("f", "a.mkv"), convert_args("f", "a.mkv", ((1, "flac"),), "b.mkv")]
)
def test_every_input_is_behind_the_allow_lists_and_nothing_is_asked_of_the_keyboard(args: list[str]) -> None:
    before = args[: args.index("-i")]
    assert after(before, "-protocol_whitelist") == "file"
    assert "matroska" in after(before, "-format_whitelist").split(",")
    assert "-nostdin" in before


def test_each_converted_stream_is_mapped_by_its_index_and_gets_its_own_codec() -> None:
    args = convert_args("ffmpeg", "/a.mkv", ((3, "subrip"), (5, "flac")), "/b.mkv", offset=2)
    assert [args[k + 1] for k, part in enumerate(args) if part == "-map"] == ["0:3", "0:5"]
    assert (after(args, "-c:0"), after(args, "-c:1")) == ("subrip", "flac")
    assert after(args, "-output_ts_offset") == "2"


@pytest.mark.parametrize(
    ("start", "attempt", "seek"),
    [
        (99, 0, "3.140435"),  # its own group at 3 s; FFmpeg will seek 3/23 s earlier than asked
        (75, 0, "3.140435"),  # the very frame decoding may start at
        (74, 0, "2.140435"),
        (25, 0, "1.140435"),
        (24, 0, None),  # the first group: from the beginning
        (99, 1, "1.140435"),  # two groups earlier
        (60, 1, None),
        (99, len(STEPS_BACK), None),  # the last attempt decodes from the beginning
        (99, 9, None),
    ],
)
def test_seeking_goes_back_by_groups_and_at_last_to_the_beginning(start: int, attempt: int, seek: str | None) -> None:
    assert seek_seconds(KEYED, start, attempt) == seek


@pytest.mark.parametrize(
    ("start", "seek"),
    [
        (Fraction(0), "3.140435"),
        (Fraction(7, 5), "1.740435"),  # a seek is counted from the container's start
        (Fraction(9), "0.000000"),  # never negative
        (Fraction(-1), "4.140435"),
    ],
)
def test_a_seek_is_counted_from_the_containers_start(start: Fraction, seek: str) -> None:
    assert seek_seconds(replace(KEYED, container_start=start), 99, 0) == seek


def test_in_a_transport_stream_a_seek_lands_well_before_the_key_frame() -> None:
    assert seek_seconds(replace(KEYED, container="mpegts"), 99, 0) == "2.000000"


def test_among_dense_key_frames_a_seek_never_reaches_the_next_one() -> None:
    dense = replace(KEYED, key_pts=KEYED.pts)
    assert seek_seconds(dense, 98, 0) == "3.920000"


def test_a_stream_without_timestamps_is_never_sought_in() -> None:
    assert seek_seconds(COUNTED, 99, 0) is None
    assert "-ss" not in film_frames("/a.264", 0, COUNTED)(60, 80, 0).input_args


@pytest.mark.parametrize(
    ("film", "start", "end", "text"),
    [
        (KEYED, 0, 10, "trim=start_pts=0:end_pts=400"),
        (KEYED, 90, 100, "trim=start_pts=3600:end_pts=3961"),  # the film's end: one tick after its last frame's start
        (KEYED, 99, 100, "trim=start_pts=3960:end_pts=3961"),
        (index((-80, -40, 0, 90)), 0, 2, "trim=start_pts=-80:end_pts=0"),
        (COUNTED, 90, 100, "trim=start_frame=90:end_frame=100"),
    ],
)
def test_a_range_is_chosen_by_exact_times_or_by_counting(film: object, start: int, end: int, text: str) -> None:
    assert choose(film, start, end) == text  # type: ignore[arg-type]


def test_seeking_keeps_the_sources_times_and_drops_nothing_by_itself() -> None:
    args = film_frames("/a.mkv", 3, KEYED)(99, 100, 0).input_args
    assert args[-2:] == ("-map", "0:3")
    assert args.index("-ss") < args.index("-i")
    assert {"-copyts", "-noaccurate_seek", "-noautorotate"} <= set(args[: args.index("-i")])
    assert reference_input("/a.mkv", KEYED, 99, 0) == args[:-2]


def test_no_more_is_read_than_the_range_and_half_a_second() -> None:
    args = film_frames("/a.mkv", 3, KEYED)(30, 60, 0).input_args
    seek, most = (float(args[args.index(flag) + 1]) for flag in ("-ss", "-t"))
    assert args.index("-t") < args.index("-i")
    # Frame 62, the second beyond the range, is shown at 2.48 s.
    assert seek + most == pytest.approx(2.48 + 0.5)


@pytest.mark.parametrize(
    ("film", "end", "attempt"),
    [(KEYED, 60, 1), (KEYED, 98, 0), (KEYED, 100, 0), (COUNTED, 60, 0), (replace(KEYED, container="mpegts"), 60, 0)],
)
def test_all_is_read_on_another_attempt_up_to_the_films_end_and_where_times_say_little(
    film: Any, end: int, attempt: int
) -> None:
    assert "-t" not in film_frames("/a.mkv", 3, film)(30, end, attempt).input_args


#: As FFmpeg 9.0 prints it.
FRAMECRC = """\
#software: Lavf63.1.102
#tb 0: 1/1000
#media_type 0: video
#codec_id 0: rawvideo
#dimensions 0: 128x72
#sar 0: 1/1
0,          0,          0,        1,    13824, 0x7bc6d0be
0,         33,         33,        1,    13824, 0xf9eac35a
0,         67,         67,        1,    13824, 0x0bb6c40b
0,        100,        -33,        1,    13824, 0x0bb6c40b
"""


def test_framecrc_gives_the_pts_of_each_frame_in_the_order_of_decoding() -> None:
    assert parse_framecrc(FRAMECRC) == [0, 33, 67, -33]
    assert parse_framecrc("") == []


PROGRESS = """\
frame=5
fps=0.00
stream_0_0_q=-1.0
bitrate= 422.7kbits/s
total_size=8742
out_time_us=165442
out_time=00:00:00.165442
dup_frames=0
drop_frames=0
speed=10.8x
progress=continue
frame=9
total_size=N/A
progress=end
"""


def test_progress_is_told_once_a_block() -> None:
    told: list[Progress] = []
    reader = ProgressReader(told.append)
    for line in PROGRESS.splitlines():
        reader(line)
    assert told == [Progress(frame=5, size_bytes=8742), Progress(frame=9, size_bytes=None)]


def test_noise_between_the_lines_is_no_progress() -> None:
    told: list[Progress] = []
    reader = ProgressReader(told.append)
    for line in ("", "=", "frame=", "frame=-1", "progress=continue", "frame=x1", "progress=continue"):
        reader(line)
    assert told == []


def test_windows_are_cut_out_of_one_range_so_that_nothing_beyond_is_decoded() -> None:
    assert choose_windows(KEYED, ((20, 30), (50, 60))) == (
        "trim=start_pts=800:end_pts=2400,select=between(pts\\,800\\,1160)+between(pts\\,2000\\,2360)"
    )
    assert choose_windows(COUNTED, ((20, 30), (50, 60))) == (
        "trim=start_frame=20:end_frame=60,select=between(n\\,0\\,9)+between(n\\,30\\,39)"
    )
