"""HDR10+ arrives on the frames it came with, to the last bit; where it cannot, nothing is encoded."""

import asyncio
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from clips import Clips
from command import QUICK, Command
from dynamic import BARE, FRAMES, described, partly_described, shown_with

from bitstreams import T35, metadata, obus
from media import MEDIA
from reelwright.planning.checks.dynamic_hdr import check_hdr10plus
from reelwright.planning.checks.evidence import Check, Evidence
from reelwright.planning.plan import Request, make_plan
from reelwright.tools.index import load_index, make_index
from reelwright.tools.mux import read_hdr10plus
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner

HDR10PLUS = bytes.fromhex("b5003c000104")


def own(path: Path) -> list[list[bytes]]:
    """The HDR10+ payloads in each packet of an AV1 film."""
    return [[p for p in units if p.startswith(HDR10PLUS)] for units in metadata(path, T35)]


def encoded(encode: Command, source: Path, *args: str, name: str = "out.mkv") -> Path:
    out = source.with_name(name)
    run = encode(source, "-o", out.name, *QUICK, "--overwrite", *args, "--json")
    assert run.code == 0, run.err
    checks = {check["name"]: check for check in run.results[-1]["data"]["checks"]}
    assert checks["hdr10plus"]["passed"]
    return out


def test_every_frame_arrives_with_its_own(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(described(clips), films))
    want = shown_with(source)
    assert len(set(want)) == FRAMES, "frames must differ, or one that is shifted would not be seen"
    out = encoded(encode, source, "--scenes", scenes(films))
    with av.open(str(out)) as film:
        keys = [k for k, packet in enumerate(p for p in film.demux(video=0) if p.size) if packet.is_keyframe]
    assert keys == [0, 8, 16]
    assert shown_with(out) == want
    assert [len(payloads) for payloads in own(out)] == [1] * FRAMES
    assert len({payload for (payload,) in own(out)}) == FRAMES
    assert all(places_right(data) for data in packets(out))


def scenes(films: Path) -> str:
    """Cuts inside groups of pictures, so that chunks begin at other places than key frames."""
    path = films / "cuts.json"
    bounds = [{"start": 0, "end": 8}, {"start": 8, "end": 16}, {"start": 16, "end": FRAMES}]
    path.write_text(json.dumps({"format": "reelwright-scenes", "frames": FRAMES, "scenes": bounds}))
    return path.name


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def places_right(data: bytes) -> bool:
    """Whether HDR10+ is followed at once by a frame that is shown."""
    found = list(obus(data))
    place = next(k for k, (kind, payload) in enumerate(found) if kind == 5 and payload[:7] == b"\x04" + HDR10PLUS)
    kind, payload = found[place + 1]
    return kind in {3, 6} and bool(payload[0] & 0x90)


def test_frames_without_any_get_none(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(partly_described(clips), films))
    out = encoded(encode, source)
    whole = shown_with(described(clips))
    assert shown_with(source) != whole
    assert shown_with(out) == [b"" if k in BARE else data for k, data in enumerate(whole)]


@pytest.mark.parametrize("name", ["hdr10plus.hevc", "hdr10plus.ts"])
def test_streams_behind_start_codes_and_without_times_give_it_up(
    name: str, clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(described(clips, name), films))
    assert shown_with(encoded(encode, source)) == shown_with(described(clips))


def test_an_excerpt_has_that_of_its_own_frames_in_mp4_too(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(described(clips), films))
    out = encoded(encode, source, "--start", "0.8", "--duration", "1.3", name="part.mp4")
    assert shown_with(out) == shown_with(source)[7:17]


def test_vp9_with_hdr10plus_is_refused_because_it_cannot_be_read(clips: Clips, encode: Command, films: Path) -> None:
    """FFmpeg takes HDR10+ of HEVC along into VP9 in WebM."""
    source = clips("hdr10plus.webm", "-i", described(clips), "-c:v", "libvpx-vp9", "-cpu-used", "8", "-frames:v", "4")
    if not any(shown_with(source)):
        pytest.skip("this FFmpeg writes no HDR10+ into WebM")
    run = encode(Path(shutil.copy(source, films)), "-o", "out.mkv", *QUICK)
    run.assert_failed(3, "HDR10+", "vp9")
    assert not (films / "out.mkv").exists()


