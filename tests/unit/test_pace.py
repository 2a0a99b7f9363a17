"""How many run at once while they run: memory that gets short, encodes that run out of it, and a full work disk."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reelwright.engine import pace as module
from reelwright.engine.filling import ENOUGH, Setting
from reelwright.engine.pace import MOST_KILLS, Gauges, Limits, Pace, tell_scarce_disk
from reelwright.engine.resources import DISK_RESERVE_BYTES, Parallel, disk_needed
from reelwright.errors import ResourceError
from reelwright.events import Emitter, Event, EventName
from reelwright.tools.failures import MemoryCause, OutOfMemoryError

GIB = 1 << 30
NOON = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KILLED = OutOfMemoryError("Encoding chunk 7 failed: ffmpeg was killed by SIGKILL.", cause=MemoryCause.KILLED)
TOLD = OutOfMemoryError("Encoding chunk 7 failed: out of memory.")
CAP = OutOfMemoryError("Encoding chunk 7 failed: ffmpeg took more than it may have.", cause=MemoryCause.CAP)


@dataclass
class Machine:
    """What is free, set by hand, and a clock that is."""

    memory: int = 32 * GIB
    disk: int = 32 * GIB
    now: float = 1000.0
    events: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def gauges(self) -> Gauges:
        return Gauges(free_memory=lambda: self.memory, free_disk=lambda _: self.disk, clock=lambda: self.now)

    def pace(self, encodes: int = 4, threads: int = 2, bounds: Setting | None = None, **limits: Any) -> Pace:
        parallel = Parallel(
            encodes=encodes, threads=threads, why="so", need_bytes=2 * GIB, reserve_bytes=GIB, bounds=bounds
        )
        emit = Emitter(self, "a.mkv", lambda: NOON)
        return Pace(parallel, Limits(**limits), emit, Path("work"), gauges=self.gauges())

    def told(self) -> list[str]:
        """What was said since this was last asked."""
        assert {event.event for event in self.events} <= {EventName.RESOURCES_CHANGED}
        said = [event.data["why"] for event in self.events]
        self.events.clear()
        return said


@pytest.fixture
def here() -> Machine:
    return Machine()


class TestMemory:
    def test_the_start_says_how_it_was_decided(self, here: Machine) -> None:
        assert here.pace().facts() == {"workers": 4, "threads": 2, "why": "so"}
        assert here.told() == []

    def test_with_memory_enough_nothing_is_said_and_nothing_changes(self, here: Machine) -> None:
        pace = here.pace()
        for _ in range(100):
            here.now += 1
            assert not pace.look(4)
        assert (pace.most, here.told()) == (4, [])

    def test_short_memory_means_one_fewer_then_another_until_one_is_left(self, here: Machine) -> None:
        pace, seen = here.pace(), []
        here.memory = GIB - 1
        for running in (4, 3, 2, 1, 1):
            here.now += 10
            assert not pace.look(running)
            seen.append(pace.most)
        assert seen == [3, 2, 1, 1, 1]
        assert here.told()[0] == "only 1023 MiB memory is free; 3 encodes at once from now on"

    def test_what_was_changed_is_given_time_to_show(self, here: Machine) -> None:
        pace = here.pace()
        here.memory = GIB - 1
        for _ in range(5):
            here.now += 1
            pace.look(4)
        assert pace.most == 3

    def test_memory_is_looked_at_once_a_second(self, here: Machine) -> None:
        pace = here.pace()
        assert not pace.look(4)
        here.memory = 0
        here.now += 0.5
        assert not pace.look(4)
        here.now += 0.5
        assert pace.look(4)

    def test_when_it_is_critical_the_youngest_gives_way_but_never_the_last(self, here: Machine) -> None:
        pace = here.pace()
        here.memory = GIB // 8
        assert pace.look(4)
        assert pace.most == 3
        assert "youngest" in here.told()[0]
        here.now += 1
        assert not pace.look(3), "the memory of the first one may not have come back yet"
        here.now += 1
        assert pace.look(2)
        here.now += 60
        assert not pace.look(1)
        assert pace.most == 1

    def test_fewer_running_than_allowed_counts_as_what_runs(self, here: Machine) -> None:
        pace = here.pace()
        here.memory = GIB // 2
        pace.look(2)
        assert pace.most == 1

    def test_when_there_is_room_for_a_while_there_is_one_more_and_never_more_than_at_first(self, here: Machine) -> None:
        pace = here.pace()
        here.memory = GIB // 2
        pace.look(4)
        here.memory = 32 * GIB
        grown = []
        for _ in range(200):
            here.now += 1
            pace.look(3)
            grown.append(pace.most)
        assert grown[:59] == [3] * 59
        assert set(grown[62:]) == {4}
        assert here.told()[-1] == "32.0 GiB memory is free again; 4 encodes at once from now on"

    def test_room_that_comes_and_goes_is_no_room(self, here: Machine) -> None:
        pace = here.pace()
        here.memory = GIB // 2
        pace.look(4)
        for k in range(200):
            here.now += 1
            here.memory = 32 * GIB if k % 50 else 2 * GIB
            pace.look(3)
        assert pace.most == 3

    def test_each_time_that_it_was_too_many_it_waits_twice_as_long(self, here: Machine) -> None:
        pace, waits = here.pace(), []
        for _ in range(3):
            here.memory = GIB // 2
            here.now += 10
            pace.look(4)
            here.memory, begun = 32 * GIB, here.now
            while pace.most < 4:
                here.now += 1
                pace.look(3)
            waits.append(here.now - begun)
        assert waits[1] > 1.9 * waits[0]
        assert waits[2] > 1.9 * waits[1]


class TestOutOfMemory:
    @pytest.mark.parametrize("error", [KILLED, TOLD])
    def test_beside_others_it_means_fewer_and_no_failure(self, here: Machine, error: OutOfMemoryError) -> None:
        pace = here.pace()
        pace.out_of_memory(error, 7, running=4)
        assert (pace.most, pace.threads) == (3, 2)
        assert here.told()[0].endswith("; 3 encodes at once from now on")

    def test_two_that_die_together_were_both_beside_another(self, here: Machine) -> None:
        pace = here.pace(2)
        pace.out_of_memory(KILLED, 1, running=2)
        pace.out_of_memory(KILLED, 2, running=2)
        assert pace.most == 1

    def test_a_lone_one_that_is_killed_is_tried_again_then_with_one_thread_then_it_fails(self, here: Machine) -> None:
        pace = here.pace(1)
        for _ in range(MOST_KILLS - 1):
            assert pace.threads_for(7) == 2
            pace.out_of_memory(KILLED, 7, running=1)
        assert pace.threads_for(7) == 2
        pace.out_of_memory(KILLED, 7, running=1)
        assert pace.threads_for(7) == 1
        assert [line.partition("; ")[2] for line in here.told()] == [
            *["it is begun again"] * (MOST_KILLS - 1),
            "1 thread for each encode from now on",
        ]
        with pytest.raises(ResourceError) as caught:
            pace.out_of_memory(KILLED, 7, running=1)
        assert caught.value.exit_code == 7
        assert "--preset" in caught.value.hint

    def test_kills_of_other_chunks_are_not_counted(self, here: Machine) -> None:
        pace = here.pace(1)
        for chunk in range(10):
            pace.out_of_memory(KILLED, chunk, running=1)
        assert pace.threads == 2

    def test_a_lone_one_that_was_refused_memory_gets_one_thread_and_then_fails(self, here: Machine) -> None:
        pace = here.pace(1)
        pace.out_of_memory(TOLD, 7, running=1)
        assert pace.threads == 1
        with pytest.raises(ResourceError, match="out of memory, with one thread"):
            pace.out_of_memory(TOLD, 7, running=1)

    def test_a_cap_is_not_kept_by_running_fewer(self, here: Machine) -> None:
        pace = here.pace()
        pace.out_of_memory(CAP, 7, running=4)
        assert (pace.most, pace.threads) == (4, 1)
        with pytest.raises(ResourceError) as caught:
            pace.out_of_memory(CAP, 7, running=4)
        assert "processing.memory_per_encode" in caught.value.hint

    def test_all_that_were_begun_with_more_threads_may_meet_the_cap(self, here: Machine) -> None:
        pace = here.pace()
        assert [pace.threads_for(chunk) for chunk in (1, 2)] == [2, 2]
        pace.out_of_memory(CAP, 1, running=2)
        assert pace.threads_for(1) == 1
        pace.out_of_memory(CAP, 2, running=2)
        assert pace.threads_for(2) == 1
        with pytest.raises(ResourceError):
            pace.out_of_memory(CAP, 1, running=2)

    def test_a_cap_that_cannot_be_kept_is_told_once(self, here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
        here.pace(memory_per_encode=GIB)
        assert here.told() == []
        monkeypatch.setattr(module, "memory_is_known", lambda: False)
        here.pace()
        assert here.told() == []
        here.pace(memory_per_encode=GIB)
        assert len(here.told()) == 1


@pytest.fixture
def _passing(here: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting takes no time here but moves the clock; the loop can be left only through it."""

    async def sleep(seconds: float) -> None:
        here.now += seconds

    monkeypatch.setattr(module.asyncio, "sleep", sleep)


