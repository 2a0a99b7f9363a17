"""What a measured encode costs against a plain one, and whether its numbers hold: the table of the benchmark.

    python bench/encode.py --build DIR [--source FILM ...] [--full] [--cell NAME ...] [--list] [--force]

A cell of the table is one film, preset, target, band, objective and ledger (cold: empty; warm: the other films were
encoded into it before, never the film itself). Each is encoded with Reelwright into a fresh work folder, scored by an
independent FFmpeg run over the whole film with every frame, and set beside one plain FFmpeg encode with the same mean.
A film of several minutes is made where it is missing; a film whose name holds "reel" counts as adversarial.

Each cell is a file in DIR/cells, each plain encode one in DIR/plain and each run of ab-av1 one in DIR/peers: what is
there is not measured again, and each says whether others used the machine meanwhile. Without --full the most telling
cells alone, those that the most depends on first.
"""

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import peers
from cells import Cell, full, quick
from chunk_rows import chunk_rows, ledger_costs, of_kind, phases, whole
from made_film import MADE, make_film
from measuring import CORES, Timed, mean, timed, whole_film_scores, write
from plain import Equal, Plain


def film_times(path: Path) -> list[Fraction]:
    """When each frame of a film is shown, counted from the first, in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        shown = [f.pts for f in container.decode(stream)]
        base = stream.time_base or Fraction(1)
    if any(p is None for p in shown):
        return [Fraction(k, 25) for k in range(len(shown))]
    return [(p - shown[0]) * base for p in shown]


class Bench:
    """Measures cells.

    Args:
        films: by name.
        build: where results are kept.
        rounds: how often each time is taken.
    """

    def __init__(self, films: dict[str, Path], build: Path, rounds: int) -> None:
        self.films, self.build, self.rounds = films, build, rounds

    def encode(self, cell: Cell, ledger: Path, work: Path) -> tuple[Timed, list[dict[str, Any]], Path]:
        """Encode with Reelwright into this ledger."""
        output = work / "ours.mkv"
        output.unlink(missing_ok=True)
        command = [sys.executable, "-m", "reelwright", "encode", str(self.films[cell.film]), "-o", str(output)]
        command += ["--json", "--work-dir", str(work / "work"), "--preset", str(cell.preset)]
        command += ["--target-vmaf", f"{cell.target:g}", "--band", f"{cell.band:g}", "--objective", cell.objective]
        environment = {**os.environ, "REELWRIGHT_DATABASE__PATH": str(ledger)}
        done = timed(command, env=environment, cwd=work)
        shutil.rmtree(work / "work", ignore_errors=True)
        return done, [json.loads(line) for line in done.stdout.splitlines()], output

    def ledger_of(self, cell: Cell, others: tuple[str, ...]) -> Path | None:
        """A ledger into which other films were encoded in this order, with the cell's preset and target; kept."""
        if not others:
            return None
        name = f"{'+'.join(others)}-p{cell.preset}-t{cell.target:g}.sqlite3"
        kept = self.build / "ledgers" / name
        if not kept.exists():
            before = self.ledger_of(cell, others[:-1])
            print(f"  into the ledger: {others[-1]}", flush=True)
            with tempfile.TemporaryDirectory(dir=self.build) as folder:
                one = Cell(film=others[-1], preset=cell.preset, target=cell.target)
                ledger = copy_ledger(before, Path(folder) / "ledger.sqlite3")
                self.encode(one, ledger, Path(folder))
                copy_ledger(ledger, kept)
        return kept

    def measure(self, cell: Cell) -> dict[str, Any]:
        """Everything of a cell, as one row."""
        film = self.films[cell.film]
        before = self.ledger_of(cell, tuple(f for f in self.films if f != cell.film)) if cell.warm else None
        runs: list[Timed] = []
        with tempfile.TemporaryDirectory(dir=self.build) as folder:
            work = Path(folder)
            for number in range(self.rounds):
                ledger = copy_ledger(before, work / f"ledger-{number}.sqlite3")
                done, events, output = self.encode(cell, ledger, work)
                runs.append(done)
            result = of_kind(events, "result")[-1]
            if not output.exists():
                return {"cell": cell.name, "refused": result["reasons"]}
            score = result["vmaf"]
            scale, model = score["scaled_to"], score["model"]
            ours = whole_film_scores(film, output, work / "ours.json", scale=scale, model=model)
            costs = ledger_costs(ledger, of_kind(events, "analysis_complete")[-1]["source_id"])
            if not cell.warm and cell == Cell(film=cell.film, preset=cell.preset, target=cell.target):
                copy_ledger(ledger, self.build / "ledgers" / f"{cell.film}-p{cell.preset}-t{cell.target:g}.sqlite3")
            shown = film_times(film), film_times(output)
        frames = {t["chunk"]: t["frames"] for t in of_kind(events, "trial_complete") if whole(t)}
        crfs = [c["crf"] for c in of_kind(events, "segment_complete") for _ in range(frames[c["chunk"]])]
        beside = Plain(film, cell.preset, self.build, scale=scale, model=model)
        equal = beside.at(mean(ours), median(crfs), rounds=self.rounds)
        rows = chunk_rows(events, ours, equal.scores, target=cell.target, band=cell.band)
        return {
            **of_cell(cell, film),
            "scaled_to": scale,
            "model": model,
            **of_frames(*shown),
            **of_quality(cell, rows, ours, result),
            **of_cost(runs, events, costs, frames=len(ours)),
            **of_plain(runs, rows, equal),
            "chunk_rows": rows,
        }


