"""In children: what is measured of sound, block by block: its envelope, its levels, its loudness."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from reelwright.planning.sound import RATE

Samples = np.ndarray[Any, np.dtype[np.float32]]
#: Blocks a second of the envelope.
BLOCKS = 100
#: Samples are gathered to so many before they are measured: some codecs hand out forty at a time.
GATHERED = 1 << 14
#: A frame that begins within this of where the one before it ended follows on; containers round to a millisecond.
ROUNDING = Fraction(1, 500)
#: Decibels of silence: what is below counts as nothing.
FLOOR = -120.0
#: What full scale is in each of FFmpeg's sample formats, and the middle.
SCALES = {"s16": 2.0**15, "s32": 2.0**31, "u8": 2.0**7, "flt": 1.0, "dbl": 1.0, "s64": 2.0**63}


#: PyAV 18 reads past the end of a frame's list of planes where there are as many as this, and crashes.
MOST_PLANES = 8


class Reader:
    """Reads frames of one stream; those of many planes are packed by FFmpeg first."""

    def __init__(self) -> None:
        self._packer: av.AudioResampler | None = None

    def __call__(self, frame: av.AudioFrame) -> Samples:
        """A frame's samples, one row a channel, full scale 1."""
        if not frame.format.is_planar or frame.layout.nb_channels < MOST_PLANES:
            return planes(frame)
        if self._packer is None:
            self._packer = av.AudioResampler(format="flt")
        return np.concatenate([planes(packed) for packed in self._packer.resample(frame)], axis=1)


def planes(frame: av.AudioFrame) -> Samples:
    """A frame's samples, one row a channel, full scale 1."""
    values = frame.to_ndarray()
    name = frame.format.name
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    if name.startswith("u8"):
        values = values.astype(np.float32) - 128.0
    scale = SCALES[name.removesuffix("p")]
    return np.ascontiguousarray(values if scale == 1.0 else values / scale, dtype=np.float32)


