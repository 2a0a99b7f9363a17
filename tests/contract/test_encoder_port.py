"""The contract of every encoder's port, held by the real encoder wherever it works; elsewhere it says what is missing.

An assembled film is the packets of its chunks, one for each shown frame in show order, and each chunk stands alone.
"""

import asyncio
import json
import subprocess
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import av
import imageio_ffmpeg
import pytest

from examples import HDR, constant, film, info
from reelwright.encoders import ENCODERS, NAMES, Encoder, find
from reelwright.media.timing import Timing
from reelwright.planning.plan import EncodePlan, Request, make_plan
from reelwright.tools.chunks import read_chunk
from reelwright.tools.devices import Tried, try_encoder
from reelwright.tools.encoders import PORTS
from reelwright.tools.ffmpeg import encode_args
from reelwright.tools.frames import film_frames
from reelwright.tools.process import Runner

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
FRAMES = 20
#: Large enough for every device's smallest picture.
SIZE = (320, 180)
#: Counted frames: the film is read from its beginning.
COUNTED = replace(constant(FRAMES), timing=Timing.COUNTED, key_pts=())


@cache
def tried(name: str) -> Tried:
    """Whether an encoder works here; asked once."""

    async def ask() -> Tried:
        async with Runner() as runner:
            return await try_encoder(runner, FFMPEG, name)

    return asyncio.run(ask())


@pytest.fixture(params=NAMES)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    """Each encoder that works here."""
    found = tried(request.param)
    if not found.works:
        pytest.skip(f"{request.param} does not work here: {found.reason}; it needs {find(request.param).device}")
    return find(request.param)


