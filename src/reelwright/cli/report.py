"""The `report` command."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program, ReportDone, ReportOrder, Tell
from reelwright.cli.text import printable_path, size

DESCRIPTION = """Make one HTML page about a job: quality and CRF along the film, every trial, pictures before and after,
streams, checks, times, settings. The page is one file and loads nothing from anywhere."""

EXAMPLES = """examples:
  reelwright report film.av1.mkv                  film.av1.report.html beside it
  reelwright report film.av1.mkv -o page.html
  reelwright report 3f9a1c                        by the beginning of a job's id
  reelwright report film.av1.mkv --json | jq -r .data.report"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("what", metavar="OUTPUT|JOB", help="an output or its source, or the beginning of a job's id")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help="where the page goes")
    parser.add_argument("--overwrite", action="store_true", help="replace a file that is no report of ours")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    order = ReportOrder(what=args.what, out=args.output, overwrite=args.overwrite)
    with progress(quiet=args.json) as tell:
        done = program.report(order, tell)
    if args.json:
        print(json.dumps(result(done)))
    else:
        print(sentence(done))
    return 0


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tell]:
    """What the making is at: a line that changes on a terminal, plain lines on standard error otherwise."""
    if quiet:
        yield lambda _: None
        return
    if not sys.stderr.isatty():
        yield lambda text: print(printable_path(text), file=sys.stderr, flush=True)
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.text import Text  # noqa: PLC0415 - as above

    with Console(stderr=True).status(Text("")) as status:
        yield lambda text: status.update(Text(printable_path(text)))


def result(done: ReportDone) -> dict[str, object]:
    """The result line."""
    data = {
        "report": str(done.path),
        "job": done.job,
        "pictures": done.pictures,
        "missing": list(done.missing),
        **done.figures,
    }
    return {"event": "result", "file": done.source, "job": done.job, "status": done.figures["status"], "data": data}


def sentence(done: ReportDone) -> str:
    """What people are told."""
    lines = [f"report  {printable_path(done.path)}"]
    figures = done.figures
    if figures["vmaf"] is not None:
        lines.append(f"VMAF    {figures['vmaf']:.2f} mean, {figures['p5']:.2f} 5th percentile")
    if figures["bytes_after"] is not None:
        lines.append(f"size    {size(figures['bytes_before'])} → {size(figures['bytes_after'])}")
    if figures["status"] != "done":
        lines.append(f"note    the job is {figures['status']}: the page shows what is known so far")
    lines += [f"note    {printable_path(text)}" for text in done.missing]
    return "\n".join(lines)
