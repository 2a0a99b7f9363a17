"""What it is to score one film against another: the wishes, the proof that frames belong together, the result."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from reelwright.quality.score import Score, percentile


@dataclass(frozen=True, kw_only=True, slots=True)
class Crop:
    """A part of a picture, in its own pixels: what is left where black bars were taken off."""

    width: int
    height: int
    x: int
    y: int

    def __str__(self) -> str:
        return f"{self.width}:{self.height}:{self.x}:{self.y}"


class Fit(StrEnum):
    """What size pictures are scored at, where no size is named."""

    #: As encodes are scored: small pictures are fitted into 1080p for the 1080p model.
    AUTO = "auto"
    #: At the reference's size.
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreOptions:
    """How a film is to be scored."""

    #: "v0.6.1" or "v1", which choose by the picture, or a libvmaf model version in full; None: as encodes are scored.
    model: str | None = None
    #: Every n-th frame is scored. Odd: even steps beat with the pyramid of frames (Netflix/vmaf#1214).
    n_subsample: int = 1
    #: A size, or a rule for it.
    scale: tuple[int, int] | Fit = Fit.AUTO
    #: The part of the reference that the distorted film shows; None: all of it.
    crop: Crop | None = None


class Proof(StrEnum):
    """How it is known that frames belong together."""

    #: The pictures fit where they are and nowhere near.
    PICTURES = "pictures"
    #: Both files hold the same bytes.
    SAME_FILE = "same file"
    #: Nothing moves that could tell: counts and times agree, and that is all.
    NOTHING_MOVES = "not proven: nothing moves"
    #: Something moves, but less than the pictures differ.
    LITTLE_MOVES = "not proven: too little moves"


@dataclass(frozen=True, kw_only=True, slots=True)
class Alignment:
    """Why frame k of one film is compared with frame k of the other."""

    proof: Proof
    reference_frames: int
    distorted_frames: int
    #: Seconds from the first frame's start to the last one's end.
    reference_seconds: float
    distorted_seconds: float
    #: Largest difference of a frame's time, counted from the first frame; None where a film has no times.
    largest_time_difference: float | None
    #: Windows of frames looked at, and those whose pictures fit here and at no other offset tried.
    windows: int
    windows_proven: int
    #: Offsets, in frames, that were tried and fit worse.
    offsets_tried: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SceneScore:
    """One scene of the reference: frames [start, end)."""

    scene: int
    start: int
    end: int
    start_seconds: float
    end_seconds: float
    #: Frames that were scored; the rest of the numbers are None where there is none.
    scored: int
    mean: float | None
    p5: float | None
    min: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreResult:
    """VMAF of a film against another, and everything that gives the number its meaning."""

    score: Score
    alignment: Alignment
    scenes: tuple[SceneScore, ...]
    #: Sentences on everything that was converted, assumed or is to be known.
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreProgress:
    """How far a comparison is."""

    #: "reference" and "distorted" while a film is read, then "score".
    phase: str
    frame: int
    #: 0 to 1; None where the length is not known.
    share: float | None


def score_scenes(
    bounds: Sequence[tuple[int, int]], scores: Mapping[int, float], seconds: Sequence[Fraction]
) -> tuple[SceneScore, ...]:
    """Pool the frame scores of each scene.

    Args:
        bounds: scenes as half-open ranges of frames.
        scores: VMAF by frame number; with subsampling not every frame has one.
        seconds: when each scene starts, and at last when the film ends.
    """
    found = []
    for number, (start, end) in enumerate(bounds):
        values = [scores[frame] for frame in range(start, end) if frame in scores]
        found.append(
            SceneScore(
                scene=number,
                start=start,
                end=end,
                start_seconds=round(float(seconds[number]), 3),
                end_seconds=round(float(seconds[number + 1]), 3),
                scored=len(values),
                mean=math.fsum(values) / len(values) if values else None,
                p5=percentile(values, 0.05) if values else None,
                min=min(values, default=None),
            )
        )
    return tuple(found)


def worst_scenes(scenes: Sequence[SceneScore], count: int) -> list[SceneScore]:
    """The scenes with the lowest means, the lowest first."""
    scored = [scene for scene in scenes if scene.mean is not None]
    return sorted(scored, key=lambda scene: (scene.mean, scene.scene))[:count]
