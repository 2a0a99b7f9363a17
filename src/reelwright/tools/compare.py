"""VMAF of a whole film against another: the command line, the log, and a count of what was decoded."""

import csv
import math
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from reelwright.errors import ToolError, UsageError
from reelwright.planning.comparison import Comparison
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.failures import bad_end
from reelwright.tools.ffmpeg import QUIET, ProgressReader
from reelwright.tools.process import Runner
from reelwright.tools.vmaf import scale_filter
from reelwright.vmaf_models import KNOWN, near_model

#: One frame of a slow decoder and the largest model takes seconds, not minutes.
STALL_SECONDS = 300.0
LOG_NAME = "vmaf.csv"
MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._]*")
#: What FFmpeg says at its end of each input, at its level "verbose".
DECODED = re.compile(r"Input stream #([01]):\d+ \(video\): .*?(\d+) frames decoded")


def compare_args(ffmpeg: str, reference: Path, distorted: Path, comparison: Comparison, *, threads: int) -> list[str]:
    """Score every frame of one film against the frame of the same number of the other.

    Frames are numbered, not timed. `repeatlast=0`: a film that comes out short must not be made up for by repeating
    its last frame. "verbose" makes FFmpeg count what it decoded.
    """
    common = ["format=yuv420p10le", *scale_filter(comparison.scoring), "settb=1/1000", "setpts=N*40"]
    one = ",".join([*comparison.distorted_filters, *common])
    two = ",".join([*comparison.reference_filters, *common])
    graph = (
        f"[0:{comparison.distorted_index}]{one}[distorted];[1:{comparison.reference_index}]{two}[reference];"
        f"[distorted][reference]libvmaf=model=version={comparison.scoring.model}:n_threads={threads}"
        f":n_subsample={comparison.scoring.n_subsample}:log_fmt=csv:log_path={LOG_NAME}:repeatlast=0"
    )
    quiet = ["level+verbose" if part == "level+warning" else part for part in QUIET]
    return [
        *(ffmpeg, *quiet, "-progress", "pipe:1", "-stats_period", "0.5"),
        *("-noautorotate", *input_flags(), "-i", file_url(distorted)),
        *("-noautorotate", *input_flags(), "-i", file_url(reference)),
        *("-filter_complex", graph, "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-f", "null", "-"),
    ]


def parse_csv(lines: Iterable[str], *, frames: int, n_subsample: int) -> dict[int, float]:
    """VMAF of each scored frame, by number, from libvmaf's CSV log.

    Raises:
        ToolError: the log is not one, a score is no number, or not exactly these frames were scored.
    """
    try:
        scores = {int(row["Frame"]): float(row["vmaf"]) for row in csv.DictReader(lines)}
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise ToolError("VMAF's log could not be read.") from error
    expected = range(0, frames, n_subsample)
    if sorted(scores) != list(expected):
        raise ToolError(f"VMAF scored {len(scores)} frames where {len(expected)} were expected.")
    if not all(map(math.isfinite, scores.values())):
        raise ToolError("VMAF gave a frame a score that is no number.")
    return scores


def check_decoded(stderr: str, frames: int) -> None:
    """Make sure that as many frames of each film came out as were counted before.

    Raises:
        ToolError: more or fewer did, so that frames may have been paired wrongly.
    """
    names = {"0": "distorted film", "1": "reference"}
    counted = DECODED.findall(stderr)
    if {number for number, _ in counted} != {"0", "1"}:
        raise ToolError("FFmpeg did not say how many frames it decoded, so no score is given.")
    for number, count in counted:
        if int(count) != frames:
            raise ToolError(
                f"{count} frames of the {names[number]} were decoded where {frames} were counted, so no score is given."
            )


async def check_model(runner: Runner, ffmpeg: str, model: str) -> None:
    """Try a model on two grey frames, before films are read for it.

    Raises:
        UsageError: there is no such model.
        ToolError: FFmpeg has no libvmaf.
    """
    near = near_model(model)
    hint = f"Did you mean {near}?" if near else f"v0.6.1 and v1 choose by the picture; others are {', '.join(KNOWN)}."
    if not MODEL_NAME.fullmatch(model):
        raise UsageError(f"{model!r} is no name of a VMAF model.", hint=hint)
    grey = ("-f", "lavfi", "-i", "color=c=gray:s=384x216:r=1:d=1")
    done = await runner.run(
        [*(ffmpeg, *QUIET), *grey, *grey, "-lavfi", f"libvmaf=model=version={model}", "-f", "null", "-"],
        what="Trying the VMAF model",
        check=False,
        timeout_seconds=60,
    )
    if done.returncode == 0:
        return
    if "No such filter" in done.stderr:
        raise ToolError(
            f"FFmpeg at {ffmpeg} has no libvmaf.", hint="`reelwright doctor` says what is missing and what to do."
        )
    if model in KNOWN:
        hint = "The v1 models came with libvmaf 3.2: `pip install imageio-ffmpeg` brings an FFmpeg that has them."
    raise UsageError(f"FFmpeg's libvmaf has no model {model}.", hint=hint)


def without_chatter(stderr: str) -> str:
    """What FFmpeg said, less what it says only because it was asked to count."""
    return "\n".join(line for line in stderr.splitlines() if not re.search(r"\[(verbose|info)\]", line))


async def measure(
    runner: Runner, argv: list[str], *, folder: Path, frames: int, n_subsample: int, tell: Callable[[int], None]
) -> dict[int, float]:
    """Run a comparison and read its scores; `tell` is told how many frames are through.

    Raises:
        ToolError: FFmpeg failed, or did not score exactly the frames that were counted.
        ResourceError: the disk or the memory is full.
    """
    log = folder / LOG_NAME
    try:
        finished = await runner.run(
            argv,
            what="Scoring the film",
            on_line=ProgressReader(lambda progress: tell(progress.frame)),
            stall_seconds=STALL_SECONDS,
            cwd=os.fspath(folder),
            check=False,
        )
        if finished.returncode:
            raise bad_end("Scoring the film", tuple(argv), finished.returncode, without_chatter(finished.stderr))
        check_decoded(finished.stderr, frames)
        with log.open(encoding="utf-8", newline="") as lines:
            return parse_csv(lines, frames=frames, n_subsample=n_subsample)
    except OSError as error:
        raise ToolError("Scoring the film left no log.", hint="Is the disk of temporary files full?") from error
    finally:
        log.unlink(missing_ok=True)
