"""The plan: everything that decides the bytes of the output, as one frozen, printable value."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any

from reelwright.encoders import DEFAULT, find
from reelwright.errors import SourceError
from reelwright.media.model import MediaInfo, StreamKind, Video
from reelwright.media.timing import FrameIndex
from reelwright.planning.colors import PIX_FMT, color_notes, conversion, output_color, setparams
from reelwright.planning.containers import Container, held_notes
from reelwright.planning.crop import crop_filter, crop_notes, crop_of, cropped, evened
from reelwright.planning.dolby_vision import direct_crf, is_direct, strategy_notes
from reelwright.planning.encoder_notes import encoder_notes
from reelwright.planning.excerpt import excerpt_notes
from reelwright.planning.fields import deinterlacer, field_notes
from reelwright.planning.grain import STRENGTH, grain_notes
from reelwright.planning.remuxing import REMUX, as_it_is, bare, is_remux
from reelwright.planning.scale import sample_aspect, scale_notes, scaled_size
from reelwright.planning.sound import OPUS_RATES, OpusRates
from reelwright.planning.stream_ledger import Entry, make_ledger, missed
from reelwright.planning.streams import Fate, StreamPlan, plan_streams, written_streams
from reelwright.planning.zones import Zone, zone_notes
from reelwright.quality.comparison import Crop
from reelwright.quality.score import light_notes, scoring_size
from reelwright.quality.steps import STEP
from reelwright.vmaf_models import FITTED, model_for

#: Frames a second where a film says nothing of them.
USUAL_RATE = Fraction(24)


class Strategy(StrEnum):
    """Which steps a job has."""

    CHUNKED = "chunked"
    #: One encode of the whole film at a fixed CRF.
    DIRECT = "direct"
    #: Every stream copied into another container.
    REMUX = REMUX


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What the user asked for, with the defaults filled in."""

    target_vmaf: float = 93.0
    #: A score is accepted within [low, high].
    band_low: float = 92.0
    band_high: float = 94.0
    preset: int = 6
    #: Extra SVT-AV1 parameters as (name, value), sorted by name.
    svt: tuple[tuple[str, str], ...] = ()
    #: A fixed CRF for every chunk; None searches.
    crf: float | None = None
    min_crf: float = 12.0
    max_crf: float = 50.0
    chunk_seconds: float = 10.0
    #: "v0.6.1" or "v1", which choose by the picture, or a libvmaf model version in full.
    vmaf_model: str = "v0.6.1"
    #: "uniform": every chunk on the target; "min-size": the film's mean on the target, with the fewest bytes.
    objective: str = "uniform"
    #: No chunk's mean below this with "min-size"; None: three below the target.
    floor_vmaf: float | None = None
    #: No chunk's 5th percentile below this; None: it is not looked at.
    floor_p5: float | None = None
    #: "sequential": every fifth frame or so first, all of them where that does not settle it; "every": all of them.
    scored_frames: str = "sequential"
    deterministic: bool = False
    #: Only a part: seconds from the first frame where it begins, and how long it is, as decimal numbers in text.
    start: str | None = None
    duration: str | None = None
    #: An output larger than this share of the source is not kept; None: there is no limit.
    max_encoded_percent: float | None = None
    #: An output of more bytes than this is not kept; None: there is no limit.
    max_output_size: int | None = None
    #: Parts with an aim or parameters of their own, in the plainest form of `--zone`; they do not overlap.
    zones: tuple[str, ...] = ()
    #: First frames of scenes, instead of those found in the film, and how many frames that film has.
    cuts: tuple[int, ...] | None = None
    cuts_frames: int | None = None
    #: Size to encode at; a side that is 0 follows from the other. None: the source's.
    scale: tuple[int, int] | None = None
    #: What the output is written as.
    container: Container = Container.MATROSKA
    #: "auto", or the name of a strategy.
    strategy: str = "auto"
    #: CRFs of the direct strategy: up to 720 lines, up to 1080 lines, above.
    direct_crf: tuple[float, float, float] = (25.0, 25.0, 29.0)
    #: The encoder by our name, which is not FFmpeg's.
    encoder: str = DEFAULT
    #: Strength of the grain that is synthesised, 0 to 50; 0: none.
    film_grain: int = 0
    #: How fields become frames; None: a film with fields is refused.
    deinterlace: str | None = None
    #: "off", "auto", or what is kept as "W:H:X:Y".
    crop: str = "off"
    #: "copy" or "opus".
    audio: str = "copy"
    #: Bit rates of Opus, where that is asked for.
    opus: OpusRates = OPUS_RATES
    #: What decodes the source: "none" is software, "auto" whatever works, else a device's name.
    hwaccel: str = "none"


