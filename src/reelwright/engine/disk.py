"""The file system as placing a film needs it: a port, so that its faults and its losses can be played through.

`real_disk.py` has the real one. The tests have a model that forgets what was not forced to the disk.
"""

import errno
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

#: What file systems answer to a call they do not have.
UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
#: Why a hard link cannot be had though the file is fine; EPERM: no links here, or not to files of others.
NO_LINKS = UNSUPPORTED | {errno.EPERM, errno.EMLINK}


class FileKind(StrEnum):
    """What a name stands for."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "link"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts:
    """What the file system says of a name, links not followed. Times are nanoseconds since 1970."""

    kind: FileKind
    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    #: Names the file has.
    links: int

    def is_same_file(self, other: "FileFacts | None") -> bool:
        """Whether both are names of one file."""
        return other is not None and (self.device, self.inode) == (other.device, other.inode)


class Disk(Protocol):
    """The port. Paths are absolute; every call may raise OSError, and has then changed nothing it could help."""

    def look(self, path: str) -> FileFacts | None:
        """What is at a name; None: nothing."""
        ...

    def real(self, path: str) -> str:
        """The path with every link in it resolved."""
        ...

    def names(self, folder: str) -> list[str]:
        """The names in a folder, exactly as they are written there."""
        ...

    def free(self, folder: str) -> int:
        """Bytes that may still be written to its file system."""
        ...

    def copy(self, source: str, target: str) -> str:
        """Copy a file's content to a name that is free; the hash of what was read.

        Raises:
            FileExistsError: the name is taken.
        """
        ...

    def digest(self, path: str) -> str:
        """The content's hash, read from the disk itself as far as that can be had."""
        ...

    def carry(self, source: str, target: str) -> None:
        """Give the target the source's owner, group, mode, access list, attributes and times."""
        ...

    def sync(self, path: str) -> None:
        """Force a file's content, or a folder's names, to the disk."""
        ...

    def make_folder(self, folder: str) -> None:
        """Make one folder.

        Raises:
            FileExistsError: the name is taken.
        """
        ...

    def remove_folder(self, folder: str) -> None:
        """Remove an empty folder."""
        ...

    def link(self, source: str, target: str) -> None:
        """Give a file a second name, which must be free.

        Raises:
            FileExistsError: the name is taken.
        """
        ...

    def rename(self, source: str, target: str) -> None:
        """Rename in one step, over what has the name."""
        ...

    def rename_new(self, source: str, target: str) -> None:
        """Rename to a name that is free.

        Raises:
            FileExistsError: the name is taken.
        """
        ...

    def exchange(self, one: str, other: str) -> None:
        """Let two names change places in one step; an errno of UNSUPPORTED where that cannot be had."""
        ...

    def unlink(self, path: str) -> None:
        """Take a name away."""
        ...

    def hold(self, folder: str, *, wait: bool = True) -> AbstractContextManager[None]:
        """Keep other processes of ours from placing anything in a folder.

        Raises:
            BlockingIOError: another one does it now, and nobody wants to wait.
        """
        ...
