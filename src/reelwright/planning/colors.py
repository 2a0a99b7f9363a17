"""From the source's colours to the encoder's: 10-bit 4:2:0, by declared rules, and how the result is tagged.

What the source says of its colours is kept word for word, and what it does not say stays unsaid. Only where samples
have to be made anew (RGB, other chroma formats, chroma where AV1 has no word for its place) do the tags say what was
made.
"""

from dataclasses import replace

from reelwright.media.colors import CHROMA_LOCATIONS, UNSAID, said
from reelwright.media.model import Color, Video
from reelwright.planning.scale import scale_filter

#: The encoder's pixel format.
PIX_FMT = "yuv420p10le"
#: Where chroma lies in samples that are made anew: between two rows, in line with every other column.
MADE = "left"
#: Places AV1 has words for (6.4.2: CSP_VERTICAL and CSP_COLOCATED).
SAYABLE = frozenset({"left", "topleft"})
RGB = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "x2rgb", "x2bgr", "pal8", "bayer")
GRAY = ("gray", "ya8", "ya16", "mono")
ALPHA = ("yuva", "gbrap", "rgba", "bgra", "argb", "abgr", "ya8", "ya16", "ayuv", "vuya", "uyva", "pal8")
HALF = ("420", "nv12", "nv21", "p010", "p012", "p016")
#: The matrix RGB is turned by, by its primaries (ITU-T H.273: each belongs to a system of television); else BT.709's.
MATRICES = {"bt2020": "bt2020nc", "bt470bg": "bt470bg", "smpte170m": "smpte170m", "smpte240m": "smpte240m"}
#: FFmpeg's scaler would follow the frames' tags, and knows not all of them; everything is said by our own words.
UNTAG_RGB = "setparams=color_primaries=unknown:color_trc=unknown:chroma_location=unknown"
UNTAG = f"{UNTAG_RGB}:colorspace=unknown"
QUALITY = "flags=bicubic+accurate_rnd+full_chroma_int"


def is_rgb(video: Video) -> bool:
    """Whether the samples are red, green and blue."""
    return (video.pix_fmt or "").startswith(RGB)


def is_gray(video: Video) -> bool:
    """Whether there is luma alone."""
    return (video.pix_fmt or "").startswith(GRAY)


def is_half(video: Video) -> bool:
    """Whether chroma is 4:2:0 already."""
    name = video.pix_fmt or ""
    return any(part in name for part in HALF) and not is_rgb(video)


def is_full_range(video: Video) -> bool:
    """Whether luma spans 0 to 255: said by the tag, or by the old "yuvj" formats."""
    return video.color.range in {"pc", "full", "jpeg"} or (video.pix_fmt or "").startswith("yuvj")


def chroma_location(video: Video) -> str | None:
    """Where chroma lies as the source says it; None where it does not, or has none."""
    known = video.color.chroma_location
    return known if known in CHROMA_LOCATIONS and not is_gray(video) and not is_rgb(video) else None


def moves_chroma(video: Video) -> bool:
    """Whether 4:2:0 chroma lies where AV1 has no word for."""
    return is_half(video) and chroma_location(video) not in {None, *SAYABLE}


def output_color(video: Video) -> Color:
    """What the output says of its colours."""
    color, location = video.color, chroma_location(video)
    kept = replace(color, primaries=said(color.primaries), transfer=said(color.transfer), matrix=said(color.matrix))
    if is_rgb(video):
        matrix = MATRICES.get(color.primaries or "", "bt709")
        return replace(kept, range="tv", matrix=matrix, chroma_location=MADE)
    if not is_gray(video) and (location is not None or not is_half(video)):
        location = location if location in SAYABLE else MADE
    return replace(kept, range="pc" if is_full_range(video) else "tv", chroma_location=location)


def output_light(video: Video) -> tuple[int, int] | None:
    """The content light level the output says: zeros mean that it is not known (CTA-861.3), and none is written."""
    return video.content_light if video.content_light and video.content_light[0] else None


