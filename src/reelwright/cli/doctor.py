"""The `doctor` command."""

import argparse
import json
from dataclasses import asdict

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import CheckRow, Program

MARKS = {True: "ok  ", False: "FAIL", None: "look"}


DESCRIPTION = "Check tools, encoders, devices, disk and database: what works, and what to do where something does not."

EXAMPLES = """examples:
  reelwright doctor
  reelwright doctor --json | jq '.data.checks[] | select(.works != true)'
  reelwright doctor --json | jq -r '.data.checks[] | select(.kind == "encoder" and .works).name'"""


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
            print(f"{mark(row)}  {row.name:<14} {row.found}")
            if row.advice:
                print(f"{'':22}{row.advice}")
    return 5 if any(row.works is False and not row.optional for row in rows) else 0


def mark(row: CheckRow) -> str:
    """How a row did, in four letters."""
    return "no  " if row.optional and row.works is False else MARKS[row.works]
