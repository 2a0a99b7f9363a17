"""The `config` command: `config show` and `config check`."""

import argparse
import json
import sys
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.encode import add_aims, settings_from
from reelwright.cli.text import printable_path
from reelwright.cli.toml import toml_key, toml_value
from reelwright.errors import UsageError

if TYPE_CHECKING:
    from reelwright.origins import Examined, Origin, Report

DESCRIPTION = """Show every setting and where it comes from, or check the configuration.

A later place wins: defaults, the file, the environment (REELWRIGHT_SECTION__KEY), flags. A profile lies directly
below the place that names it. The file is $REELWRIGHT_CONFIG, else reelwright.toml or reelwright.json in this
folder, else the user's own in ~/.config/reelwright/."""

EXAMPLES = """examples:
  reelwright config show                          every value, with its origin as a comment; can be pasted
  reelwright config show --profile archive        what the profile would change
  reelwright config check                         every problem of the file in effect and of the environment
  reelwright config check other.toml"""

#: Values longer than this do not push the comments of all others to the right.
WIDEST = 44


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    ways = parser.add_subparsers(dest="way", required=True, metavar="show|check", parser_class=Parser)
    raw = argparse.RawDescriptionHelpFormatter
    show = ways.add_parser("show", help="every setting and its origin", description=DESCRIPTION, formatter_class=raw)
    show.epilog = EXAMPLES
    add_aims(show)
    show.add_argument("--json", action="store_true", help="one JSON object on standard output")
    check = ways.add_parser("check", help="what is wrong", description=DESCRIPTION, formatter_class=raw)
    check.epilog = EXAMPLES
    check.add_argument("file", metavar="FILE", type=Path, nargs="?", help="default: the file in effect")
    check.add_argument("--json", action="store_true", help="one JSON object on standard output")
    for way in (show, check):
        way.set_defaults(parser=way)


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command: 2 where something is wrong."""
    if args.way == "check":
        return show_problems(program.config_check(args.file), as_json=args.json)
    if args.crf is not None:
        raise UsageError("--crf is no setting: it belongs to one run.")
    flags = settings_from(args)
    if args.svt:
        flags.setdefault("encoding", {})["svt"] = dict(args.svt)
    show_report(program.config_report(flags), as_json=args.json)
    return 0


def show_report(report: "Report", *, as_json: bool) -> None:
    """Print every setting, by section."""
    if as_json:
        settings = [{**asdict(origin), "changed": origin.changed} for origin in report.origins]
        print(json.dumps({"event": "result", "data": {"file": report.file, "settings": settings}}))
        return
    print(f"# file: {printable_path(report.file) if report.file else 'none'}")
    texts = [f"{toml_key(o.key)} = {toml_value(o.value)}" for o in report.origins]
    width = max((len(text) for text in texts if len(text) <= WIDEST), default=0)
    bold = ("\x1b[1m", "\x1b[0m") if sys.stdout.isatty() else ("", "")
    rows = iter(texts)
    for section, origins in groupby(report.origins, key=lambda o: o.section):
        if section:
            print(f"\n[{section}]")
        for origin in origins:
            before, after = bold if origin.changed else ("", "")
            print(f"{before}{next(rows):<{width}}  # {origin_words(origin)}{after}")


def origin_words(origin: "Origin") -> str:
    """Where a value comes from, and what it would be otherwise."""
    words = origin.kind if not origin.name else f"{origin.kind} {printable_path(origin.name)}"
    words += f", line {origin.line}" if origin.line else ""
    if not origin.changed:
        return words
    return f"{words}; default {'none' if origin.default in (None, '') else toml_value(origin.default)}"


def show_problems(found: "Examined", *, as_json: bool) -> int:
    """Print every problem, or that there is none; 2 where there is one."""
    code = UsageError.exit_code if found.problems else 0
    for problem in found.problems:
        print(f"reelwright: {printable_path(str(problem.error()))}", file=sys.stderr)
    if as_json:
        problems = [asdict(problem) for problem in found.problems]
        data = {"ok": not problems, "file": found.file, "variables": list(found.variables), "problems": problems}
        print(json.dumps({"event": "result", "data": {**data, "exit_code": code}}))
    elif not code:
        count = len(found.variables)
        variables = f" and {count} {'variable' if count == 1 else 'variables'} of the environment" if count else ""
        where = printable_path(found.file) if found.file else "no configuration file: the defaults hold"
        print(f"ok    {where}{variables}")
    return code
