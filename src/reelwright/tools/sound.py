"""Encode one sound of a film, and hear the output's; both in child processes."""

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reelwright.errors import SourceError
from reelwright.planning.checks.evidence import Heard
from reelwright.planning.identity import digest
from reelwright.planning.sound import OpusPlan
from reelwright.tools.ask import Answer, ask
from reelwright.tools.complaints import complaints
from reelwright.tools.process import Finished, Runner


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A sound that was encoded, and what was heard of its source meanwhile."""

    #: Of the stream in the source.
    index: int
    key: str
    #: Bytes of the file with its packets, and hashes of it and of the source's envelope.
    size_bytes: int
    content: str
    envelope: str
    #: Samples a second in the source.
    rate: int
    #: When the first sample is heard, in seconds on the source's clock; None: there is none.
    begin: Fraction | None
    #: Samples in the output, at 48 kHz.
    samples: int
    #: LUFS of the source; -70: silence, or too short to tell.
    loudness: float
    #: Decibels of each channel, in the output's order.
    levels: tuple[float, ...]
    #: When, and for how many seconds, the source has no sound between its first and its last; and has it twice.
    holes: tuple[tuple[float, float], ...] = ()
    cuts: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundJob:
    """What one encode of a sound needs."""

    source: Path
    index: int
    plan: OpusPlan
    #: Of an excerpt, its begin and end on the source's clock.
    window: tuple[Fraction, Fraction] | None
    key: str
    #: Where finished sounds lie.
    folder: Path

    @property
    def file(self) -> Path:
        """The packets."""
        return self.folder / f"{self.key}.sound.mka"

    @property
    def envelope(self) -> Path:
        """What was heard of the source."""
        return self.folder / f"{self.key}.sound.npz"

    @property
    def note(self) -> Path:
        """What is known of both; written last."""
        return self.folder / f"{self.key}.sound.json"


def encoder_build() -> dict[str, str]:
    """What decides the bytes of a sound beside its parameters: the library that holds FFmpeg's, and the processor."""
    return {"av": importlib.metadata.version("av"), "machine": platform.machine()}


def sound_key(source_id: str, index: int, plan: OpusPlan, window: tuple[Fraction, Fraction] | None) -> str:
    """Identity of a sound's bytes."""
    part = [str(t) for t in window] if window else None
    return digest({"source": source_id, "stream": index, **plan.identity(), "window": part, "build": encoder_build()})


async def encode_sound(
    runner: Runner, job: SoundJob, tell: Callable[[float], None], memory_limit: int | None = None
) -> tuple[Encoded, Finished]:
    """Encode one sound; its files then lie under its key, synced.

    Raises:
        SourceError: it is damaged, or changes on the way.
        ToolError, ResourceError: the encoder failed.
    """
    parts = {path: path.with_name(f"{path.name}.part") for path in (job.file, job.envelope)}
    request = {
        "path": os.fspath(job.source), "index": job.index, "out": os.fspath(parts[job.file]),
        "envelope": os.fspath(parts[job.envelope]), "window": [str(t) for t in job.window] if job.window else None,
        "kbps": job.plan.kbps, "from": job.plan.source_layout, "layout": job.plan.layout,
        "order": list(job.plan.order),
    }  # fmt: skip
    what = f"Encoding sound {job.index}"
    try:
        answer = await ask(
            runner, "sound", request, what=what, writes=job.file, tell=lambda said: tell(said["seconds"]),
            memory_limit=memory_limit,
        )  # fmt: skip
        check_sound(answer)
        content, envelope = (file_hash(part) for part in parts.values())
        said = {name: value for name, value in answer.result.items() if name != "damage"}
        facts = {**said, "index": job.index, "key": job.key, "content": content, "envelope": envelope}
        encoded = _ENCODED.validate_python({**facts, "size_bytes": parts[job.file].stat().st_size})
        for final, part in parts.items():
            keep(part, final)
    except SourceError as error:
        hint = "Nothing was changed. With --audio copy it is carried over as it is."
        raise SourceError(named(job.index, error), hint=hint) from error
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    note = job.note.with_name(f"{job.note.name}.part")
    note.write_text(json.dumps(plain(encoded)), encoding="ascii")
    keep(note, job.note)
    return encoded, answer.finished


def named(index: int, error: SourceError) -> str:
    """The error's sentence, about the stream."""
    said = error.message.removeprefix("It cannot be read as a film: ")
    return f"The sound in stream {index} cannot become Opus: {said}"


def check_sound(answer: Answer) -> None:
    """Make sure that the sound was whole.

    Raises:
        SourceError: it was not; what is damaged must not become silence that nobody knows of.
    """
    damage = [*answer.result["damage"], *complaints(answer.finished.stderr)]
    if damage:
        raise SourceError(f"it is damaged: {'; '.join(damage)}.")


_ENCODED = TypeAdapter(Encoded)


def plain(encoded: Encoded) -> dict[str, Any]:
    """What is known of a sound as plain values."""
    row = asdict(encoded)
    return {**row, "begin": None if encoded.begin is None else str(encoded.begin)}


def encoded_from(values: Mapping[str, Any]) -> Encoded:
    """What is known of a sound, from plain values.

    Raises:
        ValueError: they are not of this version.
    """
    return _ENCODED.validate_python(dict(values))


def recall_sound(job: SoundJob) -> Encoded | None:
    """A sound that was encoded before; None where a file of it is missing or not what it was."""
    try:
        encoded = encoded_from(json.loads(job.note.read_text(encoding="ascii")))
        same = encoded.content == file_hash(job.file) and encoded.envelope == file_hash(job.envelope)
    except (OSError, ValueError, ValidationError):
        return None
    return encoded if same and encoded.key == job.key else None


def file_hash(path: Path) -> str:
    """Hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def keep(part: Path, final: Path) -> None:
    """Force a file to the disk under its name."""
    for path in (part, part.parent):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        if path == part:
            os.replace(part, final)  # noqa: PTH105


async def listen(
    runner: Runner, path: Path, sounds: Iterable[tuple[int, SoundJob]], shift: Fraction, folder: Path
) -> tuple[tuple[Heard, ...], Finished | None]:
    """Hear the output's sounds beside their sources'.

    Args:
        runner: spawns the child.
        path: the output.
        sounds: of each, its number in the output, and what it was made by.
        shift: seconds the output's clock is ahead of the source's.
        folder: where a long request may be written.

    Raises:
        SourceError: it cannot be decoded.
    """
    rows = [
        {
            "index": job.index, "output": number, "envelope": os.fspath(job.envelope),
            "order": list(job.plan.order), "shift": str(shift),
        }
        for number, job in sounds
    ]  # fmt: skip
    if not rows:
        return (), None
    request = {"path": os.fspath(path), "sounds": rows}
    answer = await ask(runner, "listen", request, what="Listening to the output", folder=folder)
    said = tuple(complaints(answer.finished.stderr))
    heard = [{**row, "complaints": said} for row in answer.result["sounds"]]
    return _HEARD.validate_python(heard), answer.finished


_HEARD: TypeAdapter[tuple[Heard, ...]] = TypeAdapter(tuple[Heard, ...])
