"""Child process: one sound of a film becomes Opus, at its times, and is measured on the way.

What comes out holds the source's samples from the first one's time on, without a hole: packet k begins 960 k samples
after the first. So the times are exact whatever a container rounds them to; the joining child stamps them.
"""

import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import av
import numpy as np

from reelwright.planning.sound import PACKET, RATE, placed
from reelwright.tools.allow import file_url
from reelwright.tools.children.answer import answer, say
from reelwright.tools.children.excerpt import SEEKABLE
from reelwright.tools.children.hearing import (
    Envelope,
    Loudness,
    Reader,
    Samples,
    audio_frame,
    levels,
    planes,
    write_envelope,
)
from reelwright.tools.children.source import open_source
from reelwright.tools.children.straight import Straight

TELL_SECONDS = 0.5
#: Decoders check checksums only where they are asked to, and otherwise pass on what a damaged frame comes to.
STRICT = "crccheck+explode"
#: Samples are gathered to so many before they are resampled and encoded.
GATHERED = 1 << 14
#: Seconds decoded ahead of an excerpt, for codecs whose packets need those before them.
LEAD = Fraction(3)
MOST_DAMAGE = 5
#: FFmpeg's libopus encoder (8.1, 9.0) puts three channels of these into each other's places; given in this order they
#: come out in their own. Should that be mended one day, the check of channels fails and nothing is placed.
GIVEN_AS = {"5.0": (0, 1, 4, 2, 3), "6.1": (0, 1, 4, 3, 5, 2, 6)}


class Encoder:
    """Resamples and encodes, and writes the packets into a file of their own."""

    def __init__(self, path: str, request: dict[str, Any], rate: int) -> None:
        self._rate, self._layout = rate, request["layout"]
        self._file: Any = av.open(file_url(path), "w", format="matroska", options={"fflags": "+bitexact"})
        self._stream = self._file.add_stream(
            "libopus", rate=RATE, layout=self._layout, options={"vbr": "on", "application": "audio"}
        )
        self._stream.bit_rate = 1000 * request["kbps"]
        self._stream.codec_context.format = "flt"
        self._stream.codec_context.time_base = Fraction(1, RATE)
        self._resampler = None
        if rate != RATE:
            self._resampler = av.AudioResampler(format="flt", layout=self._layout, rate=RATE)
        self._taken = 0
        self.loudness = Loudness(self._layout)
        #: Samples encoded, at 48 kHz.
        self.samples = 0
        self._file.start_encoding()

    def add(self, samples: Samples) -> None:
        """Take what comes next, in the output's order of channels."""
        if self._resampler is None:
            self._encode(samples)
            return
        frame = audio_frame(samples, self._rate, self._layout, self._taken)
        self._taken += samples.shape[1]
        for made in self._resampler.resample(frame):
            self._encode(planes(made))

    def _encode(self, samples: Samples) -> None:
        if not samples.shape[1]:
            return
        self.loudness.add(samples)
        if self._layout in GIVEN_AS:
            samples = samples[list(GIVEN_AS[self._layout])]
        frame = audio_frame(samples, RATE, self._layout, self.samples)
        self.samples += samples.shape[1]
        for packet in self._stream.encode(frame):
            self._file.mux(packet)

    def close(self) -> None:
        """Encode what is left, and finish the file."""
        if self._resampler is not None and self._taken:
            for made in self._resampler.resample(None):
                self._encode(planes(made))
        # FFmpeg forgets the end's trimming of a packet whose beginning is trimmed too: there is always a second one.
        if 0 < self.samples < PACKET:
            channels = self._stream.codec_context.layout.nb_channels
            self._encode(np.zeros((channels, PACKET - self.samples), dtype=np.float32))
        if self.samples:
            for packet in self._stream.encode(None):
                self._file.mux(packet)
        self._file.close()


