"""The numbers of the charts: per-frame scores thinned without losing a low one, and the chunks' searches."""

from collections.abc import Sequence
from typing import Any

from reelwright.media.timing import FrameIndex
from reelwright.quality.steps import scored_frames
from reelwright.report.story import ChunkStory

#: Points of the VMAF line: more than a screen has columns, few enough to be drawn at once.
MOST_POINTS = 4000


def thin(values: Sequence[float], most: int) -> list[int]:
    """Places of the values worth drawing, at most `most` and never fewer than two: of each run the lowest and highest.

    Args:
        values: in order.
        most: places wanted at the most.

    Returns:
        Increasing places; all where there are no more than wanted. The lowest value of all is among them.
    """
    buckets = max(1, most // 2)
    if len(values) <= max(2, most):
        return list(range(len(values)))
    kept: set[int] = set()
    for k in range(buckets):
        run = range(k * len(values) // buckets, (k + 1) * len(values) // buckets)
        kept |= {min(run, key=values.__getitem__), max(run, key=values.__getitem__)}
    return sorted(kept)


def frame_line(chunks: Sequence[ChunkStory], index: FrameIndex | None, most: int = MOST_POINTS) -> dict[str, list[Any]]:
    """VMAF along the film: frame numbers, times and scores, and each point's chunk; a gap where none was accepted."""
    total = sum(len(c.accepted.frame_scores) for c in chunks if c.accepted) or 1
    line: dict[str, list[Any]] = {"frame": [], "time": [], "vmaf": [], "chunk": []}
    for chunk in chunks:
        if chunk.accepted is None:
            _put(line, chunk.start, chunk.begins, None, chunk.index)
            continue
        scores = chunk.accepted.frame_scores
        frames = scored_frames(chunk.start, chunk.end, chunk.accepted.score.n_subsample)
        for k in thin(scores, most * len(scores) // total):
            frame = frames[k]
            _put(line, frame, frame_seconds(chunk, index, frame), round(scores[k], 2), chunk.index)
    return line


def _put(line: dict[str, list[Any]], frame: int, seconds: float, vmaf: float | None, chunk: int) -> None:
    for name, value in (("frame", frame), ("time", round(seconds, 3)), ("vmaf", vmaf), ("chunk", chunk)):
        line[name].append(value)


def frame_seconds(chunk: ChunkStory, index: FrameIndex | None, frame: int) -> float:
    """When a frame is shown: exactly where the film's index is at hand, else evenly spaced within its chunk."""
    if index is not None:
        return float(index.seconds(frame))
    return chunk.begins + chunk.seconds * (frame - chunk.start) / (chunk.end - chunk.start)


def chunk_rows(chunks: Sequence[ChunkStory]) -> list[dict[str, Any]]:
    """Each chunk with its trials, as numbers for the charts."""
    return [_chunk_row(chunk) for chunk in chunks]


def _chunk_row(chunk: ChunkStory) -> dict[str, Any]:
    taken = chunk.accepted
    return {
        "begins": round(chunk.begins, 3),
        "ends": round(chunk.ends, 3),
        "crf": taken.crf if taken else None,
        "mean": round(taken.score.mean, 2) if taken else None,
        "p5": round(taken.score.p5, 2) if taken else None,
        "bytes": taken.size_bytes if taken else None,
        "kbps": None if chunk.kbps is None else round(chunk.kbps, 1),
        "within": chunk.within_band,
        "trials": [
            {
                "crf": t.crf,
                "vmaf": round(t.score.mean, 2),
                "expected": None if t.predicted is None else round(t.predicted, 2),
                "taken": t is taken,
            }
            for t in chunk.trials
        ],
    }
