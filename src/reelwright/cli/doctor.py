"""The `doctor` command."""

import argparse
import json
from dataclasses import asdict

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program

MARKS = {True: "ok  ", False: "FAIL", None: "look"}


DESCRIPTION = "Check tools, disk and database: what works, and what to do where something does not."

EXAMPLES = """examples:
  reelwright doctor
  reelwright doctor --json | jq '.data.checks[] | select(.works != true)'"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command: 5 where an encode could not run."""
    return show_doctor(program, as_json=args.json)


def show_doctor(program: Program, *, as_json: bool) -> int:
    """Print what works and what to do; 5 where an encode could not run."""
    rows = program.doctor()
    if as_json:
        print(json.dumps({"event": "result", "data": {"checks": [asdict(row) for row in rows]}}))
    else:
        for row in rows:
            print(f"{MARKS[row.works]}  {row.name:<12} {row.found}")
            if row.advice:
                print(f"{'':20}{row.advice}")
    return 5 if any(row.works is False for row in rows) else 0
