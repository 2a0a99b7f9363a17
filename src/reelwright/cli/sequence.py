"""The `sequence` command."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program, SequenceOrder
from reelwright.cli.sequencerender import EXAMPLES as RENDER_EXAMPLES
from reelwright.cli.sequencerender import RENDER, add_render, run_render
from reelwright.errors import InterruptedRunError

if TYPE_CHECKING:
    from reelwright.sequences.check import CheckReport

DESCRIPTION = (
    """Image sequences: which files are the frames of which sequence, by five rules that reject and never guess."""
)

EXAMPLES = """examples:
  reelwright sequence check shots.csv
  reelwright sequence check renders/sh010          a folder without a sheet: finds the sequences in it
  reelwright sequence check shots.toml --json | tail -n 1 | jq '.data.sequences[].missing_ranges'
  reelwright sequence check renders/sh010 --no-pictures    names only; no file is opened"""

CHECK = """Show what a sheet's sequences, or those of a folder, are made of: frames as ranges, missing frames ready to
paste, every rejected name under its rule, near misses with advice, and what is wrong with the pictures. Each file is
read to its end; nothing is written. The exit code is 0 whatever is found.

A sheet is CSV or TOML with the columns parent, name, padding, extension and, where wanted, first, last, rate, layout,
shot, version, artist, colorspace, outputs, note. Values are taken as they stand: not trimmed, not case-folded. A
parent that is no absolute path starts at the sheet's folder. An empty cell says nothing.

The rules: 1 the extension; 2 a digit left of the period ahead of it; 3 digits alone between that period and the next,
and no period further left; 4 the padding; 5 the name from the first character, followed at once by a period.
layout = underscore takes name_1001.exr, layout = dotted names that hold periods."""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="what", required=True, metavar="ACTION", parser_class=Parser)
    check: Parser = actions.add_parser(
        "check", help="show frames, missing frames, rejects, near misses, damage", description=CHECK, epilog=EXAMPLES
    )
    check.set_defaults(parser=check)
    render: Parser = actions.add_parser(
        "render", help="render frames into checked movies", description=RENDER, epilog=RENDER_EXAMPLES
    )
    render.set_defaults(parser=render)
    add_render(render)
    add = check.add_argument
    add("source", metavar="SHEET|DIR", type=Path, help="a sheet (.csv or .toml), or a folder of frames")
    add("--no-pictures", action="store_true", help="look at names only; open no file")
    add("--json", action="store_true", help="progress and the result as JSON lines on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    if args.what == "render":
        return run_render(args, program)
    order = SequenceOrder(source=args.source, pictures=not args.no_pictures)
    try:
        report = carried_out(order, program, as_json=args.json)
    except InterruptedRunError as error:
        hint = "Run the same command to check from the start."
        raise InterruptedRunError("Interrupted; nothing was written.", hint=hint) from error
    if args.json:
        from reelwright.cli.sequencejson import to_json  # noqa: PLC0415

        print(to_json(order, report))
        return 0
    from reelwright.cli.sequencetext import describe  # noqa: PLC0415

    for line in describe(report):
        print(line)
    return 0


def carried_out(order: SequenceOrder, program: Program, *, as_json: bool) -> "CheckReport":
    """Check, and show how far it is."""
    from reelwright.cli.meter import Meter, tell_json  # noqa: PLC0415

    if as_json:
        return program.check_sequences(order, tell_json(str(order.source), sys.stdout, status="checking"))
    with Meter() as meter:
        return program.check_sequences(order, meter)
