"""The manifest says what the program does: commands and settings that exist, a schema that holds, few rights."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reelwright.cli.main import make_parser
from reelwright.cluster.celery_app import PATIENCE_SECONDS
from reelwright.config import load_settings

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((PLACE / "kustomization.yaml").read_text())
SETTINGS = dict(line.split("=", 1) for line in KUSTOMIZATION["configMapGenerator"][1]["literals"])


def documents() -> list[dict[str, Any]]:
    """What is applied, file by file."""
    return [one for name in KUSTOMIZATION["resources"] for one in yaml.safe_load_all((PLACE / name).read_text())]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and specifications of pods."""
    for document in documents():
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", ()), *pod["containers"]]


def environment_of(container: dict[str, Any], secrets: Path) -> dict[str, str]:
    """What a container of ours has."""
    given = {one["name"]: str(one["value"]) for one in container["env"]}
    given |= SETTINGS if "envFrom" in container else {}
    return {name: value.replace("/run/secrets/reelwright", str(secrets)) for name, value in given.items()}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("deploy")
    shutil.copy(ROOT / "deploy" / "secrets.sh", place)
    subprocess.run([place / "secrets.sh"], check=True, capture_output=True)
    return place / "secrets"


def test_every_container_of_ours_starts_a_command_with_settings_that_exist(secrets: Path) -> None:
    seen = set()
    for name, pod in pods():
        for container in containers(pod):
            if container["image"] != "reelwright":
                continue
            seen.add(name)
            args = container["args"]
            assert make_parser(args).parse_args(args).command == args[0]
            settings = load_settings({**environment_of(container, secrets), "REELWRIGHT_CONFIG": ""})
            if "terminationGracePeriodSeconds" in pod:
                assert settings.queue.grace + 2 * PATIENCE_SECONDS < pod["terminationGracePeriodSeconds"]
            for probe in ("readinessProbe", "livenessProbe"):
                if words := container.get(probe, {}).get("exec", {}).get("command", [])[1:]:
                    assert make_parser(words).parse_args(words).queues == settings_queue(args)
    assert seen == {"setup", "web", "leader", "encoder", "flower"}


def settings_queue(args: list[str]) -> str:
    """What a worker's command says it does."""
    return args[args.index("--queues") + 1]


def test_no_container_is_root_or_may_write_but_where_it_has_to() -> None:
    for name, pod in pods():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}
            }  # fmt: skip
            assert {"requests", "limits"} == set(container["resources"])
            assert {mount["name"] for mount in container["volumeMounts"]} - {"data"} <= volumes


def test_pods_are_given_the_secrets_that_they_name_and_no_others(secrets: Path) -> None:
    for name, pod in pods():
        (given,) = [
            {item["key"] for item in volume["secret"]["items"]} for volume in pod["volumes"] if "secret" in volume
        ]
        assert given <= {path.name for path in secrets.iterdir()}
        text = json.dumps([pod, SETTINGS if any("envFrom" in one for one in containers(pod)) else {}])
        named = {part.split('"')[0] for part in text.split("/run/secrets/reelwright/")[1:]}
        assert named == given, name


def test_an_encoder_reads_films_and_cannot_change_one() -> None:
    encoder = dict(pods())["encoder"]["containers"][0]
    mounts = {mount["name"]: mount.get("readOnly", False) for mount in encoder["volumeMounts"]}
    assert (mounts["media"], mounts["work"], mounts["secrets"]) == (True, False, True)
    urls = [one["value"] for one in encoder["env"] if one["name"] == "REELWRIGHT_DATABASE__URL_FILE"]
    assert urls == ["/run/secrets/reelwright/encoder_url"]


def test_as_many_pods_are_asked_for_as_have_slots_for_the_rows() -> None:
    (scaler,) = [one for one in documents() if one["kind"] == "ScaledObject"]
    (trigger,) = scaler["spec"]["triggers"]
    encoder = dict(pods())["encoder"]["containers"][0]
    slots = next(one["value"] for one in encoder["env"] if one["name"] == "REELWRIGHT_CLUSTER__SLOTS")
    assert trigger["metadata"]["targetQueryValue"] == slots
    assert scaler["spec"]["scaleTargetRef"]["name"] == "encoder"
    (deployment,) = [one for one in documents() if (one["kind"], one["metadata"]["name"]) == ("Deployment", "encoder")]
    assert "replicas" not in deployment["spec"]  # applying the manifest anew must not undo what the scaler did


def test_the_schema_of_kubernetes_holds() -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")
    for document in documents():
        if not document["apiVersion"].startswith("keda.sh/"):
            validator.validate(document, validator.latest_version(), strict=True)
    spoilt = next(one for one in documents() if one["metadata"]["name"] == "leader")
    spoilt["spec"]["template"]["spec"]["containers"][0]["arguments"] = []
    with pytest.raises(validator.ValidationError):
        validator.validate(spoilt, validator.latest_version(), strict=True)


def test_kustomize_takes_all_of_it() -> None:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not here to read the manifest")
    done = subprocess.run([program, "kustomize", PLACE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [one for one in yaml.safe_load_all(done.stdout) if one]
    kinds = sorted(one["kind"] for one in documents())
    assert sorted(one["kind"] for one in found if one["kind"] != "ConfigMap") == kinds
    for one in found:
        assert one["metadata"]["namespace"] == "reelwright"
        if one["kind"] == "Deployment":
            labels = one["spec"]["template"]["metadata"]["labels"]
            assert labels["app.kubernetes.io/part-of"] == "reelwright"
    assert "image: reelwright:cluster" in done.stdout
