"""Child process: hear an output's sounds in full, and hold them against what was heard of the source.

The source was measured by the times its own packets carry, so a fault in the putting together of samples shows here.
"""

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer, say
from reelwright.tools.children.hearing import BLOCKS, Envelope, Loudness, Reader, Samples, levels, read_envelope

#: Seconds of sound that are looked at together, and how far off they are looked for.
WINDOW, REACH = 10, 0.5
#: A window tells where it belongs only if its level moves by this share of its mean, and if some place fits so well
#: and so much better than its own.
MOVES, FITS, BETTER = 0.02, 0.7, 0.05
#: A channel is another one's if it fits that so much better.
SWAPPED = 0.1


def hear(path: str, index: int, shift: Fraction) -> dict[str, Any]:
    """Decode one stream of the output; its times are moved back onto the source's clock."""
    envelope: Envelope | None = None
    loudness: Loudness | None = None
    heard: dict[str, Any] = {"samples": 0, "rate": 0, "layout": "", "begin": None, "end": None}
    container: Any
    read = Reader()
    with av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        for frame in container.decode(container.streams[index]):
            samples, seconds = read(frame), frame.pts * frame.time_base - shift
            if envelope is None or loudness is None:
                heard |= {"rate": frame.sample_rate, "layout": frame.layout.name, "begin": seconds}
                envelope = Envelope(samples.shape[0], frame.sample_rate)
                loudness = Loudness(frame.layout.name)
            heard["samples"] += samples.shape[1]
            heard["end"] = seconds + Fraction(samples.shape[1], frame.sample_rate)
            envelope.add(seconds, samples)
            loudness.add(samples)
    if envelope is None or loudness is None:
        return {**heard, "loudness": -70.0, "envelope": (0, np.zeros((0, 0), dtype=np.float32))}
    return {**heard, "loudness": loudness.integrated, "envelope": envelope.result()}


def together(source: tuple[int, Samples], output: tuple[int, Samples]) -> tuple[Samples, Samples]:
    """Two envelopes on one clock: amplitudes, from the first block of either to the last."""
    first = min(source[0], output[0])
    length = max(start - first + power.shape[1] for start, power in (source, output))
    sides = []
    for start, power in (source, output):
        side = np.zeros((power.shape[0], length), dtype=np.float32)
        side[:, start - first : start - first + power.shape[1]] = np.sqrt(power)
        sides.append(side)
    return sides[0], sides[1]


def likeness(a: Samples, b: Samples) -> float:
    """Correlation of two envelopes; 0 where one of them does not move."""
    x, y = a - a.mean(), b - b.mean()
    size = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / size if size > 0 else 0.0


def offsets(source: Samples, output: Samples) -> dict[str, Any]:
    """By how many milliseconds each stretch of the output is late, for those that tell.

    Args:
        source: amplitude by block, all channels together.
        output: the same of the output.
    """
    reach, size = round(REACH * BLOCKS), WINDOW * BLOCKS
    padded = np.pad(output, reach)
    told: list[int] = []
    for start in range(0, len(source), size):
        part = source[start : start + size]
        if len(part) < 2 or float(part.std()) <= MOVES * float(part.mean()):  # noqa: PLR2004
            continue
        fits = [likeness(part, padded[start + k : start + k + len(part)]) for k in range(2 * reach + 1)]
        best = int(np.argmax(fits))
        if fits[best] >= FITS:
            told.append(best - reach if fits[best] - fits[reach] >= BETTER else 0)
    worst = max(told, key=abs, default=0)
    return {"windows": -(-len(source) // size), "told": len(told), "late_ms": worst * 1000 // BLOCKS}


def others(source: Samples, output: Samples) -> list[int]:
    """For each channel of the output, the channel of the source it is most like; its own where nothing else is more."""
    found = []
    for channel, heard in enumerate(output):
        fits = [likeness(known, heard) for known in source]
        best = int(np.argmax(fits))
        found.append(best if fits[best] >= FITS and fits[best] - fits[channel] >= SWAPPED else channel)
    return found


def compare(path: str, row: dict[str, Any]) -> dict[str, Any]:
    """Everything that is known of one sound of the output, beside the source's."""
    heard = hear(path, row["output"], Fraction(row["shift"]))
    first, power = read_envelope(Path(row["envelope"]))
    said = {name: heard[name] for name in ("samples", "rate", "layout", "begin", "end", "loudness")}
    own = heard["envelope"]
    if own[1].shape[0] != len(row["order"]):
        return {"index": row["index"], **said, "levels": levels(own[1]), "channels": [], "late_ms": 0,
                "told": 0, "windows": 0}  # fmt: skip
    source, output = together((first, power[row["order"]]), own)
    return {
        "index": row["index"],
        **said,
        "levels": levels(own[1]),
        "channels": others(source, output),
        **offsets(np.sqrt((source**2).sum(axis=0)), np.sqrt((output**2).sum(axis=0))),
    }


def listen(request: dict[str, Any]) -> dict[str, Any]:
    """Hear each sound that is asked for."""
    found = []
    for row in request["sounds"]:
        found.append(compare(request["path"], row))
        say({"heard": len(found)})
    return {"sounds": found}


if __name__ == "__main__":
    sys.exit(answer(listen))
