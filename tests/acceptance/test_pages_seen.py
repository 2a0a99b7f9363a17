"""The pages in a real browser, over a ledger that was filled in: how they look, and what can be done on them."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from browsing import (
    CHROMIUM,
    DESK,
    NO_CHROMIUM,
    PHONE,
    Served,
    becomes,
    chromium,
    filled,
    serious,
    served,
    visitor,
    with_user,
)  # fmt: skip
from stills import write_still

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
PAGES = (
    "/",
    "/jobs",
    "FILM",
    "/library",
    "/library/of/films",
    "/library/files/3",
    "/library/of/films/plan",
    "/quarantine",
    "/sequences",
    "SHEET",
    "/workers",
    "/settings",
    "/audit",
)
#: Rows of the library that is away.
MANY = 600


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("pages")
    filled(folder / "state", folder / "films", MANY)
    shot = folder / "shots" / "sh010"
    shot.mkdir(parents=True)
    for frame in (1001, 1002, 1003, 1007):
        write_still(shot / f"sh010.{frame}.exr", 0.1 * (frame % 10))
    (shot / "SH010.1004.exr").write_bytes(b"")
    config = folder / "state" / ".config" / "reelwright"
    config.mkdir(parents=True)
    (config / "reelwright.toml").write_text(f'[web]\nsequences = ["{shot}"]\n')
    with served(folder / "state") as running:
        yield running


#: Every link of the navigation is within the window, at either width.
IN_SIGHT = """[...document.querySelectorAll('nav a')].every((one) => {
    const box = one.getBoundingClientRect();
    return box.left >= 0 && box.right <= innerWidth && box.height > 0 && one.scrollWidth <= one.clientWidth + 1;
})"""


def sheet_page(page: Page, site: Served) -> str:
    """Address of the folder of frames."""
    page.goto(site.url("/sequences"))
    return page.locator(".rows a").first.get_attribute("href") or ""


def film_page(page: Page, site: Served) -> str:
    """Address of the film with everything on it."""
    page.goto(site.url("/jobs"))
    return page.locator(".films a").first.get_attribute("href") or ""


def rows(site: Served, query: str) -> list[Any]:
    """What the ledger holds."""
    with sqlite3.connect(site.state / "ledger.sqlite3") as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_fits_complains_of_nothing_asks_nobody_else_and_keeps_nobody_out(
    browser: Browser, site: Served, size: tuple[int, int], scheme: Any
) -> None:
    with visitor(browser, size, color_scheme=scheme) as (page, seen):
        film, sheet = film_page(page, site), sheet_page(page, site)
        for path in PAGES:
            page.goto(site.url({"FILM": film, "SHEET": sheet}.get(path, path)))
            assert page.locator("h1").count() == 1
            assert page.evaluate(IN_SIGHT), path
            wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert wide[0] <= wide[1], path
            assert serious(page) == [], path
            assert page.evaluate("window.broken") is None
        assert seen.complaints == []
        assert seen.elsewhere(site.address) == []


def test_the_chart_of_a_film_tells_what_is_under_the_pointer_and_follows_the_colours(
    browser: Browser, site: Served
) -> None:
    with visitor(browser, color_scheme="light") as (page, seen):
        page.goto(site.url(film_page(page, site)))
        page.wait_for_selector("html[data-ready=charts]")
        panel = page.locator("#along .nsewdrag[data-subplot=xy]").first
        panel.scroll_into_view_if_needed()
        box = panel.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2)
        label = page.locator("#along .hoverlayer .hovertext text.nums").first
        label.wait_for()
        assert re.search(r"VMAF [\d.]+.*chunk 2: mean 93.00.*CRF 18", label.text_content() or "", re.DOTALL)
        ink = page.evaluate("document.querySelector('#along .ytick text').style.fill")
        page.get_by_role("button", name="Use dark colours").click()
        becomes(page, f"document.querySelector('#along .ytick text').style.fill !== '{ink}'")
        page.locator("details summary").nth(2).click()
        assert page.get_by_text("93.00 at CRF 18 is within").is_visible()
        assert seen.complaints == []


def test_a_folder_of_frames_shows_its_holes_and_its_contact_sheet(browser: Browser, site: Served) -> None:
    with visitor(browser) as (page, seen):
        page.goto(site.url(sheet_page(page, site)))
        assert page.locator(".strip .missing").count() == 1
        page.get_by_role("button", name="Contact sheet").click()
        page.locator(".contact img").first.wait_for()
        becomes(page, "[...document.querySelectorAll('.contact img')].every((one) => one.naturalWidth > 0)")
        assert page.locator(".contact li").all_inner_texts() == [
            "1001", "1002", "1003", "missing\n1004", "missing\n1005", "missing\n1006", "1007",
        ]  # fmt: skip
        assert page.get_by_role("button", name="Contact sheet").count() == 0
        assert page.get_by_text("Only capital letters differ").is_visible()
        assert serious(page) == []
        page.get_by_role("button", name="Render…").click()
        for _ in range(8):  # the dialog keeps the keyboard
            page.keyboard.press("Tab")
            assert page.evaluate(
                "!document.activeElement.closest('main') || !!document.activeElement.closest('dialog')"
            )
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0
        assert seen.complaints == []
        assert rows(site, "SELECT act FROM web_auditline ORDER BY id DESC LIMIT 1") == [("contact",)]


def test_the_keyboard_gets_past_the_navigation_and_to_the_chart(browser: Browser, site: Served) -> None:
    with visitor(browser) as (page, _):
        page.goto(site.url(film_page(page, site)))
        page.wait_for_selector("html[data-ready=charts]")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        becomes(page, "document.activeElement.id === 'main'")
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "along":
                break
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("End")
        last = page.locator("#along").get_attribute("aria-valuemax")
        assert page.locator("#along").get_attribute("aria-valuenow") == last
        assert f"chunk {last}" in (page.locator("#along").get_attribute("aria-valuetext") or "")
        page.locator("#along .hoverlayer .hovertext").first.wait_for()


def test_a_job_is_cancelled_by_the_keyboard_alone_after_being_asked_once(browser: Browser, site: Served) -> None:
    with visitor(browser) as (page, seen):
        page.goto(site.url("/jobs?state=stopped"))
        page.locator(".films a").first.click()
        job = page.url.rpartition("/")[2]
        button = page.get_by_role("button", name="Cancel…")
        button.focus()
        page.keyboard.press("Enter")
        assert page.locator("dialog[open]").is_visible()
        page.keyboard.press("Escape")
        assert page.locator("dialog[open]").count() == 0
        assert rows(site, f"SELECT status FROM store_job WHERE id = '{job}'") == [("open",)]  # noqa: S608
        button.focus()
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Cancel it").focus()
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        page.keyboard.press("Enter")
        page.locator("#said .toast", has_text="It is cancelled").wait_for()
        assert outline == "solid"
        assert rows(site, f"SELECT status FROM store_job WHERE id = '{job}'") == [("cancelled",)]  # noqa: S608
        assert rows(site, "SELECT act, subject FROM web_auditline ORDER BY id DESC LIMIT 1") == [("cancel", job)]
        page.get_by_role("button", name="Run again…").wait_for()
        assert seen.complaints == []


def test_a_library_is_filtered_sorted_and_paged(browser: Browser, site: Served) -> None:
    with visitor(browser) as (page, seen):
        page.goto(site.url("/library/of/archive"))
        page.get_by_label("State").select_option("asked")
        becomes(page, "document.querySelectorAll('#files .badge.asked').length === 50")
        page.get_by_role("searchbox").fill("Сталкер")
        becomes(
            page, "[...document.querySelectorAll('#files .body a')].every((a) => a.textContent.includes('Сталкер'))"
        )
        page.get_by_role("searchbox").fill("")
        page.get_by_label("State").select_option("")
        page.get_by_label("Sort by").select_option("size")
        becomes(page, "location.search.includes('sort=size') && document.querySelectorAll('#files li').length === 50")
        seen_rows = []
        while True:
            seen_rows += page.locator("#files .body a").evaluate_all("(found) => found.map((a) => a.href)")
            more = page.get_by_role("link", name="More", exact=True)
            if not more.count():
                break
            more.click()
            page.wait_for_load_state()
        ordered = rows(site, "SELECT id FROM store_libraryfile f WHERE library_id = (SELECT id FROM store_library "
                             "WHERE name = 'archive') ORDER BY size_bytes DESC, id")  # fmt: skip
        assert [int(href.rpartition("/")[2]) for href in seen_rows] == [key for (key,) in ordered]
        assert len(ordered) == MANY
        assert seen.complaints == []


def test_a_plan_is_approved_by_rule_then_by_choice_and_what_changed_is_left_out_and_said(
    browser: Browser, site: Served
) -> None:
    planned = "SELECT path, rule FROM store_libraryfile WHERE library_id = 1 AND state = '{}' ORDER BY path"
    root = Path(rows(site, "SELECT root FROM store_library WHERE name = 'films'")[0][0])
    with visitor(browser) as (page, seen):
        page.goto(site.url("/library/of/films/plan"))
        page.get_by_role("button", name=re.compile("Make")).click()
        page.locator("#said .toast", has_text="The plan is made: 16 files").wait_for()
        page.get_by_role("button", name="Approve… rule old-codecs").click()
        page.locator("dialog[open] .primary").click()
        page.locator("#said .toast", has_text="8 files are in the queue").wait_for()
        assert {rule for _, rule in rows(site, planned.format("queued"))} == {"old-codecs"}
        assert rows(site, "SELECT approved FROM store_library WHERE name = 'films'") == [(None,)]
        first, second = (page.locator("ul.films label").nth(k).inner_text().splitlines()[0] for k in (0, 1))
        with (root / first).open("r+b") as file:
            file.truncate(17)
        for k in (0, 1):
            page.locator("ul.films input[type=checkbox]").nth(k).check()
        page.get_by_role("button", name="Approve the chosen…").click()
        page.locator("dialog[open]").get_by_role("button", name="Approve them").click()
        page.locator(
            "#said .toast", has_text=f"1 file is in the queue. 1 is left out: {first}: its size is 17"
        ).wait_for()
        assert second in {path for path, _ in rows(site, planned.format("queued"))}
        assert first not in {path for path, _ in rows(site, planned.format("queued"))}
        assert seen.complaints == []


def test_an_asked_file_is_answered_and_says_why(browser: Browser, site: Served) -> None:
    with visitor(browser) as (page, _):
        page.goto(site.url("/library/of/archive?state=asked"))
        page.locator("#files .body a").first.click()
        number = page.url.rpartition("/")[2]
        assert page.get_by_text("matches:").count() == 1
        page.get_by_role("button", name="Skip it").click()
        page.locator("#said .toast", has_text="It is left alone").wait_for()
        page.get_by_text("by your word").wait_for()
        assert rows(site, f"SELECT state, owner FROM store_libraryfile WHERE id = {number}") == [("skipped", "skip")]  # noqa: S608


def test_with_a_login_nothing_is_seen_before_it(browser: Browser, tmp_path: Path) -> None:
    with_user(tmp_path, "anna", "a long password")
    with served(tmp_path, REELWRIGHT_WEB__LOGIN="true") as site, visitor(browser) as (page, _):
        page.goto(site.url("/jobs?state=failed"))
        assert page.locator("nav").count() == 0
        assert serious(page) == []
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        assert "no such user" in page.get_by_role("alert").inner_text()
        page.get_by_label("Name").fill("anna")
        page.get_by_label("Password").fill("a long password")
        page.keyboard.press("Enter")
        page.wait_for_url(site.url("/jobs?state=failed"))
        page.get_by_role("button", name="Sign out anna").click()
        page.wait_for_url(re.compile("/login"))
        page.goto(site.url("/library"))
        assert page.url.startswith(site.url("/login"))