def copy_ledger(before: Path | None, ledger: Path) -> Path:
    """A copy of a ledger nobody has open; of none, a name for a new one."""
    if before is not None:
        ledger.parent.mkdir(parents=True, exist_ok=True)
        part = ledger.with_suffix(".part")
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(before)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
        part.replace(ledger)
    return ledger


def of_cell(cell: Cell, film: Path) -> dict[str, Any]:
    """What was measured."""
    return {
        "cell": cell.name,
        "film": film.name,
        "reel": "reel" in cell.film,
        "preset": cell.preset,
        "target": cell.target,
        "band": cell.band,
        "objective": cell.objective,
        "warm": cell.warm,
        "cores": CORES,
    }


def of_frames(want: list[Fraction], got: list[Fraction]) -> dict[str, Any]:
    """Whether every frame is there, at its time."""
    worst = max(abs(a - b) for a, b in zip(want, got, strict=False))
    return {"frames": [len(want), len(got)], "worst_time_error_ms": float(worst * 1000)}


def of_quality(cell: Cell, rows: list[dict[str, Any]], ours: list[float], result: dict[str, Any]) -> dict[str, Any]:
    """How well the target was hit, by the independent run."""
    found = [row for row in rows if row["answered"]]
    frames = sum(row["frames"] for row in found)
    held = [row for row in found if abs(row["independent"] - row["aim"]) <= cell.band]
    return {
        "chunks": len(rows),
        "chunks_with_an_answer": len(found),
        "chunks_within_the_band": len(held),
        "worst_miss_of_a_chunk_with_an_answer": max((abs(r["independent"] - r["aim"]) for r in found), default=0.0),
        "mean_of_chunks_with_an_answer": sum(r["independent"] * r["frames"] for r in found) / frames
        if frames
        else None,
        "mean_own": result["vmaf"]["mean"],
        "mean_independent": mean(ours),
        "worst_chunk": min(row["independent"] for row in rows),
    }


def of_cost(runs: list[Timed], events: list[dict[str, Any]], costs: dict[str, float], *, frames: int) -> dict[str, Any]:
    """What it took."""
    made = [t for t in of_kind(events, "trial_complete") if not t["reused"]]
    started = of_kind(events, "encoding_started")[-1]
    scoring = costs["score_whole"] + costs["score_samples"]
    cpu = median(run.cpu for run in runs)
    return {
        "encodes_per_chunk_by_frames": sum(t["frames"] for t in made) / frames,
        "of_which_samples": sum(t["frames"] for t in made if not whole(t)) / frames,
        "cpu_seconds_of_trials": costs,
        "scoring_share_of_cpu": scoring / cpu,
        "cpu_share_outside_trials": 1 - sum(costs.values()) / cpu,
        "phases": phases(events, started["workers"]),
        "workers": [started["workers"], started["threads"]],
        "cores_kept_busy": cpu / median(run.wall for run in runs) / CORES,
        "times": [run.row() for run in runs],
        "largest_process_MiB": max(run.peak_bytes for run in runs) >> 20,
        "busy": all(run.busy for run in runs),
    }


