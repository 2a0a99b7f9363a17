"""Decoding on a device, without one: the options, what FFmpeg's log tells, and when a device is given up."""

import datetime as dt
from pathlib import Path

import pytest

from examples import film, index, info, plan
from reelwright.engine.decoding import Decoding, OtherPicturesError
from reelwright.errors import ToolError
from reelwright.events import Emitter, Event, EventName
from reelwright.media.model import DolbyVision
from reelwright.planning import identity
from reelwright.planning.plan import Request
from reelwright.tools.devices import Device, parse_hwaccels
from reelwright.tools.ffmpeg import encode_args
from reelwright.tools.frames import film_frames, reference_input
from reelwright.tools.hwaccel import decoded_as, device_flags, is_from_device, look_args, proof_args, take_proof
from reelwright.tools.vmaf import Look, Pairing, score_args

KEYED = index(range(0, 4000, 40), key_pts=(0, 1000, 2000, 3000))
CUDA = Device(name="cuda", why="cuda opens here")
LISTED = "Hardware acceleration methods:\ncuda\nvaapi\nd3d11va\n\n"


class Heard:
    """Keeps what was told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Take one event."""
        self.events.append(event)


def decoding(device: Device = CUDA, bit_depth: int | None = 8) -> tuple[Decoding, Heard]:
    heard = Heard()
    emit = Emitter(heard, "a.mkv", lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    return Decoding(device, bit_depth=bit_depth, emit=emit), heard


def test_devices_are_the_lines_below_the_heading() -> None:
    assert parse_hwaccels(LISTED) == ("cuda", "vaapi", "d3d11va")
    assert parse_hwaccels("Hardware acceleration methods:\n") == ()


def test_a_device_is_opened_by_itself_ahead_of_the_source_so_that_ffmpeg_fails_where_it_cannot_be() -> None:
    args = film_frames("/films/a.mkv", 0, KEYED, device=device_flags("cuda", 8))(60, 80, 0).input_args
    assert args[: args.index("-i")].count("-init_hw_device") == 1
    assert args[args.index("-init_hw_device") + 1] == "cuda=decodes"
    assert args[args.index("-hwaccel_device") + 1] == "decodes"
    assert "-hwaccel_output_format" not in args


@pytest.mark.parametrize(("bits", "form"), [(8, "nv12"), (10, "p010le"), (12, "p010le"), (None, "nv12")])
def test_quick_sync_is_told_to_hand_its_pictures_over(bits: int | None, form: str) -> None:
    assert device_flags("qsv", bits)[-2:] == ("-hwaccel_output_format", form)


def test_without_a_device_no_command_line_changes() -> None:
    software, _ = decoding(Device(name=None, why=""))
    assert software.flags(None) == ()
    assert reference_input("/a.mkv", KEYED, 60, 0, device=()) == reference_input("/a.mkv", KEYED, 60, 0)
    assert film_frames("/a.mkv", 0, KEYED, device=())(60, 80, 0) == film_frames("/a.mkv", 0, KEYED)(60, 80, 0)


def test_what_decodes_is_part_of_no_key() -> None:
    assert plan(hwaccel="cuda").request_identity() == plan().request_identity()
    assert plan(hwaccel="cuda").encode_identity() == plan().encode_identity()
    assert Request().hwaccel == "none"
    assert identity.digest(plan(hwaccel="vaapi").request_identity()) == identity.digest(plan().request_identity())


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("[graph 0 input from stream 0:0 @ 0x1] [verbose] w:160 h:90 pixfmt:nv12 tb:1/1000 fr:24/1", "nv12"),
        ("[graph -1 input from stream 0:0 @ 0x1] [verbose] w:160 h:90 pixfmt:yuv420p10le tb:1/1000", "yuv420p10le"),
        ("[out @ 0x1] pixfmt:nv12", None),
        ("", None),
    ],
)
def test_the_log_tells_in_which_format_pictures_left_the_decoder(said: str, form: str | None) -> None:
    assert decoded_as(said) == form


@pytest.mark.parametrize("form", ["nv12", "nv16", "nv24", "nv15", "p010le", "p012le", "p016le", "p210le", "p010"])
def test_formats_that_come_off_devices_are_known(form: str) -> None:
    assert is_from_device(form)


@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le", "yuv422p12le", "yuvj420p", "gray", "gbrp", "rgb24", "pal8"])
def test_formats_of_software_decoders_are_not_taken_for_a_devices(form: str) -> None:
    assert not is_from_device(form)


def test_looking_decodes_one_frame_with_a_log_that_tells() -> None:
    args = look_args("ffmpeg", reference_input("/a.mkv", KEYED, 0, 0, device=device_flags("cuda", 8)), 3)
    assert "level+verbose" in args
    assert args[args.index("-map") + 1] == "0:3"
    assert args[args.index("-frames:v") + 1] == "1"


