import os
import random
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from clips import GRAINY, LENGTH, PICTURE, TONE, X264, Clips
from command import QUICK, UNPRIVILEGED, Command, contents

Make = Callable[[Clips, Path], Path]

MPD = """<?xml version="1.0"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S"
 profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet mimeType="video/mp4">
<Representation id="1" bandwidth="1000" codecs="avc1.42c00a" width="160" height="90">
<BaseURL>{path}</BaseURL><SegmentBase indexRange="0-0"/></Representation></AdaptationSet></Period></MPD>
"""
LISTS = {
    "ffconcat": "ffconcat version 1.0\nfile '{path}'\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:1.0,\n{path}\n#EXT-X-ENDLIST\n",
    "hls master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1000\n{path}\n",
    "dash": MPD,
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
}


def missing(_: Clips, films: Path) -> Path:
    return films / "missing.mkv"


def folder_without_films(_: Clips, films: Path) -> Path:
    (films / "season").mkdir()
    (films / "season" / "notes.txt").write_text("no film")
    return films / "season"


def empty(_: Clips, films: Path) -> Path:
    (films / "empty.mkv").touch()
    return films / "empty.mkv"


def text(_: Clips, films: Path) -> Path:
    (films / "text.mkv").write_text("Dear diary, today nothing moved.\n" * 99)
    return films / "text.mkv"


def pipe(_: Clips, films: Path) -> Path:
    os.mkfifo(films / "pipe.mkv")
    return films / "pipe.mkv"


def audio_only(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips("tone.mkv", *TONE, "-c:a", "flac"), films))


def cover_only(clips: Clips, films: Path) -> Path:
    cover = clips("cover.png", *PICTURE, "-frames:v", "1")
    song = clips(
        *("song.m4a", *TONE, "-i", cover, "-map", "0", "-map", "1", "-c:a", "aac"),
        *("-c:v", "copy", "-disposition:v:0", "attached_pic"),
    )
    return Path(shutil.copy(song, films))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (missing, "no such file"),
        (folder_without_films, "no film"),
        (empty, "empty"),
        (text, "cannot be read as a film"),
        (pipe, "not a plain file"),
        (audio_only, "audio only"),
        (cover_only, "cover art"),
    ],
)
def test_what_is_no_film_is_refused_in_one_sentence(
    make: Make, said: str, clips: Clips, encode: Command, films: Path
) -> None:
    source = make(clips, films)
    before = contents(films) if make is not pipe else None
    run = encode(source, "-o", films / "out.mkv", "--json")
    run.assert_json_failed(4, str(source), said)
    assert not (films / "out.mkv").exists()
    assert before is None or contents(films) == before


def test_the_sentence_is_all_that_people_get_on_a_failure(encode: Command, films: Path) -> None:
    run = encode("missing.mkv")
    run.assert_failed(4, "missing.mkv", "no such file", "Check the path")
    assert run.out == ""
    assert run.err.count("\n") == 1
    assert contents(films) == {}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_that_is_named_like_a_film_leads_nowhere(
    kind: str, clips: Clips, encode: Command, films: Path, tmp_path: Path
) -> None:
    other = tmp_path / "private.mp4"
    shutil.copy(clips("private.mp4", *PICTURE, *LENGTH, *X264, "-movflags", "+dash"), other)
    control = tmp_path / "control.mp4"
    shutil.copy(other, control)
    for path in (other, control):
        os.utime(path, ns=(1, 1))
    control.read_bytes()
    source = films / "list.mkv"
    source.write_text(LISTS[kind].format(path=other))
    before = contents(films)
    run = encode(source, "--json")
    run.assert_json_failed(4, str(source))
    assert contents(films) == before
    if control.stat().st_atime_ns != 1:  # reading leaves a trace on this file system
        assert other.stat().st_atime_ns == 1


#: What a disk loses at once.
PAGE = 4096
CUTS = (0.35, 0.9)
WHOLE = {
    "film.mkv": (),
    "film.mp4": ("-movflags", "+faststart"),
    "last.mp4": (),
    "frag.mp4": ("-movflags", "+frag_keyframe+empty_moov"),
    "film.ts": (),
    "film.avi": (),
}


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("name", WHOLE)
def test_a_film_that_is_cut_off_is_not_taken_for_a_short_one(
    name: str, share: float, clips: Clips, encode: Command, films: Path
) -> None:
    whole = clips.long(Path(name).suffix, *WHOLE[name]).read_bytes()
    source = films / name
    source.write_bytes(whole[: int(len(whole) * share)])
    before = contents(films)
    encode(source, *QUICK, "--json").assert_json_failed(4, str(source))
    assert contents(films) == before


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_film_that_is_damaged_in_its_middle_is_not_encoded(
    suffix: str, seed: int, clips: Clips, encode: Command, films: Path
) -> None:
    data = bytearray(clips.long(suffix, "-an").read_bytes())
    chance = random.Random(seed)
    place = int(len(data) * chance.uniform(0.3, 0.7))
    data[place : place + PAGE] = chance.randbytes(PAGE)
    source = films / f"damaged{suffix}"
    source.write_bytes(data)
    before = contents(films)
    run = encode(source, *QUICK, "--json")
    run.assert_json_failed(4, str(source), "damaged")
    assert contents(films) == before


