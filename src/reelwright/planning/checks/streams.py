"""Checks of everything beside the film: streams, attached files, chapters, offsets."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from reelwright.media.model import Chapter, Stream, StreamKind
from reelwright.planning.checks.evidence import TICKS, Check, Evidence
from reelwright.planning.clocks import MILLISECOND
from reelwright.planning.containers import (
    Container,
    held_chapters,
    held_dispositions,
    held_language,
    holdings,
    read_as,
)
from reelwright.planning.excerpt import clip_chapters, is_excerpt, window_of
from reelwright.planning.streams import Fate, written_streams


def _language(language: str | None) -> str:
    # Matroska leaves "und" out.
    return "" if language in {None, "und"} else str(language)


def inventory(streams: Sequence[Stream], container: Container) -> list[tuple[str, ...]]:
    """What each stream is, for comparing: kind, codec, language, title, dispositions."""
    return [
        (
            s.kind.value,
            read_as(container, s.codec or ""),
            _language(s.language),
            s.title or "",
            " ".join(s.dispositions),
        )
        for s in streams
    ]


def expected_streams(e: Evidence) -> tuple[Stream, ...]:
    """Streams of the source that the output shows: the film first, then copies, then converted subtitles."""
    film, *beside = written_streams(e.source, e.plan.streams)
    holds = holdings(e.plan.request.container)
    empty = {k for k, c in enumerate(e.copied) if not c.written[0]}
    return (film, *(s for k, s in enumerate(beside) if k not in empty or holds.shows_empty(s.kind)))


def expected_inventory(e: Evidence) -> list[tuple[str, ...]]:
    """What the plan says the output holds: the film first, then copies and sounds, then converted subtitles."""
    container = e.plan.request.container
    plans = {s.index: s for s in e.plan.streams}
    codecs = {Fate.ENCODE: "av1", Fate.CONVERT: holdings(container).text_codec}
    written = expected_streams(e)
    marks = held_dispositions(container, [(s.kind, s.dispositions) for s in written])
    return [
        (
            s.kind.value,
            "opus" if plans[s.index].opus else codecs.get(plans[s.index].fate) or read_as(container, s.codec or ""),
            _language(held_language(container, s.language)),
            s.title or "",
            " ".join(marked),
        )
        for s, marked in zip(written, marks, strict=True)
    ]


def check_inventory(e: Evidence) -> Check:
    """Every stream the plan keeps is there, with its language, title and dispositions, and no other."""
    tracks = [s for s in e.output.streams if not is_attached(s) and not _chapters(e, s)]
    got, want = inventory(tracks, e.plan.request.container), expected_inventory(e)
    pairs = [(g, w) for g, w in zip(got, want, strict=False) if g != w]
    if len(got) != len(want):
        return Check(name="streams", passed=False, detail=f"{len(got)} streams instead of {len(want)}")
    if pairs:
        return Check(name="streams", passed=False, detail=f"{' '.join(pairs[0][0])} instead of {' '.join(pairs[0][1])}")
    return Check(name="streams", passed=True, detail=f"{len(got)} streams")


def _chapters(e: Evidence, stream: Stream) -> bool:
    """Whether a stream of the output is MP4's track of chapters, which is shown beside the chapters themselves."""
    is_mp4 = not holdings(e.plan.request.container).free_chapters
    return is_mp4 and stream.kind is StreamKind.DATA and bool(e.output.chapters)


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

    # A chapter that begins before the film's clock does begins with it.
    moved = (replace(c, start=max(Fraction(0), c.start + e.shift), end=max(Fraction(0), c.end + e.shift)) for c in want)
    want = held_chapters(e.plan.request.container, tuple(moved))

    def apart(source: Fraction, output: Fraction) -> bool:
        return abs(source - output) * TICKS > Fraction(1, 2)

    def differ(a: Chapter, b: Chapter) -> bool:
        return apart(a.start, b.start) or apart(a.end, b.end) or (a.title or "") != (b.title or "")

    wrong = next((k for k, (a, b) in enumerate(zip(want, got, strict=False), 1) if differ(a, b)), None)
    detail = f"{len(got)} of {len(want)} chapters" + (f", chapter {wrong} differs" if wrong else "")
    return Check(name="chapters", passed=len(want) == len(got) and wrong is None, detail=detail)


def check_offset(e: Evidence) -> Check:
    """Every sound starts as long after or before the picture as in the source, to a tick."""
    kept, shown = {s.index for s in e.plan.streams if s.fate is Fate.COPY}, expected_streams(e)
    copied = [s for s in e.source.of_kind(StreamKind.AUDIO) if s.index in kept]
    begin = _starts(copied) if e.sounds_begin is None else list(e.sounds_begin)
    before = [start for sound, start in zip(copied, begin, strict=True) if sound in shown]
    # Those that were encoded are heard, and held against what was heard of the source: see the check of sound.
    there = [s for s in shown if s.kind is StreamKind.AUDIO]
    sounds = [s for s, of in zip(e.output.of_kind(StreamKind.AUDIO), there, strict=False) if of.index in kept]
    after = _starts(sounds)
    if not before or not e.packet_ticks:
        return Check(name="offset", passed=True, detail="no sound to compare")
    origins = e.index.pts[0] * e.index.time_base, e.packet_ticks[0] * e.clock
    for number, (a, b, sound) in enumerate(zip(before, after, sounds, strict=False), 1):
        tick = sound.time_base or MILLISECOND
        if a is None or b is None:
            if a != b:
                return Check(name="offset", passed=False, detail=f"when sound {number} starts is unknown")
        elif abs((a - origins[0]) - (b - origins[1])) > e.clock + tick:  # each end is rounded to a tick
            said = f"{float(b - origins[1]):+.3f} s from the picture, {float(a - origins[0]):+.3f} s in the source"
            return Check(name="offset", passed=False, detail=f"sound {number} starts {said}")
    return Check(name="offset", passed=True, detail=f"{len(before)} sounds start where they did")


def _starts(sounds: Sequence[Stream]) -> list[Fraction | None]:
    return [None if s.start_pts is None or s.time_base is None else s.start_pts * s.time_base for s in sounds]
