"""What there is, within the limits of the control group we are in."""

import os
import time
from pathlib import Path

import psutil
import pytest

from reelwright.tools.machine import IdleMeter, cores, free_disk, free_memory, total_memory

MIB = 1 << 20


@pytest.fixture
def groups(tmp_path: Path) -> tuple[Path, Path]:
    """A root of control groups, and the file that says which is ours."""
    root, ours = tmp_path / "cgroup", tmp_path / "ours"
    (root / "slice" / "run").mkdir(parents=True)
    ours.write_text("0::/slice/run\n")
    return root, ours


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)


def test_without_a_limit_the_machine_counts(groups: tuple[Path, Path]) -> None:
    write(groups[0] / "slice" / "run", memory_max="max\n", memory_current=f"{MIB}\n", cpu_max="max 100000\n")
    assert free_memory(*groups) > 5 * MIB
    assert total_memory(*groups) == psutil.virtual_memory().total
    assert cores(*groups) == len(os.sched_getaffinity(0))


def test_a_group_that_is_not_seen_counts_for_nothing(tmp_path: Path) -> None:
    assert free_memory(tmp_path / "none", tmp_path / "nobody") > 5 * MIB
    ours = tmp_path / "ours"
    ours.write_text("0::/elsewhere\nnonsense\n")
    assert total_memory(tmp_path, ours) == psutil.virtual_memory().total


def test_the_tightest_group_counts_less_what_it_can_give_back(groups: tuple[Path, Path]) -> None:
    inner, outer = groups[0] / "slice" / "run", groups[0] / "slice"
    write(inner, memory_max=f"{8 * MIB}\n", memory_current=f"{6 * MIB}\n")
    assert (free_memory(*groups), total_memory(*groups)) == (2 * MIB, 8 * MIB)
    write(inner, memory_stat=f"anon 5\ninactive_file {MIB}\n")
    assert free_memory(*groups) == 3 * MIB
    write(outer, memory_max=f"{4 * MIB}\n", memory_current=f"{5 * MIB}\n")
    assert (free_memory(*groups), total_memory(*groups)) == (0, 4 * MIB)


def test_groups_of_the_first_version_are_known(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.write_text("9:name=systemd:/\n4:memory:/box\n3:cpu,cpuacct:/box\n0::/\n")
    box = tmp_path / "memory" / "box"
    box.mkdir(parents=True)
    (box / "memory.limit_in_bytes").write_text(f"{9 * MIB}\n")
    (box / "memory.usage_in_bytes").write_text(f"{4 * MIB}\n")
    (box / "memory.stat").write_text(f"inactive_file 7\ntotal_inactive_file {MIB}\n")
    assert (free_memory(tmp_path, ours), total_memory(tmp_path, ours)) == (6 * MIB, 9 * MIB)


@pytest.mark.parametrize(("quota", "most"), [("50000 100000", 1), ("100000 100000", 1), ("nonsense", 1024)])
def test_a_quota_of_cpu_time_is_so_many_cores(groups: tuple[Path, Path], quota: str, most: int) -> None:
    write(groups[0] / "slice", cpu_max=quota)
    assert cores(*groups) == min(most, len(os.sched_getaffinity(0)))


def test_this_machine_has_something() -> None:
    assert 0 < free_memory() <= total_memory()
    assert cores() >= 1


def test_a_folder_that_is_yet_to_be_made_lies_on_the_disk_of_the_one_above_it(tmp_path: Path) -> None:
    assert free_disk(tmp_path / "a" / "b") == pytest.approx(free_disk(tmp_path), rel=0.1)


def test_idle_time_is_a_share() -> None:
    meter = IdleMeter()
    until = time.monotonic() + 300
    while (share := meter.share()) is None and time.monotonic() < until:
        time.sleep(0.02)
    assert share is not None
    assert 0 <= share <= 1


def test_work_leaves_less_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    only = min(os.sched_getaffinity(0))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {only})
    os_wide = os.sched_setaffinity
    before = psutil.Process().cpu_affinity()
    os_wide(0, {only})
    try:
        meter, until = IdleMeter(), time.monotonic() + 0.5
        while time.monotonic() < until:
            pass
        share = meter.share()
    finally:
        os_wide(0, before)
    assert share is not None
    assert share < 0.5
