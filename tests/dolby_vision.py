"""Dolby Vision films made from nothing: RPUs written bit by bit, put into an x265 clip, with a configuration record.

An RPU (reference processing unit) is the metadata of one frame. Each one written here differs from all others, so that
one that is lost, or that changed places with another, can be told. The syntax is that of ETSI GS CCM 001, annex A, as
far as profiles 5, 7 and 8 use it; what it stands for as a picture does not matter.
"""

import struct
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg

#: NAL units of HEVC that carry an RPU, and a coded picture of the enhancement layer.
RPU_HEADER, LAYER_HEADER = b"\x7c\x01", b"\x7e\x01"
#: Colours of a base layer, by compatibility: FFmpeg's names of primaries, transfer and matrix.
COLORS = {
    0: ("bt2020", "smpte2084", "bt2020nc"),
    1: ("bt2020", "smpte2084", "bt2020nc"),
    2: ("bt709", "bt709", "bt709"),
    4: ("bt2020", "arib-std-b67", "bt2020nc"),
    6: ("bt2020", "smpte2084", "bt2020nc"),
}
#: Coefficients of fixed matrices: YCbCr to RGB, and RGB to LMS.
TO_RGB = (9574, 0, 13802, 9574, -1540, -5348, 9574, 17610, 0)
OFFSETS = (1 << 24, 1 << 27, 1 << 27)
TO_LMS = (7222, 8771, 390, 2654, 12430, 1300, 0, 422, 15962)


