"""What runs now, as pages show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reelwright.engine.listing import SHORT, JobRow, running_jobs
from reelwright.web.desk import desk
from reelwright.words import printable_path

PHASES = {
    "analyse": "reading",
    "copy": "copying",
    "trials": "searching",
    "assemble": "joining",
    "validate": "checking",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """A job that runs."""

    id: str
    name: str
    phase: str
    #: 0 to 100; None: not known yet.
    percent: float | None
    #: Seconds; None: nobody can say yet.
    eta: float | None
    #: Frames a second, as the estimate of the end has it.
    speed: float | None
    projected_mean: float | None
    projected_bytes: float | None

    @property
    def short(self) -> str:
        """The id as people see it."""
        return self.id[:SHORT]


def running() -> list[Running]:
    """All of them, the newest first."""
    here = desk()
    return [running_of(row) for row in running_jobs(here.jobs, here.work_dir)]


def running_of(row: JobRow) -> Running:
    """One of them. What its run says may be of another version: what is not a number is not known."""
    said = row.progress or {}
    done, total = _number(said, "done"), _number(said, "total")
    return Running(
        id=row.job.id, name=printable_path(row.job.source_path.rsplit("/", 1)[-1]),
        phase=PHASES.get(str(said.get("phase")), str(said.get("phase") or "starting")),
        percent=min(100.0, 100 * done / total) if done is not None and total else None,
        eta=(eta := _number(said, "eta_seconds")),
        speed=(total - done) / eta if eta and done is not None and total and said.get("phase") == "trials" else None,
        projected_mean=_number(said, "projected_mean"), projected_bytes=_number(said, "projected_bytes"),
    )  # fmt: skip


def _number(said: Mapping[str, Any], name: str) -> float | None:
    value = said.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
