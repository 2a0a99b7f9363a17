"""A good output passes every check; each way of spoiling it is caught by the checks with a reason to, and no other."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from examples import HDR, RICH, cover, film, index, info, plan, sound, stream
from reelwright.media.model import Chapter, Color, DolbyVision, MediaInfo, Stream, StreamKind
from reelwright.planning.checks import CHECKS, run_checks
from reelwright.planning.checks.evidence import Attached, Check, ChunkPackets, Copied, Evidence, Planned, Samples
from reelwright.planning.checks.frames import check_duration, check_frames
from reelwright.planning.containers import Container

FONT = Attached(name="a.ttf", mimetype="font/ttf", digest="f0")
COVER = Attached(name="cover.jpg", mimetype="image/jpeg", digest="c0")
#: A film with tags and side data besides; what is stale of them does not come over.
FULL = replace(
    RICH,
    tags=(("COMMENT", "a"), ("major_brand", "isom"), ("title", "A film")),
    streams=(
        replace(
            RICH.streams[0], side_data=(("Display Matrix", "of 180"), ("CPB properties", "x")), tags=(("BPS", "9"),)
        ),
        replace(RICH.streams[1], tags=(("SOURCE", "disc"), ("language", "eng"), ("title", "Stereo"))),
        *RICH.streams[2:],
    ),
    chapters=(
        replace(RICH.chapters[0], tags=(("title", "One"),)),
        replace(RICH.chapters[1], tags=(("MOOD", "calm"), ("title", "Two"))),
    ),
)
#: What FULL becomes: the film, copies, the converted subtitles, attached files.
OUTPUT = info(
    replace(film(), codec="av1", side_data=(("Display Matrix", "of 180"),), tags=(("ENCODER", "x"), ("DURATION", "1"))),
    *FULL.streams[1:4],
    replace(RICH.streams[4], codec="subrip"),
    *RICH.streams[5:7],
    chapters=FULL.chapters,
    tags=(("COMMENT", "a"), ("encoder", "Lavf"), ("title", "A film")),
)
TICKS = tuple(range(0, 10_000, 40))
#: HDR10+ that differs from frame to frame; every tenth frame has none, though a decoder shows the one before.
KINDS = (("", ""), ("aa", "d1"), ("bb", "d2"), ("cc", "d3"), ("", "d3"))
CARRIED = tuple(4 if k % 10 == 9 else 1 + k % 3 for k in range(len(TICKS)))
GOOD = Evidence(
    plan=plan(FULL),
    source=FULL,
    index=index(hdr10plus=KINDS, hdr10plus_of=CARRIED),
    output=OUTPUT,
    shift=Fraction(0),
    packet_ticks=TICKS,
    decoded_ticks=TICKS,
    warnings=(),
    copied=tuple(Copied(index=k, written=(9, f"p{k}", f"t{k}"), read=(9, f"p{k}", f"t{k}")) for k in (1, 2, 3, 0)),
    attached=(FONT, COVER),
    attachments=(FONT, COVER),
    chunks=(
        ChunkPackets(frames=100, scored="a", taken="a", written="a", read="a"),
        ChunkPackets(frames=150, scored="b", taken="b", written="b", read="b"),
    ),
    samples=(Samples(index=2, source="s", output="s"),),
    hdr10plus=tuple(KINDS[0 if k == 4 else k] for k in CARRIED),
    grain=(0, 4),
)
ENCODED = Planned(
    index=1, kbps=64, layout="mono", begin=Fraction(0), samples=48_000, loudness=-20.0, levels=(-20.0,)
)  # fmt: skip
Spoil = Callable[[Evidence], Evidence]


def failed(e: Evidence) -> set[str]:
    return {check.name for check in run_checks(e) if not check.passed}


def film_with(**changes: Any) -> Spoil:
    """Change the output's picture."""

    def spoil(e: Evidence) -> Evidence:
        first = e.output.streams[0]
        assert first.video is not None
        spoilt = replace(first, video=replace(first.video, **changes))
        return replace(e, output=replace(e.output, streams=(spoilt, *e.output.streams[1:])))

    return spoil


def color_with(**changes: Any) -> Spoil:
    return film_with(color=replace(HDR, **changes))


