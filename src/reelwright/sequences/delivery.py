"""What a movie is delivered as: codecs, their settings, and the containers they go into."""

from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from reelwright.errors import UsageError


class Kind(StrEnum):
    """How an output is made."""

    #: One pass into a movie.
    MOVIE = "movie"
    #: One pass into a lossless film, which then goes through the quality engine.
    TARGET = "target"
    #: One picture a frame.
    FRAMES = "frames"


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A way of delivering."""

    name: str
    summary: str
    kind: Kind
    #: End of the output's name.
    suffix: str
    #: FFmpeg's pixel format, and the encoder's flags.
    pix_fmt: str
    flags: tuple[str, ...] = ()
    #: Largest error of a colour chart through it, in code values of 0 to 1; None: it depends on the picture.
    error: float | None = None
    #: Whether an alpha channel is kept.
    alpha: bool = False
    #: Whether it holds light, of the whole range of half floats: the renderer writes it, without slate and burn-ins.
    light: bool = False
    #: The smallest picture the codec takes.
    smallest: tuple[int, int] = (2, 2)
    #: Frames of a closed group, the fewest that can be encoded again without the rest; of an intra codec, one.
    group: int = 1


#: Frames of a group of H.264 and H.265: about two seconds. Each begins with a key frame that nothing after it looks
#: beyond, so that a late frame costs one group and not the movie.
GROUP = 48
#: What x265 writes of itself would differ with the number of threads, and movies could not be put together of it.
_X265 = "log-level=error:open-gop=0:info=0"
_MOV = ("-movflags", "+write_colr+use_metadata_tags")
_FAST = ("-movflags", "+write_colr+use_metadata_tags+faststart")
#: Settings as the ASWF's encoding guidelines have them (EncodingGuidelines, 2026-01).
PROFILES = {
    p.name: p
    for p in (
        Profile(
            name="h264",
            summary="H.264, 10 bit 4:2:0, CRF 18: for review",
            kind=Kind.MOVIE,
            suffix=".mov",
            pix_fmt="yuv420p10le",
            flags=("-c:v", "libx264", "-preset", "medium", "-crf", "18", *_FAST),
            group=GROUP,
        ),
        Profile(
            name="h264-8bit",
            summary="H.264, 8 bit 4:2:0, CRF 18: plays everywhere",
            kind=Kind.MOVIE,
            suffix=".mp4",
            pix_fmt="yuv420p",
            flags=("-c:v", "libx264", "-preset", "medium", "-crf", "18", *_FAST),
            group=GROUP,
        ),
        Profile(
            name="h264-draft",
            summary="H.264, 8 bit 4:2:0, CRF 20, quickly encoded: for a first look",
            kind=Kind.MOVIE,
            suffix=".mp4",
            pix_fmt="yuv420p",
            flags=("-c:v", "libx264", "-preset", "veryfast", "-crf", "20", *_FAST),
            group=GROUP,
        ),
        Profile(
            name="h265",
            summary="H.265, 10 bit 4:2:0, CRF 20",
            kind=Kind.MOVIE,
            suffix=".mov",
            pix_fmt="yuv420p10le",
            flags=(
                *("-c:v", "libx265", "-preset", "medium", "-crf", "20", "-x265-params", _X265),
                *("-tag:v", "hvc1", *_FAST),
            ),
            group=GROUP,
        ),
        Profile(
            name="h265-8bit",
            summary="H.265, 8 bit 4:2:0, CRF 20",
            kind=Kind.MOVIE,
            suffix=".mp4",
            pix_fmt="yuv420p",
            flags=(
                *("-c:v", "libx265", "-preset", "medium", "-crf", "20", "-x265-params", _X265),
                *("-tag:v", "hvc1", *_FAST),
            ),
            group=GROUP,
        ),
        Profile(
            name="prores-422hq",
            summary="ProRes 422 HQ, 10 bit: for editing",
            kind=Kind.MOVIE,
            suffix=".mov",
            pix_fmt="yuv422p10le",
            flags=("-c:v", "prores_ks", "-profile:v", "3", "-vendor", "apl0", "-qscale:v", "4", *_MOV),
        ),
        Profile(
            name="prores-4444",
            summary="ProRes 4444, 10 bit, with alpha where there is one",
            kind=Kind.MOVIE,
            suffix=".mov",
            pix_fmt="yuv444p10le",
            flags=("-c:v", "prores_ks", "-profile:v", "4", "-vendor", "apl0", "-qscale:v", "2", *_MOV),
            error=1 / 512,
            alpha=True,
        ),
        Profile(
            name="dnxhr-hqx",
            summary="DNxHR HQX, 10 bit 4:2:2: for editing",
            kind=Kind.MOVIE,
            suffix=".mov",
            pix_fmt="yuv422p10le",
            flags=("-c:v", "dnxhd", "-profile:v", "dnxhr_hqx", *_MOV),
            smallest=(256, 120),
        ),
        Profile(
            name="av1",
            summary="AV1 at a VMAF target, in chunks, as any film",
            kind=Kind.TARGET,
            suffix=".mkv",
            pix_fmt="yuv420p10le",
            flags=("-c:v", "ffv1", "-level", "3", "-g", "1", "-slices", "4", "-slicecrc", "1"),
        ),
        Profile(
            name="png",
            summary="PNG frames, 16 bit RGB",
            kind=Kind.FRAMES,
            suffix=".png",
            pix_fmt="rgb48be",
            flags=("-c:v", "png", "-compression_level", "1"),
            error=1 / 65535,
        ),
        Profile(
            name="dpx",
            summary="DPX frames, 10 bit RGB",
            kind=Kind.FRAMES,
            suffix=".dpx",
            pix_fmt="gbrp10be",
            flags=("-c:v", "dpx"),
            error=1 / 1023,
        ),
        Profile(
            name="tiff",
            summary="TIFF frames, 16 bit RGB",
            kind=Kind.FRAMES,
            suffix=".tif",
            pix_fmt="rgb48le",
            flags=("-c:v", "tiff", "-compression_algo", "lzw"),
            error=1 / 65535,
        ),
        Profile(
            name="exr",
            summary="EXR frames, half float, values as seen: 0 to 1",
            kind=Kind.FRAMES,
            suffix=".exr",
            pix_fmt="gbrpf32le",
            flags=("-c:v", "exr", "-compression", "zip16", "-format", "half"),
            error=1 / 4096,
        ),
        Profile(
            name="exr-linear",
            summary="EXR frames, half float, light of the whole range, without slate and burn-ins: for further work",
            kind=Kind.FRAMES,
            suffix=".exr",
            pix_fmt="half",
            alpha=True,
            light=True,
        ),
        Profile(
            name="jpeg",
            summary="JPEG frames, 8 bit 4:4:4, quality 2 of 31",
            kind=Kind.FRAMES,
            suffix=".jpg",
            pix_fmt="yuvj444p",
            flags=("-c:v", "mjpeg", "-q:v", "2", "-huffman", "optimal"),
        ),
    )
}
#: What a row without outputs gets.
DEFAULT = "h264"


def find_profile(name: str) -> Profile:
    """The profile of that name.

    Raises:
        UsageError: there is none.
    """
    if name in PROFILES:
        return PROFILES[name]
    close = get_close_matches(name, PROFILES, n=1)
    hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(PROFILES)}."
    raise UsageError(f"There is no delivery profile {name!r}.", hint=hint)
