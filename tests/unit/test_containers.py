"""What each container holds, says otherwise, or has no place for; and the clocks of an output."""

from dataclasses import replace
from fractions import Fraction

import pytest

from examples import RICH, cover, film, index, info, plan, sound, stream
from reelwright.media.model import Chapter, Stream, StreamKind
from reelwright.planning.checks import run_checks
from reelwright.planning.checks.evidence import Attached, ChunkPackets, Copied, Evidence
from reelwright.planning.clocks import film_clock, movie_ticks
from reelwright.planning.containers import (
    Container,
    container_of,
    held_chapters,
    held_dispositions,
    held_language,
    held_notes,
    holdings,
)
from reelwright.planning.decision import Verdict, decide
from reelwright.planning.plan import Request, make_plan
from reelwright.planning.streams import Fate, fate_of, written_streams
from reelwright.tools.mux import display_aspect, movie_clock, shift_of

MP4 = Container.MP4
FILM = film()
VIDEO, AUDIO, SUBTITLE = StreamKind.VIDEO, StreamKind.AUDIO, StreamKind.SUBTITLE


@pytest.mark.parametrize(
    ("suffix", "container"), [(".mkv", Container.MATROSKA), (".MP4", MP4), (".mp4", MP4), ("", Container.MATROSKA)]
)
def test_the_suffix_names_the_container(suffix: str, container: Container) -> None:
    assert container_of(suffix) is container


@pytest.mark.parametrize(
    ("given", "fate", "reason"),
    [
        (FILM, Fate.ENCODE, ""),
        (stream(1, VIDEO, "hevc", video=FILM.video), Fate.COPY, ""),
        (stream(1, VIDEO, "vp8", video=FILM.video), Fate.DROP, "video in vp8 has no place in MP4"),
        (cover(1), Fate.ATTACH, ""),
        (cover(1, "gif"), Fate.DROP, "cover art in gif has no place in MP4"),
        *((sound(1, codec=name), Fate.COPY, "") for name in ("aac", "ac3", "eac3", "dts", "flac", "alac", "opus")),
        *((sound(1, codec=name), Fate.COPY, "") for name in ("mp3", "mp2", "vorbis")),
        *((sound(1, codec=name), Fate.DROP, f"audio in {name}") for name in ("truehd", "pcm_s16le", "wavpack")),
        (stream(1, SUBTITLE, "mov_text"), Fate.COPY, ""),
        (stream(1, SUBTITLE, "subrip"), Fate.CONVERT, "becomes timed text"),
        (stream(1, SUBTITLE, "ass"), Fate.CONVERT, "most styling"),
        (stream(1, SUBTITLE, "webvtt"), Fate.CONVERT, "overlapping lines"),
        (stream(1, SUBTITLE, "hdmv_pgs_subtitle"), Fate.DROP, "subtitles in hdmv_pgs_subtitle have no place in MP4"),
        (stream(1, SUBTITLE, "dvd_subtitle"), Fate.DROP, "no place in MP4"),
        (stream(1, StreamKind.ATTACHMENT, "ttf", file_name="a.ttf"), Fate.DROP, "the attached file a.ttf"),
        (stream(1, StreamKind.DATA, "bin_data"), Fate.DROP, "a bin_data data stream has no place in MP4"),
    ],
)
def test_a_streams_fate_in_mp4_follows_from_its_kind_and_codec(given: Stream, fate: Fate, reason: str) -> None:
    found = fate_of(given, FILM, holdings(MP4))
    assert found.fate is fate
    assert reason in found.reason
    assert bool(found.reason) == (found.rule is not None)


def test_sound_without_a_place_in_mp4_is_refused_and_in_matroska_is_not() -> None:
    source = info(film(), sound(1, codec="truehd"))
    refused = decide(source, Request(container=MP4))
    assert refused.verdict is Verdict.REFUSE
    assert "MP4 has no place for the film's sound in stream 1 (truehd)" in refused.reasons[0]
    assert "something.mkv" in refused.hint
    assert decide(source, Request()).verdict is Verdict.ENCODE