def stream_with(number: int, **changes: Any) -> Spoil:
    """Change a stream of the output."""

    def spoil(e: Evidence) -> Evidence:
        streams = list(e.output.streams)
        streams[number] = replace(streams[number], **changes)
        return replace(e, output=replace(e.output, streams=tuple(streams)))

    return spoil


def streams_as(change: Callable[[list[Stream]], list[Stream]]) -> Spoil:
    return lambda e: replace(e, output=replace(e.output, streams=tuple(change(list(e.output.streams)))))


def ticks_as(change: Callable[[list[int]], list[int]]) -> Spoil:
    """Change the times of packets and decoded frames alike."""

    def spoil(e: Evidence) -> Evidence:
        ticks = tuple(change(list(e.packet_ticks)))
        return replace(e, packet_ticks=ticks, decoded_ticks=ticks)

    return spoil


def swapped(ticks: list[int]) -> list[int]:
    ticks[100], ticks[101] = ticks[101], ticks[100]
    return ticks


def late(ticks: list[int]) -> list[int]:
    ticks[100] += 1
    return ticks


def chapters_as(*chapters: Chapter) -> Spoil:
    return lambda e: replace(e, output=replace(e.output, chapters=chapters))


def chapter_with(**changes: Any) -> Spoil:
    return chapters_as(FULL.chapters[0], replace(FULL.chapters[1], **changes))


def copy_reads(number: int, packets: int, payload: str, times: str) -> Spoil:
    def spoil(e: Evidence) -> Evidence:
        copied = list(e.copied)
        copied[number] = replace(copied[number], read=(packets, payload, times))
        return replace(e, copied=tuple(copied))

    return spoil


def chunk_with(number: int, **changes: Any) -> Spoil:
    def spoil(e: Evidence) -> Evidence:
        chunks = list(e.chunks)
        chunks[number] = replace(chunks[number], **changes)
        return replace(e, chunks=tuple(chunks))

    return spoil


def carries(**frames: tuple[str, str]) -> Spoil:
    """Change the HDR10+ of some frames of the output, named by f and their number."""

    def spoil(e: Evidence) -> Evidence:
        carried = dict(enumerate(e.hdr10plus or ()))
        changed = {int(name[1:]): pair for name, pair in frames.items()}
        return replace(e, hdr10plus=tuple((carried | changed).values()))

    return spoil


def output_with(e: Evidence, **changes: Any) -> Evidence:
    return replace(e, output=replace(e.output, **changes))


def says(duration: Fraction | None) -> Spoil:
    return lambda e: replace(e, output=replace(e.output, duration=duration))


def attachments_as(*found: Attached) -> Spoil:
    return lambda e: replace(e, attachments=found)


def test_a_good_output_passes_every_check() -> None:
    checks = run_checks(GOOD)
    assert [c for c in checks if not c.passed] == []
    assert len(checks) == len(CHECKS) == len({c.name for c in checks})
    assert all(c.detail for c in checks)