class Sound:
    """Everything that is done with the decoded frames."""

    def __init__(self, request: dict[str, Any], first: av.AudioFrame) -> None:
        self._order = list(request["order"])
        self._window = window_of(request)
        self.rate, self.layout = first.sample_rate, first.layout.name
        self._read = Reader()
        self._straight = Straight(rate=self.rate, channels=len(self._order))
        self._envelope = Envelope(len(self._order), self.rate)
        self._encoder = Encoder(request["out"], request, self.rate)
        self._gathered: list[Samples] = []
        self._count = 0
        self._at: int | None = None
        #: Position of the first sample that was encoded.
        self.begin: int | None = None

    def take(self, frame: av.AudioFrame, seconds: Fraction | None) -> None:
        """Take a decoded frame and when it begins."""
        samples = self._read(frame)
        if seconds is not None:
            self._hear(seconds, samples)
        for piece in self._straight.take(None if seconds is None else round(seconds * self.rate), samples):
            self._put(piece)

    def _hear(self, seconds: Fraction, samples: Samples) -> None:
        """Measure what the source says is heard when, whatever becomes of it."""
        position = round(seconds * self.rate)
        kept = self._inside(position, samples)
        if kept.shape[1]:
            cut = max(0, ceil(self._window[0] * self.rate) - position) if self._window else 0
            self._envelope.add(seconds + Fraction(cut, self.rate), kept)

    def _inside(self, position: int, samples: Samples) -> Samples:
        """The part of samples that lies in the window."""
        if self._window is None:
            return samples
        first, end = (ceil(t * self.rate) - position for t in self._window)
        return samples[:, max(0, first) : max(0, end)]

    def _put(self, piece: Samples) -> None:
        """Gather samples that are in their place, and encode them many at a time."""
        at = self._straight.begin if self._at is None else self._at
        at = at or 0
        self._at = at + piece.shape[1]
        kept = self._inside(at, piece)
        if not kept.shape[1]:
            return
        if self.begin is None:
            first = ceil(self._window[0] * self.rate) if self._window else at
            self.begin = max(at, first)
        self._gathered.append(kept)
        self._count += kept.shape[1]
        if self._count >= GATHERED:
            self._flush()

    def _flush(self) -> None:
        if self._gathered:
            placed = np.concatenate(self._gathered, axis=1)[self._order]
            self._encoder.add(placed)
        self._gathered, self._count = [], 0

    def finish(self, envelope: str) -> dict[str, Any]:
        """The end: everything that is known of the sound."""
        for piece in self._straight.rest():
            self._put(piece)
        self._flush()
        self._encoder.close()
        first, power = self._envelope.result()
        write_envelope(Path(envelope), first, power)
        return {
            "rate": self.rate,
            "begin": None if self.begin is None else Fraction(self.begin, self.rate),
            "samples": self._encoder.samples,
            "loudness": self._encoder.loudness.integrated,
            "levels": levels(power[self._order]),
            "holes": self._told(self._straight.holes),
            "cuts": self._told(self._straight.cuts),
        }

    def _told(self, found: list[tuple[int, int]]) -> list[list[float]]:
        """When and how long, in seconds, of what lies inside."""
        begin, end = self.begin or 0, self._at or 0
        if self._window:
            end = min(end, ceil(self._window[1] * self.rate))
        inside = [(at, n) for at, n in found if at < end and at + n > begin]
        return [[round(at / self.rate, 3), round(n / self.rate, 3)] for at, n in inside]


def frames_of(
    container: Any, stream: Any, window: tuple[Fraction, Fraction] | None, damage: list[str]
) -> Iterator[Any]:
    """Decoded frames, as (frame, seconds); what is damaged is noted, except ahead of a window."""
    for packet in container.demux(stream):
        seconds = None if packet.pts is None else packet.pts * packet.time_base
        if window is not None and seconds is not None and seconds > window[1] + LEAD:
            return
        inside = window is None or seconds is None or seconds >= window[0]
        if packet.is_corrupt and inside:
            damage.append(f"a packet is damaged{said_at(seconds)}")
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            if inside:
                damage.append(f"a packet cannot be decoded{said_at(seconds)}")
            continue
        for frame in decoded:
            if frame.is_corrupt and inside:
                damage.append(f"a frame is damaged{said_at(seconds)}")
            yield frame, None if frame.pts is None else frame.pts * frame.time_base


def window_of(request: dict[str, Any]) -> tuple[Fraction, Fraction] | None:
    """Begin and end of an excerpt, on the source's clock."""
    begin, end = map(Fraction, request["window"] or (0, 0))
    return (begin, end) if request["window"] else None


def said_at(seconds: Fraction | None) -> str:
    """When, for people."""
    return "" if seconds is None else f" at {float(seconds):.3f} s"


def same(sound: Sound, frame: av.AudioFrame, seconds: Fraction | None) -> None:
    """Make sure that the sound goes on as it began.

    Raises:
        ValueError: it does not; a stream of Opus has one layout from its beginning to its end.
    """
    if (frame.layout.name, frame.sample_rate) != (sound.layout, sound.rate):
        before, now = f"{sound.layout} at {sound.rate} Hz", f"{frame.layout.name} at {frame.sample_rate} Hz"
        raise ValueError(f"its sound changes from {before} to {now}{said_at(seconds)}")


def encode(request: dict[str, Any]) -> dict[str, Any]:
    """Encode one stream; the answer holds what is known of it."""
    window = window_of(request)
    damage: list[str] = []
    sound: Sound | None = None
    told = time.monotonic()
    container: Any
    with open_source(request["path"]) as container:
        stream = container.streams[request["index"]]
        stream.codec_context.options = {"err_detect": STRICT}
        if window is not None and window[0] > LEAD and container.format.name.startswith(SEEKABLE):
            container.seek(int((window[0] - LEAD) * av.time_base), backward=True)
        for frame, seconds in frames_of(container, stream, window, damage):
            if sound is None:
                sound = begin(request, frame)
            same(sound, frame, seconds)
            sound.take(frame, seconds)
            if time.monotonic() - told > TELL_SECONDS and seconds is not None:
                told = time.monotonic()
                say({"seconds": float(seconds)})
    if sound is None:
        return {"damage": [*damage, "not one frame could be decoded"]}
    return {**sound.finish(request["envelope"]), "damage": list(dict.fromkeys(damage))[:MOST_DAMAGE]}


def begin(request: dict[str, Any], frame: av.AudioFrame) -> Sound:
    """Begin with the first frame, which must be what was planned.

    Raises:
        ValueError: it has other channels.
    """
    if placed(frame.layout.name) != (request["layout"], tuple(request["order"])):
        raise ValueError(f"its header promises {request['from']}, and its first frame is {frame.layout.name}")
    return Sound(request, frame)


if __name__ == "__main__":
    sys.exit(answer(encode))
