"""Whatever is in a film arrives, or is named with the rule that dropped it: read back without the tool's own eyes."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import av
import pytest
from clips import LENGTH, PICTURE, TONE, X264, Clips
from command import QUICK, Command, Run, packets

from everything import make_everything
from media import CLIPS
from pgs import write_pgs
from warm import PROGRAM, run_program

TWO_AUDIO = CLIPS / "title_two_audio_240p.mp4"
#: Tags that say how the new file was made.
OURS = {"ENCODER", "ENCODER_OPTIONS", "DURATION"}


def timed(path: Path) -> list[tuple[str, list[tuple[bytes, float]]]]:
    """Each stream's kind and its packets with their times, the film and attached files left out."""
    container: Any
    with av.open(str(path)) as container:
        rest = [s for s in container.streams if s.type in {"audio", "subtitle"}]
        found: dict[int, list[tuple[bytes, float]]] = {s.index: [] for s in rest}
        for packet in container.demux(rest):
            if packet.size:
                found[packet.stream_index].append((bytes(packet), float(packet.pts * packet.time_base)))
        return [(s.type, found[s.index]) for s in rest]


def assert_equal_and_in_time(source: Path, output: Path) -> None:
    """Every stream beside the film: the same packets, all later or earlier by the same time."""
    before, after = timed(source), timed(output)
    assert [kind for kind, _ in after] == [kind for kind, _ in before]
    shifts = []
    for (_, want), (_, got) in zip(before, after, strict=True):
        assert [data for data, _ in got] == [data for data, _ in want]
        shifts += [b - a for (_, a), (_, b) in zip(want, got, strict=True)]
    assert max(shifts) - min(shifts) <= 0.0011  # one tick of Matroska's clock, and floating point


def said_of(path: Path) -> list[tuple[dict[str, str], int]]:
    """Tags and dispositions of each stream, what is made anew left out."""
    container: Any
    with av.open(str(path)) as container:
        rows = []
        for number, s in enumerate(container.streams):
            anew = {*OURS, "BPS", "NUMBER_OF_FRAMES-ENG"} if number == 0 else {"DURATION"}
            tags = {k.upper(): v for k, v in s.metadata.items()}
            rows.append(({k: v for k, v in tags.items() if k not in anew}, int(s.disposition)))
        return rows


def files_of(path: Path) -> dict[str, tuple[str, bytes, bool]]:
    """Attached files by name: type, bytes, and whether it is a picture that is shown as cover art."""
    container: Any
    with av.open(str(path)) as container:
        found = {s.name: (s.mimetype, bytes(s.data), False) for s in container.streams if s.type == "attachment"}
        for s in container.streams.video:
            if av.stream.Disposition.attached_pic in s.disposition:
                data = next(bytes(p) for p in container.demux(s) if p.size)
                found[s.metadata["filename"]] = (s.metadata["mimetype"], data, True)
    return found


