"""The page in a real browser: nothing complains, nothing is fetched, and what can be moved moves."""

import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from dossiers import dossier, pair
from reelwright.report.headline import figures_of
from reelwright.report.page import render
from reelwright.report.story import chunk_stories

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here: `apt-get install chromium`")
DESK, PHONE = (1440, 900), (390, 844)
READY = "html[data-ready=charts]"
#: Milliseconds.
PATIENCE = 300_000.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # As root, which is how containers run tests, Chromium has no sandbox.
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=args, timeout=PATIENCE)
        yield started
        started.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with everything on it."""
    folder = tmp_path_factory.mktemp("page")
    pictures = []
    for name, look in (("before", "testsrc2=s=640x360:r=1"), ("after", "color=0x804020:s=640x360:r=1")):
        out = folder / f"{name}.webp"
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(),
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            look,
            "-frames:v",
            "1",
            str(out),
        ]
        subprocess.run(command, check=True)
        pictures.append(out.read_bytes())
    whole = dossier(pairs=tuple(pair(kind, *pictures) for kind in ("worst", "median", "best")))
    chunks = chunk_stories(whole)
    page = folder / "a report.html"
    page.write_text(render(whole, chunks, figures_of(whole, chunks)), encoding="utf-8")
    return page


class Seen:
    """What a page asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))


@contextmanager
def opened(browser: Browser, path: Path, size: tuple[int, int] = DESK, **how: Any) -> Iterator[tuple[Page, Seen]]:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **how)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    seen = Seen(page)
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready]")
    yield page, seen
    context.close()


def shown_range(page: Page) -> list[float]:
    found: list[float] = page.evaluate("document.querySelector('#along').layout.xaxis.range")
    return found


