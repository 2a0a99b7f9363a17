"""The `jobs` command: what is in the ledger and what runs, from any terminal."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser, number, whole
from reelwright.cli.commands import Program
from reelwright.cli.text import printable_path

if TYPE_CHECKING:
    from reelwright.cli.commands import QueueChange
    from reelwright.engine.listing import State

DESCRIPTION = """What is in the ledger and what runs, also from another terminal while an encode runs.
A job is named by the first four or more characters of its id, or by the path of its output. What waits in the queue
of the libraries is listed first; it is cancelled and tried again by its own id, or by the path of its film."""

EXAMPLES = """examples:
  reelwright jobs                              the newest fifty
  reelwright jobs list --status running --json
  reelwright jobs show 3f2a91c0                request, trials, steps, checks, outcomes, last events
  reelwright jobs watch                        whatever runs, until nothing does
  reelwright jobs watch 3f2a                   one job until it ends; its exit code is the job's
  reelwright jobs cancel films/film.av1.mkv    end its run; other films of the same command go on
  reelwright jobs retry 3f2a                   once more, with the very same request and output"""

STATUSES = ("queued", "running", "stopped", "waiting", "done", "skipped", "failed", "cancelled")
GRACE_SECONDS = 15.0
WHICH = "the first characters of a job's id (4 or more), or the path of its output"


def add_arguments(parser: Parser) -> None:
    """The command's arguments: `jobs` alone is `jobs list`."""
    add_list_arguments(parser)
    parser.set_defaults(action=show_list)
    actions = parser.add_subparsers(dest="what", metavar="ACTION", parser_class=Parser)

    def add(name: str, summary: str, action: object) -> Parser:
        made: Parser = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        made.set_defaults(action=action, parser=made)
        return made

    add_list_arguments(add("list", "show the newest jobs", show_list), default=argparse.SUPPRESS)
    show = add("show", "show everything about one job", show_one)
    show.add_argument("job", metavar="ID", help=WHICH)
    add_json(show)
    watch = add("watch", "follow one job, or all that run, until the end", watch_jobs)
    watch.add_argument("job", metavar="ID", nargs="?", help=f"{WHICH}; without it: every job that runs")
    add_json(watch)
    cancel = add("cancel", "give a job up and end its run; its source and other jobs are left alone", cancel_job)
    cancel.add_argument("job", metavar="ID", help=WHICH)
    cancel.add_argument(
        "--grace", type=number(0, 3600), default=GRACE_SECONDS, metavar="SECONDS",
        help="how long the run may take to answer before its command gets SIGTERM, and then SIGKILL (default 15)",
    )  # fmt: skip
    add_json(cancel)
    retry = add("retry", "run a job again with the request it was made with, to the same output", retry_job)
    retry.add_argument("job", metavar="ID", help=WHICH)
    retry.add_argument("--workers", type=whole(1, 1024), metavar="N", help="encodes at once")
    retry.add_argument("--overwrite", action="store_true", help="replace an existing output")
    add_json(retry)


def add_list_arguments(parser: Parser, **options: Any) -> None:
    """What can be said of a list."""
    add = parser.add_argument
    add("--status", choices=STATUSES, action="append", **options,
        help="only jobs in this state, repeatable; stopped (or waiting): begun, and not running now")  # fmt: skip
    add("--limit", type=whole(1, 10**9), metavar="N", help="at most so many (default 50)", **options)
    add("--all", action="store_true", help="all of them", **options)
    add_json(parser, **options)


def add_json(parser: Parser, **options: Any) -> None:
    """The flag every one of these has."""
    parser.add_argument("--json", action="store_true", help="JSON on standard output, the result last", **options)


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    code: int = args.action(args, program)
    return code


def wanted_states(names: list[str] | None) -> "set[State] | None":
    """States of a list; None for any."""
    from reelwright.engine.listing import State  # noqa: PLC0415

    known = {State("stopped" if name == "waiting" else name) for name in names or () if name != "queued"}
    return known if names else None


