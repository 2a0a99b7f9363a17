"""The `db` command: `db migrate` and `db roles`."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import MigrateDone, Program
from reelwright.cli.text import printable_path

DESCRIPTION = """Bring the ledger's tables up to date, or print what gives a cluster's workers their rights.

A ledger in a file is brought up to date by whatever opens it, after a copy was made beside it. One on PostgreSQL, which
other machines may be using, is changed by this command alone: make a copy of it first, with pg_dump."""

ROLES = """Print SQL that makes a role of PostgreSQL for workers that only encode (`worker --queues encode`).

Such a role sees the queue and where libraries are, and changes rows of work and its own heartbeats: no job, no outcome,
no user of the pages. Workers that lead films, and `serve`, use the ledger's owner.

With --password-file nothing is printed: the role is made, or one that is there gets its password and rights anew."""

EXAMPLES = """examples:
  export REELWRIGHT_DATABASE__URL=postgresql://reelwright:secret@db.example:5432/reelwright
  reelwright db migrate
  reelwright db roles encoder | psql reelwright
  reelwright db roles encoder --password-file /run/secrets/encoder_password"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    ways = parser.add_subparsers(dest="way", required=True, metavar="migrate|roles", parser_class=Parser)
    raw = argparse.RawDescriptionHelpFormatter
    way = ways.add_parser("migrate", help="bring it up to date", description=DESCRIPTION, formatter_class=raw)
    way.epilog = EXAMPLES
    way.add_argument("--json", action="store_true", help="one JSON object on standard output")
    way.set_defaults(parser=way)
    roles = ways.add_parser("roles", help="print a worker's rights", description=ROLES, formatter_class=raw)
    roles.epilog = EXAMPLES
    roles.add_argument("name", metavar="NAME", help="of the role")
    roles.add_argument("--password-file", metavar="FILE", type=Path, help="make the role, with the password in it")
    roles.set_defaults(parser=roles, json=False)


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    if args.way == "roles" and args.password_file is not None:
        place = program.grant_worker(args.name, args.password_file)
        print(f"{args.name} may encode for {printable_path(place)}, and no more.")
        return 0
    if args.way == "roles":
        print("\n".join(program.worker_rights(args.name)))
        return 0
    done = program.migrate_ledger()
    print(json.dumps({"event": "result", "data": asdict(done)}) if args.json else words_of(done))
    return 0


def words_of(done: MigrateDone) -> str:
    """What was done, for people."""
    if not done.applied:
        return f"{printable_path(done.ledger)} is up to date."
    steps = "1 step" if len(done.applied) == 1 else f"{len(done.applied)} steps"
    return f"{printable_path(done.ledger)} was brought up to date in {steps}: {', '.join(done.applied)}."