class TestDisk:
    def test_with_space_enough_nothing_is_said(self, here: Machine) -> None:
        assert not here.pace().disk_is_full(0)
        assert here.told() == []

    def test_while_others_run_none_is_started_and_it_is_told_once_a_minute(self, here: Machine) -> None:
        pace = here.pace()
        here.disk = DISK_RESERVE_BYTES - 1
        for _ in range(150):
            here.now += 1
            assert pace.disk_is_full(2)
        assert len(here.told()) == 3
        here.disk = GIB
        assert not pace.disk_is_full(2)
        assert here.told() == ["the work disk has 1.0 GiB free again; it goes on"]

    @pytest.mark.usefixtures("_passing")
    def test_with_none_running_it_waits_so_long_and_no_longer(self, here: Machine) -> None:
        pace = here.pace(disk_wait=600)
        here.disk = 0

        async def wait() -> None:
            while pace.disk_is_full(0):
                await pace.wait_for_disk()

        begun = here.now
        with pytest.raises(ResourceError, match="0 MiB left; 512 MiB are kept free") as caught:
            asyncio.run(wait())
        assert caught.value.exit_code == 7
        assert 600 <= here.now - begun <= 605
        said = here.told()
        assert 9 <= len(said) <= 11
        assert said[0] == "the work disk has 0 MiB left, and 512 MiB are kept free; waiting for more"

    @pytest.mark.usefixtures("_passing")
    def test_time_in_which_others_ran_is_no_waiting(self, here: Machine) -> None:
        pace = here.pace(disk_wait=10)
        here.disk = 0
        for running in (0, 2, 0):
            for _ in range(4):
                assert pace.disk_is_full(running)
                if not running:
                    asyncio.run(pace.wait_for_disk())
                here.now += 0.1 if not running else 100

    def test_who_does_not_want_to_wait_hears_of_the_failure_alone(self, here: Machine) -> None:
        pace = here.pace(disk_wait=0)
        here.disk = 0
        assert pace.disk_is_full(0)
        with pytest.raises(ResourceError):
            asyncio.run(pace.wait_for_disk())
        assert here.told() == []

    def test_a_disk_that_may_be_too_small_is_told_before_any_work_and_is_no_failure(self, here: Machine) -> None:
        emit = Emitter(here, "a.mkv", lambda: NOON)
        here.disk = disk_needed(4 * GIB)
        tell_scarce_disk(Path("work"), 4 * GIB, emit, here.gauges())
        assert here.told() == []
        here.disk -= 1
        tell_scarce_disk(Path("work"), 4 * GIB, emit, here.gauges())
        assert here.told() == [
            "the work disk has 2.5 GiB free, and 2.5 GiB may be needed: it may have to wait for space"
        ]


