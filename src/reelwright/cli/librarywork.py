"""The actions of the `library` command that work, or say what is to be worked on."""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.jobs import tell_result
from reelwright.cli.library_commands import RunOrder
from reelwright.cli.text import printable_path
from reelwright.errors import UsageError

if TYPE_CHECKING:
    from reelwright.cli.library_commands import RunDone

Add = Callable[[str, str, "Callable[[argparse.Namespace, Program], int]"], Parser]
WORDS = ("encode", "remux", "skip", "rules")


def add_work(add: Add) -> None:
    """The actions' arguments."""
    run = add("run", "scan, decide, encode what is approved, and end", run_libraries)
    run.add_argument("names", metavar="NAME", nargs="*", help="only these libraries")
    ends = run.add_mutually_exclusive_group()
    ends.add_argument("--once", action="store_true", help="go at each film once; those that failed wait")
    ends.add_argument("--until-empty", action="store_true", help="until nothing waits (the default)")
    for name, summary in (("pause", "hold a library's films back"), ("resume", "hold them back no longer")):
        add(name, summary, pause_library).add_argument("name", metavar="NAME")
    answer = add("answer", "say what is to become of a file, whatever the rules say", answer_file)
    answer.add_argument("file", metavar="FILE", type=Path)
    answer.add_argument("word", choices=WORDS, help="rules: take your word back")
    export = add("export", "write everything that is known of libraries as JSON", export_all)
    export.add_argument("-o", "--output", metavar="FILE", type=Path, help="where to; otherwise standard output")


def run_libraries(args: argparse.Namespace, program: Program) -> int:
    """Go once over libraries; the exit code is the worst of the films' and the libraries'."""
    from reelwright.cli.librarytext import Steps, plain_scan  # noqa: PLC0415

    order = RunOrder(names=args.names, once=args.once)
    steps = Steps(as_json=args.json)
    if args.json:
        from reelwright.cli.jsonlines import JsonSink  # noqa: PLC0415

        done = program.libraries().run(order, JsonSink(sys.stdout, sys.stderr), steps)
        failed = [{"library": f.library, "error": f.message, "hint": f.hint} for f in done.failed]
        scanned = [plain_scan(found) for found in done.scanned]
        counts = dict(Counter(done.outcomes))
        tell_result({"libraries": scanned, "failed": failed, "outcomes": counts, "unapproved": dict(done.unapproved)})
    else:
        from reelwright.cli.terminal import Terminal  # noqa: PLC0415

        with Terminal() as terminal:
            done = program.libraries().run(order, terminal, steps)
        print("\n".join(run_lines(done)))
    for failure in done.failed:
        print(f"reelwright: {failure.library}: {failure.message} {failure.hint}".rstrip(), file=sys.stderr)
    return done.exit_code


def run_lines(done: "RunDone") -> Iterator[str]:
    """What a run came to."""
    from reelwright.cli.librarytext import scan_line  # noqa: PLC0415

    for found in done.scanned:
        yield from scan_line(found)
    counts = Counter(done.outcomes)
    said = ", ".join(f"{number:,} {outcome.replace('_', ' ')}" for outcome, number in sorted(counts.items()))
    yield f"films: {said}" if said else "No film waited."
    for name, count in done.unapproved.items():
        yield f"{name}: {count:,} files wait for your approval: reelwright library plan {name} -o plan.json,"
        yield "  then reelwright library apply plan.json"


def pause_library(args: argparse.Namespace, program: Program) -> int:
    """Hold a library's films back, or no longer."""
    paused = args.what == "pause"
    program.libraries().pause(args.name, paused=paused)
    if args.json:
        tell_result({"library": args.name, "paused": paused})
    elif paused:
        print(f"{args.name} is held back: what runs goes on, and nothing more of it is begun.")
    else:
        print(f"{args.name} is held back no longer.")
    return 0


def answer_file(args: argparse.Namespace, program: Program) -> int:
    """Take the owner's word."""
    done = program.libraries().answer(args.file, args.word)
    file = done.file
    reasons = list(file.choice.reasons) if file.choice else []
    if args.json:
        state = {"before": done.before.value, "state": file.state.value, "work": file.work_id}
        tell_result({"library": file.library, "path": file.path, **state, "reasons": reasons})
    else:
        print(f"{printable_path(file.path)} was {done.before} and is {file.state} now: {' '.join(reasons)}")
        if file.state.value == "planned":
            print(f"Next: reelwright library plan {file.library} -o plan.json, and apply it.")
    return 0


def export_all(args: argparse.Namespace, program: Program) -> int:
    """Write everything: one object whose keys are tables."""
    rows = program.libraries().export()
    if args.output is None:
        for line in lines_of(rows):
            print(line)
        return 0
    part = args.output.with_name(f".{args.output.name}.{os.getpid()}.tmp")
    try:
        with part.open("w", encoding="ascii") as file:
            for line in lines_of(rows):
                print(line, file=file)
        part.replace(args.output)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{args.output} cannot be written ({error.strerror}).") from error
    if args.json:
        tell_result({"path": str(args.output)})
    else:
        print(f"Written to {printable_path(str(args.output))}.")
    return 0


def lines_of(rows: "Iterator[tuple[str, Mapping[str, Any]]]") -> Iterator[str]:
    """One JSON object, a row a line, so that no more than a row is held; rows come table by table."""
    last, comma = None, ""
    for table, row in rows:
        if table != last:
            yield f'{{"{table}": [' if last is None else f'], "{table}": ['
            last, comma = table, ""
        if row:
            yield f"{comma}{json.dumps(row, default=str)}"
            comma = ","
    yield "]}" if last is not None else "{}"
