"""Whole films whose sound becomes Opus: every stream in its place and in step, whatever ends a run."""

import json
import shutil
import sqlite3
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from clips import PICTURE, X264, Clips
from command import QUICK, Command, contents, finish, packets, read_until

#: A bell of a millisecond at 0.25 s and a tone that comes after it: there is something to be out of step.
BELL = "0.4*exp(-(t-0.25)*(t-0.25)/(2*0.0005*0.0005))+0.1*sin(500*2*PI*t)*gt(t\\,0.5)*lt(t\\,0.8)"
STEREO = ("-f", "lavfi", "-i", f"aevalsrc={BELL}|0.5*({BELL}):s=44100:d=1")
SURROUND = ("-f", "lavfi", "-i", f"aevalsrc={'|'.join([BELL] * 6)}:c=5.1(side):s=48000:d=1")
LENGTH = ("-frames:v", "24")
OPUS = ("--audio", "opus")


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    """A film with two lossless sounds around a lossy one that stays, and words."""
    words = clips.folder / "opus.srt"
    words.write_text("1\n00:00:00,200 --> 00:00:00,900\nWords\n")
    made = clips(
        *("opus.mkv", *PICTURE, *STEREO, *SURROUND, "-i", words, *LENGTH),
        *("-map", "0", "-map", "1", "-map", "1", "-map", "2", "-map", "3", *X264, "-c:s", "srt"),
        *("-c:a:0", "flac", "-c:a:1", "aac", "-b:a:1", "64k", "-c:a:2", "flac"),
        *("-metadata:s:a:0", "language=deu", "-metadata:s:a:2", "title=For the blind"),
        *("-disposition:a:0", "default", "-disposition:a:2", "visual_impaired+descriptions"),
    )
    return Path(shutil.copy(made, films / "film.mkv"))


def streams(path: Path) -> list[tuple[Any, ...]]:
    with av.open(str(path)) as container:
        return [
            (s.type, s.codec_context.name if s.type == "audio" else "", s.metadata.get("language", ""),
             s.metadata.get("title", ""), int(s.disposition))
            for s in container.streams
        ]  # fmt: skip


def bell(path: Path, number: int) -> Fraction:
    """When the bell of a sound is loudest, from the first picture on, in seconds."""
    with av.open(str(path)) as container:
        first = next(p for p in container.demux(video=0) if p.pts is not None)
        begins = first.pts * first.time_base
    with av.open(str(path)) as container:
        best: tuple[float, Fraction] = (0.0, Fraction(0))
        for frame in container.decode(audio=number):
            values = abs(frame.to_ndarray().astype("f8").reshape(-1, frame.layout.nb_channels)[:, 0]) \
                if not frame.format.is_planar else abs(frame.to_ndarray().astype("f8")[0])  # fmt: skip
            scale = {"s16": 2.0**15, "s32": 2.0**31}.get(frame.format.name.removesuffix("p"), 1.0)
            place = int(values.argmax())
            when = frame.pts * frame.time_base + Fraction(place, frame.sample_rate)
            best = max(best, (float(values[place]) / scale, when))
    return best[1] - begins


def told(run: Any, event: str) -> list[dict[str, Any]]:
    return [e["data"] for e in run.events if e["event"] == event]


def test_sounds_become_opus_in_step_with_all_they_carry_and_the_rest_is_copied(
    encode: Command, films: Path, source: Path
) -> None:
    run = encode(source, *QUICK, *OPUS, "--json")
    assert run.code == 0, run.err
    output = films / "film.av1.mkv"
    assert [row[1] for row in streams(output)] == ["", "opus", "aac", "opus", ""]
    assert [(r[0], *r[2:]) for r in streams(output)] == [(r[0], *r[2:]) for r in streams(source)]
    assert packets(output, "audio")[1] == packets(source, "audio")[1]
    for number in (0, 2):
        assert abs(bell(output, number) - bell(source, number)) <= Fraction(1, 1000)
    (result,) = told(run, "result")
    notes = " ".join(result["reasons"])
    assert "FLAC is lossless, Opus is not" in notes
    assert "5.1(side) becomes 5.1" in notes
    assert "Stream 2 (audio): copied, because it has" in notes
    assert {c["name"]: c["passed"] for c in result["checks"]}["sound"]
    assert sorted(row["stream"] for row in told(run, "sound_complete")) == [1, 3]
    sizes = {k: sum(map(len, found)) for k, found in enumerate(packets(output, "audio"))}
    assert sizes[0] < sum(map(len, packets(source, "audio")[0]))
    assert encode(source, *QUICK, *OPUS).out.startswith("already done")


