"""One plain FFmpeg encode of a film, kept, and the one with a wanted mean found among them.

    python bench/plain.py --build DIR --source FILM [--preset P] --crf N ...

makes some beforehand. Means and bytes hold whatever else the machine does; a time that was taken while others used it
is taken again where a cell needs it.
"""

import argparse
import glob
import json
import math
import os
import statistics
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from measuring import QUIET, mean, timed, whole_film_scores, write

#: Encodes on either side of the wanted mean may be so many CRFs apart; between them a straight line is taken.
NEAR = 3.0
#: So close to the wanted mean no second encode is needed.
SAME_MEAN = 0.01
#: VMAF a CRF step costs, for the second guess: less than most, so that it lands on the other side.
SLOPE = 0.35


@dataclass(frozen=True, kw_only=True)
class Equal:
    """The plain encode with a wanted mean."""

    crf: float
    bytes: float
    wall: float
    cpu: float
    busy: bool
    #: VMAF of each frame of the nearest one that was encoded.
    scores: list[float]
    mean: float


class Plain:
    """Plain encodes of one film with one preset.

    Args:
        film: the film.
        preset: the encoder's.
        build: where results are kept, in `plain/`.
        scale: what is scaled to for scoring.
        model: VMAF's model.
    """

    def __init__(self, film: Path, preset: int, build: Path, *, scale: str | None, model: str | None) -> None:
        self.film, self.preset, self.build, self.scale, self.model = film, preset, build, scale, model
        self.folder = build / "plain"

    def path(self, crf: float) -> Path:
        """Where the result of one CRF is kept."""
        return self.folder / f"{self.film.stem}-p{self.preset}-crf{crf:g}.json"

    def encode(self, crf: float, *, again: bool = False) -> dict[str, Any]:
        """The encode at one CRF: kept, or made and scored; `again` takes its time once more.

        It has the parameters that Reelwright gives the encoder, as far as they concern a film in one piece: preset
        and 10 bit; key frames where the encoder sets them by default, threads as many as it takes by default.
        """
        path = self.path(crf)
        known = json.loads(path.read_text()) if path.exists() else None
        if known and not again:
            return known
        out = self.build / f"plain-{os.getpid()}.mkv"
        command = [*QUIET, "-i", str(self.film), "-map", "0:v:0", "-an", "-pix_fmt", "yuv420p10le"]
        command += ["-c:v", "libsvtav1", "-preset", str(self.preset), "-svtav1-params", f"crf={crf:g}"]
        done = timed([*command, "-fps_mode", "passthrough", str(out)], env={**os.environ, "SVT_LOG": "1"})
        if known is None:
            log = self.build / f"plain-{os.getpid()}.json"
            scores = whole_film_scores(self.film, out, log, scale=self.scale, model=self.model)
            known = {"crf": crf, "bytes": out.stat().st_size, "mean": mean(scores), "scores": scores, "times": []}
        known["times"].append(done.row())
        write(path, known)
        out.unlink()
        print(f"  plain at CRF {crf:g}: mean {known['mean']:.3f}, {done.wall:.0f} s", flush=True)
        return known

    def known(self) -> list[dict[str, Any]]:
        """All encodes that are kept, by CRF."""
        found = self.folder.glob(f"{glob.escape(self.film.stem)}-p{self.preset}-crf*.json")
        return sorted((json.loads(p.read_text()) for p in found), key=lambda row: row["crf"])

    def at(self, wanted: float, start: float, *, rounds: int = 1) -> Equal:
        """The encode with a wanted mean: bytes and CRF on the line between the two nearest, times of the nearest.

        Args:
            wanted: mean over all frames.
            start: CRF to begin at where none is kept.
            rounds: how often the time of the nearest is taken at least.
        """
        while (pair := bracket(self.known(), wanted)) is None:
            crf = next_crf(self.known(), wanted, start)
            if self.path(crf).exists():  # the mean cannot be had
                row = min(self.known(), key=lambda r: abs(r["mean"] - wanted))
                pair = (row, row)
                break
            self.encode(crf)
        near = min(pair, key=lambda row: abs(row["mean"] - wanted))
        while len(near["times"]) < rounds or (
            all(t["busy"] for t in near["times"]) and len(near["times"]) < rounds + 1
        ):
            near = self.encode(near["crf"], again=True)
        return between(*pair, near, wanted)


def bracket(rows: list[dict[str, Any]], wanted: float) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The two encodes between whose means the wanted one lies, close enough together; None: there are none yet."""
    for row in rows:
        if abs(row["mean"] - wanted) <= SAME_MEAN:
            return row, row
    for low, high in pairwise(rows):
        if low["mean"] >= wanted >= high["mean"] and high["crf"] - low["crf"] <= NEAR:
            return low, high
    return None


def next_crf(rows: list[dict[str, Any]], wanted: float, start: float) -> float:
    """Which CRF to encode at next, in half steps."""
    above = [row for row in rows if row["mean"] > wanted]
    below = [row for row in rows if row["mean"] < wanted]
    if not rows:
        guess = start
    elif above and below:
        a, b = above[-1], below[0]
        part = (a["mean"] - wanted) / (a["mean"] - b["mean"])
        # A little beyond the line's own place, so that the two on either side are close enough at once.
        exact = a["crf"] + part * (b["crf"] - a["crf"])
        guess = exact + 0.5 if exact - a["crf"] <= NEAR - 0.5 else exact - 0.5
    else:
        edge, beyond = (above[-1], above[-2:-1]) if above else (below[0], below[1:2])
        slopes = [(edge["mean"] - row["mean"]) / (row["crf"] - edge["crf"]) for row in beyond]
        # A little further than the line says, to come out on the other side.
        step = 1.2 * (edge["mean"] - wanted) / max(0.1, *slopes) if slopes else (edge["mean"] - wanted) / SLOPE
        guess = edge["crf"] + math.copysign(min(12.0, max(1.0, abs(step))), step)
    return min(63.0, max(1.0, round(guess * 2) / 2))


def between(low: dict[str, Any], high: dict[str, Any], near: dict[str, Any], wanted: float) -> Equal:
    """The encode on the line between two: CRF linear and bytes logarithmic in the mean."""
    part = 0.0 if low is high else (low["mean"] - wanted) / (low["mean"] - high["mean"])
    quiet = [t for t in near["times"] if not t["busy"]] or near["times"]
    return Equal(
        crf=low["crf"] + part * (high["crf"] - low["crf"]),
        bytes=low["bytes"] * (high["bytes"] / low["bytes"]) ** part,
        wall=statistics.median(t["wall"] for t in quiet),
        cpu=statistics.median(t["cpu"] for t in quiet),
        busy=all(t["busy"] for t in near["times"]),
        scores=near["scores"],
        mean=near["mean"],
    )


def main() -> None:
    """Make some beforehand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", type=Path, required=True, help="where results are kept")
    add("--source", type=Path, required=True)
    add("--preset", type=int, default=6)
    add("--crf", type=float, nargs="+", required=True)
    add("--scale", metavar="WxH", help="what small pictures are scored at: what a cell of the film says as scaled_to")
    args = parser.parse_args()
    beside = Plain(args.source.resolve(), args.preset, args.build.resolve(), scale=args.scale, model="vmaf_v0.6.1")
    for crf in args.crf:
        beside.encode(crf)


if __name__ == "__main__":
    main()