def becomes(page: Page, expression: str) -> None:
    """Wait until an expression is true: Playwright's own waiting runs strings in the page, which its policy bars."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")


def panel(page: Page, axes: str) -> Locator:
    found = page.locator(f"#along .nsewdrag[data-subplot={axes}]").first
    found.scroll_into_view_if_needed()
    return found


def point_at(page: Page, axes: str, share: float) -> str:
    """Move the pointer over a panel of the chart; returns what the label says."""
    box = panel(page, axes).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
    label = page.locator("#along .hoverlayer .hovertext text.nums").first
    label.wait_for()
    return label.text_content() or ""


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_draws_its_charts_fits_its_window_complains_of_nothing_and_asks_for_nothing(
    browser: Browser, path: Path, size: tuple[int, int], scheme: Any
) -> None:
    with opened(browser, path, size, color_scheme=scheme) as (page, seen):
        assert page.locator(READY).count() == 1
        for summary in page.locator("details > summary").all():
            summary.click()
        page.locator("details .chart.small .main-svg").nth(4).wait_for(state="attached")
        assert page.locator("#along .scatterlayer .trace").count() >= 5
        assert page.locator("#along .barlayer .point").count() == 4
        assert page.locator("#foresight .scatterlayer .point").count() == 8
        wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide[0] <= wide[1]
        assert page.evaluate("window.broken") is None
        assert seen.complaints == []
        assert [url for url in seen.requests if not url.startswith(("data:", path.as_uri()))] == []


def test_pointing_at_any_panel_tells_time_chunk_crf_vmaf_and_bytes(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _):
        for axes in ("xy", "xy2", "xy3"):
            said = point_at(page, axes, 0.6)
            assert re.search(r"VMAF [\d.]+\s+0:04\.\d\d, frame \d+", said), said
            assert "chunk 2: mean 93.00" in said
            assert "CRF 18" in said
            assert "222 kB" in said


def test_dragging_zooms_and_a_double_click_or_the_button_resets(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _):
        whole = shown_range(page)
        assert whole == [0, 8]
        box = panel(page, "xy").bounding_box()
        assert box is not None
        middle = box["y"] + box["height"] / 2
        for reset in ("double-click", "button"):
            page.mouse.move(box["x"] + box["width"] * 0.25, middle)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * 0.5, middle + 5, steps=5)
            page.mouse.up()
            becomes(page, "document.querySelector('#along').layout.xaxis.range[0] > 1")
            assert shown_range(page) == pytest.approx([2, 4], abs=0.1)
            if reset == "button":
                page.get_by_role("button", name="Reset").click()
            else:
                page.mouse.dblclick(box["x"] + box["width"] / 2, middle)
            becomes(page, "document.querySelector('#along').layout.xaxis.range[1] === 8")
            assert shown_range(page) == whole


def test_the_bounds_of_the_chunks_in_sight_are_drawn(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _):
        bounds = "document.querySelector('#along').layout.shapes.filter((s) => s.yref === 'paper').map((s) => s.x0)"
        assert page.evaluate(bounds) == [2, 4, 6]
        page.get_by_role("button", name="Zoom in").click()
        becomes(page, f"String({bounds}) === '4'")


def test_the_chart_is_moved_by_the_keyboard_alone(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _):
        for name, after in [("Zoom in", [2, 6]), ("Later", [4, 8]), ("Earlier", [2, 6]), ("Zoom out", [0, 8])]:
            page.get_by_role("button", name=name).focus()
            page.keyboard.press("Enter")
            becomes(page, f"document.querySelector('#along').layout.xaxis.range[0] === {after[0]}")
            assert shown_range(page) == after
        # The times are named anew for what is shown.
        page.get_by_role("button", name="Zoom in").press("Enter")
        assert "0:04.0" in page.locator("#along .xtick text").all_text_contents()


def test_the_line_between_source_and_output_moves_with_pointer_and_keys(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _):
        compare = page.locator(".compare").first
        compare.scroll_into_view_if_needed()
        cover = "getComputedStyle(document.querySelector('.compare .before')).clipPath"
        assert "50%" in page.evaluate(cover)
        box = compare.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2)
        assert "10%" in page.evaluate(cover) or "9%" in page.evaluate(cover) or "11%" in page.evaluate(cover)
        compare.locator("input").fill("30")
        compare.locator("input").press("ArrowLeft")
        assert "71%" in page.evaluate(cover)


def test_a_chunk_opens_by_the_keyboard_and_shows_its_search(browser: Browser, path: Path) -> None:
    with opened(browser, path) as (page, _):
        details = page.locator("details").nth(2)
        details.locator("summary").focus()
        page.keyboard.press("Enter")
        details.locator(".chart.small .main-svg").first.wait_for()
        assert details.get_by_text("93.00 at CRF 18 is within").is_visible()
        assert details.locator("tr.taken th").inner_text() == "3"
        # Three trials measured, three expected.
        assert details.locator(".chart.small .scatterlayer .point").count() == 6


def background(page: Page) -> str:
    found: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return found


def test_dark_and_light_differ_and_the_button_overrules_the_system(browser: Browser, path: Path) -> None:
    with opened(browser, path, color_scheme="light") as (page, _):
        light, button = background(page), page.locator("#theme")
        line = "document.querySelector('#along .ytick text').style.fill"
        ink = page.evaluate(line)
        button.click()
        dark = background(page)
        assert dark != light
        becomes(page, f"{line} !== '{ink}'")
        assert page.get_by_role("button", name="Use light colours").is_visible()
    with opened(browser, path, color_scheme="dark") as (page, _):
        assert background(page) == dark
        page.locator("#theme").click()
        assert background(page) == light
        page.emulate_media(color_scheme="light")
        assert background(page) == light


def test_a_finger_scrolls_the_page_over_the_chart_and_a_tap_tells_what_is_there(browser: Browser, path: Path) -> None:
    with opened(browser, path, PHONE, has_touch=True, is_mobile=True) as (page, seen):
        box = panel(page, "xy").bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
        page.locator("#along .hoverlayer .hovertext").first.wait_for()
        assert page.evaluate("document.querySelector('#along').layout.dragmode") is False
        assert page.evaluate("[document.documentElement.scrollWidth <= window.innerWidth]") == [True]
        assert seen.complaints == []


def test_the_page_prints_light_and_whole(browser: Browser, path: Path) -> None:
    with opened(browser, path, color_scheme="dark") as (page, _):
        printed = page.pdf(format="A4", print_background=True)
        assert printed.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b", io.BytesIO(printed).getvalue())) >= 2
        becomes(page, "!document.documentElement.hasAttribute('data-print')")


def test_where_the_charts_cannot_be_unpacked_the_tables_are_still_there(browser: Browser, path: Path) -> None:
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.add_init_script("delete window.DecompressionStream")
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready=tables]")
    assert "could not be drawn" in page.locator("#along").inner_text()
    assert page.locator("details").count() == 4
    context.close()
