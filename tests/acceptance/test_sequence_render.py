"""`sequence render`, as it is used: from a sheet of small frames to movies, and what can be wrong on the way."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
import OpenImageIO as oiio  # noqa: N813
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813
import pytest
from command import Run, contents

from pictures import patches, ramp, write_still
from warm import PROGRAM, run_program

WIDTH, HEIGHT = 96, 54
CHART = (288, 192)
LINEAR, SRGB = "Linear Rec.709 (sRGB)", "sRGB Encoded Rec.709 (sRGB)"
Render = Callable[..., Run]


class Studio:
    """A folder with frames, a sheet beside it, and the command."""

    def __init__(self, root: Path) -> None:
        self.root, self.frames, self.out = root, root / "frames", root / "out"
        self.frames.mkdir()
        self.sheet()

    def sheet(self, **columns: str) -> None:
        row = {"parent": "frames", "name": "sh010", "padding": "4", "extension": "exr", "rate": "24"}
        row |= {"colorspace": LINEAR, "shot": "sh 010", "version": "v003", **columns}
        lines = [",".join(row), ",".join(row.values())]
        (self.root / "sheet.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def frame(self, number: int) -> Path:
        return self.frames / f"sh010.{number:04d}.exr"

    def write(self, *numbers: int) -> None:
        for number in numbers:
            write_still(self.frame(number), ramp(WIDTH, HEIGHT, number) * 0.8 + 0.1)

    def argv(self, *args: str) -> list[str]:
        command = [*PROGRAM, "sequence", "render", "sheet.csv", "-o", "out/"]
        return [*command, "--to", SRGB, *args]

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REELWRIGHT_")}
        state = {"PATH": str(self.root / "ledger.sqlite3"), "TEMP": str(self.root / "work")}
        named = {"REELWRIGHT_DATABASE__PATH": state["PATH"], "REELWRIGHT_PROCESSING__TEMP_DIR": state["TEMP"]}
        return {**kept, "HOME": str(self.root), **named}

    def __call__(self, *args: str) -> Run:
        done = run_program(self.argv(*args), cwd=self.root, env=self.environment())
        return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    def manifest(self, name: str = "sh010.mov") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / f"{name}.manifest.json").read_text())
        return found


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path)


def pictures(path: Path) -> list[Any]:
    """Every picture of a movie as 16-bit RGB."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb48le") for frame in container.decode(video=0)]


def test_a_sheet_becomes_a_movie_with_a_slate_and_a_manifest(studio: Studio) -> None:
    studio.write(*range(1001, 1007))
    before = contents(studio.frames)
    run = studio()
    assert run.code == 0, run.err
    assert contents(studio.frames) == before
    assert len(pictures(studio.out / "sh010.mov")) == 7
    manifest = studio.manifest()
    assert [p["decision"] for p in manifest["pictures"]] == ["slate", *["source"] * 6]
    assert [p["number"] for p in manifest["pictures"][1:]] == list(range(1001, 1007))
    assert all(p["digest"] for p in manifest["pictures"][1:])
    assert manifest["first_timecode"] == "00:00:41:16"
    with av.open(str(studio.out / "sh010.mov")) as container:
        film = container.streams.video[0]
        assert (film.codec.name, film.pix_fmt, film.average_rate) == ("h264", "yuv420p10le", 24)
        assert container.metadata["slate_length"] == "1"
        assert film.metadata["timecode"] == "00:00:41:16"
    assert not list(studio.out.glob(".*"))


def decoded(path: Path) -> Any:
    """The second picture of a movie as RGB of 0 to 1, by zscale: FFmpeg's own conversion rounds more coarsely."""
    chain = "zscale=m=gbr:r=full:min=709:rin=limited:c=left,format=gbrp16le"
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-vf", chain, "-f", "rawvideo", "-"]
    raw = subprocess.run(argv, check=True, capture_output=True).stdout
    green, blue, red = np.frombuffer(raw, "<u2").reshape(2, 3, CHART[1], CHART[0])[1]
    return np.stack([red, green, blue], -1) / 65535


def test_its_colours_are_tagged_in_the_stream_and_the_container(studio: Studio) -> None:
    studio.write(1001, 1002)
    assert studio("--no-slate").code == 0
    assert b"colrnclc\x00\x01\x00\x0d\x00\x01" in (studio.out / "sh010.mov").read_bytes()
    with av.open(str(studio.out / "sh010.mov")) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (1, 13, 1, 1)


