"""How two pictures are made comparable for scoring, or why they are not: size, crop, range, colours, fields."""

from dataclasses import dataclass
from fractions import Fraction

from reelwright.errors import UsageError
from reelwright.media.colors import UNSAID
from reelwright.media.model import MediaInfo, Video
from reelwright.media.timing import FrameIndex
from reelwright.planning.alignment import refuse
from reelwright.planning.colors import PIX_FMT, QUALITY, UNTAG, is_full_range, is_rgb
from reelwright.planning.crop import crop_filter, cropped, evened
from reelwright.planning.decision import Decision, unusable
from reelwright.planning.plan import Scoring, encode_filters, even_size, scored_with
from reelwright.quality.comparison import Crop, Fit, ScoreOptions
from reelwright.quality.score import HDR, light_notes

#: Pictures whose shapes differ by no more than this are scaled onto each other: sizes are rounded to even numbers.
SHAPE_TOLERANCE = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """How two films are compared."""

    #: Index of the film's video stream in each file.
    reference_index: int
    distorted_index: int
    #: Filters from each film's frames to 10-bit pictures of one range; scaling follows.
    reference_filters: tuple[str, ...]
    distorted_filters: tuple[str, ...]
    scoring: Scoring
    notes: tuple[str, ...]


def compare(reference: MediaInfo, distorted: MediaInfo, options: ScoreOptions, family: str) -> Comparison | Decision:
    """Decide how two films' pictures are compared, or why they cannot be.

    Args:
        reference: facts of the film that is taken as it is.
        distorted: facts of the film that is scored.
        options: what was asked for.
        family: the VMAF model encodes are scored with.

    Raises:
        UsageError: the crop does not lie within the reference.
        SourceError: there is no film in one of them; `unusable` says so first.
    """
    whole, other = video_of(reference), video_of(distorted)
    shown = shown_part(whole, options.crop)
    for rule in (fields, turns, transfers, shapes):
        if (found := rule(shown, other)) is not None:
            return found
    scoring = scoring_for(shown, other, options, family)
    film, copy = reference.film, distorted.film
    assert film is not None  # noqa: S101 - `video_of` has just shown it
    assert copy is not None  # noqa: S101
    return Comparison(
        reference_index=film.index,
        distorted_index=copy.index,
        reference_filters=(*crop_filter(options.crop), *encode_filters(shown)[:-1]),
        distorted_filters=distorted_filters(shown, other),
        scoring=scoring,
        notes=comparison_notes(shown, other, scoring, options),
    )


def video_of(info: MediaInfo) -> Video:
    """The picture of a file's film.

    Raises:
        SourceError: there is no film in it.
    """
    problem = unusable(info)
    error = problem.error() if problem is not None else None
    if error is not None:
        raise error
    assert info.film is not None  # noqa: S101 - `unusable` has just shown it
    assert info.film.video is not None  # noqa: S101
    return info.film.video


def shown_part(video: Video, crop: Crop | None) -> Video:
    """The reference as it is compared.

    Raises:
        UsageError: the crop does not lie within it.
    """
    if crop is not None and (crop.x + crop.width > video.width or crop.y + crop.height > video.height):
        raise UsageError(f"--crop {crop} does not lie within the reference's {video.width}x{video.height}.")
    return cropped(video, crop)


def fields(shown: Video, other: Video) -> Decision | None:
    """Woven fields are no pictures: their combs are what VMAF would see."""
    return woven(shown.interlaced or False, other.interlaced or False)


def woven(reference: int, distorted: int) -> Decision | None:
    """The refusal where one of the films is interlaced; counts of such frames, or whether there are any."""
    if not reference and not distorted:
        return None
    which = "Both films are" if reference and distorted else f"The {'reference' if reference else 'distorted film'} is"
    return refuse(
        f"{which} interlaced, and VMAF knows whole pictures only.", "Deinterlace first, for example with bwdif."
    )


def interlaced(reference: FrameIndex, distorted: FrameIndex) -> Decision | None:
    """The same after every frame was looked at."""
    return woven(reference.interlaced_frames, distorted.interlaced_frames)


def turns(shown: Video, other: Video) -> Decision | None:
    """A display matrix turns the picture on showing; pictures are compared as stored."""
    if shown.rotation % 360 == other.rotation % 360:
        return None
    return refuse(
        f"The reference is turned by {shown.rotation} degrees on showing, the distorted film by {other.rotation}.",
        "Store both the same way up first.",
    )


def light(video: Video) -> str:
    """What a picture's code values stand for, as far as VMAF is concerned."""
    transfer = video.color.transfer or ""
    return f"HDR ({HDR[transfer]})" if transfer in HDR else "SDR"


