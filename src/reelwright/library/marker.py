"""The marker file in a library's root: proof that what is mounted there is the library."""

import os
import secrets
from pathlib import Path

from reelwright.errors import SourceError, UsageError

NAME = ".reelwright-library"
HINT = "Is its disk mounted? Nothing that is known of the library was changed."


def place_marker(root: Path) -> str:
    """Put a marker into a root, or read the one it has; returns the marker's text.

    Raises:
        UsageError: the root is no folder, or cannot be written.
    """
    if not root.is_dir():
        raise UsageError(f"{root} is no folder.")
    path = root / NAME
    marker = secrets.token_hex(16)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        return read_marker(root)
    except OSError as error:
        raise UsageError(
            f"The library's marker {path} cannot be made ({error.strerror}).",
            hint="Make the file yourself, with any line of text in it, and add the library again.",
        ) from error
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{marker}\n")
        file.flush()
        os.fsync(file.fileno())
    return marker


def read_marker(root: Path) -> str:
    """The marker's text.

    Raises:
        SourceError: the root or its marker is missing or cannot be read.
    """
    path = root / NAME
    if not root.is_dir():
        raise SourceError(f"The library's root {root} is missing.", hint=HINT)
    try:
        found = path.read_text("utf-8", "replace").strip()
    except FileNotFoundError as error:
        raise SourceError(f"The library's root {root} has no marker {NAME}.", hint=HINT) from error
    except OSError as error:
        raise SourceError(f"The library's marker {path} cannot be read ({error.strerror}).", hint=HINT) from error
    if not found:
        raise SourceError(f"The library's marker {path} is empty.", hint=HINT)
    return found


def check_marker(root: Path, marker: str) -> None:
    """Make sure that the root is the library it was.

    Raises:
        SourceError: it is missing, or another library lies there.
    """
    if (found := read_marker(root)) != marker:
        raise SourceError(
            f"The root {root} has the marker of another library ({found[:16]} instead of {marker[:16]}).", hint=HINT
        )
