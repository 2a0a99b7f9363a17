"""Rows of libraries and their files as values."""

from collections.abc import Mapping
from typing import Any

from reelwright.library.catalog import FileState, Library, LibraryFile
from reelwright.library.rules import Action, Choice
from reelwright.store import models
from reelwright.store.columns import path_of

#: Where a file stands once it was decided.
STATE_OF = {
    Action.SKIP: FileState.SKIPPED,
    Action.ASK: FileState.ASKED,
    Action.ENCODE: FileState.PLANNED,
    Action.REMUX: FileState.PLANNED,
}


def library_value(row: models.Library) -> Library:
    """A library of its row."""
    return Library(
        id=row.pk, name=row.name, root=path_of(row.root_exact), marker=row.marker, settings=dict(row.settings),
        scanned=row.scanned, approved=row.approved,
    )  # fmt: skip


def file_value(row: models.LibraryFile) -> LibraryFile:
    """A file of its row, whose library was read with it."""
    choice = None
    if row.action is not None:
        choice = Choice(
            action=Action(row.action), rule=str(row.rule), reasons=tuple(row.reasons), settings=dict(row.settings)
        )
    return LibraryFile(
        id=row.pk, library=row.library.name, path=path_of(row.path_exact), size=row.size_bytes,
        mtime_ns=int(row.mtime_ns), hard_links=row.hard_links, symlink=row.symlink, gone=row.gone,
        fingerprint=row.fingerprint, state=FileState(row.state), facts=_facts(row.facts), refusal=tuple(row.refusal),
        choice=choice, owner=None if row.owner is None else Action(row.owner), saves=row.saves, costs=row.costs,
        job_id=row.job_id, work_id=row.work, note=tuple(row.note), bytes_before=row.bytes_before,
        bytes_after=row.bytes_after,
    )  # fmt: skip


def codec_of(facts: Mapping[str, Any]) -> str | None:
    """The codec to list a file by."""
    codec = facts.get("codec")
    return codec[:64] if isinstance(codec, str) else None


def _facts(column: Any) -> dict[str, Any] | None:
    """Lists of a JSON column are tuples of texts again."""
    if column is None:
        return None
    return {name: tuple(value) if isinstance(value, list) else value for name, value in dict(column).items()}