def transfers(shown: Video, other: Video) -> Decision | None:
    """Code values of SDR and HDR mean different light; a tone map is a choice, not a distortion."""
    if light(shown) == light(other):
        return None
    return refuse(
        f"The reference is {light(shown)} and the distorted film {light(other)} (transfer"
        f" {shown.color.transfer or 'not said'} and {other.color.transfer or 'not said'}).",
        "Their pictures cannot be compared; if a tag is wrong, correct it first.",
    )


def shape(video: Video) -> Fraction:
    """Width over height as shown."""
    return Fraction(video.width, video.height) * (video.sample_aspect or 1)


def shapes(shown: Video, other: Video) -> Decision | None:
    """Sizes may differ, shapes may not; one side alone that differs is a crop unless the samples' shape explains it."""
    if evened(shown) == evened(other):
        return None
    one_side = (evened(shown)[0] == evened(other)[0]) != (evened(shown)[1] == evened(other)[1])
    off = abs(float(shape(other) / shape(shown)) - 1)
    if off <= SHAPE_TOLERANCE and not (one_side and (shown.sample_aspect or 1) == (other.sample_aspect or 1)):
        return None
    return refuse(
        f"The reference's pictures are {shown.width}x{shown.height} and the distorted film's"
        f" {other.width}x{other.height}: their shapes differ, so one was cropped or stretched.",
        crop_hint(shown, other),
    )


def crop_hint(shown: Video, other: Video) -> str:
    """What helps where one picture is a part of the other."""
    if other.width <= shown.width and other.height <= shown.height:
        x, y = (shown.width - other.width) // 4 * 2, (shown.height - other.height) // 4 * 2
        return f"If the distorted film is a part of it, name that part: --crop {other.width}:{other.height}:{x}:{y}."
    if other.width < shown.width or other.height < shown.height or shape(other) > shape(shown):
        return "Name the part of the reference that the distorted film shows: --crop W:H:X:Y."
    return "Score a reference that shows as much as the distorted film."


def scoring_for(shown: Video, other: Video, options: ScoreOptions, family: str) -> Scoring:
    """Model and size, by the rules encodes are scored with; the distorted film is never scored at its own size."""
    width, height = evened(shown)
    rate = shown.average_rate or shown.nominal_rate
    model, size = scored_with(options.model or family, width, height, rate)
    if options.scale is not Fit.AUTO:
        size = None if isinstance(options.scale, Fit) else options.scale
    if size is None and evened(shown) != evened(other):
        size = (width, height)
    return Scoring(model=model, n_subsample=options.n_subsample, scaled_to=size)


def distorted_filters(shown: Video, other: Video) -> tuple[str, ...]:
    """Filters that bring the distorted film to 10-bit 4:2:0 at the reference's range."""
    chain = [] if (other.width, other.height) == evened(other) else [even_size(other)]
    given, wanted = ("full" if is_full_range(video) else "limited" for video in (other, shown))
    chain += [] if is_rgb(other) else [UNTAG]
    chain += [f"scale=in_range={given}:out_range={wanted}:{QUALITY}"]
    return (*chain, f"format={PIX_FMT}")


def comparison_notes(shown: Video, other: Video, scoring: Scoring, options: ScoreOptions) -> tuple[str, ...]:
    """Sentences on everything that was converted or is to be known."""
    notes = []
    if options.crop:
        notes.append(f"The reference was cropped to {options.crop}.")
    if evened(shown) != evened(other):
        notes.append(
            f"The distorted film's {other.width}x{other.height} pictures were scaled to"
            f" {scoring.scale_name}; the reference has {shown.width}x{shown.height}."
        )
    if is_full_range(shown) != is_full_range(other):
        spans = ["full" if is_full_range(video) else "limited" for video in (other, shown)]
        notes.append(f"The distorted film's {spans[0]} range was converted to the reference's {spans[1]} range.")
    if (shown.sample_aspect or 1) != (other.sample_aspect or 1) and evened(shown) == evened(other):
        notes.append("The sample aspects differ; pictures were compared as they are stored.")
    for name, one, two in color_pairs(shown, other):
        notes.append(f"The {name} differ ({one} and {two}) and were not converted.")
    notes += light_notes(shown.color.transfer)
    if shown.dolby_vision or other.dolby_vision:
        notes.append("Dolby Vision's metadata were not applied: the base layer was compared.")
    if options.n_subsample > 1:
        notes.append(f"One frame in {options.n_subsample} was scored; a scene's mean may be off by half a point.")
    return tuple(notes)


def color_pairs(shown: Video, other: Video) -> list[tuple[str, str, str]]:
    """Colour facts that both films state and state differently."""
    named = (
        ("matrices", shown.color.matrix, other.color.matrix),
        ("primaries", shown.color.primaries, other.color.primaries),
        ("transfers", shown.color.transfer, other.color.transfer),
    )
    return [(name, str(a), str(b)) for name, a, b in named if not {a, b} & UNSAID and a != b]
