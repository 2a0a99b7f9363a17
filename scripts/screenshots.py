"""Makes the pictures of the pages in docs/images, from a ledger that is filled in by values.

.venv/bin/python scripts/screenshots.py
"""

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE / "tests"))

from browsing import DESK, PHONE, chromium, filled, served, visitor  # noqa: E402

PAGES = {"overview": "/", "film": "FILM", "plan": "/library/of/films/plan"}


def main() -> None:
    """Make them."""
    images = HERE / "docs" / "images"
    images.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="reelwright-screenshots-") as name:
        folder = Path(name)
        filled(folder / "state", folder / "films")
        with served(folder / "state") as site, chromium() as browser:
            for kind, (size, scheme) in {"light": (DESK, "light"), "phone": (PHONE, "dark")}.items():
                with visitor(browser, size, color_scheme=scheme) as (page, _):
                    page.goto(site.url("/jobs"))
                    film = page.locator(".films a").first.get_attribute("href")
                    for what, path in PAGES.items():
                        page.goto(site.url(film if path == "FILM" else path))
                        if what == "plan" and page.get_by_role("button", name="Make a plan").count():
                            page.get_by_role("button", name="Make a plan").click()
                            page.get_by_role("button", name="Approve all").wait_for()
                            page.goto(site.url(path))
                        if what == "film":
                            page.wait_for_selector("html[data-ready=charts]")
                        page.screenshot(path=images / f"pages-{what}-{kind}.png")


if __name__ == "__main__":
    main()
