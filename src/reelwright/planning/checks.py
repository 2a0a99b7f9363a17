"""The checks an output must pass before it gets its name: facts against the plan, all pure."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from reelwright.media.model import Chapter, Color, MediaInfo, Stream, StreamKind
from reelwright.media.timing import FrameIndex
from reelwright.planning.excerpt import clip_chapters, is_excerpt, window_of
from reelwright.planning.plan import UNSAID, EncodePlan, is_full_range
from reelwright.planning.streams import Fate

#: Matroska's clock, and half of its tick.
TICKS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check and how it went."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """What was written of a copied stream, and what is read back: packets, payload hash, times hash."""

    index: int
    written: tuple[int, str, str]
    read: tuple[int, str, str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """An attached file: a font or a cover."""

    name: str
    mimetype: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything known about an output."""

    plan: EncodePlan
    source: MediaInfo
    #: Of the frames that are encoded: the whole film's, or an excerpt's.
    index: FrameIndex
    output: MediaInfo
    shift: Fraction
    #: PTS of the film's packets, and of its decoded frames, in milliseconds.
    packet_ticks: tuple[int, ...]
    decoded_ticks: tuple[int, ...]
    #: What the decoder complained of.
    warnings: tuple[str, ...]
    copied: tuple[Copied, ...]
    #: Attached files as the source gave them, and as the output holds them.
    attached: tuple[Attached, ...]
    attachments: tuple[Attached, ...]
    #: Of an excerpt, when each copied sound's first packet begins in the source; None: as the probe has it.
    sounds_begin: tuple[Fraction | None, ...] | None = None


def expected_ticks(index: FrameIndex, shift: Fraction) -> list[Fraction]:
    """Exact times of the source's frames on the output's clock, in milliseconds."""
    return [(p * index.time_base + shift) * TICKS for p in index.pts]


def check_frames(e: Evidence) -> Check:
    """As many frames decode as the source shows."""
    want, got = e.index.frames, len(e.decoded_ticks)
    return Check(name="frames", passed=want == got, detail=f"{got} of {want} frames decode")


def check_times(e: Evidence) -> Check:
    """Each frame is shown when the source shows it, to half a tick of the container."""
    want = expected_ticks(e.index, e.shift)
    for name, ticks in (("packet", e.packet_ticks), ("decoded frame", e.decoded_ticks)):
        if len(ticks) != len(want):
            return Check(name="times", passed=False, detail=f"{len(ticks)} {name}s for {len(want)} frames")
        wrong = next((k for k, (a, b) in enumerate(zip(ticks, want, strict=True)) if abs(a - b) > Fraction(1, 2)), None)
        if wrong is not None:
            detail = f"{name} {wrong} is at {ticks[wrong]} ms instead of {float(want[wrong]):.3f} ms"
            return Check(name="times", passed=False, detail=detail)
    return Check(name="times", passed=True, detail=f"{len(want)} times equal to half a millisecond")


def check_decode(e: Evidence) -> Check:
    """The whole film decodes without a warning."""
    detail = e.warnings[0] if e.warnings else "decodes without a warning"
    return Check(name="decode", passed=not e.warnings, detail=detail)


def check_picture(e: Evidence) -> Check:
    """Size, sample aspect and rotation are the plan's."""
    film, original = _video(e.output), _video(e.source)
    if film is None or original is None or film.video is None or original.video is None:
        return Check(name="picture", passed=False, detail="the output has no video stream")
    got = (film.video.width, film.video.height, film.video.sample_aspect or 1, film.video.rotation % 360)
    want = (e.plan.width, e.plan.height, e.plan.sample_aspect or 1, original.video.rotation % 360)
    same_shape = got[:2] == want[:2] and got[3] == want[3] and _close(Fraction(got[2]), Fraction(want[2]))
    detail = f"{got[0]}x{got[1]}, sample aspect {got[2]}, rotation {got[3]}"
    return Check(name="picture", passed=same_shape and film.codec == "av1", detail=detail)


def _close(a: Fraction, b: Fraction) -> bool:
    # Matroska stores a display size in whole pixels, not an aspect.
    return abs(a - b) <= b * Fraction(1, 200)


