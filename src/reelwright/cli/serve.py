"""The `serve` command."""

import argparse
import datetime as dt
import json
import logging
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from reelwright.cli.arguments import Parser, whole
from reelwright.cli.commands import Program, ServeOrder, Tell
from reelwright.cli.text import printable_path
from reelwright.errors import InterruptedRunError

if TYPE_CHECKING:
    from reelwright.events import Event, EventSink

DESCRIPTION = """Keep libraries: scan them when they are due, work on what is queued, until a signal comes.

Libraries and their schedules are those of `library add` and of [libraries.NAME] in the configuration, which alone is
enough. SIGTERM ends it in good order within queue.grace seconds (5): what runs goes back into the queue with its
trials kept, and is taken up again at the next start; the exit code is 0. A second signal ends it at once.

Pages to look at are offered beside it, on this machine alone unless told otherwise; at an address that others can
reach only once there is a user with a password (`reelwright user add NAME`).

Standard output that is no terminal gets every event and every log line as one line of JSON."""

EXAMPLES = """examples:
  reelwright serve
  reelwright serve --json | jq 'select(.event == "result")'
  REELWRIGHT_LIBRARIES__FILMS__ROOT=/films REELWRIGHT_LIBRARIES__FILMS__OUTPUT_DIR=/out reelwright serve"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("--host", metavar="ADDRESS", help="offer the pages there (web.host; 127.0.0.1)")
    parser.add_argument(
        "--port", type=whole(0, 65535), metavar="N", help="their port (web.port; 8765); 0 takes a free one"
    )
    parser.add_argument("--no-web", action="store_true", help="no pages")
    parser.add_argument("--json", action="store_true", help="JSON on standard output, also on a terminal")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    order = ServeOrder(
        web={name: value for name in ("host", "port") if (value := getattr(args, name)) is not None},
        pages=not args.no_web,
    )
    return until_signal(partial(program.serve, order), as_json=args.json)


def until_signal(work: Callable[["EventSink", Tell], int | None], *, as_json: bool) -> int:
    """Have a daemon work until a signal comes, its events and log lines on the standard streams; the exit code.

    Args:
        work: given what takes events, and what is told sentences for people; returns the signal's number.
        as_json: JSON on standard output also where that is a terminal.
    """
    as_json = as_json or not sys.stdout.isatty()
    handler = JsonLog() if as_json else logging.StreamHandler(sys.stderr)
    log = logging.getLogger("reelwright")
    log.addHandler(handler)
    try:
        came = work(_sink(as_json=as_json), JsonLog.tell if as_json else _say)
    finally:
        log.removeHandler(handler)
    return InterruptedRunError.exit_code if came == signal.SIGINT else 0


def _sink(*, as_json: bool) -> "EventSink":
    if as_json:
        from reelwright.cli.jsonlines import JsonSink  # noqa: PLC0415

        return JsonSink(sys.stdout, sys.stderr)
    return PlainLog()


class JsonLog(logging.Handler):
    """Log lines as events, so that a container's log is JSON throughout."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        when = dt.datetime.fromtimestamp(record.created, dt.UTC)
        self.write(when, record.levelname.lower(), self.format(record))

    @classmethod
    def tell(cls, message: str) -> None:
        """Write a line that is no complaint."""
        cls.write(dt.datetime.now(dt.UTC), "info", message)

    @staticmethod
    def write(when: dt.datetime, level: str, message: str) -> None:
        """Write one line."""
        moment = when.isoformat().replace("+00:00", "Z")
        data = {"message": message}
        line = {"event": "log", "timestamp": moment, "file": None, "job": None, "status": level, "data": data}
        print(json.dumps(line), flush=True)


def _say(message: str) -> None:
    print(message, flush=True)


class PlainLog:
    """One line for what happens to each film, and for each scan."""

    def emit(self, event: "Event") -> None:
        """Write a line where it is worth one."""
        from reelwright.cli.text import size  # noqa: PLC0415
        from reelwright.events import EventName  # noqa: PLC0415

        data = event.data
        if event.event is EventName.FILE_DISCOVERED:
            said = "begun"
        elif event.event is EventName.RESULT:
            before, after = data.get("bytes_before"), data.get("bytes_after")
            sizes = f", {size(before)} → {size(after)}" if before and after else ""
            said = f"{data['outcome'].replace('_', ' ')}{sizes}. {' '.join(data['reasons'])}"
        elif event.event is EventName.LIBRARY_SCANNED and event.status == "failed":
            said = f"cannot be scanned: {data['message']} {data['hint']}"
        elif event.event is EventName.LIBRARY_SCANNED:
            said = f"scanned: {data['files']:,} files, {data['new']:,} new, {data['queued']:,} queued"
        else:
            return
        time = event.timestamp.astimezone().strftime("%H:%M:%S")
        print(f"{time}  {printable_path(event.file)}  {said}".rstrip(), flush=True)
