"""Contact sheets of sequences as they lie there, for the pages: made once somebody asks, kept in the work folder."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from reelwright.config import Settings
from reelwright.sequences.check import SequenceCheck
from reelwright.sequences.contact import WIDTH, spread
from reelwright.tools.process import Runner
from reelwright.tools.thumbnails import make_thumbnails
from reelwright.web.asking import Cell, Contact

#: Sheets that are kept; the one that was made first goes first. A sheet has at most 24 pictures of some 15 kB.
MOST = 200
Tell = Callable[[], None]


class ContactSheets:
    """Contact sheets by the sheet and the place of the sequence in it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def _root(self) -> Path:
        return self._settings.work_dir / "contact-sheets"

    def kept(self, key: str, check: SequenceCheck) -> Contact | None:
        """The sheet of a sequence; None where there is none, or the frames have changed since."""
        try:
            tree = json.loads((self._root / key / "sheet.json").read_bytes())
            if tree["of"] != _state(check):
                return None
            cells = tuple(Cell(**one) for one in tree["cells"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Contact(cells=cells, version=_digest(tree["of"]))

    def one(self, key: str, place: int) -> bytes | None:
        """One picture of a sheet."""
        with suppress(OSError):
            return (self._root / key / f"{place:d}.webp").read_bytes()
        return None

    async def make(self, runner: Runner, key: str, check: SequenceCheck, tell: Tell) -> None:
        """Make the sheet of a sequence.

        Args:
            runner: spawns the child that reads the frames.
            key: what it is kept by.
            check: the sequence.
            tell: called after each picture.

        Raises:
            ToolError: the child does not start.
            ResourceError: disk or descriptors have run out.
        """
        frames, of = frames_of(check), _state(check)
        there = [frame for frame in frames if frame in check.names]
        files = [(os.path.join(check.folder, check.names[f]), f"{k}.webp") for k, f in enumerate(there)]  # noqa: PTH118
        troubles: dict[int, str] = {}

        def told(place: int, trouble: str) -> None:
            troubles[there[place]] = trouble
            tell()

        draft = self._root / f".{key}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        try:
            await make_thumbnails(runner, files, draft, told, width=WIDTH)
            cells = [_cell(frame, there, troubles) for frame in frames]
            (draft / "sheet.json").write_text(json.dumps({"of": of, "cells": cells}), "ascii")
            _make_room(self._root)
            shutil.rmtree(self._root / key, ignore_errors=True)
            draft.rename(self._root / key)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def frames_of(check: SequenceCheck) -> tuple[int, ...]:
    """The frames a sheet shows: evenly from the first to the last, those that are missing among them."""
    every = [*check.frames, *check.missing]
    return spread(min(start for start, _ in every), max(end for _, end in every)) if every else ()


def _cell(frame: int, there: Sequence[int], troubles: dict[int, str]) -> dict[str, Any]:
    if frame not in troubles:
        return {"frame": frame, "place": None, "said": "missing"}
    return {"frame": frame, "place": None if troubles[frame] else there.index(frame), "said": troubles[frame]}


def _state(check: SequenceCheck) -> list[Any]:
    """What the frames of a sheet look like now; JSON gives it back as it is."""
    found: list[Any] = []
    for frame in frames_of(check):
        name = check.names.get(frame)
        seen = None
        with suppress(OSError):
            seen = os.stat(os.path.join(check.folder, name)) if name is not None else None  # noqa: PTH116, PTH118
        found.append([frame, seen.st_size, seen.st_mtime_ns] if seen else [frame])
    return found


def _digest(of: list[Any]) -> str:
    return hashlib.sha256(json.dumps(of).encode("ascii")).hexdigest()[:12]


def _make_room(folder: Path) -> None:
    with suppress(FileNotFoundError):
        kept = sorted((one for one in folder.iterdir() if one.name[0] != "."), key=lambda one: one.stat().st_mtime)
        for old in kept[: max(0, len(kept) - MOST + 1)]:
            shutil.rmtree(old, ignore_errors=True)
