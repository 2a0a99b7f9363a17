"""A served site and a real browser for tests of the pages."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
NO_CHROMIUM = "there is no Chromium here: `apt-get install chromium`"
DESK, PHONE = (1440, 900), (390, 844)
#: Milliseconds.
PATIENCE = 120_000.0
TESTS = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Served:
    """A running `serve`."""

    address: str
    process: "subprocess.Popen[bytes]"
    state: Path
    env: Mapping[str, str]

    def url(self, path: str) -> str:
        return self.address.rstrip("/") + path


def variables(state: Path, more: Mapping[str, str]) -> dict[str, str]:
    """An environment with nobody's settings but these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("REELWRIGHT_")}
    home = {"HOME": str(state), "REELWRIGHT_DATABASE__PATH": str(state / "ledger.sqlite3"), "REELWRIGHT_WEB__PORT": "0"}
    return {**kept, **home, **more}


def filled(state: Path, root: Path, rows: int = 0) -> None:
    """A ledger to look at."""
    state.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(TESTS / "paged.py"), str(state / "ledger.sqlite3"), str(root), str(rows)]
    subprocess.run(command, check=True, env={**variables(state, {}), "PYTHONPATH": str(TESTS)})


def with_user(state: Path, name: str, password: str) -> None:
    """A user in the ledger."""
    command = [sys.executable, str(TESTS / "paged.py"), "user", str(state / "ledger.sqlite3"), name, password]
    subprocess.run(command, check=True, env={**variables(state, {}), "PYTHONPATH": str(TESTS)})


@contextmanager
def served(state: Path, *args: str, **more: str) -> Iterator[Served]:
    """The site of a ledger; it must end in good order."""
    state.mkdir(parents=True, exist_ok=True)
    env = variables(state, more)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "reelwright", "serve", "--json", *args], env=env, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())["data"]["message"]
        yield Served(address=said.rpartition(" ")[2], process=process, state=state, env=env)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        assert process.returncode == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser. As root, which is how containers run tests, it has no sandbox."""
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=args, timeout=PATIENCE)
        yield started
        started.close()


class Seen:
    """What a page asked for and complained of."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda said: self.complaints.append(f"{said.type}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def elsewhere(self, address: str) -> list[str]:
        """Requests that went off to somebody else."""
        return [url for url in self.requests if not url.startswith((address, "data:", "blob:"))]


@contextmanager
def visitor(browser: Browser, size: tuple[int, int] = DESK, **how: Any) -> Iterator[tuple[Page, Seen]]:
    """A window of its own."""
    context: BrowserContext = browser.new_context(viewport={"width": size[0], "height": size[1]}, **how)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    yield page, Seen(page)
    context.close()


def serious(page: Page) -> list[str]:
    """What keeps people from using a page, as axe-core finds it."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]


def becomes(page: Page, expression: str) -> None:
    """Wait until an expression is true: Playwright's own waiting runs strings in the page, which its policy bars."""
    for _ in range(400):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {expression}")