@pytest.mark.parametrize(
    ("language", "held"),
    [("eng", "eng"), ("ger", "ger"), (None, None), ("de", None), ("en-US", None), ("ENG", None), ("äää", None)],
)
def test_mp4_has_languages_of_three_letters(language: str | None, held: str | None) -> None:
    assert held_language(MP4, language) == held
    assert held_language(Container.MATROSKA, language) == language


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ([(VIDEO, ("default",))], [("default",)]),
        ([(VIDEO, ())], [("default",)]),
        ([(VIDEO, ()), (AUDIO, ()), (AUDIO, ())], [("default",), ("default",), ()]),
        ([(AUDIO, ()), (AUDIO, ("default",))], [(), ("default",)]),
        ([(AUDIO, ("default",)), (AUDIO, ("default", "dub"))], [("default",), ("default", "dub")]),
        ([(AUDIO, ("default", "original", "lyrics"))], [("default",)]),
        ([(AUDIO, ("default", "hearing_impaired"))], [("captions", "default", "hearing_impaired")]),
        ([(AUDIO, ("default", "descriptions"))], [("default", "descriptions", "visual_impaired")]),
        ([(SUBTITLE, ("forced",))], [("default", "forced")]),
    ],
)
def test_mp4_marks_what_it_knows_and_one_of_a_kind_as_default(
    given: list[tuple[StreamKind, tuple[str, ...]]], held: list[tuple[str, ...]]
) -> None:
    assert held_dispositions(MP4, given) == held
    unknown = {"lyrics", "descriptions"}  # the latter of sounds: of subtitles Matroska has a place for it
    kept = [tuple(mark for mark in marks if mark not in unknown) for _, marks in given]
    assert held_dispositions(Container.MATROSKA, given) == kept


def chapters(*rows: tuple[int, int, str | None]) -> tuple[Chapter, ...]:
    """Chapters, in milliseconds."""
    return tuple(Chapter(start=Fraction(a, 1000), end=Fraction(b, 1000), title=name) for a, b, name in rows)


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ((), ()),
        (((0, 9, "a"), (9, 20, "b")), ((0, 9, "a"), (9, 20, "b"))),
        (((0, 5, "a"), (9, 20, "b")), ((0, 9, "a"), (9, 20, "b"))),
        (((4, 9, "a"), (9, 20, "b")), ((0, 4, None), (4, 9, "a"), (9, 20, "b"))),
        (((0, 30, "a"), (9, 20, "b")), ((0, 9, "a"), (9, 20, "b"))),
        (((9, 20, "b"), (0, 9, "a")), ((0, 9, "a"), (9, 20, "b"))),
        (((0, 0, "a"), (0, 0, None)), ((0, 1, "a"), (1, 2, None))),
        (((-5, 9, "a"),), ((0, 9, "a"),)),
    ],
)
def test_chapters_in_mp4_follow_one_another_from_the_beginning(
    given: tuple[tuple[int, int, str | None], ...], held: tuple[tuple[int, int, str | None], ...]
) -> None:
    assert held_chapters(MP4, chapters(*given)) == chapters(*held)
    assert held_chapters(MP4, chapters(*held)) == chapters(*held)
    assert held_chapters(Container.MATROSKA, chapters(*given)) == chapters(*given)


def notes(*streams: Stream, **changes: object) -> str:
    source = info(*streams, **changes)
    found = source.film
    assert found is not None
    return "\n".join(make_plan(source, Request(container=MP4)).notes)


def test_the_plan_names_what_mp4_does_not_say() -> None:
    said = notes(
        film(),
        sound(1, language="en-US", dispositions=("original",)),
        tags=(("title", "T"), ("IMDB", "tt1"), ("encoder", "x"), ("DIRECTOR", "y")),
        chapters=chapters((0, 5, "a"), (9, 20, "b")),
    )
    assert "MP4 has no place for the tags director, imdb." in said
    assert "Stream 1: MP4 does not mark streams as original." in said
    assert "Stream 1: MP4 has no place for the language en-US." in said
    assert "MP4 marks the first of a kind as default: stream 1 is marked so." in said
    assert "each ends where the next begins" in said


def test_the_plan_names_nothing_where_nothing_is_lost() -> None:
    source = info(
        film(),
        sound(1, language="eng", dispositions=("default",)),
        tags=(("title", "T"),),
        chapters=chapters((0, 9, "a")),
    )
    written = written_streams(source, make_plan(source, Request(container=MP4)).streams)
    assert held_notes(MP4, source, written) == ()


