"""What programs are told of jobs that run: server-sent events, and Prometheus."""

import asyncio
import json
from dataclasses import replace

import pytest
from django.test import Client

from ledger_of_pages import World
from reelwright.web import events
from reelwright.web.running import Running

RUN = Running(
    id="ab" * 32, name="film.mkv", phase="searching", percent=25.0, eta=30.0, speed=12.5, projected_mean=None,
    projected_bytes=None,
)  # fmt: skip


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Running]:
    """What runs; a test changes it. Locks and progress files of real runs are looked at elsewhere."""
    found = [RUN]
    monkeypatch.setattr(events, "running", lambda: list(found))
    monkeypatch.setattr("reelwright.web.metrics.running", lambda: list(found))
    monkeypatch.setattr(events, "TICK", 0.01)
    monkeypatch.setattr(events, "LOOKOUT", events.Lookout())
    return found


def test_a_program_hears_of_a_job_once_whenever_it_changes_and_when_it_ends(world: World, runs: list[Running]) -> None:
    async def listen() -> list[str]:
        lines = events.told()
        heard = [await anext(lines), await anext(lines)]
        runs[0] = replace(RUN, percent=50.0)
        heard.append(await anext(lines))
        runs.clear()
        heard.append(await anext(lines))
        await lines.aclose()
        return heard

    retry, *told = asyncio.run(asyncio.wait_for(listen(), 60))
    assert retry == "retry: 2000\n\n"
    kinds, said = zip(*((line.split("\n")[1], json.loads(line.split("data: ")[1])) for line in told), strict=True)
    assert kinds == ("event: progress", "event: progress", "event: ended")
    assert [one.get("percent") for one in said] == [25.0, 50.0, None]
    assert {one["id"] for one in said} == {RUN.id}


def test_a_program_whose_line_broke_hears_what_it_missed(world: World, runs: list[Running]) -> None:
    other = replace(RUN, id="cd" * 32)

    async def listen() -> tuple[list[str], list[str], list[str]]:
        runs.append(other)
        lines = events.told()
        first = [await anext(lines) for _ in range(3)][1:]
        await lines.aclose()
        runs[0] = replace(RUN, percent=60.0)
        del runs[1]
        mark = first[-1].split("\n")[0].removeprefix("id: ")
        again = events.told(mark)
        missed = [await anext(again) for _ in range(3)][1:]
        await again.aclose()
        halfway = missed[0].split("\n")[0].removeprefix("id: ")
        rest = events.told(halfway)
        left = [await anext(rest) for _ in range(2)][1:]
        await rest.aclose()
        return first, missed, left

    first, missed, left = asyncio.run(asyncio.wait_for(listen(), 60))
    assert first[0].startswith("event: progress")  # no id: a line that breaks here hears both again
    assert first[1].startswith("id: ")
    assert [line.split("\n")[1] for line in missed] == ["event: progress", "event: ended"]
    assert json.loads(missed[0].split("data: ")[1])["percent"] == 60.0
    assert json.loads(missed[1].split("data: ")[1]) == {"id": other.id}
    assert left == missed[1:]


@pytest.mark.parametrize("mark", ["", "other-1", "-", "x-99999999999999999999", "-1", "\u0661"])
def test_a_mark_of_somebody_else_hears_everything_that_runs(world: World, runs: list[Running], mark: str) -> None:
    async def listen() -> str:
        lines = events.told(mark)
        await anext(lines)
        return await anext(lines)

    assert json.loads(asyncio.run(asyncio.wait_for(listen(), 60)).split("data: ")[1])["percent"] == 25.0


def test_fifty_who_listen_cost_one_look_and_one_that_does_not_read_holds_nobody_up(
    world: World, runs: list[Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    monkeypatch.setattr(events, "TICK", 0.2)
    plain = events.jobs_now
    monkeypatch.setattr(events, "jobs_now", lambda: looks.append(1) or plain())

    async def listen() -> list[str]:
        slow = events.told()
        await anext(slow)
        await anext(slow)  # and never reads again
        fast = [events.told() for _ in range(50)]
        for _ in range(2):
            await asyncio.gather(*(anext(one) for one in fast))
        runs[0] = replace(RUN, percent=75.0)
        return await asyncio.gather(*(anext(one) for one in fast))

    heard = asyncio.run(asyncio.wait_for(listen(), 60))
    assert len(set(heard)) == 1
    assert "75.0" in heard[0]
    assert len(looks) < 25


def test_prometheus_reads_how_fast_a_job_runs(here: Client, runs: list[Running]) -> None:
    lines = here.get("/metrics").content.decode().splitlines()
    assert f'reelwright_job_frames_per_second{{job="{RUN.short}"}} 12.5' in lines
    runs[0] = replace(RUN, speed=None)
    assert not [
        line
        for line in here.get("/metrics").content.decode().splitlines()
        if line.startswith("reelwright_job_frames_per_second{")
    ]
