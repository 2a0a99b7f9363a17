"""A record of what is about to be placed, so that a run that dies meanwhile leaves nothing half: the next one goes on.

It lies beside the output, is written before anything gets its name, and becomes the manifest in the end: an output that
has its name and no manifest has such a record.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelwright.engine.delivery_proof import Wanted, write_manifest
from reelwright.engine.placement import hidden_beside, place, sync
from reelwright.errors import ReelwrightError
from reelwright.sequences.delivery import Kind
from reelwright.tools.hashing import content_hash


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One output that is being placed."""

    #: Each file: where it is written first, where it belongs, and the hash of its bytes.
    files: tuple[tuple[Path, Path, str], ...]
    #: Whether what is there may be replaced.
    overwrite: bool
    #: The record of the run's last output, which is written last and removed last: without it none counts yet.
    last: Path
    manifest: Mapping[str, Any]


def record_path(output: Path) -> Path:
    """Where an output's record lies."""
    return hidden_beside(output, "record")


def write_record(output: Path, record: Record) -> None:
    """Write a record and force it to the disk.

    Raises:
        OSError: it cannot be written.
    """
    path = record_path(output)
    draft = hidden_beside(output, "record.tmp")
    files = [[os.fspath(first), os.fspath(final), content] for first, final, content in record.files]
    facts = {"overwrite": record.overwrite, "last": os.fspath(record.last), "manifest": record.manifest}
    said = {"files": files, **facts}
    draft.write_text(json.dumps(said, default=str), encoding="ascii")
    sync(draft)
    os.replace(draft, path)  # noqa: PTH105
    sync(path.parent)


def read_record(output: Path) -> Record | None:
    """An output's record; None where there is none that can be read."""
    try:
        said = json.loads(record_path(output).read_text(encoding="ascii"))
        files = tuple((Path(first), Path(final), str(content)) for first, final, content in said["files"])
        overwrite, last = bool(said["overwrite"]), Path(said["last"])
        return Record(files=files, overwrite=overwrite, last=last, manifest=dict(said["manifest"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def carry_through(w: Wanted) -> None:
    """Place what a record says as far as it is there, and write the manifest; without all of its files, drop it.

    Files that were placed stay: with all others they are the output that was checked; alone they are in the way of the
    next run, which says so and touches nothing.

    Raises:
        OSError: the manifest cannot be written.
    """
    record = read_record(w.path)
    if (
        record is not None
        and record.last.exists()
        and all(put(*file, overwrite=record.overwrite) for file in record.files)
    ):
        write_manifest(w.path, record.manifest)
        if w.profile.kind is Kind.FRAMES and record.files:
            with suppress(OSError):
                record.files[0][0].parent.rmdir()
    record_path(w.path).unlink(missing_ok=True)


def put(first: Path, final: Path, content: str, *, overwrite: bool) -> bool:
    """Give a file its name unless it has it; whether it has it then."""
    if hashed(final) == content:
        return True
    if hashed(first) != content:
        return False
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        place(first, final, overwrite=overwrite)
    except (ReelwrightError, OSError):  # somebody else's file has that name by now
        return False
    return True


def hashed(path: Path) -> str | None:
    """Hash of a file's bytes; None where it cannot be read."""
    try:
        return content_hash(path)
    except OSError:
        return None
