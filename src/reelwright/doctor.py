"""What `doctor` looks at: tools, versions, disk, database."""

import os
import platform
import shutil
import sqlite3
from importlib.metadata import version
from pathlib import Path

import psutil

from reelwright.cli.commands import CheckRow
from reelwright.config import Settings
from reelwright.engine.offload import Offload
from reelwright.errors import ReelwrightError
from reelwright.store.database import open_ledger
from reelwright.tools.capabilities import INSTALL_HINT, ask_ffmpeg
from reelwright.tools.process import Runner
from reelwright.version import VERSION

#: Below this a film of ordinary length may not fit.
LITTLE_SPACE = 10 << 30


async def examine(settings: Settings) -> list[CheckRow]:
    """Look at everything an encode needs; nothing here raises for what it finds."""
    rows = [
        CheckRow(name="reelwright", works=True, found=f"{VERSION}, Python {platform.python_version()}"),
        machine_row(),
    ]
    rows += await ffmpeg_rows(settings)
    rows += [package_row("PyAV", "av"), space_row(settings.work_dir), await ledger_row(settings.ledger_path)]
    return rows


def machine_row() -> CheckRow:
    """Cores and memory."""
    cores, memory = len(os.sched_getaffinity(0)), psutil.virtual_memory()
    found = f"{cores} cores, {memory.available >> 20} of {memory.total >> 20} MiB free, {platform.machine()}"
    return CheckRow(name="machine", works=True, found=found)


async def ffmpeg_rows(settings: Settings) -> list[CheckRow]:
    """FFmpeg, its encoder and its filters."""
    async with Runner() as runner:
        try:
            tools = await ask_ffmpeg(runner, settings.tools.ffmpeg)
        except ReelwrightError as error:
            return [CheckRow(name="ffmpeg", works=False, found=error.message, advice=error.hint)]
    lacks = tools.missing()
    advice = INSTALL_HINT if lacks else ""
    rows = [CheckRow(name="ffmpeg", works=not lacks, found=f"{tools.version} at {tools.ffmpeg}", advice=advice)]
    rows += [CheckRow(name="", works=False, found=lack) for lack in lacks]
    rows.append(CheckRow(name="svt-av1", works=tools.svt_version is not None, found=tools.svt_version or "missing"))
    rows.append(CheckRow(name="vmaf", works="libvmaf" in tools.filters, found="libvmaf filter"))
    return rows


def package_row(name: str, package: str) -> CheckRow:
    """A library and its version."""
    return CheckRow(name=name, works=True, found=version(package))


def space_row(work_dir: Path) -> CheckRow:
    """Room for work folders."""
    place = next(folder for folder in (work_dir, *work_dir.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    advice = "" if free > LITTLE_SPACE else "Long films may not fit: set processing.temp_dir to a larger disk."
    writable = os.access(place, os.W_OK)
    return CheckRow(
        name="work folder",
        works=False if not writable else None if advice else True,
        found=f"{work_dir}, {free >> 30} GiB free" + ("" if writable else ", not writable"),
        advice=advice,
    )


async def ledger_row(path: Path) -> CheckRow:
    """The database."""
    with Offload() as offload:
        try:
            store = await offload(open_ledger, path)
            await offload(store.close)
        except ReelwrightError as error:
            return CheckRow(name="ledger", works=False, found=error.message, advice=error.hint)
    return CheckRow(name="ledger", works=True, found=f"{path}, SQLite {sqlite3.sqlite_version}")