def of_plain(runs: list[Timed], rows: list[dict[str, Any]], equal: Equal) -> dict[str, Any]:
    """Against the plain encode with the same mean."""
    quiet = [run for run in runs if not run.busy] or runs
    wall, cpu = median(run.wall for run in quiet), median(run.cpu for run in quiet)
    return {
        "plain_crf": equal.crf,
        "plain_mean": equal.mean,
        "plain_busy": equal.busy,
        "plain_worst_chunk": min(row["plain"] for row in rows),
        "wall_seconds": [wall, equal.wall],
        "wall_over_plain": wall / equal.wall,
        "cpu_over_plain": cpu / equal.cpu,
        "bytes_over_plain": sum(row["bytes"] for row in rows) / equal.bytes,
    }


def films_of(args: argparse.Namespace) -> dict[str, Path]:
    """The films given, and the one made, by name."""
    made = args.build / f"{MADE}.mkv"
    if not made.exists():
        print(f"making {made}", flush=True)
        make_film(made)
    return {path.stem: path.resolve() for path in (*args.source, made)}


def main() -> None:
    """Measure what is asked for and was not yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--build", type=Path, required=True, help="where results are kept")
    add("--source", type=Path, nargs="*", default=[], help="films beside the one that is made")
    add("--full", action="store_true", help="every combination: most of a day on two cores")
    add("--cell", nargs="*", metavar="NAME", help="these cells alone; see --list")
    add("--list", action="store_true", help="name the cells, and say which are measured")
    add("--force", action="store_true", help="measure again what is there")
    add("--again-busy", action="store_true", help="measure again what was timed while others used the machine")
    add("--rounds", type=int, default=1, help="how often each time is taken; the median counts")
    add("--no-peers", action="store_true", help="leave ab-av1 out")
    args = parser.parse_args()
    args.build = args.build.resolve()
    args.build.mkdir(parents=True, exist_ok=True)
    films = films_of(args)
    cells = full(tuple(films), MADE) if args.full or args.cell else quick(tuple(films), MADE)
    if args.cell:
        unknown = set(args.cell) - {cell.name for cell in cells}
        if unknown:
            parser.error(f"no such cell: {', '.join(sorted(unknown))}; --list --full names them")
        cells = [cell for name in args.cell for cell in cells if cell.name == name]
    bench = Bench(films, args.build, args.rounds)
    for cell in cells:
        one_cell(bench, cell, args)
    if not args.no_peers and not args.list:
        peers.measure_all(films, cells, args.build, force=args.force)


def one_cell(bench: Bench, cell: Cell, args: argparse.Namespace) -> None:
    """Measure a cell unless it is there."""
    path = bench.build / "cells" / f"{cell.name}.json"
    known = json.loads(path.read_text()) if path.exists() else None
    again = args.force or (args.again_busy and known is not None and known.get("busy"))
    if args.list:
        print(f"{cell.name:55} {'' if known is None else 'busy' if known.get('busy') else 'measured'}")
    elif known is None or again:
        print(f"{cell.name}", flush=True)
        row = bench.measure(cell)
        write(path, row)
        show(row)


def show(row: dict[str, Any]) -> None:
    """Print what was measured of a cell."""
    for name, value in row.items():
        if name != "chunk_rows":
            print(f"  {name:<40} {value:.4g}" if isinstance(value, float) else f"  {name:<40} {value}")
    for line in row.get("chunk_rows", ()):
        print("    " + "  ".join(f"{k} {v}" for k, v in line.items()))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
