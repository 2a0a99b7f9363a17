"""Flower with our tasks in it: who may look, and what a task is called; decision 042."""

import ast
import asyncio
import logging
from collections.abc import Callable
from typing import Any

from flower.app import Flower  # type: ignore[import-untyped]
from flower.options import options  # type: ignore[import-untyped]
from flower.urls import settings as flower_settings  # type: ignore[import-untyped]
from tornado.ioloop import IOLoop

from reelwright.cluster.celery_app import make_app

#: What the page of tasks shows of each: what it is about before when and where it ran.
COLUMNS = "name,kwargs,state,result,received,runtime,worker"
#: Tasks that are remembered; a film has some hundred.
MOST_TASKS = 20_000
#: Workers that are silent for so long are shown no longer, in seconds: those that were replaced.
FORGET_SECONDS = 3600


async def offer(
    broker: str, *, host: str, port: int, login: str, tell: Callable[[int], None], stop: asyncio.Event
) -> None:
    """Offer Flower's pages until it is told to stop. They change nothing, whoever looks.

    Args:
        broker: URL.
        host: address to listen at.
        port: 0 takes a free one.
        login: "NAME:PASSWORD" that is asked for; empty: none is.
        tell: told the port, once it listens.
        stop: set where it is to end.

    Raises:
        OSError: the address is taken, or none of this machine's.
    """
    # Workers are drained by their signals and films cancelled by their ledger: Flower knows of neither.
    asked: dict[str, Any] = {
        "address": host, "port": port, "basic_auth": [login] if login else [], "read_only": True, "persistent": False,
        "tasks_columns": COLUMNS, "format_task": named, "max_tasks": MOST_TASKS,
        "purge_offline_workers": FORGET_SECONDS,
    }  # fmt: skip
    for name, value in asked.items():
        setattr(options, name, value)
    # It says of each worker that is slow to answer that it did not, again and again.
    for noisy in ("tornado.access", "flower"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    flower = Flower(capp=make_app(broker), options=options, io_loop=IOLoop.current(), **flower_settings)
    tell(flower.start_http_server())
    # What `Flower.start` does, but for running a loop: it is in ours.
    flower.events.start()
    flower.update_workers()
    try:
        await stop.wait()
    finally:
        flower.events.stop()
        flower.executor.shutdown(wait=False, cancel_futures=True)


def named(task: Any) -> Any:
    """A task with a name for people: what is done to which film."""
    task.name = title_of(str(task.name), str(task.kwargs))
    return task


def title_of(name: str, arguments: str) -> str:
    """A task's name and its arguments, as an event has them, for people: "trial of a.mkv, chunk 3 at CRF 30.5"."""
    try:
        told = ast.literal_eval(arguments)
        film = told["film"].rpartition("/")[2]
    except (ValueError, SyntaxError, TypeError, KeyError, AttributeError):
        return name  # no task of ours, or a path so long that its event was cut
    kind = "sample" if told.get("sample") else name.rpartition(".")[2]
    where = f", chunk {told['chunk']} at CRF {told['crf']:g}" if {"chunk", "crf"} <= told.keys() else ""
    return f"{kind} of {film}{where}"
