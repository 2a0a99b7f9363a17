"""The `why` command."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import EncodeJob, Program, RenderOrder
from reelwright.cli.encode import add_aims, add_picture, add_tools, settings_from
from reelwright.cli.ledgertext import ledger_lines
from reelwright.cli.telling import told
from reelwright.cli.text import duration, printable_path, size
from reelwright.errors import SourceError

if TYPE_CHECKING:
    from reelwright.cli.library_commands import About
    from reelwright.media.model import MediaInfo
    from reelwright.planning.estimate import Estimate
    from reelwright.planning.explanation import Explanation, Known
    from reelwright.planning.plan import EncodePlan

DESCRIPTION = """Explain what would be done with a film: its facts, the rule that decides, the plan, what it would cost,
what is there already, and what would change it. Nothing is done and nothing is written. Of a file in a library it says
as well where it stands there, each rule that was tried, its work in the queue, and how it ended each time.

Of a sheet of image sequences, each row's plan is told, as `sequence render --dry-run` does.

A film that would be skipped or refused is explained as well: the exit code is 0 unless the file cannot be read."""

EXAMPLES = """examples:
  reelwright why film.mkv
  reelwright why film.mkv --profile archive
  reelwright why film.mkv --json | jq .data.cost"""


#: Endings of sheets.
SHEETS = frozenset({".csv", ".toml"})
#: Without a floor that was asked for, `min-size` lets no chunk go further below the target.
FLOOR = 3.0


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a film, or a sheet of image sequences")
    parser.add_argument("-o", "--output", metavar="OUTPUT", help="as for `encode`: whether it exists is looked at")
    add_picture(parser)
    parser.add_argument("--audio", choices=("copy", "opus"), metavar="HOW", help="as for `encode`: copy or opus")
    add_aims(parser)
    add_tools(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    if args.file.suffix.lower() in SHEETS and not args.file.is_dir():
        order = RenderOrder(source=args.file, output=args.output, dry_run=True)
        return told(lambda sink: program.render_sequences(order, sink), as_json=args.json)
    job = EncodeJob(
        sources=(args.file,), output=args.output, flags=settings_from(args), svt=tuple(args.svt), crf=args.crf
    )
    about = program.libraries().about(args.file)
    try:
        said = program.why(job)
    except SourceError:
        if about is None or args.json:
            raise
        show(about_of(about))  # what its library knows is of use all the more where it cannot be read
        raise
    if args.json:
        data = {**plain(said), "library": plain_about_of(about)}
        print(json.dumps({"event": "result", "file": said.source, "data": data}, default=str))
        return 0
    show([*rows(said), *(about_of(about) if about is not None else [])])
    return 0


def show(found: list[tuple[str, list[str]]]) -> None:
    """Print lines under their headings."""
    for name, lines in found:
        for number, line in enumerate(lines):
            print(f"{'' if number else name:<9} {line}")


def about_of(about: "About") -> list[tuple[str, list[str]]]:
    """What its library knows of a file, by heading."""
    from reelwright.cli.abouttext import about_rows  # noqa: PLC0415

    return about_rows(about)


def plain_about_of(about: "About | None") -> dict[str, Any] | None:
    """What its library knows of a file, for JSON; None where it is in none."""
    from reelwright.cli.abouttext import plain_about  # noqa: PLC0415

    return plain_about(about) if about is not None else None


def rows(said: "Explanation") -> list[tuple[str, list[str]]]:
    """What is printed, by heading."""
    found = [
        ("film", [f"{printable_path(said.source)}  {size(said.info.size_bytes)}"]),
        ("facts", [facts_of(said.info)]),
        ("decision", [said.decision.verdict.value, *said.decision.reasons]),
        ("rule", [said.decision.rule]),
    ]
    if said.plan and said.known:
        found += [
            ("plan", plan_lines(said, said.plan, said.known)),
            ("streams", ledger_lines(plain_ledger(said.plan))),
            ("cost", cost_lines(said.cost)),
            ("there", known_lines(said.known)),
        ]
    return [*found, ("change", list(said.changes))]


def facts_of(info: "MediaInfo") -> str:
    """The film in one line."""
    length = duration(float(info.duration)) if info.duration is not None else "unknown length"
    kinds = [stream.kind.value for stream in info.streams]
    streams = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "no streams"
    film, video = info.film, info.film.video if info.film else None
    picture = f"{film.codec}, {video.width}x{video.height}, {video.pix_fmt}, " if film and video else ""
    return f"{picture}{length}, {info.container}: {streams}"


def plan_lines(said: "Explanation", plan: "EncodePlan", known: "Known") -> list[str]:
    """What would be done."""
    if plan.strategy.value == "remux":
        return ["remux: every stream is copied, nothing is encoded", f"to {printable_path(said.output)}", *plan.notes]
    request, scoring = plan.request, plan.scoring
    aim = (
        f"every chunk between VMAF {request.band_low:g} and {request.band_high:g}, at best {request.target_vmaf:g}, "
        f"CRF {request.min_crf:g} to {request.max_crf:g}"
        if request.crf is None
        else f"CRF {request.crf:g} for every chunk, without a search"
    )
    if request.objective == "min-size" and request.crf is None:
        floor = request.target_vmaf - FLOOR if request.floor_vmaf is None else request.floor_vmaf
        aim = (
            f"the film's mean on VMAF {request.target_vmaf:g} with the fewest bytes, no chunk below {floor:g}, "
            f"CRF {request.min_crf:g} to {request.max_crf:g}"
        )
    chunks = f"{known.chunks} chunks" if known.chunks else "chunks: not known before the film is read"
    scaled = f", scaled to {scoring.scale_name}" if scoring.scale_name else ""
    lines = [
        f"{plan.strategy.value}: {aim}",
        f"{plan.encoder} preset {request.preset}, {', '.join(f'{k}={v}' for k, v in plan.parameters)}"
        + (f" (profile {said.profile})" if said.profile else ""),
        f"scored with {scoring.model}, {frames_scored(scoring.n_subsample)}{scaled}",
        f"{chunks}; {said.parallel} encodes at once ({said.parallel_why})",
        f"to {printable_path(said.output)}",
    ]
    return [*lines, *plan.notes]


def frames_scored(step: int) -> str:
    """Which frames of a job's chunks are scored."""
    return "every frame" if step == 1 else f"one frame in {step} first, every frame where that does not settle it"


