"""The mark of a work folder: two machines that read the same mark see the same folder."""

import os
import secrets
from pathlib import Path

from reelwright.engine.workspace import work_dir_error

NAME = ".reelwright-work"


def read_mark(work_dir: Path) -> str | None:
    """The folder's mark; None where there is none, or it cannot be read."""
    try:
        return (work_dir / NAME).read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None


def make_mark(work_dir: Path) -> str:
    """The folder's mark, made where there is none yet; of several who make it at once, one does.

    Raises:
        UsageError, ResourceError: the folder cannot be written.
    """
    if (known := read_mark(work_dir)) is not None:
        return known
    path = work_dir / NAME
    draft = work_dir / f"{NAME}-{secrets.token_hex(4)}"
    try:
        work_dir.mkdir(parents=True, exist_ok=True)
        draft.write_text(f"{secrets.token_hex(8)}\n", encoding="ascii")
        try:
            os.link(draft, path)  # unlike a rename it replaces nothing, and whoever reads it finds all of it
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise work_dir_error(work_dir, error) from error
    return read_mark(work_dir) or ""
