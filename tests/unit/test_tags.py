"""Tags: which are carried over, and how they are told apart in what is written."""

import pytest

from reelwright.planning.containers import Container
from reelwright.planning.fates import Fate, Rule
from reelwright.planning.tags import Bearer, canonical, differing, kept, tag_fates

MKV = Container.MATROSKA


@pytest.mark.parametrize(
    ("key", "form"),
    [
        ("comment", "COMMENT"),
        ("foo bar", "FOO_BAR"),
        ("sp é", "SP_é"),  # as FFmpeg writes it: letters of other alphabets stay
        ("LEAD_PERFORMER", "PERFORMER"),
        ("part_number", "TRACK"),
        ("", ""),
    ],
)
def test_a_key_has_one_form(key: str, form: str) -> None:
    assert canonical(key) == form


def rules(tags: list[tuple[str, str]], bearer: Bearer, broken: tuple[str, ...] = ()) -> list[Rule | None]:
    return [fate.rule for fate in tag_fates(tags, bearer, MKV, broken)]


def test_two_tags_of_one_key_in_two_languages_are_both_kept() -> None:
    tags = [("title", "a"), ("title-eng", "b"), ("title-ger", "c")]
    assert kept(tag_fates(tags, Bearer.FILE, MKV)) == tuple(tags)


def test_of_two_keys_that_are_written_as_one_the_first_is_kept() -> None:
    assert rules([("comment", "a"), ("COMMENT", "b")], Bearer.FILE) == [None, Rule.SAME_KEY]
    assert rules([("part_number", "1"), ("track", "2")], Bearer.FILE) == [None, Rule.SAME_KEY]


@pytest.mark.parametrize("key", ["BPS", "BPS-eng", "number_of_frames", "_STATISTICS_TAGS-eng", "NUMBER_OF_BYTES"])
def test_counts_are_stale_where_packets_are_made_anew_and_true_where_they_are_copied(key: str) -> None:
    assert rules([(key, "1")], Bearer.ENCODED) == [Rule.STALE_STATISTICS]
    assert rules([(key, "1")], Bearer.COPIED) == [None]


def test_what_the_writer_says_by_itself_is_not_carried_over() -> None:
    assert rules([("DURATION", "1"), ("encoder", "x")], Bearer.COPIED) == [Rule.WRITTEN_ANEW, None]
    assert rules([("encoder", "x"), ("encoder-eng", "x")], Bearer.FILE) == [Rule.WRITTEN_ANEW] * 2
    assert rules([("creation_time", "x")], Bearer.FILE) == [None]
    assert rules([("creation_time", "x")], Bearer.COPIED) == [Rule.NO_PLACE]


def test_words_of_broken_bytes_are_converted_by_a_rule() -> None:
    (fate,) = tag_fates([("title", "Café")], Bearer.FILE, MKV, ("title",))
    assert (fate.fate, fate.rule, fate.kept) == (Fate.CONVERT, Rule.BROKEN_TEXT, True)


def test_names_and_types_of_attached_files_are_no_tags() -> None:
    tags = [("filename", "a.ttf"), ("mimetype", "font/ttf"), ("title", "A face")]
    assert kept(tag_fates(tags, Bearer.ATTACHED, MKV)) == (("title", "A face"),)


@pytest.mark.parametrize(
    ("want", "got", "wrong"),
    [
        ([("comment", "a")], [("COMMENT", "a")], ()),
        ([("comment", "a")], [("COMMENT", "b")], ("COMMENT",)),
        ([("comment", "a")], [], ("COMMENT",)),
        ([], [("COMMENT", "a")], ("COMMENT",)),
        ([], [("ENCODER", "x"), ("DURATION", "1"), ("ENCODER_OPTIONS", "y")], ()),
        ([("ENCODER", "Lavc aac")], [("ENCODER", "Lavc aac")], ()),
        ([("ENCODER", "Lavc aac")], [("ENCODER", "other")], ("ENCODER",)),
        ([("comment-deu", "a")], [("COMMENT-ger", "a")], ()),  # two names of one language
        ([("comment-en", "a")], [("COMMENT-eng", "a")], ()),
        ([("comment-deu", "a"), ("comment-eng", "b")], [("COMMENT-eng", "b"), ("COMMENT-ger", "a")], ()),
        ([("comment-deu", "a")], [("COMMENT-ger", "b")], ("COMMENT-DEU", "COMMENT-GER")),
        ([("comment-deu", "a")], [("COMMENT", "a")], ("COMMENT-DEU", "COMMENT")),
    ],
)
def test_tags_are_compared_by_form_and_value(
    want: list[tuple[str, str]], got: list[tuple[str, str]], wrong: tuple[str, ...]
) -> None:
    assert differing(want, got) == wrong
