"""The container's files say what the program does: settings that exist, commands that exist, a schema that holds."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reelwright.cli.main import make_parser
from reelwright.config import load_settings
from reelwright.origins import plain

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text()


@pytest.fixture
def service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["reelwright"]
    return found


def settings(environment: dict[str, str]) -> dict[str, Any]:
    """Settings of an environment alone, as plain values."""
    found: dict[str, Any] = plain(load_settings({**environment, "REELWRIGHT_CONFIG": ""}))
    return found


def test_every_variable_of_the_compose_file_is_a_setting(service: dict[str, Any]) -> None:
    given = {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for name, value in service["environment"].items()}
    found = settings(given)
    assert found["processing"]["nice"] == 10
    assert found["notify"]["urls"] == []


def test_the_examples_of_the_docs_are_settings() -> None:
    text = (ROOT / "docs" / "containers.md").read_text()
    (block,) = re.findall(r"```yaml\n(environment:.*?)```", text, flags=re.DOTALL)
    found = settings(yaml.safe_load(block)["environment"])
    assert found["libraries"]["films"]["root"] == "/media/films"
    assert found["encoding"]["target_vmaf"] == 94


def test_what_is_started_and_asked_are_commands(service: dict[str, Any]) -> None:
    health, entry, start = (
        json.loads(re.findall(rf"^{word}.*?(\[.*\])$", CONTAINERFILE, flags=re.MULTILINE)[0])
        for word in ("HEALTHCHECK", "ENTRYPOINT", "CMD")
    )
    assert entry == ["tini", "--", "reelwright"]
    assert start == service["command"] == ["serve"]
    assert ["CMD", *health] == service["healthcheck"]["test"]
    for words in (start, health[1:]):
        assert make_parser(words).parse_args(words).command == words[0]


def test_what_the_image_is_built_of_is_let_through_and_exists() -> None:
    ignored = (ROOT / ".containerignore").read_text()
    assert ignored == (ROOT / ".dockerignore").read_text()
    let_through = {line[1:] for line in ignored.splitlines() if line.startswith("!")}
    copied = {name for line in re.findall(r"^COPY ([^-].*) \S+$", CONTAINERFILE, re.MULTILINE) for name in line.split()}
    assert copied == let_through
    assert all((ROOT / name).exists() for name in copied)


def test_the_places_of_the_image_are_mounted(service: dict[str, Any]) -> None:
    mounted = {
        volume.split(":")[1 if volume[0] != "$" else 2].removeprefix("-./media}:") for volume in service["volumes"]
    }
    assert {"/state", "/config/reelwright"} <= mounted
    assert "XDG_STATE_HOME=/state" in CONTAINERFILE
    assert "XDG_CONFIG_HOME=/config" in CONTAINERFILE


def test_compose_itself_takes_the_file() -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not here to read compose.yaml")
    done = subprocess.run([program, "-f", ROOT / "compose.yaml", "config"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load(done.stdout)["services"]["reelwright"]["stop_grace_period"] == "60s"