#: Fields of a request that say how it is carried out, or whether, but nothing of what comes out.
HOW_ONLY = frozenset({"deterministic", "max_encoded_percent", "max_output_size", "hwaccel"})
#: Fields a job's identity leaves out while they have their default: jobs begun before there were these keep their ids.
SINCE = frozenset(
    {
        *("container", "strategy", "direct_crf", "encoder", "film_grain", "deinterlace", "crop", "audio", "opus"),
        *("objective", "floor_vmaf", "floor_p5", "scored_frames"),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scoring:
    """How a chunk is scored."""

    #: libvmaf's model version.
    model: str
    #: Every n-th frame is scored; of a long chunk of a job, first, and all of them where that does not settle it.
    n_subsample: int
    #: Both sides are scaled to this size first; None: as they are.
    scaled_to: tuple[int, int] | None

    @property
    def scale_name(self) -> str | None:
        """The size as "WxH", for people and keys."""
        return f"{self.scaled_to[0]}x{self.scaled_to[1]}" if self.scaled_to else None


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodePlan:
    """What will be done with one film."""

    strategy: Strategy
    request: Request
    #: Index of the film's video stream in the source.
    video_index: int
    width: int
    height: int
    #: The encoder carries the frames' Dolby Vision metadata over.
    dolby_vision: bool = False
    #: What converts that metadata first, with its version; empty: nothing has to.
    converter: str = ""
    #: Filters ahead of the choosing of frames, for those that look at a frame's neighbours; they keep count and times.
    ahead: tuple[str, ...] = ()
    #: What is kept of the picture, as it is stored; None: all of it, or not known before the film is read.
    crop: Crop | None = None
    #: Filters after the frames are chosen; the last one tags the colours.
    filters: tuple[str, ...]
    #: Filters of the frames an encode is scored against: the source's own size.
    reference: tuple[str, ...]
    #: Shape of the output's samples; None: square, or unknown.
    sample_aspect: Fraction | None
    encoder: str
    pix_fmt: str
    #: Parameters of the encoder that differ from its own defaults, but for CRF, preset and threads.
    parameters: tuple[tuple[str, str], ...]
    scoring: Scoring
    streams: tuple[StreamPlan, ...]
    #: Everything in the source and its fate, by named rules.
    ledger: tuple[Entry, ...] = ()
    #: What a viewer should know: conversions, and what is not carried over.
    notes: tuple[str, ...]

    def encode_identity(self) -> dict[str, Any]:
        """Everything but frames, CRF and encoder build that decides a trial's bytes."""
        return {
            "encoder": self.encoder,
            "preset": self.request.preset,
            "pix_fmt": self.pix_fmt,
            **({"ahead": list(self.ahead)} if self.ahead else {}),
            **({"dolby_vision": self.converter or True} if self.dolby_vision else {}),
            "filters": list(self.filters),
            "parameters": [list(pair) for pair in self.parameters],
        }

    def request_identity(self) -> dict[str, Any]:
        """Everything that makes two jobs on one source different work."""
        return {
            "strategy": self.strategy.value,
            "request": {name: str(value) for name, value in asked(self.request)},
            "encode": self.encode_identity(),
            # Which frames are scored is in the request, and was one thing when that did not say it.
            "scoring": asdict(replace(self.scoring, n_subsample=1)),
        }


def asked(request: Request) -> Iterator[tuple[str, Any]]:
    """The fields of a request that make two jobs on one source different work."""
    for field in fields(request):
        value = getattr(request, field.name)
        if field.name not in HOW_ONLY and not (field.name in SINCE and value == field.default):
            yield field.name, value


def encode_filters(video: Video, size: tuple[int, int] | None = None) -> tuple[str, ...]:
    """Filters from the source's frames to the encoder's: even sizes or another size, 10-bit 4:2:0, tagged."""
    odd = size is None and (video.width % 2 or video.height % 2)
    tags = setparams(output_color(video), full_range=output_color(video).range == "pc")
    return (*((even_size(video),) if odd else ()), *conversion(video, size), tags)


def reference_filters(video: Video, size: tuple[int, int] | None) -> tuple[str, ...]:
    """Filters of the frames an encode is scored against: as the encoder gets them, but never scaled."""
    return encode_filters(video)[:-1] if size is None else conversion(video)


def even_size(video: Video) -> str:
    """Pad to even sizes by repeating the last row or column: 4:2:0 has no half samples."""
    width, height = evened(video)
    return f"pad={width}:{height}:0:0,fillborders=right={width - video.width}:bottom={height - video.height}:mode=smear"


def scored_with(
    family: str, width: int, height: int, rate: Fraction | None = None
) -> tuple[str, tuple[int, int] | None]:
    """The model for a picture, and the size it is fitted into; None: it is scored as it is."""
    model = model_for(family, width, height, rate)
    # Only models of 1080p are made for one size; the others are taken at their word.
    return model, scoring_size(width, height) if model in FITTED else None


def planned_step(request: Request) -> int:
    """Every how manieth frame of a long chunk is scored first.

    A 5th percentile is read from a few frames out of many; it takes all of them.
    """
    return 1 if request.scored_frames == "every" or request.floor_p5 is not None else STEP


def parameters(request: Request, keyint: int | None = None) -> tuple[tuple[str, str], ...]:
    """The encoder's parameters, and the user's own over them.

    A chunk has one key frame, at its start. A film in one piece has one every `keyint` frames, so that a player can go
    to a place in it.
    """
    encoder = find(request.encoder)
    often = {} if keyint is None else dict.fromkeys(encoder.key_distance, str(keyint))
    grain = {STRENGTH: str(request.film_grain)} if request.film_grain else {}
    return tuple(sorted({**dict(encoder.fixed), **often, **dict(request.svt), **grain}.items()))


def is_noted(stream: StreamPlan) -> bool:
    """Whether what becomes of a stream is told: what is not as it was, and what was to be another way."""
    changed = stream.fate in {Fate.DROP, Fate.CONVERT} or stream.opus is not None
    return changed or (stream.kind is StreamKind.AUDIO and bool(stream.reason))


def note(stream: StreamPlan) -> str:
    """The sentence on what becomes of a stream."""
    return f"Stream {stream.index} ({stream.kind.value}): {stream.reason}."


def key_frames(video: Video, request: Request) -> int | None:
    """Frames from key frame to key frame of a film in one piece: as long as the longest chunk; None: of a chunk."""
    if not is_direct(video, request):
        return None
    rate = video.average_rate or video.nominal_rate or USUAL_RATE
    return max(1, round(rate * chunk_length(request)))


def plan_notes(video: Video, streams: tuple[StreamPlan, ...], *, scaled: bool = False) -> tuple[str, ...]:
    """Sentences on everything that does not arrive as it was."""
    notes = [note(s) for s in streams if is_noted(s)]
    notes += color_notes(video)
    if not scaled and (video.width % 2 or video.height % 2):
        notes.append("One row or column is repeated at the edge: 4:2:0 needs even sizes.")
    if video.hdr10plus:
        size = "; it describes the picture at the source's size." if scaled else "."
        notes.append(f"HDR10+ is carried over frame by frame{size}")
    notes += light_notes(video.color.transfer)
    return tuple(notes)


def cut_notes(request: Request) -> tuple[str, ...]:
    """A sentence on cuts that were given."""
    return () if request.cuts is None else (f"Cuts are those of the scene list given: {len(request.cuts)} scenes.",)


def make_plan(info: MediaInfo, request: Request, index: FrameIndex | None = None) -> EncodePlan:
    """Plan the encode of a film that was decided to be encoded.

    Args:
        info: the film's facts.
        request: what is wanted of it.
        index: what the analysis found; None before it, when black borders are not known yet, and fields not for sure.

    Raises:
        SourceError: there is no film; `decide` says so first.
        UsageError: the crop asked for does not lie within the picture.
    """
    film = info.film
    if film is None or film.video is None:
        raise SourceError("There is no film in it.")
    whole = film.video
    request = settled(whole, request)
    crop = crop_of(whole, request.crop, index)
    video = cropped(whole, crop)
    even = evened(video)
    size = scaled_size(video, request.scale) if request.scale else None
    width, height = size or even
    copies = is_remux(request)
    opus = request.opus if request.audio == "opus" else None
    streams = plan_streams(info, None if copies else film, request.container, opus)
    ledger = make_ledger(info, streams, request.container, scaled=size is not None)
    # What counts is what is lost of the original, so it is scored at the original's size, however it is encoded.
    model, scored = scored_with(request.vmaf_model, *even, video.average_rate or video.nominal_rate)
    scored = even if scored is None and size is not None else scored
    kept = crop_filters(whole, crop)
    chosen = parameters(request, key_frames(video, request))
    plan = EncodePlan(
        strategy=Strategy.REMUX if copies else Strategy.DIRECT if is_direct(video, request) else Strategy.CHUNKED,
        request=request,
        video_index=film.index,
        width=width,
        height=height,
        ahead=deinterlacer(whole, request.deinterlace, index),
        crop=crop,
        filters=(*kept, *encode_filters(video, size)),
        reference=(*kept, *reference_filters(video, size)),
        sample_aspect=sample_aspect(video, size) if size else video.sample_aspect,
        encoder=find(request.encoder).ffmpeg,
        pix_fmt=PIX_FMT,
        dolby_vision=video.dolby_vision is not None,
        converter=video.dolby_vision.converter if video.dolby_vision else "",
        parameters=chosen,
        scoring=Scoring(model=model, n_subsample=planned_step(request), scaled_to=scored),
        streams=streams,
        ledger=ledger,
        notes=(),
    )
    if copies:
        plan = as_it_is(plan, whole, Scoring(model="", n_subsample=1, scaled_to=None))
    return replace(plan, notes=notes_of(plan, info, video, index))


def notes_of(plan: EncodePlan, info: MediaInfo, kept: Video, index: FrameIndex | None) -> tuple[str, ...]:
    """Everything a viewer should know of a plan; `kept` is what is left of the picture."""
    request, streams, film = plan.request, plan.streams, info.film
    whole = film.video if film and film.video else kept
    if is_remux(request):
        told = (note(s) for s in streams if is_noted(s))
        return (*told, *held_notes(request.container, info, written_streams(info, streams)))
    return (
        *strategy_notes(kept, request),
        *plan_notes(kept, streams, scaled=request.scale is not None),
        *(f"{sentence}." for sentence in missed(plan.ledger)),
        *held_notes(request.container, info, written_streams(info, streams)),
        *field_notes(whole, request.deinterlace, index),
        *crop_notes(whole, request.crop, index),
        *scale_notes(kept, request.scale, plan.scoring.scaled_to),
        *grain_notes(plan.parameters, request.zones),
        *encoder_notes(request, kept),
        *excerpt_notes(request),
        *zone_notes(request.zones),
        *cut_notes(request),
    )


def crop_filters(video: Video, crop: Crop | None) -> tuple[str, ...]:
    """Filters from the source's picture to what is kept of it, which may reach over an odd edge."""
    odd = crop is not None and evened(video) != (video.width, video.height)
    return (*((even_size(video),) if odd else ()), *crop_filter(crop))


def settled(video: Video, request: Request) -> Request:
    """The request with the film's own strategy in it, so that the same work asked for in other words is the same job.

    "auto" stands for what an ordinary film gets, chunks; Dolby Vision is the one that chunks have to be asked for.
    """
    if is_remux(request):
        return bare(request)
    if is_direct(video, request):
        return replace(request, strategy=Strategy.DIRECT.value, crf=direct_crf(video, request))
    return request if video.dolby_vision is not None else replace(request, strategy="auto")


def zoned(plan: EncodePlan, zone: Zone | None) -> EncodePlan:
    """The plan as it is inside a zone: the preset and the parameters may be others."""
    if zone is None or (zone.preset is None and not zone.svt):
        return plan
    preset = plan.request.preset if zone.preset is None else zone.preset
    svt = tuple(sorted({**dict(plan.request.svt), **dict(zone.svt)}.items()))
    # What a zone says of grain goes before what is said of the film.
    grain = 0 if STRENGTH in dict(zone.svt) else plan.request.film_grain
    request = replace(plan.request, preset=preset, svt=svt, film_grain=grain)
    return replace(plan, request=request, parameters=parameters(request))


def chunk_length(request: Request) -> Fraction:
    """The longest chunk, in seconds."""
    return Fraction(str(request.chunk_seconds))
