"""The stream ledger: everything in a source has one fate, and what is not carried over as it is has a rule."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import RICH, cover, film, index, info, plan, sound, stream
from reelwright.media.model import Chapter, MediaInfo, Stream, StreamKind
from reelwright.planning.containers import Container
from reelwright.planning.fates import SENTENCES, Fate, Rule
from reelwright.planning.once_read import with_late_streams
from reelwright.planning.plan import Request, make_plan
from reelwright.planning.stream_ledger import Entry, Subject, make_ledger
from reelwright.planning.streams import plan_streams


def ledger_of(source: MediaInfo, **changes: Any) -> tuple[Entry, ...]:
    chosen = source.film
    assert chosen is not None
    return make_ledger(source, plan_streams(source, chosen), Container.MATROSKA, **changes)


def row(rows: tuple[Entry, ...], subject: Subject, name: str, stream_: int | None = None) -> Entry:
    (found,) = [r for r in rows if (r.subject, r.name, r.stream) == (subject, name, stream_)]
    return found


TAGGED = replace(
    RICH,
    tags=(("COMMENT", "c"), ("encoder", "Lavf"), ("major_brand", "isom"), ("title", "A film")),
    streams=(
        replace(
            RICH.streams[0],
            tags=(("BPS-eng", "12"), ("ENCODER", "Lavc"), ("SOURCE", "disc"), ("title", "Main")),
            side_data=(("Display Matrix", "90"), ("CPB properties", "x"), ("Frame Cropping", "1/1/0/0"), ("Odd", "")),
        ),
        replace(RICH.streams[1], tags=(("BPS-eng", "12"), ("creation_time", "2001"), ("language", "eng"))),
        *RICH.streams[2:7],
        replace(RICH.streams[7], tags=(("handler_name", "x"),), dispositions=("default",)),
    ),
)


def test_everything_in_a_source_has_one_fate() -> None:
    rows = ledger_of(TAGGED)
    assert len({(r.subject, r.stream, r.chapter, r.name) for r in rows}) == len(rows)
    streams = [r for r in rows if r.subject in {Subject.STREAM, Subject.ATTACHMENT}]
    assert [r.stream for r in streams] == [s.index for s in TAGGED.streams]
    counts = Counter(r.subject for r in rows)
    assert counts[Subject.CHAPTER] == len(TAGGED.chapters)
    assert counts[Subject.TAG] == len(TAGGED.tags) + sum(len(s.tags) for s in TAGGED.streams)
    assert counts[Subject.DISPOSITION] == sum(len(s.dispositions) for s in TAGGED.streams)
    assert counts[Subject.SIDE_DATA] == 4


def test_what_is_not_carried_over_as_it_is_has_a_rule_and_says_it_in_words() -> None:
    for r in ledger_of(TAGGED):
        assert (r.rule is not None) == (r.fate in {Fate.DROP, Fate.CONVERT})
        assert bool(r.reason) == (r.rule is not None)
    assert set(SENTENCES) == set(Rule)


@pytest.mark.parametrize(
    ("subject", "number", "name", "fate", "rule"),
    [
        (Subject.TAG, None, "COMMENT", Fate.COPY, None),
        (Subject.TAG, None, "encoder", Fate.DROP, Rule.WRITTEN_ANEW),
        (Subject.TAG, None, "major_brand", Fate.DROP, Rule.CONTAINER_BRAND),
        (Subject.TAG, 0, "BPS-eng", Fate.DROP, Rule.STALE_STATISTICS),
        (Subject.TAG, 0, "ENCODER", Fate.DROP, Rule.WRITTEN_ANEW),
        (Subject.TAG, 0, "SOURCE", Fate.COPY, None),
        (Subject.TAG, 1, "BPS-eng", Fate.COPY, None),  # of a stream that is copied it is still true
        (Subject.TAG, 1, "creation_time", Fate.DROP, Rule.NO_PLACE),
        (Subject.TAG, 7, "handler_name", Fate.DROP, Rule.WITH_ITS_STREAM),
        (Subject.DISPOSITION, 7, "default", Fate.DROP, Rule.WITH_ITS_STREAM),
        (Subject.DISPOSITION, 3, "forced", Fate.COPY, None),
        (Subject.SIDE_DATA, 0, "Display Matrix", Fate.COPY, None),
        (Subject.SIDE_DATA, 0, "CPB properties", Fate.DROP, Rule.FORMER_ENCODER),
        (Subject.SIDE_DATA, 0, "Frame Cropping", Fate.CONVERT, Rule.DECODED_INTO_PICTURE),
        (Subject.SIDE_DATA, 0, "Odd", Fate.DROP, Rule.NO_PLACE),
        (Subject.ATTACHMENT, 5, "a.ttf", Fate.ATTACH, None),
        (Subject.STREAM, 7, "bin_data", Fate.DROP, Rule.DATA_STREAM),
        (Subject.STREAM, 4, "mov_text", Fate.CONVERT, Rule.TEXT_CONVERTED),
    ],
)
def test_each_thing_has_the_fate_its_rule_says(
    subject: Subject, number: int | None, name: str, fate: Fate, rule: Rule | None
) -> None:
    found = row(ledger_of(TAGGED), subject, name, number)
    assert (found.fate, found.rule) == (fate, rule)


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("lyrics", StreamKind.AUDIO, False),
        ("clean_effects", StreamKind.AUDIO, False),
        ("captions", StreamKind.SUBTITLE, False),
        ("descriptions", StreamKind.SUBTITLE, True),
        ("descriptions", StreamKind.AUDIO, False),
        ("dub", StreamKind.AUDIO, True),
        ("comment", StreamKind.AUDIO, True),
    ],
)
def test_a_disposition_without_a_place_is_dropped_by_a_rule(name: str, kind: StreamKind, *, kept: bool) -> None:
    other = sound(1) if kind is StreamKind.AUDIO else stream(1, kind, "subrip")
    found = row(ledger_of(info(film(), replace(other, dispositions=(name,)))), Subject.DISPOSITION, name, 1)
    assert found.rule is (None if kept else Rule.NO_PLACE)


def test_cover_art_is_attached_and_stays_cover_art() -> None:
    art = replace(cover(1), dispositions=("attached_pic", "default"))
    rows = ledger_of(info(film(), art))
    assert row(rows, Subject.DISPOSITION, "attached_pic", 1).fate is Fate.COPY
    assert row(rows, Subject.DISPOSITION, "default", 1).rule is Rule.NO_PLACE
    assert row(rows, Subject.ATTACHMENT, "cover.jpg", 1).rule is Rule.NAMED_HERE


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("A53_CC", Rule.CAPTIONS_IN_PICTURE),
        ("SEI_UNREGISTERED", Rule.FRAME_NOTES),
        ("FILM_GRAIN_PARAMS", Rule.DECODED_INTO_PICTURE),
        ("MASTERING_DISPLAY_METADATA", None),
        ("DYNAMIC_HDR_PLUS", None),
    ],
)
def test_side_data_of_the_films_frames_has_a_fate(name: str, rule: Rule | None) -> None:
    assert row(ledger_of(info(film(frame_data=(name,)))), Subject.SIDE_DATA, name, 0).rule is rule


def test_captions_inside_the_picture_are_told_to_whoever_encodes_it() -> None:
    assert any("captions inside the picture" in note for note in plan(info(film(frame_data=("A53_CC",)))).notes)
    assert not any("captions" in note for note in plan().notes)


def test_a_sample_aspect_is_kept_unless_the_picture_is_scaled() -> None:
    wide = info(film(sample_aspect=Fraction(4, 3)))
    assert row(ledger_of(wide), Subject.SIDE_DATA, "sample aspect", 0).value == "4:3"
    assert row(ledger_of(wide), Subject.SIDE_DATA, "sample aspect", 0).fate is Fate.COPY
    assert row(ledger_of(wide, scaled=True), Subject.SIDE_DATA, "sample aspect", 0).rule is Rule.SCALED


def test_a_huge_value_is_shown_cut_and_is_no_smaller_for_it() -> None:
    found = row(ledger_of(info(film(), tags=(("COMMENT", "x" * 10_000),))), Subject.TAG, "COMMENT")
    assert len(found.value) == 200
    assert found.fate is Fate.COPY


def test_a_stream_that_only_reading_the_whole_film_shows_is_dropped_by_a_rule() -> None:
    known = plan()
    late = with_late_streams(known, index(stream_bytes=((0, 9), (1, 5), (11, 7), (12, 0))))
    added = late.ledger[len(known.ledger) :]
    assert [(r.stream, r.fate, r.rule) for r in added] == [(11, Fate.DROP, Rule.APPEARED_LATE)]
    assert late.notes[-1].startswith("Stream 11: it begins so far into the file")
    assert with_late_streams(known, index(stream_bytes=((0, 9),))) is known


def chapter(start: Fraction, end: Fraction) -> Chapter:
    return Chapter(start=start, end=end, title="x", tags=(("title", "x"),))


TIMES = st.fractions(min_value=-5, max_value=50, max_denominator=1000)


@settings(deadline=None)
@given(st.lists(st.builds(chapter, TIMES, TIMES), max_size=12), st.lists(st.text(max_size=5), max_size=4))
def test_any_chapters_and_any_tags_have_fates_and_no_one_fails(chapters: list[Chapter], keys: list[str]) -> None:
    tags = tuple((key, key) for key in keys)
    source = info(film(), replace(sound(1), tags=tags), chapters=tuple(chapters), tags=tags)
    made = make_plan(source, Request())
    assert len([r for r in made.ledger if r.subject is Subject.CHAPTER]) == len(chapters)
    assert all((r.rule is None) == (r.fate in {Fate.COPY, Fate.ENCODE, Fate.ATTACH}) for r in made.ledger)


def test_streams_and_tags_of_the_source_are_named_as_they_are() -> None:
    named: Stream = replace(sound(1), tags=(("title", "a\nb"),), title="a\nb")
    assert row(ledger_of(info(film(), named)), Subject.TAG, "title", 1).value == "a\nb"
