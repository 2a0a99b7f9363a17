"""The command line: words in, a call, words and an exit code out."""

import argparse
import logging
import math
import re
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.cli.commands import EncodeJob, Program
from reelwright.cli.text import printable_path
from reelwright.errors import InterruptedRunError, ReelwrightError, UsageError
from reelwright.version import VERSION

if TYPE_CHECKING:
    from reelwright.events import Event

EPILOG = """exit codes: 0 done or skipped, 2 wrong usage, 3 refused: something would be lost, 4 unusable source,
5 a tool failed, 6 the output failed its checks, 7 out of disk or memory, 8 conflict, 130 interrupted, 1 our fault"""

INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are ours."""

    def error(self, message: str) -> "None":  # type: ignore[override]
        """Complain in one sentence.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{message[0].upper()}{message[1:]}.", hint=f"See `{self.prog} --help`.")


def number(low: float, high: float) -> Callable[[str], float]:
    """A type of argument: a number within bounds."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return value

    return parse


def quarter(text: str) -> float:
    """A CRF: 1 to 70 in steps of a quarter, which is as fine as SVT-AV1 goes."""
    value = number(1, 70)(text)
    if value * 4 != int(value * 4):
        raise argparse.ArgumentTypeError(f"{text!r} is no quarter step, such as 31.25")
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type of argument: a whole number within bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]+", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return parse


def band(text: str) -> tuple[float, float]:
    """`W`: target ± W; `LOW,HIGH`: from target - LOW to target + HIGH."""
    parts = text.split(",")
    try:
        widths = [float(part) for part in parts if math.isfinite(float(part))]
    except ValueError:
        widths = []
    if (
        len(widths) not in {1, 2}
        or len(widths) != len(parts)
        or min(widths) < 0
        or sum(widths) * (3 - len(widths)) <= 0
    ):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a width such as 1.0 nor LOW,HIGH such as 0.5,1.0")
    return widths[0], widths[-1]


def pair(text: str) -> tuple[str, str]:
    """An encoder parameter: KEY=VALUE."""
    from reelwright.config import check_svt  # noqa: PLC0415

    name, _, value = text.partition("=")
    try:
        check_svt(name, value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name, value


def make_parser() -> Parser:
    """The parser with all commands."""
    parser = Parser(
        prog="reelwright", description="Films in, AV1 out: measured quality, safe originals.", epilog=EPILOG
    )
    parser.add_argument("--version", action="version", version=f"reelwright {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    add_encode(commands)
    probe = commands.add_parser("probe", help="show what a file holds")
    probe.add_argument("file", metavar="FILE", type=Path)
    probe.add_argument("--json", action="store_true", help="one JSON object on standard output")
    doctor = commands.add_parser("doctor", help="check tools, disk and database: what works, what to do")
    doctor.add_argument("--json", action="store_true", help="one JSON object on standard output")
    return parser


def add_encode(commands: "argparse._SubParsersAction[Parser]") -> None:
    """The `encode` command."""
    encode = commands.add_parser(
        "encode",
        help="encode films to AV1 at a measured quality",
        epilog="example: reelwright encode film.mkv -o film.av1.mkv --target-vmaf 95",
    )
    add = encode.add_argument
    add("sources", metavar="SOURCE", type=Path, nargs="+", help="films, or folders of films")
    add("-o", "--output", metavar="OUTPUT", help="a .mkv file, or a folder (default: NAME.av1.mkv beside the source)")
    add("--target-vmaf", type=number(1, 99.9), metavar="N", help="VMAF every chunk is to reach (default 93)")
    add("--band", type=band, default=(1.0, 1.0), metavar="W", help="accept target ± W, or LOW,HIGH (default 1.0)")
    add("--preset", type=whole(0, 13), metavar="N", help="SVT-AV1 preset, 0 slow to 13 fast (default 6)")
    add("--svt", type=pair, action="append", default=[], metavar="KEY=VALUE", help="an SVT-AV1 parameter; repeatable")
    add("--crf", type=quarter, metavar="N", help="one CRF for every chunk, without a search")
    add("--min-crf", type=quarter, default=12.0, metavar="N", help="lowest CRF tried (default 12)")
    add("--max-crf", type=quarter, default=50.0, metavar="N", help="highest CRF tried (default 50)")
    add("--workers", type=whole(1, 1024), metavar="N", help="encodes at once (default: what CPU and memory allow)")
    add("--work-dir", metavar="DIR", help="where trials are kept (default: the user's state folder)")
    add("--overwrite", action="store_true", help="replace an existing output")
    add("--dry-run", action="store_true", help="probe, decide and plan, but do not encode")
    add("--deterministic", action="store_true", help="choose every trial independently of timing")
    add("--json", action="store_true", help="one JSON event a line on standard output")


def job_from(args: argparse.Namespace) -> EncodeJob:
    """The encode command as a value.

    Raises:
        UsageError: values that exclude each other.
    """
    if args.min_crf > args.max_crf:
        raise UsageError(f"--min-crf {args.min_crf:g} is above --max-crf {args.max_crf:g}.")
    flags: dict[str, dict[str, object]] = {"encoding": {}, "processing": {}}
    for section, key, value in (
        ("encoding", "target_vmaf", args.target_vmaf),
        ("encoding", "preset", args.preset),
        ("processing", "parallel_jobs", args.workers),
        ("processing", "temp_dir", args.work_dir),
    ):
        if value is not None:
            flags[section][key] = value
    return EncodeJob(
        sources=tuple(args.sources),
        output=args.output,
        flags=flags,
        band=args.band,
        svt=tuple(args.svt),
        crf=args.crf,
        min_crf=args.min_crf,
        max_crf=args.max_crf,
        overwrite=args.overwrite,
        dry_run=args.dry_run,
        deterministic=args.deterministic,
    )


def run(argv: Sequence[str], program: Program, environ: Mapping[str, str]) -> int:
    """Carry out a command line; the one place where errors become words. Returns the exit code."""
    wants_json = "--json" in argv
    try:
        return carry_out(make_parser().parse_args(list(argv)), program)
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


def carry_out(args: argparse.Namespace, program: Program) -> int:
    """Carry out a parsed command."""
    if args.command == "encode":
        return encode(args, program)
    if args.command == "probe":
        from reelwright.cli.probe import show_probe  # noqa: PLC0415

        return show_probe(args.file, program, as_json=args.json)
    from reelwright.cli.doctor import show_doctor  # noqa: PLC0415

    return show_doctor(program, as_json=args.json)


def encode(args: argparse.Namespace, program: Program) -> int:
    """The `encode` command: the worst exit code of its sources."""
    job = job_from(args)
    logging.getLogger("reelwright").addHandler(logging.NullHandler())
    from reelwright.events import Tee  # noqa: PLC0415

    heard = Interruption()
    try:
        if args.json:
            from reelwright.cli.jsonlines import JsonSink  # noqa: PLC0415

            outcomes = program.encode(job, Tee([heard, JsonSink(sys.stdout, sys.stderr)]))
        else:
            from reelwright.cli.terminal import Terminal  # noqa: PLC0415

            with Terminal() as terminal:
                outcomes = program.encode(job, Tee([heard, terminal]))
    except InterruptedRunError:
        if heard.told:
            return INTERRUPTED
        raise
    return max((outcome.exit_code for outcome in outcomes), default=0)


class Interruption:
    """Hears whether the source under way has told of the interruption itself: it is told once."""

    def __init__(self) -> None:
        self.told = False

    def emit(self, event: "Event") -> None:
        """Take one event."""
        self.told = self.told or event.status == "interrupted"


def complain(error: ReelwrightError, *, wants_json: bool) -> None:
    """One sentence and a hint on standard error; in JSON mode a result line as well."""
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
