"""`reelwright score` on real films: what belongs together is scored, what does not is refused with the reason."""

import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from clips import TONE, Clips
from command import QUICK, Command, Run, finish, read_until

from warm import PROGRAM

#: See the fixture `encode`.
SCORED_AS_USUAL = True

FRAMES = 32
MOVING = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24")
STILL = ("-f", "lavfi", "-i", "color=c=gray:size=160x90:rate=24")
COUNT = ("-frames:v", str(FRAMES))
GOOD = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "8", "-bf", "2", "-g", "12")
POOR = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "34", "-bf", "2", "-g", "12")
AGAIN = "setpts=N/24/TB"
KEYS = {"mean", "harmonic_mean", "p5", "p1", "min", "model", "n_subsample", "scaled_to", "frames"}


class Score(Command):
    """`reelwright score`; temporary files go to a folder of its own, to see whether any is left."""

    def argv(self, args: Iterable[str | bytes | Path], *, before: tuple[str, ...] = ()) -> list[str | bytes | Path]:
        return [*before, *PROGRAM, "score", *args]

    def data(self, *args: str | bytes | Path) -> dict[str, Any]:
        """The data of a run that scored, at the films' own size."""
        run = self("--scale", "none", "--json", *args)
        assert run.code == 0, run.err
        assert run.err == ""
        assert run.events[-1]["event"] == "result"
        return run.events[-1]["data"]  # type: ignore[no-any-return]

    def refused(self, *args: str | bytes | Path, said: Iterable[str] = ()) -> Run:
        run = self(*args)
        run.assert_failed(3, *said)
        assert run.out == ""
        return run


