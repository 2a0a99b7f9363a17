"""FFmpeg's command line for a delivery: raw pictures in by a pipe, every output of a row out of one pass.

The filters name files of the folder that FFmpeg is started in, so that no path has to be escaped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from reelwright.sequences.delivery import Kind, Profile
from reelwright.sequences.overlay import EDGE, LETTERS, SMALLEST, BurnIn, Corner, runs
from reelwright.sequences.rendering import Raster
from reelwright.sequences.timecode import DROPPED, MINUTES_KEPT, labels_a_second
from reelwright.tools.allow import FORMATS, PROTOCOLS, file_url

#: Raw pictures are planar RGB of 16 bit, green first, as FFmpeg has them.
RAW, RAW_ALPHA = "gbrp16le", "gbrap16le"
FONT = "font.ttf"
MUXERS = {".mov": "mov", ".mp4": "mp4", ".mkv": "matroska"}
#: What sound may come in, beside films.
OPUS_RATE = 48_000
SOUND_FORMATS = f"{FORMATS},wav,w64,aiff,caf,flac,mp3,aac,ac3,eac3,truehd,dts"
#: sRGB's curve and BT.709's share their code values: only linear light is made of them where the size changes.
TO_LINEAR = "zscale=rin=full:r=full:min=gbr:m=gbr:pin=709:p=709:tin=iec61966-2-1:t=linear,format=gbrpf32le"
FROM_LINEAR = "zscale=rin=full:r=full:min=gbr:m=gbr:pin=709:p=709:tin=linear:t=iec61966-2-1"
#: To other depths, with the values rounded.
EXACTLY = "zscale=rin=full:r=full:min=gbr:m=gbr:d=none"


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """One file of a delivery, or one folder of frames."""

    profile: Profile
    #: Where it is written first.
    path: Path
    #: Pictures it has, the slate's among them.
    frames: int
    #: First timecode, the slate's; None: none is written.
    timecode: str | None = None
    #: Number of the first picture, of frames.
    first: int = 0
    tags: tuple[tuple[str, str], ...] = ()
    #: Keeps the alpha channel.
    alpha: bool = False


def geometry(raster: Raster) -> tuple[str, ...]:
    """Filters from the rendered picture to the delivered one: cut, fit in linear light, pad, mask."""
    filters = []
    if raster.crop:
        filters.append("crop={}:{}:{}:{}".format(*raster.crop))
    size = raster.crop[:2] if raster.crop else (raster.width, raster.height)
    if size != raster.fitted:
        width, height = raster.fitted
        filters += [TO_LINEAR, f"zscale=w={width}:h={height}:f=lanczos", FROM_LINEAR, f"format={RAW}"]
    if raster.fitted != (raster.out_width, raster.out_height):
        filters.append(f"pad={raster.out_width}:{raster.out_height}:-1:-1:black")
    filters.append("setsar=1")
    filters += mask_filters(raster)
    return tuple(filters)


def mask_filters(raster: Raster) -> tuple[str, ...]:
    """Two bars that leave a picture of the mask's shape open; none where it is no wider than the picture."""
    if raster.mask is None:
        return ()
    open_height = round(raster.out_width / raster.mask)
    bar = (raster.out_height - open_height) // 2
    open_width = round(raster.out_height * raster.mask)
    side = (raster.out_width - open_width) // 2
    color = f"black@{raster.mask_opacity:g}"
    if bar > 0:
        lower = raster.out_height - bar
        return tuple(f"drawbox=x=0:y={y}:w=iw:h={bar}:color={color}:t=fill" for y in (0, lower))
    if side > 0:
        right = raster.out_width - side
        return tuple(f"drawbox=x={x}:y=0:w={side}:h=ih:color={color}:t=fill" for x in (0, right))
    return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Counting:
    """What burn-ins count with."""

    #: Number of the first frame, and from one to the next.
    first: int
    step: int
    padding: int
    rate: Fraction
    #: Count of the first frame's timecode.
    timecode: int
    drop: bool = False


def burn_in_text(burn_in: BurnIn, fields: Mapping[str, str], counting: Counting) -> str:
    """The text file of a burn-in, in drawtext's language, where `n` counts frames from 0; empty for nothing."""
    parts = []
    for run in runs(burn_in, fields):
        if run.kind == "frame":
            parts.append(f"%{{eif:{counting.first}+n*{counting.step}:d:{counting.padding}}}")
        elif run.kind == "timecode":
            parts.append(timecode_text(counting))
        else:
            # A line more or a control character would move what is around it.
            clean = "".join(c if c.isprintable() else " " for c in run.text)
            parts.append(clean.replace("\\", "\\\\").replace("%", "\\%"))
    return "".join(parts).strip()