MILLI = Fraction(1, 1000)
SPOILT: list[tuple[str, Spoil, set[str]]] = [
    ("a frame is dropped", ticks_as(lambda t: t[:100] + t[101:]), {"frames", "times"}),
    ("the last frame is dropped", ticks_as(lambda t: t[:-1]), {"frames", "times"}),
    ("a frame is doubled", ticks_as(lambda t: [*t[:100], t[100], *t[100:]]), {"frames", "times"}),
    ("two frames change places", ticks_as(swapped), {"times"}),
    ("one frame is a millisecond late", ticks_as(late), {"times"}),
    ("everything is a tick late", ticks_as(lambda t: [k + 1 for k in t]), {"times"}),
    ("a frame is packed and does not decode", lambda e: replace(e, decoded_ticks=TICKS[:-1]), {"frames", "times"}),
    ("a frame is decoded at another time", lambda e: replace(e, decoded_ticks=tuple(late([*TICKS]))), {"times"}),
    ("nothing decodes", lambda e: replace(e, decoded_ticks=()), {"frames", "times"}),
    ("there are no packets", lambda e: replace(e, packet_ticks=()), {"times", "duration"}),
    ("the decoder warns", lambda e: replace(e, warnings=("[av1] bad tile",)), {"decode"}),
    ("the width", film_with(width=1278), {"picture"}),
    ("the height", film_with(height=718), {"picture"}),
    ("the sample aspect", film_with(sample_aspect=Fraction(16, 15)), {"picture"}),
    ("the rotation", film_with(rotation=90), {"picture"}),
    ("the codec", stream_with(0, codec="hevc"), {"picture", "streams"}),
    ("the range", color_with(range="pc"), {"colour"}),
    ("no range at all", color_with(range=None), {"colour"}),
    ("the primaries", color_with(primaries="bt709"), {"colour"}),
    ("no primaries", color_with(primaries=None), {"colour"}),
    ("the transfer", color_with(transfer="arib-std-b67"), {"colour"}),
    ("the matrix", color_with(matrix="bt709"), {"colour"}),
    ("grain on one chunk", lambda e: replace(e, grain=(1, 4)), {"grain"}),
    ("the mastering display", film_with(mastering_display=(Fraction(1, 10),) * 10), {"colour"}),
    ("Dolby Vision nobody planned", film_with(dolby_vision=DolbyVision(profile=10)), {"dolby vision"}),
    ("no mastering display", film_with(mastering_display=None), {"colour"}),
    ("the light level", film_with(content_light=(1000, 401)), {"colour"}),
    ("no light level", film_with(content_light=None), {"colour"}),
    ("one payload is dropped", carries(f100=("", "")), {"hdr10plus"}),
    ("two payloads change places", carries(f100=KINDS[3], f101=KINDS[2]), {"hdr10plus"}),
    ("a payload is added to a frame without", carries(f109=KINDS[3]), {"hdr10plus"}),
    ("a payload's bytes", carries(f0=("ab", "d1")), {"hdr10plus"}),
    ("a payload that no decoder takes", carries(f0=("aa", "")), {"hdr10plus"}),
    ("the last frame's payload is lost", lambda e: replace(e, hdr10plus=(e.hdr10plus or ())[:-1]), {"hdr10plus"}),
    ("nothing of HDR10+ is left", lambda e: replace(e, hdr10plus=((("", ""),) * len(TICKS))), {"hdr10plus"}),
    ("nobody looked for HDR10+", lambda e: replace(e, hdr10plus=None), {"hdr10plus"}),
    ("the place of chroma", color_with(chroma_location="left"), {"colour"}),
    ("the file says it ends earlier", says(Fraction(9)), {"duration"}),
    ("the file does not say when it ends", says(None), {"duration"}),
    # a sound short is no sound to compare by its place: the second one is taken for the first
    ("the first sound is missing", streams_as(lambda s: [s[0], *s[2:]]), {"streams", "offset", "tags"}),
    ("the last sound is missing", streams_as(lambda s: [*s[:2], *s[3:]]), {"streams"}),
    ("the subtitles are missing", streams_as(lambda s: [*s[:3], *s[4:]]), {"streams"}),
    ("the converted subtitles are missing", streams_as(lambda s: [*s[:4], *s[5:]]), {"streams"}),
    ("a stream too many", streams_as(lambda s: [*s, stream(9, StreamKind.DATA, "bin_data")]), {"streams"}),
    ("a sound too many", streams_as(lambda s: [*s, sound(9)]), {"streams"}),
    ("sound and subtitles change places", streams_as(lambda s: [s[0], s[1], s[3], s[2], *s[4:]]), {"streams"}),
    ("the film comes second", streams_as(lambda s: [s[1], s[0], *s[2:]]), {"streams", "tags", "side data"}),
    ("a language", stream_with(1, language="deu"), {"streams"}),
    ("the film's language", stream_with(0, language=None), {"streams"}),
    ("a title", stream_with(3, title="Full"), {"streams"}),
    ("a disposition is gone", stream_with(3, dispositions=()), {"streams"}),
    ("a disposition is new", stream_with(2, dispositions=("default",)), {"streams"}),
    ("a copy in another codec", stream_with(1, codec="eac3"), {"streams"}),
    ("subtitles that were not converted", stream_with(4, codec="mov_text"), {"streams"}),
    ("a copy's payload", copy_reads(0, 9, "p9", "t1"), {"copies"}),
    ("a copy's times", copy_reads(1, 9, "p2", "t9"), {"copies"}),
    ("a copy's packet is lost", copy_reads(2, 8, "p3", "t3"), {"copies"}),
    ("the converted subtitles' text", copy_reads(3, 9, "p9", "t0"), {"copies"}),
    ("a copied stream has no packets", lambda e: replace(e, copied=(replace(e.copied[0], read=None),)), {"copies"}),
    ("a chapter is dropped", chapters_as(FULL.chapters[0]), {"chapters"}),
    ("every chapter is dropped", chapters_as(), {"chapters"}),
    ("a chapter is added", chapters_as(*FULL.chapters, FULL.chapters[1]), {"chapters"}),
    ("chapters change places", chapters_as(*FULL.chapters[::-1]), {"chapters"}),
    ("a chapter begins a tick late", chapter_with(start=4 + MILLI), {"chapters"}),
    ("a chapter ends a tick early", chapter_with(end=10 - MILLI), {"chapters"}),
    ("a chapter is renamed", chapter_with(title="Three"), {"chapters"}),
    ("a chapter has lost its name", chapter_with(title=None), {"chapters"}),
    ("a chunk's pictures are others", chunk_with(1, read="x"), {"pictures"}),
    ("a chunk is another one's", chunk_with(0, read="b"), {"pictures"}),
    ("a chunk was joined from other packets", chunk_with(0, taken="x", read="x"), {"pictures"}),
    ("the last chunk is not there", chunk_with(1, read=None), {"pictures"}),
    ("packets come after the last chunk", lambda e: replace(e, left_over=True), {"pictures"}),
    ("nobody says which chunks there are", lambda e: replace(e, chunks=()), {"pictures"}),
    ("a sound's samples", lambda e: replace(e, samples=(Samples(index=2, source="s", output="t"),)), {"samples"}),
    ("a tag of the file", lambda e: output_with(e, tags=(("COMMENT", "b"),)), {"tags"}),
    ("no tag of the file", lambda e: output_with(e, tags=()), {"tags"}),
    ("a tag too many", lambda e: output_with(e, tags=(*e.output.tags, ("ARTIST", "x"))), {"tags"}),
    ("a tag of a stream", stream_with(1, tags=(("SOURCE", "tape"),)), {"tags"}),
    ("a stream has lost its tag", stream_with(1, tags=()), {"tags"}),
    ("a tag of the font", stream_with(5, tags=(("title", "Bold"),)), {"tags"}),
    ("the display matrix is in other words", stream_with(0, side_data=(("Display Matrix", "of 90"),)), {"side data"}),
    ("the display matrix is gone", stream_with(0, side_data=()), {"side data"}),
    ("a chapter has lost a tag", chapter_with(tags=(("title", "Two"),)), {"chapters"}),
    ("a chapter's tag differs", chapter_with(tags=(("MOOD", "wild"), ("title", "Two"))), {"chapters"}),
    ("the first sound is 40 ms late", stream_with(1, start_pts=40), {"offset"}),
    ("the second sound is 40 ms early", stream_with(2, start_pts=80), {"offset"}),
    ("nobody knows when a sound starts", stream_with(2, start_pts=None), {"offset"}),
    ("the font's bytes", attachments_as(replace(FONT, digest="f1"), COVER), {"attachments"}),
    ("the cover's bytes", attachments_as(FONT, replace(COVER, digest="c1")), {"attachments"}),
    ("the font's name", attachments_as(replace(FONT, name="b.ttf"), COVER), {"attachments"}),
    ("the font's type", attachments_as(replace(FONT, mimetype="text/plain"), COVER), {"attachments"}),
    ("the font is missing", attachments_as(COVER), {"attachments"}),
    ("a font too many", attachments_as(FONT, FONT, COVER), {"attachments"}),
    ("the cover is no stream of the output", streams_as(lambda s: s[:-1]), {"attachments"}),
    ("an encoded sound is not there", lambda e: replace(e, sounds=(ENCODED,)), {"sound"}),
    ("an attached file was never written", lambda e: replace(e, attached=(FONT,)), {"attachments"}),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "caught"), [row[1:] for row in SPOILT], ids=[row[0] for row in SPOILT])