def check_color(e: Evidence) -> Check:
    """What the source said of its colours, the output says too, and no more; HDR's static metadata included."""
    film, original = _video(e.output), _video(e.source)
    if film is None or original is None or film.video is None or original.video is None:
        return Check(name="colour", passed=False, detail="the output has no video stream")
    want = asdict(original.video.color) | {"range": "pc" if is_full_range(original.video) else "tv"}
    got: dict[str, str | None] = asdict(film.video.color)
    wrong = [f"{k} is {got[k]}, not {v}" for k, v in want.items() if _said(got[k]) != _said(v)]
    if not same_mastering(film.video.mastering_display, original.video.mastering_display):
        wrong.append("mastering display differs")
    if film.video.content_light != original.video.content_light:
        wrong.append("content light differs")
    return Check(name="colour", passed=not wrong, detail=", ".join(wrong) or describe_color(film.video.color))


def _said(name: str | None) -> str | None:
    return None if name in UNSAID else name


#: AV1 stores chromaticities in 1/65536, the lowest luminance in 1/16384 and the highest in 1/256 (AV1 spec 6.7.4).
MASTERING_STEPS = (*[Fraction(1, 1 << 16)] * 8, Fraction(1, 1 << 14), Fraction(1, 1 << 8))


def same_mastering(got: Sequence[Fraction] | None, want: Sequence[Fraction] | None) -> bool:
    """Whether two mastering displays are equal to a step of AV1's."""
    if got is None or want is None:
        return got is want
    return len(got) == len(want) and all(
        abs(a - b) <= step for a, b, step in zip(got, want, MASTERING_STEPS, strict=True)
    )


def describe_color(color: Color) -> str:
    """Colours in one line."""
    return "/".join(part or "unknown" for part in (color.range, color.primaries, color.transfer, color.matrix))


def check_duration(e: Evidence) -> Check:
    """The film ends when the source's does, to a frame, and the file says that it lasts as long."""
    ticks, frame = e.packet_ticks, 1 / e.index.rate
    last = e.index.last_duration * e.index.time_base
    got = Fraction(ticks[-1] - ticks[0], TICKS) + last if ticks else Fraction(0)
    # The container counts from zero and to the end of whatever ends last; other streams may end after the film.
    said, end = e.output.duration, (Fraction(ticks[-1], TICKS) + last if ticks else Fraction(0))
    alone = sum(s.fate in {Fate.ENCODE, Fate.COPY, Fate.CONVERT} for s in e.plan.streams) == 1
    # A copied file may not know the length of its last frame.
    right = said is not None and said >= end - max(frame, last) and (not alone or said <= end + frame)
    passed = abs(got - e.index.duration) <= frame and right
    detail = f"{float(got):.3f} s of {float(e.index.duration):.3f} s, said to end at {float(said or 0):.3f} s"
    return Check(name="duration", passed=passed, detail=detail)


def inventory(streams: Sequence[Stream]) -> list[tuple[str, ...]]:
    """What each stream is, for comparing: kind, codec, language, title, dispositions."""
    return [(s.kind.value, s.codec or "", _language(s), s.title or "", " ".join(s.dispositions)) for s in streams]


def _language(stream: Stream) -> str:
    # Matroska leaves "und" out.
    return "" if stream.language in {None, "und"} else str(stream.language)


def expected_inventory(e: Evidence) -> list[tuple[str, ...]]:
    """What the plan says the output holds: the film first, then copies, then converted subtitles."""
    by_index = {s.index: s for s in e.source.streams}
    film = by_index[e.plan.video_index]
    rows: list[tuple[str, ...]] = [("video", "av1", _language(film), film.title or "", " ".join(film.dispositions))]
    rows += inventory([by_index[s.index] for s in e.plan.streams if s.fate is Fate.COPY])
    for stream in e.plan.streams:
        if stream.fate is Fate.CONVERT:
            original = by_index[stream.index]
            rows.append(
                ("subtitle", "subrip", _language(original), original.title or "", " ".join(original.dispositions))
            )
    return rows


def check_inventory(e: Evidence) -> Check:
    """Every stream the plan keeps is there, with its language, title and dispositions, and no other."""
    got, want = inventory([s for s in e.output.streams if not is_attached(s)]), expected_inventory(e)
    pairs = [(g, w) for g, w in zip(got, want, strict=False) if g != w]
    if len(got) != len(want):
        return Check(name="streams", passed=False, detail=f"{len(got)} streams instead of {len(want)}")
    if pairs:
        return Check(name="streams", passed=False, detail=f"{' '.join(pairs[0][0])} instead of {' '.join(pairs[0][1])}")
    return Check(name="streams", passed=True, detail=f"{len(got)} streams")


