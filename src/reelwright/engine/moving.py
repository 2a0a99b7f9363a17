"""The moves of a replacement: which file is where, and how the output and the original change places.

Every move may have been made already, by a run that crashed after it: each looks first, and does what is left to do.
A name is taken away only where the same file, or the output that was read in full, was seen under another name.
"""

import datetime as dt
import errno
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from reelwright.engine.disk import NO_LINKS, UNSUPPORTED, Disk, FileFacts, FileKind
from reelwright.engine.placement import FULL
from reelwright.engine.replacing import Entry, PlacementJournal, Stage
from reelwright.errors import ConflictError, ReelwrightError, ResourceError, UsageError

KEPT_BOTH = "Nothing was replaced; the output is kept as well."


class AwayError(ReelwrightError):
    """Nothing is where it was: a disk that is not mounted, most likely. The entry stays as it is."""

    permanent = False


def parent(path: str) -> str:
    """The folder a path is in."""
    return str(PurePath(path).parent)


@dataclass(kw_only=True)
class Mover:
    """Moves what an entry names.

    Args:
        disk: the file system.
        journal: where the entry is.
        now: the time, in UTC.
        entry: the replacement; changed when its stage is.
    """

    disk: Disk
    journal: PlacementJournal
    now: Callable[[], dt.datetime]
    entry: Entry
    #: A file that was read in full, and is the output.
    known_output: FileFacts | None = None

    @property
    def source(self) -> str:
        """The original's own name."""
        return self.entry.order.source.path

    @property
    def final(self) -> str:
        """The output's own name."""
        return self.entry.order.final

    @property
    def folder(self) -> str:
        """The folder of all of them but `kept`."""
        return parent(self.source)

    def write(self, stage: Stage, **values: Any) -> Entry:
        """Commit that a stage was reached."""
        entry = replace(self.entry, stage=stage, changed=self.now(), **values)
        self.journal.write(entry)
        self.entry = entry
        return entry

    def holds_output(self, path: str) -> bool:
        """Whether the whole output is at a name; read in full unless that very file was."""
        found = self.disk.look(path)
        if found is None or found.kind is not FileKind.FILE or found.size != self.entry.bytes_after:
            return False
        if found.is_same_file(self.known_output):
            return True
        if self.disk.digest(path) != self.entry.order.content:
            return False
        self.known_output = found
        return True

    def holds_original(self, path: str) -> bool:
        """Whether the original is at a name, as it was when the entry was made.

        Device numbers are not compared: they change when a disk is mounted anew. Where inodes do as well, the
        content is read.
        """
        found, stamp = self.disk.look(path), self.entry.order.source
        if found is None or found.kind is not FileKind.FILE:
            return False
        if (found.size, found.mtime_ns) != (stamp.size_bytes, stamp.mtime_ns):
            return False
        if found.inode == stamp.inode:
            return True
        return self.entry.original is not None and self.disk.digest(path) == self.entry.original

    def move_new(self, source: str, target: str) -> None:
        """Rename to a name that is free; an error that was reported of a rename that was made is none (NFS)."""
        self._move(self.disk.rename_new, source, target)

    def move_over(self, source: str, target: str) -> None:
        """Rename over what has the name; see `move_new`."""
        self._move(self.disk.rename, source, target)

    def _move(self, move: Callable[[str, str], None], source: str, target: str) -> None:
        before = self.disk.look(source)
        try:
            move(source, target)
        except OSError:
            if self.disk.look(source) is not None or before is None or not before.is_same_file(self.disk.look(target)):
                raise

    def swap(self, one: str, other: str) -> bool:
        """Let two names change places in one step; False where the file system cannot."""
        before = self.disk.look(one)
        try:
            self.disk.exchange(one, other)
        except OSError as error:
            if before is not None and before.is_same_file(self.disk.look(other)):
                return True
            if error.errno in UNSUPPORTED:
                return False
            raise
        return True

    def link(self, source: str, target: str) -> None:
        """Give a file a second name, if it has not got it yet."""
        found = self.disk.look(source)
        try:
            self.disk.link(source, target)
        except OSError:
            if found is None or not found.is_same_file(self.disk.look(target)):
                raise

    def unlink(self, path: str) -> None:
        """Take a name away that may have gone already."""
        try:
            self.disk.unlink(path)
        except OSError:
            if self.disk.look(path) is not None:
                raise

    def sync_folders(self, *paths: str) -> None:
        """Force the names in the folders of these paths to the disk."""
        for folder in dict.fromkeys(parent(path) for path in paths):
            self.disk.sync(folder)

    def take_place(self) -> None:
        """Let the output take its place, and the original leave it: from Stage.KEPT to all but Stage.DONE.

        Raises:
            ConflictError: the place holds something else, or neither of the two is where it should be.
        """
        if self.entry.same_name:
            self._take_the_name()
        else:
            self._take_a_new_name()
        self._clear_draft()
        if not self.entry.linked:
            self.sync_folders(self.entry.kept)
        self.disk.sync(self.folder)

    def _take_the_name(self) -> None:
        if self.holds_output(self.final):
            return
        self._need_draft()
        found = self.disk.look(self.final)
        if found is not None and not self.holds_original(self.final):
            raise changed(self.source)
        if found is not None and self.swap(self.entry.draft, self.final):
            return
        if found is not None and self.entry.linked:
            self.move_over(self.entry.draft, self.final)
            return
        if found is not None:
            self._set_aside(self.final)
        elif self.entry.linked and not self.holds_original(self.entry.kept):
            raise changed(self.source)
        self.move_new(self.entry.draft, self.final)

    def _take_a_new_name(self) -> None:
        if not self.holds_output(self.final):
            self._need_draft()
            if self.disk.look(self.final) is not None:
                raise taken(self.final)
            if not (self.holds_original(self.source) or self.holds_original(self.entry.kept)):
                raise changed(self.source)
            self.move_new(self.entry.draft, self.final)
        self.disk.sync(self.folder)
        self.rename_sidecars()
        if self.disk.look(self.source) is not None:
            if not self.holds_original(self.source):
                raise changed(self.source)
            # Under our name first: what was put there in this very moment can then be told, and put back.
            self.move_new(self.source, self.entry.draft)

    def _need_draft(self) -> None:
        if not self.holds_output(self.entry.draft):
            raise ConflictError(f"The copy {self.entry.draft} is not what it was.", hint=KEPT_BOTH)

    def _clear_draft(self) -> None:
        """Take away what the output left behind: the original under our name, which the quarantine has as well."""
        draft = self.entry.draft
        if self.disk.look(draft) is None:
            return
        if self.holds_output(draft):
            self.unlink(draft)
        elif not self.holds_original(draft):
            raise changed(self.source)
        elif self.holds_original(self.entry.kept):
            self.unlink(draft)
        else:
            self._set_aside(draft)

    def _set_aside(self, path: str) -> None:
        """Move the original into quarantine, where it has no second name there yet."""
        self.make_folders(parent(self.entry.kept))
        self.move_new(path, self.entry.kept)
        self.sync_folders(self.entry.kept, path)
        if not self.holds_original(self.entry.kept):
            self.move_new(self.entry.kept, path)
            raise changed(self.source)

    def leave_quarantine(self) -> None:
        """Take the original's second name away, and the folder that was made for it."""
        own = parent(self.entry.kept)
        if self.disk.look(own) is None:
            return
        self.unlink(self.entry.kept)
        self.disk.sync(own)  # also where the name has gone: a run before this one may have ended in between
        with suppress(OSError):  # an empty folder harms nobody
            self.disk.remove_folder(own)

    def make_folders(self, folder: str) -> None:
        """Make a folder and those above it, each forced to the disk."""
        if self.disk.look(folder) is not None:
            return
        above = parent(folder)
        self.make_folders(above)
        with suppress(FileExistsError):  # another replacement made it just now
            self.disk.make_folder(folder)
        self.disk.sync(above)

    def rename_sidecars(self, *, back: bool = False) -> None:
        """Let sidecars follow; one whose new name is taken stays as it is, and is not the entry's any more."""
        pairs = [(after, before) if back else (before, after) for before, after in self.entry.sidecars]
        if not pairs:
            return
        for old, new in pairs:
            if self.disk.look(old) is not None and self.disk.look(new) is None:
                self._link_or_move(old, new)
        self.disk.sync(self.folder)
        for old, new in pairs:
            found = self.disk.look(old)
            if found is not None and found.is_same_file(self.disk.look(new)):
                self.unlink(old)
        if not back:
            there = [(old, new) for old, new in pairs if self.disk.look(new) and not self.disk.look(old)]
            self.entry = replace(self.entry, sidecars=tuple(there))

    def _link_or_move(self, old: str, new: str) -> None:
        try:
            self.link(old, new)
        except OSError as error:
            if error.errno not in NO_LINKS:
                raise
            self.move_new(old, new)


def changed(path: str) -> ConflictError:
    """The error for an original that is not what was encoded."""
    return ConflictError(f"{path} has changed since it was encoded.", hint=KEPT_BOTH)


def lost(entry: Entry) -> str:
    """What is said of an original that is not in quarantine any more."""
    return f"The original is not at {entry.kept}: the disk has lost it, or somebody took it away."


def taken(path: str) -> ConflictError:
    """The error for a place that is taken."""
    return ConflictError(f"{path} exists already.", hint=f"Move it away and try again. {KEPT_BOTH}")


def failed(error: OSError, path: str) -> ReelwrightError:
    """The error for a disk that did not do what it was asked to; the original is where it was, or in quarantine."""
    where, reason = error.filename or path, error.strerror or str(error)
    if isinstance(where, bytes):
        where = where.decode("utf-8", "surrogateescape")
    hint = "The original is safe; try again once that is put right."
    if error.errno in FULL:
        return ResourceError(f"The disk of {where} is full.", hint=f"Free space there. {hint}")
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG}:
        return UsageError(f"{path} cannot be replaced: {where}: {reason}.", hint=hint)
    return ResourceError(f"{path} could not be replaced: {where}: {reason}.", hint=hint)