@dataclass(frozen=True, kw_only=True)
class Studio:
    """A film in HDR10 with a scene change in the middle, and a place for its encodes."""

    source: Path
    folder: Path

    def plan(self, encoder: Encoder) -> EncodePlan:
        """The plan of the film."""
        picture = film(width=SIZE[0], height=SIZE[1], color=HDR)
        return make_plan(info(picture), Request(encoder=encoder.name, preset=13))

    def encode(self, encoder: Encoder, crf: float, *, name: str = "chunk", threads: int = 2) -> Path:
        """The film's chunk at a CRF."""
        out = self.folder / f"{name}-{crf:g}.mkv"
        frames = film_frames(str(self.source), 0, COUNTED)(0, FRAMES, 0)
        command = encode_args(FFMPEG, frames, self.plan(encoder), crf=crf, threads=threads, out=str(out))
        environment = PORTS[encoder.name].environment
        done = subprocess.run(command, env={**environment}, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return out


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The film, lossless: two scenes, with mastering display and light level."""
    path = tmp_path_factory.mktemp("film") / "hdr.mkv"
    half, size = FRAMES / 50, f"s={SIZE[0]}x{SIZE[1]}:r=25"
    scenes = ("-f", "lavfi", "-i", f"testsrc2={size}:d={half:g}", "-f", "lavfi", "-i", f"mandelbrot={size}")
    joined = f"[1:v]trim=duration={half:g}[b];[0:v][b]concat=n=2,format=yuv420p10le"
    colours = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited"
    display = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
    codec = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
    told = f"log-level=error:lossless=1:{colours}:{display}"
    subprocess.run([FFMPEG, "-v", "error", *scenes, "-filter_complex", joined, *codec, told, path], check=True)
    return path


@pytest.fixture
def studio(source: Path, tmp_path: Path) -> Studio:
    return Studio(source=source, folder=tmp_path)


def packets(path: Path) -> list[av.Packet]:
    with av.open(str(path)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def decoded(path: Path, *before: str) -> list[str]:
    """Checksum of each frame that decodes."""
    done = subprocess.run(
        [FFMPEG, "-v", "error", "-xerror", *before, "-i", path, "-map", "0:v", "-f", "framehash", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return [line.rsplit(",", 1)[1].strip() for line in done.stdout.splitlines() if not line.startswith("#")]


def bitstream(path: Path) -> Path:
    """The bare bitstream, without a container to say what it does not say itself."""
    bare = path.with_suffix(".obu")
    subprocess.run([FFMPEG, "-v", "error", "-i", path, "-c", "copy", "-f", "obu", bare], check=True)
    return bare


def shown(path: Path) -> str:
    """What FFmpeg says of the first frame of a bare bitstream."""
    done = subprocess.run(
        [FFMPEG, "-hide_banner", "-f", "obu", "-i", path, "-frames:v", "1", "-vf", "showinfo", "-f", "null", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stderr


def vmaf(chunk: Path, source: Path) -> float:
    """Mean VMAF of a chunk; at its own size, which is enough to compare two of them."""
    log = chunk.with_suffix(".json")
    graph = (
        "[0:v]settb=1/25,setpts=N,format=yuv420p10le[a];[1:v]settb=1/25,setpts=N,format=yuv420p10le[b];"
        f"[a][b]libvmaf=log_fmt=json:log_path={log.name}"
    )
    subprocess.run(
        [FFMPEG, "-v", "error", "-i", chunk, "-i", source, "-filter_complex", graph, "-f", "null", "-"],
        cwd=chunk.parent, check=True,
    )  # fmt: skip
    return float(json.loads(log.read_text(encoding="utf-8"))["pooled_metrics"]["vmaf"]["mean"])


def test_there_is_one_packet_for_each_shown_frame_in_show_order(encoder: Encoder, studio: Studio) -> None:
    path = studio.encode(encoder, 40)
    times = [packet.pts for packet in packets(path)]
    assert times == [40 * k for k in range(FRAMES)]
    assert len(decoded(path)) == FRAMES
    assert read_chunk(path).frames == FRAMES


def test_every_packet_shows_its_frame_whatever_comes_after_it(encoder: Encoder, studio: Studio) -> None:
    path = studio.encode(encoder, 40)
    whole = decoded(path)
    cut = path.with_name("cut.mkv")
    subprocess.run([FFMPEG, "-v", "error", "-i", path, "-c", "copy", "-frames:v", "7", cut], check=True)
    assert decoded(cut) == whole[:7]


def test_a_chunk_begins_with_a_key_frame_and_holds_no_other_at_a_scene_change(encoder: Encoder, studio: Studio) -> None:
    keys = [k for k, packet in enumerate(packets(studio.encode(encoder, 40))) if packet.is_keyframe]
    assert keys[0] == 0
    if not encoder.device:  # a device may begin again inside, which does no harm
        assert keys == [0]


def test_frames_are_ten_bits_deep_and_the_bitstream_itself_says_their_colours(encoder: Encoder, studio: Studio) -> None:
    said = shown(bitstream(studio.encode(encoder, 40)))
    assert "yuv420p10le(tv, bt2020nc/bt2020/smpte2084" in said
    assert f"{SIZE[0]}x{SIZE[1]}" in said


def test_static_hdr_is_in_the_bitstream_where_the_encoder_says_so_and_in_the_container_always(
    encoder: Encoder, studio: Studio
) -> None:
    path = studio.encode(encoder, 40)
    said = shown(bitstream(path))
    assert ("Mastering display metadata" in said) == encoder.hdr_in_bitstream
    assert ("MaxCLL=1000, MaxFALL=400" in said) == encoder.hdr_in_bitstream
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        types = {data.type.name for data in frame.side_data}
    assert {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"} <= types
    if not encoder.hdr_in_bitstream:
        assert any("stand in the container alone" in note for note in studio.plan(encoder).notes)


def test_quality_and_size_fall_as_the_crf_rises(encoder: Encoder, studio: Studio) -> None:
    made = [studio.encode(encoder, crf) for crf in (16, 30, 44, 58)]
    scores = [vmaf(path, studio.source) for path in made]
    sizes = [read_chunk(path).packet_bytes for path in made]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == len(scores)
    assert sizes == sorted(sizes, reverse=True)


def test_neighbouring_steps_of_the_crf_are_different_encodes(encoder: Encoder, studio: Studio) -> None:
    one, next_one = (read_chunk(studio.encode(encoder, crf)).digest for crf in (30, 30 + encoder.crf_step))
    assert one != next_one


def test_bytes_are_equal_from_run_to_run_and_for_any_number_of_threads_where_the_encoder_says_so(
    encoder: Encoder, studio: Studio
) -> None:
    if not encoder.deterministic:
        pytest.skip(f"{encoder.name} does not promise it")
    made = [studio.encode(encoder, 40, name=f"try{n}", threads=n).read_bytes() for n in (1, 2, 3)]
    again = studio.encode(encoder, 40, name="again", threads=2).read_bytes()
    assert made == [again] * 3


def test_an_encoder_that_works_says_its_version_for_the_trial_key(encoder: Encoder) -> None:
    assert tried(encoder.name).version or encoder.device


@pytest.mark.parametrize("name", [e.name for e in ENCODERS.values() if e.device])
def test_no_option_for_a_device_is_one_that_ffmpeg_does_not_know(name: str, studio: Studio) -> None:
    """Without the device the encode fails; but for the device, and not for what it was told."""
    encoder = find(name)
    command = encode_args(
        FFMPEG, film_frames(str(studio.source), 0, COUNTED)(0, 1, 0), studio.plan(encoder),
        crf=30, threads=1, out=str(studio.folder / "out.mkv"),
    )  # fmt: skip
    # The device ahead of the inputs ends FFmpeg before it reads the encoder's options.
    for flag in ("-init_hw_device", "-filter_hw_device"):
        if flag in command:
            at = command.index(flag)
            del command[at : at + 2]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60).stderr
    unknown = (
        "Unrecognized option",
        "not been used for any stream",
        "Undefined constant",
        "Unable to parse",
        "Error setting option",
        "Option not found",
        "No such filter",
    )
    assert not [line for line in said.splitlines() if any(words in line for words in unknown)]