class Envelope:
    """Power of each channel in each hundredth of a second, by the times the frames carry.

    The mean of each block is taken off: Opus leaves out what is below hearing, and that may be most of the power.

    Args:
        channels: how many there are.
        rate: samples a second.
    """

    def __init__(self, channels: int, rate: int) -> None:
        self._rate = rate
        #: Of each block: sum of squares and sum of each channel, and how many samples.
        self._sums = np.zeros((2 * channels + 1, BLOCKS * 60), dtype=np.float64)
        self._channels = channels
        self._run: list[Samples] = []
        self._run_from = Fraction(0)
        self._run_length = 0
        #: Number of the first block, counted from time zero; None before anything was heard.
        self._first: int | None = None
        self._end = 0

    def add(self, begin: Fraction, samples: Samples) -> None:
        """Take samples that begin at a time, in seconds."""
        follows = abs(self._run_from + Fraction(self._run_length, self._rate) - begin) <= ROUNDING
        if self._run and (not follows or self._run_length >= GATHERED):
            self._settle()
        if not self._run:
            self._run_from = begin
        self._run.append(samples)
        self._run_length += samples.shape[1]

    def _settle(self) -> None:
        """Add what was gathered to its blocks."""
        values = np.concatenate(self._run, axis=1)
        start = round(self._run_from * self._rate)
        self._run, self._run_length = [], 0
        count = values.shape[1]
        if not count:
            return
        block = start * BLOCKS // self._rate
        last = (start + count - 1) * BLOCKS // self._rate
        # The first sample of each block: the smallest n with n * BLOCKS / rate >= block.
        bounds = -(-np.arange(block + 1, last + 1, dtype=np.int64) * self._rate // BLOCKS) - start
        exact = values.astype(np.float64)
        rows = np.concatenate((exact**2, exact, np.ones((1, count))))
        sums = np.add.reduceat(rows, np.concatenate(([0], bounds)), axis=1)
        self._first = block if self._first is None else self._first
        at = block - self._first
        if at < 0:  # times went back to before the beginning
            sums, at = sums[:, -at:], 0
        if at + sums.shape[1] > self._sums.shape[1]:
            grown = np.zeros((self._sums.shape[0], 2 * (at + sums.shape[1])))
            grown[:, : self._sums.shape[1]] = self._sums
            self._sums = grown
        self._sums[:, at : at + sums.shape[1]] += sums
        self._end = max(self._end, at + sums.shape[1])

    def result(self) -> tuple[int, Samples]:
        """Number of the first block, and the power of each channel in each block."""
        if self._run:
            self._settle()
        known = self._sums[:, : self._end]
        squares, sums, counts = known[: self._channels], known[self._channels : -1], np.maximum(known[-1], 1)
        power = np.maximum(squares - sums**2 / counts, 0) * BLOCKS / self._rate
        return self._first or 0, power.astype(np.float32)


def write_envelope(path: Path, first: int, power: Samples) -> None:
    """Keep an envelope: hundredths of decibels, as they need a quarter of the space."""
    level = np.round(100 * decibels(power)).astype(np.int16)
    with path.open("wb") as file:
        np.savez(file, first=np.int64(first), level=level)


def read_envelope(path: Path) -> tuple[int, Samples]:
    """An envelope that was kept.

    Raises:
        ValueError: the file holds none.
    """
    try:
        with np.load(path, allow_pickle=False) as kept:
            level = kept["level"].astype(np.float32) / 100
            first = int(kept["first"])
    except (OSError, KeyError, EOFError) as error:
        raise ValueError("the sound's envelope cannot be read back") from error
    return first, np.where(level <= FLOOR, 0, 10 ** (level / 10)).astype(np.float32)


def decibels(power: Any) -> Any:
    """Power as decibels below full scale."""
    return np.maximum(10 * np.log10(np.maximum(power, 1e-20)), FLOOR)


def levels(power: Samples) -> list[float]:
    """The mean level of each channel, in decibels below full scale."""
    if not power.shape[1]:
        return [FLOOR] * power.shape[0]
    return [round(float(level), 2) for level in decibels(power.mean(axis=1, dtype=np.float64))]


class Loudness:
    """Integrated loudness (EBU R128) of sound at 48 kHz, by FFmpeg's ebur128 filter.

    What lies above 12 kHz is damped first: Opus has nothing above 20 kHz, which is a decibel of white noise.

    Args:
        layout: FFmpeg's name; it decides which channels are weighted.
    """

    def __init__(self, layout: str) -> None:
        self._rate, self._layout = RATE, layout
        self._graph = av.filter.Graph()
        source = self._graph.add_abuffer(format="flt", sample_rate=RATE, layout=layout, time_base=Fraction(1, RATE))
        links = [self._graph.add("lowpass", "f=12000:p=2"), self._graph.add("lowpass", "f=12000:p=2")]
        links += [self._graph.add("ebur128", "metadata=1:peak=none"), self._graph.add("abuffersink")]
        for link in links:
            source.link_to(link)
            source = link
        self._graph.configure()
        self._count = 0
        #: LUFS; -70 is silence, or too short to tell.
        self.integrated = -70.0

    def add(self, samples: Samples) -> None:
        """Take what comes next."""
        if not samples.shape[1]:
            return
        self._graph.push(audio_frame(samples, self._rate, self._layout, self._count))
        self._count += samples.shape[1]
        self._pull()

    def _pull(self) -> None:
        while True:
            try:
                heard: Any = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):
                return
            self.integrated = float(heard.metadata.get("lavfi.r128.I", self.integrated))


def audio_frame(samples: Samples, rate: int, layout: str, pts: int) -> av.AudioFrame:
    """Samples as FFmpeg takes them."""
    # Packed, because PyAV makes no planar frame of eight channels.
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T.reshape(1, -1)), format="flt", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, pts, Fraction(1, rate)
    return frame
