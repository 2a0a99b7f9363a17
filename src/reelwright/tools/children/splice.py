"""Child process: put a movie together of pieces of others, packet by packet, and prove that they are the same packets.

All files are our own. Each piece is frames [first, end) of a file and begins with a key frame that nothing before
looks beyond; what is decoded out of order stays so. Frames are counted, because a sequence has one rate.

Request: "pieces" ([{"path", "first", "end", "kept"}]), "rate" ("n/d"), "out", "format", "options" (the muxer's),
"sound" (a file whose first sound is taken; None), "timecode", "tags".
"""

import hashlib
import heapq
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Any

import av

from reelwright.tools.allow import file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.mux import keep


class Piece:
    """Frames of a file, one after another in the order they are decoded in.

    Args:
        said: where they are.
        rate: frames a second.
        start: number of the first one in the movie that is put together.
    """

    def __init__(self, said: dict[str, Any], rate: Fraction, start: int) -> None:
        self.path, self.kept = said["path"], bool(said["kept"])
        self.first, self.end, self.rate, self.start = said["first"], said["end"], rate, start

    def packets(self) -> Iterator[tuple[int, Any]]:
        """Packets with their frames' numbers in the movie.

        Raises:
            ValueError: they cannot be taken out of their file, or are not all there.
        """
        count = 0
        with av.open(file_url(self.path)) as container:
            film: Any = container.streams.video[0]
            origin = self.sought(container, film)
            for packet in container.demux(film):
                if not packet.size or packet.pts is None:
                    continue
                number = round((packet.pts - origin) * film.time_base * self.rate)
                if not self.first <= number < self.end:
                    if count:
                        raise ValueError(f"frame {number} of {self.path} lies among those of another group")
                    continue
                if not count and (number != self.first or not packet.is_keyframe):
                    raise ValueError(f"frame {self.first} of {self.path} does not begin a group")
                count += 1
                yield self.start + number - self.first, packet
                if count == self.end - self.first:
                    return
        raise ValueError(f"{self.path} has {count} of the {self.end - self.first} frames from {self.first} on")

    def sought(self, container: Any, film: Any) -> int:
        """Go to the first frame that is wanted, or to a key frame before it; returns the time of the file's first."""
        origin = next(p.pts for p in container.demux(film) if p.size and p.pts is not None)
        container.seek(origin + int(self.first / (self.rate * film.time_base)), stream=film)
        return int(origin)


def parameters(path: str) -> tuple[Any, ...]:
    """What decides whether the packets of two files can follow each other."""
    with av.open(file_url(path)) as container:
        film = container.streams.video[0].codec_context
        return film.name, film.width, film.height, film.pix_fmt, bytes(film.extradata or b"")


def film_packets(
    pieces: list[Piece], stream: Any, rate: Fraction, proof: list[str]
) -> Iterator[tuple[float, int, Any]]:
    """The film's packets on the output's clock, as (seconds of decoding, 0, packet); hashes of each go into `proof`."""
    # How much earlier than shown a frame must be decoded is known when all of them were met.
    delay, place = 0, 0
    for piece in pieces:
        for number, _ in piece.packets():
            delay, place = max(delay, place - number), place + 1
    tick, place = 1 / (rate * stream.time_base), 0
    for piece in pieces:
        for number, packet in piece.packets():
            proof.append(hashed(packet))
            packet.stream, packet.time_base = stream, stream.time_base
            packet.pts, packet.dts = round(number * tick), round((place - delay) * tick)
            packet.duration = round((number + 1) * tick) - packet.pts
            yield float((place - delay) / rate), 0, packet
            place += 1


def sound_packets(path: str, stream: Any) -> Iterator[tuple[float, int, Any]]:
    """The sound's packets, their times as they are."""
    with av.open(file_url(path)) as container:
        packets: Iterator[Any] = container.demux(container.streams.audio[0])
        for packet in packets:
            if packet.size:
                seconds = float(packet.dts * packet.time_base)
                packet.stream = stream
                yield seconds, 1, packet


def hashed(packet: Any) -> str:
    """Hash of a packet's payload."""
    return hashlib.blake2b(bytes(packet), digest_size=16).hexdigest()


def splice(asked: dict[str, Any]) -> dict[str, Any]:
    """Write the movie, read it back, and tell how many of its frames are the very packets of the files they are of.

    Raises:
        ValueError: the pieces do not fit together, or what was written is not what was read.
    """
    rate, pieces, start = Fraction(asked["rate"]), [], 0
    for said in asked["pieces"]:
        pieces.append(Piece(said, rate, start))
        start += said["end"] - said["first"]
    if len({parameters(path) for path in {piece.path for piece in pieces}}) > 1:
        raise ValueError("its parts were encoded with other parameters than the rest")
    proof: list[str] = []
    with ExitStack() as files:
        model = files.enter_context(av.open(file_url(pieces[0].path)))
        output = files.enter_context(
            av.open(file_url(asked["out"]), "w", format=asked["format"], options=asked["options"])
        )
        output.metadata.update(asked["tags"])
        if asked["timecode"]:
            output.metadata["timecode"] = asked["timecode"]
        film: Any = output.add_stream_from_template(model.streams.video[0], opaque=True)
        film.metadata.update({k: v for k, v in model.streams.video[0].metadata.items() if k == "encoder"})
        film.time_base = 1 / rate
        film.codec_context.framerate = rate
        streams: list[Any] = [film]
        if asked["sound"]:
            heard = files.enter_context(av.open(file_url(asked["sound"])))
            streams.append(output.add_stream_from_template(heard.streams.audio[0], opaque=True))
        output.start_encoding()
        readers = [film_packets(pieces, film, rate, proof)]
        readers += [sound_packets(asked["sound"], stream) for stream in streams[1:]]
        for _, _, packet in heapq.merge(*readers, key=lambda row: row[:2]):
            output.mux_one(packet)
    keep(asked["out"])
    with av.open(file_url(asked["out"])) as written:
        read = [hashed(packet) for packet in written.demux(written.streams.video[0]) if packet.size]
    if read != proof:
        raise ValueError("the movie that was put together does not hold the packets it was made of")
    kept = sum(piece.end - piece.first for piece in pieces if piece.kept)
    return {"frames": len(read), "kept": kept, "digest": hashlib.blake2b("".join(read).encode()).hexdigest()[:32]}


if __name__ == "__main__":
    sys.exit(answer(splice))
