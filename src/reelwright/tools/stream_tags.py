"""The colour tags inside a movie's bitstream, apart from its container's: of H.264, H.265, AV1 and ProRes."""

import asyncio
import re
from pathlib import Path

from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.process import Runner

#: ITU-T H.273's code points: primaries, transfer, matrix.
Tags = tuple[int, int, int]
#: The first one is color_primaries in AV1, the last one matrix_coeffs in H.265 and matrix_coefficients in the others.
_FIELD = re.compile(r"(colou?r_primaries|transfer_characteristics|matrix_coeff)[a-z]* +[01]+ = ([0-9]+)")
#: Filters that leave the sequence's parameters alone, by what encodes.
PARAMETER_SETS = {
    "libx264": "h264_mp4toannexb,filter_units=pass_types=7",
    "libx265": "hevc_mp4toannexb,filter_units=pass_types=33",
    "libsvtav1": "filter_units=pass_types=1",
}
#: Bytes of a ProRes frame's header (SMPTE RDD 36) from its mark to its three tags, and where the first one is sought.
PRORES, PRORES_TAGS, SEARCHED = b"icpf", 18, 1 << 20


def trace_args(ffmpeg: str, path: Path, encoder: str) -> list[str]:
    """FFmpeg's command line that reads a movie's parameter set aloud, out of the bitstream of its first picture.

    Other units are left out: encoders write pages of remarks.
    """
    args = [ffmpeg, "-nostdin", "-hide_banner", "-v", "verbose", *input_flags(), "-i", file_url(path)]
    args += ["-map", "0:v:0", "-c", "copy", "-frames:v", "1", "-bsf:v", f"{PARAMETER_SETS[encoder]},trace_headers"]
    return [*args, "-f", "null", "-"]


def traced_tags(said: str) -> Tags | None:
    """The tags of what FFmpeg read; None where there are none."""
    found = {name.replace("color_", "colour_"): int(value) for name, value in _FIELD.findall(said)}
    values = [found.get(name) for name in ("colour_primaries", "transfer_characteristics", "matrix_coeff")]
    primaries, transfer, matrix = values
    return None if primaries is None or transfer is None or matrix is None else (primaries, transfer, matrix)


def prores_tags(data: bytes) -> Tags | None:
    """The tags of the first ProRes frame in these bytes; None where there is no frame."""
    at = data.find(PRORES)
    tags = data[at + PRORES_TAGS : at + PRORES_TAGS + 3] if at >= 0 else b""
    return (tags[0], tags[1], tags[2]) if len(tags) == 3 else None  # noqa: PLR2004 - three tags


def beginning(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(SEARCHED)


async def stream_tags(runner: Runner, ffmpeg: str, path: Path, *, encoder: str) -> Tags | None:
    """The colour tags in the bitstream of a movie; None where it has none.

    Args:
        runner: spawns FFmpeg.
        ffmpeg: its path.
        path: the movie.
        encoder: what encoded it, by FFmpeg's name.

    Raises:
        ToolError: FFmpeg could not read it.
    """
    if encoder == "prores_ks":
        return prores_tags(await asyncio.to_thread(beginning, path))
    finished = await runner.run(trace_args(ffmpeg, path, encoder), what=f"Reading the headers of {path.name}")
    return traced_tags(finished.stderr)