def test_streams_keep_their_order_where_some_are_encoded_some_converted_and_some_copied(
    encode: Command, clips: Clips, films: Path
) -> None:
    words = clips.folder / "mixed.srt"
    words.write_text("1\n00:00:00,200 --> 00:00:00,900\nWords\n")
    made = clips(
        *("mixed.mov", *PICTURE, *STEREO, "-i", words, *LENGTH),
        *("-map", "0", "-map", "2", "-map", "1", "-map", "1", "-map", "1", *X264, "-c:s", "mov_text"),
        *("-c:a:0", "pcm_mulaw", "-filter:a:0", "pan=2.1|FL=FL|FR=FR|LFE=FL"),  # Opus has no such layout
        *("-c:a:1", "aac", "-b:a:1", "64k", "-c:a:2", "alac"),
    )
    source = Path(shutil.copy(made, films / "film.mov"))
    run = encode(source, *QUICK, *OPUS, "--json")
    assert run.code == 0, run.err
    output = films / "film.av1.mkv"
    kinds = ["video", "subtitle", "audio", "audio", "audio"]
    assert [row[0] for row in streams(source)] == [row[0] for row in streams(output)] == kinds
    assert [row[1] for row in streams(output)] == ["", "", "pcm_s16le", "aac", "opus"]
    assert packets(output, "audio")[1] == packets(source, "audio")[1]
    assert abs(bell(output, 2) - bell(source, 2)) <= Fraction(1, 1000)
    (result,) = told(run, "result")
    found = {c["name"]: c["detail"] for c in result["checks"]}
    assert found["sound"].startswith("sound 4 1.000 s")
    assert found["samples"] == "1 sounds equal in every sample"
    assert len(set(result["reasons"])) == len(result["reasons"]), "no sentence is said twice"


def test_a_run_killed_while_a_sound_is_encoded_leaves_nobody_behind_and_goes_on(
    encode: Command, films: Path, source: Path
) -> None:
    process = encode.begin(source, *QUICK, *OPUS, "--workers", "1", "--json")
    seen = read_until(process, "sound_complete")
    process.kill()
    finish(process, seen)
    second = encode(source, *QUICK, *OPUS, "--workers", "1", "--json")
    assert second.code == 0, second.err
    reused = {row["stream"]: row["reused"] for row in told(second, "sound_complete")}
    assert reused[1], "a committed sound is not encoded again"
    assert set(reused) == {1, 3}
    assert sorted(contents(films)) == ["film.av1.mkv", "film.mkv"]
    clean = encode(source, "-o", films / "again.mkv", *QUICK, *OPUS, "--json")
    assert all(row["reused"] for row in told(clean, "sound_complete")), "another job on the film uses them as well"
    assert packets(films / "again.mkv", "audio") == packets(films / "film.av1.mkv", "audio")