def setparams(color: Color, *, full_range: bool) -> str:
    """The filter that tags frames with colours.

    Output-side flags (-colorspace and so on) are lost in FFmpeg 9, so the chain ends with this.
    """
    tags = [f"range={'pc' if full_range else 'tv'}"]
    tags += [f"color_primaries={color.primaries}"] if color.primaries not in UNSAID else []
    tags += [f"color_trc={color.transfer}"] if color.transfer not in UNSAID else []
    tags += [f"colorspace={color.matrix}"] if color.matrix not in UNSAID else []
    tags += [f"chroma_location={color.chroma_location}"] if color.chroma_location not in UNSAID else []
    return "setparams=" + ":".join(tags)


def conversion(video: Video, size: tuple[int, int] | None = None) -> tuple[str, ...]:
    """Filters from the source's frames to 10-bit 4:2:0, at another size where one is given."""
    if is_rgb(video):
        made = f"out_color_matrix={output_color(video).matrix}:out_chroma_loc={MADE}:"
        return UNTAG_RGB, _scale(f"out_range=limited:{made}", size), f"format={PIX_FMT}"
    # FFmpeg's scaler takes grey for full range whatever it is told: full to full leaves every value as it is.
    span = "full" if is_full_range(video) or is_gray(video) else "limited"
    ranges = f"in_range={span}:out_range={span}:"
    target = output_color(video).chroma_location
    if is_gray(video) and not is_full_range(video) and (video.bit_depth or 8) <= 8:  # noqa: PLR2004
        # From 8 bits to 10 full range is stretched; so it gets its chroma first, and its bits as limited range.
        whole = f"scale={ranges}{QUALITY}"
        return UNTAG, whole, "format=yuv420p", _scale("in_range=limited:out_range=limited:", size), f"format={PIX_FMT}"
    if target is None:
        return UNTAG, _scale(ranges, size), f"format={PIX_FMT}"
    if moves_chroma(video):
        # Between two 4:2:0 formats the scaler leaves chroma where it is; so it is made 4:4:4 first.
        whole = f"scale={ranges}in_chroma_loc={chroma_location(video)}:{QUALITY}"
        made = _scale(f"{ranges}out_chroma_loc={target}:", size)
        return UNTAG, whole, "format=yuv444p16le", made, f"format={PIX_FMT}"
    places = f"in_chroma_loc={chroma_location(video) or MADE}:out_chroma_loc={target}:"
    return UNTAG, _scale(ranges + places, size), f"format={PIX_FMT}"


def _scale(options: str, size: tuple[int, int] | None) -> str:
    return f"scale={options}{QUALITY}" if size is None else scale_filter(size, options)


def color_notes(video: Video) -> tuple[str, ...]:
    """Sentences on what is made anew, each with its rule."""
    notes, name, output = [], video.pix_fmt or "", output_color(video)
    if is_rgb(video):
        notes.append(
            f"{name} becomes Y'CbCr of limited range by the matrix {output.matrix} (BT.709's unless primaries call for"
            " another), and is tagged so."
        )
    if is_gray(video):
        notes.append(f"{name} becomes 4:2:0 with neutral chroma; its luma keeps its values.")
    elif name and not is_half(video):
        notes.append(f"Chroma of {name} becomes 4:2:0, sited {output.chroma_location}.")
    if moves_chroma(video):
        notes.append(f"Chroma sited {chroma_location(video)}, which AV1 cannot say, is moved {MADE}.")
    if name.startswith(ALPHA):
        notes.append(f"The transparency of {name} is dropped: AV1 has no place for it beside the picture.")
    if video.bit_depth is not None and video.bit_depth > 10:  # noqa: PLR2004
        notes.append(
            f"{video.bit_depth} bits a sample become 10, the most the encoder takes: each is rounded or dithered."
        )
    if video.content_light and video.content_light[1] and not video.content_light[0]:
        notes.append(
            f"Its light level says a mean of {video.content_light[1]} cd/m² and no peak; the encoder writes none."
        )
    return tuple(notes)
