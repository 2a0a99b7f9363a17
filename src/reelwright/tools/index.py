"""The analysis pass: one read of the whole film, in a child process."""

import gzip
import hashlib
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from reelwright.errors import SourceError
from reelwright.media.timing import FrameIndex
from reelwright.tools.ask import Answer, ask
from reelwright.tools.complaints import complaints
from reelwright.tools.process import Runner


@cache
def _adapter() -> TypeAdapter[FrameIndex]:
    return TypeAdapter(FrameIndex)


async def make_index(
    runner: Runner,
    source: Path,
    video_index: int,
    out: Path,
    tell: Callable[[dict[str, Any]], None],
    *,
    blocks: Mapping[str, object] | None = None,
) -> Answer:
    """Read the whole film and write its index to `out`; block means of its pictures too, where they are asked for.

    Raises:
        SourceError: the film is damaged or cut off, with what was found.
        ToolError: the reader crashed.
    """
    part = out.with_name(out.name + ".part")
    request: dict[str, Any] = {"path": os.fspath(source), "video_index": video_index, "out": os.fspath(part)}
    request |= {"blocks": blocks} if blocks else {}
    answer = await ask(runner, "index", request, what="Reading the film", writes=part, tell=tell)
    damage = [*answer.result["damage"], *complaints(answer.finished.stderr)]
    if damage:
        part.unlink(missing_ok=True)
        raise SourceError(
            f"The film is damaged or cut off: {'; '.join(damage)}.",
            hint="Nothing was changed. Get a sound copy, or repair it first.",
        )
    os.replace(part, out)  # noqa: PTH105 - Path.replace says less
    return answer


def load_index(path: Path) -> FrameIndex:
    """Read an index back.

    Raises:
        ValueError: it is not an index of this version.
    """
    try:
        return _adapter().validate_json(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError, ValidationError) as error:
        raise ValueError(f"{path} is not an index") from error


def file_digest(path: Path) -> str:
    """Hash of a small file's bytes."""
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