#: The sample that everybody uses.
SAMPLE = MEDIA / "hdr10plus" / "regular.mkv"


@pytest.mark.skipif(not SAMPLE.is_file(), reason=f"there is no {SAMPLE}")
def test_a_film_from_elsewhere_arrives_with_all_of_it(encode: Command, films: Path) -> None:
    source = Path(shutil.copy(SAMPLE, films))
    want = shown_with(source)
    assert all(want)
    assert shown_with(encoded(encode, source)) == want


Spoil = Callable[[list[bytes]], list[bytes]]


def without(data: bytes) -> bytes:
    """A packet without its HDR10+."""
    out = b""
    for kind, payload in obus(data):
        if kind != 5 or payload[:7] != b"\x04" + HDR10PLUS:
            assert len(payload) < 1 << 14
            size = bytes([len(payload) & 0x7F | 0x80, len(payload) >> 7])
            out += bytes([kind << 3 | 2]) + size + payload
    return out


def dropped(data: list[bytes]) -> list[bytes]:
    data[11] = without(data[11])
    return data


def swapped(data: list[bytes]) -> list[bytes]:
    """Two frames' payloads change places; nothing else does."""
    one, two = (unit_of(data[k]) for k in (10, 11))
    assert len(one) == len(two)
    data[10], data[11] = data[10].replace(one, two), data[11].replace(two, one)
    return data


def unit_of(data: bytes) -> bytes:
    return next(payload for kind, payload in obus(data) if kind == 5 and payload[:7] == b"\x04" + HDR10PLUS)


def respelled(data: list[bytes]) -> list[bytes]:
    """One bit of a payload is another."""
    one = unit_of(data[5])
    data[5] = data[5].replace(one, one[:-3] + bytes([one[-3] ^ 4]) + one[-2:])
    return data


def cut(data: list[bytes]) -> list[bytes]:
    """Without the trailing bit: there, and thrown away by every decoder."""
    one = unit_of(data[5])
    data[5] = data[5].replace(one, one[:-1] + b"\0")
    return data


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data, "24 of 24 frames carry theirs"),
        (dropped, "23 of 24 frames carry theirs; frame 11 differs"),
        (swapped, "22 of 24 frames carry theirs; frame 10 differs"),
        (respelled, "23 of 24 frames carry theirs; frame 5 differs"),
        (cut, "23 of 24 frames carry theirs; frame 5 differs"),
    ],
    ids=["good", "dropped", "swapped", "respelled", "cut"],
)
def test_a_spoilt_payload_is_caught(spoil: Spoil, said: str, clips: Clips, encode: Command, films: Path) -> None:
    good = clips.folder / "hdr10plus-carried.mkv"
    if not good.exists():
        source = Path(shutil.copy(described(clips), films))
        shutil.copy(encoded(encode, source), good)
    path = films / "spoilt.mkv"
    rewrite(good, path, spoil)
    check = asyncio.run(checked(described(clips), path, clips.ffmpeg, films))
    assert check.detail == said
    assert check.passed is (said == "24 of 24 frames carry theirs")


def rewrite(good: Path, path: Path, spoil: Spoil) -> None:
    """The same file with other bytes in its packets."""
    with av.open(str(good)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        read = [packet for packet in source.demux(video=0) if packet.size]
        for packet, data in zip(read, spoil([bytes(packet) for packet in read]), strict=True):
            made = av.Packet(data)
            made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
            made.is_keyframe, made.stream = packet.is_keyframe, stream
            target.mux(made)


async def checked(source: Path, output: Path, ffmpeg: str, folder: Path) -> Check:
    """The check, on what the children read of both files."""
    async with Runner() as runner:
        info = await probe(runner, ffmpeg, source)
        out = folder / "index.gz"
        await make_index(runner, source, 0, out, lambda _: None)
        found, _ = await read_hdr10plus(runner, output, 0)
        evidence = Evidence(
            plan=make_plan(info, Request()), source=info, index=load_index(out),
            output=replace(info), shift=Fraction(0), packet_ticks=(), decoded_ticks=(), warnings=(),
            copied=(), attached=(), attachments=(), hdr10plus=found,
        )  # fmt: skip
        return check_hdr10plus(evidence)