class TestFilling:
    """Two encodes at once with two threads, on a machine where more of both may be tried."""

    MOST = Setting(encodes=4, threads=4)

    def land(self, pace: Pace, idle: float, trials: int = ENOUGH) -> None:
        for chunk in range(trials):
            pace.threads_for(chunk)
            pace.landed(chunk, idle, pace.most)

    def test_a_full_cpu_changes_nothing(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST)
        self.land(pace, 0.02, 50)
        assert (pace.most, pace.threads, here.told()) == (2, 2, [])

    def test_an_idle_one_is_given_more_threads_and_that_is_said(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST)
        self.land(pace, 0.3)
        assert (pace.most, pace.threads) == (2, 3)
        assert here.told() == ["30% of the CPU was idle; 2 encodes at once, 3 threads each from now on"]

    def test_what_did_not_help_is_taken_back(self, here: Machine) -> None:
        pace = here.pace(2, bounds=Setting(encodes=2, threads=3))
        self.land(pace, 0.3, 2 * ENOUGH)
        assert (pace.most, pace.threads) == (2, 2)
        assert len(here.told()) == 2

    def test_trials_beside_those_of_another_setting_tell_nothing(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST)
        pace.threads_for(99)
        self.land(pace, 0.3)
        here.told()
        self.land(pace, 0.3, 50)  # the trial of chunk 99 still runs with two threads
        assert (pace.most, pace.threads) == (2, 3)

    def test_trials_with_less_company_tell_nothing(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST)
        for chunk in range(50):
            pace.threads_for(chunk)
            pace.landed(chunk, 0.5, 1)
        assert (pace.most, pace.threads) == (2, 2)

    def test_nothing_is_tried_where_memory_is_short(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST)
        here.memory = GIB + 1
        self.land(pace, 0.5, 50)
        assert (pace.most, pace.threads) == (2, 2)

    def test_nothing_is_tried_after_memory_was_short(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST)
        pace.out_of_memory(KILLED, 1, running=2)
        here.told()
        self.land(pace, 0.5, 50)
        assert (pace.most, pace.threads, here.told()) == (1, 2, [])

    def test_nothing_is_tried_with_a_cap_on_memory(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST, memory_per_encode=GIB)
        self.land(pace, 0.5, 50)
        assert (pace.most, pace.threads) == (2, 2)
        assert pace.threads_for(1, running=1) == 2

    def test_the_last_one_has_all_threads(self, here: Machine) -> None:
        pace = here.pace(2, bounds=self.MOST)
        assert [pace.threads_for(1, running=2), pace.threads_for(2, running=1), pace.threads_for(3)] == [2, 4, 2]

    def test_a_film_in_one_piece_keeps_its_threads(self, here: Machine) -> None:
        assert here.pace(2).threads_for(1, running=1) == 2


def test_frames_are_held_only_in_memory_that_no_trial_would_miss(here: Machine) -> None:
    pace = here.pace(encodes=4)  # 2 GiB each, and 1 GiB left alone
    here.memory = 10 * GIB
    assert pace.has_room(GIB)
    assert not pace.has_room(GIB + 1)
    here.memory = 0
    pace.look(running=4)
    assert pace.is_short
    here.memory = 64 * GIB
    assert not pace.has_room(1), "trials were given up for want of memory"
