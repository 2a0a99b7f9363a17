"""An index of a former version is read anew rather than trusted to tell what it was never asked."""

import gzip
import json
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from examples import constant
from reelwright.engine.analysis import recall_index
from reelwright.engine.jobs import SourceRecord, SourceStamp
from reelwright.engine.workspace import Workspace, workspace_for
from reelwright.media.timing import FrameIndex
from reelwright.tools.index import file_digest

STAMP = SourceStamp(path="/films/a.mkv", size_bytes=5, mtime_ns=1, inode=1, device=1)


def plain(value: Any) -> str:
    assert isinstance(value, Fraction)
    return f"{value.numerator}/{value.denominator}"


def stored(index: FrameIndex, folder: Path, *, without: tuple[str, ...] = ()) -> tuple[Workspace, SourceRecord]:
    """An index as it lies in a work folder, and what the ledger knows of it."""
    workspace = workspace_for(folder, index.source_id).make()
    facts = {key: value for key, value in asdict(index).items() if key not in without}
    workspace.index.write_bytes(gzip.compress(json.dumps(facts, default=plain).encode()))
    record = SourceRecord(
        stamp=STAMP, source_id=index.source_id, index_digest=file_digest(workspace.index), frames=index.frames, facts={}
    )
    return workspace, record


def test_an_index_that_tells_of_hdr10plus_is_used_again(tmp_path: Path) -> None:
    for number, changes in enumerate([{"hdr10plus_of": ()}, {"hdr10plus": (("aa", "d1"),), "hdr10plus_of": (0, 0, 0)}]):
        index = replace(constant(3), **changes)
        assert recall_index(*stored(index, tmp_path / str(number))) == index


def test_an_index_from_before_anybody_looked_is_not(tmp_path: Path) -> None:
    new = ("hdr10plus", "hdr10plus_of", "remarks")
    assert recall_index(*stored(constant(3), tmp_path, without=new)) is None
