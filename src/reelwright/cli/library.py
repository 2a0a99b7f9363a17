"""The `library` command."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser, size_in_bytes, whole
from reelwright.cli.commands import Program
from reelwright.cli.jobs import tell_result
from reelwright.cli.library_commands import NewLibrary
from reelwright.cli.librarywork import add_work
from reelwright.cli.text import printable_path

if TYPE_CHECKING:
    from collections.abc import Callable

DESCRIPTION = """Keep libraries of films: what is there, what each file needs, and why.

Adding a library writes one hidden file into its folder, .reelwright-library: the proof that what is mounted there is
the library. Where it is missing, or the folder has no film any more, nothing that is known is changed (exit 4). A scan
compares names, sizes and times, and contents where that is not enough, so that films that were renamed, touched or
remounted are known again; new films are looked into and decided by rules.

Nothing is encoded before a plan of the library was applied: `library plan`, `library apply`, then `library run` or
`reelwright serve`. From then on new films are queued by themselves."""

EXAMPLES = """examples:
  reelwright library add films /srv/films
  reelwright library scan                      all libraries; only what changed is looked into
  reelwright library status                    how many files are what, and what was saved
  reelwright library files films --state asked what a person has to decide, with the reasons
  reelwright library plan films -o plan.json && reelwright library apply plan.json
  reelwright library run                       scan, decide, encode what is approved, and end
  reelwright library answer films/old.mkv encode
  reelwright library rules > my-rules.toml     the rules that apply, to be changed
  reelwright library add films /srv/films --rules my-rules.toml"""

STATES = ("met", "skipped", "asked", "planned", "queued", "running", "done", "failed")


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="what", required=True, metavar="ACTION", parser_class=Parser)

    def add(name: str, summary: str, action: "Callable[[argparse.Namespace, Program], int]") -> Parser:
        made: Parser = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        made.set_defaults(action=action, parser=made)
        made.add_argument("--json", action="store_true", help="JSON on standard output, the result last")
        return made

    add_add(add("add", "add a folder as a library, or change a library's settings", add_library))
    add("list", "list the libraries", show_list)
    scan = add("scan", "compare libraries with what is known of them, and look into what is new", scan_libraries)
    scan.add_argument("names", metavar="NAME", nargs="*", help="only these libraries")
    scan.add_argument("--no-probe", action="store_true", help="open no file: names, sizes and times only")
    add("status", "show how many files are in which state, and what was saved", show_status)
    files = add("files", "list a library's files with what was decided, and why", show_files)
    files.add_argument("name", metavar="NAME")
    files.add_argument("--state", choices=STATES, action="append", help="only files in this state, repeatable")
    files.add_argument("--limit", type=whole(1, 10**9), metavar="N", default=50, help="at most so many (default 50)")
    files.add_argument("--all", action="store_true", help="all of them")
    add("rules", "print the rules of a library that has none of its own, as TOML", show_rules)
    plan = add("plan", "say what would be done, with predicted savings and hours; nothing is queued", make_plan)
    plan.add_argument("name", metavar="NAME")
    plan.add_argument("-o", "--output", metavar="FILE", type=Path, help="write the plan, for `library apply`")
    plan.add_argument("--no-samples", action="store_true",
        help="encode no samples: films nothing like which was encoded yet are foretold roughly")  # fmt: skip
    apply = add("apply", "queue what a plan says, but for files that changed since it was made", apply_plan)
    apply.add_argument("plan", metavar="PLAN", type=Path)
    add_work(add)
    remove = add("remove", "forget a library; no file is touched", remove_library)
    remove.add_argument("name", metavar="NAME")


def add_add(parser: Parser) -> None:
    """Arguments of `library add`: the settings of a table [libraries.NAME]."""
    add = parser.add_argument
    add("name", metavar="NAME", help="small letters, digits, - and _")
    add("root", metavar="DIR", type=Path)
    add("--rules", metavar="FILE", help="a TOML file of rules, instead of those that come with Reelwright")
    add("--pattern", metavar="GLOB", dest="file_pattern", help="which names are films: *.{mkv,mp4}")
    add("--min-size", type=size_in_bytes, metavar="SIZE", help="leave smaller files alone")
    add("--max-size", type=size_in_bytes, metavar="SIZE", help="leave larger files alone")
    add("--exclude", metavar="GLOB", action="append", help="leave these paths below DIR alone, repeatable")
    add("--follow-links", action="store_true", default=None, help="follow symbolic links")
    add("--settle", type=float, metavar="SECONDS", help="leave files alone that were written since (default 60)")
    add("--policy", choices=("tree", "beside", "replace"),
        help="where outputs go: mirrored into --output-dir, beside films, or in their place")  # fmt: skip
    add("--output-dir", metavar="DIR", type=Path, help="the folder of a tree of outputs; without one they go beside")
    add(
        "--max-encoded-percent",
        type=float,
        metavar="N",
        help="keep no output above this share of its film (default 80)",
    )
    add("--order", choices=("saving", "largest", "smallest", "newest", "oldest", "name"),
        help="which films come first (default saving: bytes saved for an hour of work, as foretold)")  # fmt: skip
    add("--weight", type=float, metavar="N", help="how this library counts beside others (default 1)")
    add("--schedule", metavar="CRON",
        help='when `serve` scans it: "0 3 * * *"; else when its queue is empty, hourly at the most')  # fmt: skip
    add("--hours", metavar="HOURS", help='when its films may be begun: "22-6"; otherwise always')
    add("--watch", action="store_true", default=None, help="have `serve` scan it as soon as something changes in it")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    code: int = args.action(args, program)
    return code


def add_library(args: argparse.Namespace, program: Program) -> int:
    """Add a library."""
    names = (
        *("file_pattern", "min_size", "max_size", "exclude", "follow_links", "settle", "policy", "order", "weight"),
        *("max_encoded_percent", "schedule", "hours", "watch"),
    )
    settings: dict[str, Any] = {name: value for name in names if (value := getattr(args, name)) is not None}
    places = {name: getattr(args, name) for name in ("rules", "output_dir")}
    settings |= {name: str(Path(value).absolute()) for name, value in places.items() if value is not None}
    library = program.libraries().add(NewLibrary(name=args.name, root=args.root, settings=settings))
    if args.json:
        tell_result({"name": library.name, "root": library.root, "settings": dict(library.settings)})
    else:
        print(f"{library.name}: {printable_path(library.root)}")
        print(f"Next: reelwright library scan {library.name}")
    return 0


def remove_library(args: argparse.Namespace, program: Program) -> int:
    """Forget a library."""
    program.libraries().remove(args.name)
    if args.json:
        tell_result({"removed": args.name})
    else:
        print(f"{args.name} is forgotten; its films are where they were.")
    return 0


def show_list(args: argparse.Namespace, program: Program) -> int:
    """The libraries, one a line."""
    from reelwright.cli.librarytext import library_lines, plain_library  # noqa: PLC0415

    found = program.libraries().listed()
    if args.json:
        tell_result({"libraries": [plain_library(library, counts) for library, counts in found]})
        return 0
    if not found:
        print("There is no library yet: reelwright library add NAME DIR")
        return 0
    print("\n".join(library_lines(found)))
    return 0


def scan_libraries(args: argparse.Namespace, program: Program) -> int:
    """Scan; the exit code is the worst of the libraries'."""
    from reelwright.cli.librarytext import Steps, plain_scan, scan_line  # noqa: PLC0415

    with Steps(as_json=args.json) as steps:
        done = program.libraries().scan(args.names, steps, probe=not args.no_probe)
    for failure in done.failed:
        print(f"reelwright: {failure.library}: {failure.message} {failure.hint}".rstrip(), file=sys.stderr)
    if args.json:
        failed = [{"library": f.library, "error": f.message, "hint": f.hint} for f in done.failed]
        tell_result({"libraries": [plain_scan(found) for found in done.scanned], "failed": failed})
    else:
        for found in done.scanned:
            print("\n".join(scan_line(found)))
    return max((failure.exit_code for failure in done.failed), default=0)


