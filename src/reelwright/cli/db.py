"""The `db` command: `db migrate`."""

import argparse
import json
from dataclasses import asdict

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import MigrateDone, Program
from reelwright.cli.text import printable_path

DESCRIPTION = """Bring the ledger's tables up to date.

A ledger in a file is brought up to date by whatever opens it, after a copy was made beside it. One on PostgreSQL, which
other machines may be using, is changed by this command alone: make a copy of it first, with pg_dump."""

EXAMPLES = """examples:
  export REELWRIGHT_DATABASE__URL=postgresql://reelwright:secret@db.example:5432/reelwright
  reelwright db migrate"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    ways = parser.add_subparsers(dest="way", required=True, metavar="migrate", parser_class=Parser)
    raw = argparse.RawDescriptionHelpFormatter
    way = ways.add_parser("migrate", help="bring it up to date", description=DESCRIPTION, formatter_class=raw)
    way.epilog = EXAMPLES
    way.add_argument("--json", action="store_true", help="one JSON object on standard output")
    way.set_defaults(parser=way)


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    done = program.migrate_ledger()
    print(json.dumps({"event": "result", "data": asdict(done)}) if args.json else words_of(done))
    return 0


def words_of(done: MigrateDone) -> str:
    """What was done, for people."""
    if not done.applied:
        return f"{printable_path(done.ledger)} is up to date."
    steps = "1 step" if len(done.applied) == 1 else f"{len(done.applied)} steps"
    return f"{printable_path(done.ledger)} was brought up to date in {steps}: {', '.join(done.applied)}."
