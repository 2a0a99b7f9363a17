"""What `doctor` looks at: tools, versions, disk, database."""

import asyncio
import os
import platform
import shutil
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from reelwright.cli.commands import CheckRow
from reelwright.config import Settings
from reelwright.encoders import ENCODERS, SVT_AV1, Encoder, find
from reelwright.engine.jobs import UsageSample
from reelwright.engine.offload import Offload
from reelwright.engine.pace import this_machine
from reelwright.engine.resources import SAMPLES, decide_parallel
from reelwright.errors import ReelwrightError
from reelwright.store.database import database_program, open_ledger
from reelwright.tools import machine
from reelwright.tools.capabilities import INSTALL_HINT, Capabilities, ask_ffmpeg
from reelwright.tools.child import memory_is_known
from reelwright.tools.compare import check_model
from reelwright.tools.devices import Tried, list_hwaccels, try_device, try_encoder
from reelwright.tools.dovi_tool import PROGRAM, find_dovi_tool, version_of
from reelwright.tools.hwaccel import DECODERS
from reelwright.tools.process import Runner
from reelwright.version import VERSION
from reelwright.vmaf_models import models_of

#: Below this a film of ordinary length may not fit.
LITTLE_SPACE = 10 << 30
#: Encoders and devices tried at once.
FEW = 4
#: Sizes for which it is shown how many encodes would run at once.
SIZES = {"1080p": (1920, 1080), "2160p": (3840, 2160)}


async def examine(settings: Settings) -> list[CheckRow]:
    """Look at everything an encode needs; nothing here raises for what it finds."""
    rows = [
        CheckRow(name="reelwright", works=True, found=f"{VERSION}, Python {platform.python_version()}"),
        machine_row(),
    ]
    rows += await ffmpeg_rows(settings)
    rows += await means_rows(settings)
    rows += [package_row("PyAV", "av"), await dovi_tool_row(), space_row(settings.work_dir)]
    ledger, seen = await ledger_row(settings)
    return [*rows, ledger, *(parallel_row(settings, name, seen.get(name, [])) for name in SIZES), cap_row(settings)]


def machine_row() -> CheckRow:
    """Cores and memory."""
    free, total = machine.free_memory(), machine.total_memory()
    found = f"{machine.cores()} cores, {free >> 20} of {total >> 20} MiB free, {platform.machine()}"
    return CheckRow(name="machine", works=True, found=found)


async def ffmpeg_rows(settings: Settings) -> list[CheckRow]:
    """FFmpeg and its filters."""
    async with Runner() as runner:
        try:
            tools = await ask_ffmpeg(runner, settings.tools.ffmpeg)
        except ReelwrightError as error:
            return [CheckRow(name="ffmpeg", works=False, found=error.message, advice=error.hint)]
    lacks = tools.missing(settings.encoding.encoder)
    advice = INSTALL_HINT if lacks else ""
    rows = [CheckRow(name="ffmpeg", works=not lacks, found=f"{tools.version} at {tools.ffmpeg}", advice=advice)]
    rows += [CheckRow(name="", works=False, found=lack) for lack in lacks]
    rows.append(await vmaf_row(settings, tools))
    return rows


async def vmaf_row(settings: Settings, tools: Capabilities) -> CheckRow:
    """Whether libvmaf has the models of the settings; each is named in full."""
    models = models_of(settings.encoding.vmaf_model)
    if "libvmaf" not in tools.filters:
        return CheckRow(name="vmaf", works=False, found="no libvmaf filter", advice=INSTALL_HINT)
    async with Runner() as runner:
        try:
            for model in models:
                await check_model(runner, tools.ffmpeg, model)
        except ReelwrightError as error:
            return CheckRow(name="vmaf", works=False, found=error.message, advice=error.hint)
    return CheckRow(name="vmaf", works=True, found=f"libvmaf with {', '.join(models)}")


async def means_rows(settings: Settings) -> list[CheckRow]:
    """Every encoder and every device to decode on, each tried; nothing where there is no FFmpeg to try it with."""
    async with Runner() as runner:
        try:
            tools = await ask_ffmpeg(runner, settings.tools.ffmpeg)
            devices = await list_hwaccels(runner, tools.ffmpeg)
        except ReelwrightError:
            return []
        trying = [encoder_row(runner, tools, e, settings.encoding.encoder) for e in ENCODERS.values()]
        trying += [device_row(runner, tools, name, settings.encoding.hwaccel) for name in devices]
        return await gather_few(trying)


