"""Film grain: its parameters travel with the pictures, a player adds it, and the score is taken without it."""

import shutil
import subprocess
from pathlib import Path

import av
from clips import GRAINY, X264, Clips
from command import Command, frames

FINE = ("--preset", "10", "--crf", "30")


def decoded(clips: Clips, path: Path, *flags: str) -> str:
    """Hash of every picture."""
    command = [clips.ffmpeg, "-v", "error", *flags, "-i", str(path), "-map", "0:v:0", "-f", "md5", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def with_parameters(path: Path) -> int:
    """Frames that carry the parameters of grain."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.options = {"export_side_data": "film_grain"}
        return sum(
            any(data.type.name == "FILM_GRAIN_PARAMS" for data in frame.side_data)
            for frame in container.decode(video=0)
        )


def test_grain_is_in_the_output_and_not_in_the_score(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(clips("grainy.mkv", *GRAINY, "-frames:v", "12", *X264), films / "film.mkv"))
    plain = encode(source.name, *FINE, "-o", "plain.mkv", "--json")
    run = encode(source.name, *FINE, "--film-grain", "20", "-o", "grain.mkv", "--json")
    assert (plain.code, run.code) == (0, 0), run.err
    one, other = plain.results[0]["data"], run.results[0]["data"]
    assert any("adds grain of strength 20; VMAF is taken without it" in reason for reason in other["reasons"])
    assert not any("grain" in reason for reason in one["reasons"])
    assert with_parameters(films / "grain.mkv") == frames(films / "grain.mkv") == 12
    assert with_parameters(films / "plain.mkv") == 0
    # Without the grain the pictures are those of the plain encode, and so is the score; with it they are not.
    off = decoded(clips, films / "grain.mkv", "-export_side_data", "film_grain")
    assert off == decoded(clips, films / "plain.mkv")
    assert off != decoded(clips, films / "grain.mkv")
    assert other["vmaf"]["mean"] == one["vmaf"]["mean"]
    checks = {check["name"]: check for check in other["checks"]}
    assert checks["grain"] == {"name": "grain", "passed": True, "detail": "1 of 1 sequences have grain added"}
    # The encoder's own parameter is the same work.
    again = encode(source.name, *FINE, "--svt", "film-grain=20", "-o", "again.mkv", "--json")
    assert [event["data"]["reused"] for event in again.events if event["event"] == "trial_complete"] == [True]
    assert again.results[0]["data"]["vmaf"] == other["vmaf"]