def test_matroska_has_no_notes_of_its_own() -> None:
    source = replace(RICH, tags=(("IMDB", "x"),))
    assert held_notes(Container.MATROSKA, source, source.streams[:4]) == ()


def test_streams_are_written_in_the_sources_order_after_the_film() -> None:
    source = info(
        stream(0, SUBTITLE, "subrip"), sound(1), stream(2, VIDEO, "h264", video=film().video), cover(3), sound(4)
    )
    planned = make_plan(source, Request(container=MP4)).streams
    assert [s.index for s in written_streams(source, planned)] == [2, 0, 1, 4]


@pytest.mark.parametrize(
    ("base", "ticks"),
    [
        (Fraction(1, 24000), 24000),
        (Fraction(1001, 24000), 24000),
        (Fraction(1, 90000), 90000),
        (Fraction(1, 1000), 16000),
        (Fraction(1, 25), 12800),
        (Fraction(1, 10**9), 10**9),
        (Fraction(1, 10**10), 90000),
    ],
)
def test_the_films_clock_in_mp4_says_the_sources_times_exactly(base: Fraction, ticks: int) -> None:
    clock = film_clock(MP4, base)
    assert clock == Fraction(1, ticks)
    assert (base / clock).denominator == 1 or base.denominator > 1 << 31
    assert film_clock(Container.MATROSKA, base) == Fraction(1, 1000)


def test_the_movies_clock_is_as_coarse_as_late_starts_allow() -> None:
    film_tick = Fraction(1, 24000)
    assert movie_ticks((), film_tick) == 1000
    assert movie_ticks((Fraction(0), Fraction(3, 2)), film_tick) == 1000
    assert movie_ticks((Fraction(1001, 24000),), film_tick) == 24000
    assert movie_ticks((Fraction(1, 48000), Fraction(1, 44100)), film_tick) == 7_056_000
    assert movie_ticks((Fraction(1, 999_999_937), Fraction(1, 44100)), film_tick) == 24000


def primed(number: int, begins: int) -> Stream:
    """AAC whose first packet is priming."""
    return sound(number, codec="aac", time_base=Fraction(1, 48000), start_pts=-1024, begins_pts=begins)


@pytest.mark.parametrize(
    ("container", "begins", "shift"),
    [
        # Matroska has no edit list: the priming is moved to zero and the film with it.
        (Container.MATROSKA, 0, Fraction(22, 1000)),
        (MP4, 0, Fraction(0)),
        # What is heard before zero is moved there, to a whole tick of the film's clock.
        (MP4, -480, Fraction(1, 100)),
    ],
)
def test_only_what_is_heard_must_not_begin_before_zero_in_mp4(
    container: Container, begins: int, shift: Fraction
) -> None:
    source = info(film(), primed(1, begins))
    planned = make_plan(source, Request(container=container))
    assert shift_of(source, index(), planned) == shift


def test_the_movies_clock_follows_the_starts_and_in_an_excerpt_all_clocks() -> None:
    source = info(film(), sound(1, time_base=Fraction(1, 48000), start_pts=4001))
    planned, times = make_plan(source, Request(container=MP4)), index()
    clock = film_clock(MP4, times.time_base)
    assert movie_clock(source, planned, clock, times, Fraction(0)) == 48000
    assert movie_clock(info(film(), sound(1)), planned, clock, times, Fraction(0)) == 1000
    assert movie_clock(source, planned, clock, times, None) == 48000
    assert movie_clock(source, make_plan(source, Request()), clock, times, Fraction(0)) == 0


def test_mp4_needs_no_second_copy_for_the_sample_aspect() -> None:
    source = info(film(sample_aspect=Fraction(4, 3)))
    assert display_aspect(make_plan(source, Request())) is not None
    assert display_aspect(make_plan(source, Request(container=MP4))) is None


# --- the checks -------------------------------------------------------------------------------------------------