class Bits:
    """Writes values bit by bit, the highest bit first."""

    def __init__(self) -> None:
        self._text = ""

    def u(self, value: int, size: int) -> "Bits":
        """`size` bits of a number; a negative one as its complement."""
        self._text += format(value & (1 << size) - 1, f"0{size}b")
        return self

    def ue(self, *values: int) -> "Bits":
        """Numbers from 0 in Exp-Golomb code."""
        for value in values:
            length = (value + 1).bit_length()
            self.u(value + 1, 2 * length - 1)
        return self

    def se(self, value: int) -> "Bits":
        """A number of either sign in Exp-Golomb code."""
        return self.ue(2 * value - 1 if value > 0 else -2 * value)

    def align(self) -> "Bits":
        """Zeros up to a whole byte."""
        self._text += "0" * (-len(self._text) % 8)
        return self

    def __len__(self) -> int:
        return len(self._text)

    def __bytes__(self) -> bytes:
        self.align()
        return int(self._text, 2).to_bytes(len(self._text) // 8, "big")


@dataclass(frozen=True, kw_only=True)
class Flavor:
    """A kind of Dolby Vision."""

    profile: int
    compatibility: int

    @property
    def layered(self) -> bool:
        """Whether there is an enhancement layer."""
        return self.profile == 7

    @property
    def record(self) -> bytes:
        """The configuration record of a stream with RPUs and a base layer: 24 bytes."""
        bits = Bits().u(1, 8).u(0, 8).u(self.profile, 7).u(1, 6).u(1, 1).u(self.layered, 1).u(1, 1)
        return bytes(bits.u(self.compatibility, 4).u(0, 4 + 24)) + bytes(16)

    @property
    def record_type(self) -> bytes:
        """What the record is called in a container."""
        return b"dvcC" if self.profile <= 7 else b"dvvC"


P5 = Flavor(profile=5, compatibility=0)
P7 = Flavor(profile=7, compatibility=6)
P81 = Flavor(profile=8, compatibility=1)
P82 = Flavor(profile=8, compatibility=2)
P84 = Flavor(profile=8, compatibility=4)


def crc32(data: bytes) -> int:
    """CRC-32/MPEG-2."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        value &= 0xFFFFFFFF
    return value


def rpu(flavor: Flavor, number: int) -> bytes:
    """The RPU of frame `number`, without the NAL unit's header and escapes."""
    bits = Bits()
    write_header(bits, flavor)
    write_mapping(bits, flavor)
    write_display(bits, flavor, number)
    body = bytes(bits)
    return b"\x19" + body + crc32(body).to_bytes(4, "big") + b"\x80"


def write_header(bits: Bits, flavor: Flavor) -> None:
    """What the RPU is, and the depths of the layers: 10 bits each, 12 together."""
    bits.u(2, 6).u(18, 11).u(flavor.profile != 5, 4).u(0, 4).u(1, 1)
    bits.u(0, 1).u(0, 2).ue(23).u(1, 2).u(flavor.profile == 5, 1)
    bits.ue(2, 2, 4).u(0, 1).u(0, 3).u(flavor.layered, 1).u(not flavor.layered, 1)
    bits.u(1, 1).u(0, 1)


def write_mapping(bits: Bits, flavor: Flavor) -> None:
    """Curves that change nothing; a minimal enhancement layer has a residual of nothing."""
    bits.ue(0, 0, 0)
    for _ in range(3):
        bits.ue(0).u(0, 10).u(1023, 10)
    if flavor.layered:
        bits.u(0, 3).u(0, 10).u(1023, 10)
    bits.ue(0, 0)
    for _ in range(3):
        bits.ue(0, 0).u(0, 1).se(0).u(0, 23).se(1).u(0, 23)
    if flavor.layered:
        for _ in range(3):
            bits.u(0, 10).ue(1).u(0, 23).ue(0).u(0, 23).ue(0).u(0, 23)


def write_display(bits: Bits, flavor: Flavor, number: int) -> None:
    """How the picture is shown: matrices, and the blocks of both versions of content mapping."""
    bits.ue(0, 0, int(number == 0))
    for value in TO_RGB:
        bits.u(value, 16)
    for value in OFFSETS:
        bits.u(value, 32)
    for value in TO_LMS:
        bits.u(value, 16)
    bits.u(65535, 16).u(0, 16).u(0, 16).u(0, 32).u(12, 5)
    bits.u(2 if flavor.profile == 5 else 0, 2).u(0, 2).u(1, 2).u(7, 12).u(3079, 12).u(42, 10)
    level1 = Bits().u(number % 16, 12).u(2000 + number % 2000, 12).u(1000 + number // 2000, 12)
    level2 = Bits().u(2081, 12)
    for k in range(5):
        level2.u(2048 + number * (k + 1) % 100, 12)
    level2.u(0, 13)
    level5 = Bits().u(0, 13).u(0, 13).u(number % 7, 13).u(0, 13)
    level6 = Bits().u(1000, 16).u(1, 16).u(1000, 16).u(400, 16)
    write_blocks(bits, ((1, level1), (2, level2), (5, level5), (6, level6)))
    level3 = Bits().u(2048, 12).u(2048 + number % 5, 12).u(2048, 12)
    level254 = Bits().u(0, 8).u(2, 8)
    write_blocks(bits, ((3, level3), (254, level254)))


def write_blocks(bits: Bits, blocks: Sequence[tuple[int, Bits]]) -> None:
    """Extension blocks: length in bytes, level, content."""
    bits.ue(len(blocks)).align()
    for level, content in blocks:
        data = bytes(content)
        bits.ue(len(data)).u(level, 8).u(int.from_bytes(data, "big"), 8 * len(data))


def escaped(data: bytes) -> bytes:
    """A NAL unit's payload with the bytes that keep start codes out of it."""
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def nal(flavor: Flavor, number: int) -> bytes:
    """The NAL unit that carries a frame's RPU."""
    return RPU_HEADER + escaped(rpu(flavor, number))


@dataclass(frozen=True, kw_only=True)
class Making:
    """How a film is made, and how it is spoilt."""

    flavor: Flavor = P81
    frames: int = 24
    size: str = "160x90"
    rate: str = "24"
    record: bool = True
    #: The number of the RPU of the packet that is decoded at place k; None: it has none.
    number: Callable[[int], int | None] = field(default=lambda k: k)
    colors: bool = True
    #: More arguments for FFmpeg: other inputs, filters.
    picture: str = "testsrc2"
    #: Filters before the colours are tagged.
    filters: str = ""
    #: Pictures are decoded in another order than shown.
    reordered: bool = True
    #: An RPU in its NAL unit, or from its prefix on and with escapes, that stands for all others.
    payload: bytes | None = None


DEFAULT = Making()


def film(folder: Path, name: str, making: Making = DEFAULT) -> Path:
    """A film of that name: `.mkv` or `.mp4` with the record, `.hevc` or `.ts`, which have no place for one."""
    path = folder / name
    if path.exists():
        return path
    plain, work = folder / f"{path.stem}.plain.mkv", folder / f"{path.stem}.work{path.suffix}"
    run(*encode_args(making), plain)
    in_place = path.suffix in {".mkv", ".mp4"}
    with_rpus = work if in_place else work.with_suffix(".mkv")
    inject(plain, with_rpus, making, "mp4" if path.suffix == ".mp4" else "matroska")
    if in_place and making.record:
        add = record_in_matroska if path.suffix == ".mkv" else record_in_mp4
        with_rpus.write_bytes(add(with_rpus.read_bytes(), making.flavor))
    elif not in_place:
        run("-i", with_rpus, "-c", "copy", work)
        with_rpus.unlink()
    plain.unlink()
    return work.rename(path)


def run(*args: str | Path) -> None:
    """Run FFmpeg."""
    ffmpeg: str = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-nostdin", "-v", "error", "-y", *args], check=True, stdin=subprocess.DEVNULL)


def encode_args(making: Making) -> list[str]:
    """A clip with B pictures, key frames and sound."""
    source = f"{making.picture}=size={making.size}:rate={making.rate}"
    tags = f"{making.filters}format=yuv420p10le"
    if making.colors:
        primaries, transfer, matrix = COLORS[making.flavor.compatibility]
        span = "pc" if making.flavor.profile == 5 else "tv"
        tags += f",setparams=range={span}:color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"
    order = "bframes=2:b-adapt=0" if making.reordered else "bframes=0"
    x265 = f"log-level=none:aud=1:keyint=12:min-keyint=12:scenecut=0:{order}:pools=1:frame-threads=1"
    return [
        *("-f", "lavfi", "-i", source, "-f", "lavfi", "-i", "sine=frequency=440"),
        *("-frames:v", str(making.frames), "-vf", tags, "-shortest"),
        *("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", x265, "-c:a", "ac3"),
    ]


def inject(plain: Path, out: Path, making: Making, container: str) -> None:
    """Copy a clip and put an RPU at the end of every packet, an enhancement layer ahead of it where there is one."""
    options = {"write_crc32": "0"} if container == "matroska" else {}
    with av.open(str(plain)) as source, av.open(str(out), "w", format=container, options=options) as target:
        streams: dict[int, Any] = {}
        for stream in source.streams:
            streams[stream.index] = target.add_stream_from_template(stream, opaque=True)
        if container == "matroska":
            streams[0].metadata["title"] = PLACE
        number = 0
        for packet in source.demux():
            if not packet.size:
                continue
            stream = streams[packet.stream_index]
            is_film = packet.stream_index == 0
            made = with_units(packet, units_of(making, number)) if is_film else packet
            number += is_film
            made.stream = stream
            target.mux(made)


def units_of(making: Making, place: int) -> list[bytes]:
    """NAL units added to the packet that is decoded at this place."""
    number = making.number(place)
    layer = [LAYER_HEADER + b"\x28\x01\xaf" + bytes([place % 250 + 4] * 8)] if making.flavor.layered else []
    if number is not None and making.payload is not None:
        return [*layer, RPU_HEADER + making.payload[making.payload.index(b"\x19\x08") :]]
    return layer if number is None else [*layer, nal(making.flavor, number)]


def with_units(packet: Any, units: Sequence[bytes]) -> Any:
    """The packet with NAL units at its end, each after its length."""
    made = av.Packet(bytes(packet) + b"".join(struct.pack(">I", len(unit)) + unit for unit in units))
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.time_base, made.is_keyframe = packet.time_base, packet.is_keyframe
    return made


#: A title as long as the record's element: it is replaced by that, so that nothing else in the file moves.
PLACE = "#" * 60


def element(identity: bytes, data: bytes) -> bytes:
    """An element of Matroska."""
    return identity + bytes([0x80 | len(data)]) + data


def record_in_matroska(data: bytes, flavor: Flavor) -> bytes:
    """A file with the record in the place of its first title."""
    mapping = element(b"\x41\xe7", flavor.record_type) + element(b"\x41\xed", flavor.record)
    place = element(b"\x53\x6e", PLACE.encode())
    if data.count(place) != 1:
        raise AssertionError("the place for the record is not there once")
    added = element(b"\x41\xe4", mapping)
    filler = len(place) - len(added) - 2
    return data.replace(place, added + element(b"\xec", bytes(filler)))


def record_in_mp4(data: bytes, flavor: Flavor) -> bytes:
    """A file with the record in the entry of its HEVC track; the index lies behind the pictures, so nothing moves."""
    box = struct.pack(">I", 32) + flavor.record_type + flavor.record
    path = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", b"hev1")
    out, start = bytearray(data), 0
    end, sizes = len(data), []
    for kind in path:
        skipped = 8 if kind == b"hev1" else 0
        place = find_box(data, start + skipped, end, kind)
        sizes.append(place)
        start, end = place + 8, place + int.from_bytes(data[place : place + 4], "big")
    for place in sizes:
        out[place : place + 4] = struct.pack(">I", int.from_bytes(data[place : place + 4], "big") + len(box))
    return bytes(out[:end] + box + out[end:])


def find_box(data: bytes, start: int, end: int, kind: bytes) -> int:
    """Where the first box of a kind lies between two places."""
    while start < end:
        if data[start + 4 : start + 8] == kind:
            return start
        start += int.from_bytes(data[start : start + 4], "big")
    raise AssertionError(f"there is no {kind!r}")
