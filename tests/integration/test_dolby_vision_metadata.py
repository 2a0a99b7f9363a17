"""Dolby Vision metadata read from real streams, and what is found where some of it was lost or changed places."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import pytest

from dolby_vision import P5, P7, P81, P82, P84, Flavor, Making, escaped, film, rpu, run
from examples import index as make_index_value
from media import DOLBY_VISION
from reelwright.media.model import DolbyVision, MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning.checks.dolby_vision import check_dolby_vision
from reelwright.planning.checks.evidence import Check, Evidence, Metadata
from reelwright.planning.decision import Verdict, decide
from reelwright.planning.plan import Request, make_plan
from reelwright.tools.children.rpus import DOLBY, OBU_METADATA, obus
from reelwright.tools.dolby_vision import read_metadata
from reelwright.tools.index import load_index, make_index
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner

FFMPEG: str = imageio_ffmpeg.get_ffmpeg_exe()
FRAMES = 24
DOVI_TOOL = shutil.which("dovi_tool")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dolby")


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    return film(folder, "p81.mkv", Making(frames=FRAMES))


@pytest.fixture(scope="module")
def output(folder: Path, source: Path) -> Path:
    """A right AV1 film of it."""
    out = folder / "p81.av1.mkv"
    command = [FFMPEG, "-v", "error", "-i", source, "-map", "0:v", "-c:v", "libsvtav1", "-preset", "12"]
    subprocess.run([*command, "-pix_fmt", "yuv420p10le", "-dolbyvision", "1", out], check=True, capture_output=True)
    return out


@pytest.fixture(scope="module")
def known(source: Path, folder: Path) -> tuple[MediaInfo, Metadata]:
    """What is read of the source."""
    return probed(source), metadata_of(source, folder)


def probed(path: Path) -> MediaInfo:
    async def work() -> MediaInfo:
        async with Runner() as runner:
            return await probe(runner, FFMPEG, path)

    return asyncio.run(work())


def metadata_of(
    path: Path, folder: Path, index: FrameIndex | None = None, span: tuple[int, int] | None = None
) -> Metadata:
    async def work() -> Metadata:
        async with Runner() as runner:
            return await read_metadata(runner, path, 0, folder=folder, index=index, span=span)

    return asyncio.run(work())


def indexed(path: Path, out: Path) -> FrameIndex:
    async def work() -> None:
        async with Runner() as runner:
            await make_index(runner, path, 0, out, lambda _: None)

    asyncio.run(work())
    return load_index(out)


def verdict(known: tuple[MediaInfo, Metadata], output: Path, folder: Path) -> Check:
    """The check of an output of the source."""
    (info, before), found, after = known, probed(output), metadata_of(output, folder)
    assert info.film is not None
    times = tuple(range(0, 40 * FRAMES, 40))
    index = make_index_value(times)
    return check_dolby_vision(
        Evidence(
            plan=make_plan(info, Request()), source=info, index=index, output=found, shift=index.time_base * 0,
            packet_ticks=times, decoded_ticks=times, warnings=(), copied=(), attached=(), attachments=(),
            metadata=(before, after),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "flavor", "value"),
    [
        ("a81.mkv", P81, DolbyVision(profile=8, compatibility=1, seen=8, metadata=True, record=True)),
        ("a81.mp4", P81, DolbyVision(profile=8, compatibility=1, seen=8, metadata=True, record=True)),
        ("a81.hevc", P81, DolbyVision(compatibility=1, seen=8, metadata=True)),
        ("a84.ts", P84, DolbyVision(compatibility=4, seen=8, metadata=True)),
        ("a82.hevc", P82, DolbyVision(compatibility=2, seen=8, metadata=True)),
        ("a5.mp4", P5, DolbyVision(profile=5, compatibility=0, seen=5, metadata=True, record=True)),
        ("a5.ts", P5, DolbyVision(seen=5, metadata=True)),
        (
            "a7.mkv",
            P7,
            DolbyVision(profile=7, compatibility=6, seen=7, metadata=True, record=True, enhancement=True),
        ),
        ("a7.hevc", P7, DolbyVision(seen=7, metadata=True, enhancement=True)),
    ],
)
def test_the_probe_tells_every_kind_in_every_container(
    name: str, flavor: Flavor, value: DolbyVision, folder: Path
) -> None:
    found = probed(film(folder, name, Making(flavor=flavor, frames=4))).film
    assert found is not None
    assert found.video is not None
    assert found.video.dolby_vision == value


def test_each_frame_has_metadata_of_its_own_and_a_right_output_the_same(
    known: tuple[MediaInfo, Metadata], output: Path, folder: Path
) -> None:
    _, found = known
    assert (len({*found.digests}), found.carried) == (FRAMES, FRAMES)
    assert verdict(known, output, folder).passed
    # What is spoilt below is spoilt by what is changed, not by being written again.
    assert verdict(known, rewritten(output, folder / "same.mkv", list), folder).passed


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts", ".hevc"])
def test_the_metadata_of_a_part_is_that_of_the_same_frames(suffix: str, tmp_path: Path) -> None:
    path = film(tmp_path, f"parts{suffix}", Making(frames=60))
    index, whole = indexed(path, tmp_path / "index"), metadata_of(path, tmp_path)
    assert len({*whole.digests}) == 60
    for first, end in ((5, 9), (0, 3), (36, 60), (47, 48)):
        part = metadata_of(path, tmp_path, index, (first, end))
        assert (part.digests, part.carried) == (whole.digests[first:end], end - first), (first, end)
    assert metadata_of(path, tmp_path, index, (0, 60)) == whole


@pytest.mark.parametrize(
    ("number", "carried"),
    [(lambda k: None if k == 7 else k, 11), (lambda k: 0 if k == 0 else None, 1), (lambda _: None, 0)],
)
@pytest.mark.parametrize("suffix", [".mkv", ".hevc", ".ts"])
def test_the_analysis_counts_the_frames_that_have_metadata(
    number: Callable[[int], int | None], carried: int, suffix: str, tmp_path: Path
) -> None:
    path = film(tmp_path, f"gaps{suffix}", Making(frames=12, number=number))
    index = indexed(path, tmp_path / "index")
    assert (index.frames, index.metadata_frames) == (12, carried)


def test_an_rpu_with_a_wrong_checksum_counts_as_none(tmp_path: Path) -> None:
    damaged = bytearray(rpu(P81, 0))
    damaged[-2] ^= 1
    path = film(tmp_path, "damaged.mkv", Making(frames=4, payload=escaped(bytes(damaged))))
    assert indexed(path, tmp_path / "index").metadata_frames == 0


# Spoilt outputs.


def packets_of(path: Path) -> tuple[Any, list[Any]]:
    container = av.open(str(path))
    return container, [packet for packet in container.demux(video=0) if packet.size]


def rewritten(path: Path, out: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    """A copy of a film whose packets hold other bytes."""
    container, packets = packets_of(path)
    with container, av.open(str(out), "w") as target:
        stream = target.add_stream_from_template(container.streams.video[0], opaque=True)
        for packet, data in zip(packets, change([bytes(p) for p in packets]), strict=True):
            made = av.Packet(data)
            made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
            made.is_keyframe, made.stream = packet.is_keyframe, stream
            target.mux(made)
    return out


def units(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """A packet's OBUs as they lie there, and which of them is Dolby Vision's."""
    place = 0
    for kind, body in obus(data):
        end = data.index(body, place) + len(body) if body else place + 2
        yield data[place:end], kind == OBU_METADATA and body.startswith(DOLBY)
        place = end


def without(data: bytes) -> bytes:
    return b"".join(unit for unit, dolby in units(data) if not dolby)


def with_metadata_of(data: bytes, other: bytes) -> bytes:
    theirs = next(unit for unit, dolby in units(other) if dolby)
    return b"".join(theirs if dolby else unit for unit, dolby in units(data))


def dropped(packets: list[bytes]) -> list[bytes]:
    return [*packets[:9], without(packets[9]), *packets[10:]]


def swapped(packets: list[bytes]) -> list[bytes]:
    found = [*packets]
    found[9], found[10] = with_metadata_of(packets[9], packets[10]), with_metadata_of(packets[10], packets[9])
    return found


def doubled(packets: list[bytes]) -> list[bytes]:
    return [*packets[:9], with_metadata_of(packets[9], packets[8]), *packets[10:]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (dropped, "the output has metadata on 23 of 24"),
        (swapped, "of 2 of 24 frames differs, first of frame 9"),
        (doubled, "of 1 of 24 frames differs, first of frame 9"),
    ],
)
def test_an_rpu_that_is_lost_or_in_another_place_is_caught(
    change: Callable[[list[bytes]], list[bytes]],
    says: str,
    known: tuple[MediaInfo, Metadata],
    output: Path,
    folder: Path,
) -> None:
    check = verdict(known, rewritten(output, folder / f"{change.__name__}.mkv", change), folder)
    assert not check.passed
    assert says in check.detail


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_record_that_is_missing_is_caught(
    suffix: str, known: tuple[MediaInfo, Metadata], output: Path, folder: Path
) -> None:
    whole, bare = folder / f"whole{suffix}", folder / f"bare{suffix}"
    run("-i", output, "-c", "copy", "-strict", "unofficial", whole)
    assert verdict(known, whole, folder).passed
    data = whole.read_bytes()
    assert data.count(b"dvvC") == 1
    bare.write_bytes(data.replace(b"dvvC", b"none"))
    check = verdict(known, bare, folder)
    assert not check.passed
    assert "no configuration record" in check.detail


# Against the tool everybody uses.


def told_by_dovi_tool(path: Path, folder: Path) -> list[dict[str, Any]]:
    """What dovi_tool reads of a raw stream's RPUs, in the order of showing."""
    binary, text = folder / "rpu.bin", folder / "rpu.json"
    assert DOVI_TOOL is not None
    for command in (["extract-rpu", path, "-o", binary], ["export", "-i", binary, "-d", f"all={text}"]):
        subprocess.run([DOVI_TOOL, *command], check=True, capture_output=True)
    rows: list[dict[str, Any]] = json.loads(text.read_text())
    return rows


