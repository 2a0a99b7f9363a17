"""Raw pictures that stand for a film's frames: which films have such, how large they are, and who is let at which."""

from dataclasses import replace

import pytest

from examples import video
from reelwright.tools.frames import FrameCommand
from reelwright.tools.unpacking import BESIDE_ALL, BESIDE_EACH, Unpacked, is_all_there, unpack_args, unpacked_bytes

VIDEO = video(width=1920, height=1080, pix_fmt="yuv420p", mastering_display=None, content_light=None)
HELD = Unpacked(path="/proc/1/fd/7", first=99, end=200)


@pytest.mark.parametrize(
    ("pix_fmt", "bytes_a_frame"),
    [("yuv420p", 3110400), ("yuv420p10le", 6220800), ("yuv422p", 4147200), ("yuv422p10le", 8294400)],
)
def test_a_picture_takes_what_its_format_takes(pix_fmt: str, bytes_a_frame: int) -> None:
    assert unpacked_bytes(replace(VIDEO, pix_fmt=pix_fmt), 10) == 10 * bytes_a_frame


@pytest.mark.parametrize(
    "facts",
    [
        {"pix_fmt": "rgb24"},
        {"pix_fmt": None},
        {"hdr10plus": True},
        {"rotation": 90},
        {"content_light": (1000, 400)},
        {"frame_data": ("MASTERING_DISPLAY_METADATA",)},
        {"frame_data": ("SEI_UNREGISTERED", "DOVI_METADATA")},
        {"width": 1919},
        {"height": 1079},
    ],
)
def test_pictures_that_are_not_all_there_is_to_a_frame_are_not_held(facts: dict[str, object]) -> None:
    assert unpacked_bytes(replace(VIDEO, **facts), 10) is None


def test_captions_and_an_encoders_signature_change_no_picture() -> None:
    assert unpacked_bytes(replace(VIDEO, frame_data=("A53_CC", "SEI_UNREGISTERED")), 1) == 3110400


def test_a_file_of_fewer_frames_or_of_others_is_not_taken_for_whole() -> None:
    frames, size = 10, 31104000
    assert is_all_there(size, size, frames)
    assert is_all_there(size + 40 * frames, size, frames)
    assert not is_all_there(size - 1, size, frames)
    # One frame more, or deeper samples.
    assert not is_all_there(size + size // frames, size, frames)
    assert not is_all_there(size + BESIDE_ALL + BESIDE_EACH * frames + 1, size, frames)


def test_frames_are_counted_from_the_first_that_is_held() -> None:
    assert HELD.frames([(100, 200)]).filters == ("trim=start_frame=1:end_frame=101",)
    windows = HELD.frames([(110, 120), (150, 160)])
    assert windows.filters == (
        r"trim=start_frame=11:end_frame=61,select=between(n\,0\,9)+between(n\,40\,49)",
    )  # fmt: skip
    assert windows.input_args[-2:] == ("-map", "0:0")


def test_the_file_is_opened_as_any_other() -> None:
    args = HELD.input_args
    assert args[args.index("-i") + 1] == "file:/proc/1/fd/7"
    assert {"-protocol_whitelist", "-format_whitelist"} <= set(args)


def test_frames_keep_their_own_format() -> None:
    command = unpack_args("ffmpeg", FrameCommand(input_args=("-i", "file:/a.mkv"), filters=("trim=x",)), "/proc/1/fd/7")
    assert not {"-pix_fmt", "-s"} & set(command)
    assert command[command.index("-vf") + 1].startswith("trim=x,")
    assert command[-1] == "file:/proc/1/fd/7"
