"""In the sound's child process: frames put at their times: holes become silence, what overlaps is cut.

Timestamps jitter (a container rounds them, and some muxers guess), so one late frame is no hole. A hole is one only if
everything that follows within a third of a second is late as well; then it is as long as the least late of them.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from reelwright.tools.children.hearing import Samples

#: Sound is never further from its time than this for long.
TOLERANCE = Fraction(1, 200)
#: So much sound must agree that there is a hole, in seconds, and so many frames.
AHEAD, FRAMES = Fraction(1, 3), 4
#: Where the sound ends before so many frames agree, it takes this to make a hole, in seconds.
AT_THE_END = Fraction(1, 20)
#: An overlap longer than this is no rounding: whole passages would be cut away.
LONGEST_OVERLAP = Fraction(1, 2)
#: Silence is made in pieces of so many seconds.
PIECE = 10


class TimesGoBackError(ValueError):
    """The sound's timestamps go back."""


@dataclass(slots=True)
class Straight:
    """Gathers frames and hands out samples without a hole, from the first one's time on.

    All positions are counted in samples from time zero.
    """

    rate: int
    channels: int
    #: Position of the first sample handed out; None before there was one.
    begin: int | None = None
    #: Where the next sample goes.
    position: int = 0
    #: Position and length of each hole that was filled, and of what was cut.
    holes: list[tuple[int, int]] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)
    #: Frames that wait: samples, and how late each is against those taken in before it.
    _waiting: deque[tuple[Samples, int]] = field(default_factory=deque)
    _samples_waiting: int = 0
    _taken: int = 0
    #: How far what was handed out is ahead of what was taken in.
    _moved: int = 0

    def take(self, position: int | None, samples: Samples) -> Iterator[Samples]:
        """Take a frame; hand out what is certain by now. A frame without a time follows on."""
        late = (self._waiting[-1][1] if self._waiting else self._moved) if position is None else position - self._taken
        if self.begin is None:
            self.begin = self.position = self._moved = late
        self._waiting.append((samples, late))
        self._taken += samples.shape[1]
        self._samples_waiting += samples.shape[1]
        while self._samples_waiting >= AHEAD * self.rate and len(self._waiting) >= FRAMES:
            yield from self._hand_out()

    def rest(self) -> Iterator[Samples]:
        """The end: hand out everything that waits."""
        while self._waiting:
            yield from self._hand_out()

    def _hand_out(self) -> Iterator[Samples]:
        samples, late = self._waiting[0]
        off, length = late - self._moved, samples.shape[1]
        least = self.rate * (TOLERANCE if len(self._waiting) >= FRAMES else AT_THE_END)
        if abs(off) > least:
            others = [known - self._moved for _, known in self._waiting]
            if off > 0 and (hole := min(others)) > least:
                yield from self._fill(hole)
            elif off < 0 and (over := -max(others)) > least:
                samples = self._cut(samples, over)
        self._waiting.popleft()
        self._samples_waiting -= length
        self.position += samples.shape[1]
        if samples.shape[1]:
            yield samples

    def _fill(self, hole: int) -> Iterator[Samples]:
        self.holes.append((self.position, hole))
        self._moved += hole
        while hole:
            piece = min(hole, PIECE * self.rate)
            self.position += piece
            hole -= piece
            yield np.zeros((self.channels, piece), dtype=np.float32)

    def _cut(self, samples: Samples, over: int) -> Samples:
        if over > LONGEST_OVERLAP * self.rate:
            seconds = float(Fraction(self.position, self.rate))
            raise TimesGoBackError(f"its timestamps go back by {over / self.rate:.3f} s at {seconds:.3f} s")
        gone = min(over, samples.shape[1])
        self.cuts.append((self.position, gone))
        self._moved -= gone
        return samples[:, gone:]