def test_a_sound_whose_file_was_tampered_with_is_encoded_again(encode: Command, films: Path, source: Path) -> None:
    assert encode(source, *QUICK, *OPUS).code == 0
    kept = packets(films / "film.av1.mkv", "audio")
    (films / "film.av1.mkv").unlink()
    for path in (encode.state / "work").rglob("*.sound.mka"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(data)
    run = encode(source, *QUICK, *OPUS, "--json")
    assert run.code == 0, run.err
    assert [row["reused"] for row in told(run, "sound_complete")] == [False, False]
    assert packets(films / "film.av1.mkv", "audio") == kept


def test_a_damaged_sound_is_named_and_nothing_is_placed_but_copying_carries_it(
    encode: Command, films: Path, source: Path
) -> None:
    packet = max(packets(source, "audio")[0], key=len)
    changed = packet[:900] + bytes([packet[900] ^ 1]) + packet[901:]  # one bit, which only a checksum tells
    source.write_bytes(source.read_bytes().replace(packet, changed))
    said = encode(source, *QUICK, *OPUS).assert_failed(4, "The sound in stream 1", "damaged", "--audio copy")
    assert "0." in said
    assert sorted(contents(films)) == ["film.mkv"]
    assert encode(source, *QUICK).code == 0
    assert packets(films / "film.av1.mkv", "audio") == packets(source, "audio")


def test_an_excerpts_sound_is_its_windows_and_in_step(encode: Command, films: Path, source: Path) -> None:
    run = encode(source, "-o", films / "part.mkv", *QUICK, *OPUS, "--start", "0.125", "--duration", "0.5", "--json")
    assert run.code == 0, run.err
    with av.open(str(films / "part.mkv")) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    with av.open(str(films / "part.mkv")) as container:
        first = {p.stream.type: p.pts for p in container.demux(video=0) if p.size and p.is_keyframe}["video"]
    with av.open(str(films / "part.mkv")) as container:
        assert next(container.decode(audio=0)).pts == first, "sound and picture begin together"
    assert abs(samples / 48_000 - 0.5) <= 0.001
    assert abs(bell(films / "part.mkv", 0) - (Fraction(1, 4) - Fraction(1, 8))) <= Fraction(2, 1000)


@pytest.mark.parametrize("output", ["out.mkv", "out.mp4"])
def test_a_film_of_mpeg_ts_keeps_the_offset_between_sound_and_picture(
    encode: Command, clips: Clips, films: Path, output: str
) -> None:
    made = clips("opus.ts", *PICTURE, "-itsoffset", "0.1", *STEREO, *LENGTH, *X264, "-c:a", "ac3", "-b:a", "448k")
    source = Path(shutil.copy(made, films / "film.ts"))
    run = encode(source, "-o", films / output, *QUICK, *OPUS)
    assert run.code == 0, run.err
    assert abs(bell(films / output, 0) - bell(source, 0)) <= Fraction(15, 10_000)


def test_a_sound_without_a_place_is_refused_or_stored_without_loss_and_taken_with_opus(
    encode: Command, clips: Clips, films: Path
) -> None:
    made = clips("bluray.m2ts", *PICTURE, *STEREO, *LENGTH, *X264, "-c:a", "pcm_bluray", "-ar", "48000", "-ac", "2")
    source = Path(shutil.copy(made, films / "film.m2ts"))
    encode(source, "-o", films / "out.mp4", *QUICK).assert_failed(3, "pcm_bluray", "--audio opus")
    for output, more, codec in (("out.mp4", OPUS, "opus"), ("opus.mkv", OPUS, "opus"), ("out.mkv", (), "pcm_s24le")):
        run = encode(source, "-o", films / output, *QUICK, *more)
        assert run.code == 0, run.err
        assert streams(films / output)[1][1] == codec


def test_what_would_become_of_each_sound_is_told_before_and_kept_after(encode: Command, source: Path) -> None:
    dry = encode(source, *QUICK, *OPUS, "--dry-run", "--json")
    assert dry.code == 0, dry.err
    plan = next(e["data"]["plan"] for e in dry.events if "plan" in e["data"])
    fates = {s["index"]: (s["fate"], s["reason"]) for s in plan["streams"]}
    assert fates[1][0] == fates[3][0] == "encode"
    assert "becomes Opus at 128 kb/s" in fates[1][1]
    assert "becomes Opus at 256 kb/s" in fates[3][1]
    assert encode(source, *QUICK, *OPUS).code == 0
    with sqlite3.connect(encode.state / "ledger.sqlite3") as ledger:
        (row,) = ledger.execute("select result from store_step where kind = 'audio'").fetchall()
    sounds = json.loads(row[0])["sounds"]
    assert sorted(sounds) == ["1", "3"]
    assert sounds["3"]["layout"] == "5.1"


def test_a_limit_on_the_size_counts_the_sound(encode: Command, films: Path, source: Path) -> None:
    run = encode(source, *QUICK, *OPUS, "--max-encoded-percent", "1", "--json")
    assert run.code == 0
    (result,) = told(run, "result")
    assert result["outcome"] == "skipped"
    assert sorted(contents(films)) == ["film.mkv"]