def test_what_is_spoilt_is_caught_by_the_checks_with_a_reason_to(spoil: Spoil, caught: set[str]) -> None:
    assert failed(spoil(GOOD)) == caught


@pytest.mark.parametrize(
    ("before", "after", "caught"),
    [((0, 0), None, set()), (None, (0, 0), set()), ((0, 400), None, set()), ((9, 0), None, {"colour"})],
)
def test_light_levels_without_a_peak_say_nothing(before: Any, after: Any, caught: set[str]) -> None:
    first = replace(FULL.streams[0], video=film(content_light=before).video)
    e = replace(GOOD, source=replace(FULL, streams=(first, *FULL.streams[1:])))
    assert failed(film_with(content_light=after)(e)) == caught


def test_hdr10plus_that_the_source_never_had_is_caught() -> None:
    e = replace(GOOD, index=index(), hdr10plus=None)
    assert failed(e) == set()
    assert failed(film_with(hdr10plus=True)(e)) == {"hdr10plus"}


def test_every_check_catches_something() -> None:
    assert set().union(*(caught for _, _, caught in SPOILT)) == {check.name for check in run_checks(GOOD)}


def test_an_output_without_a_film_fails_the_checks_on_its_picture() -> None:
    assert {"picture", "colour", "streams"} <= failed(streams_as(lambda s: s[1:])(GOOD))