def timecode_text(counting: Counting) -> str:
    """A running timecode in drawtext's language; the formulas are those of `sequence.timecode`."""
    base = labels_a_second(counting.rate)
    count = f"(n*{counting.step}+{counting.timecode})" if counting.step != 1 else f"(n+{counting.timecode})"
    mark = ":"
    if counting.drop:
        lost, mark = DROPPED[counting.rate], ";"
        ten = base * 600 - lost * (MINUTES_KEPT - 1)
        tens, rest = f"floor({count}/{ten})", f"mod({count},{ten})"
        count = f"({count}+{lost}*({tens}*{MINUTES_KEPT - 1}+max(0,floor(({rest}-{lost})/{base * 60 - lost}))))"
    fields = (
        f"mod(floor({count}/{base * 3600}),24)",
        f"mod(floor({count}/{base * 60}),60)",
        f"mod(floor({count}/{base}),60)",
        f"mod({count},{base})",
    )
    hours, minutes, seconds, frames = (f"%{{eif:{field}:d:2}}" for field in fields)
    return f"{hours}:{minutes}:{seconds}{mark}{frames}"


def burn_in_filter(name: str, burn_in: BurnIn, raster: Raster) -> str:
    """A drawtext filter for a text file of the working folder."""
    size = max(SMALLEST, round(raster.out_height * LETTERS))
    edge = round(raster.out_height * EDGE)
    corner = burn_in.corner
    across = f"w-tw-{edge}" if corner in {Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT} else str(edge)
    if corner in {Corner.TOP, Corner.BOTTOM}:
        across = "(w-tw)/2"
    down = f"h-{edge}-{size}" if corner in {Corner.BOTTOM_LEFT, Corner.BOTTOM, Corner.BOTTOM_RIGHT} else str(edge)
    look = f"fontcolor=white@{burn_in.opacity:g}:shadowcolor=black@{burn_in.opacity:g}:shadowx=2:shadowy=2"
    return f"drawtext=fontfile={FONT}:textfile={name}:fontsize={size}:{look}:x={across}:y={down}:y_align=font"


def to_codes(profile: Profile, *, transfer: str, alpha: bool) -> str:
    """Filters from full-range RGB to what an encoder takes; movies are tagged last, where FFmpeg 9 heeds it.

    The matrix and primaries are BT.709's. The transfer is only a tag: code values stay as they are.
    """
    if profile.pix_fmt == "yuvj444p":  # JFIF has BT.601's matrix, whatever the primaries are
        return "zscale=rin=full:r=full:min=gbr:m=470bg:pin=709:p=709:tin=709:t=709:d=ordered,format=yuvj444p"
    if profile.pix_fmt == "gbrpf32le":
        return f"{EXACTLY},format=gbrpf32le"
    if profile.pix_fmt == "gbrp10be":  # FFmpeg's own conversion cuts the last bits off instead of rounding
        return f"{EXACTLY},format=gbrp10le,format=gbrp10be"
    if profile.kind is Kind.FRAMES:
        return f"format={profile.pix_fmt}"
    wanted = profile.pix_fmt.replace("yuv", "yuva", 1) if alpha else profile.pix_fmt
    dither = "none" if "10" in wanted else "ordered"
    codes = f"zscale=rin=full:r=limited:min=gbr:m=709:pin=709:p=709:tin=709:t=709:c=left:d={dither}"
    tags = f"setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc={transfer}"
    return f"{codes},format={wanted},{tags}"


def graph(delivery: "Delivery") -> str:
    """The whole filter graph; its ends are [o0], [o1], … in the order of the outputs."""
    cube = (f"lut3d={delivery.cube}:interp=tetrahedral",) if delivery.cube else ()
    chain = ",".join([*cube, *geometry(delivery.raster), *delivery.drawn])
    slate_frames = delivery.slate_frames if delivery.slate is not None else 0
    outputs = delivery.outputs
    parts = [f"[0:v:0]{chain}[main]"]
    end = "main"
    if slate_frames:
        loop = f"loop=loop={slate_frames - 1}:size=1," if slate_frames > 1 else ""
        # A slate of one frame has no duration that concat could know: every picture is counted again.
        clock = f"settb={delivery.rate.denominator}/{delivery.rate.numerator},setpts=N"
        parts += [f"[1:v:0]{loop}setsar=1[slate]", f"[slate][main]concat=n=2:v=1,{clock}[all]"]
        end = "all"
    labels = "".join(f"[s{k}]" for k in range(len(outputs)))
    parts.append(f"[{end}]split={len(outputs)}{labels}")
    for k, out in enumerate(outputs):
        parts.append(f"[s{k}]{to_codes(out.profile, transfer=delivery.transfer, alpha=out.alpha)}[o{k}]")
    return ";".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """Everything one pass needs."""

    raster: Raster
    rate: Fraction
    #: The pipe the pictures come through; the slate's picture, already of the delivered size.
    pictures: Path
    slate: Path | None
    slate_frames: int
    #: drawtext filters.
    drawn: tuple[str, ...]
    outputs: tuple[Output, ...]
    #: Transfer the movies are tagged with, by FFmpeg's name.
    transfer: str = "bt709"
    alpha: bool = False
    #: A 3D LUT of the working folder, in place of the exact transform.
    cube: str | None = None
    audio: Path | None = None


