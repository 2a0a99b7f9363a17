"""Frames decoded once and for all: raw pictures in a file, which encodes and scores read in the source's place."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from reelwright.media.model import Video
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ffmpeg import QUIET, TICK
from reelwright.tools.frames import FrameCommand

#: Bytes a pixel of the formats whose frames are kept: those that FFmpeg's NUT holds as they are.
BYTES_PER_PIXEL = {
    "yuv420p": Fraction(3, 2),
    "yuv422p": Fraction(2),
    "yuv420p10le": Fraction(3),
    "yuv422p10le": Fraction(4),
}
#: What may be attached to a film's frames without changing what becomes of them; nothing else survives as raw pictures.
HARMLESS = frozenset({"SEI_UNREGISTERED", "A53_CC", "GOP_TIMECODE", "S12M_TIMECODE", "DISPLAYMATRIX"})
#: What NUT writes beside the pictures: a little for each, and its headers.
BESIDE_EACH, BESIDE_ALL = 128, 1 << 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Unpacked:
    """Frames [first, end) of a film as raw pictures."""

    path: str
    first: int
    end: int

    @property
    def input_args(self) -> tuple[str, ...]:
        """Input flags, `-i` and the file; its only stream is 0."""
        return ("-noautorotate", "-reinit_filter", "0", *input_flags(), "-i", file_url(self.path))

    def frames(self, runs: Sequence[tuple[int, int]]) -> FrameCommand:
        """The frames of some runs [start, end) of the film, and no other."""
        first, last = runs[0][0], runs[-1][1]
        chosen = f"trim=start_frame={first - self.first}:end_frame={last - self.first}"
        if len(runs) > 1:
            parts = [f"between(n\\,{start - first}\\,{end - 1 - first})" for start, end in runs]
            chosen += f",select={'+'.join(parts)}"
        return FrameCommand(input_args=(*self.input_args, "-map", "0:0"), filters=(chosen,))


def unpacked_bytes(video: Video, frames: int) -> int | None:
    """What so many frames of a film take as raw pictures; None where those would not be all there is to them."""
    pixel = BYTES_PER_PIXEL.get(video.pix_fmt or "")
    described = video.hdr10plus or video.dolby_vision or video.mastering_display or video.content_light
    # A display matrix is said of the stream, and raw pictures have none.
    if pixel is None or described or video.rotation or not HARMLESS.issuperset(video.frame_data):
        return None
    # Odd sizes round up in chroma, by how much is the format's affair.
    return int(video.width * video.height * pixel) * frames if video.width % 2 == video.height % 2 == 0 else None


def is_all_there(size: int, expected: int, frames: int) -> bool:
    """Whether a file of this size holds so many frames of these bytes, no fewer and no others."""
    return expected <= size <= expected + BESIDE_ALL + BESIDE_EACH * frames


def unpack_args(ffmpeg: str, frames: FrameCommand, out: str) -> list[str]:
    """Decode frames into a file of raw pictures, numbered as an encode's are."""
    chain = ",".join((*frames.filters, "settb=1/1000", f"setpts=N*{TICK}"))
    return [
        *(ffmpeg, *QUIET, "-y", *frames.input_args, "-map_metadata", "-1", "-map_chapters", "-1", "-an", "-sn", "-dn"),
        *("-vf", chain, "-fps_mode", "passthrough", "-enc_time_base", "1:1000"),
        *("-c:v", "rawvideo", "-f", "nut", file_url(out)),
    ]
