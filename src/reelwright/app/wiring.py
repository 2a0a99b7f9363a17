"""Settings in, everything a run needs wired together, and all of it ended again."""

import asyncio
import datetime as dt
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from reelwright.config import Settings, load_settings
from reelwright.engine.offload import Offload
from reelwright.engine.services import Services
from reelwright.errors import InterruptedRunError
from reelwright.events import EventSink, Tee
from reelwright.planning.plan import Request
from reelwright.store.database import open_ledger
from reelwright.store.events import LedgerSink
from reelwright.tools.capabilities import ask_ffmpeg, require
from reelwright.tools.compare import check_model
from reelwright.tools.devices import choose_device, with_encoder
from reelwright.tools.process import Runner
from reelwright.vmaf_models import OLD, models_of

Result = TypeVar("Result")


def utc_now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


def load(flags: Mapping[str, Any]) -> Settings:
    """The settings with the command line's over them.

    Raises:
        UsageError: a key nobody knows, or a value that cannot be.
    """
    return load_settings(flags=flags)


@asynccontextmanager
async def services(settings: Settings, sink: EventSink, request: Request) -> AsyncIterator[Services]:
    """Start everything a run needs, and end all of it afterwards. The encoder asked for is tried before any work.

    Raises:
        ToolError: FFmpeg is missing or cannot do the work, or the encoder does not work here.
        UsageError: the ledger cannot be used, or there is no such device to decode on, or no such VMAF model.
    """
    async with AsyncExitStack() as stack:
        runner = await stack.enter_async_context(Runner(nice=settings.processing.nice))
        tools = require(await ask_ffmpeg(runner, settings.tools.ffmpeg), request.encoder)
        tools = await with_encoder(runner, tools, request.encoder)
        if (model := models_of(request.vmaf_model)[0]) not in OLD:
            await check_model(runner, tools.ffmpeg, model)
        device = await choose_device(runner, tools.ffmpeg, request.hwaccel)
        offload = stack.enter_context(Offload())
        store = await offload(open_ledger, settings.ledger)
        stack.push_async_callback(offload, store.close)
        tee = Tee([sink, LedgerSink(store, offload)])
        yield Services(runner=runner, tools=tools, store=store, offload=offload, sink=tee, now=utc_now, device=device)


def run_draining(work: Callable[[asyncio.Event], Awaitable[Result]]) -> tuple[Result, int | None]:
    """Run a coroutine function that ends by itself once its event is set, as a signal does; a second one cancels it.

    Returns:
        What it gave, and the signal that came; None: none did.

    Raises:
        InterruptedRunError: it had to be cancelled. What was committed stays.
    """
    came: list[int] = []

    async def guarded() -> Result:
        stop = asyncio.Event()
        task = asyncio.ensure_future(work(stop))
        loop = asyncio.get_running_loop()

        def take(number: int) -> None:
            came.append(number)
            stop.set()
            if len(came) > 1:
                task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, take, number)
        return await task

    try:
        return asyncio.run(guarded()), came[0] if came else None
    except asyncio.CancelledError as error:
        raise InterruptedRunError("Interrupted.", hint="Run the same command to go on where it stopped.") from error


def run_to_end(work: Callable[[], Awaitable[Result]]) -> Result:
    """Run a coroutine function; SIGINT, SIGTERM and SIGHUP end it in good order.

    Raises:
        InterruptedRunError: one of them came. What was committed stays.
    """

    async def guarded() -> Result:
        task = asyncio.ensure_future(work())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError as error:
        raise InterruptedRunError("Interrupted.", hint="Run the same command to go on where it stopped.") from error