@pytest.fixture
def score(encode: Command, tmp_path: Path) -> Iterable[Score]:
    """The command; whatever it did, it leaves no file behind."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    yield Score(folder=encode.folder, state=encode.state, environment={"TMPDIR": str(temporary)})
    assert list(temporary.iterdir()) == []
    assert list(encode.folder.iterdir()) == []


@pytest.fixture(scope="session")
def good(clips: Clips) -> Path:
    return clips("score-good.mkv", *MOVING, *COUNT, *GOOD)


def spoiled(clips: Clips, good: Path, name: str, filters: str, *more: str) -> Path:
    """The film after a filter, encoded poorly."""
    return clips(f"score-{name}.mkv", "-i", good, "-vf", filters, *POOR, *more)


def test_a_film_against_itself_scores_what_the_model_gives_and_says_so(score: Score, good: Path) -> None:
    data = score.data(good, good)
    assert set(data["vmaf"]) == KEYS
    assert data["vmaf"]["mean"] >= 97
    assert data["vmaf"]["frames"] == FRAMES
    assert data["alignment"]["proof"] == "same file"
    assert f"Identical pictures score {data['vmaf']['mean']:.2f} here, not 100" in data["notes"][0]


def test_the_same_pictures_in_another_container_are_known_for_it(score: Score, clips: Clips, good: Path) -> None:
    for suffix in ("mp4", "ts"):
        data = score.data(good, clips(f"score-copied.{suffix}", "-i", good, "-c", "copy"))
        assert data["alignment"]["proof"] == "pictures"
        assert "Identical pictures" in data["notes"][0]
        assert len(data["notes"]) == 1


def test_an_encode_is_scored_and_proven(score: Score, clips: Clips, good: Path) -> None:
    poor = clips("score-poor.mkv", "-i", good, *POOR)
    data = score.data(good, poor)
    found = data["vmaf"]
    assert 5 < found["min"] <= found["p1"] <= found["p5"] <= found["harmonic_mean"] <= found["mean"] < 97
    assert (found["model"], found["n_subsample"], found["scaled_to"]) == ("vmaf_v0.6.1", 1, None)
    assert data["alignment"]["proof"] == "pictures"
    assert data["alignment"]["windows_proven"] == data["alignment"]["windows"] == FRAMES // 8
    assert data["notes"] == []


def test_people_get_the_score_the_proof_and_the_worst_scenes(score: Score, clips: Clips, good: Path) -> None:
    run = score(good, clips("score-poor.mkv", "-i", good, *POOR))
    assert run.code == 0
    assert re.search(r"^VMAF +\d+\.\d\d mean, ", run.out, re.MULTILINE)
    assert "scaled to 1920x1080" in run.out
    assert f"{FRAMES} and {FRAMES}, aligned" in run.out
    assert "scene    0" in run.out


def test_the_score_is_that_of_the_encode(score: Score, encode: Command, clips: Clips, tmp_path: Path) -> None:
    scenes = (
        *("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=12:duration=1.25"),
        *("-f", "lavfi", "-i", "mandelbrot=size=160x90:rate=12:start_scale=0.5"),
        *("-filter_complex", "[1]trim=duration=1.25,setsar=1,format=yuv420p[b];[0]format=yuv420p[a];[a][b]concat=n=2"),
    )
    film = clips("score-scenes.mkv", *scenes, *GOOD)
    out = tmp_path / "out.mkv"
    encoded = encode(film, "-o", out, *QUICK, "--json").results[-1]["data"]
    run = score(film, out, "--json")
    data = run.events[-1]["data"]
    assert data["vmaf"]["mean"] == pytest.approx(encoded["vmaf"]["mean"], abs=0.01)
    assert data["vmaf"]["scaled_to"] == encoded["vmaf"]["scaled_to"] == "1920x1080"
    assert [(s["start"], s["end"]) for s in data["scenes"]] == [(0, 15), (15, 30)]
    means = [s["mean"] for s in data["scenes"]]
    assert sum(means) / 2 == pytest.approx(data["vmaf"]["mean"], abs=0.001)


@pytest.mark.parametrize(
    ("name", "filters", "said"),
    [
        ("first", f"select=gte(n\\,1),{AGAIN}", ("32 frames", "has 31", "lacks the first frame")),
        ("middle", f"select=not(eq(n\\,14)),{AGAIN}", ("32 frames", "has 31", "lacks frame 14")),
        pytest.param(
            "last",
            f"select=lt(n\\,29),{AGAIN}",
            ("32 frames", "has 29", "lacks the last 3 frames"),
            marks=pytest.mark.prove,
        ),
        ("twice", f"loop=loop=1:size=1:start=14,{AGAIN}", ("32 frames", "has 33", "too many")),
        pytest.param(
            "early",
            f"select=gte(n\\,1),{AGAIN},tpad=stop=1:stop_mode=clone",
            ("same number", "1 frame early"),
            marks=pytest.mark.prove,
        ),
        ("late", f"tpad=start=2:start_mode=clone,trim=end_frame={FRAMES}", ("same number", "2 frames late")),
        pytest.param(
            "hole",
            f"select=not(eq(n\\,5)),{AGAIN},tpad=stop=1:stop_mode=clone",
            ("same number", "1 frame early"),
            marks=pytest.mark.prove,
        ),
        ("order", "shuffleframes=0 1 2 4 3 5 6 7", ("changed places",)),
        ("mirror", "hflip", ("different pictures",)),
    ],
)
def test_films_that_are_off_are_refused_with_the_reason(
    name: str, filters: str, said: tuple[str, ...], *, score: Score, clips: Clips, good: Path
) -> None:
    score.refused(good, spoiled(clips, good, name, filters), said=said)


def test_in_json_mode_a_refusal_is_a_result_too(score: Score, clips: Clips, good: Path) -> None:
    first = spoiled(clips, good, "first", f"select=gte(n\\,1),{AGAIN}")
    sentence = score(good, first, "--json").assert_json_failed(3, "lacks the first frame")
    assert "Cut both films" in sentence


def test_other_times_of_the_same_frames_are_said_and_scored(score: Score, clips: Clips, good: Path) -> None:
    uneven = "setpts=(N+floor(N/8))/24/TB"
    vfr = spoiled(clips, good, "vfr", uneven, "-fps_mode", "passthrough")
    data = score.data(good, vfr)
    assert "differ by up to 0.125 s; frames were paired by number" in data["notes"][0]
    assert "frame rate varies" in data["notes"][1]
    again = clips("score-vfr-again.mkv", "-i", vfr, "-fps_mode", "passthrough", *POOR)
    assert len(score.data(vfr, again)["notes"]) == 1  # the rate varies, alike in both


def test_full_range_is_converted_and_said(score: Score, clips: Clips, good: Path) -> None:
    full = clips("score-full.mkv", "-i", good, "-vf", "scale=out_range=full,format=yuvj420p", *GOOD[:4], "-qp", "0")
    data = score.data(good, full)
    assert data["vmaf"]["mean"] > 97  # as high as limited range against itself: the ranges were told apart
    assert data["notes"] == ["The distorted film's full range was converted to the reference's limited range."]
    assert score.data(full, good)["vmaf"]["mean"] > 97


def test_a_smaller_copy_is_scaled_and_said(score: Score, clips: Clips, good: Path) -> None:
    data = score.data(good, spoiled(clips, good, "small", "scale=80:44"), "--n-subsample", "3")
    assert data["vmaf"]["scaled_to"] == "160x90"
    assert data["vmaf"]["frames"] == len(range(0, FRAMES, 3))
    assert data["vmaf"]["n_subsample"] == 3
    assert "80x44 pictures were scaled to 160x90" in data["notes"][0]
    assert "One frame in 3" in data["notes"][1]


def test_a_cropped_copy_needs_the_crop_and_is_scored_with_it(score: Score, clips: Clips, good: Path) -> None:
    cropped = clips("score-cropped.mkv", "-i", good, "-vf", "crop=160:70:0:10", *GOOD)
    score.refused(good, cropped, said=("160x90", "160x70", "--crop 160:70:0:10"))
    data = score.data(good, cropped, "--crop", "160:70:0:10")
    assert data["vmaf"]["mean"] > 90
    assert data["notes"] == ["The reference was cropped to 160:70:0:10."]
    assert data["alignment"]["windows_proven"] > 0
    score.refused(good, cropped, "--crop", "160:70:0:20", said=("cannot be proven", "crop"))
    score("--crop", "160:70:0:30", good, cropped).assert_failed(2, "does not lie within")


def test_sdr_and_hdr_are_refused(score: Score, clips: Clips, good: Path) -> None:
    tags = "color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    hdr = spoiled(clips, good, "hdr", f"setparams={tags}")
    score.refused(good, hdr, said=("SDR", "HDR (PQ)"))


def test_fields_are_refused(score: Score, clips: Clips, good: Path) -> None:
    woven = clips("score-woven.mkv", "-i", good, "-vf", "setfield=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    score.refused(good, woven, said=("The distorted film is interlaced", "bwdif"))


def test_a_title_proves_nothing_and_that_is_said(score: Score, clips: Clips) -> None:
    title = clips("score-title.mkv", *STILL, *COUNT, *GOOD)
    data = score.data(title, clips("score-title-poor.mkv", "-i", title, *POOR))
    assert data["alignment"]["proof"] == "not proven: nothing moves"
    assert any(note.startswith("Not proven: nothing moves.") for note in data["notes"])
    slower = clips("score-title-slow.mkv", "-i", title, "-vf", "setpts=N/12/TB", "-r", "12", *POOR)
    score.refused(title, slower, said=("times differ", "nothing moves"))


def test_a_bare_stream_has_no_times(score: Score, clips: Clips, good: Path) -> None:
    bare = clips("score-bare.h264", "-i", good, "-c", "copy")
    assert any("without timestamps" in note for note in score.data(good, bare)["notes"])


def test_transport_streams_cut_anywhere_are_paired_or_refused_by_their_frames(
    score: Score, clips: Clips, good: Path
) -> None:
    stream = clips("score-gop.ts", "-i", good, "-c:v", "mpeg2video", "-q:v", "4", "-bf", "2", "-g", "8")
    cut = clips("score-cut.ts", "-ss", "0.6", "-i", stream, "-c", "copy")
    assert score.data(cut, clips("score-cut.mkv", "-i", cut, *POOR))["alignment"]["proof"] == "pictures"
    score.refused(stream, cut, said=("32 frames", "lacks the first"))


def test_an_edit_list_hides_frames_and_they_are_not_scored(score: Score, clips: Clips, good: Path) -> None:
    film = clips("score-whole.mp4", "-i", good, "-c", "copy")
    edited = clips("score-edited.mp4", "-ss", "0.3", "-i", film, "-c", "copy")
    again = clips("score-edited.mkv", "-i", edited, *POOR)
    assert score.data(edited, again)["alignment"]["proof"] == "pictures"


def test_what_is_no_film_is_named(score: Score, clips: Clips, good: Path, tmp_path: Path) -> None:
    score(good, tmp_path / "missing.mkv").assert_failed(4, "missing.mkv (distorted)", "no such file")
    score(tmp_path / "missing.mkv", good).assert_failed(4, "missing.mkv (reference)", "no such file")
    score(clips("score-tone.mkv", *TONE, "-c:a", "flac"), good).assert_failed(
        4, "score-tone.mkv (reference)", "audio only"
    )
    score(good, tmp_path).assert_failed(4, "(distorted)", "folder")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    score(good, cut).assert_failed(4, "cut.mkv (distorted)", "damaged or cut off")
    score(good, cut, "--json").assert_json_failed(4, "cut.mkv (distorted)")


def test_odd_names_are_taken_literally(score: Score, good: Path, tmp_path: Path) -> None:
    for name in (b"a:b,c;[d]'e %d.mkv", b"\xff\n.mkv"):
        odd = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118 - not every name is UTF-8
        shutil.copy(good, odd)
        run = score("--scale", "none", odd, odd)
        assert run.code == 0, run.err
        assert "same bytes" in run.out


def test_models_are_named_in_full_or_refused_before_anything_is_read(score: Score, clips: Clips, good: Path) -> None:
    poor = clips("score-poor.mkv", "-i", good, *POOR)
    neg = score.data(good, poor, "--model", "vmaf_v0.6.1neg")
    assert neg["vmaf"]["model"] == "vmaf_v0.6.1neg"
    assert neg["vmaf"]["mean"] <= score.data(good, poor)["vmaf"]["mean"]
    score(good, poor, "--model", "vmaf_v9").assert_failed(2, "no model vmaf_v9")
    score(good, poor, "--model", "x:log_path=/tmp/y").assert_failed(2, "is no name")
    score(good, poor, "--n-subsample", "2").assert_failed(2, "is even")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_everything_and_leaves_nothing(number: int, score: Score, clips: Clips) -> None:
    long = clips("score-long.mkv", *MOVING, "-frames:v", "480", *GOOD)
    process = score.begin(long, long, "--json")
    seen = read_until(process, "progress")
    process.send_signal(number)
    run = finish(process, seen)
    assert run.code == 130
    assert run.complaints == [
        "reelwright: Interrupted; there is no score. Run the same command to score from the start."
    ]
    assert json.loads(run.out.splitlines()[-1])["data"]["outcome"] == "interrupted"
    assert tempfile.gettempdir() != str(score.environment["TMPDIR"])
