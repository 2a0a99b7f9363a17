"""A folder listed once: raw names, in no order, and nothing that chooses among them."""

import os

from reelwright.sequences.check import Listing

HINTS = {
    FileNotFoundError: "there is no such folder",
    NotADirectoryError: "it is no folder",
    PermissionError: "permission denied",
}


def list_folder(folder: str) -> Listing:
    """Rule 0: whether a folder can be listed; and what it holds."""
    names: list[str] = []
    others: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names.append(entry.name)
                if not entry.is_file():
                    others.append(entry.name)
    except OSError as error:
        reason = HINTS.get(type(error)) or (error.strerror or str(error)).lower()
        return Listing(folder=folder, names=(), failure=reason)
    return Listing(folder=folder, names=tuple(names), not_files=frozenset(others))


def absolute(folder: str) -> str:
    """A folder's path from the root on, links kept: it means the same wherever a command runs."""
    return os.path.abspath(folder)  # noqa: PTH100 - keeps links and odd bytes
