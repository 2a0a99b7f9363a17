"""`sequence render --profile exr-linear`: light beyond 0 to 1, from frames to frames."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import PyOpenColorIO as ocio  # noqa: N813
import pytest
from command import Run
from disks import mounted

from media import MEDIA
from pictures import ramp, write_still
from warm import PROGRAM, run_program

ACESCG, LINEAR = "ACEScg", "Linear Rec.709 (sRGB)"
ACESCG_XY = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
#: Rounding to a half float.
HALF = 2.0**-11
WIDTH, HEIGHT = 128, 64


class Shot:
    """A folder with frames of light, and the command."""

    def __init__(self, root: Path) -> None:
        self.root, self.frames, self.out = root, root / "frames", root / "out"
        self.frames.mkdir()
        (root / "sheet.csv").write_text("parent,name,padding,extension\nframes,sh,4,exr\n")

    def frame(self, number: int) -> Path:
        return self.frames / f"sh.{number:04d}.exr"

    def write(self, number: int, pixels: Any, **more: Any) -> None:
        write_still(self.frame(number), pixels, **more)

    def argv(self, *args: str, space: str = LINEAR) -> list[str]:
        common = ["--rate", "24", "--colorspace", space, "-o", "out/", "--timecode", "01:00:00:22"]
        return [*PROGRAM, "sequence", "render", "sheet.csv", *common, *args]

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REELWRIGHT_")}
        kept |= {"REELWRIGHT_DATABASE__PATH": str(self.root / "ledger.sqlite3"), "HOME": str(self.root)}
        return kept | {"REELWRIGHT_PROCESSING__TEMP_DIR": str(self.root / "work")}

    def __call__(self, *args: str, space: str = LINEAR) -> Run:
        done = run_program(self.argv(*args, space=space), cwd=self.root, env=self.environment())
        return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    def made(self, number: int) -> tuple[Any, Any]:
        """The pixels and the header of a frame of light."""
        return opened(self.out / "sh.exr-linear" / f"sh.{number:04d}.exr")

    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "sh.exr-linear.manifest.json").read_text())
        return found


@pytest.fixture
def shot(tmp_path: Path) -> Shot:
    return Shot(tmp_path)


def opened(path: Path) -> tuple[Any, Any]:
    found = oiio.ImageInput.open(str(path))
    assert found is not None, oiio.geterror()
    spec = found.spec()
    pixels = found.read_image("half").reshape(spec.height, spec.width, spec.nchannels)
    found.close()
    return pixels, spec


def beyond() -> Any:
    """A ramp from -2 to 70000: in steps of 4/64 up to 2, then by powers."""
    low = np.linspace(-2, 2, WIDTH * HEIGHT // 2, dtype=np.float32)
    high = np.geomspace(2, 70000, WIDTH * HEIGHT // 2, dtype=np.float32)
    one = np.concatenate([low, high]).reshape(HEIGHT, WIDTH)
    return np.stack([one, one[::-1], one[:, ::-1]], -1)


def relative(got: Any, want: Any) -> float:
    """The largest error, relative to the value; below the smallest normal half, to that."""
    got, want = got.astype(np.float64), np.asarray(want, np.float64)
    return float((np.abs(got - want) / np.maximum(np.abs(want), 2.0**-14)).max())


def test_halves_in_the_space_of_the_frames_come_out_bit_for_bit(shot: Shot) -> None:
    pixels = np.clip(beyond(), -2, 65504)
    for number in (7, 8):
        shot.write(number, pixels + number / 16)
    run = shot("--profile", "exr-linear")
    assert run.code == 0, run.err
    for number in (7, 8):
        assert np.array_equal(shot.made(number)[0], opened(shot.frame(number))[0])
    assert sorted(p.name for p in (shot.out / "sh.exr-linear").iterdir()) == ["sh.0007.exr", "sh.0008.exr"]
    assert not list(shot.out.glob(".*"))


def test_a_ramp_from_minus_2_to_70000_is_rounded_once_and_what_is_too_large_is_told(shot: Shot) -> None:
    pixels = beyond()
    shot.write(1, pixels, kind="float")
    bad = pixels.copy()
    bad[0, 0], bad[0, 1], bad[0, 2] = np.nan, np.inf, -np.inf
    shot.write(2, bad, kind="float")
    run = shot("--profile", "exr-linear")
    assert run.code == 0, run.err
    got, _ = shot.made(1)
    assert relative(got, np.clip(pixels, -65504, 65504)) <= HALF
    assert got.min() == -2
    assert got.max() == 65504
    got, _ = shot.made(2)
    assert [got[0, k].tolist() for k in range(3)] == [[0] * 3, [65504] * 3, [-65504] * 3]
    first, second = (picture["light"] for picture in shot.manifest()["pictures"])
    assert first == {"nan": 0, "infinite": 0, "beyond": int((pixels > 65504).sum())}
    assert (second["nan"], second["infinite"]) == (3, 6)
    assert "3 samples were no number and became 0; 6 were infinite and became ±65504" in run.out + run.err


@pytest.mark.parametrize(
    "name", ["StillLife", *(pytest.param(n, marks=pytest.mark.prove) for n in ("Desk", "GoldenGate"))]
)
def test_real_light_goes_to_another_space_within_the_rounding_of_halves(shot: Shot, name: str) -> None:
    if not (MEDIA / "exr" / f"{name}.exr").is_file():
        pytest.skip("the stills are not here")
    shot.frame(1).symlink_to((MEDIA / "exr" / f"{name}.exr").absolute())
    whole = oiio.ImageBuf(str(MEDIA / "exr" / f"{name}.exr"))
    display = oiio.get_roi_full(whole.spec())
    display.chend = 3
    pixels = whole.get_pixels(oiio.FLOAT, display)
    assert pixels.max() > 1
    run = shot("--profile", "exr-linear", "--to", ACESCG)
    assert run.code == 0, run.err
    config = ocio.Config.CreateFromFile("ocio://cg-config-v4.0.0_aces-v2.0_ocio-v2.5")
    cpu = config.getProcessor(LINEAR, ACESCG).getDefaultCPUProcessor()
    want = np.ascontiguousarray(pixels)
    cpu.applyRGB(want)
    got, spec = shot.made(1)
    assert got.shape == want.shape
    assert relative(got, want) <= HALF * 1.001  # the transform itself is of 32 bit
    assert got.max() > 1
    assert spec.getattribute("colorInteropID") == "lin_ap1_scene"


def test_the_header_says_time_rate_space_and_compression(shot: Shot) -> None:
    for number in (1, 2, 3):
        shot.write(number, ramp(WIDTH, HEIGHT) * 4, PixelAspectRatio=2.0)
    run = shot("--profile", "exr-linear", "--linear-to", ACESCG, "--exr-compression", "piz")
    assert run.code == 0, run.err
    _, spec = shot.made(3)
    assert str(spec.format) == "half"
    assert spec.getattribute("compression") == "piz"
    assert spec.get_string_attribute("smpte:TimeCode") == "01:00:01:00"
    assert spec.getattribute("FramesPerSecond") == (24, 1)
    assert spec.get_float_attribute("PixelAspectRatio") == 2
    assert (spec.width, spec.height) == (WIDTH, HEIGHT)
    assert spec.getattribute("reelwright:colorspace") == ACESCG
    assert spec.getattribute("chromaticities") == pytest.approx(ACESCG_XY)


def test_a_movie_with_slate_and_burn_ins_comes_out_of_the_same_pass(shot: Shot) -> None:
    for number in range(1, 6):
        shot.write(number, ramp(WIDTH, HEIGHT, number) * 8 - 1)
    run = shot("--profile", "h264-draft", "--profile", "exr-linear", "--linear-to", LINEAR, "--mask", "2.39")
    assert run.code == 0, run.err
    with av.open(str(shot.out / "sh.h264-draft.mp4")) as movie:
        assert len(list(movie.decode(video=0))) == 6
    for number in range(1, 6):
        assert np.array_equal(shot.made(number)[0], opened(shot.frame(number))[0])
    (light,) = [one for one in shot.manifest()["outputs"] if one["profile"] == "exr-linear"]
    assert light["files"] == [f"sh.{number:04d}.exr" for number in range(1, 6)]
    shot.write(3, ramp(WIDTH, HEIGHT, 40) * 16 - 2)
    run = shot("--profile", "h264-draft", "--profile", "exr-linear", "--linear-to", LINEAR, "--mask", "2.39")
    assert run.code == 0, run.err
    assert np.array_equal(shot.made(3)[0], opened(shot.frame(3))[0])
    assert len(list((shot.out / "sh.exr-linear").iterdir())) == 5


@pytest.mark.prove
def test_a_late_frame_is_the_only_one_that_is_written_again(shot: Shot) -> None:
    for number in range(1, 12):
        shot.write(number, ramp(WIDTH, HEIGHT, number) * 8 - 1)
    assert shot("--profile", "exr-linear").code == 0
    stamps = {p.name: p.stat().st_mtime_ns for p in (shot.out / "sh.exr-linear").iterdir()}
    shot.write(3, ramp(WIDTH, HEIGHT, 40) * 16 - 2)
    run = shot("--profile", "exr-linear")
    assert run.code == 0, run.err
    assert "1 were encoded again" in run.out + run.err
    changed = [p.name for p in (shot.out / "sh.exr-linear").iterdir() if p.stat().st_mtime_ns != stamps[p.name]]
    assert changed == ["sh.0003.exr"]
    assert np.array_equal(shot.made(3)[0], opened(shot.frame(3))[0])


def test_alpha_is_kept_where_it_is_asked_for(shot: Shot) -> None:
    pixels = np.concatenate([ramp(WIDTH, HEIGHT) * 4, ramp(WIDTH, HEIGHT)[:, :, :1]], -1)
    shot.write(1, pixels, channelnames=("R", "G", "B", "A"))
    assert shot("--profile", "exr-linear", "--alpha", "keep").code == 0
    got, spec = shot.made(1)
    assert list(spec.channelnames) == ["R", "G", "B", "A"]
    assert np.array_equal(got, opened(shot.frame(1))[0])


def test_a_hole_is_filled_and_steps_and_crop_change_light_as_floats(shot: Shot) -> None:
    for number in (1, 3):
        shot.write(number, np.full((HEIGHT, WIDTH, 3), 40.0))
    more = (
        "--missing",
        "placeholder",
        "--step",
        "exposure:stops=2",
        "--step",
        "pad:size=160x80",
        "--crop",
        "150:70:5:5",
    )
    run = shot("--profile", "exr-linear", *more)
    assert run.code == 0, run.err
    got, _ = shot.made(3)
    assert got.shape == (70, 150, 3)
    assert (got.max(), got.min(), got[35, 75].tolist()) == (160, 0, [160] * 3)
    assert 0 < shot.made(2)[0].max() <= 1
    assert [picture["decision"] for picture in shot.manifest()["pictures"]] == ["source", "placeholder", "source"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--burn-in", "top={shot}"), "--burn-in is of what is seen, and exr-linear holds light as it is"),
        (("--linear-to", "sRGB Encoded Rec.709 (sRGB)"), "is no space of light, which exr-linear holds"),
        (("--profile", "h264", "--to", ACESCG), "The output h264 holds values of 0 to 1"),
    ],
)
def test_what_light_cannot_hold_is_refused_in_one_sentence(shot: Shot, args: tuple[str, ...], said: str) -> None:
    shot.write(1, ramp(WIDTH, HEIGHT))
    run = shot("--profile", "exr-linear", *args)
    assert run.code == 2, run.err
    assert said in run.err
    assert "Traceback" not in run.err
    assert not shot.out.exists() or not list(shot.out.iterdir())


@pytest.mark.prove
def test_a_killed_run_leaves_no_frame_under_its_name_and_the_next_one_is_whole(shot: Shot) -> None:
    for number in range(1, 40):
        shot.write(number, ramp(WIDTH * 4, HEIGHT * 4, number) * 8)
    started = subprocess.Popen(
        shot.argv("--profile", "exr-linear", "--workers", "1"),
        cwd=shot.root,
        env=shot.environment(),
        start_new_session=True,
    )
    while started.poll() is None and not list(shot.out.glob(".*/*.0003.exr")):
        time.sleep(0.01)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    named = shot.out / "sh.exr-linear"
    assert not named.exists() or not list(named.iterdir())
    run = shot("--profile", "exr-linear")
    assert run.code == 0, run.err
    assert len(list(named.iterdir())) == 39
    assert not list(shot.out.glob(".*"))
    assert np.array_equal(shot.made(39)[0], opened(shot.frame(39))[0])


def test_a_full_disk_ends_the_run_and_leaves_nothing(shot: Shot) -> None:
    noise = np.random.default_rng(1).random((HEIGHT * 4, WIDTH * 4, 3))
    for number in range(1, 9):
        shot.write(number, noise * number)
    with mounted(shot.out, 1 << 20):
        run = shot("--profile", "exr-linear")
        assert run.code == 7, run.err
        assert "disk" in run.err
        assert "full" in run.err
        assert not list(shot.out.iterdir())


@pytest.mark.prove
def test_av1_in_parts_and_light_come_out_of_one_order(shot: Shot) -> None:
    for number in range(1, 61):
        shot.write(number, ramp(WIDTH, HEIGHT, number) * 8 - 1)
    more = ("--profile", "av1", "--profile", "exr-linear", "--linear-to", LINEAR, "--size", "256x128")
    run = shot(*more)
    assert run.code == 0, run.err
    assert (shot.out / "sh.av1.mkv").is_file()
    for number in (1, 48, 60):
        assert np.array_equal(shot.made(number)[0], opened(shot.frame(number))[0])
    shot.write(30, ramp(WIDTH, HEIGHT) * 3 - 2)
    run = shot(*more)
    assert run.code == 0, run.err
    assert len(list((shot.out / "sh.exr-linear").iterdir())) == 60
    assert np.array_equal(shot.made(30)[0], opened(shot.frame(30))[0])