def delivery_args(ffmpeg: str, delivery: Delivery, *, threads: int) -> list[str]:
    """FFmpeg's command line for a pass."""
    raster, raw = delivery.raster, RAW_ALPHA if delivery.alpha else RAW
    rate = f"{delivery.rate.numerator}/{delivery.rate.denominator}"
    picture = ("-f", "rawvideo", "-pixel_format", raw, "-framerate", rate, "-protocol_whitelist", PROTOCOLS)
    args = [ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y", "-progress", "pipe:1", "-stats_period", "0.5"]
    args += [*picture, "-video_size", f"{raster.width}x{raster.height}", "-i", file_url(delivery.pictures)]
    if delivery.slate is not None:
        size = f"{raster.out_width}x{raster.out_height}"
        args += [*picture, "-video_size", size, "-i", file_url(delivery.slate)]
    if delivery.audio is not None:
        args += ["-protocol_whitelist", PROTOCOLS, "-format_whitelist", SOUND_FORMATS, "-i", file_url(delivery.audio)]
    args += ["-filter_complex", graph(delivery)]
    for k, out in enumerate(delivery.outputs):
        args += output_args(out, k, delivery, threads=threads)
    return args


@dataclass(frozen=True, kw_only=True, slots=True)
class Opus:
    """How a sound becomes Opus."""

    #: By FFmpeg's name.
    layout: str
    kbps: int


def sound_flags(out: Path, *, lead: Fraction, seconds: Fraction, opus: Opus | None = None) -> tuple[str, ...]:
    """Filters and codec of a sound that begins after the slate and is as long as the movie.

    QuickTime gets PCM, MP4 gets AAC, Matroska gets Opus; FLAC where Opus has no layout of its loudspeakers.
    """
    delay = f"adelay={round(lead * 1000)}:all=1," if lead else ""
    filters = f"{delay}apad,atrim=end={float(seconds):.6f}"
    if out.suffix != ".mkv":
        return ("-af", filters, "-c:a", "pcm_s24le" if out.suffix == ".mov" else "aac")
    if opus is None:
        return ("-af", filters, "-c:a", "flac")
    filters = f"aresample={OPUS_RATE},{filters},aformat=channel_layouts={opus.layout}"
    return ("-af", filters, "-c:a", "libopus", "-b:a", f"{opus.kbps}k")


def sound_args(
    ffmpeg: str, audio: Path, out: Path, *, lead: Fraction, seconds: Fraction, opus: Opus | None
) -> list[str]:
    """FFmpeg's command line for a movie's sound alone.

    Args:
        ffmpeg: its path.
        audio: the sound.
        out: where it goes; its container says the codec.
        lead: seconds of the slate.
        seconds: length of the movie, the slate's among it.
        opus: how it becomes Opus in Matroska; None: it cannot.
    """
    args = [ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y", "-protocol_whitelist", PROTOCOLS]
    args += ["-format_whitelist", SOUND_FORMATS, "-i", file_url(audio), "-map", "0:a:0", "-map_metadata", "-1"]
    return [*args, *sound_flags(out, lead=lead, seconds=seconds, opus=opus), "-f", MUXERS[out.suffix], file_url(out)]


def group_args(profile: Profile) -> tuple[str, ...]:
    """Closed groups of a fixed length, so that each of them can be encoded again alone."""
    if profile.group == 1:
        return ()
    return ("-force_key_frames", f"expr:not(mod(n,{profile.group}))", "-forced-idr", "1")


def output_args(out: Output, number: int, delivery: Delivery, *, threads: int) -> list[str]:
    """The flags of one output."""
    args = ["-map", f"[o{number}]", *out.profile.flags, "-threads", str(threads), "-fps_mode", "passthrough"]
    if out.profile.kind is Kind.FRAMES:
        return [*args, "-start_number", str(out.first), "-f", "image2", file_url(out.path)]
    args += [*group_args(out.profile), "-map_metadata", "-1"]
    if delivery.audio is not None:
        lead = Fraction(delivery.slate_frames if delivery.slate is not None else 0) / delivery.rate
        place = 2 if delivery.slate is not None else 1
        args += ["-map", f"{place}:a:0", *sound_flags(out.path, lead=lead, seconds=out.frames / delivery.rate)]
    if out.timecode is not None and out.path.suffix in {".mov", ".mp4"}:
        args += ["-timecode", out.timecode]
    for name, value in out.tags:
        args += ["-metadata", f"{name}={value}"]
    return [*args, "-f", MUXERS[out.path.suffix], file_url(out.path)]