#: The largest error of a colour chart through each profile.
LARGEST = {
    "prores-4444": 1 / 512,
    "prores-422hq": 1 / 512,
    "dnxhr-hqx": 1 / 512,
    "h264": 4 / 512,
    "h264-8bit": 6 / 512,
    "h264-draft": 6 / 512,
    "h265": 6 / 512,
    "h265-8bit": 8 / 512,
    "png": 1 / 65000,
    "tiff": 1 / 65000,
    "exr": 1 / 2000,
    "dpx": 1 / 2000,
    "jpeg": 1 / 100,
}


def test_a_colour_chart_comes_through_each_profile(studio: Studio) -> None:
    studio.sheet(colorspace="display")
    chart = patches(*CHART)
    for number in (1001, 1002):
        write_still(studio.frame(number), chart, kind="float")
    wanted = [word for profile in LARGEST for word in ("--profile", profile)]
    assert studio("--no-slate", "--no-burn-ins", *wanted).code == 0
    for profile, largest in LARGEST.items():
        path = next(path for path in studio.out.glob(f"sh010.{profile}*") if path.suffix != ".json")
        found = delivered(path)
        for k in range(24):
            row, column = (k // 6 * 2 + 1) * CHART[1] // 8, (k % 6 * 2 + 1) * CHART[0] // 12
            error = np.abs(found[row, column] - chart[row, column]).max()
            assert error <= largest, (profile, k, chart[row, column], found[row, column])
        if path.suffix in {".mov", ".mp4"}:
            checks = {c["name"]: c["detail"] for c in studio.manifest(path.name)["checks"]}
            assert checks[f"{path.name}: colour tags"].startswith("1-1-1 ")
            if profile != "dnxhr-hqx":
                assert checks[f"{path.name}: colour tags of the stream"] == "1-1-1 in the bitstream"


def delivered(path: Path) -> Any:
    """The second picture of a movie or of a folder of frames as RGB of 0 to 1."""
    if not path.is_dir():
        return decoded(path)
    return oiio.ImageBuf(str(sorted(path.iterdir())[1])).get_pixels(oiio.FLOAT)[:, :, :3]


def test_red_is_red_by_bt709_and_not_by_bt601(studio: Studio) -> None:
    studio.sheet(colorspace="display")
    write_still(studio.frame(1001), np.broadcast_to((1.0, 0.0, 0.0), (HEIGHT, WIDTH, 3)))
    assert studio("--no-slate", "--no-burn-ins", "--profile", "prores-422hq").code == 0
    with av.open(str(studio.out / "sh010.mov")) as container:
        frame = next(container.decode(video=0))
        luma = np.frombuffer(bytes(frame.planes[0]), "<u2")[0]
    assert abs(int(luma) - round(64 + 0.2126 * 876)) <= 2  # BT.601 would give 326


@pytest.mark.parametrize(
    ("policy", "decision", "stands_for"),
    [("hold", "held", 1002), ("nearest", "held", 1002), ("black", "black", None), ("checker", "checker", None)],
)
def test_a_missing_and_a_broken_frame_end_as_the_policy_says(
    studio: Studio, policy: str, decision: str, stands_for: int | None
) -> None:
    studio.write(1001, 1002, 1004, 1005, 1006)
    studio.frame(1005).write_bytes(studio.frame(1005).read_bytes()[:500])
    run = studio("--missing", policy, "--no-slate", "--no-burn-ins", "--profile", "png")
    assert run.code == 0, run.err
    said = studio.manifest("sh010.png")["pictures"]
    assert [p["decision"] for p in said] == ["source", "source", decision, "source", decision, "source"]
    assert (said[2]["from"] or {}).get("number") == stands_for
    assert "cannot be" in said[4]["troubles"][0]["why"]
    written = sorted((studio.out / "sh010.png").iterdir())
    assert [p.name for p in written] == [f"sh010.{n}.png" for n in range(1001, 1007)]
    if stands_for:
        assert written[2].read_bytes() == written[1].read_bytes()


def test_a_placeholder_is_no_picture_anybody_could_take_for_a_render(studio: Studio) -> None:
    studio.write(1001, 1003)
    assert studio("--missing", "placeholder", "--no-slate", "--no-burn-ins").code == 0
    first, second, third = pictures(studio.out / "sh010.mov")
    assert np.abs(first.astype(int) - third).mean() < np.abs(first.astype(int) - second).mean() / 2


def test_by_default_a_missing_frame_ends_the_run_before_anything_is_written(studio: Studio) -> None:
    studio.write(1001, 1002, 1005)
    run = studio()
    run.assert_failed(4, "Frames 1003-1004 of sh010.####.exr are missing", "--missing")
    assert not studio.out.exists()


@pytest.mark.parametrize("space", [LINEAR, "lin_rec709_scene", "SCENE_LINEAR"])
def test_light_whose_values_above_one_would_be_cut_off_is_refused_by_all_its_names(studio: Studio, space: str) -> None:
    studio.write(1001)
    for profile in ("exr", "tiff", "h264"):
        done = studio("--profile", profile, "--to", space)
        assert done.code == 2, done.err
        assert f"those of {space} above 1 and below 0 would be cut off" in done.err
        assert not studio.out.exists() or not list(studio.out.iterdir())


@pytest.mark.parametrize("how", ["as they are", "by a LUT", "by a configuration that says nothing"])
def test_light_that_is_cut_off_where_nobody_could_foresee_it_is_told(studio: Studio, how: str) -> None:
    for number in (1001, 1002):
        write_still(studio.frame(number), ramp(WIDTH, HEIGHT, number) * 4, kind="half")
    args: tuple[str, ...] = ("--no-slate", "--no-burn-ins", "--json")
    if how == "as they are":
        studio.sheet(colorspace="display")
    elif how == "by a LUT":
        (studio.root / "same.cube").write_text("LUT_1D_SIZE 2\nLUT_1D_INPUT_RANGE 0 8\n0 0 0\n8 8 8\n")
        args += ("--to", LINEAR, "--lut", "same.cube")
    else:
        config = ocio.Config.CreateRaw()
        config.addColorSpace(ocio.ColorSpace(name="light"))
        (studio.root / "plain.ocio").write_text(config.serialize())
        studio.sheet(colorspace="raw")
        args += ("--ocio", "plain.ocio", "--to", "light")
    run = studio(*args)
    assert run.code == 0, run.err
    (told,) = [r for r in run.results[-1]["data"]["reasons"] if "cut off" in r]
    assert "in 2 frames" in told
    assert "exr-linear" in told
    assert studio.manifest()["pictures"][0]["cut_off"]["largest"] > 3


def test_frames_that_cannot_be_delivered_leave_no_folder(studio: Studio) -> None:
    studio.write(1001, 1002, 1003)
    studio.frame(1002).write_bytes(studio.frame(1002).read_bytes()[:200])
    assert studio("--profile", "png").code == 4
    assert not list(studio.out.iterdir())


@pytest.mark.parametrize("trouble", ["cut", "empty", "another size", "no picture"])
def test_so_does_a_broken_one(studio: Studio, trouble: str) -> None:
    studio.write(*range(1001, 1005))
    broken = studio.frame(1003)
    if trouble == "cut":
        broken.write_bytes(broken.read_bytes()[:700])
    elif trouble == "empty":
        broken.write_bytes(b"")
    elif trouble == "no picture":
        broken.write_bytes(b"#!/bin/sh\n" * 100)
    else:
        write_still(broken, ramp(WIDTH + 2, HEIGHT))
    studio().assert_failed(4, "frame 1003")
    assert not list(studio.out.iterdir())


def test_frames_are_retrieved_from_another_place_by_the_same_rules(studio: Studio) -> None:
    studio.write(1001, 1003)
    other = studio.root / "v002"
    other.mkdir()
    write_still(other / "sh010.1002.exr", ramp(WIDTH, HEIGHT, 1002))
    write_still(other / "sh0100.1002.exr", ramp(WIDTH, HEIGHT, 5))
    assert studio("--retrieve", str(other), "--no-slate").code == 0
    said = studio.manifest()["pictures"][1]
    assert (said["decision"], said["from"]["place"]) == ("retrieved", str(other))


def test_a_frame_of_another_size_is_not_retrieved(studio: Studio) -> None:
    studio.write(1001, 1003)
    other = studio.root / "proxy"
    other.mkdir()
    write_still(other / "sh010.1002.exr", ramp(WIDTH // 2, HEIGHT // 2))
    studio("--retrieve", str(other)).assert_failed(4, "frame 1002", f"is {WIDTH // 2}x{HEIGHT // 2}")


def test_data_windows_that_change_are_no_trouble(studio: Studio) -> None:
    for k in range(4):
        size = (WIDTH - 8 * k, HEIGHT - 4 * k)
        write_still(studio.frame(1001 + k), ramp(*size), display=(WIDTH, HEIGHT), origin=(3 * k, 2 * k))
    assert studio("--no-slate").code == 0
    assert [p.shape for p in pictures(studio.out / "sh010.mov")] == [(HEIGHT, WIDTH, 3)] * 4


def test_several_outputs_come_out_of_one_pass(studio: Studio) -> None:
    studio.sheet(outputs="prores-422hq;h265;png")
    studio.write(1001, 1002, 1003)
    assert studio("--size", "128x72").code == 0
    assert len(pictures(studio.out / "sh010.prores-422hq.mov")) == 4
    assert len(pictures(studio.out / "sh010.h265.mov")) == 4
    assert pictures(studio.out / "sh010.h265.mov")[0].shape == (72, 128, 3)
    assert len(list((studio.out / "sh010.png").iterdir())) == 4


def test_burn_ins_change_their_corners_and_nothing_else(studio: Studio) -> None:
    studio.sheet(colorspace="display")
    for number in (1001, 1002):
        write_still(studio.frame(number), np.full((HEIGHT * 4, WIDTH * 4, 3), 0.4))
    args = ("--no-slate", "--profile", "png", "--burn-in", "bottom-right={frame}")
    assert studio(*args).code == 0
    first, second = (pictures(p)[0].astype(int) for p in sorted((studio.out / "sh010.png").iterdir()))
    flat = int(first[0, 0, 0])
    assert np.all(first[: HEIGHT * 3, : WIDTH * 3] == flat)
    corner = np.s_[HEIGHT * 7 // 2 :, WIDTH * 3 :]
    assert np.any(first[corner] != flat)
    assert np.any(first[corner] != second[corner])


def test_alpha_is_kept_where_the_profile_can(studio: Studio) -> None:
    pixels = np.concatenate([ramp(WIDTH, HEIGHT), np.full((HEIGHT, WIDTH, 1), 0.5)], -1)
    write_still(studio.frame(1001), pixels, channelnames=("R", "G", "B", "A"))
    assert studio("--no-slate", "--alpha", "keep", "--profile", "prores-4444").code == 0
    with av.open(str(studio.out / "sh010.mov")) as container:
        frame = next(container.decode(video=0))
        top = {"yuva444p10le": 1023, "yuva444p12le": 4095}[frame.format.name]
        alpha = np.frombuffer(bytes(frame.planes[3]), "<u2")
    assert abs(int(alpha[0]) / top - 0.5) < 1 / 512


def tone(path: Path, *, rate: int = 48000, layout: str = "mono", seconds: float = 0.5) -> None:
    """A sound of full strength in each channel, half a second long."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=rate, layout=layout)
        count = av.AudioLayout(layout).nb_channels
        wave = (np.sin(np.arange(int(rate * seconds)) * 0.1) * 16000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave, count).reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        container.mux(stream.encode(frame))


def heard(path: Path) -> tuple[str, Any, float, float, float]:
    """Codec and layout of a movie's sound; seconds until it sounds, while it does, and in all."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
        values = np.concatenate([np.abs(f.to_ndarray().astype(np.float64)).reshape(-1) for f in frames])
        rate = frames[0].sample_rate * len(values) / sum(f.samples for f in frames)
        loud = np.flatnonzero(values > values.max() / 10)
        lead = float((frames[0].pts or 0) * frames[0].time_base)
        named = stream.codec_context.name, frames[0].layout.name
    return *named, lead + loud[0] / rate, (loud[-1] - loud[0]) / rate, len(values) / rate


@pytest.mark.parametrize(
    ("profile", "name", "codec", "off"),
    [("prores-422hq", "sh010.mov", "pcm_s24le", 0.001), ("h264-draft", "sh010.mp4", "aac", 0.03)],
)
def test_sound_is_laid_under_the_frames_and_not_under_the_slate(
    studio: Studio, profile: str, name: str, codec: str, off: float
) -> None:
    studio.write(*range(1001, 1025))
    tone(studio.root / "tone.wav")
    run = studio("--audio", "tone.wav", "--slate-frames", "12", "--profile", profile)
    assert run.code == 0, run.err
    found, _, begin, length, seconds = heard(studio.out / name)
    assert found == codec
    assert abs(begin - 0.5) < off + 0.001  # half a second of slate
    assert abs(length - 0.5) < off + 0.002
    assert abs(seconds - 1.5) < 0.022  # as long as the pictures
    checks = {c["name"].split(": ")[1]: c for c in studio.manifest(name)["checks"]}
    assert checks["sound"]["passed"]
    assert codec in checks["sound"]["detail"]
    assert checks["timecode"]["detail"].startswith("00:00:41:05")


@pytest.mark.parametrize("what", ["missing", "text", "film"])
def test_what_is_no_sound_is_refused_before_anything_is_rendered(studio: Studio, what: str) -> None:
    studio.write(1001, 1002)
    path = studio.root / "sound.mov"
    if what == "text":
        path.write_text("no sound")
    elif what == "film":
        assert studio("--profile", "h264", "--no-slate").code == 0
        shutil.move(studio.out / "sh010.mov", path)
        shutil.rmtree(studio.out)
    studio("--audio", "sound.mov").assert_failed(4, "sound.mov", "--audio")
    assert not studio.out.exists()


def test_the_same_again_does_nothing(studio: Studio) -> None:
    studio.write(1001, 1002)
    assert studio().code == 0
    before = contents(studio.out)
    assert "already done" in studio().out
    assert contents(studio.out) == before


def test_another_profile_of_the_same_name_is_other_work(studio: Studio) -> None:
    studio.write(1001, 1002)
    assert studio("--profile", "h264").code == 0
    studio("--profile", "h265").assert_failed(8, "exists", "--overwrite")
    assert studio("--profile", "h265", "--overwrite").code == 0
    with av.open(str(studio.out / "sh010.mov")) as container:
        assert container.streams.video[0].codec.name == "hevc"


def test_a_killed_run_leaves_nothing_and_the_next_one_finishes(studio: Studio) -> None:
    for number in range(1001, 1061):
        write_still(studio.frame(number), ramp(WIDTH * 8, HEIGHT * 8, number))
    process = subprocess.Popen(
        studio.argv("--json"), cwd=studio.root, env=studio.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "progress" and event["data"]["done"] >= 3:
            break
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert not (studio.out / "sh010.mov").exists()
    assert studio().code == 0
    assert len(pictures(studio.out / "sh010.mov")) == 61
    deadline = time.monotonic() + 60
    while list(studio.out.glob(".*")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not list(studio.out.glob(".*"))


def test_names_that_ffmpeg_would_take_for_patterns(studio: Studio) -> None:
    name = "a%04d{b}'c,;[d]"
    studio.sheet()
    text = (studio.root / "sheet.csv").read_text().replace("sh010", '"' + name + '"', 1)
    (studio.root / "sheet.csv").write_text(text)
    for number in (1001, 1002):
        write_still(studio.frames / "x.exr", ramp(WIDTH, HEIGHT, number)).rename(studio.frames / f"{name}.{number}.exr")
    assert studio("--profile", "h264", "--profile", "dpx").code == 0
    assert len(pictures(studio.out / f"{name}.h264.mov")) == 3
    assert sorted(p.name for p in (studio.out / f"{name}.dpx").iterdir()) == [
        f"{name}.{n}.dpx" for n in (1000, 1001, 1002)
    ]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (("--profile", "prores-422"), 2, "prores-422hq"),
        (("--colorspace", "ACEScgg"), 2, "Did you mean 'ACEScg'"),
        (("--burn-in", "middle=x"), 2, "CORNER=TEXT"),
        (("--timecode", "1:2:3"), 2, "no timecode"),
        (("--size", "97x55"), 2, ""),
        (("--ocio", "missing.ocio"), 4, "cannot be read"),
        (("--channels", "diffuse.R,diffuse.G,diffuse.B"), 2, "no channel diffuse.R"),
        (("--retrieve", "nowhere"), 4, "no such folder"),
    ],
)
def test_what_cannot_be_asked_for(studio: Studio, args: tuple[str, ...], code: int, said: str) -> None:
    studio.write(1001)
    if "--colorspace" in args:
        studio.sheet(colorspace="")
    run = studio(*args)
    assert run.code == code, (run.out, run.err)
    assert said in run.err
    assert "Traceback" not in run.err
    assert not studio.out.exists()


def test_neither_rate_nor_colour_space_is_guessed(studio: Studio) -> None:
    studio.write(1001)
    studio.sheet(rate="")
    studio().assert_failed(2, "how many frames a second", "--rate")
    studio.sheet(colorspace="")
    studio().assert_failed(2, "what colour space", "--colorspace")


@pytest.mark.parametrize("how", ["itself", "by a link", "of another row", "of another place"])
def test_an_output_among_frames_is_refused_before_anything_is_listed(studio: Studio, how: str) -> None:
    studio.write(1001)
    other = studio.root / "other"
    other.mkdir()
    there, more = {
        "itself": (studio.frames, ()),
        "by a link": (studio.root / "link", ()),
        "of another row": (other, ()),
        "of another place": (other, ("--retrieve", "other")),
    }[how]
    if how == "by a link":
        there.symlink_to(studio.frames)
    if how == "of another row":
        with (studio.root / "sheet.csv").open("a") as sheet:
            sheet.write(f"other,sh020,4,exr,24,{LINEAR},,\n")
    before = contents(studio.root)
    studio("-o", str(there), *more).assert_failed(2, "row 2", "among the frames", "-o")
    assert {**contents(studio.root), "ledger.sqlite3": 0} == {**before, "ledger.sqlite3": 0}


@pytest.mark.parametrize("how", ["the same", "in capitals", "of other frames"])
def test_two_rows_that_would_be_one_movie_are_refused(studio: Studio, how: str) -> None:
    studio.write(1001)
    name = "SH010" if how == "in capitals" else "sh010"
    extension = "dpx" if how == "of other frames" else "exr"
    with (studio.root / "sheet.csv").open("a") as sheet:
        sheet.write(f"frames/,{name},4,{extension},24,{LINEAR},,\n")
    studio().assert_failed(2, "row 3, column name", "row 2's", "sheets")
    assert not studio.out.exists()


def test_an_unknown_output_is_told_with_its_row(studio: Studio) -> None:
    studio.sheet(outputs="h264;prores")
    studio().assert_failed(2, "row 2, column outputs", "prores-422hq", "'h264;prores'")


def test_one_bad_row_does_not_stop_the_rest(studio: Studio) -> None:
    studio.write(1001, 1002)
    with (studio.root / "sheet.csv").open("a") as sheet:
        sheet.write(f"frames,sh020,4,exr,24,{LINEAR},sh 020,v001\n")
    run = studio("--json")
    assert run.code == 4
    assert [r["data"]["outcome"] for r in run.results] == ["encoded", "failed"]


def test_dry_run_writes_nothing(studio: Studio) -> None:
    studio.write(1001, 1003)
    run = studio("--dry-run", "--missing", "hold")
    assert run.code == 0, run.err
    assert "1 of 3 frames are missing" in run.out
    assert not studio.out.exists()


def test_av1_goes_through_the_quality_engine(studio: Studio) -> None:
    studio.write(*range(1001, 1025))
    tone(studio.root / "tone.wav", rate=44100, layout="5.1(side)")
    run = studio("--profile", "av1", "--profile", "h264", "--audio", "tone.wav", "--slate-frames", "12", "--json")
    assert run.code == 0, (run.out[-2000:], run.err)
    encoded = run.results[-1]["data"]
    assert encoded["vmaf"]["mean"] > 80
    with av.open(str(studio.out / "sh010.av1.mkv")) as container:
        film = container.streams.video[0]
        assert film.codec.name in {"av1", "libdav1d"}
        assert container.metadata["TIMECODE"] == "00:00:41:05"
    assert len(pictures(studio.out / "sh010.av1.mkv")) == 36
    assert studio.manifest("sh010.av1.mkv")["frames"] == 36
    codec, layout, begin, length, seconds = heard(studio.out / "sh010.av1.mkv")
    assert (codec.removeprefix("lib"), layout) == ("opus", "5.1")
    assert abs(begin - 0.5) < 0.01
    assert abs(length - 0.5) < 0.02
    assert abs(seconds - 1.5) < 0.022
    names = {c["name"]: c["detail"] for c in encoded["checks"] if "av1" in c["name"]}
    assert names["sh010.av1.mkv: colour tags"] == "1-13-1 in the container's bytes"
    assert names["sh010.av1.mkv: colour tags of the stream"] == "1-13-1 in the bitstream"
    assert len(pictures(studio.out / "sh010.h264.mov")) == 36
    assert not list((studio.root / "work").iterdir())
