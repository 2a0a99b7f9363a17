"""The `notify` command."""

import argparse
import json
from dataclasses import asdict

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.doctor import mark
from reelwright.errors import ToolError, UsageError

DESCRIPTION = """Send a test message, at once, to everybody the configuration names: notify.urls, notify.plugins, and
notify.webhooks, which are told of a file /reelwright/test.mkv that does not exist."""

EXAMPLES = """examples:
  REELWRIGHT_NOTIFY__URLS=ntfy://my-topic reelwright notify test
  reelwright config show                          what is told, to whom and how often; addresses are not shown
  reelwright doctor                               whether the URLs are such that a message can be tried"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    ways = parser.add_subparsers(dest="way", required=True, metavar="test", parser_class=Parser)
    test = ways.add_parser("test", help="send a message to everybody", description=DESCRIPTION)
    test.epilog = EXAMPLES
    test.add_argument("--json", action="store_true", help="one JSON object on standard output")
    test.set_defaults(parser=test)


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command: 5 where a message did not get away.

    Raises:
        UsageError: there is nobody to tell.
    """
    rows = program.test_notifications()
    if not rows:
        raise UsageError("The configuration names nobody to tell.", hint="Set notify.urls or notify.webhooks.")
    if args.json:
        print(json.dumps({"event": "result", "data": {"sent": [asdict(row) for row in rows]}}))
    else:
        for row in rows:
            print(f"{mark(row)}  {row.name:<14} {row.found}")
    return ToolError.exit_code if any(row.works is False for row in rows) else 0
