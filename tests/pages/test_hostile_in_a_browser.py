"""Hostile names in a real browser: no dialog, no report of the content policy, no request to anybody else."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from browsing import CHROMIUM, NO_CHROMIUM
from ledger_of_pages import JOB, World
from reelwright.web.server import PageServer, bound_socket

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)
SHOTS = os.environ.get("PAGE_SHOTS")
PAGES = ("/", "/jobs", f"/jobs/{JOB}", "/library", "/quarantine", "/workers", "/settings", "/sequences", "/audit")


@pytest.fixture
def served(world: World) -> Iterator[str]:
    """The pages at a free port, with hostile rows."""
    world.fill()
    folder = world.add_frames()
    world.asked._settings = world.settings.model_copy(
        update={"web": world.settings.web.model_copy(update={"sequences": (str(folder),)})}
    )
    with PageServer(bound_socket("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.port}"


def test_nothing_of_a_hostile_name_is_carried_out(world: World, served: str) -> None:
    sheet = world.asked.sheets()[0].id
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, scheme in ((1440, "light"), (390, "dark")):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
            page.on("console", lambda line: said.append(line.text) if line.type in {"error", "warning"} else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on(
                "request", lambda asked: None if asked.url.startswith((served, "data:")) else said.append(asked.url)
            )
            for address in (*PAGES, f"/sequences/{sheet}", "/api/docs"):
                page.goto(served + address, wait_until="load")
                if address == "/api/docs":
                    page.wait_for_selector(".opblock")
                else:
                    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1"), (address, width)
                if SHOTS:
                    name = address.strip("/").replace("/", "-")[:20] or "overview"
                    page.screenshot(path=str(Path(SHOTS, f"{name}-{scheme}.png")), full_page=address != "/api/docs")
            page.close()
        browser.close()
    assert said == []
