"""The command line: words in, a call, words and an exit code out.

Each command is a module beside this one with `DESCRIPTION`, `EXAMPLES`, `add_arguments(parser)` and
`run(args, program) -> exit code`. It is imported only when it is asked for, so that `--help` answers at once.
"""

import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from reelwright.cli.arguments import Parser
from reelwright.errors import InterruptedRunError, ReelwrightError
from reelwright.version import VERSION

if TYPE_CHECKING:
    import argparse

    from reelwright.cli.commands import Program

#: Every command with its summary, in the order people meet them.
COMMANDS: Mapping[str, str] = {
    "encode": "encode films to AV1 at a measured quality",
    "probe": "show what a file holds",
    "why": "explain what would be done with a film, why, and what it would cost",
    "score": "score a film against another: VMAF, with proof that the frames are aligned",
    "sequence": "check image sequences: which frames there are, which are missing or damaged, and why",
    "report": "make a page about a job: quality, trials, pictures",
    "jobs": "list, show, watch, cancel and retry jobs, also while they run",
    "library": "keep libraries of films: scan them, and say what each file needs and why",
    "serve": "scan libraries and work on what is queued, until it is told to stop",
    "worker": "work for a cluster: encode chunks of films, lead films, or both",
    "flower": "show a cluster's tasks and workers with Flower",
    "user": "keep the users of the pages, and the tokens of programs",
    "restore": "list replaced films whose originals are kept, and put one back",
    "quality": "show what the quality model expects and has learned; reset it",
    "clean": "remove work folders of finished and given-up jobs",
    "profiles": "show the named settings there are",
    "config": "show every setting and where it comes from; check the configuration",
    "notify": "send a test message to everybody the configuration names",
    "db": "bring a ledger on PostgreSQL up to date",
    "doctor": "check tools, disk and database: what works, what to do",
    "completion": "print a script that completes words in your shell",
    "help": "show what a command does, with examples",
}

EPILOG = """exit codes: 0 done or skipped, 2 wrong usage, 3 refused: something would be lost, 4 unusable source,
5 a tool failed, 6 the output failed its checks, 7 out of disk or memory, 8 conflict, 130 interrupted, 1 our fault

`reelwright COMMAND --help` says more, with examples."""

INTERRUPTED = InterruptedRunError.exit_code


def make_parser(wanted: Sequence[str] | None = None) -> Parser:
    """The parser. Commands not among the `wanted` words have a name and a summary only; None: all are whole."""
    parser = Parser(
        prog="reelwright", description="Films in, AV1 out: measured quality, safe originals.", epilog=EPILOG
    )
    parser.add_argument("--version", action="version", version=f"reelwright {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if wanted is None or name in wanted:
            module = import_module(f"reelwright.cli.{name.replace('-', '_')}")
            command.description, command.epilog = module.DESCRIPTION, module.EXAMPLES
            module.add_arguments(command)
            command.set_defaults(carry_out=module.run, parser=command)
    return parser


def run(argv: Sequence[str], program: "Program", environ: Mapping[str, str]) -> int:
    """Carry out a command line; the one place where errors become words. Returns the exit code."""
    wants_json = "--json" in argv
    try:
        return carry_out(make_parser(argv).parse_args(list(argv)), program)
    except ReelwrightError as error:
        complain(error, wants_json=wants_json)
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return 0  # whoever read our output has seen enough
    except Exception:  # noqa: BLE001 - the last border: whatever it is, it is our defect
        report_defect(environ, wants_json=wants_json)
        return 1


def carry_out(args: "argparse.Namespace", program: "Program") -> int:
    """Carry out a parsed command."""
    code: int = args.carry_out(args, program)
    return code


def complain(error: ReelwrightError, *, wants_json: bool) -> None:
    """One sentence and a hint on standard error; in JSON mode a result line as well."""
    from reelwright.cli.text import printable_path  # noqa: PLC0415

    print(f"reelwright: {printable_path(str(error))}", file=sys.stderr)
    if wants_json:
        tell_result([error.message, error.hint], error.exit_code)


def tell_result(reasons: list[str], exit_code: int) -> None:
    """The result line of a run that ended before, or outside, any one source: it has every key of the others."""
    import datetime as dt  # noqa: PLC0415
    import json  # noqa: PLC0415

    unknown = ("decision", "output", "bytes_before", "bytes_after", "vmaf")
    data: dict[str, object] = {
        **dict.fromkeys(unknown),
        "outcome": "interrupted" if exit_code == INTERRUPTED else "failed",
        "reasons": [reason for reason in reasons if reason],
        "trials": 0,
        "seconds": 0.0,
        "checks": [],
        "cpu_seconds": 0.0,
        "exit_code": exit_code,
    }
    now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
    line = {"event": "result", "timestamp": now, "file": None, "job": None, "status": data["outcome"], "data": data}
    print(json.dumps(line))


def report_defect(environ: Mapping[str, str], *, wants_json: bool) -> None:
    """A defect of ours: where to find the details, and no traceback in the user's face."""
    import tempfile  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    with tempfile.NamedTemporaryFile(
        "w", prefix="reelwright-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as log:
        log.write(traceback.format_exc())
    sentence = f"This is a defect of ours; the details are in {log.name}."
    print(f"reelwright: {sentence}", file=sys.stderr)
    if wants_json:
        tell_result([sentence], 1)
    if environ.get("REELWRIGHT_DEBUG"):
        traceback.print_exc()
