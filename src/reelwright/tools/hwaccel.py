"""Decoding on a device: FFmpeg's options, what its log tells of who decoded, and the proof that pictures are the same.

A device may give pictures that are not the film's, and FFmpeg says nothing of it. So while a device decodes, each run
of FFmpeg hashes the frames it works on in a second output, and nothing counts before the hash is software's.
"""

import re
from pathlib import Path

from reelwright.tools.allow import file_url

#: Devices that decode, in the order `auto` tries them. FFmpeg lists others, which only filter.
DECODERS = ("cuda", "videotoolbox", "vaapi", "qsv", "d3d11va", "vulkan", "amf", "dxva2", "vdpau")
#: Our name of the device among FFmpeg's.
DEVICE = "decodes"
#: Formats in which pictures come off a device, and no software decoder gives them.
_FROM_DEVICE = re.compile(r"^(nv\d+|p[02]1\d)(le|be)?$")
_TEN_BITS = 10


def device_flags(name: str, bit_depth: int | None) -> tuple[str, ...]:
    """Input options that make a device decode. It is opened by itself, because then FFmpeg fails where it cannot be.

    Args:
        name: FFmpeg's name of the device.
        bit_depth: of the film's samples; None: not known.
    """
    flags = ("-init_hw_device", f"{name}={DEVICE}", "-hwaccel", name, "-hwaccel_device", DEVICE)
    if name != "qsv":
        return flags
    # Quick Sync alone would leave pictures on the device.
    return (*flags, "-hwaccel_output_format", "p010le" if (bit_depth or 8) >= _TEN_BITS else "nv12")


def look_args(ffmpeg: str, reference: tuple[str, ...], video_index: int) -> list[str]:
    """Decode one frame, with a log that tells in which format it came."""
    return [
        *(ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+verbose", *reference),
        *("-map", f"0:{video_index}", "-frames:v", "1", "-vf", "null", "-f", "null", "-"),
    ]


def decoded_as(said: str) -> str | None:
    """The format in which the decoder gave its pictures, from FFmpeg's verbose log; None where it gave none."""
    found = re.search(r"input from stream.*?pixfmt:(\w+)", said)
    return found[1] if found else None


def is_from_device(pix_fmt: str) -> bool:
    """Whether pictures in that format came off a device: FFmpeg goes over to software without a word to programs."""
    return _FROM_DEVICE.match(pix_fmt) is not None


def proof_args(stream: str, choose: str, pix_fmt: str | None, out: Path) -> tuple[str, ...]:
    """A second output: one hash over every frame of a chunk, as it was decoded.

    Args:
        stream: FFmpeg's specifier of the film.
        choose: the filter that chooses the chunk's frames.
        pix_fmt: the film's format. A device gives the same samples in another order, which is undone.
        out: where the hash goes.
    """
    # "yuvj420p" is an old way to say full range; the samples are yuv420p's.
    plain = (pix_fmt or "yuv420p").replace("yuvj", "yuv")
    chain = f"{choose},format={plain}"
    return (
        *("-y", "-map", stream, "-vf", chain, "-fps_mode", "passthrough", "-c:v", "rawvideo"),
        *("-f", "hash", "-hash", "murmur3", file_url(out)),
    )


def take_proof(path: Path) -> str | None:
    """The hash that was written, and its file removed; None where there is none."""
    try:
        return path.read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None
    finally:
        path.unlink(missing_ok=True)
