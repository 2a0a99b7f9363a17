"""A sequence's run that is killed while its outputs get their names: the next one carries it through."""

import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from test_sequence_late_frames import packets
from test_sequence_render import Studio

from reelwright.engine.placement import hidden_beside

FRAMES = range(1001, 1005)
ARGS = ("--profile", "prores-422hq", "--profile", "png")
MOVIE, PICTURES = "sh010.prores-422hq.mov", "sh010.png"
#: Where a run is killed: the call that is about to be made, and the path that it is about; of a rename, the first one.
MOMENTS = {
    "the record of the pictures": ("rename", hidden_beside(Path(PICTURES), "record.tmp").name),
    "the movie": ("link", MOVIE),
    "its manifest": ("rename", hidden_beside(Path(MOVIE), "manifest.tmp").name),
    "the third picture": ("link", f"{PICTURES}/sh010.1002.png"),
    "the manifest of the pictures": ("rename", hidden_beside(Path(PICTURES), "manifest.tmp").name),
}


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    made = Studio(tmp_path)
    made.write(*FRAMES)
    return made


def killed_at(studio: Studio, call: str, path: str) -> None:
    """Run it until just before a call that is about a path."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("there is no strace here")
    calls = ",".join(f"?{call}{ending}" for ending in ("", "at", "at2"))
    argv = [strace, "-f", "-qq", "-o", "/dev/null", "-P", str(studio.out / path), "-e", f"trace={calls}"]
    argv += ["-e", f"inject={calls}:signal=KILL:when=1"]
    done = subprocess.run(
        [*argv, *studio.argv(*ARGS)], cwd=studio.root, env=studio.environment(), capture_output=True, check=False
    )
    assert done.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}, done.stderr.decode()


@pytest.mark.parametrize(
    "moment",
    [pytest.param(m, marks=() if m == "its manifest" else pytest.mark.prove) for m in MOMENTS],
)
def test_the_next_run_carries_it_through(studio: Studio, moment: str) -> None:
    killed_at(studio, *MOMENTS[moment])
    run = studio(*ARGS, "--json")
    assert run.code == 0, run.err
    outcome = run.results[-1]["status"]
    assert outcome == ("encoded" if moment == "the record of the pictures" else "already_done")
    movie, pictures = studio.manifest(MOVIE), studio.manifest(PICTURES)
    assert movie == pictures
    assert len(packets(studio.out / MOVIE)) == 5
    assert sorted(p.name for p in (studio.out / PICTURES).iterdir()) == [f"sh010.{n}.png" for n in range(1000, 1005)]
    assert not list(studio.out.glob(".*"))
    assert studio(*ARGS, "--json").results[-1]["status"] == "already_done"


@pytest.mark.prove
def test_what_somebody_has_put_there_meanwhile_is_left_alone(studio: Studio) -> None:
    killed_at(studio, *MOMENTS["the movie"])
    (studio.out / MOVIE).write_bytes(b"somebody else's")
    studio(*ARGS).assert_failed(8, "exists", "--overwrite")
    assert (studio.out / MOVIE).read_bytes() == b"somebody else's"
    assert studio(*ARGS, "--overwrite").code == 0
    assert len(packets(studio.out / MOVIE)) == 5
