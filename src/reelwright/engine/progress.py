"""How far a job is: what each lane does, what has landed, and what that says of the end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reelwright.engine.job_state import ChunkState, JobState
from reelwright.engine.jobs import TrialRecord
from reelwright.engine.scheduler import RULES
from reelwright.engine.trading import expected, trades
from reelwright.events import Emitter, EventName

if TYPE_CHECKING:
    from reelwright.quality.projection import Projection

#: Progress is told at most this often.
TELL_SECONDS = 0.5
#: An estimate of the end is given once this share of the frames has landed.
ENOUGH = 0.03
#: Trials a chunk is expected to need, until this film has shown its own number.
EXPECTED_TRIALS = 2.0
#: How much of a chunk's work is done with its sample, and with its first trial, where others may still want another.
SAMPLED, TRIED = 0.12, 0.85


@dataclass(kw_only=True, slots=True)
class Lane:
    """One trial under way."""

    chunk: int
    frames: int
    crf: float
    doing: str = "encode"
    done: int = 0

    def tell(self, watch: "Watch") -> Callable[[str, int], None]:
        """A function that notes how far the trial is."""

        def note(doing: str, done: int) -> None:
            self.doing, self.done = doing, min(done, self.frames)
            watch.beat()

        return note


class Watch:
    """Gathers the lanes and tells of the whole."""

    def __init__(self, emit: Emitter, frames: int, source_bytes: int, copied_bytes: int = 0) -> None:
        self._emit = emit
        self._frames = frames
        self._source_bytes = source_bytes
        #: Of what goes into the output beside the pictures.
        self._copied_bytes = copied_bytes
        self._foreseen: Projection | None = None
        self._lanes: dict[int, Lane] = {}
        #: Sounds under way: seconds done and in all, by stream.
        self._sounds: dict[int, tuple[float, float]] = {}
        self._told = 0.0
        self._started = time.monotonic()
        self._at_start: float | None = None
        self._accepted = 0
        self._landed_bytes = 0
        self._score_sum = 0.0
        self._tried = 0.0
        self._phase = "trials"
        self._checked = 0
        self._furthest = 0.0

    def open(self, lane: Lane) -> None:
        """A trial begins."""
        self._lanes[lane.chunk] = lane

    def close(self, chunk: int) -> None:
        """A trial has ended."""
        self._lanes.pop(chunk, None)

    def sound(self, index: int, total: float) -> Callable[[float], None]:
        """A sound begins to be encoded; gives back what takes how many of its seconds are done."""
        self._sounds[index] = 0.0, total

        def note(done: float) -> None:
            self._sounds[index] = min(max(done, 0.0), total), total
            self.beat()

        return note

    def sound_over(self, index: int) -> None:
        """A sound is through."""
        self._sounds.pop(index, None)

    def settled(self, state: JobState, trials: Mapping[int, Mapping[float, TrialRecord]]) -> None:
        """Note which chunks have their answer."""
        chosen = [trials[s.chunk.index][s.accepted.crf] for s in state.chunks if s.accepted]
        self._accepted = sum(t.frames for t in chosen)
        # Chunks that are weighed together are all accepted at the end: until then their trials are what has landed.
        self._tried = sum(
            done_frames(s) for s in state.chunks if not s.accepted and trades(state.request, s.chunk.zone)
        )
        known = expected(state, RULES)
        self._foreseen = known.projection if known.seen_chunks else None
        self._landed_bytes = sum(t.size_bytes for t in chosen)
        self._score_sum = sum(t.score.mean * t.frames for t in chosen)
        if self._at_start is None:
            self._at_start = self._landed
        self.beat()

    def phase(self, name: str) -> None:
        """Another step begins."""
        self._phase = name
        self.beat(force=True)

    def checked(self, frames: int) -> None:
        """So many frames of the output have been decoded."""
        self._checked = min(frames, self._frames)
        self.beat()

    def beat(self, *, force: bool = False) -> None:
        """Tell how far it is, if that was not done just now."""
        now = time.monotonic()
        if not force and now - self._told < TELL_SECONDS:
            return
        self._told = now
        done = self._accepted
        self._emit(
            EventName.PROGRESS,
            "encoding",
            phase=self._phase,
            done=self._checked if self._phase == "validate" else round(self.effective(), 1),
            total=self._frames,
            accepted=done,
            eta_seconds=self.remaining(now),
            mean=round(self._score_sum / done, 2) if done else None,
            **self.foreseen(),
            source_bytes=self._source_bytes,
            lanes=[
                {"chunk": lane.chunk, "crf": lane.crf, "doing": lane.doing, "done": lane.done, "frames": lane.frames}
                for lane in self._lanes.values()
            ],
            sounds=[
                {"stream": index, "done": round(done, 1), "seconds": round(total, 1)}
                for index, (done, total) in sorted(self._sounds.items())
            ],
        )

    @property
    def _landed(self) -> float:
        return self._accepted + self._tried

    def foreseen(self) -> dict[str, Any]:
        """What the film will come to, with the range it will very likely lie in, as far as anything is known."""
        seen = self._foreseen
        if seen is None:
            likely = round(self._landed_bytes / self._accepted * self._frames) if self._accepted else None
            return {"projected_bytes": likely, "projected_bytes_range": None}
        low, high = seen.bytes_range
        means = seen.mean_range
        return {
            "projected_bytes": round(seen.bytes) + self._copied_bytes,
            "projected_bytes_range": [round(low) + self._copied_bytes, round(high) + self._copied_bytes],
            "projected_mean": None if seen.mean is None else round(seen.mean, 2),
            "projected_mean_range": None if means is None else [round(value, 2) for value in means],
        }

    def effective(self) -> float:
        """Frames that have landed, and a part of those under way: a trial under way may not be the last."""
        under_way = sum(
            lane.frames
            * (0.6 * lane.done / lane.frames if lane.doing == "encode" else 0.6 + 0.4 * lane.done / lane.frames)
            for lane in self._lanes.values()
        )
        # Never back: a trial that ends without an answer was work all the same.
        self._furthest = max(self._furthest, min(self._frames, self._landed + under_way / EXPECTED_TRIALS))
        return self._furthest

    def remaining(self, now: float) -> float | None:
        """Seconds until the trials are through, at the pace of this run so far; None where too little is known."""
        landed = self.effective() - (self._at_start or 0)
        if landed < ENOUGH * self._frames:
            return None
        return round((now - self._started) / landed * (self._frames - self.effective()), 1)


def done_frames(known: ChunkState) -> float:
    """How many of a chunk's frames have landed, as far as work goes."""
    return known.chunk.frames * (TRIED if known.points else SAMPLED if known.sights else 0.0)
