"""VMAF of a chunk against its source: the command line, and reading libvmaf's log."""

import json
import math
from dataclasses import dataclass

from reelwright.errors import ToolError
from reelwright.planning.colors import UNTAG
from reelwright.planning.plan import EncodePlan, Scoring
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ffmpeg import QUIET
from reelwright.vmaf_models import looks_wide

#: Grain that is synthesised is new grain: against the film's own, frame by frame, it counts as an error. Asked to
#: hand out the grain's parameters, a decoder adds no grain.
NO_GRAIN = ("-export_side_data", "film_grain")
#: A frame's motion is measured against the one before it and the one after it.
NEIGHBOURHOOD = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Which of a chunk's frames are scored: `first`, and every `step`-th from there, of `frames` in all."""

    frames: int
    step: int = 1
    first: int = 0

    @property
    def scored(self) -> int:
        """How many frames are scored."""
        return len(range(self.first, self.frames, self.step))

    def reached(self, through: int) -> int:
        """About how many of the chunk's frames are done where libvmaf is through so many."""
        return through if self.step <= NEIGHBOURHOOD else min(self.frames, through * self.step // NEIGHBOURHOOD)


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
    #: Which of the chunk's frames are scored.
    look: Look


@dataclass(frozen=True, kw_only=True, slots=True)
class Thinning:
    """How frames nobody looks at are kept from libvmaf, which takes every `step`-th of what it is given.

    libvmaf measures motion on every frame, and scores none differently for skipping others. It is given no more than
    each scored frame and its two neighbours, so the rest is neither converted nor scaled; the scores are the same to
    the last digit. Models that look further get every frame.
    """

    #: Where the first scored frame is in the run, what leads it included, and how far they are apart.
    place: int
    apart: int
    #: Every frame is handed over.
    keeps: bool
    #: What libvmaf is told.
    step: int
    #: Copies of the first frame put ahead, so that scored frames fall on multiples of the step.
    ahead: int

    @property
    def begins(self) -> int:
        """Number of the first scored frame to libvmaf."""
        return self.ahead + (self.place if self.keeps else min(self.place, 1))

    def drop(self, place: int) -> list[str]:
        """The filter that leaves scored frames and their neighbours, where the first of them is at that place."""
        if self.keeps:
            return []
        return [f"select=gte(n\\,{place - 1})*lt(mod(n-{place}+1\\,{self.apart})\\,{NEIGHBOURHOOD})"]

    @property
    def lead(self) -> list[str]:
        """The filter that puts copies ahead."""
        return [f"loop=loop={self.ahead}:size=1"] if self.ahead else []


def thinning(look: Look, preroll: int, model: str) -> Thinning:
    """How the frames of a look are handed to libvmaf, where so many frames lead it."""
    place = look.first + preroll
    if look.step <= NEIGHBOURHOOD or looks_wide(model):
        ahead = -place % look.step if look.step > 1 else 0
        return Thinning(place=place, apart=look.step, keeps=True, step=look.step, ahead=ahead)
    # With its neighbour before it, the first scored frame is the second of what is left.
    ahead = NEIGHBOURHOOD - 1 if place else 0
    return Thinning(place=place, apart=look.step, keeps=False, step=NEIGHBOURHOOD, ahead=ahead)


def score_args(
    ffmpeg: str, pairing: Pairing, plan: EncodePlan, *, threads: int, log_name: str, proof: tuple[str, ...] = ()
) -> list[str]:
    """Score a chunk; frames are paired by number. The log goes to `log_name` in the working directory.

    `proof` is a second output that tells which frames the reference was; see `tools.proof`.
    """
    common = ["format=yuv420p10le", *scale_filter(plan.scoring), "settb=1/1000", "setpts=N*40"]
    thin = thinning(pairing.look, pairing.preroll, plan.scoring.model)
    lead = [f"tpad=start={pairing.preroll}:start_mode=clone"] if pairing.preroll else []
    distorted = ",".join([UNTAG, *lead, *thin.drop(thin.place), *thin.lead, *common])
    reference = reference_graph(pairing, plan, thin, common)
    model = f"version={plan.scoring.model}"
    graph = (
        f"[0:v:0]{distorted}[distorted];{reference};"
        f"[distorted][reference]libvmaf=model={model}:n_threads={threads}:n_subsample={thin.step}"
        f":log_fmt=json:log_path={log_name}"
    )
    return [
        *(ffmpeg, *QUIET, "-progress", "pipe:1", "-stats_period", "0.5"),
        *("-noautorotate", *NO_GRAIN, *input_flags(), "-i", file_url(pairing.chunk_path)),
        *pairing.reference_input,
        *("-filter_complex", graph, "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-f", "null", "-"),
        *proof,
    ]


def reference_graph(pairing: Pairing, plan: EncodePlan, thin: Thinning, common: list[str]) -> str:
    """The reference's part of the filter graph, its leading frame included."""
    # Where the chunk's own second frame is to lead, it is put there after frames were dropped.
    dropped = thin.drop(thin.place - pairing.preroll if pairing.mirrored else thin.place)
    source = f"[1:{pairing.video_index}]"
    if not pairing.mirrored:
        chain = ",".join([*pairing.choose, *dropped, *thin.lead, *plan.reference, *common])
        return f"{source}{chain}[reference]"
    chain = ",".join([*pairing.choose, *dropped, *plan.reference, *common])
    last = ",".join([*thin.lead, "settb=1/1000", "setpts=N*40"])
    return (
        f"{source}{chain},split[whole][copy];[copy]trim=start_frame=1:end_frame=2,setpts=0[lead];"
        f"[lead][whole]concat=n=2:v=1,{last}[reference]"
    )


def scale_filter(scoring: Scoring) -> list[str]:
    """Both sides are scaled alike, bicubic."""
    return [f"scale={scoring.scaled_to[0]}:{scoring.scaled_to[1]}:flags=bicubic"] if scoring.scaled_to else []


def parse_log(text: str, look: Look, *, preroll: int, model: str) -> list[float]:
    """VMAF of each scored frame of a chunk, without what leads it.

    Raises:
        ToolError: the log is not one, a score is no number, or the two sides were not of the frames looked at.
    """
    try:
        rows = json.loads(text)["frames"]
        scores = {int(row["frameNum"]): float(row["metrics"]["vmaf"]) for row in rows}
    except (ValueError, KeyError, TypeError) as error:
        raise ToolError("VMAF's log could not be read.") from error
    thin = thinning(look, preroll, model)
    wanted = range(thin.begins, thin.begins + look.scored * thin.step, thin.step)
    expected = [*range(0, thin.begins, thin.step), *wanted]
    if sorted(scores) != expected:
        raise ToolError(f"VMAF scored {len(scores)} frames where {len(expected)} were expected.")
    if not all(map(math.isfinite, scores.values())):
        raise ToolError("VMAF gave a frame a score that is no number.")
    return [scores[number] for number in wanted]
