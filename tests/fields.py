"""Films with fields that no encoder here makes: H.264 whose pictures are single fields, MPEG-2 that repeats fields."""

import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
#: A field of 64x32: 4 by 2 macroblocks.
ACROSS, DOWN = 4, 2


class Bits:
    """Writes numbers bit by bit."""

    def __init__(self) -> None:
        self._bits: list[str] = []

    def u(self, count: int, value: int) -> "Bits":
        """An unsigned number of so many bits."""
        self._bits.append(f"{value:0{count}b}")
        return self

    def ue(self, *values: int) -> "Bits":
        """Exponential Golomb codes; 0 stands for itself signed or not."""
        for value in values:
            code = f"{value + 1:b}"
            self._bits.append("0" * (len(code) - 1) + code)
        return self

    def align(self) -> "Bits":
        """Zeros up to the next byte."""
        return self.u(count, 0) if (count := -len("".join(self._bits)) % 8) else self

    def whole(self) -> bytes:
        """What was written, which is whole bytes."""
        text = "".join(self._bits)
        return int(text, 2).to_bytes(len(text) // 8, "big")

    def nal(self, kind: int, payload: bytes = b"") -> bytes:
        """A NAL unit of a reference picture, or a parameter set, with its start code; the payload is whole bytes."""
        if payload:
            body = self.whole() + payload + b"\x80"
        else:
            text = "".join(self._bits) + "1"
            text += "0" * (-len(text) % 8)
            body = int(text, 2).to_bytes(len(text) // 8, "big")
        escaped, zeros = bytearray(), 0
        for byte in body:
            if zeros >= 2 and byte <= 3:
                escaped.append(3)
                zeros = 0
            escaped.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return b"\0\0\0\1" + bytes([0x60 | kind]) + bytes(escaped)


def parameter_sets() -> bytes:
    """SPS (Main profile, field pictures allowed, 25 frames a second) and PPS (CAVLC)."""
    sps = Bits().u(8, 77).u(8, 0).u(8, 30).ue(0, 0, 0, 4, 1).u(1, 0).ue(ACROSS - 1, DOWN - 1)
    sps.u(1, 0).u(1, 0).u(1, 1).u(1, 0).u(1, 1)  # field pictures, not adaptive, 8x8 inference, no cropping, VUI
    sps.u(4, 0).u(1, 1).u(32, 1).u(32, 50).u(1, 1).u(4, 0)  # timing alone is said
    pps = Bits().ue(0, 0).u(2, 0).ue(0, 0, 0).u(3, 0).ue(0, 0, 0).u(3, 0b100)
    return sps.nal(7) + pps.nal(8)


def field_slice(frame: int, field: int, *, bottom: bool, gop: int) -> bytes:
    """One field, coded without any prediction (I_PCM), so that it decodes to exactly what it is."""
    idr, place = field == 0 and frame % gop == 0, frame % gop
    bits = Bits().ue(0, 7, 0).u(4, place % 16).u(1, 1).u(1, bottom)
    if idr:
        bits.ue(frame // gop % 2)
    bits.u(8, (2 * place + field) % 256)
    bits.u(2, 0) if idr else bits.u(1, 0)
    bits.ue(0, 1).ue(25).align()
    rows, columns = np.mgrid[0 : 16 * DOWN, 0 : 16 * ACROSS]
    time = 2 * frame + field
    luma = 40 + (columns * 3 + (2 * rows + bottom) * 5 + time * 7) % 160
    samples = []
    for y in range(DOWN):
        for x in range(ACROSS):
            block = luma[16 * y : 16 * y + 16, 16 * x : 16 * x + 16].astype(np.uint8).tobytes()
            samples.append(block + bytes([100 + time % 50]) * 64 + bytes([150 - time % 50]) * 64)
    # Each further macroblock begins on a whole byte: its type, 25, and zeros up to the next one.
    return bits.nal(5 if idr else 1, Bits().ue(25).align().whole().join(samples))


def field_pictures(path: Path, frames: int, *, bottom_first: bool = False, gop: int = 6) -> Path:
    """Write H.264 whose pictures are single fields (PAFF), 64x64, 25 frames a second, as a bare stream."""
    data = bytearray()
    for frame in range(frames):
        data += parameter_sets() if frame % gop == 0 else b""
        for field in (0, 1):
            data += field_slice(frame, field, bottom=(field == 1) != bottom_first, gop=gop)
    path.write_bytes(bytes(data))
    return path


def repeat_fields(path: Path, look: str, frames: int) -> Path:
    """Write MPEG-2 of 24 frames a second that says which fields to repeat: soft telecine, as a bare stream."""
    make = ("-f", "lavfi", "-i", look, "-frames:v", str(frames), "-r", "30000/1001", "-c:v", "mpeg2video", "-q:v", "4")
    shown = [FFMPEG, "-v", "error", "-y", *make, "-bf", "0", "-g", "12", "-f", "mpeg2video", "pipe:1"]
    data = bytearray(subprocess.run(shown, check=True, capture_output=True).stdout)
    place = picture = 0
    while (place := data.find(b"\0\0\1\xb5", place)) >= 0:
        extension, place = data[place + 4] >> 4, place + 4
        if extension == 1:
            data[place + 1] &= ~0x08  # fields may be shown by themselves
        elif extension == 8:
            top, repeat = ((1, 1), (0, 0), (0, 1), (1, 0))[picture % 4]
            data[place + 3] = data[place + 3] & 0x7D | top << 7 | repeat << 1
            picture += 1
    path.write_bytes(bytes(data))
    return path


#: Frames of soft telecine last three fields and two in turn; a bare stream's clock has 20020 ticks a field.
FIELDS_BEFORE = "20020*(5*floor(N/2)+3*mod(N\\,2))"
TELECINE = ("-bsf:v", f"setts=pts={FIELDS_BEFORE}:dts={FIELDS_BEFORE}")


def copy(source: Path, path: Path, *how: str) -> Path:
    """The same stream in another container."""
    subprocess.run([FFMPEG, "-v", "error", "-y", "-i", str(source), "-c", "copy", *how, str(path)], check=True)
    return path


def checksums(*args: str) -> list[str]:
    """Checksum of each frame a command shows."""
    command = [FFMPEG, "-nostdin", "-v", "error", *args, "-fps_mode", "passthrough", "-f", "framecrc"]
    lines = subprocess.run([*command, "-"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [line.rsplit(",", 1)[1].strip() for line in lines if line and not line.startswith("#")]
