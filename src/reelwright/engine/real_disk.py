"""The real file system behind the port `disk.py`."""

import ctypes
import errno
import fcntl
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from reelwright.engine.disk import UNSUPPORTED, FileFacts, FileKind
from reelwright.tools.hashing import BLOCK

_AT_FDCWD, _NOREPLACE, _EXCHANGE = -100, 1, 2
#: Attributes a file must have to be the same to its users; others belong to the system, which gives its own.
_NEEDED_ATTRIBUTES = ("user.", "system.")
#: What a file system without locks answers; there, nobody can be kept out.
_NO_LOCKS = UNSUPPORTED | {errno.ENOLCK, errno.EBADF}


class RealDisk:
    """See the port."""

    def look(self, path: str) -> FileFacts | None:
        """See the port."""
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return FileFacts(
            kind=_kind_of(found.st_mode), device=found.st_dev, inode=found.st_ino, size=found.st_size,
            mtime_ns=found.st_mtime_ns, ctime_ns=found.st_ctime_ns, links=found.st_nlink,
        )  # fmt: skip

    def real(self, path: str) -> str:
        """See the port."""
        return os.path.realpath(path)

    def names(self, folder: str) -> list[str]:
        """See the port."""
        return os.listdir(folder)

    def free(self, folder: str) -> int:
        """See the port."""
        found = os.statvfs(folder)
        return found.f_bavail * found.f_frsize

    def copy(self, source: str, target: str) -> str:
        """See the port."""
        state = hashlib.blake2b(digest_size=32)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(source, "rb", buffering=0) as read, open(os.open(target, flags, 0o600), "wb", buffering=0) as written:
            while block := read.read(BLOCK):
                state.update(block)
                left = memoryview(block)
                while left:
                    left = left[written.write(left) :]
        return state.hexdigest()

    def digest(self, path: str) -> str:
        """See the port."""
        state = hashlib.blake2b(digest_size=32)
        with open(path, "rb", buffering=0) as file:
            # What lies in memory is what was written, not what the disk has. Only clean pages are let go: sync first.
            with suppress(OSError):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            while block := file.read(BLOCK):
                state.update(block)
        return state.hexdigest()

    def carry(self, source: str, target: str) -> None:
        """See the port."""
        of, now = os.lstat(source), os.lstat(target)
        if (of.st_uid, of.st_gid) != (now.st_uid, now.st_gid):
            os.chown(target, of.st_uid, of.st_gid, follow_symlinks=False)
        _carry_attributes(source, target)
        os.chmod(target, stat.S_IMODE(of.st_mode))  # after the owner, whose change takes bits away
        os.utime(target, ns=(of.st_atime_ns, of.st_mtime_ns))

    def sync(self, path: str) -> None:
        """See the port."""
        opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

    def make_folder(self, folder: str) -> None:
        """See the port."""
        os.mkdir(folder)

    def remove_folder(self, folder: str) -> None:
        """See the port."""
        os.rmdir(folder)

    def link(self, source: str, target: str) -> None:
        """See the port."""
        os.link(source, target, follow_symlinks=False)

    def rename(self, source: str, target: str) -> None:
        """See the port."""
        os.rename(source, target)

    def rename_new(self, source: str, target: str) -> None:
        """See the port."""
        try:
            _renameat2(source, target, _NOREPLACE)
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
            # NFS has no such rename; link(2) fails where the name is taken as well.
            os.link(source, target, follow_symlinks=False)
            os.unlink(source)

    def exchange(self, one: str, other: str) -> None:
        """See the port."""
        _renameat2(one, other, _EXCHANGE)

    def unlink(self, path: str) -> None:
        """See the port."""
        os.unlink(path)

    @contextmanager
    def hold(self, folder: str, *, wait: bool = True) -> Iterator[None]:
        """See the port."""
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
            yield
        finally:
            os.close(opened)  # which lets go of it, as does the end of the process


def _kind_of(mode: int) -> FileKind:
    if stat.S_ISREG(mode):
        return FileKind.FILE
    if stat.S_ISDIR(mode):
        return FileKind.FOLDER
    return FileKind.LINK if stat.S_ISLNK(mode) else FileKind.OTHER


def _carry_attributes(source: str, target: str) -> None:
    try:
        wanted = os.listxattr(source, follow_symlinks=False)
        had = os.listxattr(target, follow_symlinks=False)
    except OSError as error:
        if error.errno in UNSUPPORTED:
            return  # no attributes on this file system, on either side
        raise
    # A new file has taken over its folder's access list, which the source may not have.
    for name in set(had) - set(wanted):
        with _excused(name):
            os.removexattr(target, name, follow_symlinks=False)
    for name in wanted:
        with _excused(name):
            os.setxattr(target, name, os.getxattr(source, name, follow_symlinks=False), follow_symlinks=False)


@contextmanager
def _excused(name: str) -> Iterator[None]:
    """Let an attribute go that only the system may set."""
    try:
        yield
    except OSError:
        if name.startswith(_NEEDED_ATTRIBUTES):
            raise


@cache
def _function() -> Any:
    """The C library's renameat2; None where it has none."""
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def _renameat2(source: str, target: str, flags: int) -> None:
    call = _function()
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), source, None, target)
    if call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(flags)):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), source, None, target)
