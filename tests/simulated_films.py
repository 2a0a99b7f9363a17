"""Films of a simulated cluster: some searched by the scheduler itself, the others as such a search went."""

import math
import random
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from reelwright.engine.job_state import TrialStep
from reelwright.engine.scheduler import accept_waiting, next_steps, with_point, with_sight
from reelwright.planning.plan import Request
from reelwright.quality.belief import Sight
from reelwright.quality.controller import WHOLE_SD
from reelwright.quality.moves import Point
from reelwright.quality.prior import BLUR, SHIFT
from simulation import Chunk, Film, film_like, film_state, load_film, straight

#: Seconds a frame of a 1080p trial on two cores, where no measured curves are at hand.
FRAME_SECONDS = 0.06


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One trial to be carried out."""

    chunk: int
    #: How many trials of this chunk came before.
    turn: int
    #: On a usual node.
    seconds: float


def looks(curves: Path) -> list[tuple[Film, float]]:
    """Measured films and their seconds a frame; one that is made up where there are none."""
    import json  # noqa: PLC0415

    found = []
    for path in sorted(curves.glob("*.json")):
        trials = [(c["frames"], t["seconds"]) for c in json.loads(path.read_text())["chunks"] for t in c["trials"]]
        found.append((load_film(path), math.fsum(s for _, s in trials) / sum(n for n, _ in trials)))
    made = tuple(Chunk(frames=100, curve=straight(at, 0.08)) for at in (88.0, 91.0, 94.0))
    return found or [(Film(name="made up", width=1920, height=1080, preset=6, chunks=made), FRAME_SECONDS)]


class Searched:
    """A film whose trials the scheduler and the controller choose, as a leader's process has them do."""

    def __init__(self, film: Film, frame_seconds: float, noise: random.Random) -> None:
        self._film, self._frame_seconds, self._noise = film, frame_seconds, noise
        self._state = film_state(film, Request())
        self._errors = [noise.gauss(SHIFT, BLUR) for _ in film.chunks]
        self._steps: dict[tuple[int, int], TrialStep] = {}
        #: Every trial, in the order they were begun.
        self.begun: list[Trial] = []
        self._turns = [0] * len(film.chunks)

    @property
    def ended(self) -> bool:
        """Whether every chunk has an answer."""
        return all(s.accepted for s in self._state.chunks)

    def ready(self, busy: Collection[int], most: int) -> list[Trial]:
        """Trials to begin."""
        self._state = accept_waiting(self._state)
        found = []
        for step in next_steps(self._state, busy, most):
            if isinstance(step, TrialStep):
                index = step.chunk.index
                seconds = step.frames * self._frame_seconds * math.exp(self._noise.gauss(0, 0.15))
                trial = Trial(chunk=index, turn=self._turns[index], seconds=seconds)
                self._turns[index] += 1
                self._steps[index, trial.turn] = step
                self.begun.append(trial)
                found.append(trial)
        return found

    def landed(self, trial: Trial) -> None:
        """A trial was committed."""
        step, chunk = self._steps.pop((trial.chunk, trial.turn)), self._film.chunks[trial.chunk]
        rate = None if chunk.rate is None else chunk.rate(step.crf)
        if step.windows is None:
            self._state = with_point(
                self._state, trial.chunk, Point(crf=step.crf, score=chunk.curve(step.crf), rate=rate)
            )
        else:
            seen = chunk.curve(step.crf + self._errors[trial.chunk])
            self._state = with_sight(
                self._state, trial.chunk, Sight(crf=step.crf, score=seen, sd=WHOLE_SD, sample=True, rate=rate)
            )
        self._state = accept_waiting(self._state)


@dataclass(slots=True)
class Replayed:
    """A film that takes the trials another one took: begun ones first, each chunk's one after the other."""

    chains: dict[int, list[Trial]]
    begun: dict[int, int] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether nothing is left."""
        return not self.chains

    def ready(self, busy: Collection[int], most: int) -> list[Trial]:
        """Trials to begin."""
        order = [*(c for c in self.begun if c in self.chains), *(c for c in self.chains if c not in self.begun)]
        found = [self.chains[chunk][0] for chunk in order if chunk not in busy][:most]
        self.begun.update((trial.chunk, 1) for trial in found)
        return found

    def landed(self, trial: Trial) -> None:
        """A trial was committed."""
        left = self.chains[trial.chunk]
        del left[0]
        if not left:
            del self.chains[trial.chunk]


def replay(begun: list[Trial], noise: random.Random) -> Replayed:
    """A film like one that was searched: each trial a little shorter or longer."""
    chains: dict[int, list[Trial]] = {}
    for one in begun:
        longer = math.exp(noise.gauss(0, 0.15))
        chains.setdefault(one.chunk, []).append(Trial(chunk=one.chunk, turn=one.turn, seconds=one.seconds * longer))
    return Replayed(chains)


def searched(curves: Path, count: int, chunks: int, noise: random.Random) -> list[Searched]:
    """Films of the measured looks with several chunks, in turn."""
    found = looks(curves)
    usable = [one for one in found if len(one[0].chunks) > 1] or found
    return [
        Searched(film_like(usable[k % len(usable)][0], noise, chunks), usable[k % len(usable)][1], noise)
        for k in range(count)
    ]


def search_alone(film: Searched, workers: int) -> list[Trial]:
    """What a film's search takes where trials end in the order of their lengths."""
    running: list[tuple[float, Trial]] = []
    now = 0.0
    while not film.ended:
        running += [(now + t.seconds, t) for t in film.ready({t.chunk for _, t in running}, workers - len(running))]
        now, trial = min(running, key=lambda one: (one[0], one[1].chunk))
        running.remove((now, trial))
        film.landed(trial)
    return film.begun


def mean_seconds(begun: list[Trial]) -> float:
    """How long a trial takes."""
    return fmean(one.seconds for one in begun)
