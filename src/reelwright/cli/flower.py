"""The `flower` command."""

import argparse

from reelwright.cli.arguments import Parser, whole
from reelwright.cli.commands import FlowerOrder, Program
from reelwright.cli.serve import until_signal

DESCRIPTION = """Show a cluster's tasks and workers with Flower, until a signal comes.

It shows what the broker carries (cluster.broker): tasks with their films, who took them, how long they lasted, and on
each worker's page, under "Config", what keeps it from work. It changes nothing: films are cancelled with `jobs`, and
workers end on SIGTERM.

It is offered on this machine alone unless told otherwise; at an address that others can reach only with a login,
cluster.flower_login = "NAME:PASSWORD" (REELWRIGHT_CLUSTER__FLOWER_LOGIN_FILE names a file that holds it)."""

EXAMPLES = """examples:
  REELWRIGHT_CLUSTER__BROKER=redis://10.0.0.5:6379/0 reelwright flower
  REELWRIGHT_CLUSTER__FLOWER_LOGIN_FILE=/run/secrets/flower reelwright flower --host 0.0.0.0"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("--host", metavar="ADDRESS", help="offer it there (cluster.flower_host; 127.0.0.1)")
    parser.add_argument(
        "--port", type=whole(0, 65535), metavar="N", help="its port (cluster.flower_port; 5555); 0 takes a free one"
    )
    parser.add_argument("--json", action="store_true", help="JSON on standard output, also on a terminal")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    given = {"flower_host": args.host, "flower_port": args.port}
    order = FlowerOrder(cluster={name: value for name, value in given.items() if value is not None})
    return until_signal(lambda _, tell: program.flower(order, tell), as_json=args.json)