async def gather_few(trying: Sequence[Awaitable[CheckRow]]) -> list[CheckRow]:
    """All of them, a few at a time, in their order."""
    gate = asyncio.Semaphore(FEW)

    async def one(row: Awaitable[CheckRow]) -> CheckRow:
        async with gate:
            return await row

    return list(await asyncio.gather(*map(one, trying)))


async def encoder_row(runner: Runner, tools: Capabilities, encoder: Encoder, wanted: str) -> CheckRow:
    """Whether an encoder works here; only the one in the settings has to."""
    if encoder.ffmpeg not in tools.encoders:
        tried = Tried(name=encoder.name, works=False, reason=f"this FFmpeg has no {encoder.ffmpeg}")
    else:
        tried = await try_encoder(runner, tools.ffmpeg, encoder.name)
    return told_of(encoder, tried, optional=encoder.name != wanted)


def told_of(encoder: Encoder, tried: Tried, *, optional: bool) -> CheckRow:
    """What is said of an encoder that was tried."""
    row = CheckRow(name=encoder.name, works=tried.works, found="", kind="encoder", optional=optional)
    if tried.works:
        return replace(row, found=tried.version or "works")
    needs = f"; it needs {encoder.device}" if encoder.device else ""
    other = f"Set encoding.encoder to {SVT_AV1.name}, or give it what it needs."
    advice = "" if optional else INSTALL_HINT if encoder is SVT_AV1 else other
    return replace(row, found=f"{tried.reason}{needs}", advice=advice)


async def device_row(runner: Runner, tools: Capabilities, name: str, wanted: str) -> CheckRow:
    """Whether a device to decode on opens here; none has to, for software takes its place."""
    tried = await try_device(runner, tools.ffmpeg, name)
    advice = "" if tried.works or name != wanted else "Films are decoded in software: set encoding.hwaccel to none."
    opens = "opens, to decode on" if name in DECODERS else "opens, but does not decode films"
    found = opens if tried.works else f"does not open: {tried.reason}"
    return CheckRow(name=f"hwaccel {name}", works=tried.works, found=found, advice=advice, kind="device", optional=True)


def package_row(name: str, package: str) -> CheckRow:
    """A library and its version."""
    return CheckRow(name=name, works=True, found=version(package))


async def dovi_tool_row() -> CheckRow:
    """The program that profile 7 of Dolby Vision needs; nothing else does."""
    row = CheckRow(name=PROGRAM, works=False, found="not on the path; it converts Dolby Vision 7", optional=True)
    if (program := find_dovi_tool()) is None:
        return row
    async with Runner() as runner:
        try:
            version = await version_of(runner, program)
        except ReelwrightError as error:
            return replace(row, found=error.message, advice=error.hint)
    return replace(row, works=True, found=f"{version.removeprefix(PROGRAM).strip()} at {program}")


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


async def ledger_row(settings: Settings) -> tuple[CheckRow, dict[str, list[UsageSample]]]:
    """The database, and what it has seen encodes of each size need."""
    place, preset = settings.ledger, settings.encoding.preset
    encoder = find(settings.encoding.encoder).ffmpeg
    with Offload() as offload:
        try:
            store = await offload(open_ledger, place)
            program = await offload(database_program, place)
            seen = {
                name: await offload(partial(store.usage_of, *size, encoder=encoder, preset=preset, limit=SAMPLES))
                for name, size in SIZES.items()
            }
            await offload(store.close)
        except ReelwrightError as error:
            return CheckRow(name="ledger", works=False, found=error.message, advice=error.hint), {}
    return CheckRow(name="ledger", works=True, found=f"{place}, {program}"), seen


def parallel_row(settings: Settings, name: str, seen: list[UsageSample]) -> CheckRow:
    """How many encodes of a size would run at once, and what that was learned from."""
    width, height = SIZES[name]
    processing = settings.processing
    parallel = decide_parallel(
        this_machine(),
        seen,
        width=width,
        height=height,
        requested=processing.parallel_jobs,
        nice=processing.nice,
        cap_bytes=processing.memory_per_encode,
    )
    return CheckRow(name=name, works=True, found=f"{parallel.why}; preset {settings.encoding.preset}")


def cap_row(settings: Settings) -> CheckRow:
    """Whether the memory of one encode can be kept within bounds."""
    cap = settings.processing.memory_per_encode
    if memory_is_known():
        found = "looked at four times a second"
        return CheckRow(name="memory cap", works=True, found=f"{f'{cap >> 20} MiB' if cap else 'none set'}; {found}")
    advice = "processing.memory_per_encode is not kept here." if cap else ""
    return CheckRow(name="memory cap", works=None, found="this system does not tell what a child uses", advice=advice)