def test_three_sounds_three_kinds_of_subtitles_fonts_chapters_and_cover_art_arrive(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(make_everything(clips.folder / "everything"), films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    out = films / "out.mkv"
    assert_equal_and_in_time(source, out)
    assert said_of(out) == said_of(source)
    assert files_of(out) == files_of(source)
    assert {name: cover for name, (_, _, cover) in files_of(out).items()} == {
        "one.ttf": False,
        "two.otf": False,
        "cover.png": True,
    }
    with av.open(str(source)) as before, av.open(str(out)) as after:
        shift = after.chapters()[0]["start"] - before.chapters()[0]["start"]
        moved = [{**c, "start": c["start"] + shift, "end": c["end"] + shift} for c in before.chapters()]
        assert after.chapters() == moved
        assert after.chapters()[1]["metadata"] == {"title": "Two", "TITLE-ger": "Zwei", "MOOD": "calm"}
        tags = [{k.upper(): v for k, v in f.metadata.items() if k.upper() != "ENCODER"} for f in (before, after)]
        assert (
            tags[0]
            == tags[1]
            == {"TITLE": "A film", "COMMENT": "of the file", "COMMENT-GER": "vom Film", "DATE": "2001"}
        )
        assert after.streams.video[0].sample_aspect_ratio == before.streams.video[0].sample_aspect_ratio
        assert {abs(next(f.decode(video=0)).rotation) for f in (before, after)} == {180}  # type: ignore[attr-defined]
    assert_ledger_tells(encode, films)


def assert_ledger_tells(encode: Command, films: Path) -> None:
    """The rows in SQL, the report and `why` name what was dropped by which rule."""
    with sqlite3.connect(encode.state / "ledger.sqlite3") as db:
        rows = db.execute("SELECT subject, stream, name, fate, rule FROM store_streamfate ORDER BY place").fetchall()
    assert ("tag", 0, "BPS", "drop", "stale-statistics") in rows
    assert ("stream", 3, "flac", "copy", None) in rows
    assert ("chapter", None, "2", "copy", None) in rows
    assert ("disposition", 4, "forced", "copy", None) in rows
    assert ("side data", 0, "Display Matrix", "copy", None) in rows
    said = other(encode, "why", "everything.mkv").out
    assert "tag BPS (12345): drop, by rule stale-statistics" in said
    assert other(encode, "report", "out.mkv", "-o", "page.html").code == 0
    page = (films / "page.html").read_text()
    assert "rule stale-statistics" in page
    assert "2 chapters" in page
    dry = encode("everything.mkv", "-o", "dry.mkv", "--dry-run", "--json")
    plan = next(e["data"]["plan"] for e in dry.events if e["event"] == "analysis_complete")
    assert [(r["subject"], r["stream"], r["name"], r["fate"], r["rule"]) for r in plan["ledger"]] == [
        tuple(r) for r in rows
    ]
    assert "stale-statistics" in encode("everything.mkv", "-o", "dry.mkv", "--dry-run").err


def other(encode: Command, *args: str) -> Run:
    """Another command with the same ledger."""
    done = run_program([*PROGRAM, *args], cwd=encode.folder, env=encode.variables())
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


@pytest.mark.skipif(not TWO_AUDIO.is_file(), reason=f"there is no {TWO_AUDIO}")
def test_both_sounds_of_the_two_audio_clip_arrive(encode: Command, films: Path) -> None:
    source = Path(shutil.copy(TWO_AUDIO, films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    assert len(timed(source)) == 2
    assert_equal_and_in_time(source, films / "out.mkv")
    with av.open(str(source)) as before, av.open(str(films / "out.mkv")) as after:
        kept = {k.upper(): v for k, v in after.metadata.items()}
        assert {k: kept[k.upper()] for k in ("title", "artist", "composer", "genre", "comment")} == {
            k: before.metadata[k] for k in ("title", "artist", "composer", "genre", "comment")
        }


def broadcast(clips: Clips) -> Path:
    """A transport stream: AAC with ADTS headers, a second picture with start codes, PGS in segments, Blu-ray PCM."""
    write_pgs(clips.folder / "words.sup", [(0.05, 0.15), (0.2, 0.22)])
    small = ("-f", "lavfi", "-i", "testsrc2=size=32x32:rate=24")
    return clips(
        *("broadcast.m2ts", *PICTURE, *TONE, *TONE, *small, "-i", "words.sup", *X264, "-frames:v", "6"),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map", "4"),
        *(
            "-c:a:0",
            "aac",
            "-c:a:1",
            "pcm_bluray",
            "-sample_fmt:a:1",
            "s32",
            "-ac:a:1",
            "2",
            "-c:s",
            "copy",
            "-streamid",
            "3:6912",
        ),
    )


def test_framing_of_a_broadcast_changes_by_rule_and_what_it_frames_does_not(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(broadcast(clips), films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    # FFmpeg's own filters take the framing off by another way than the tool works out what must be left.
    clips.run("-copyts", "-i", source, "-map", "0:a:0", "-c", "copy", films / "bare.mp4")
    assert packets(films / "out.mkv", "audio")[0] == packets(films / "bare.mp4", "audio")[0]
    assert b"".join(packets(films / "out.mkv", "subtitle")[0]) == b"".join(packets(source, "subtitle")[0])
    assert len(packets(films / "out.mkv", "subtitle")[0]) == 4
    with av.open(str(source)) as before, av.open(str(films / "out.mkv")) as after:
        pictures = [[f.to_ndarray().tobytes() for f in c.decode(video=1)] for c in (before, after)]
        assert pictures[0] == pictures[1]
        assert len(pictures[0]) == 6
    with av.open(str(source)) as before, av.open(str(films / "out.mkv")) as after:
        samples = [b"".join(f.to_ndarray().tobytes() for f in c.decode(audio=1)) for c in (before, after)]
        assert samples[0] == samples[1] != b""
        assert after.streams.audio[1].codec_context.name == "pcm_s24le"
    rules = {row["stream"]: row["rule"] for row in ledger_of(encode, source) if row["subject"] == "stream"}
    assert sorted(map(str, rules.values())) == ["None", "framing", "framing", "framing", "samples-kept"]


def ledger_of(encode: Command, source: Path) -> list[dict[str, Any]]:
    """The ledger as `why --json` has it."""
    said = other(encode, "why", source.name, "--json").out
    rows: list[dict[str, Any]] = json.loads(said)["data"]["plan"]["ledger"]
    return rows


def odd(clips: Clips) -> Path:
    """A MOV with a timecode track, µ-law sound, chapters in a track of their own, and a huge title of broken bytes."""
    (clips.folder / "odd.txt").write_text(
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=100\ntitle=One\n"
        "[CHAPTER]\nTIMEBASE=1/1000\nSTART=100\nEND=200\ntitle=Two\n"
    )
    made = clips(
        *("odd.mov", *PICTURE, *TONE, "-i", "odd.txt", "-map_chapters", "2", *LENGTH, *X264, "-c:a", "pcm_mulaw"),
        *("-timecode", "01:00:00:00", "-metadata", "title=Caf# " + "x" * 5000),
    )
    made.write_bytes(made.read_bytes().replace(b"Caf# ", b"Caf\xe9 "))
    return made


def test_odd_streams_and_broken_words_have_named_fates(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(odd(clips), films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    with av.open(str(films / "out.mkv")) as after:
        assert after.metadata["title"] == "Café " + "x" * 5000
        assert [c["metadata"]["title"] for c in after.chapters()] == ["One", "Two"]
        assert after.streams.audio[0].codec_context.name == "pcm_s16le"
        assert after.streams.video[0].metadata["TIMECODE"] == "01:00:00:00"
    rows = [row for row in ledger_of(encode, source) if row["chapter"] is None]
    found = {(row["subject"], row["name"]): (row["fate"], row["rule"]) for row in rows}
    assert found["tag", "title"] == ("convert", "broken-text")
    assert found["stream", "pcm_mulaw"] == ("convert", "samples-kept")
    assert ("drop", "data-stream") in found.values()
    assert found["tag", "major_brand"] == ("drop", "container-brand")


def test_forty_streams_arrive_in_their_order(clips: Clips, encode: Command, films: Path) -> None:
    (clips.folder / "line.srt").write_text("1\n00:00:00,050 --> 00:00:00,200\nHello\n")
    many = [part for k in range(20) for part in ("-map", "1", "-map", "2")]
    named = [part for k in range(40) for part in (f"-metadata:s:{k + 1}", f"title=number {k}")]
    source = Path(
        shutil.copy(
            clips("many.mkv", *PICTURE, *TONE, "-i", "line.srt", *LENGTH, "-map", "0", *many, *X264,
                  "-c:a", "mp2", "-c:s", "subrip", *named), films,
        )
    )  # fmt: skip
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    assert_equal_and_in_time(source, films / "out.mkv")
    with av.open(str(films / "out.mkv")) as after:
        assert [s.metadata["title"] for s in list(after.streams)[1:]] == [f"number {k}" for k in range(40)]
        assert len(after.streams) == 41
