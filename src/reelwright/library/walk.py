"""Every file below a library's root that might be a film, with its stat data; no file is opened."""

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from reelwright.engine.discover import expand_braces
from reelwright.library.comparison import Seen


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which files a scan takes."""

    pattern: str
    #: Bytes; None: any.
    min_size: int | None = None
    max_size: int | None = None
    #: Patterns of paths below the root that are left alone.
    exclude: Sequence[str] = ()
    follow_links: bool = False
    #: Files written later than this are left for the next scan; nanoseconds since 1970.
    newest_ns: int | None = None


@dataclass(slots=True)
class Walked:
    """What a walk met, by path."""

    files: list[Seen] = field(default_factory=list)
    #: Paths of files that were written too short a time ago.
    unsettled: list[str] = field(default_factory=list)
    #: Paths of folders and files that could not be looked at, with the reason.
    closed: list[tuple[str, str]] = field(default_factory=list)


def walk(root: str, wanted: Wanted, tell: Callable[[int], None] = lambda _: None) -> Walked:
    """Walk a root.

    Names that begin with a period are not looked at, folders neither. Links are left alone unless they are
    followed; a folder that was met before, through whatever links, is not walked again.

    Args:
        root: absolute path.
        wanted: which files are taken.
        tell: told how many files were met, now and then.

    Raises:
        OSError: the root itself cannot be listed.
    """
    found = Walked()
    name_fits = _matcher(expand_braces(wanted.pattern))
    excluded = _matcher(wanted.exclude)
    met: set[tuple[int, int]] = set()
    folders = [""]
    while folders:
        below = folders.pop()
        try:
            entries = _entries(root, below, met)
        except OSError as error:
            if not below:
                raise
            found.closed.append((below, error.strerror or "unreadable"))
            continue
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if excluded(path.lower()):
                continue
            try:
                if entry.is_dir(follow_symlinks=wanted.follow_links):
                    folders.append(path)
                elif name_fits(entry.name.lower()):
                    _take(entry, path, wanted, found)
            except OSError as error:
                found.closed.append((path, error.strerror or "unreadable"))
        tell(len(found.files))
    found.files.sort(key=lambda seen: seen.path)
    return found


def _entries(root: str, below: str, met: set[tuple[int, int]]) -> Iterator["os.DirEntry[str]"]:
    folder = os.path.join(root, below) if below else root  # noqa: PTH118 - Path would be made for each of 100,000
    status = os.stat(folder)  # noqa: PTH116
    if (place := (status.st_dev, status.st_ino)) in met:
        return iter(())
    met.add(place)
    with os.scandir(folder) as listing:
        return iter([entry for entry in listing if not entry.name.startswith(".")])


def _take(entry: "os.DirEntry[str]", path: str, wanted: Wanted, found: Walked) -> None:
    symlink = entry.is_symlink()
    if symlink and not wanted.follow_links:
        return
    status = entry.stat(follow_symlinks=wanted.follow_links)
    if not stat.S_ISREG(status.st_mode) or status.st_size < (wanted.min_size or 0):
        return
    if wanted.max_size is not None and status.st_size > wanted.max_size:
        return
    if wanted.newest_ns is not None and status.st_mtime_ns > wanted.newest_ns:
        found.unsettled.append(path)
        return
    found.files.append(
        Seen(
            path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino,
            hard_links=status.st_nlink, symlink=symlink,
        )
    )  # fmt: skip


def _matcher(patterns: Sequence[str]) -> Callable[[str], object]:
    """One regular expression for all patterns, without regard to case: it is asked for every file."""
    if not patterns:
        return lambda _: None
    return re.compile("|".join(fnmatch.translate(pattern.lower()) for pattern in patterns)).match
