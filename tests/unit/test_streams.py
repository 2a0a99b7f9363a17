"""The declared fate of every stream."""

import pytest

from examples import RICH, cover, film, info, sound, stream
from reelwright.media.model import Audio, Framing, Stream, StreamKind
from reelwright.planning.containers import Container, holdings
from reelwright.planning.fates import Rule
from reelwright.planning.streams import Fate, Route, fate_of, plan_streams

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
        (sound(1, codec="qdm2"), Fate.CONVERT, "qdm2 has no place in Matroska: it becomes flac, nothing more is lost"),
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
    if fate is not Fate.ATTACH:  # a file may be given a name or a type
        assert bool(found.reason) == (fate in {Fate.DROP, Fate.CONVERT})  # what is not carried as it is says why
    assert bool(found.reason) == (found.rule is not None)


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


def heard(codec: str, sample_format: str | None, channels: int | None = 2, rate: int | None = 48000) -> Stream:
    audio = Audio(channels=channels, layout=None, sample_rate=rate, sample_format=sample_format)
    return stream(1, StreamKind.AUDIO, codec, audio=audio)


@pytest.mark.parametrize(
    ("given", "becomes", "rule"),
    [
        (heard("pcm_bluray", "s16"), "pcm_s16le", Rule.SAMPLES_KEPT),
        (heard("pcm_bluray", "s32"), "pcm_s24le", Rule.SAMPLES_KEPT),
        (heard("pcm_dvd", "s16"), "pcm_s16le", Rule.SAMPLES_KEPT),
        (heard("s302m", "s32"), "pcm_s24le", Rule.SAMPLES_KEPT),
        (heard("pcm_mulaw", "s16"), "pcm_s16le", Rule.SAMPLES_KEPT),
        (heard("adpcm_ima_qt", "s16p"), "flac", Rule.SAMPLES_KEPT),
        (heard("adpcm_ms", "s16", 12), "pcm_s16le", Rule.SAMPLES_KEPT),  # FLAC has eight channels at the most
        (heard("wmav2", "fltp"), "flac", Rule.DECODED),
        (heard("amr_nb", None), "flac", Rule.DECODED),
    ],
)
def test_sound_without_a_place_becomes_what_holds_its_samples(given: Stream, becomes: str, rule: Rule) -> None:
    found = fate_of(given, FILM, MATROSKA)
    assert (found.fate, found.codec_out, found.rule, found.route) == (Fate.CONVERT, becomes, rule, Route.FFMPEG)
    assert MATROSKA.sound(becomes)


@pytest.mark.parametrize(
    "given", [heard("aac", "fltp", None), heard("aac", "fltp", rate=None), heard("truehd", None, 0)]
)
def test_sound_that_nothing_is_known_of_is_dropped_by_a_rule(given: Stream) -> None:
    found = fate_of(given, FILM, MATROSKA)
    assert (found.fate, found.rule) == (Fate.DROP, Rule.NO_PARAMETERS)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (stream(1, StreamKind.AUDIO, "aac", audio=sound(1).audio, framing=Framing.ADTS), "ADTS headers go"),
        (stream(1, StreamKind.VIDEO, "h264", video=FILM.video, framing=Framing.START_CODES), "start codes"),
        (stream(1, StreamKind.SUBTITLE, "hdmv_pgs_subtitle", framing=Framing.SEGMENTS), "segments"),
    ],
)
def test_framing_is_changed_on_the_way_and_said_to_be(given: Stream, said: str) -> None:
    found = fate_of(given, FILM, MATROSKA)
    assert (found.fate, found.rule, found.route) == (Fate.CONVERT, Rule.FRAMING, Route.PACKETS)
    assert found.codec_out == given.codec
    assert said in found.reason


def test_the_films_own_framing_does_not_matter_for_it_is_encoded() -> None:
    film_in_start_codes = stream(0, StreamKind.VIDEO, "h264", video=FILM.video, framing=Framing.START_CODES)
    assert fate_of(film_in_start_codes, FILM, MATROSKA).fate is Fate.ENCODE


@pytest.mark.parametrize(("codec", "rule"), [("wmv2", Rule.NO_PLACE), (None, Rule.NO_READER)])
def test_a_second_picture_that_has_no_place_is_dropped_by_a_rule(codec: str | None, rule: Rule) -> None:
    found = fate_of(stream(1, StreamKind.VIDEO, codec, video=FILM.video), FILM, MATROSKA)
    assert (found.fate, found.rule) == (Fate.DROP, rule)
