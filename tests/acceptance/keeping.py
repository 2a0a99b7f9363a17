"""Libraries for tests: films that settled, rules that want them, and encodes that are as short as can be."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from command import Command, Run

if TYPE_CHECKING:
    import subprocess

#: One trial for each chunk, whatever its score: what is tested is the queue.
ONE_TRIAL = {
    "REELWRIGHT_ENCODING__PRESET": "13",
    "REELWRIGHT_ENCODING__MIN_CRF": "45",
    "REELWRIGHT_ENCODING__MAX_CRF": "45",
    "REELWRIGHT_QUEUE__RETRY_DELAY": "0",
}
ALL = '[[rule]]\nname = "all"\nunless = { verdict = "unusable" }\nthen = "encode"\n'


class Keeper(Command):
    """Any command, with encodes of one trial."""

    def argv(self, args: Iterable[str | bytes | Path], *, before: tuple[str, ...] = ()) -> list[str | bytes | Path]:
        """The command line."""
        return [*before, sys.executable, "-P", "-m", "reelwright", *args]

    def data(self, *args: str | Path, code: int = 0, env: dict[str, str] | None = None) -> dict[str, Any]:
        """The data of a command's last result."""
        done = self(*args, "--json", env=env)
        assert done.code == code, (done.code, done.out[-3000:], done.err)
        data: dict[str, Any] = json.loads(done.out.splitlines()[-1])["data"]
        return data

    def files(self, name: str = "films") -> dict[str, dict[str, Any]]:
        """A library's files by path."""
        return {file["path"]: file for file in self.data("library", "files", name, "--all")["files"]}

    def states(self, name: str = "films") -> dict[str, str]:
        """Where each file of a library stands."""
        return {path: file["state"] for path, file in self.files(name).items()}

    def queue(self) -> list[dict[str, Any]]:
        """The queue's rows that `jobs` shows."""
        return list(self.data("jobs")["queue"]["work"])

    def approved(self, root: Path, *options: str | Path, rules: str = ALL, env: dict[str, str] | None = None) -> Run:
        """Add a library, plan all of it, and apply the plan."""
        settle(root)
        place = self.state / "rules.toml"
        place.write_text(rules)
        for words in (
            ("library", "add", "films", root, "--rules", place, *options),
            ("library", "scan", "films"),
            ("library", "plan", "films", "-o", self.state / "plan.json", "--no-samples"),
            ("library", "apply", self.state / "plan.json"),
        ):
            done = self(*words, env=env)
            assert done.code == 0, (words, done.out, done.err)
        return done


def keeper(encode: Command) -> Keeper:
    """The command, in the folder above the films."""
    return Keeper(folder=encode.folder.parent, state=encode.state, environment={**encode.environment, **ONE_TRIAL})


def settle(root: Path) -> None:
    """As if nothing had been written for an hour."""
    for path in root.rglob("*"):
        if not path.is_symlink():
            os.utime(path, (path.stat().st_mtime - 3600,) * 2)


def told_until(process: "subprocess.Popen[bytes]", event: str, status: str | None = None) -> list[dict[str, Any]]:
    """A run's JSON lines up to the first such event."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(json.loads(line))
        if seen[-1]["event"] == event and status in {None, seen[-1]["status"]}:
            return seen
    assert process.stderr is not None
    raise AssertionError(f"no {event} in {seen}: {process.stderr.read().decode()}")