@pytest.mark.parametrize(
    ("pix_fmt", "hashed"), [("yuvj420p", "yuv420p"), ("yuvj422p", "yuv422p"), (None, "yuv420p"), ("gbrp", "gbrp")]
)
def test_samples_are_hashed_in_the_films_own_format_whatever_its_range_is_called(
    pix_fmt: str | None, hashed: str
) -> None:
    proof = proof_args("1:0", "trim=start_frame=0", pix_fmt, Path("/x.hash"))
    assert proof[proof.index("-vf") + 1] == f"trim=start_frame=0,format={hashed}"


def test_the_proof_hashes_a_chunks_frames_beside_the_encode_and_the_score() -> None:
    made = plan(hwaccel="cuda")
    proof = proof_args("0:0", "trim=start_pts=2400:end_pts=3200", "yuv420p10le", Path("/logs/x.hash"))
    assert proof[proof.index("-vf") + 1] == "trim=start_pts=2400:end_pts=3200,format=yuv420p10le"
    assert proof[proof.index("-map") + 1] == "0:0"
    assert proof[-1] == "file:/logs/x.hash"
    frames = film_frames("/films/a.mkv", 0, KEYED, device=device_flags("cuda", 8))(60, 80, 0)
    plain = encode_args("ffmpeg", frames, made, crf=30, threads=2, out="/b.part")
    assert encode_args("ffmpeg", frames, made, crf=30, threads=2, out="/b.part", proof=proof) == [*plain, *proof]
    pairing = Pairing(
        chunk_path="c.mkv",
        reference_input=("-i", "f.mkv"),
        video_index=0,
        choose="trim=start_pts=0",
        preroll=0,
        look=Look(frames=20),
    )
    scored = score_args("ffmpeg", pairing, made, threads=2, log_name="l.json")
    assert score_args("ffmpeg", pairing, made, threads=2, log_name="l.json", proof=proof) == [*scored, *proof]


def test_a_proof_is_read_once(tmp_path: Path) -> None:
    path = tmp_path / "x.hash"
    path.write_text("murmur3=14afa09595f6056f\n", encoding="ascii")
    assert take_proof(path) == "murmur3=14afa09595f6056f"
    assert take_proof(path) is None
    path.write_bytes(b"\xff\n")
    assert take_proof(path) is None
    path.write_text("\n", encoding="ascii")
    assert take_proof(path) is None


def test_a_chunk_is_proven_by_software_and_from_then_on_every_decode_is_held_to_it() -> None:
    who, heard = decoding()
    assert not who.is_proven(3)
    who.prove(3, "cuda", encoded="a", scored="a")
    assert who.is_proven(3)
    assert not who.is_proven(4)
    who.prove(3, "cuda", encoded="a", scored="a")
    for encoded, scored in [("b", "a"), ("a", "b"), ("b", "b"), (None, "a"), ("a", None)]:
        with pytest.raises(OtherPicturesError, match="Pictures that cuda decoded of chunk 3 are not those of software"):
            who.prove(3, "cuda", encoded=encoded, scored=scored)
    assert who.device == "cuda"
    assert heard.events == []


@pytest.mark.parametrize(("encoded", "scored"), [("a", "b"), (None, None), ("a", None), (None, "a")])
def test_a_first_trial_that_differs_or_could_not_be_compared_proves_nothing(
    encoded: str | None, scored: str | None
) -> None:
    who, _ = decoding()
    with pytest.raises(OtherPicturesError):
        who.prove(0, "cuda", encoded=encoded, scored=scored)
    assert not who.is_proven(0)


def test_a_device_is_given_up_once_for_all_trials_under_way() -> None:
    who, heard = decoding()
    who.give_up("cuda", ToolError("It is lost."))
    who.give_up("cuda", ToolError("It is lost again."))
    assert who.device is None
    assert [e.event for e in heard.events] == [EventName.RESOURCES_CHANGED]
    assert heard.events[0].data["why"] == "cuda is given up (It is lost): software decodes from here on"
    assert who.notes == ["Decoding: cuda is given up (It is lost): software decodes from here on."]


def test_dolby_vision_is_left_to_software_and_everything_else_to_the_device() -> None:
    heard = Heard()
    emit = Emitter(heard, "a.mkv", lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert Decoding.of(info(film(dolby_vision=DolbyVision(profile=8))), CUDA, emit).device is None
    assert [e.data["why"] for e in heard.events] == ["Dolby Vision is not left to devices: software decodes"]
    assert Decoding.of(info(film(bit_depth=10)), Device(name="qsv", why=""), emit).flags("qsv")[-1] == "p010le"
    assert Decoding.of(info(film()), CUDA, emit).device == "cuda"
    assert Decoding.of(info(film(dolby_vision=DolbyVision(profile=8))), Device(name=None, why=""), emit).notes == []
    assert len(heard.events) == 1


def test_a_device_that_was_not_to_be_had_is_told_at_the_start_and_one_that_nobody_wanted_is_not() -> None:
    _, heard = decoding(Device(name=None, why="vaapi does not open here (no driver)"))
    assert [e.data["why"] for e in heard.events] == ["vaapi does not open here (no driver): software decodes"]
    quiet, heard = decoding(Device(name=None, why=""))
    assert (heard.events, quiet.notes) == ([], [])
