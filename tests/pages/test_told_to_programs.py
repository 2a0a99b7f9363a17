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
    kinds, said = zip(*((line.split("\n")[0], json.loads(line.split("data: ")[1])) for line in told), strict=True)
    assert kinds == ("event: progress", "event: progress", "event: ended")
    assert [one.get("percent") for one in said] == [25.0, 50.0, None]
    assert {one["id"] for one in said} == {RUN.id}


def test_prometheus_reads_how_fast_a_job_runs(here: Client, runs: list[Running]) -> None:
    lines = here.get("/metrics").content.decode().splitlines()
    assert f'reelwright_job_frames_per_second{{job="{RUN.short}"}} 12.5' in lines
    runs[0] = replace(RUN, speed=None)
    assert not [
        line
        for line in here.get("/metrics").content.decode().splitlines()
        if line.startswith("reelwright_job_frames_per_second{")
    ]