def show_list(args: argparse.Namespace, program: Program) -> int:
    """The newest jobs, one a line."""
    from reelwright.cli.jobtext import plain_row, table  # noqa: PLC0415
    from reelwright.cli.queuetext import plain_queue, queue_lines  # noqa: PLC0415

    limit = None if args.all else args.limit or 50
    states = wanted_states(args.status)
    # One more than is shown tells whether there are more.
    rows = program.list_jobs(states, limit and limit + 1) if states is None or states else []
    shown, more = rows[:limit], limit is not None and len(rows) > limit
    queue = program.show_queue(states, queued="queued" in (args.status or ()), limit=limit)
    if args.json:
        tell_result({"jobs": [plain_row(row) for row in shown], "more": more, "queue": plain_queue(queue)})
        return 0
    print("\n".join(queue_lines(queue)), end="\n" if queue.counts else "")
    if not shown and queue.counts:
        return 0
    if not shown:
        print("No such jobs." if args.status else "No jobs yet: `reelwright encode FILM` makes one.")
        return 0
    print("\n".join(table(shown)))
    if more:
        print(f"… the newest {limit}; --all shows every one", file=sys.stderr)
    return 0


def show_one(args: argparse.Namespace, program: Program) -> int:
    """Everything about one job."""
    from reelwright.cli.jobtext import describe, plain_details  # noqa: PLC0415

    details = program.show_job(args.job)
    if args.json:
        tell_result(plain_details(details))
    else:
        print("\n".join(describe(details)))
    return 0


def watch_jobs(args: argparse.Namespace, program: Program) -> int:
    """Follow what runs. The exit code is the job's where one was named."""
    from reelwright.cli.watching import JsonView, View  # noqa: PLC0415

    with JsonView() if args.json else View() as view:
        for look in program.watch_jobs(args.job):
            view.take(look)
        return view.close(named=args.job is not None)


def cancel_job(args: argparse.Namespace, program: Program) -> int:
    """Give a job up: 0 also where it was done before it could be."""

    def tell(sentence: str) -> None:
        print(f"reelwright: {sentence}", file=sys.stderr, flush=True)

    if (change := program.cancel_queued(args.job)) is not None:
        return tell_change(args, change)
    found = program.cancel_job(args.job, args.grace, tell)
    ended = [{"pid": pid, "name": name} for pid, name in found.processes]
    if args.json:
        tell_result(
            {
                "job": found.job.id,
                "output": found.job.output_path,
                "before": found.before.value,
                "status": found.job.status.value,
                "how": found.how,
                "pid": found.pid,
                "ended": ended,
            }
        )
        return 0
    name = f"{found.job.id[:8]} ({printable_path(found.job.output_path)})"
    status = found.job.status.value
    if status == "done":
        print(f"{name} is done: there is nothing to cancel.")
    elif found.before.value == "cancelled":
        print(f"{name} was cancelled before.")
    else:
        who = "its worker on another machine" if found.pid is None else f"process {found.pid}"
        words = {
            "asked": f"{who} gave it up, and goes on with other films if it has any",
            "terminated": f"process {found.pid} was told to end, and did",
            "killed": f"process {found.pid} was killed with all it had started",
        }
        processes = f"; {len(ended)} of its processes ended" if ended else ""
        print(f"{name} is cancelled: {words.get(found.how, 'nothing of it was running')}{processes}.")
        print("Its trials are kept: `reelwright jobs retry` goes on, `reelwright clean` removes them.")
    return 0


def retry_job(args: argparse.Namespace, program: Program) -> int:
    """Run a job again: its exit code, told as `encode` tells it."""
    from reelwright.cli.telling import told  # noqa: PLC0415

    if (change := program.retry_queued(args.job)) is not None:
        return tell_change(args, change)
    flags = {"processing": {"parallel_jobs": args.workers}} if args.workers else {}
    return told(lambda sink: [program.retry_job(args.job, flags, sink, overwrite=args.overwrite)], as_json=args.json)


def tell_change(args: argparse.Namespace, change: "QueueChange") -> int:
    """What became of a piece of work in the queue."""
    from reelwright.cli.queuetext import change_line, plain_change  # noqa: PLC0415

    if args.json:
        tell_result(plain_change(change))
    else:
        print(change_line(change, args.what))
    return 0


def tell_result(data: dict[str, Any]) -> None:
    """The result, as one line of JSON; ASCII only, so that any name survives any pipe."""
    print(json.dumps({"event": "result", "data": data}, default=str))
