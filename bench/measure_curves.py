"""Measured curves of a film's chunks: what the quality engine's model is fitted to and simulated with.

    python bench/measure_curves.py --out DIR [--preset 6] [--crf 24 32 40 48] [--sample 2x0.2 ...] [--proxy 12] FILM ...

Each chunk of each film, cut as Reelwright cuts it, is encoded whole at each CRF and scored frame by frame. Beside each
lie short samples (`2x0.2`: the two windows, together a fifth of its frames, that Reelwright would take; other layouts:
windows in the middles of as many equal parts) and a proxy, the whole chunk at a fast preset.
Writes `DIR/NAME-PRESET.json`:

    {"film", "width", "height", "model", "scaled_to", "chunks": [{"start", "frames", "features",
     "trials": [{"windows", "share", "crf", "preset", "frames", "bytes", "encode_cpu", "score_cpu", "vmaf",
                 "frame_scores"}]}]}

`share` is the part of the chunk's frames that was encoded, 1 for a whole one; CPU is in seconds, all processes.
"""

import argparse
import asyncio
import json
import os
import tempfile
from dataclasses import asdict, replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import imageio_ffmpeg

from reelwright.media.timing import FrameIndex
from reelwright.planning.chunking import Chunk
from reelwright.planning.division import divide
from reelwright.planning.plan import EncodePlan, Request, make_plan
from reelwright.planning.windows import SHARE
from reelwright.tools.encoders import port_for
from reelwright.tools.ffmpeg import encode_args
from reelwright.tools.frames import FrameCommand, choose_windows, film_frames, reference_input
from reelwright.tools.index import load_index, make_index
from reelwright.tools.probe import probe
from reelwright.tools.process import Runner
from reelwright.tools.vmaf import Look, Pairing, parse_log, score_args

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
Window = tuple[int, int]


def windows(chunk: Chunk, count: int, share: float) -> tuple[Window, ...]:
    """Windows in the middles of as many equal parts of a chunk; all of it where that is nearly the same."""
    length = max(3, round(chunk.frames * share / count))
    if share >= 1 or 4 * count * length > 3 * chunk.frames:
        return ((chunk.start, chunk.end),)
    middles = (chunk.start + chunk.frames * (2 * k + 1) // (2 * count) for k in range(count))
    return tuple((max(chunk.start, m - length // 2), max(chunk.start, m - length // 2) + length) for m in middles)


class Meter:
    """Measures one film."""

    def __init__(self, runner: Runner, film: Path, plan: EncodePlan, index: FrameIndex, folder: Path) -> None:
        self.runner, self.film, self.plan, self.index, self.folder = runner, film, plan, index, folder

    async def trial(self, parts: tuple[Window, ...], crf: float, preset: int) -> dict[str, Any]:
        """Encode and score some windows as one stream, a key frame at the start of each."""
        plan = replace(self.plan, request=replace(self.plan.request, preset=preset))
        source = film_frames(os.fspath(self.film), self.plan.video_index, self.index)
        base = source(parts[0][0], parts[-1][1], 0)
        command = FrameCommand(input_args=base.input_args, filters=(choose_windows(self.index, parts),))
        out = self.folder / "trial.mkv"
        argv = encode_args(FFMPEG, command, plan, crf=crf, threads=2, out=os.fspath(out))
        if len(parts) > 1:
            at = argv.index("-svtav1-params")
            starts = accumulate(b - a for a, b in parts[:-1])
            argv[at:at] = ["-force_key_frames", "expr:" + "+".join(f"eq(n,{start})" for start in starts)]
        encoded = await self.runner.run(argv, what="Encoding", env=port_for(plan.encoder).environment)
        scores, cpu = await self.score(parts, out)
        return {
            "crf": crf,
            "preset": preset,
            "frames": len(scores),
            "bytes": out.stat().st_size,
            "encode_cpu": round(encoded.cpu_seconds, 2),
            "score_cpu": round(cpu, 2),
            "vmaf": round(sum(scores) / len(scores), 4),
            "frame_scores": [round(s, 2) for s in scores],
        }

    async def score(self, parts: tuple[Window, ...], out: Path) -> tuple[list[float], float]:
        """VMAF of every frame; the leading frame is the second one, and its score is dropped."""
        look = Look(frames=sum(b - a for a, b in parts))
        pairing = Pairing(
            chunk_path=os.fspath(out),
            reference_input=reference_input(os.fspath(self.film), self.index, parts[0][0], 0, end=parts[-1][1]),
            video_index=self.plan.video_index,
            choose=(choose_windows(self.index, parts),),
            preroll=1,
            mirrored=True,
            look=look,
        )
        log = self.folder / "vmaf.json"
        done = await self.runner.run(
            score_args(FFMPEG, pairing, self.plan, threads=2, log_name=log.name),
            what="Scoring",
            cwd=os.fspath(self.folder),
        )
        return parse_log(log.read_text(), look, preroll=1, model=self.plan.scoring.model), done.cpu_seconds


async def measure(runner: Runner, film: Path, args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Everything about one film."""
    info = await probe(runner, FFMPEG, film)
    plan = make_plan(info, Request(preset=args.preset))
    await make_index(runner, film, plan.video_index, folder / "index", lambda _: None)
    index = load_index(folder / "index")
    meter = Meter(runner, film, plan, index, folder)
    rows = []
    for chunk in divide(index, plan.request):
        trials = []
        for crf in args.crf:
            whole = ((chunk.start, chunk.end),)
            samples = [
                chunk.windows if (count, share) == (2, SHARE) and chunk.windows else windows(chunk, count, share)
                for count, share in args.sample
            ]
            wanted = [(whole, args.preset), *((parts, args.preset) for parts in samples if parts != whole)]
            wanted += [(whole, args.proxy)] if args.proxy else []
            for ranges, preset in wanted:
                share = sum(b - a for a, b in ranges) / chunk.frames
                trials.append({"windows": ranges, "share": round(share, 3), **await meter.trial(ranges, crf, preset)})
        rows.append(
            {"start": chunk.start, "frames": chunk.frames, "features": asdict(chunk.features), "trials": trials}
        )
        said = [(t["crf"], t["preset"], t["share"], t["vmaf"], t["encode_cpu"], t["score_cpu"]) for t in trials]
        print(f"{film.name}  chunk {chunk.index}  {said}", flush=True)
    scoring = plan.scoring
    return {
        "film": film.stem, "width": plan.width, "height": plan.height,
        "model": scoring.model, "scaled_to": scoring.scale_name, "chunks": rows,
    }  # fmt: skip


def layout(text: str) -> tuple[int, float]:
    """How many windows, and what share of a chunk they hold."""
    count, share = text.split("x")
    return int(count), float(share)


async def main() -> None:
    """Measure each film."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--preset", type=int, default=6)
    parser.add_argument("--crf", type=float, nargs="+", default=[24, 32, 40, 48])
    parser.add_argument("--sample", type=layout, nargs="*", default=[(2, 0.2)], metavar="COUNTxSHARE")
    parser.add_argument("--proxy", type=int, default=0, help="preset of the proxies; 0: none")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    async with Runner() as runner:
        for film in args.films:
            with tempfile.TemporaryDirectory() as folder:
                found = await measure(runner, film.absolute(), args, Path(folder))
            (args.out / f"{film.stem}-{args.preset}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main())