def moved(e: Evidence, milliseconds: int) -> Evidence:
    """The same output with everything shifted, as a broadcast is."""
    ticks = tuple(t + milliseconds for t in e.packet_ticks)
    shift = Fraction(milliseconds, 1000)
    streams = tuple(
        s if s.start_pts is None else replace(s, start_pts=s.start_pts + milliseconds) for s in e.output.streams
    )
    chapters = tuple(replace(c, start=c.start + shift, end=c.end + shift) for c in e.output.chapters)
    output = replace(e.output, streams=streams, chapters=chapters, duration=(e.output.duration or 0) + shift)
    return replace(e, shift=shift, packet_ticks=ticks, decoded_ticks=ticks, output=output)


def test_a_shift_of_everything_is_no_difference() -> None:
    assert failed(moved(GOOD, 1400)) == set()


def test_a_shift_of_the_film_alone_is_one() -> None:
    spoilt = replace(GOOD, shift=Fraction(1), packet_ticks=tuple(t + 1000 for t in TICKS))
    assert failed(spoilt) >= {"times", "offset", "chapters", "duration"}


@pytest.mark.parametrize(
    ("exact", "tick", "passes"),
    [
        (Fraction(1, 3), 33, False),  # a third of a second is 333 ms and not 33
        (Fraction(1001, 24000), 42, True),  # 41.708 ms
        (Fraction(1001, 24000), 41, False),
        (Fraction(25, 2000), 12, True),  # 12.5 ms may be rounded either way
        (Fraction(25, 2000), 13, True),
    ],
)
def test_times_are_compared_to_half_a_tick(exact: Fraction, tick: int, *, passes: bool) -> None:
    times = (0, exact.numerator)
    e = replace(
        GOOD,
        index=index(times, base=Fraction(1, exact.denominator), last=exact.numerator),
        packet_ticks=(0, tick),
        decoded_ticks=(0, tick),
    )
    assert ("times" not in failed(e)) is passes


UNSAID = Color(primaries="unknown", transfer=None, matrix="unspecified")


def untagged(output: Color) -> Evidence:
    """A film whose source says nothing of its colours."""
    source = info(film(color=UNSAID))
    made = info(replace(film(color=output), codec="av1"))
    return replace(GOOD, plan=plan(source), source=source, output=made, copied=(), attached=(), attachments=())


def test_colours_that_the_source_does_not_say_may_not_be_said_by_the_output() -> None:
    assert failed(untagged(Color(range="tv"))) == set()
    assert failed(untagged(Color(range="tv", primaries="unspecified"))) == set()  # another word for nothing
    assert failed(untagged(Color(range="tv", matrix="bt2020nc"))) == {"colour"}


