"""A small cluster in simulated time: whatever fails, every film ends and nothing is committed twice."""

import random
from pathlib import Path

import pytest

from reelwright.engine.slots import Slots
from simulated_cluster import Cluster
from simulated_films import replay, search_alone, searched
from simulated_setting import Report, Setting


def run(seed: int = 1, **changes: object) -> Report:
    """Twelve films of eight chunks on eight workers, the first by the scheduler itself."""
    noise = random.Random(seed)
    real = searched(Path("no curves"), 2, 8, noise)
    pattern = search_alone(real.pop(), 3)
    setting = Setting(**{"workers": 8, "led": 8, "reading": 1.0, "placing": 1.0, "seed": seed, **changes})  # type: ignore[arg-type]
    return Cluster(setting, [*real, *(replay(pattern, noise) for _ in range(31))]).run()


@pytest.mark.parametrize(
    "changes",
    [
        {"failing": 0.0, "slow": 0.0},
        {"failing": 20.0, "away": 20.0},
        {"broker_out": (5.0, 200.0)},
        {"database_out": (20.0, 40.0)},
        {"database_out": (20.0, 150.0), "failing": 10.0},
    ],
    ids=["calm", "failures", "no broker", "no database", "no database for long"],
)
def test_every_film_ends_and_nothing_counts_twice(changes: dict[str, object]) -> None:
    found = run(**changes)
    assert found.films == 32
    assert set(found.commits.values()) == {1}


def test_workers_are_busy_while_there_is_work() -> None:
    assert run(failing=0.0, slow=0.0).efficiency > 0.7


def test_the_same_seed_gives_the_same_run() -> None:
    assert run(seed=3, failing=5.0) == run(seed=3, failing=5.0)


def test_all_leaders_together_ask_no_more_often() -> None:
    few, many = (Slots(share=2, total=n, why="", films=n, workers=n) for n in (16, 2000))
    assert (few.look_seconds, few.count_seconds) == (0.4, 5.0)
    assert many.films / many.look_seconds <= 400
    assert many.films * many.workers / many.count_seconds <= 10_000
