"""The composition root: settings in, everything wired, films out."""

import asyncio
import datetime as dt
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelwright.cli.commands import CheckRow, EncodeJob
from reelwright.errors import InterruptedRunError

# Everything heavy is imported where it is first needed, so that `reelwright --help` answers at once.
if TYPE_CHECKING:
    from reelwright.config import Settings
    from reelwright.engine.jobs import OutcomeRecord
    from reelwright.engine.services import Services
    from reelwright.events import EventSink
    from reelwright.media.model import MediaInfo
    from reelwright.planning.plan import Request


def utc_now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


@asynccontextmanager
async def services(settings: "Settings", sink: "EventSink") -> "AsyncIterator[Services]":
    """Start everything a run needs, and end all of it afterwards.

    Raises:
        ToolError: FFmpeg is missing or cannot do the work.
        UsageError: the ledger cannot be used.
    """
    from reelwright.engine.offload import Offload
    from reelwright.engine.services import Services
    from reelwright.events import Tee
    from reelwright.store.database import open_ledger
    from reelwright.store.events import LedgerSink
    from reelwright.tools.capabilities import ask_ffmpeg, require
    from reelwright.tools.process import Runner

    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(Runner())
        tools = require(await ask_ffmpeg(runner, settings.tools.ffmpeg))
        offload = stack.enter_context(Offload())
        store = await offload(open_ledger, settings.ledger_path)
        stack.push_async_callback(offload, store.close)
        tee = Tee([sink, LedgerSink(store, offload)])
        yield Services(runner=runner, tools=tools, store=store, offload=offload, sink=tee, now=utc_now)


def request_for(settings: "Settings", job: EncodeJob) -> "Request":
    """What is wanted of a film: the settings, with the command's own values over them."""
    from reelwright.planning.plan import Request

    encoding = settings.encoding
    low, high = job.band
    svt = {**encoding.svt, **dict(job.svt)}
    return Request(
        target_vmaf=encoding.target_vmaf,
        band_low=encoding.target_vmaf - low,
        band_high=encoding.target_vmaf + high,
        preset=encoding.preset,
        svt=tuple(sorted((name, str(value)) for name, value in svt.items())),
        crf=job.crf,
        min_crf=job.min_crf,
        max_crf=job.max_crf,
        chunk_seconds=settings.processing.chunk_size,
        vmaf_model=encoding.vmaf_model,
        deterministic=job.deterministic,
    )


async def encode_all(job: EncodeJob, sink: "EventSink") -> "list[OutcomeRecord]":
    """Encode each source in turn. One that fails does not stop the rest."""
    from reelwright.engine.discover import outputs_for
    from reelwright.engine.pipeline import Options, encode_film

    settings = load(job.flags)
    pairs = outputs_for(job.sources, job.output, settings.input, settings.placement.output_dir)
    request = request_for(settings, job)
    options = Options(
        work_dir=settings.work_dir,
        workers=settings.processing.parallel_jobs,
        overwrite=job.overwrite,
        dry_run=job.dry_run,
    )
    outcomes = []
    async with services(settings, sink) as ready:
        for source, output in pairs:
            outcomes.append(await encode_film(source, output, request, options, ready))
    return outcomes


def load(flags: Mapping[str, Any]) -> "Settings":
    """The settings with the command line's over them."""
    from reelwright.config import load_settings

    return load_settings(flags=flags)


async def probe_file(path: Path) -> "MediaInfo":
    """Facts of a file."""
    from reelwright.tools.capabilities import find_ffmpeg
    from reelwright.tools.probe import probe
    from reelwright.tools.process import Runner

    settings = load({})
    async with Runner() as runner:
        return await probe(runner, find_ffmpeg(settings.tools.ffmpeg), path)


async def examine() -> list[CheckRow]:
    """Everything `doctor` looks at."""
    from reelwright.doctor import examine as look

    return await look(load({}))


def run_to_end(work: Callable[[], Any]) -> Any:
    """Run a coroutine function; SIGINT, SIGTERM and SIGHUP end it in good order.

    Raises:
        InterruptedRunError: one of them came. What was committed stays.
    """

    async def guarded() -> Any:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError as error:
        raise InterruptedRunError("Interrupted.", hint="Run the same command to go on where it stopped.") from error


class Commands:
    """What the command line can ask for."""

    def encode(self, job: EncodeJob, sink: "EventSink") -> "list[OutcomeRecord]":
        """Encode films."""
        outcomes: list[OutcomeRecord] = run_to_end(lambda: encode_all(job, sink))
        return outcomes

    def probe(self, path: Path) -> "MediaInfo":
        """Read a file's facts."""
        info: MediaInfo = run_to_end(lambda: probe_file(path))
        return info

    def doctor(self) -> list[CheckRow]:
        """Look at tools, disk and database."""
        rows: list[CheckRow] = run_to_end(examine)
        return rows


def main(argv: Sequence[str] | None = None) -> int:
    """The `reelwright` command; returns its exit code."""
    from reelwright.cli.main import run

    with suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return run(sys.argv[1:] if argv is None else argv, Commands(), environ=os.environ)