def plain_ledger(plan: "EncodePlan") -> list[dict[str, Any]]:
    """The stream ledger as plain values."""
    return [{name: getattr(value, "value", value) for name, value in asdict(row).items()} for row in plan.ledger]


def cost_lines(cost: "Estimate | None") -> list[str]:
    """What it would cost, and how that is known."""
    if cost is None:
        return ["not known: the film does not say how long it is"]
    seconds, count = cost.seconds, cost.bytes
    basis = (
        "rough: nothing like it was encoded here yet; these are figures of another machine"
        if cost.rough
        else f"from {cost.trials} trials of {cost.films} film{'s' if cost.films > 1 else ''} of this size and preset"
    )
    return [
        f"about {duration(seconds.likely)} ({duration(seconds.low)} to {duration(seconds.high)})",
        f"about {size(count.likely)} of picture ({size(count.low)} to {size(count.high)})",
        basis,
    ]


def known_lines(known: "Known") -> list[str]:
    """What is there already."""
    jobs = {None: "this work was not begun yet", "open": "this work was begun", "failed": "this work failed before"}
    line = jobs.get(known.job, "this work was done")
    if known.chunks is None:
        return [line, "no trials: the film has to be read first" if known.frames is None else "its trials are gone"]
    return [line, f"{known.trials} trials of {known.chunks_with_trials} of {known.chunks} chunks can be reused"]


def plain(said: "Explanation") -> dict[str, Any]:
    """The explanation as JSON holds it."""
    film = said.info.film
    video = film.video if film else None
    plan = None
    if said.plan:
        request, scoring = said.plan.request, said.plan.scoring
        plan = {
            "strategy": said.plan.strategy.value,
            "request": asdict(request),
            "encoder": said.plan.encoder,
            "parameters": dict(said.plan.parameters),
            "scoring": {"model": scoring.model, "n_subsample": scoring.n_subsample, "scaled_to": scoring.scale_name},
            "streams": [asdict(stream) for stream in said.plan.streams],
            "ledger": plain_ledger(said.plan),
            "notes": list(said.plan.notes),
            "profile": said.profile,
            "parallel": said.parallel,
        }
    return {
        "decision": said.decision.verdict.value,
        "rule": said.decision.rule,
        "reasons": list(said.decision.reasons),
        "hint": said.decision.hint,
        "output": said.output,
        "facts": {
            "container": said.info.container,
            "bytes": said.info.size_bytes,
            "seconds": float(said.info.duration) if said.info.duration is not None else None,
            "codec": film.codec if film else None,
            "width": video.width if video else None,
            "height": video.height if video else None,
            "streams": len(said.info.streams),
        },
        "plan": plan,
        "cost": {**asdict(said.cost), "rough": said.cost.rough} if said.cost else None,
        "known": asdict(said.known) if said.known else None,
        "changes": list(said.changes),
    }
