"""Tells the broker anew of work that nobody took: messages are lost, and leases run out."""

import asyncio
import datetime as dt
from contextlib import suppress

from reelwright.app.wiring import utc_now
from reelwright.engine.leased_trials import Hint
from reelwright.engine.leases import FILM, TRIAL, LeaseStore, Work, WorkState
from reelwright.engine.offload import Offload
from reelwright.errors import ReelwrightError

#: Rows of each kind that are told of at a time: the first of the queue, which are taken first.
AT_ONCE = 50


async def resend_on(leases: LeaseStore, offload: Offload, hint: Hint, seconds: float) -> None:
    """Do it every so many seconds, until this is cancelled."""
    while True:
        await asyncio.sleep(seconds)
        with suppress(ReelwrightError):  # the ledger is away: there will be another round
            hint(await offload(untaken, leases, utc_now() - dt.timedelta(seconds=seconds)))


def untaken(leases: LeaseStore, before: dt.datetime) -> list[Work]:
    """Work that has been ready since before then, the first of it."""
    found = []
    for kind in (TRIAL, FILM):
        rows = leases.works([WorkState.READY], kinds=[kind], limit=AT_ONCE)
        found += [row.work for row in rows if row.updated is not None and row.updated < before]
    return found