def test_a_film_of_which_some_frames_have_no_time_is_not_timed_by_guess(
    clips: Clips, encode: Command, films: Path
) -> None:
    # Before zero FFmpeg's Matroska reader gives no time to frames that are stored out of order.
    shift = ("-output_ts_offset", "-0.2", "-avoid_negative_ts", "disabled")
    source = Path(shutil.copy(clips("untimed.mkv", *PICTURE, *LENGTH, *X264, *shift), films))
    run = encode(source, *QUICK, "--json")
    run.assert_json_failed(4, str(source), "frames carry no timestamp")
    assert list(films.iterdir()) == [source]


@pytest.mark.usefixtures("root_only")
def test_a_film_that_may_not_be_read_is_refused(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(clips.film(), films))
    source.chmod(0)
    run = encode(source, *QUICK, "--json", before=UNPRIVILEGED)
    run.assert_json_failed(4, str(source), "ermission")
    assert stat.S_IMODE(source.stat().st_mode) == 0
    assert list(films.iterdir()) == [source]


def test_an_interlaced_film_is_refused_with_what_to_do(clips: Clips, encode: Command, films: Path) -> None:
    fields = ("-vf", "scale=160:96,interlace", "-flags", "+ildct+ilme")
    made = clips("fields.mkv", *PICTURE, *LENGTH, *fields, "-c:v", "libx264", "-x264-params", "tff=1")
    source = Path(shutil.copy(made, films))
    before = contents(films)
    run = encode(source, *QUICK, "--json")
    run.assert_json_failed(3, str(source), "interlaced", "--deinterlace bwdif")
    assert contents(films) == before


def test_a_film_that_is_av1_already_is_skipped(clips: Clips, encode: Command, films: Path) -> None:
    made = clips("av1.mkv", *GRAINY, *LENGTH, "-c:v", "libsvtav1", "-preset", "13", "-svtav1-params", "lp=1")
    source = Path(shutil.copy(made, films))
    before = contents(films)
    run = encode(source, "--json")
    assert run.code == 0
    assert run.err == ""
    assert (run.results[0]["data"]["outcome"], run.results[0]["data"]["decision"]) == ("skipped", "skip")
    assert contents(films) == before


def test_one_bad_film_does_not_stop_the_others(clips: Clips, encode: Command, films: Path) -> None:
    shutil.copy(clips.film(), films / "good.mkv")
    empty(clips, films)
    folder_without_films(clips, films)
    run = encode("empty.mkv", "season", "good.mkv", "gone.mkv", "-o", "out/", *QUICK, "--json")
    assert run.code == 4
    outcomes = {Path(event["file"]).name: event["data"]["outcome"] for event in run.results}
    assert outcomes == {"empty.mkv": "failed", "season": "failed", "good.mkv": "encoded", "gone.mkv": "failed"}
    assert len(run.complaints) == 3
    assert [path.name for path in (films / "out").iterdir()] == ["good.mkv"]


def test_each_sentence_names_its_own_film(clips: Clips, encode: Command, films: Path) -> None:
    made = clips("av1.mkv", *GRAINY, *LENGTH, "-c:v", "libsvtav1", "-preset", "13", "-svtav1-params", "lp=1")
    shutil.copy(made, films)
    run = encode("av1.mkv", "gone.mkv")
    run.assert_failed(4, "gone.mkv: There is no such file")
    assert "av1.mkv" not in run.complaints[0]


@pytest.mark.usefixtures("root_only")
def test_a_folder_that_cannot_be_listed_is_not_passed_over_in_silence(
    clips: Clips, encode: Command, films: Path
) -> None:
    (films / "season" / "closed").mkdir(parents=True)
    (films / "season" / "closed").chmod(0)
    made = clips("av1.mkv", *GRAINY, *LENGTH, "-c:v", "libsvtav1", "-preset", "13", "-svtav1-params", "lp=1")
    shutil.copy(made, films / "season")
    run = encode("season", "--json", before=UNPRIVILEGED)
    run.assert_json_failed(4, "season/closed", "cannot be read")
    assert [event["data"]["outcome"] for event in run.results] == ["skipped", "failed"]
