"""Sidecars of a film whose output goes into another tree: copied beside it, where a setting says so."""

from pathlib import PurePath

from reelwright.engine.disk import Disk, FileKind
from reelwright.engine.moving import failed, parent
from reelwright.errors import ValidationFailedError
from reelwright.planning.sidecars import companions, renamed


def copy_sidecars(source: str, output: str, disk: Disk) -> list[str]:
    """Copy a film's sidecars beside its output, under the output's name; what is there already stays as it is.

    Args:
        source: path of the film.
        output: path of its output, in another folder.
        disk: the file system.

    Returns:
        Paths of the copies that were made.

    Raises:
        ResourceError, UsageError: one could not be written; it is taken away again.
        ValidationFailedError: a copy is not what was read.
    """
    made = []
    film, new = PurePath(source).name, PurePath(output).name
    for name in companions(film, disk.names(parent(source))):
        before, after = f"{parent(source)}/{name}", f"{parent(output)}/{renamed(name, film, new)}"
        found = disk.look(before)
        if found is None or found.kind is not FileKind.FILE or disk.look(after) is not None:
            continue
        try:
            _copied(before, after, disk)
        except OSError as error:
            raise failed(error, after) from error
        made.append(after)
    return made


def _copied(before: str, after: str, disk: Disk) -> None:
    """Copy under a hidden name first: half a sidecar is not to look like one."""
    draft = f"{parent(after)}/.reelwright-sidecar.new"
    if disk.look(draft) is not None:
        disk.unlink(draft)
    try:
        read = disk.copy(before, draft)
        disk.sync(draft)
        if disk.digest(draft) != read:
            raise ValidationFailedError(f"The copy of {before} is not what was read.", hint="The disk may be failing.")
        disk.carry(before, draft)
        disk.rename_new(draft, after)
        disk.sync(parent(after))
    finally:
        if disk.look(draft) is not None:
            disk.unlink(draft)
