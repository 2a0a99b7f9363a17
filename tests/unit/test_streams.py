"""The declared fate of every stream."""

import pytest

from examples import RICH, cover, film, info, sound, stream
from reelwright.media.model import Stream, StreamKind
from reelwright.planning.containers import Container, holdings
from reelwright.planning.streams import Fate, fate_of, plan_streams

MATROSKA = holdings(Container.MATROSKA)
FILM = film()


def subtitle(codec: str | None) -> Stream:
    return stream(1, StreamKind.SUBTITLE, codec)


@pytest.mark.parametrize(
    ("given", "fate", "reason"),
    [
        (FILM, Fate.ENCODE, ""),
        (stream(1, StreamKind.VIDEO, "hevc", video=FILM.video), Fate.COPY, ""),  # a second film is kept as it is
        (cover(1, "mjpeg"), Fate.ATTACH, ""),
        (cover(1, "tiff"), Fate.DROP, "cover art in tiff"),
        (sound(1), Fate.COPY, ""),
        (sound(1, codec="qdm2"), Fate.DROP, "audio in qdm2"),
        (sound(1, codec=None), Fate.DROP, "an unknown codec"),
        (subtitle("ass"), Fate.COPY, ""),
        (subtitle("hdmv_pgs_subtitle"), Fate.COPY, ""),
        (subtitle("mov_text"), Fate.CONVERT, "becomes SubRip"),
        (subtitle("eia_608"), Fate.DROP, "subtitles in eia_608"),
        (subtitle(None), Fate.DROP, "no place in Matroska"),
        (stream(1, StreamKind.ATTACHMENT, None), Fate.ATTACH, ""),
        (stream(1, StreamKind.DATA, "bin_data"), Fate.DROP, "a bin_data data stream"),
        (stream(1, StreamKind.DATA, None), Fate.DROP, "a nameless data stream"),
    ],
)
def test_a_streams_fate_follows_from_its_kind_and_codec(given: Stream, fate: Fate, reason: str) -> None:
    found = fate_of(given, FILM, MATROSKA)
    assert found.fate is fate
    assert reason in found.reason
    assert bool(found.reason) == (fate in {Fate.DROP, Fate.CONVERT})  # what is not carried as it is says why


@pytest.mark.parametrize(
    ("given", "name", "mimetype"),
    [
        (cover(6), "cover.jpg", "image/jpeg"),
        (cover(6, "png"), "cover.png", "image/png"),
        (cover(6, "png", file_name="front.png", mimetype="image/x-png"), "front.png", "image/x-png"),
        (stream(6, StreamKind.ATTACHMENT, None), "attachment-6", "application/octet-stream"),
        (stream(6, StreamKind.ATTACHMENT, "ttf", file_name="a.ttf", mimetype="font/ttf"), "a.ttf", "font/ttf"),
    ],
)
def test_an_attached_file_keeps_its_name_and_type_or_is_given_one(given: Stream, name: str, mimetype: str) -> None:
    found = fate_of(given, FILM, MATROSKA)
    assert (found.file_name, found.mimetype) == (name, mimetype)


def test_every_stream_has_one_fate_in_the_sources_order() -> None:
    found = plan_streams(RICH, RICH.streams[0])
    assert [s.index for s in found] == [s.index for s in RICH.streams]
    assert [s.fate.value for s in found] == ["encode", "copy", "copy", "copy", "convert", "attach", "attach", "drop"]


def test_a_cover_before_the_film_is_not_taken_for_it() -> None:
    source = info(cover(0), stream(1, StreamKind.VIDEO, "h264", video=FILM.video))
    chosen = source.film
    assert chosen is not None
    assert [s.fate for s in plan_streams(source, chosen)] == [Fate.ATTACH, Fate.ENCODE]
