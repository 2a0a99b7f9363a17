"""Checks of everything beside the film against the stream ledger: streams, files, tags, chapters, offsets."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from reelwright.media.model import Chapter, Stream, StreamKind
from reelwright.planning.chapters import chapter_fates, written
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
from reelwright.planning.excerpt import is_excerpt, window_of
from reelwright.planning.plan import Strategy
from reelwright.planning.stream_ledger import CARRIED_IN, bearer_of, is_file
from reelwright.planning.streams import Fate, Route, StreamPlan, written_streams
from reelwright.planning.tags import Bearer, canonical, differing, kept, tag_fates


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
    """Streams of the source that the output shows: the film first, then the others as they were."""
    written = written_streams(e.source, e.plan.streams)
    # Of a remux the film is one of the copies, in its own place.
    film, beside = ([], written) if e.plan.strategy is Strategy.REMUX else (written[:1], written[1:])
    holds = holdings(e.plan.request.container)
    empty = {k for k, c in enumerate(e.copied) if not c.written[0]}
    return (*film, *(s for k, s in enumerate(beside) if k not in empty or holds.shows_empty(s.kind)))


def carried_pairs(e: Evidence) -> list[tuple[Stream, StreamPlan]]:
    """Streams of the source that are streams of the output, each with its plan, in the output's order."""
    plans = {s.index: s for s in e.plan.streams}
    return [(stream, plans[stream.index]) for stream in expected_streams(e)]


def expected_inventory(e: Evidence) -> list[tuple[str, ...]]:
    """What the plan says the output holds."""
    container, pairs = e.plan.request.container, carried_pairs(e)
    marks = held_dispositions(container, [(s.kind, s.dispositions) for s, _ in pairs])
    return [
        (
            s.kind.value,
            "av1" if planned.route is Route.CHUNKS else read_as(container, planned.codec_out or s.codec or ""),
            _language(held_language(container, s.language)),
            s.title or "",
            " ".join(marked),
        )
        for (s, planned), marked in zip(pairs, marks, strict=True)
    ]


def check_inventory(e: Evidence) -> Check:
    """Every stream the plan keeps is there, with its language, title and dispositions, and no other."""
    got, want = inventory(tracks(e), e.plan.request.container), expected_inventory(e)
    pairs = [(g, w) for g, w in zip(got, want, strict=False) if g != w]
    if len(got) != len(want):
        return Check(name="streams", passed=False, detail=f"{len(got)} streams instead of {len(want)}")
    if pairs:
        return Check(name="streams", passed=False, detail=f"{' '.join(pairs[0][0])} instead of {' '.join(pairs[0][1])}")
    return Check(name="streams", passed=True, detail=f"{len(got)} streams")


def tracks(e: Evidence) -> list[Stream]:
    """The output's streams, less attached files and MP4's track of chapters, shown beside the chapters themselves."""
    is_mp4 = not holdings(e.plan.request.container).free_chapters
    aside = StreamKind.DATA if is_mp4 and e.output.chapters else None
    return [s for s in e.output.streams if not is_file(s) and s.kind is not aside]


def check_attachments(e: Evidence) -> Check:
    """Fonts and covers are there byte for byte, with their names and types, and no others."""
    there, want = Counter(e.attachments), Counter(e.attached)
    planned = sum(s.fate is Fate.ATTACH for s in e.plan.streams)
    shown = sum(is_file(s) for s in e.output.streams)
    missing, added = sorted(f.name for f in want - there), sorted(f.name for f in there - want)
    wrong = [f"{name} is missing or differs" for name in missing] + [f"{name} is not the source's" for name in added]
    if len(e.attached) != planned or shown != planned:
        wrong.append(f"{shown} attached files instead of {planned}")
    return Check(name="attachments", passed=not wrong, detail=", ".join(wrong) or f"{planned} attached files, equal")


def check_copies(e: Evidence) -> Check:
    """Copied streams hold the source's packets byte for byte, each at its time: sound stays where it was."""
    wrong = [c.index for c in e.copied if c.read != c.written]
    detail = f"stream {wrong[0]} differs" if wrong else f"{len(e.copied)} copied streams equal in every packet and time"
    return Check(name="copies", passed=not wrong, detail=detail)


def check_samples(e: Evidence) -> Check:
    """Sound that is stored in another way has every sample it had."""
    wrong = [s.index for s in e.samples if s.source != s.output]
    said = f"{len(e.samples)} sounds equal in every sample" if e.samples else "no sound is stored in another way"
    return Check(name="samples", passed=not wrong, detail=f"sound {wrong[0]} differs" if wrong else said)


def _tag_pairs(e: Evidence) -> Iterator[tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]]:
    """Each bearer of tags: its name, what it must say, and what it says."""
    container = e.plan.request.container
    yield "the file", kept(tag_fates(e.source.tags, Bearer.FILE, container, e.source.broken_tags)), e.output.tags
    there = tracks(e)
    files = [s for s in e.output.streams if is_file(s)]
    wanted = [s for s in e.plan.streams if s.route is Route.FILE]
    by_index = {s.index: s for s in e.source.streams}
    pairs = [*zip(carried_pairs(e), there, strict=False)]
    pairs += zip([(by_index[s.index], s) for s in wanted], files_in_order(files, wanted), strict=False)
    for (stream, planned), output in pairs:
        fates = tag_fates(stream.tags, bearer_of(planned), container, stream.broken_tags)
        # An undetermined language is left out, and how pictures for two eyes lie is no tag but an element.
        held = held_language(container, stream.language)
        told = tuple(pair for pair in kept(fates) if pair[0] != "language" or (held and held != "und"))
        said = tuple(pair for pair in output.tags if planned.route is not Route.FILE or not _is_name(pair[0]))
        yield f"stream {stream.index}", told, said


def _is_name(key: str) -> bool:
    return key.lower() in {"filename", "mimetype"}


def files_in_order(files: Sequence[Stream], wanted: Sequence[StreamPlan]) -> list[Stream]:
    """Attached files of the output in the plan's order: readers list pictures among them by themselves."""
    left, found = list(files), []
    for planned in wanted:
        match = next((f for f in left if f.file_name == planned.file_name), None)
        if match is not None:
            left.remove(match)
            found.append(match)
    return found if len(found) == len(wanted) else list(files)


def check_tags(e: Evidence) -> Check:
    """Every tag the ledger keeps is there, of the file, of each stream and of each attached file, and no other."""
    count = 0
    is_mp4 = e.plan.request.container is Container.MP4
    for name, want, got in _tag_pairs(e):
        count += len(want)
        pairs = (compared_in_mp4(want), compared_in_mp4(got)) if is_mp4 else (want, got)
        if wrong := differing(*pairs):
            return Check(name="tags", passed=False, detail=f"{wrong[0]} of {name} differs")
    return Check(name="tags", passed=True, detail=f"{count} tags, equal")


#: Tags of words in MP4: others are stored as numbers, or as its own marks, and come back in another form.
WORDS_OF_MP4 = frozenset(
    {
        *("TITLE", "ARTIST", "ALBUM_ARTIST", "COMPOSER", "ALBUM", "DATE", "COMMENT", "GENRE", "COPYRIGHT", "GROUPING"),
        *("LYRICS", "DESCRIPTION", "SYNOPSIS", "SHOW", "EPISODE_ID", "NETWORK"),
    }
)


def compared_in_mp4(tags: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The tags MP4 stores as the words they are."""
    return tuple(pair for pair in tags if canonical(pair[0]) in WORDS_OF_MP4)


def check_side_data(e: Evidence) -> Check:
    """What the ledger carries over beside the codecs' own parameters is there, in the same words."""
    count, carried = 0, CARRIED_IN[e.plan.request.container] - BY_COLOUR
    for (stream, _), output in zip(carried_pairs(e), tracks(e), strict=False):
        got = dict(output.side_data)
        # Numbers of HDR are compared by the check on colours, to the step AV1 has for them.
        want = {k: v for k, v in stream.side_data if k in carried}
        count += len(want)
        wrong = next((k for k, v in want.items() if got.get(k) != v), None)
        if wrong is not None:
            detail = f"{wrong} of stream {stream.index} is {got.get(wrong, 'missing')}, not {want[wrong]}"
            return Check(name="side data", passed=False, detail=detail)
    return Check(name="side data", passed=True, detail=f"{count} side data, equal")


#: Side data that other checks compare.
BY_COLOUR = frozenset(
    {
        *("Mastering Display Metadata", "Content Light Level Metadata", "DOVI configuration record"),
        "Ambient Viewing Environment",
    }
)


def expected_chapters(e: Evidence) -> tuple[Chapter, ...]:
    """The chapters the output has, on the source's clock."""
    if is_excerpt(e.plan.request):
        return written(chapter_fates(e.source.chapters, window=window_of(e.index)))
    return written(chapter_fates(e.source.chapters, shift=e.shift))


def check_chapters(e: Evidence) -> Check:
    """The same chapters, each from and to the same time, to half a tick, with its title and other tags."""
    want, got = expected_chapters(e), e.output.chapters
    container = e.plan.request.container
    # A chapter that begins before the film's clock does begins with it.
    moved = (replace(c, start=max(Fraction(0), c.start + e.shift), end=max(Fraction(0), c.end + e.shift)) for c in want)
    want = held_chapters(container, tuple(moved))

    def apart(source: Fraction, output: Fraction) -> bool:
        return abs(source - output) * TICKS > Fraction(1, 2)

    def differ(a: Chapter, b: Chapter) -> bool:
        tags = kept(tag_fates(a.tags, Bearer.CHAPTER, container, a.broken_tags))
        # MP4 has titles alone, and gives an empty one to a chapter without any.
        tags_differ = container is Container.MATROSKA and differing(tags, b.tags)
        same = (a.title or "") == (b.title or "") and not tags_differ
        return apart(a.start, b.start) or apart(a.end, b.end) or not same

    wrong = next((k for k, (a, b) in enumerate(zip(want, got, strict=False), 1) if differ(a, b)), None)
    detail = f"{len(got)} of {len(want)} chapters" + (f", chapter {wrong} differs" if wrong else "")
    return Check(name="chapters", passed=len(want) == len(got) and wrong is None, detail=detail)


def check_offset(e: Evidence) -> Check:
    """Every sound starts as long after or before the picture as in the source, to a tick."""
    # Those that were encoded are heard, and held against what was heard of the source: see the check of sound.
    kept = {s.index for s in e.plan.streams if s.is_carried and s.route is not Route.SOUND}
    copied = [s for s in e.source.of_kind(StreamKind.AUDIO) if s.index in kept]
    begin = _starts(copied) if e.sounds_begin is None else list(e.sounds_begin)
    shown = [s.index for s in expected_streams(e) if s.kind is StreamKind.AUDIO]
    before = [start for sound, start in zip(copied, begin, strict=True) if sound.index in shown]
    sounds = [s for s, index in zip(e.output.of_kind(StreamKind.AUDIO), shown, strict=False) if index in kept]
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