def is_attached(stream: Stream) -> bool:
    """Whether a stream of the output is an attached file; pictures among them look like video."""
    return stream.kind is StreamKind.ATTACHMENT or (stream.video is not None and stream.video.attached_picture)


def check_attachments(e: Evidence) -> Check:
    """Fonts and covers are there byte for byte, with their names and types, and no others."""
    kept, want = Counter(e.attachments), Counter(e.attached)
    planned = sum(s.fate is Fate.ATTACH for s in e.plan.streams)
    shown = sum(is_attached(s) for s in e.output.streams)
    missing, added = sorted(f.name for f in want - kept), sorted(f.name for f in kept - want)
    wrong = [f"{name} is missing or differs" for name in missing] + [f"{name} is not the source's" for name in added]
    if len(e.attached) != planned or shown != planned:
        wrong.append(f"{shown} attached files instead of {planned}")
    return Check(name="attachments", passed=not wrong, detail=", ".join(wrong) or f"{planned} attached files, equal")


def check_copies(e: Evidence) -> Check:
    """Copied streams hold the source's packets byte for byte, each at its time: sound stays where it was."""
    wrong = [c.index for c in e.copied if c.read != c.written]
    detail = f"stream {wrong[0]} differs" if wrong else f"{len(e.copied)} copied streams equal in every packet and time"
    return Check(name="copies", passed=not wrong, detail=detail)


def check_chapters(e: Evidence) -> Check:
    """The same chapters, each from and to the same time, to half a tick."""
    want, got = e.source.chapters, e.output.chapters
    if is_excerpt(e.plan.request):
        want = clip_chapters(want, window_of(e.index))

    def apart(source: Fraction, output: Fraction) -> bool:
        # A chapter that begins before the film's clock does begins with it.
        return abs(max(Fraction(0), source + e.shift) - output) * TICKS > Fraction(1, 2)

    def differ(a: Chapter, b: Chapter) -> bool:
        return apart(a.start, b.start) or apart(a.end, b.end) or (a.title or "") != (b.title or "")

    wrong = next((k for k, (a, b) in enumerate(zip(want, got, strict=False), 1) if differ(a, b)), None)
    detail = f"{len(got)} of {len(want)} chapters" + (f", chapter {wrong} differs" if wrong else "")
    return Check(name="chapters", passed=len(want) == len(got) and wrong is None, detail=detail)


def check_offset(e: Evidence) -> Check:
    """Every sound starts as long after or before the picture as in the source, to a tick."""
    kept = {s.index for s in e.plan.streams if s.fate is Fate.COPY}
    before = _starts([s for s in e.source.of_kind(StreamKind.AUDIO) if s.index in kept])
    before = before if e.sounds_begin is None else list(e.sounds_begin)
    after = _starts(e.output.of_kind(StreamKind.AUDIO))
    if not before or not e.packet_ticks:
        return Check(name="offset", passed=True, detail="no sound to compare")
    origins = e.index.pts[0] * e.index.time_base, Fraction(e.packet_ticks[0], TICKS)
    for number, (a, b) in enumerate(zip(before, after, strict=False), 1):
        if a is None or b is None:
            if a != b:
                return Check(name="offset", passed=False, detail=f"when sound {number} starts is unknown")
        elif abs((a - origins[0]) - (b - origins[1])) * TICKS > 2:  # noqa: PLR2004 - each end is rounded to a tick
            said = f"{float(b - origins[1]):+.3f} s from the picture, {float(a - origins[0]):+.3f} s in the source"
            return Check(name="offset", passed=False, detail=f"sound {number} starts {said}")
    return Check(name="offset", passed=True, detail=f"{len(before)} sounds start where they did")


def _starts(sounds: Sequence[Stream]) -> list[Fraction | None]:
    return [None if s.start_pts is None or s.time_base is None else s.start_pts * s.time_base for s in sounds]


def _video(info: MediaInfo) -> Stream | None:
    return info.film


CHECKS: tuple[Callable[[Evidence], Check], ...] = (
    check_frames,
    check_times,
    check_decode,
    check_picture,
    check_color,
    check_duration,
    check_inventory,
    check_attachments,
    check_copies,
    check_chapters,
    check_offset,
)


def run_checks(evidence: Evidence) -> tuple[Check, ...]:
    """Every check, in order; none stops another."""
    return tuple(check(evidence) for check in CHECKS)