def test_a_film_alone_may_not_be_said_to_last_longer_than_it_does() -> None:
    e = untagged(Color(range="tv"))
    longer = replace(e, output=replace(e.output, duration=Fraction(11)))
    assert failed(longer) == {"duration"}
    # beside other streams, one of them may well end after the film
    assert failed(replace(GOOD, output=replace(OUTPUT, duration=Fraction(11)))) == set()


def test_mp4_says_how_long_it_is_from_its_first_time_on() -> None:
    request = replace(GOOD.plan.request, container=Container.MP4)
    late = tuple(tick + 7250 for tick in GOOD.packet_ticks)
    begun = replace(
        GOOD,
        plan=replace(GOOD.plan, request=request),
        packet_ticks=late,
        output=replace(OUTPUT, start=Fraction("7.25")),
    )
    assert check_duration(begun).passed
    assert not check_duration(replace(begun, output=replace(OUTPUT, start=Fraction(0)))).passed
    # Matroska says when it ends, wherever it begins.
    matroska = replace(begun, plan=GOOD.plan)
    assert not check_duration(matroska).passed
    assert check_duration(replace(matroska, output=replace(begun.output, duration=Fraction("17.25")))).passed


def test_pictures_that_no_decoder_can_show_are_named_where_frames_are_counted() -> None:
    begun = replace(GOOD, index=replace(GOOD.index, unshowable=3))
    assert check_frames(begun).passed
    assert "begins with 3 packets that refer to frames it does not hold" in check_frames(begun).detail
    assert "refer" not in check_frames(GOOD).detail


def alone(source: MediaInfo, output: MediaInfo) -> Evidence:
    return replace(GOOD, plan=plan(source), source=source, output=output, copied=(), attached=(), attachments=())


def test_a_sound_that_is_not_carried_over_is_not_missed_when_sounds_are_compared() -> None:
    source = info(film(), sound(1, audio=None, start_pts=-500), sound(2, start_pts=120))
    output = info(replace(film(), codec="av1"), sound(1, start_pts=120))
    assert failed(alone(source, output)) == set()


def test_und_is_no_language_and_an_empty_title_no_title() -> None:
    source = info(film(), sound(1, language="und", title=""))
    output = info(replace(film(), codec="av1"), sound(1))
    assert failed(alone(source, output)) == set()


def test_a_display_size_in_whole_pixels_is_near_enough_to_an_aspect() -> None:
    source = info(film(sample_aspect=Fraction(64, 45)))
    near = info(replace(film(sample_aspect=Fraction(1821, 1280)), codec="av1"))
    assert failed(alone(source, near)) == set()


def test_a_chapter_from_before_the_films_clock_begins_with_it() -> None:
    early = Chapter(start=Fraction(-1, 5), end=Fraction(10), title="One")
    source = info(film(), chapters=(early,))
    output = info(replace(film(), codec="av1"), chapters=(replace(early, start=Fraction(0)),))
    assert failed(alone(source, output)) == set()


def test_a_second_cover_of_the_same_name_must_be_there_too() -> None:
    source = info(film(), cover(1, file_name="c.jpg"), cover(2, file_name="c.jpg"))
    output = replace(source, streams=(replace(film(), codec="av1"), *source.streams[1:]))
    first = Attached(name="c.jpg", mimetype="image/jpeg", digest="1")
    second = replace(first, digest="2")
    assert failed(replace(alone(source, output), attached=(first, second), attachments=(second, first))) == set()
    assert failed(replace(alone(source, output), attached=(first, second), attachments=(first, first))) == {
        "attachments"
    }


def test_a_failed_check_says_what_is_wrong() -> None:
    def said(e: Evidence, name: str) -> Check:
        return next(c for c in run_checks(e) if c.name == name)

    assert said(ticks_as(late)(GOOD), "times").detail == "packet 100 is at 4001.000 ms instead of 4000.000 ms"
    assert said(color_with(matrix="bt709")(GOOD), "colour").detail == "matrix is bt709, not bt2020nc"
    assert said(attachments_as(COVER)(GOOD), "attachments").detail == "a.ttf is missing or differs"
    assert said(stream_with(1, start_pts=40)(GOOD), "offset").detail == (
        "sound 1 starts +0.040 s from the picture, +0.000 s in the source"
    )
    assert said(chapter_with(title="3")(GOOD), "chapters").detail == "2 of 2 chapters, chapter 2 differs"
