"""The `score` command."""

import argparse
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program, ScoreJob
from reelwright.cli.text import printable_path
from reelwright.errors import InterruptedRunError
from reelwright.quality.comparison import Crop, Fit, ScoreOptions, ScoreResult, worst_scenes

DESCRIPTION = """VMAF of a whole film against another, every frame, with proof that the frames belong together.
Both are read in full first. Counts, times and pictures must agree: the pictures must fit where they are and at no
neighbouring frame. Where that cannot be shown the reason is given and no score (exit code 3); a file that is damaged
or no film ends with 4."""

EXAMPLES = """examples:
  reelwright score film.mkv film.av1.mkv
  reelwright score film.mkv film.av1.mkv --json | tail -n 1 | jq .data.vmaf.mean
  reelwright score film.mkv cropped.mkv --crop 1920:800:0:140      the part of film.mkv that cropped.mkv shows
  reelwright score film.mkv film.av1.mkv --n-subsample 3           every third frame: faster, less exact"""

#: How many scenes people are shown.
WORST = 5


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("reference", metavar="REFERENCE", type=Path, help="the film that is taken as it is")
    add("distorted", metavar="DISTORTED", type=Path, help="the film that is scored")
    add("--model", metavar="NAME", help="v0.6.1 (default) or v1, by size and rate, or a libvmaf model in full")
    add("--n-subsample", type=odd, default=1, metavar="N", help="score every N-th frame; odd (default 1: every frame)")
    add(
        "--scale",
        type=scale,
        default=Fit.AUTO,
        metavar="WxH|auto|none",
        help="size for scoring (default auto: pictures under 1728x972 are fitted into 1080p, as VMAF's model wants)",
    )
    add("--crop", type=crop, metavar="W:H:X:Y", help="the part of the reference that the distorted film shows")
    add("--scenes", action="store_true", help="print every scene, not the worst five only")
    add("--json", action="store_true", help="progress and the result as JSON lines on standard output")


def odd(text: str) -> int:
    """A type of argument: an odd whole number from 1 to 99."""
    if not re.fullmatch(r"[0-9]{1,2}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 to 99")
    if int(text) % 2 == 0:
        raise argparse.ArgumentTypeError(
            f"{text} is even, and even steps score the same frames of each pyramid and are biased; take {int(text) + 1}"
        )
    return int(text)


def scale(text: str) -> tuple[int, int] | Fit:
    """A type of argument: even WxH, auto or none."""
    if text in {fit.value for fit in Fit}:
        return Fit(text)
    found = re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})", text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if width % 2 or height % 2 or not 16 <= width <= 16384 or not 16 <= height <= 16384:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is neither auto, none nor a size such as 1920x1080, both even")
    return width, height


def crop(text: str) -> Crop:
    """A type of argument: W:H:X:Y, all even."""
    found = re.fullmatch(r"([0-9]{1,5}):([0-9]{1,5}):([0-9]{1,5}):([0-9]{1,5})", text)
    numbers = [int(part) for part in found.groups()] if found else [0, 0, 0, 0]
    if any(number % 2 for number in numbers) or min(numbers[:2]) < 16:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is no crop such as 1920:800:0:140, all even")
    return Crop(width=numbers[0], height=numbers[1], x=numbers[2], y=numbers[3])


def job_from(args: argparse.Namespace) -> ScoreJob:
    """The command as a value."""
    options = ScoreOptions(model=args.model, n_subsample=args.n_subsample, scale=args.scale, crop=args.crop)
    return ScoreJob(reference=args.reference, distorted=args.distorted, options=options)


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    job = job_from(args)
    try:
        result = carried_out(job, program, as_json=args.json)
    except InterruptedRunError as error:
        hint = "Run the same command to score from the start."
        raise InterruptedRunError("Interrupted; there is no score.", hint=hint) from error
    if args.json:
        print(to_json(job, result))
        return 0
    for line in describe(job, result, every_scene=args.scenes):
        print(line)
    return 0


def carried_out(job: ScoreJob, program: Program, *, as_json: bool) -> ScoreResult:
    """Score, and show how far it is."""
    from reelwright.cli.meter import Meter, tell_json  # noqa: PLC0415

    if as_json:
        return program.score(job, tell_json(str(job.distorted), sys.stdout))
    with Meter() as meter:
        return program.score(job, meter)


def vmaf_data(result: ScoreResult) -> dict[str, object]:
    """The score under the keys that programs rely on."""
    score = result.score
    return {
        "mean": round(score.mean, 4),
        "harmonic_mean": round(score.harmonic_mean, 4),
        "p5": round(score.p5, 4),
        "p1": round(score.p1, 4),
        "min": round(score.min, 4),
        "model": score.model,
        "n_subsample": score.n_subsample,
        "scaled_to": score.scaled_to,
        "frames": score.frames,
    }


def to_json(job: ScoreJob, result: ScoreResult) -> str:
    """The result line."""
    import datetime as dt  # noqa: PLC0415

    data = {
        "reference": str(job.reference),
        "distorted": str(job.distorted),
        "vmaf": vmaf_data(result),
        "alignment": asdict(result.alignment),
        "scenes": [
            {k: round(v, 4) if isinstance(v, float) else v for k, v in asdict(scene).items()} for scene in result.scenes
        ],
        "notes": list(result.notes),
        "outcome": "scored",
        "exit_code": 0,
    }
    now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
    line = {"event": "result", "timestamp": now, "file": str(job.distorted), "job": None, "status": "scored"}
    return json.dumps({**line, "data": data})


def describe(job: ScoreJob, result: ScoreResult, *, every_scene: bool) -> list[str]:
    """The result in lines for people."""
    score, found = result.score, result.alignment
    steps = "every frame" if score.n_subsample == 1 else f"one frame in {score.n_subsample}"
    scaled = f", scaled to {score.scaled_to}" if score.scaled_to else ""
    rows = [
        ("scored", printable_path(job.distorted)),
        ("against", printable_path(job.reference)),
        ("VMAF", f"{score.mean:.2f} mean, {score.harmonic_mean:.2f} harmonic mean"),
        ("", f"{score.p5:.2f} 5th percentile, {score.p1:.2f} 1st percentile, {score.min:.2f} lowest frame"),
        ("", f"{score.model}, {steps} ({score.frames} of {found.reference_frames}){scaled}"),
        ("frames", proof_words(result)),
    ]
    shown = list(result.scenes) if every_scene else worst_scenes(result.scenes, WORST)
    title = "scenes" if every_scene else "worst"
    for number, scene in enumerate(shown):
        mean = "not scored" if scene.mean is None else f"{scene.mean:6.2f} mean, {scene.min:6.2f} lowest"
        where = f"{clock(scene.start_seconds)} to {clock(scene.end_seconds)}, frames {scene.start} to {scene.end - 1}"
        rows.append(("" if number else title, f"scene {scene.scene:>4}  {mean}  {where}"))
    rows += [("note", printable_path(note)) for note in result.notes]
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {value}" for name, value in rows]


def proof_words(result: ScoreResult) -> str:
    """Why the frames belong together, in a few words."""
    found = result.alignment
    counts = f"{found.reference_frames} and {found.distorted_frames}"
    if found.proof == "same file":
        return f"{counts}, aligned: both files hold the same bytes"
    if found.proof == "pictures":
        reach = max(found.offsets_tried)
        return (
            f"{counts}, aligned: in {found.windows_proven} of {found.windows} windows the pictures fit here"
            f" and at no offset up to ±{reach}; none fits elsewhere"
        )
    return f"{counts}, {found.proof}"


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss.mmm."""
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02}.{millis % 1000:03}"
