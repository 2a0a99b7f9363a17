"""Where a film's trials run: the port. The runner asks for a trial, and does not know whose processor makes it."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Protocol

from reelwright.engine.film import Film, Tell
from reelwright.engine.job_state import TrialStep
from reelwright.engine.jobs import TrialRecord
from reelwright.engine.pace import Limits, Pace
from reelwright.engine.resources import Parallel
from reelwright.engine.trials import run_trial
from reelwright.events import Emitter


class TrialPlace(Protocol):
    """The port."""

    def pace(self, parallel: Parallel, limits: Limits, emit: Emitter, disk: Path) -> Pace:
        """How many trials are worth starting; see Pace."""
        ...

    def run(
        self, film: Film, step: TrialStep, tell: Tell, known: TrialRecord | None
    ) -> Coroutine[Any, Any, TrialRecord]:
        """Make one trial, with its file under its name in the film's work folder; see `run_trial`.

        Raises:
            ReelwrightError: it failed for good.
        """
        ...


class Here:
    """In processes of this machine, started by this process."""

    def pace(self, parallel: Parallel, limits: Limits, emit: Emitter, disk: Path) -> Pace:
        """See the port."""
        return Pace(parallel, limits, emit, disk)

    def run(
        self, film: Film, step: TrialStep, tell: Tell, known: TrialRecord | None
    ) -> Coroutine[Any, Any, TrialRecord]:
        """See the port."""
        return run_trial(film, step, tell, known)


HERE = Here()
