"""Elementary streams changed bit by bit: what FFmpeg's encoders do not write by themselves."""

from fractions import Fraction
from pathlib import Path

import av

from zoo.studio import FILM_RATE, FRAMES, MPEG2, Studio

#: Start codes.
PICTURE, EXTENSION, GROUP = 0x00, 0xB5, 0xB8
SEQUENCE_EXTENSION, PICTURE_CODING_EXTENSION = 1, 8
FIELD = Fraction(1001, 60000)


def telecined(studio: Studio) -> tuple[Path, list[int], list[Fraction]]:
    """A film on NTSC: the MPEG-2 stream, the frame each of its pictures is, and when each frame is shown.

    Its pictures say themselves how many fields they last: picture k of the order of showing three where k is even, else
    two (ISO/IEC 13818-2, 6.3.10).
    """
    # Interlaced sequences are coded in whole pairs of macroblock rows, so the height is a multiple of 32.
    made = studio.make("plain.m2v", *MPEG2, rate=Fraction(30000, 1001), height=64)
    data = bytearray(made.read_bytes())
    group = shown_first = number = 0
    order: list[int] = []
    at = 0
    while (at := data.find(b"\x00\x00\x01", at)) >= 0:
        code = data[at + 3]
        if code == GROUP:
            group = shown_first
        elif code == PICTURE:
            reference = data[at + 4] << 2 | data[at + 5] >> 6
            number = group + reference
            order.append(number)
            shown_first = max(shown_first, number + 1)
        elif code == EXTENSION and data[at + 4] >> 4 == SEQUENCE_EXTENSION:
            data[at + 5] &= ~0x08  # progressive_sequence
        elif code == EXTENSION and data[at + 4] >> 4 == PICTURE_CODING_EXTENSION:
            say_fields(data, at + 4, number)
        at += 4
    path = studio.path("telecined.m2v")
    path.write_bytes(data)
    times, now = [], Fraction(0)
    for k in range(FRAMES):
        times.append(now)
        now += FIELD * (3 if k % 2 == 0 else 2)
    return path, order, times


def say_fields(data: bytearray, at: int, number: int) -> None:
    """Say in a picture coding extension that picture `number` lasts two or three fields, and which one is first."""
    # After the 4 bits of the extension's name: 16 of f_code, 2 of intra_dc_precision, 2 of picture_structure.
    top_first, repeat, progressive = 24, 30, 32
    fields_before = sum(3 if k % 2 == 0 else 2 for k in range(number))
    set_bit(data, at, top_first, value=fields_before % 2 == 0)
    set_bit(data, at, repeat, value=number % 2 == 0)
    set_bit(data, at, progressive, value=True)


def set_bit(data: bytearray, at: int, place: int, *, value: bool) -> None:
    """Set the bit so many places after the byte `at`."""
    byte, mask = at + place // 8, 0x80 >> place % 8
    data[byte] = data[byte] | mask if value else data[byte] & ~mask


#: Says that what follows was packed (MPEG-4 Visual, 6.2.4: user data; the name is DivX's).
PACKED = b"\x00\x00\x01\xb2DivX503b1393p"
#: A picture that is not coded: P, no second begun, 5 bits of time, not coded, stuffing (MPEG-4 Visual, 6.2.5).
NOT_CODED = b"\x00\x00\x01\xb6" + bytes([0b01_0_1_0000, 0b0_1_0_01111])


def packed(studio: Studio, made: Path) -> Path:
    """MPEG-4 with one B-frame between two others, packed into the chunks of an AVI file; sound as it is.

    Where a packet is shown later than the one stored after it, both go into one chunk, and a chunk with a picture that
    is not coded takes the other's place.
    """
    path = studio.path("film.avi")
    with av.open(str(made)) as before, av.open(str(path), "w") as after:
        streams = {s.index: after.add_stream_from_template(s, opaque=True) for s in before.streams}
        pictures, sounds = [], []
        for packet in before.demux():
            if packet.size:
                (pictures if packet.stream.type == "video" else sounds).append(packet)
        chunks: list[tuple[bytes, bool]] = []
        while pictures:
            this = pictures.pop(0)
            data = (PACKED if this.is_keyframe else b"") + bytes(this)
            if pictures and pictures[0].pts < this.pts:
                chunks += [(data + bytes(pictures.pop(0)), this.is_keyframe), (NOT_CODED, False)]
            else:
                chunks.append((data, this.is_keyframe))
        film = next(s for s in streams.values() if s.type == "video")
        for place, (data, key) in enumerate(chunks):
            chunk = av.Packet(data)
            chunk.stream, chunk.time_base, chunk.is_keyframe = film, 1 / FILM_RATE, key
            chunk.pts = chunk.dts = place
            after.mux_one(chunk)
        for packet in sounds:
            packet.stream = streams[packet.stream_index]
            after.mux_one(packet)
    return path
