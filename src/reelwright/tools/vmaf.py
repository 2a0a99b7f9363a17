"""VMAF of a chunk against its source: the command line, and reading libvmaf's log."""

import json
import math
from dataclasses import dataclass

from reelwright.errors import ToolError
from reelwright.planning.colors import UNTAG
from reelwright.planning.plan import EncodePlan, Scoring
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ffmpeg import QUIET

#: Grain that is synthesised is new grain: against the film's own, frame by frame, it counts as an error. Asked to
#: hand out the grain's parameters, a decoder adds no grain.
NO_GRAIN = ("-export_side_data", "film_grain")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairing:
    """A chunk and its reference frames, in the order both are decoded."""

    chunk_path: str
    #: Input flags of the source, `-i` included, and the index of its video stream.
    reference_input: tuple[str, ...]
    video_index: int
    #: Filters that choose the reference frames, the pre-roll frame included.
    choose: tuple[str, ...]
    #: 1 where a frame ahead of the chunk leads both sides; its score is dropped.
    #: VMAF's motion is zero on the first frame, which drags its score down (Netflix/vmaf#674).
    preroll: int
    #: The leading frame is the chunk's own second one. VMAF takes the smaller of a frame's motion from the one before
    #: and to the one after; at a cut that is the latter, and so it is with the second frame on both sides. It spares
    #: decoding the group of pictures before the cut.
    mirrored: bool = False


def score_args(
    ffmpeg: str, pairing: Pairing, plan: EncodePlan, *, threads: int, log_name: str, proof: tuple[str, ...] = ()
) -> list[str]:
    """Score a chunk; frames are paired by number. The log goes to `log_name` in the working directory.

    `proof` is a second output that tells which frames the reference was; see `tools.proof`.
    """
    common = ["format=yuv420p10le", *scale_filter(plan.scoring), "settb=1/1000", "setpts=N*40"]
    lead = [f"tpad=start={pairing.preroll}:start_mode=clone"] if pairing.preroll else []
    distorted = ",".join([UNTAG, *lead, *common])
    reference = reference_graph(pairing, [*pairing.choose, *plan.reference], common)
    model = f"version={plan.scoring.model}"
    graph = (
        f"[0:v:0]{distorted}[distorted];{reference};"
        f"[distorted][reference]libvmaf=model={model}:n_threads={threads}:n_subsample={plan.scoring.n_subsample}"
        f":log_fmt=json:log_path={log_name}"
    )
    return [
        *(ffmpeg, *QUIET, "-progress", "pipe:1", "-stats_period", "0.5"),
        *("-noautorotate", *NO_GRAIN, *input_flags(), "-i", file_url(pairing.chunk_path)),
        *pairing.reference_input,
        *("-filter_complex", graph, "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-f", "null", "-"),
        *proof,
    ]


def reference_graph(pairing: Pairing, chosen: list[str], common: list[str]) -> str:
    """The reference's part of the filter graph, its leading frame included."""
    if not pairing.mirrored:
        return f"[1:{pairing.video_index}]{','.join([*chosen, *common])}[reference]"
    chain = ",".join([*chosen, *common])
    return (
        f"[1:{pairing.video_index}]{chain},split[whole][copy];[copy]trim=start_frame=1:end_frame=2,setpts=0[lead];"
        f"[lead][whole]concat=n=2:v=1,settb=1/1000,setpts=N*40[reference]"
    )


def scale_filter(scoring: Scoring) -> list[str]:
    """Both sides are scaled alike, bicubic."""
    return [f"scale={scoring.scaled_to[0]}:{scoring.scaled_to[1]}:flags=bicubic"] if scoring.scaled_to else []


def parse_log(text: str, *, preroll: int, frames: int, n_subsample: int) -> list[float]:
    """VMAF of each scored frame of a chunk, without the pre-roll.

    Raises:
        ToolError: the log is not one, a score is no number, or the two sides were not of `frames` frames each.
    """
    try:
        rows = json.loads(text)["frames"]
        scores = {int(row["frameNum"]): float(row["metrics"]["vmaf"]) for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError("VMAF's log could not be read.") from error
    expected = range(0, preroll + frames, n_subsample)
    if sorted(scores) != list(expected):
        raise ToolError(f"VMAF scored {len(scores)} frames where {len(expected)} were expected.")
    if not all(map(math.isfinite, scores.values())):
        raise ToolError("VMAF gave a frame a score that is no number.")
    return [score for number, score in sorted(scores.items()) if number >= preroll]
