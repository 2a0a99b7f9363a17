"""The `worker` command."""

import argparse
import json
from functools import partial
from typing import Any

from reelwright.cli.arguments import Parser, whole
from reelwright.cli.commands import Program, WorkerOrder
from reelwright.cli.serve import until_signal
from reelwright.errors import UsageError

DESCRIPTION = """Work for a cluster: encode chunks of films, lead films, or both, until a signal comes.

The films are those that libraries have queued; `reelwright serve` with cluster.enabled scans and queues them. All
workers need the same ledger (database.url), the same work folder (processing.temp_dir) and the libraries' roots; one
that lacks something takes no work that needs it, and says what is missing. The broker (cluster.broker) makes workers
quicker and Flower able to show them; without one they look at the ledger every few seconds.

SIGTERM ends it in good order: nothing more is begun, and what does not end within queue.grace seconds goes back into
the queue. The exit code is 0. A second signal ends it at once.

With --health or --ready it starts nothing: it says whether workers of this machine and these queues were heard of of
late, and ends with 7 where one was not, or, with --ready, is kept from work. What starts containers asks that."""

EXAMPLES = """examples:
  reelwright worker
  reelwright worker --queues encode --slots 2 --threads 4
  REELWRIGHT_CLUSTER__BROKER=redis://10.0.0.5:6379/0 reelwright worker --queues encode"""

QUEUES = ("files", "encode")


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("--queues", metavar="NAMES", help="what it does: files, encode, or files,encode (the default)")
    parser.add_argument("--slots", type=whole(0, 1024), metavar="N", help="encodes at once (cluster.slots)")
    parser.add_argument("--threads", type=whole(0, 256), metavar="N", help="threads of each (cluster.threads)")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--health", action="store_true", help="only say whether this machine's worker is alive")
    asked.add_argument("--ready", action="store_true", help="the same, and whether something keeps it from work")
    parser.add_argument("--json", action="store_true", help="JSON on standard output, also on a terminal")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    order = WorkerOrder(cluster=flags_of(args))
    if args.health or args.ready:
        said = program.worker_health(order, ready=args.ready)
        print(json.dumps({"event": "result", "data": {"outcome": said}}) if args.json else said)
        return 0
    return until_signal(partial(program.work, order), as_json=args.json)


def flags_of(args: argparse.Namespace) -> dict[str, Any]:
    """Of the `[cluster]` table, what the command line says over it.

    Raises:
        UsageError: there is no such queue.
    """
    found = {name: value for name in ("slots", "threads") if (value := getattr(args, name)) is not None}
    if args.queues is not None:
        names = [name.strip() for name in args.queues.split(",")]
        if wrong := [name for name in names if name not in QUEUES]:
            raise UsageError(f"There is no queue {wrong[0]!r}.", hint="Queues are files and encode.")
        found["queues"] = names
    return found
