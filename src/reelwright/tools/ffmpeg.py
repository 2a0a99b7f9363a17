"""FFmpeg command lines and what it says about its progress."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reelwright.planning.containers import Container
from reelwright.planning.plan import EncodePlan
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.encoders import Order, port_for
from reelwright.tools.frames import FrameCommand

#: Chunk frames are numbered, not timed: frame k of a chunk is stamped k * TICK milliseconds, far enough apart for
#: Matroska's clock. The true times are stamped on when the chunks are joined.
TICK = 40

QUIET = ("-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+warning")


def encode_args(
    ffmpeg: str,
    frames: FrameCommand,
    plan: EncodePlan,
    *,
    crf: float,
    threads: int,
    out: str,
    proof: tuple[str, ...] = (),
    key: int | None = None,
) -> list[str]:
    """Encode one range at one CRF into a bit-exact Matroska file.

    Args:
        ffmpeg: its path.
        frames: where the frames come from.
        plan: what is done with them, by which encoder.
        crf: on the common scale; see `reelwright.encoders`.
        threads: they change the speed and not one byte.
        out: where the chunk goes.
        proof: a second output that tells which frames were read; see `tools.proof`.
        key: frame of the range at which a second key frame is forced.
    """
    # SVT-AV1 refuses rates above 240, so it is told the rate of the numbering; it changes no frame and no byte.
    numbered = f"settb=1/1000,setpts=N*{TICK},fps={1000 // TICK}"
    port = port_for(plan.encoder)
    chain = ",".join((*frames.filters, numbered, *plan.filters, *port.filters))
    order = Order(crf=crf, preset=plan.request.preset, threads=threads, parameters=plan.parameters)
    return [
        *(ffmpeg, *QUIET, "-y", "-progress", "pipe:1", "-stats_period", "0.5", *port.device_args),
        *frames.input_args,
        *("-map_metadata", "-1", "-map_chapters", "-1", "-an", "-sn", "-dn"),
        *("-vf", chain, "-fps_mode", "passthrough", "-enc_time_base", "1:1000"),
        *(() if key is None else ("-force_key_frames", f"expr:eq(n,{key})")),
        *port.codec_args(order),
        # FFmpeg's own choice, "auto", drops Dolby Vision without a word.
        *(("-dolbyvision", "1") if plan.dolby_vision else ()),
        *("-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "matroska", file_url(out), *proof),
    ]


def decode_args(ffmpeg: str, path: str) -> list[str]:
    """Decode the first video stream of a file in full and print a line for each frame with its PTS.

    `framecrc` prints `stream, dts, pts, duration, size, checksum`.
    """
    return [
        *(ffmpeg, *QUIET, "-xerror", "-copyts", "-noautorotate"),
        # Sound whose channels have no names is guessed at, and that said, although nobody listens: not with 0.
        *("-guess_layout_max", "0", *input_flags(), "-i", file_url(path)),
        *("-map", "0:v:0", "-fps_mode", "passthrough", "-enc_time_base", "demux", "-f", "framecrc", "pipe:1"),
    ]


#: What FFmpeg's demuxer remarks on every MP4 file whose tracks have names, or which has a cover, its own included.
REMARKS = ("UDTA parsing failed retrying raw", "timescale not set")
#: What FFmpeg says of streams beside the film, such as a font of a type it does not know. The film is stream 0.
BESIDE_THE_FILM = re.compile(
    r"Could not find codec parameters for stream [1-9]|Consider increasing the value for the '"
)


def complaints_of(stderr: str) -> list[str]:
    """What a decoder complained of the film, remarks on sound files left out, and how often they were made."""
    said: list[str] = []
    remarked = False
    for line in stderr.splitlines():
        remarked = line.endswith(REMARKS) or (remarked and "Last message repeated" in line)
        if line.strip() and not remarked and not BESIDE_THE_FILM.search(line):
            said.append(line)
    return said


def samples_args(ffmpeg: str, path: str, index: int) -> list[str]:
    """Decode one sound and print the hash of its samples, as 32-bit integers: what holds 16 or 24 bits keeps them."""
    return [
        *(ffmpeg, *QUIET, "-vn", "-sn", "-dn", *input_flags(), "-i", file_url(path), "-map", f"0:{index}"),
        *("-c:a", "pcm_s32le", "-f", "hash", "-hash", "murmur3", "pipe:1"),
    ]


def parse_framecrc(text: str) -> list[int]:
    """PTS of each decoded frame, from framecrc's lines."""
    return [int(line.split(",")[2]) for line in text.splitlines() if line and not line.startswith("#")]


#: What converted streams are written in.
CONVERSION_MUXERS = {Container.MATROSKA: "matroska", Container.MP4: "mp4"}


def convert_args(
    ffmpeg: str,
    source: str,
    streams: Sequence[tuple[int, str]],
    out: str,
    *,
    offset: int = 0,
    container: Container = Container.MATROSKA,
) -> list[str]:
    """Turn streams into other codecs, in a file of their own that keeps the source's times.

    Args:
        ffmpeg: the program.
        source: the file.
        streams: index and new codec of each.
        out: where they go, in this order.
        offset: seconds added to every time, because Matroska has none below zero.
        container: which kind of file: timed text is of MP4 alone.
    """
    maps = [part for index, _ in streams for part in ("-map", f"0:{index}")]
    codecs = [part for place, (_, codec) in enumerate(streams) for part in (f"-c:{place}", codec)]
    return [
        *(ffmpeg, *QUIET, "-y", "-copyts", "-vn", *input_flags(), "-i", file_url(source), *maps),
        *(
            "-map_metadata",
            "-1",
            "-map_chapters",
            "-1",
            *codecs,
            "-fflags",
            "+bitexact",
            "-avoid_negative_ts",
            "disabled",
        ),
        *("-output_ts_offset", str(offset), "-f", CONVERSION_MUXERS[container], file_url(out)),
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