@pytest.mark.skipif(DOVI_TOOL is None, reason="dovi_tool is not on the path")
@pytest.mark.parametrize("flavor", [P5, P7, P81, P84])
def test_dovi_tool_reads_what_was_written(flavor: Flavor, tmp_path: Path) -> None:
    """It checks the syntax to the last bit, and the checksum."""
    # All intra, so that the order of decoding is that of showing.
    path = film(tmp_path, "all.hevc", Making(flavor=flavor, frames=12, reordered=False))
    rows = told_by_dovi_tool(path, tmp_path)
    assert [row["dovi_profile"] for row in rows] == [flavor.profile] * 12
    levels = [row["vdr_dm_data"]["cmv29_metadata"]["ext_metadata_blocks"][0]["Level1"] for row in rows]
    assert [level["max_pq"] for level in levels] == [2000 + k for k in range(12)]
    assert all(("el_type" in row) == flavor.layered for row in rows)


@pytest.mark.skipif(DOVI_TOOL is None, reason="dovi_tool is not on the path")
def test_what_the_hint_for_profile_7_says_makes_profile_8_of_it(tmp_path: Path) -> None:
    path = film(tmp_path, "p7.hevc", Making(flavor=P7, frames=12))
    assert decide(probed(path)).verdict is Verdict.REFUSE
    out = tmp_path / "p81.hevc"
    assert DOVI_TOOL is not None
    command = [DOVI_TOOL, "-m", "2", "convert", "--discard", path, "-o", out]
    subprocess.run(command, check=True, capture_output=True)
    assert decide(probed(out)).verdict is Verdict.ENCODE
    found = metadata_of(out, tmp_path)
    assert (len({*found.digests}), found.carried) == (12, 12)


@pytest.mark.skipif(not DOLBY_VISION.is_dir(), reason=f"there is no {DOLBY_VISION}")
def test_a_real_rpu_of_each_profile_is_told(tmp_path: Path) -> None:
    """RPUs that were authored, put into a film of ours."""
    known = {"rpu_profile5.bin": 5, "rpu_mel_rpu.bin": 7, "rpu_fel_rpu.bin": 7, "rpu_profile8.bin": 8}
    for name, profile in {**known, "rpu_profile84.bin": 8}.items():
        payload = (DOLBY_VISION / name).read_bytes()
        path = film(tmp_path, f"{name}.mkv", replace(Making(frames=4, record=False), payload=payload))
        found = probed(path).film
        assert found is not None
        assert found.video is not None
        assert found.video.dolby_vision is not None
        assert found.video.dolby_vision.seen == profile, name


def test_rpus_differ_from_frame_to_frame_and_are_whole_bytes() -> None:
    assert rpu(P81, 3) != rpu(P81, 4)
    assert rpu(P81, 3)[:1] == b"\x19"
    assert rpu(P81, 3)[-1:] == b"\x80"
