"""The checks an output must pass before it gets its name: facts against the plan, all pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction

from reelwright.media.model import Chapter, Color, MediaInfo, Stream, StreamKind
from reelwright.media.timing import FrameIndex
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
class Evidence:
    """Everything known about an output."""

    plan: EncodePlan
    source: MediaInfo
    index: FrameIndex
    output: MediaInfo
    shift: Fraction
    #: PTS of the film's packets, and of its decoded frames, in milliseconds.
    packet_ticks: tuple[int, ...]
    decoded_ticks: tuple[int, ...]
    #: What the decoder complained of.
    warnings: tuple[str, ...]
    copied: tuple[Copied, ...]
    attachments: Mapping[str, str]


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
    want = (e.plan.width, e.plan.height, original.video.sample_aspect or 1, original.video.rotation % 360)
    same_shape = got[:2] == want[:2] and got[3] == want[3] and _close(Fraction(got[2]), Fraction(want[2]))
    detail = f"{got[0]}x{got[1]}, sample aspect {got[2]}, rotation {got[3]}"
    return Check(name="picture", passed=same_shape and film.codec == "av1", detail=detail)


def _close(a: Fraction, b: Fraction) -> bool:
    # Matroska stores a display size in whole pixels, not an aspect.
    return abs(a - b) <= b * Fraction(1, 200)


def check_color(e: Evidence) -> Check:
    """What the source said of its colours, the output says too, mastering display and light level included."""
    film, original = _video(e.output), _video(e.source)
    if film is None or original is None or film.video is None or original.video is None:
        return Check(name="colour", passed=False, detail="the output has no video stream")
    want = asdict(original.video.color) | {"range": "pc" if is_full_range(original.video) else "tv"}
    got: dict[str, str | None] = asdict(film.video.color)
    wrong = [f"{k} is {got[k]}, not {v}" for k, v in want.items() if v not in UNSAID and got[k] != v]
    static = ("mastering_display", "content_light")
    wrong += [f"{n.replace('_', ' ')} differs" for n in static if getattr(film.video, n) != getattr(original.video, n)]
    return Check(name="colour", passed=not wrong, detail=", ".join(wrong) or describe_color(film.video.color))


def describe_color(color: Color) -> str:
    """Colours in one line."""
    return "/".join(part or "unknown" for part in (color.range, color.primaries, color.transfer, color.matrix))


def check_duration(e: Evidence) -> Check:
    """The film ends when the source's does, to a frame."""
    want = e.index.duration
    ticks = e.packet_ticks
    frame = 1 / e.index.rate
    got = Fraction(ticks[-1] - ticks[0], TICKS) + e.index.last_duration * e.index.time_base if ticks else Fraction(0)
    return Check(name="duration", passed=abs(got - want) <= frame, detail=f"{float(got):.3f} s of {float(want):.3f} s")


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
    attached = [
        s for s in e.output.streams if s.kind is StreamKind.ATTACHMENT or (s.video and s.video.attached_picture)
    ]
    got = inventory([s for s in e.output.streams if s not in attached])
    want = expected_inventory(e)
    pairs = [(g, w) for g, w in zip(got, want, strict=False) if g != w]
    names = sorted(s.file_name or "" for s in e.plan.streams if s.fate is Fate.ATTACH)
    detail = f"{len(got)} streams and {len(attached)} attached files"
    if len(got) != len(want) or len(attached) != len(names):
        return Check(name="streams", passed=False, detail=f"{detail} instead of {len(want)} and {len(names)}")
    if pairs:
        return Check(name="streams", passed=False, detail=f"{' '.join(pairs[0][0])} instead of {' '.join(pairs[0][1])}")
    return Check(name="streams", passed=True, detail=detail)


def check_copies(e: Evidence) -> Check:
    """Copied streams hold the source's packets byte for byte, each at its time: sound stays where it was."""
    wrong = [c.index for c in e.copied if c.read != c.written]
    detail = f"stream {wrong[0]} differs" if wrong else f"{len(e.copied)} copied streams equal in every packet and time"
    return Check(name="copies", passed=not wrong, detail=detail)


def check_chapters(e: Evidence) -> Check:
    """As many chapters, at the same times to a tick."""
    want, got = e.source.chapters, e.output.chapters

    def same(a: Chapter, b: Chapter) -> bool:
        return abs(a.start + e.shift - b.start) * TICKS <= 1 and a.title == b.title

    passed = len(want) == len(got) and all(same(a, b) for a, b in zip(want, got, strict=False))
    return Check(name="chapters", passed=passed, detail=f"{len(got)} of {len(want)} chapters")


def check_offset(e: Evidence) -> Check:
    """The first sound starts as long after or before the picture as in the source, to a tick."""

    def offset(info: MediaInfo, film: Fraction) -> Fraction | None:
        starts = [
            s.start_pts * s.time_base for s in info.of_kind(StreamKind.AUDIO) if s.start_pts is not None and s.time_base
        ]
        return min(starts) - film if starts else None

    kept = {s.index for s in e.plan.streams if s.fate is Fate.COPY}
    sounds = [s for s in e.source.of_kind(StreamKind.AUDIO) if s.index in kept]
    if not sounds or not e.packet_ticks:
        return Check(name="offset", passed=True, detail="no sound to compare")
    before = offset(e.source, e.index.pts[0] * e.index.time_base)
    after = offset(e.output, Fraction(e.packet_ticks[0], TICKS))
    if before is None or after is None:
        return Check(name="offset", passed=before == after, detail="the sound's start is unknown")
    return Check(
        name="offset",
        passed=abs(before - after) * TICKS <= 2,  # noqa: PLR2004 - each end is rounded to a tick
        detail=f"sound starts {float(after):+.3f} s from the picture, {float(before):+.3f} s in the source",
    )


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
    check_copies,
    check_chapters,
    check_offset,
)


def run_checks(evidence: Evidence) -> tuple[Check, ...]:
    """Every check, in order; none stops another."""
    return tuple(check(evidence) for check in CHECKS)
