"""The pages while real work is done: a plan is approved, films are watched and cancelled, an original is restored."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from brake import SHORT_CHUNKS, brake
from clips import TWO_CHUNKS, Clips
from command import AS_THEY_ARE, Command
from keeping import ALL, ONE_TRIAL, settle
from playwright.sync_api import Browser, Error

from browsing import CHROMIUM, NO_CHROMIUM, Served, becomes, chromium, serious, served, visitor
from reelwright.errors import BusyError

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def command(site: Served, *words: str | Path) -> None:
    """Run the command line on the site's ledger; wait where its own scheduler is just scanning the library."""
    argv = [sys.executable, "-P", "-m", "reelwright", *words]
    for _ in range(100):
        done = subprocess.run(argv, check=False, env=dict(site.env), capture_output=True, text=True)
        if done.returncode != BusyError.exit_code:
            break
        time.sleep(0.2)
    assert done.returncode == 0, done.stderr


def test_a_film_goes_from_add_library_to_its_chart_and_its_original_back_again(
    browser: Browser, clips: Clips, tmp_path: Path
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    shutil.copyfile(clips.film(), films / "a film.mkv")
    settle(films)
    original = (films / "a film.mkv").read_bytes()
    (tmp_path / "rules.toml").write_text(ALL)
    more = {**AS_THEY_ARE, **ONE_TRIAL, "REELWRIGHT_PLACEMENT__MAX_ENCODED_PERCENT": "1000"}
    with served(tmp_path / "state", **more) as site, visitor(browser) as (page, seen):
        page.goto(site.url("/library"))
        assert page.get_by_text("There is no library yet").is_visible()
        command(site, "library", "add", "films", films, "--policy", "replace", "--rules", tmp_path / "rules.toml")
        command(site, "library", "scan", "films")
        page.reload()
        page.get_by_role("link", name="Review the plan (1)").click()
        page.get_by_role("button", name="Make a plan").click()
        page.get_by_role("button", name="Approve all 1…").click()
        page.locator("dialog[open]", has_text="Outputs take the places of their films.").wait_for()
        page.locator("dialog[open]").get_by_role("button", name="Approve", exact=True).click()
        page.locator("#said .toast", has_text="1 file is in the queue").wait_for()
        with suppress(Error):  # the page may be on its way already, to show what was queued
            page.goto(site.url("/library/of/films"))
        page.goto(site.url("/library/of/films"))
        for _ in range(600):
            page.reload()
            if page.locator("#files .badge.done").count():
                break
            page.wait_for_timeout(250)
        page.locator("#files .body a").first.click()
        page.get_by_role("link", name="See its film page").click()
        page.wait_for_selector("html[data-ready=charts]")
        assert page.locator("#along .scatterlayer .trace").count() >= 5
        assert page.locator(".steps .done").count() == 5
        page.goto(site.url("/quarantine"))
        page.get_by_role("button", name="Restore… a film.mkv").click()
        page.locator("dialog[open]").get_by_role("button", name="Restore it").click()
        page.locator("#said .toast", has_text="a film.mkv is in its place again").wait_for()
        assert (films / "a film.mkv").read_bytes() == original
        page.get_by_text("Nothing is in quarantine").wait_for()
        assert seen.complaints == []
        assert seen.elsewhere(site.address) == []


def test_a_film_that_runs_is_watched_while_it_runs_and_cancelled_from_its_page(
    browser: Browser, clips: Clips, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with served(state, **AS_THEY_ARE) as site, visitor(browser) as (page, seen):
        held = brake(Command(folder=tmp_path, state=state))
        words = ("encode", clips("watched.mkv", *TWO_CHUNKS), "-o", tmp_path / "out.mkv", "--preset", "13")
        run = subprocess.Popen(
            [sys.executable, "-P", "-m", "reelwright", *words], env={**site.env, **SHORT_CHUNKS, **held.env},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            held.wait()
            page.goto(site.url("/"))
            page.locator("#now a", has_text="watched.mkv").click()
            page.locator(".steps .now", has_text="Search").wait_for()
            page.get_by_text("Chunk 1, CRF").wait_for()
            page.get_by_role("button", name="Cancel…").click()
            page.locator("dialog[open]").get_by_role("button", name="Cancel it").click()
            page.locator("#said .toast", has_text="It is cancelled").wait_for()
            assert run.wait(timeout=120) == 130
            page.locator(".steps .stopped").wait_for()
            assert page.get_by_role("button", name="Run again…").is_visible()
        finally:
            run.kill()
            run.wait()
        assert seen.complaints == []


#: Writes into a ledger what a run does once the chunk it tries is accepted.
NEXT = """
import sys
from dataclasses import replace
from reelwright.config import settings_from
from reelwright.engine.jobs import StepKind
from reelwright.events import EventName
from reelwright.store.database import open_ledger
store = open_ledger(settings_from(None, {"database": {"path": sys.argv[1]}}).ledger)
(job,) = store.recent_jobs(None, 5)
chunks = store.steps(job.id)[StepKind.ANALYSE].result["chunks"]
told = [event for event in store.events_of(job.id) if event.event is EventName.TRIAL_COMPLETE]
first = next(t for t in store.trials([one["curve"] for one in chunks]) if t.crf == told[0].data["crf"])
chunk = told[0].data["chunk"]
data = {"chunk": chunk, "crf": first.crf, "why": "It is within the band.", "within_band": True}
store.add_event(replace(told[0], event=EventName.SEGMENT_COMPLETE, data=data))
store.close()
"""


def test_the_chart_of_a_film_that_runs_follows_it_and_keeps_zoom_and_focus(
    browser: Browser, clips: Clips, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    with served(state, **AS_THEY_ARE) as site, visitor(browser) as (page, seen):
        held = brake(Command(folder=tmp_path, state=state))
        words = ("encode", clips("living.mkv", *TWO_CHUNKS), "-o", tmp_path / "out.mkv", "--preset", "13")
        run = subprocess.Popen(
            [sys.executable, "-P", "-m", "reelwright", *words], env={**site.env, **SHORT_CHUNKS, **held.env},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            held.wait()
            page.goto(site.url("/"))
            page.locator("#now a", has_text="living.mkv").click()
            page.wait_for_selector("html[data-ready=charts][data-fed]")
            assert page.evaluate("document.querySelector('#along').data[4].y.every((one) => one === null)")
            page.get_by_role("button", name="Zoom in").click()
            page.locator("#along").focus()
            page.keyboard.press("End")
            page.keyboard.press("Home")
            assert "chunk 0" in (page.locator("#along").get_attribute("aria-valuetext") or "")
            # The keyboard has moved the view to what it points at.
            zoom = page.evaluate("document.querySelector('#along').layout.xaxis.range.join()")
            page.evaluate("document.documentElement.dataset.fed = 0")
            subprocess.run([sys.executable, "-c", NEXT, state / "ledger.sqlite3"], env=dict(site.env), check=True)
            becomes(page, "Number(document.documentElement.dataset.fed) > 0")
            assert page.evaluate("document.querySelector('#along').data[4].y.some((one) => one !== null)")
            assert page.evaluate("document.activeElement.id") == "along"
            assert page.evaluate("document.querySelector('#along').layout.xaxis.range.join()") == zoom
            assert seen.complaints == []
        finally:
            run.kill()
            run.wait()


def test_the_same_frames_of_source_and_output_are_fetched_and_compared(
    browser: Browser, clips: Clips, tmp_path: Path
) -> None:
    with served(tmp_path / "state", **AS_THEY_ARE, **SHORT_CHUNKS) as site, visitor(browser) as (page, seen):
        command(
            site,
            "encode",
            clips("compared.mkv", *TWO_CHUNKS),
            "-o",
            tmp_path / "out.mkv",
            "--preset",
            "13",
            "--crf",
            "45",
        )
        page.goto(site.url("/jobs"))
        page.locator(".films a").first.click()
        page.locator("#gallery").scroll_into_view_if_needed()
        page.locator("#gallery img").first.wait_for()
        becomes(page, "[...document.querySelectorAll('#gallery img')].every((one) => one.naturalWidth > 0)")
        page.locator("#gallery input").first.focus()
        page.keyboard.press("Home")
        becomes(page, "getComputedStyle(document.querySelector('.compare .before')).clipPath.includes('100%')")
        assert seen.complaints == []
        job = page.url.rpartition("/")[2]
        kept = sorted(one.name for one in (site.state / ".local/state/reelwright/work/pictures" / job).iterdir())
        assert kept[:2] == ["0-output.webp", "0-source.webp"]
        every = page.locator("#every")
        every.scroll_into_view_if_needed()
        loaded = "[...document.querySelectorAll('#every img')].every((one) => one.naturalWidth > 0)"
        every.get_by_text("1 of 3").wait_for()
        becomes(page, loaded)
        scores = [every.locator(".score").inner_text()]
        every.get_by_role("button", name="Better").focus()
        for rank in ("2 of 3", "3 of 3"):
            page.keyboard.press("Enter")
            every.get_by_text(rank).wait_for()
            becomes(page, loaded)
            scores.append(every.locator(".score").inner_text())
        # The last one has no better one: the keyboard is at the choice of chunks then.
        becomes(page, "document.activeElement.dataset.step === 'chunk'")
        assert len({*scores}) == 3
        assert serious(page) == []
        assert seen.complaints == []
        kept = list((site.state / ".local/state/reelwright/work/chunk-pictures" / job).iterdir())
        assert len(kept) == 6
