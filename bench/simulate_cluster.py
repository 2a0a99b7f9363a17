"""How many workers a cluster can use, in simulated time: `simulate_cluster.py [--long] [--json FILE]`.

The store of leased work, the scheduler and the controller are the real ones; tests/simulated_cluster.py says what is
modelled. Films are like those of the measured curves. `--long`: 10,000 films for 1, 16, 256 and 1,000 workers.
"""

import argparse
import json
import random
import sys
import time
from dataclasses import replace
from pathlib import Path
from statistics import fmean, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))  # the simulator is the tests' own

from simulated_cluster import Cluster
from simulated_films import replay, search_alone, searched
from simulated_setting import Report, Setting

CURVES = Path(__file__).resolve().parents[2] / "shared" / "media" / "curves"


def scenarios(workers: int, led: int) -> dict[str, Setting]:
    """What goes wrong."""
    usual = Setting(workers=workers, led=led)
    return {
        "nothing fails": replace(usual, failing=0.0, slow=0.0),
        "2 % an hour fail, 5 % slow": usual,
        "and the broker is out 10 min": replace(usual, broker_out=(300.0, 900.0)),
        "and the database is out 30 s": replace(usual, database_out=(300.0, 330.0)),
        "and the database is out 2 min": replace(usual, database_out=(300.0, 420.0)),
        "leaders ask as often as one alone": replace(usual, sparing=False),
    }


def line(workers: int, led: int, name: str, found: Report, cpu: float) -> dict[str, object]:
    """A row of the table, printed."""
    waits = quantiles(found.waits, n=100) if len(found.waits) > 1 else [0.0] * 99
    row = {
        "workers": workers, "led": led, "scenario": name, "films": found.films, "trials": found.trials,
        "efficiency": found.efficiency, "hours": found.seconds / 3600, "wait_mean": fmean(found.waits),
        "wait_99": waits[98], "statements": found.statements / found.seconds, "claims": found.claims / found.seconds,
        "load": found.load, "worst_load": found.worst_load, "lost": found.lost / max(found.useful, 1.0),
        "failures": found.failures, "reaped": found.reaped, "twice": sum(n > 1 for n in found.commits.values()),
        "curve": found.curve[:: max(1, len(found.curve) // 400)],
    }  # fmt: skip
    print(
        f"{workers:5} {led:5} {name:34} {found.films:6} films {found.trials:8} trials {found.efficiency:6.1%}"
        f" wait {row['wait_mean']:5.2f} s, 99 % {waits[98]:5.2f} s; {row['claims']:6.1f} claims/s"
        f" {row['statements']:7.1f} statements/s, load {found.load:4.0%} worst {found.worst_load:4.0%};"
        f" lost {row['lost']:5.2%}, {found.failures} failures, {row['twice']} twice ({cpu:.0f} s)",
        flush=True,
    )
    return row


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", type=Path, default=CURVES)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 16, 256, 1000])
    parser.add_argument("--led", type=int, help="films led at once; else one for four workers, two at least")
    parser.add_argument("--films", type=int, help="else 10,000 with --long, or one for each worker, 4 at least")
    parser.add_argument("--chunks", type=int, default=100)
    parser.add_argument("--searched", type=int, default=4, help="films whose trials the scheduler chooses in the run")
    parser.add_argument("--patterns", type=int, default=6, help="searches that the other films repeat")
    parser.add_argument("--only", nargs="+", help="scenarios whose names hold one of these")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    noise = random.Random(1)  # noqa: S311 - the same in every run
    patterns = [search_alone(one, 4) for one in searched(args.curves, args.patterns, args.chunks, noise)]
    rows = []
    for workers in args.workers:
        led = args.led or max(2, workers // 4)
        films = args.films or (10_000 if args.long else max(4, workers))
        for name, setting in scenarios(workers, led).items():
            if args.only and not any(word in name for word in args.only):
                continue
            begun = time.process_time()
            real = searched(args.curves, min(args.searched, films), args.chunks, random.Random(2))  # noqa: S311
            rest = [replay(patterns[k % len(patterns)], noise) for k in range(films - len(real))]
            found = Cluster(setting, [*real, *rest]).run()
            rows.append(line(workers, led, name, found, time.process_time() - begun))
            if args.json:
                args.json.write_text(json.dumps(rows))


if __name__ == "__main__":
    main()
