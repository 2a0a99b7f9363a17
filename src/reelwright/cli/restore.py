"""The `restore` command: originals in quarantine."""

import argparse
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.jobs import tell_result
from reelwright.cli.text import printable_path, size

if TYPE_CHECKING:
    from reelwright.engine.replacing import Entry

DESCRIPTION = """Films that were replaced by their encodes, and their originals, which stay in a hidden folder of the
library (.reelwright-quarantine) until their time is over. Putting one back reads it in full and compares it with what
it was, gives it and its sidecars their names again, and deletes the encode that had taken its place. Nothing is touched
where something else lies there by now (exit 8)."""

EXAMPLES = """examples:
  reelwright restore                           what was replaced, and until when its original is kept
  reelwright restore 3f2a91c0                  put one back, by the first four or more characters of its id
  reelwright restore films/heat.mkv            the same, by the film's path
  reelwright restore list --json"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "which", metavar="list|ID", nargs="?", default="list",
        help="list (the default), or which one: the first characters of its id (4 or more), or the film's path",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="JSON on standard output, the result last")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    if args.which == "list":
        return show_list(program, as_json=args.json)
    entry = program.restore(args.which)
    if args.json:
        tell_result(plain(entry))
    elif entry.stage.value == "restored":
        print(f"{printable_path(entry.order.source.path)} is the original again.")
    else:
        print(f"{printable_path(entry.order.source.path)}: {printable_path(entry.why)}")
    return 0 if entry.stage.value == "restored" else 8


def show_list(program: Program, *, as_json: bool) -> int:
    """Every replacement, and what it comes to."""
    from reelwright.engine.quarantine import savings  # noqa: PLC0415

    entries = program.replacements()
    sums = savings(entries)
    if as_json:
        told = {"saved": sums.saved, "quarantined": sums.quarantined, "promised": sums.promised}
        tell_result({"replacements": [plain(entry) for entry in entries], "bytes": told})
        return 0
    if not entries:
        print("No film was replaced.")
        return 0
    for entry in entries:
        print(line(entry))
    print(
        f"{size(sums.quarantined)} in quarantine, {size(sums.saved)} saved, "
        f"{size(sums.promised)} more when all their time is over"
    )
    return 0


def line(entry: "Entry") -> str:
    """One replacement in one line."""
    until = f"until {entry.until:%Y-%m-%d}" if entry.stage.value == "done" and entry.until else ""
    sizes = f"{size(entry.bytes_before)} > {size(entry.bytes_after)}"
    why = f"  ({printable_path(entry.why)})" if entry.why else ""
    stage = entry.stage.value.replace("_", " ")
    head = f"{entry.order.label[:8]}  {stage:<11}  {until:<16}  {sizes:<20}"
    return f"{head}  {printable_path(entry.order.final)}{why}"


def plain(entry: "Entry") -> dict[str, Any]:
    """One replacement, for JSON."""
    return {
        "id": entry.order.label,
        "stage": entry.stage.value,
        "source": entry.order.source.path,
        "output": entry.order.final,
        "kept": entry.kept,
        "sidecars": [{"before": before, "after": after} for before, after in entry.sidecars],
        "bytes_before": entry.bytes_before,
        "bytes_after": entry.bytes_after,
        "until": None if entry.until is None else entry.until.isoformat(),
        "job": entry.order.job_id,
        "why": entry.why,
    }
