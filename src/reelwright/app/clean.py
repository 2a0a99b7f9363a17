"""Work folders and half-written files that nobody needs any more, removed."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from reelwright.app.jobs import ledger
from reelwright.app.wiring import load, utc_now
from reelwright.cli.commands import CleanRequest
from reelwright.engine.jobs import Job
from reelwright.engine.listing import workspace_of
from reelwright.engine.removal import Cleaned, Cleaner
from reelwright.tools.process import sweep


def cleaned(wanted: CleanRequest) -> Iterator[Cleaned]:
    """Everything that was looked at, as it is dealt with.

    Raises:
        UsageError: the ledger cannot be used. Nothing is removed without it: it says what may go on.
    """
    settings = load(wanted.flags)
    with ledger(settings) as store:
        jobs = store.recent_jobs()
    yield from Cleaner(
        jobs=jobs,
        work_dirs=work_dirs(jobs, settings.work_dir),
        age=wanted.age,
        now=utc_now(),
        token=secrets.token_hex(16),
        sweep=sweep,
        dry_run=wanted.dry_run,
    ).clean()


def work_dirs(jobs: list[Job], configured: Path) -> list[Path]:
    """The work folder of the settings, then every other one that a job was made in."""
    others = sorted({workspace_of(job, configured).root.parent.absolute() for job in jobs} - {configured.absolute()})
    return [configured, *others]
