"""Score one film against another: read both, prove that their frames belong together, measure."""

import asyncio
import os
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from reelwright.config import Settings
from reelwright.engine.workspace import take_stamp
from reelwright.errors import ConflictError, SourceError
from reelwright.media.model import MediaInfo
from reelwright.planning.alignment import Reading, align, alignment_notes
from reelwright.planning.chunking import find_cuts
from reelwright.planning.comparison import Comparison, compare, interlaced, video_of
from reelwright.planning.decision import Decision
from reelwright.quality.comparison import Crop, ScoreOptions, ScoreProgress, ScoreResult, score_scenes
from reelwright.quality.score import Score, pool
from reelwright.tools.blocks import blocks_request, load_blocks
from reelwright.tools.capabilities import find_ffmpeg
from reelwright.tools.compare import check_model, compare_args, measure
from reelwright.tools.index import load_index, make_index
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner

Tell = Callable[[ScoreProgress], None]
Value = TypeVar("Value")


async def score_files(
    reference: Path, distorted: Path, options: ScoreOptions, settings: Settings, tell: Tell
) -> ScoreResult:
    """VMAF of a whole film against another, with proof that their frames belong together.

    Args:
        reference: the film that is taken as it is.
        distorted: the film that is scored.
        options: how.
        settings: where FFmpeg is, and the model encodes are scored with.
        tell: told how far it is.

    Raises:
        UsageError: no such model, or a crop outside the picture.
        RefusedError: the frames cannot be compared, with the reason.
        SourceError: a file is no film, or damaged; it is named.
        ConflictError: a file changed meanwhile.
        ToolError: FFmpeg failed, or decoded other frames than were counted.
    """
    ffmpeg = find_ffmpeg(settings.tools.ffmpeg)
    with tempfile.TemporaryDirectory(prefix="reelwright-score-") as folder:
        async with Runner() as runner:
            return await Scorer(runner, ffmpeg, Path(folder), tell).score(reference, distorted, options, settings)


class Scorer:
    """Scores one film against another.

    Args:
        runner: spawns what reads and scores.
        ffmpeg: path of FFmpeg.
        folder: for what is written meanwhile; nobody else's.
        tell: told how far it is.
    """

    def __init__(self, runner: Runner, ffmpeg: str, folder: Path, tell: Tell) -> None:
        self.runner = runner
        self.ffmpeg = ffmpeg
        self.folder = folder
        self.tell = tell

    async def score(self, reference: Path, distorted: Path, options: ScoreOptions, settings: Settings) -> ScoreResult:
        """The straight line: probe, compare, read, align, measure."""
        whole = await self.facts(reference, "reference")
        other = await self.facts(distorted, "distorted")
        stamps = [take_stamp(path) for path in (reference, distorted)]
        comparison = settled(compare(whole, other, options, settings.encoding.vmaf_model))
        await check_model(self.runner, self.ffmpeg, comparison.scoring.model)
        one = await self.read(reference, "reference", whole, comparison.reference_index, options.crop)
        two = await self.read(distorted, "distorted", other, comparison.distorted_index, None)
        if (woven := interlaced(one.index, two.index)) is not None:
            settled(woven)
        alignment = settled(await asyncio.to_thread(align, one, two))
        scores = await self.measure(reference, distorted, comparison, one.index.frames)
        if [take_stamp(path) for path in (reference, distorted)] != stamps:
            raise ConflictError("A film changed while it was scored.", hint="Run this again when it is complete.")
        scoring = comparison.scoring
        score = pool(
            list(scores.values()),
            model=scoring.model,
            n_subsample=scoring.n_subsample,
            scaled_to=scoring.scale_name,
        )
        bounds = list(pairwise([*find_cuts(one.index.difference), one.index.frames]))
        seconds = [one.index.seconds(start) for start, _ in bounds] + [one.index.duration]
        return ScoreResult(
            score=score,
            alignment=alignment,
            scenes=score_scenes(bounds, scores, seconds),
            notes=(
                *ceiling(one, two, score),
                *alignment_notes(alignment, one.index, two.index),
                *comparison.notes,
            ),
        )

    async def facts(self, path: Path, role: str) -> MediaInfo:
        """Facts of a file; an error names it."""
        try:
            info = await probe(self.runner, self.ffmpeg, path)
            video_of(info)  # says why, where there is no film in it
        except SourceError as error:
            raise named(error, path, role) from error
        return info

    async def read(self, path: Path, role: str, info: MediaInfo, video_index: int, crop: Crop | None) -> Reading:
        """Every frame's time and picture; an error names the file."""
        total = float(info.duration) if info.duration else None

        def told(message: dict[str, object]) -> None:
            seconds = message["seconds"]
            known = total and isinstance(seconds, int | float)
            share = min(1.0, max(0.0, float(seconds) / total)) if known else None  # type: ignore[arg-type,operator]
            self.tell(ScoreProgress(phase=role, frame=int(str(message["frame"])), share=share))

        index_path, blocks_path = self.folder / f"{role}.index", self.folder / f"{role}.blocks"
        request = blocks_request(blocks_path, crop)
        try:
            await make_index(self.runner, path, video_index, index_path, told, blocks=request)
        except SourceError as error:
            raise named(error, path, role) from error
        return Reading(index=load_index(index_path), pictures=load_blocks(blocks_path))

    async def measure(self, reference: Path, distorted: Path, comparison: Comparison, frames: int) -> dict[int, float]:
        """VMAF of each frame, by number."""
        threads = len(os.sched_getaffinity(0))
        return await measure(
            self.runner,
            compare_args(self.ffmpeg, reference, distorted, comparison, threads=threads),
            folder=self.folder,
            frames=frames,
            n_subsample=comparison.scoring.n_subsample,
            tell=lambda frame: self.tell(ScoreProgress(phase="score", frame=frame, share=min(1.0, frame / frames))),
        )


def settled(found: Value | Decision) -> Value:
    """A value, or the refusal that was given instead of it.

    Raises:
        RefusedError: with its reason.
    """
    if not isinstance(found, Decision):
        return found
    error = found.error()
    assert error is not None  # noqa: S101 - what refuses has an error
    raise error


def named(error: SourceError, path: Path, role: str) -> SourceError:
    """The error with the file it is about."""
    return SourceError(f"{os.fspath(path)} ({role}): {error.message}", hint=error.hint)


def ceiling(one: Reading, two: Reading, score: Score) -> tuple[str, ...]:
    """What a score of identical pictures means: the most the model gives for them."""
    if one.index.source_id != two.index.source_id and not same_pictures(one, two):
        return ()
    return (f"Identical pictures score {score.mean:.2f} here, not 100: in the model's own terms that is all there is.",)


def same_pictures(one: Reading, two: Reading) -> bool:
    """Whether the frames of two films measure the same in every respect that is measured."""
    a, b = one.index, two.index
    return (
        a.luma == b.luma
        and a.spatial == b.spatial
        and a.difference == b.difference
        and a.temporal == b.temporal
        and one.pictures == two.pictures
    )
