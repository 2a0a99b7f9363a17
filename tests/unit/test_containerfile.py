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
from reelwright.cluster.celery_app import PATIENCE_SECONDS
from reelwright.config import load_settings
from reelwright.origins import plain

ROOT = Path(__file__).parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text()


@pytest.fixture
def service() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.one.yaml").read_text())["services"]["reelwright"]
    return found


@pytest.fixture
def cluster() -> dict[str, dict[str, Any]]:
    """The services of the cluster that are ours."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return {name: service for name, service in services.items() if service["image"].startswith("reelwright")}


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


@pytest.mark.parametrize("name", ["compose.one.yaml", "compose.yaml"])
def test_compose_itself_takes_the_file(name: str) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip(f"docker-compose is not here to read {name}")
    done = subprocess.run([program, "-f", ROOT / name, "config"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for service in yaml.safe_load(done.stdout)["services"].values():
        assert service.get("stop_grace_period") in {"60s", "1m0s", None}


def test_every_service_of_the_cluster_starts_a_command_with_settings_that_exist(
    cluster: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    assert {"migrate", "role", "user", "web", "leader", "encoder", "flower"} == set(cluster)
    secrets = made_secrets(tmp_path)
    for name, service in cluster.items():
        assert make_parser(service["command"]).parse_args(service["command"]).command == service["command"][0]
        health = service["healthcheck"].get("test", ["CMD", "reelwright", "doctor"])[2:]
        assert make_parser(health).parse_args(health).command == health[0]
        given = {k: v.replace("/run/secrets", str(secrets)) for k, v in service["environment"].items()}
        mounted = {f"/run/secrets/{secret}" for secret in service["secrets"]}
        named = {value for value in service["environment"].values() if value.startswith("/run/")}
        assert named | {w for w in service["command"] if w.startswith("/run/")} == mounted, name
        found = load_settings({**given, "REELWRIGHT_CONFIG": ""})
        grace = float(service["stop_grace_period"].removesuffix("s"))
        assert found.queue.grace + 2 * PATIENCE_SECONDS < grace
        if name in {"web", "leader", "encoder"}:
            assert (found.cluster.enabled, found.processing.temp_dir) == (True, "/work")
            assert any(volume.endswith(":/work") for volume in service["volumes"])


def test_an_encoders_container_is_given_no_more_than_it_needs(cluster: dict[str, dict[str, Any]]) -> None:
    encoder = cluster["encoder"]
    assert encoder["secrets"] == ["encoder_url", "broker_url"]
    assert "${MEDIA:-./media}:/media:ro" in encoder["volumes"]
    for service in cluster.values():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["security_opt"] == ["no-new-privileges:true"]
        # What is offered at all is offered on loopback.
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def made_secrets(place: Path) -> Path:
    """What the script makes."""
    shutil.copy(ROOT / "deploy" / "secrets.sh", place)
    subprocess.run([place / "secrets.sh"], check=True, capture_output=True)
    return place / "secrets"


def test_secrets_are_made_once_and_are_in_no_file_of_the_project(tmp_path: Path) -> None:
    first = {path.name: path.read_text() for path in made_secrets(tmp_path).iterdir()}
    assert {path.name: path.read_text() for path in made_secrets(tmp_path).iterdir()} == first
    declared = yaml.safe_load((ROOT / "compose.yaml").read_text())["secrets"]
    assert {Path(one["file"]).name for one in declared.values()} == set(declared) <= set(first)
    assert len(first["owner_password"]) == 48
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()
