"""The real command, run as a subprocess, and what may be said of how it ended."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from ledgers import empty_ledger
from warm import PROGRAM, run_program

#: A model made for no one size, so that small pictures are scored small.
AS_THEY_ARE = {"REELWRIGHT_ENCODING__VMAF_MODEL": "vmaf_v0.6.1neg"}
#: The default: small pictures are scaled up before they are scored, which takes most of the time there is.
AS_USUAL = {"REELWRIGHT_ENCODING__VMAF_MODEL": "v0.6.1"}
QUICK = ("--preset", "13", "--crf", "45")
#: Without these an ordinary user's rights hold for root too.
DROP_RIGHTS = "-dac_override,-dac_read_search"
UNPRIVILEGED = ("setpriv", f"--bounding-set={DROP_RIGHTS}", f"--inh-caps={DROP_RIGHTS}")


@dataclass(frozen=True, kw_only=True)
class Run:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """What --json printed; a line that is no JSON fails."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def results(self) -> list[dict[str, Any]]:
        """The `result` events."""
        return [event for event in self.events if event["event"] == "result"]

    @property
    def complaints(self) -> list[str]:
        """Lines on standard error that are no progress."""
        return [line for line in self.err.splitlines() if line.startswith("reelwright: ")]

    def assert_failed(self, code: int, *said: str) -> str:
        """Assert the exit code and that one sentence, and nothing else unseemly, was said; returns the sentence."""
        assert self.code == code, (self.code, self.out[-2000:], self.err)
        assert len(self.complaints) == 1, self.err
        assert "Traceback" not in self.err
        assert "@ 0x" not in self.err
        sentence = self.complaints[0]
        for words in said:
            assert words in sentence, (words, sentence)
        assert sentence.rstrip()[-1] in ".?", sentence
        assert ".." not in sentence.replace("...", ""), sentence
        return sentence

    def assert_json_failed(self, code: int, *said: str) -> str:
        """As `assert_failed`, for a run with --json: its last line is the result, and nothing else is beside it."""
        sentence = self.assert_failed(code, *said)
        assert self.err.splitlines() == [sentence]
        last = self.events[-1]
        assert last["event"] == "result"
        assert last["status"] == last["data"]["outcome"]
        assert last["data"]["outcome"] in {"failed", "refused"}
        assert last["data"]["exit_code"] == code
        assert last["data"]["reasons"]
        assert {"decision", "output", "bytes_before", "bytes_after", "vmaf", "trials", "seconds", "checks"} <= {
            *last["data"]
        }
        return sentence


@dataclass(frozen=True, kw_only=True)
class Command:
    """`reelwright encode` with a ledger and a work folder of its own."""

    folder: Path
    state: Path
    environment: dict[str, str] = field(default_factory=dict)

    def argv(self, args: Iterable[str | bytes | Path], *, before: tuple[str, ...] = ()) -> list[str | bytes | Path]:
        """The command line of an encode."""
        start = [*before, *PROGRAM, "encode", "--work-dir", str(self.state / "work")]
        return [*start, *args]

    def variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment, without any setting of whoever runs the tests."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("REELWRIGHT_")}
        home = {"HOME": str(self.state), "REELWRIGHT_DATABASE__PATH": str(self.state / "ledger.sqlite3")}
        return kept | home | self.environment | dict(more or {})

    def prepare(self) -> None:
        """Have a ledger, so that not every run has to make its tables; that they are made is tested elsewhere."""
        ledger = self.state / "ledger.sqlite3"
        if not ledger.exists():
            ledger.write_bytes(empty_ledger())

    def __call__(
        self, *args: str | bytes | Path, before: tuple[str, ...] = (), env: Mapping[str, str] | None = None
    ) -> Run:
        """Run to the end."""
        self.prepare()
        done = run_program(self.argv(args, before=before), cwd=self.folder, env=self.variables(env))
        return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())

    def begin(self, *args: str | Path, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """Start a run and give it back running."""
        self.prepare()
        return subprocess.Popen(
            self.argv(args),
            cwd=self.folder,
            env=self.variables(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


def finish(process: "subprocess.Popen[bytes]", seen: str) -> Run:
    """Wait for a run that was begun; `seen` is what was read of its output already."""
    out, err = process.communicate(timeout=300)
    return Run(code=process.returncode, out=seen + out.decode(), err=err.decode())


def read_until(process: "subprocess.Popen[bytes]", event: str) -> str:
    """Read a run's JSON lines up to the first such event; returns them."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.decode())
        if json.loads(line)["event"] == event:
            return "".join(lines)
    raise AssertionError(f"no {event} in {lines}")


def contents(folder: Path) -> dict[str, str]:
    """Every name below a folder, with the hash of its bytes: what must not have changed, and nothing new."""
    found = {}
    for parent, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(os.path.join(parent, name), folder)] = "folder"  # noqa: PTH118
        for name in files:
            path = os.path.join(parent, name)  # noqa: PTH118
            known = os.readlink(path) if os.path.islink(path) else digest(Path(path))  # noqa: PTH114, PTH115
            found[os.path.relpath(path, folder)] = known
    return found


def digest(path: Path) -> str:
    """Hash of a file's bytes; of one that may not be read, its size."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=8).hexdigest()
    except PermissionError:
        return str(path.stat().st_size)


def frames(path: Path | str) -> int:
    """How many frames decode."""
    with av.open(f"file:{os.path.abspath(path)}") as container:  # noqa: PTH100 - keeps odd bytes
        return sum(1 for _ in container.decode(video=0))


def packets(path: Path, kind: str) -> list[list[bytes]]:
    """The packets of each stream of a kind, pictures that are attached left out."""
    with av.open(str(path)) as container:
        wanted = [
            stream
            for stream in container.streams
            if stream.type == kind and av.stream.Disposition.attached_pic not in stream.disposition
        ]
        found: dict[int, list[bytes]] = {stream.index: [] for stream in wanted}
        for packet in container.demux(wanted):
            if packet.size:
                found[packet.stream_index].append(bytes(packet))
    return list(found.values())
