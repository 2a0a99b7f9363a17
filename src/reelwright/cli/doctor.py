"""The `doctor` command."""

import json
from dataclasses import asdict

from reelwright.cli.commands import Program

MARKS = {True: "ok  ", False: "FAIL", None: "look"}


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
