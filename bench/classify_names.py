"""What the five rejections cost beside tools that look for sequences, in one run and in turns.

    python bench/classify_names.py --build DIR [--names N] [--peer-names N] [--rounds N]

One folder's listing: N names of one sequence, eight in a thousand of which are no frames of it. Reelwright classifies
all of them and keeps every reject with the mask of rules that reject it; fileseq and pyseq, where they are installed,
group the names they recognise. pyseq needs minutes for a million names, so the peers get `--peer-names` of them, and
Reelwright the same number again for the ratio. CPU seconds; of each the fastest round counts, because a shared machine
only ever makes a round slower. Prints a table and writes `classify.json` into DIR.
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from reelwright.sequences.harvest import harvest
from reelwright.sequences.layouts import Wanted

ROW = Wanted(name="plate_v001", padding=4, extension="exr")
RUBBISH = ("plate_v001.{}.EXR", "plate.{}.exr", "thumbs{}.db", "plate_v001.{}.exr.tmp", "plate_v001..{}.exr")


def listing(count: int) -> list[str]:
    """Names of a folder, in no order."""
    dice = random.Random(7)  # noqa: S311 - the same listing every time
    rubbish = count * 8 // 1000
    names = [ROW.file_name(frame) for frame in range(1, count - rubbish + 1)]
    names += [dice.choice(RUBBISH).format(number) for number in range(rubbish)]
    dice.shuffle(names)
    return names


def ours(names: list[str]) -> Callable[[], Any]:
    """Reelwright: kept names, rejects by rule, masks."""
    return lambda: harvest(names, ROW)


def peer(module: str, function: str, names: list[str]) -> Callable[[], Any] | None:
    """Another tool; None where it is not installed."""
    try:
        find = getattr(import_module(module), function)
    except ImportError:
        return None
    return lambda: find(names)


def seconds(work: Callable[[], Any]) -> float:
    """CPU time of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--peer-names", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    many, some = listing(args.names), listing(args.peer_names)
    label = f"reelwright, {args.names} names"
    turns: dict[str, Callable[[], Any]] = {label: ours(many), "reelwright": ours(some)}
    skipped: dict[str, str] = {}
    for module, function in (("fileseq", "findSequencesInList"), ("pyseq", "get_sequences")):
        work = peer(module, function, some)
        if work is None:
            skipped[module] = "not installed"
        else:
            turns[module] = work
    times: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(args.rounds):
        for name, work in turns.items():
            times[name].append(seconds(work))
    best = {name: round(min(all_of_them), 3) for name, all_of_them in times.items()}
    ratios = {name: round(best[name] / best["reelwright"], 1) for name in best if name not in {label, "reelwright"}}
    for name, value in best.items():
        print(f"{name:<32} {value:8.3f} s CPU" + (f"  {ratios[name]:6.1f} x ours" if name in ratios else ""))
    for name, reason in skipped.items():
        print(f"{name:<32} skipped: {reason}")
    args.build.mkdir(parents=True, exist_ok=True)
    found = {"names": args.names, "peer_names": args.peer_names, "seconds": best, "ratios": ratios, "skipped": skipped}
    (args.build / "classify.json").write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
