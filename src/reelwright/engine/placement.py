"""Put a finished output where it belongs: never half-written, never over something else unless asked."""

import errno
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from reelwright.errors import ConflictError, DiskFullError, ResourceError, UsageError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def temporary_path(output: Path, job_id: str) -> Path:
    """Where the output is written first: beside it, hidden, and short enough beside a name of 255 bytes."""
    return output.parent / f".reelwright-{job_id[:16]}.tmp"


def hidden_beside(output: Path, ending: str) -> Path:
    """A hidden file beside an output that is always the same one, and short enough beside a name of 255 bytes."""
    name = hashlib.blake2b(os.fsencode(output.name), digest_size=8).hexdigest()
    return output.with_name(f".reelwright-{name}.{ending}")


#: Bytes a file name may have on the file systems there are, and those of a name that stand for a longer one.
LONGEST_NAME, KEPT = 255, 160


def beside(output: Path, ending: str) -> Path:
    """A file beside an output, named after it; of a name that leaves no room for the ending, after its beginning."""
    name = os.fsencode(output.name)
    if len(name) + len(os.fsencode(ending)) > LONGEST_NAME:
        digest = hashlib.blake2b(name, digest_size=8).hexdigest()
        name = os.fsencode(name[:KEPT].decode(errors="ignore") + f"-{digest}")
    return output.with_name(os.fsdecode(name) + ending)


def failed_write(path: Path, error: OSError) -> UsageError | ResourceError:
    """The error for a destination that cannot be written."""
    if error.errno in FULL:
        return DiskFullError(f"The disk of {path.parent} is full.", hint="Free space there and run the same command.")
    return UsageError(f"{path} cannot be written: {error.strerror}.", hint="Choose another output with -o.")


def check_destination(source: Path, output: Path) -> None:
    """Make sure, before any work, that the output can be written where it is to go.

    Raises:
        UsageError: it is the source itself, or its folder cannot be written.
        ResourceError: its disk is full.
    """
    # os.path says False where Path raises: a name too long, a closed folder. These are told below.
    if os.path.exists(output) and os.path.samefile(source, output):  # noqa: PTH110, PTH121
        raise UsageError("The output is the source itself.", hint="Choose another output with -o.")
    if os.path.isdir(output):  # noqa: PTH112
        raise UsageError(f"The output {output} is a folder.", hint="End it with / to write into it.")
    trial = output.parent / f".reelwright-{os.getpid()}.tmp"
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"\0" * 4096)
        with suppress(FileNotFoundError):  # the folder is there and the output is not: as it should be
            os.stat(output)  # noqa: PTH116 - a name too long is found out here
    except OSError as error:
        raise failed_write(output, error) from error
    finally:
        with suppress(OSError):
            trial.unlink()


def refuse_existing(output: Path, *, overwrite: bool) -> None:
    """Leave an output alone that is there already.

    Raises:
        ConflictError: it exists, and nobody asked to overwrite it.
    """
    if not overwrite and os.path.lexists(output):
        raise ConflictError(f"The output {output} exists.", hint="Use --overwrite to replace it, or another name.")


def place(temporary: Path, output: Path, *, overwrite: bool) -> None:
    """Give the finished file its final name, in one step, and force it to the disk.

    Raises:
        ConflictError: something of that name has appeared meanwhile.
        UsageError, ResourceError: the destination cannot be written.
    """
    try:
        sync(temporary)
        if overwrite:
            os.replace(temporary, output)  # noqa: PTH105
        else:
            rename_new(temporary, output)
        sync(output.parent)
    except FileExistsError as error:
        raise ConflictError(
            f"The output {output} has appeared meanwhile.", hint="Use --overwrite to replace it."
        ) from error
    except OSError as error:
        raise failed_write(output, error) from error


def rename_new(temporary: Path, output: Path) -> None:
    """Rename, but never over an existing file: link(2) fails where the name is taken.

    Raises:
        FileExistsError: the name is taken.
    """
    try:
        os.link(temporary, output)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (FAT, some network mounts): reserve the name, then rename over our own placeholder.
        os.close(os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            os.replace(temporary, output)  # noqa: PTH105
        except OSError:
            os.unlink(output)  # noqa: PTH108 - the placeholder is ours, and would look like an output
            raise
        return
    os.unlink(temporary)  # noqa: PTH108


def sync(path: Path) -> None:
    """Force a file or a folder to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
