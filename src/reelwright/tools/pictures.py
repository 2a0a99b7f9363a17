"""Single frames as pictures for a page: the same frame of a source and its output, in sRGB, as WebP."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from reelwright.errors import ToolError
from reelwright.media.colors import UNSAID
from reelwright.media.model import Color, Video
from reelwright.media.timing import FrameIndex
from reelwright.planning.clocks import MILLISECOND
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ffmpeg import QUIET
from reelwright.tools.frames import STEPS_BACK, chosen, reference_input
from reelwright.tools.process import Runner

#: WebP qualities tried, best first: the first picture that is small enough is taken, else the smallest.
QUALITIES = (95, 85, 70, 45, 5)
MOST_BYTES = 200_000
MOST_WIDTH = 1280
#: Lines from which an untagged picture is taken for BT.709, as players do.
HIGH_DEFINITION = 720
HDR = frozenset({"smpte2084", "arib-std-b67"})
#: A decoder that says nothing for so long will not say anything.
STALL_SECONDS = 300.0
#: Ways to a frame, the quick one first: the last decodes from the beginning.
SOURCE_WAYS = range(len(STEPS_BACK) + 1)
OUTPUT_WAYS = range(2)

#: Filters that turn a picture by so many degrees clockwise.
UPRIGHT = {90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Grab:
    """What gives one frame: input flags with `-i`, the stream, and filters that leave exactly that frame."""

    input_args: tuple[str, ...]
    stream: str
    filters: tuple[str, ...]


def source_grab(
    source: str,
    video_index: int,
    index: FrameIndex,
    plan_filters: Sequence[str],
    *,
    frame: int,
    attempt: int,
    ahead: tuple[str, ...] = (),
    rotation: int = 0,
) -> Grab:
    """Frame of the source as the encoder was given it: fields, size, crop and colour tags are the plan's.

    Args:
        source: path of the source.
        video_index: the film's stream.
        index: its frames.
        plan_filters: filters of the plan.
        frame: the frame wanted.
        attempt: 0 seeks; later ones decode from further back.
        ahead: filters of the plan that look at neighbours.
        rotation: degrees of the display matrix. The page shows pictures upright, unlike the encoder, which is given
            them as they are stored: they are turned last, because the plan's filters are of stored pictures.
    """
    return Grab(
        input_args=reference_input(source, index, frame, attempt, ahead),
        stream=f"0:{video_index}",
        filters=(*chosen(index, frame, frame + 1, ahead), *plan_filters, *UPRIGHT.get(-rotation % 360, ())),
    )


def output_grab(
    output: str,
    index: FrameIndex,
    shift: Fraction,
    *,
    start: int,
    frame: int,
    attempt: int,
    clock: Fraction = MILLISECOND,
) -> Grab:
    """The same frame of the output, decoded from the key frame its chunk starts with.

    Args:
        output: path of the output.
        index: the source's frames; packet k of the output has the time of frame k, to half a tick.
        shift: seconds that were added to every time.
        start: first frame of the chunk.
        frame: the frame wanted.
        attempt: 0 seeks; later ones decode from the beginning.
        clock: seconds of a tick of the film's clock in the output.
    """
    seek = (
        "-noaccurate_seek",
        "-seek_timestamp",
        "1",
        "-ss",
        f"{float(index.pts[start] * index.time_base + shift) + 0.001:.6f}",
    )
    first = math.ceil(_between(index, shift, clock, frame - 1))
    stop = math.ceil(_between(index, shift, clock, frame))
    return Grab(
        input_args=("-copyts", *input_flags(), *(seek if attempt == 0 else ()), "-i", file_url(output)),
        stream="0:v:0",
        filters=(f"trim=start_pts={first}:end_pts={stop}",),
    )


def _tick(index: FrameIndex, shift: Fraction, clock: Fraction, frame: int) -> float:
    return float((index.pts[frame] * index.time_base + shift) / clock)


def _between(index: FrameIndex, shift: Fraction, clock: Fraction, frame: int) -> float:
    """Half way from a frame to the next, in ticks: rounding to ticks cannot carry a frame over it."""
    if frame < 0:
        return math.floor(_tick(index, shift, clock, 0)) - 1
    if frame + 1 >= index.frames:
        return math.ceil(_tick(index, shift, clock, frame)) + 1
    return (_tick(index, shift, clock, frame) + _tick(index, shift, clock, frame + 1)) / 2


def to_srgb(video: Video) -> tuple[str, ...]:
    """Filters from a frame to upright square pixels in sRGB, at most 1280 wide.

    Range and matrix are converted by the frame's tags, other primaries to BT.709's. The transfer of SDR stays as
    it is: players show BT.709 code values as they are, and so does the page. HDR is mapped with 203 cd/m² as white
    (ITU-R BT.2408).
    """
    color = video.color
    fit = f"scale=w='min({MOST_WIDTH},trunc(iw*sar/2)*2)':h='trunc(ih*ow/(iw*sar)/2)*2':flags=lanczos+accurate_rnd"
    if color.transfer in HDR:
        mapped = ("zscale=t=linear:npl=203", "format=gbrpf32le", "tonemap=mobius:desat=0")
        return (fit, *mapped, "zscale=p=bt709:t=bt709:m=gbr:r=full", "format=bgra", "setsar=1")
    return (*_matrix_said(color, video.height), fit + _primaries(color), "format=bgra", "setsar=1")


def _matrix_said(color: Color, height: int) -> tuple[str, ...]:
    if color.matrix not in UNSAID:
        return ()
    return (f"setparams=colorspace={'bt709' if height >= HIGH_DEFINITION else 'smpte170m'}",)


def _primaries(color: Color) -> str:
    if color.primaries in UNSAID or color.primaries == "bt709":
        return ""
    # The same transfer on both sides: only the primaries are to change.
    return ":in_transfer=bt709:out_transfer=bt709:out_primaries=bt709"


def picture_args(ffmpeg: str, grab: Grab, convert: Sequence[str], outs: Sequence[Path]) -> list[str]:
    """Decode one frame once and write it at every quality."""
    names = [f"[q{k}]" for k in range(len(outs))]
    chain = ",".join((*grab.filters, *convert, f"split={len(outs)}"))
    graph = f"[{grab.stream}]{chain}{''.join(names)}"
    ends = [
        part
        for name, quality, out in zip(names, QUALITIES, outs, strict=True)
        for part in ("-map", name, *_webp(quality), file_url(out))
    ]
    return [*(ffmpeg, *QUIET, "-y"), *grab.input_args, "-filter_complex", graph, *ends]


def _webp(quality: int) -> tuple[str, ...]:
    return ("-frames:v", "1", "-fps_mode", "passthrough", "-c:v", "libwebp", "-quality", str(quality), "-f", "webp")


async def fetch_picture(
    runner: Runner, ffmpeg: str, grabs: Sequence[Grab], *, convert: Sequence[str], folder: Path, what: str
) -> bytes:
    """The frame as WebP, from the first of the grabs that yields it.

    Args:
        runner: spawns FFmpeg.
        ffmpeg: its path.
        grabs: ways to the same frame, the quick one first.
        convert: filters to sRGB.
        folder: for files under way; must exist.
        what: what is fetched, for error messages.

    Raises:
        ToolError: no way led to the frame.
    """
    outs = [folder / f"{quality}.webp" for quality in QUALITIES]
    said = ""
    for grab in grabs:
        for out in outs:
            out.unlink(missing_ok=True)
        done = await runner.run(
            picture_args(ffmpeg, grab, convert, outs), what=what, check=False, timeout_seconds=STALL_SECONDS
        )
        said = done.stderr
        made = [out for out in outs if out.is_file() and out.stat().st_size]
        if made:
            return next((p for p in made if p.stat().st_size <= MOST_BYTES), made[-1]).read_bytes()
    last = said.strip().splitlines()[-1:] or ["nothing came out"]
    raise ToolError(f"{what} failed: {last[0]}.", stderr=said)


def webp_size(data: bytes) -> tuple[int, int]:
    """Width and height of a lossy WebP picture, from its header (RFC 9649)."""
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF
