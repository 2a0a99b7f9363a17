"""The stream ledger: one declared fate for everything a source holds, and the name of the rule behind it.

Streams, attached files, chapters, tags, dispositions and side data: whatever is in the source has one entry, whether
it is carried over or not. The output is checked against what this says (`planning/checks`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from reelwright.media.model import MediaInfo, Stream, StreamKind
from reelwright.planning.chapters import chapter_fates
from reelwright.planning.containers import Container, holdings
from reelwright.planning.fates import SENTENCES, Fate, Rule
from reelwright.planning.streams import Route, StreamPlan
from reelwright.planning.tags import Bearer, TagFate, tag_fates

#: Values longer than this are cut in the ledger; they are carried over whole.
LONGEST_VALUE = 200


class Subject(StrEnum):
    """What an entry is about."""

    STREAM = "stream"
    ATTACHMENT = "attachment"
    CHAPTER = "chapter"
    TAG = "tag"
    DISPOSITION = "disposition"
    SIDE_DATA = "side data"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing in the source and what becomes of it."""

    subject: Subject
    #: The stream it belongs to; None: the file itself.
    stream: int | None
    #: The chapter it belongs to, counted from one; None: to none.
    chapter: int | None = None
    #: A codec, a file's name, a key, a disposition or a kind of side data.
    name: str
    #: What it says, cut where it is long.
    value: str = ""
    fate: Fate
    #: Why it is not carried over as it is; None where it is.
    rule: Rule | None = None
    #: The rule in words.
    reason: str = ""


def entry(subject: Subject, stream: int | None, name: str, *, fate: Fate, rule: Rule | None = None) -> Entry:
    """An entry with its rule's own words."""
    return Entry(
        subject=subject, stream=stream, name=name, fate=fate, rule=rule, reason=SENTENCES[rule] if rule else ""
    )


def short(text: str) -> str:
    """A value as the ledger shows it."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def make_ledger(
    info: MediaInfo, streams: Sequence[StreamPlan], container: Container, *, scaled: bool = False
) -> tuple[Entry, ...]:
    """Everything in a source and its fate: the file's own, then stream by stream, then chapters.

    Args:
        info: the probe's facts.
        streams: what becomes of each stream.
        container: what is written.
        scaled: whether another size was asked for.
    """
    plans = {plan.index: plan for plan in streams}
    rows = [*of_tags(None, tag_fates(info.tags, Bearer.FILE, container, info.broken_tags))]
    for stream in info.streams:
        rows += of_stream(stream, plans[stream.index], container, scaled=scaled)
    for fate in chapter_fates(info.chapters):
        title = short(fate.source.title or "")
        said = SENTENCES[fate.rule] if fate.rule else ""
        rows.append(
            Entry(
                subject=Subject.CHAPTER, stream=None, chapter=fate.number, name=str(fate.number), value=title,
                fate=fate.fate, rule=fate.rule, reason=said,
            )
        )  # fmt: skip
        tags = tag_fates(fate.source.tags, Bearer.CHAPTER, container, fate.source.broken_tags)
        rows += [replace(row, chapter=fate.number) for row in of_tags(None, tags)]
    return tuple(rows)


def with_fates(
    ledger: Sequence[Entry], info: MediaInfo, streams: Iterable[StreamPlan], container: Container
) -> tuple[Entry, ...]:
    """The ledger with the entries of some sounds made anew, each in its place."""
    rows = list(ledger)
    sources = {stream.index: stream for stream in info.streams}
    for planned in streams:
        own = [number for number, row in enumerate(rows) if row.stream == planned.index]
        made = of_stream(sources[planned.index], planned, container, scaled=False)
        rows[own[0] : own[-1] + 1] = made
    return tuple(rows)


def of_tags(stream: int | None, fates: Iterable[TagFate]) -> Iterator[Entry]:
    """Entries of tags."""
    for tag in fates:
        yield replace(entry(Subject.TAG, stream, short(tag.key), fate=tag.fate, rule=tag.rule), value=short(tag.value))


def of_stream(stream: Stream, plan: StreamPlan, container: Container, *, scaled: bool) -> Iterator[Entry]:
    """A stream, and everything that belongs to it."""
    yield Entry(
        subject=Subject.ATTACHMENT if plan.route is Route.FILE or is_file(stream) else Subject.STREAM,
        stream=stream.index,
        name=stream.file_name or plan.file_name or stream.codec or "unknown",
        value=described(stream),
        fate=plan.fate,
        rule=plan.rule,
        reason=plan.reason,
    )
    below = [
        *of_tags(stream.index, stream_tags(stream, plan, container)),
        *of_dispositions(stream, plan, container),
        *of_side_data(stream, plan, container, scaled=scaled),
    ]
    if plan.fate is Fate.DROP:
        gone = Rule.WITH_ITS_STREAM
        below = [replace(row, fate=Fate.DROP, rule=gone, reason=SENTENCES[gone]) for row in below]
    yield from below


def is_file(stream: Stream) -> bool:
    """Whether a stream of the source is an attached file: a font, or a picture that is shown beside the film."""
    return stream.kind is StreamKind.ATTACHMENT or (stream.video is not None and stream.video.attached_picture)


def described(stream: Stream) -> str:
    """A stream in a few words."""
    words = [stream.kind.value, stream.codec if stream.file_name else "", stream.mimetype]
    if stream.video and not stream.video.attached_picture:
        words.append(f"{stream.video.width}x{stream.video.height}")
    if stream.audio:
        words.append(stream.audio.layout or "")
    return ", ".join(word for word in words if word)


def bearer_of(plan: StreamPlan) -> Bearer:
    """What carries a stream's tags."""
    if plan.route is Route.FILE:
        return Bearer.ATTACHED
    return Bearer.COPIED if plan.fate is Fate.COPY else Bearer.ENCODED


def stream_tags(stream: Stream, plan: StreamPlan, container: Container) -> tuple[TagFate, ...]:
    """What becomes of a stream's tags."""
    return tag_fates(stream.tags, bearer_of(plan), container, stream.broken_tags)


def kept_dispositions(stream: Stream, plan: StreamPlan, container: Container) -> tuple[str, ...]:
    """The dispositions a stream has in the output."""
    if plan.route is Route.FILE:
        return ("attached_pic",) if "attached_pic" in stream.dispositions else ()
    holds, subtitle = holdings(container), stream.kind is StreamKind.SUBTITLE
    return tuple(name for name in stream.dispositions if holds.disposition(name, subtitle=subtitle))


def of_dispositions(stream: Stream, plan: StreamPlan, container: Container) -> Iterator[Entry]:
    """Entries of dispositions."""
    there = kept_dispositions(stream, plan, container)
    for name in stream.dispositions:
        here = name in there
        fate, rule = (Fate.COPY, None) if here else (Fate.DROP, Rule.NO_PLACE)
        yield entry(Subject.DISPOSITION, stream.index, name, fate=fate, rule=rule)


#: Side data of streams that is carried over: by the chunks, by the writer, or with the tags it is read from.
CARRIED = frozenset(
    {
        *("Display Matrix", "Mastering Display Metadata", "Content Light Level Metadata", "Stereo 3D"),
        *("DOVI configuration record", "replaygain", "Ambient Viewing Environment"),
    }
)
CARRIED_IN = {Container.MATROSKA: CARRIED, Container.MP4: CARRIED - {"Stereo 3D", "replaygain"}}
#: What the decoder applies by itself.
APPLIED = frozenset({"Frame Cropping"})
#: What describes how the former encoder worked.
OF_ENCODER = frozenset({"CPB properties", "quality factor"})
#: Side data of frames that is carried over frame by frame, or says what the stream says already.
CARRIED_BY_FRAMES = frozenset(
    {
        *("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL", "DISPLAYMATRIX", "DYNAMIC_HDR_PLUS", "DOVI_METADATA"),
        *("DOVI_RPU_BUFFER", "DOVI_RPU_BUFFER_T35", "STEREO3D"),
    }
)


def side_rule(name: str, plan: StreamPlan, container: Container) -> Rule | None:
    """The rule for one side datum of a stream; None where it is carried over."""
    if name in CARRIED_IN[container] or (plan.fate is Fate.COPY and name in APPLIED):
        return None
    if name in APPLIED:
        return Rule.DECODED_INTO_PICTURE
    return Rule.FORMER_ENCODER if name in OF_ENCODER else Rule.NO_PLACE


def frame_rule(name: str) -> Rule | None:
    """The rule for one kind of side data of the film's frames; None where it is carried over."""
    if name in CARRIED_BY_FRAMES:
        return None
    if name == "A53_CC":
        return Rule.CAPTIONS_IN_PICTURE
    return Rule.DECODED_INTO_PICTURE if name == "FILM_GRAIN_PARAMS" else Rule.FRAME_NOTES


def of_side_data(stream: Stream, plan: StreamPlan, container: Container, *, scaled: bool) -> Iterator[Entry]:
    """Entries of what the container, and of the film its first frames, say beside the codec."""

    def row(name: str, value: str, rule: Rule | None) -> Entry:
        applied = rule in {Rule.DECODED_INTO_PICTURE, Rule.SCALED}
        fate = Fate.COPY if rule is None else Fate.CONVERT if applied else Fate.DROP
        return replace(entry(Subject.SIDE_DATA, stream.index, name, fate=fate, rule=rule), value=short(value))

    for name, value in stream.side_data:
        yield row(name, value, side_rule(name, plan, container))
    video = stream.video
    if video and not video.attached_picture and video.sample_aspect not in {None, 0, 1}:
        anew = scaled and plan.fate is Fate.ENCODE
        yield row("sample aspect", str(video.sample_aspect).replace("/", ":"), Rule.SCALED if anew else None)
    if video and plan.fate is Fate.ENCODE:
        for name in video.frame_data:
            yield row(name, "of frames", frame_rule(name))


def missed(ledger: Iterable[Entry]) -> tuple[str, ...]:
    """Phrases on what a viewer would miss, streams left out: those have a sentence each."""
    lost = [row for row in ledger if row.rule is Rule.CAPTIONS_IN_PICTURE]
    return tuple(f"Stream {row.stream}: {row.reason}" for row in lost)