def show_status(args: argparse.Namespace, program: Program) -> int:
    """How many files are what."""
    from reelwright.cli.librarytext import contract_status, status_lines  # noqa: PLC0415

    found = program.libraries().listed()
    if args.json:
        tell_result(contract_status(found))
    else:
        print("\n".join(status_lines(found)))
    return 0


def show_files(args: argparse.Namespace, program: Program) -> int:
    """A library's files."""
    from reelwright.cli.librarytext import file_lines, plain_file  # noqa: PLC0415
    from reelwright.library.catalog import FileState  # noqa: PLC0415

    states = [FileState(state) for state in args.state] if args.state else None
    limit = None if args.all else args.limit
    found = program.libraries().files(args.name, states, None if limit is None else limit + 1)
    shown = found[:limit]
    if args.json:
        tell_result({"files": [plain_file(file) for file in shown], "more": len(shown) < len(found)})
        return 0
    print("\n".join(file_lines(shown)) if shown else "No such files.")
    if len(shown) < len(found):
        print(f"… the first {limit}; --all shows every one", file=sys.stderr)
    return 0


def show_rules(args: argparse.Namespace, program: Program) -> int:
    """The rules that come with Reelwright."""
    rules = program.libraries().default_rules()
    if args.json:
        tell_result({"rules": rules})
    else:
        print(rules, end="")
    return 0


def make_plan(args: argparse.Namespace, program: Program) -> int:
    """What would be done with a library."""
    from reelwright.cli.libraryplan import plain_done, plan_lines, samples_told  # noqa: PLC0415

    with samples_told(as_json=args.json) as sink:
        done = program.libraries().plan(args.name, args.output, sink, samples=not args.no_samples)
    if args.json:
        tell_result(plain_done(done))
    else:
        print("\n".join(plan_lines(done)))
    return 0


def apply_plan(args: argparse.Namespace, program: Program) -> int:
    """Queue what a plan says; 8 where a file changed since."""
    done = program.libraries().apply(args.plan)
    if args.json:
        refused = [{"path": one.path, "why": one.why} for one in done.refused]
        tell_result({"library": done.library, "queued": done.queued, "refused": refused})
    else:
        print(f"{done.library}: {done.queued:,} queued")
    for one in done.refused:
        print(f"reelwright: {printable_path(one.path)}: {one.why.rstrip('.')}; it is left out.", file=sys.stderr)
    return 8 if done.refused else 0
