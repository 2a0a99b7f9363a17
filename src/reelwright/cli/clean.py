"""The `clean` command."""

import argparse
import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import CleanRequest, Program
from reelwright.cli.jobs import tell_result
from reelwright.cli.text import printable_path, size

if TYPE_CHECKING:
    from reelwright.engine.removal import Cleaned

DESCRIPTION = """Remove work folders that nobody needs any more. Sources, outputs and the ledger are not touched:
what was learned stays, and a trial that is wanted again is made again.

  held by a run                       always stays
  all its jobs done or cancelled      goes; with --older-than only if nothing changed in it for that long
  a failed job in it, or a stopped    stays for 14 days, or as long as --older-than says; goes with --all
    one that the same command goes on
  of no job in this ledger            the same
  not made by Reelwright, or a link   always stays

Left over by runs that were killed, and removed with it: folders of films that were being read, half-written trials,
and half-written outputs (.reelwright-*.tmp beside the destination, by the rule of their job)."""

EXAMPLES = """examples:
  reelwright clean --dry-run          what would go, what would stay, and why
  reelwright clean
  reelwright clean --older-than 12h   only what has been idle for twelve hours, stopped jobs too
  reelwright clean --all              everything that no run holds; stopped jobs begin anew"""


def age(text: str) -> dt.timedelta:
    """A type of argument: 14d, 12h or 0."""
    from reelwright.engine.cleaning import parse_age  # noqa: PLC0415

    try:
        return parse_age(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no age: {error}") from error


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("--older-than", type=age, metavar="AGE", help="only what has not changed for so long: 14d, 12h, 30m, 0")
    add("--all", action="store_true", help="also what may still be of use, whatever its age; a stopped job begins anew")
    add("--dry-run", action="store_true", help="say what would go, and remove nothing")
    add("--work-dir", metavar="DIR", help="where work folders lie, besides those the ledger knows")
    add("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command: 7 where something that should go could not be removed."""
    from reelwright.engine.cleaning import Age  # noqa: PLC0415

    flags = {"processing": {"temp_dir": args.work_dir}} if args.work_dir else {}
    age_wanted = Age(older_than=args.older_than, everything=args.all)
    wanted = CleanRequest(age=age_wanted, dry_run=args.dry_run, flags=flags)
    found = []
    for one in program.clean(wanted):
        found.append(one)
        if not args.json:
            print(line(one, dry_run=args.dry_run), flush=True)
    freed = sum(one.bytes for one in found if one.goes)
    if args.json:
        data: dict[str, Any] = {"dry_run": args.dry_run, "bytes_freed": freed}
        for name, goes in (("removed", True), ("kept", False)):
            data[name] = [plain(one) for one in found if one.goes is goes]
        tell_result(data)
    else:
        would = "would be " if args.dry_run else ""
        print(f"{size(freed)} {would}freed" if found else "There is nothing to clean.")
    stuck = [one for one in found if one.failed]
    for one in stuck:
        print(f"reelwright: {printable_path(one.path)}: {one.why}", file=sys.stderr)
    return 7 if stuck else 0


def plain(one: "Cleaned") -> dict[str, Any]:
    """One thing, for JSON."""
    return {"path": str(one.path), "what": one.what, "film": one.film, "bytes": one.bytes, "why": one.why}


def line(one: "Cleaned", *, dry_run: bool) -> str:
    """One thing in one line."""
    word = ("would go" if dry_run else "removed") if one.goes else "kept"
    film = printable_path(one.film) if one.film else "film unknown"
    return f"{word:<8}  {size(one.bytes):>8}  {film}: {one.what} {printable_path(one.path)} ({one.why})"
