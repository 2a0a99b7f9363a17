"""Gives a film up whose output would be larger than it may be. Trials stay: without the limit they serve again."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from reelwright.engine.film import Film
from reelwright.engine.finish import bytes_before
from reelwright.engine.job_state import JobState
from reelwright.engine.jobs import StepRecord, TrialRecord
from reelwright.engine.scheduler import RULES
from reelwright.engine.trading import expected
from reelwright.planning.gate import Limit, Projection, foretell, judge, too_large
from reelwright.quality.projection import fitting

#: A mean below this is no advice.
WATCHABLE = 60.0


class Worth:
    """Watches the size of one film's output; without a limit it never objects."""

    def __init__(self, film: Film) -> None:
        self._film = film
        #: Why the film was given up; None while it was not.
        self.objection: str | None = None
        self._limit = limit_of(film)
        self._judged = (-1, 0)

    def foresees(self, state: JobState, sound_bytes: int = 0) -> bool:
        """Whether the projection from all that was encoded so far says that the output will not be worth it.

        It is heard only while chunks have no whole trial: later the accepted ones say it better.
        """
        if self._limit is None or self.objection or all(s.points for s in state.chunks):
            return self.objection is not None
        known = expected(state, RULES)
        low, high = known.projection.bytes_range
        limit = replace(self._limit, copied_bytes=self._limit.copied_bytes + sound_bytes)
        projection = Projection(
            low=low, likely=known.projection.bytes, high=high, chunks=known.seen_chunks, frames=known.seen_frames
        )
        if foretell(limit, projection) is not None:
            room = float(limit.bytes) - limit.copied_bytes
            highest = state.request.max_crf
            mean = fitting(known.prospects, room, highest)
            fits = mean if mean is not None and mean >= WATCHABLE else None
            self.objection = foretell(limit, replace(projection, fitting=fits))
        return self.objection is not None

    def objects(self, chosen: Sequence[TrialRecord], sound_bytes: int = 0) -> bool:
        """Whether the accepted trials, with the bytes that encoded sounds take, say that the output is not worth it."""
        known = len(chosen), sound_bytes
        if self._limit is not None and known != self._judged:
            self._judged = known
            limit = replace(self._limit, copied_bytes=self._limit.copied_bytes + sound_bytes)
            self.objection = judge(limit, [(t.frames, t.size_bytes) for t in chosen])
        return self.objection is not None

    def judge_file(self, assembled: StepRecord) -> None:
        """Judge the assembled file, container and all; one that is too large is removed."""
        if self._limit is None:
            return
        limit = replace(self._limit, source_bytes=bytes_before(self._film, assembled))
        self.objection = too_large(limit, assembled.result["size_bytes"])
        if self.objection is not None:
            Path(assembled.result["temporary"]).unlink(missing_ok=True)


def limit_of(film: Film) -> Limit | None:
    """The limit that was asked for; None: there is none."""
    percent, most = film.plan.request.max_encoded_percent, film.plan.request.max_output_size
    if percent is None and most is None:
        return None
    copied = film.copied_bytes
    return Limit(
        percent=percent,
        most_bytes=most,
        source_bytes=film.source_bytes if film.is_whole else film.source_bytes + copied + film.sound_bytes,
        copied_bytes=copied,
        frames=film.frames,
    )