CLOCK = Fraction(1, 16000)
TICKS = tuple(range(0, 160_000, 640))
SOURCE = info(
    film(),
    sound(1, language="eng", codec="mp2"),
    stream(2, SUBTITLE, "subrip", language="de", title="Words"),
    cover(3),
    chapters=chapters((1000, 2000, "a"), (2500, 9000, "b")),
)
#: What SOURCE becomes: the first of each kind is marked, the language has no place, chapters are filled up.
OUTPUT = info(
    replace(film(), codec="av1"),
    sound(1, language="eng", codec="mp3", dispositions=("default",), time_base=Fraction(1, 48000)),
    stream(2, SUBTITLE, "mov_text", title="Words", dispositions=("default",)),
    stream(3, StreamKind.DATA, "bin_data", language="eng"),
    cover(4),
    container="mov,mp4,m4a,3gp,3g2,mj2",
    chapters=chapters((0, 1000, ""), (1000, 2500, "a"), (2500, 9000, "b")),
)
COVER = Attached(name="", mimetype="", digest="c0")
GOOD = Evidence(
    plan=make_plan(SOURCE, Request(container=MP4)),
    source=SOURCE,
    index=index(),
    output=OUTPUT,
    shift=Fraction(0),
    packet_ticks=TICKS,
    decoded_ticks=TICKS,
    warnings=(),
    copied=tuple(Copied(index=k, written=(9, "p", "t"), read=(9, "p", "t")) for k in (1, 2)),
    attached=(COVER,),
    attachments=(COVER,),
    chunks=(ChunkPackets(frames=250, scored="a", taken="a", written="a", read="a"),),
    clock=CLOCK,
)


def failed(e: Evidence) -> dict[str, str]:
    return {check.name: check.detail for check in run_checks(e) if not check.passed}


def output_with(number: int, **changes: object) -> Evidence:
    streams = list(OUTPUT.streams)
    streams[number] = replace(streams[number], **changes)  # type: ignore[arg-type]
    return replace(GOOD, output=replace(OUTPUT, streams=tuple(streams)))


def test_a_good_mp4_passes_every_check() -> None:
    assert failed(GOOD) == {}


def test_times_are_held_against_the_clock_of_the_track() -> None:
    late = replace(GOOD, packet_ticks=(*TICKS[:5], TICKS[5] + 1, *TICKS[6:]))
    assert failed(late) == {"times": "packet 5 is at 200.062 ms instead of 200.000 ms"}
    assert set(failed(replace(GOOD, clock=Fraction(1, 1000)))) == {"times", "duration"}


@pytest.mark.parametrize(
    ("spoilt", "check"),
    [
        (output_with(1, dispositions=()), "streams"),
        (output_with(1, language=None), "streams"),
        (output_with(2, title=None), "streams"),
        (output_with(2, codec="subrip"), "streams"),
        (output_with(1, start_pts=-100), "offset"),
        (output_with(1, start_pts=100), "offset"),
        (replace(GOOD, attachments=()), "attachments"),
        (replace(GOOD, output=replace(OUTPUT, chapters=OUTPUT.chapters[1:])), "chapters"),
        (
            replace(
                GOOD, output=replace(OUTPUT, chapters=chapters((0, 1000, ""), (1000, 2499, "a"), (2500, 9000, "b")))
            ),
            "chapters",
        ),
        (
            replace(
                GOOD, output=replace(OUTPUT, chapters=chapters((0, 1000, ""), (1000, 2500, "x"), (2500, 9000, "b")))
            ),
            "chapters",
        ),
    ],
)
def test_a_spoilt_mp4_is_found_out(spoilt: Evidence, check: str) -> None:
    assert check in failed(spoilt)


def test_a_data_stream_that_is_no_track_of_chapters_is_one_too_many() -> None:
    more = replace(OUTPUT, streams=(*OUTPUT.streams, stream(5, SUBTITLE, "mov_text")))
    assert set(failed(replace(GOOD, output=more))) == {"streams"}
    matroska = replace(GOOD, plan=plan(), source=RICH)
    assert "streams" in failed(matroska)


def test_a_sound_without_packets_has_no_track_in_mp4() -> None:
    source = replace(SOURCE, streams=(*SOURCE.streams, sound(4, codec="aac")))
    copies = (*GOOD.copied, Copied(index=4, written=(0, "", ""), read=(0, "", "")))
    silent = replace(GOOD, source=source, plan=make_plan(source, Request(container=MP4)), copied=copies)
    assert failed(silent) == {}
    assert set(failed(replace(silent, output=replace(OUTPUT, streams=(*OUTPUT.streams, sound(5)))))) == {"streams"}
    in_matroska = replace(silent, plan=make_plan(source, Request()))
    assert "streams" in failed(in_matroska)
