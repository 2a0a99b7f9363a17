"""FFmpeg command lines and what it says about its progress."""

from collections.abc import Callable
from dataclasses import dataclass

from reelwright.planning.plan import EncodePlan
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.frames import FrameCommand

#: Chunk frames are numbered, not timed: frame k of a chunk is stamped k * TICK milliseconds, far enough apart for
#: Matroska's clock. The true times are stamped on when the chunks are joined.
TICK = 40

QUIET = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+warning")
#: SVT-AV1 writes past FFmpeg's log level; this keeps its warnings and errors.
ENCODER_ENVIRONMENT = {"SVT_LOG": "2"}


def format_crf(crf: float) -> str:
    """A CRF as SVT-AV1 takes it: quarter steps without trailing zeros."""
    return f"{crf:.2f}".rstrip("0").rstrip(".")


def encode_args(
    ffmpeg: str, frames: FrameCommand, plan: EncodePlan, *, crf: float, threads: int, out: str, key: int | None = None
) -> list[str]:
    """Encode one range at one CRF into a bit-exact Matroska file.

    The CRF goes through -svtav1-params because FFmpeg's own -crf is an integer (ab-av1#342).
    `threads` is SVT-AV1's `lp`: it changes the speed and not one byte. At frame `key` a second key frame is forced.
    """
    numbered = f"settb=1/1000,setpts=N*{TICK}"
    chain = ",".join((*frames.filters, numbered, *plan.filters))
    parameters = ":".join(f"{name}={value}" for name, value in plan.parameters)
    return [
        *(ffmpeg, *QUIET, "-y", "-progress", "pipe:1", "-stats_period", "0.5"),
        *frames.input_args,
        *("-map_metadata", "-1", "-map_chapters", "-1", "-an", "-sn", "-dn"),
        *("-vf", chain, "-fps_mode", "passthrough", "-enc_time_base", "1:1000"),
        *("-c:v", plan.encoder, "-preset", str(plan.request.preset)),
        *(() if key is None else ("-force_key_frames", f"expr:eq(n,{key})")),
        *("-svtav1-params", f"crf={format_crf(crf)}:lp={threads}:{parameters}"),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "matroska", file_url(out)),
    ]


def decode_args(ffmpeg: str, path: str) -> list[str]:
    """Decode the first video stream of a file in full and print a line for each frame with its PTS.

    `framecrc` prints `stream, dts, pts, duration, size, checksum`.
    """
    return [
        *(ffmpeg, *QUIET, "-xerror", "-copyts", "-noautorotate", *input_flags(), "-i", file_url(path)),
        *("-map", "0:v:0", "-fps_mode", "passthrough", "-enc_time_base", "demux", "-f", "framecrc", "pipe:1"),
    ]


def parse_framecrc(text: str) -> list[int]:
    """PTS of each decoded frame, from framecrc's lines."""
    return [int(line.split(",")[2]) for line in text.splitlines() if line and not line.startswith("#")]


def subtitle_args(ffmpeg: str, source: str, indexes: tuple[int, ...], out: str) -> list[str]:
    """Turn text subtitles into SubRip, in a Matroska file of their own that keeps the source's times."""
    maps = [part for k in indexes for part in ("-map", f"0:{k}")]
    return [
        *(ffmpeg, *QUIET, "-y", "-copyts", *input_flags(), "-i", file_url(source), *maps),
        *("-map_chapters", "-1", "-c:s", "subrip", "-fflags", "+bitexact", "-f", "matroska", file_url(out)),
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far an FFmpeg run is."""

    frame: int
    size_bytes: int | None


class ProgressReader:
    """Gathers FFmpeg's `-progress` lines and calls back once a block."""

    def __init__(self, tell: Callable[[Progress], None]) -> None:
        self._tell = tell
        self._fields: dict[str, str] = {}

    def __call__(self, line: str) -> None:
        """Take one `key=value` line."""
        key, _, value = line.strip().partition("=")
        self._fields[key] = value
        if key == "progress" and self._fields.get("frame", "").isdigit():
            size = self._fields.get("total_size", "")
            self._tell(Progress(frame=int(self._fields["frame"]), size_bytes=int(size) if size.isdigit() else None))
