"""Put a verified output in its original's place; whatever happens, the original or the output stays.

Blocking: call it in a thread. The journal is spoken to from that same thread; close it there at the end.
"""

import datetime as dt
import errno
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace as changed_copy
from pathlib import PurePath

from reelwright.engine.disk import NO_LINKS, Disk, FileFacts, FileKind
from reelwright.engine.moving import KEPT_BOTH, Mover, changed, failed, parent, taken
from reelwright.engine.replace_recovery import finish, settle
from reelwright.engine.replacing import QUARANTINE, Entry, Order, PlacementJournal, Stage
from reelwright.errors import (
    ConflictError,
    ReelwrightError,
    RefusedError,
    ResourceError,
    SourceError,
    UsageError,
    ValidationFailedError,
)
from reelwright.planning.identity import source_id
from reelwright.planning.sidecars import followers

#: Looks at the copy that will take the place, and raises ValidationFailedError where it is not fit.
Validate = Callable[[str], None]
Clock = Callable[[], dt.datetime]

#: Room there must be for a copy, as a share of its size.
ROOM = 1.05


def replace(order: Order, journal: PlacementJournal, disk: Disk, *, validate: Validate, now: Clock) -> Entry:
    """Put the output in the original's place, and keep the original in quarantine.

    May be called again with the same order: what is done is done, what a crash left is settled first.

    Args:
        order: what is to be put where.
        journal: every stage is committed to it before the next is begun.
        disk: the file system.
        validate: called with the path of the copy beside the original, before the original is touched.
        now: the time, in UTC.

    Returns:
        The entry at Stage.DONE. The staged output is still there, for the caller to remove.

    Raises:
        ConflictError: the source has changed, or the place is taken; both are kept.
        RefusedError: the source has other hard links, is a symbolic link, or its owner cannot be carried over.
        SourceError: the source is not there.
        ValidationFailedError: the copy is not what was made, or `validate` said so.
        ResourceError: the disk is full or broken.
        UsageError: the folder cannot be written.
    """
    try:
        known = journal.entry(order.id)
        if known is not None:
            with disk.hold(parent(known.order.source.path)):
                known = settle(Mover(disk=disk, journal=journal, now=now, entry=journal.entry(order.id) or known))
            if known.stage in {Stage.DONE, Stage.EXPIRED}:
                return known
            if known.stage is Stage.RESTORED:
                raise ConflictError(f"The original of {order.source.path} was taken back by its owner.")
            if order.ctime_ns is not None:
                order = changed_copy(order, ctime_ns=known.order.ctime_ns)
        order = resolved(order, disk)
        with disk.hold(parent(order.source.path)):
            mover = Mover(disk=disk, journal=journal, now=now, entry=planned(order, disk))
            return carried_out(mover, validate)
    except OSError as error:
        raise failed(error, order.source.path) from error


def carried_out(mover: Mover, validate: Validate) -> Entry:
    """Every step; what fails is undone at once, or finished where only tidying up has failed.

    Raises:
        ReelwrightError, OSError: what failed. Where not even undoing was possible, `recover` does it later.
    """
    mover.write(Stage.PLANNED)
    try:
        make_copy(mover, validate)
        keep_original(mover)
        return finish(mover)
    except (ReelwrightError, OSError) as error:
        reason = error.message if isinstance(error, ReelwrightError) else f"{error.strerror}."
        with suppress(ReelwrightError, OSError):
            entry = settle(mover, reason)
            if entry.stage is Stage.DONE:
                return entry
        raise


def make_copy(mover: Mover, validate: Validate) -> None:
    """From Stage.PLANNED to Stage.VERIFIED: the output beside the original, whole on the disk, with its attributes.

    Raises:
        ResourceError: there is no room for it.
        ValidationFailedError: it is not what was made, or `validate` said so.
        RefusedError: the original's owner or attributes cannot be carried over.
    """
    entry, disk = mover.entry, mover.disk
    draft = entry.draft
    if disk.free(mover.folder) < entry.bytes_after * ROOM:
        raise ResourceError(f"The disk of {mover.folder} is full.", hint="Free space there and try again.")
    read = disk.copy(entry.order.staged, draft)
    disk.sync(draft)
    written = disk.digest(draft)
    if read != entry.order.content or written != read:
        raise ValidationFailedError(
            f"The copy of {entry.order.staged} beside {mover.source} is not what was made.",
            hint=f"The disk of {entry.order.staged if read != entry.order.content else draft} may be failing.",
        )
    validate(draft)
    try:
        disk.carry(mover.source, draft)
    except PermissionError as error:
        raise RefusedError(
            f"The owner, or another attribute, of {mover.source} cannot be given to its output by this user.",
            hint="Run as the owner of the films, or as root.",
        ) from error
    disk.sync(draft)
    mover.known_output = disk.look(draft)
    if mover.known_output is None or mover.known_output.size != entry.bytes_after:
        raise ValidationFailedError(f"The copy {draft} has changed since it was checked.")
    mover.write(Stage.VERIFIED, copy_inode=mover.known_output.inode)


def keep_original(mover: Mover) -> None:
    """From Stage.VERIFIED to Stage.KEPT: the original, unchanged since it was encoded, has a name in quarantine.

    Raises:
        ConflictError: it has changed.
        RefusedError: it has other hard links.
    """
    disk, order = mover.disk, mover.entry.order
    content = disk.digest(mover.source)
    if order.source_id is not None and source_id(order.source.size_bytes, content) != order.source_id:
        raise changed(mover.source)
    found = check_source(order, disk)
    mover.entry = changed_copy(mover.entry, original=content, other_links=found.links - 1)
    mover.write(Stage.KEPT, linked=link_to_quarantine(mover))


def link_to_quarantine(mover: Mover) -> bool:
    """Give the original its second name; False where the file system has no hard links."""
    kept, beside = mover.entry.kept, kept_path(quarantine_beside(mover.entry.order), mover.entry.order)
    mover.make_folders(parent(kept))
    try:
        mover.link(mover.source, kept)
    except OSError as error:
        if error.errno == errno.EXDEV and kept != beside:
            # A mount of the same device, or a quota's tree: the folder beside the original is as near as there is.
            mover.write(Stage.VERIFIED, kept=beside)
            return link_to_quarantine(mover)
        if error.errno not in NO_LINKS:
            raise
        return False
    mover.sync_folders(kept)
    if not mover.holds_original(kept):
        raise changed(mover.source)
    return True


def resolved(order: Order, disk: Disk) -> Order:
    """The order with links in its paths resolved, once, and names as they are written in their folder.

    Raises:
        SourceError: the source is not there.
        RefusedError: it is a symbolic link that is not to be followed.
        UsageError: the output would not lie beside it.
    """
    source, final = order.source.path, order.final
    found = disk.look(source)
    if found is None:
        raise SourceError(f"{source} is not there any more.", hint="Bring it back; the output is kept.")
    if found.kind is FileKind.LINK:
        if not order.follow_links:
            raise RefusedError(f"{source} is a symbolic link.", hint="Follow links, or replace the film it points to.")
        if final != source:
            raise RefusedError(f"{source} is a symbolic link, which would point to nothing under another name.")
        source = final = disk.real(source)
    if parent(final) != parent(source):
        raise UsageError(f"{final} is in another folder than {source}: that replaces nothing.")
    folder = disk.real(parent(source))
    names = disk.names(folder)
    source = as_written(PurePath(source).name, folder, names, disk)
    new = f"{folder}/{PurePath(final).name}"
    there = disk.look(new)
    if there is not None and there.is_same_file(disk.look(source)) and PurePath(new).name not in names:
        new = source  # a file system to which both are one name: what is written there stays as it is written
    return changed_copy(order, source=changed_copy(order.source, path=source), final=new)


def as_written(name: str, folder: str, names: list[str], disk: Disk) -> str:
    """The path of a name as its folder has it: other letter cases and compositions may open the same file."""
    wanted = disk.look(f"{folder}/{name}")
    if name not in names:
        for other in names:
            if folded(other) == folded(name) and disk.look(f"{folder}/{other}") == wanted:
                return f"{folder}/{other}"
    return f"{folder}/{name}"


def folded(name: str) -> str:
    """A name without regard to letter case and composition."""
    return unicodedata.normalize("NFC", name).casefold()


def planned(order: Order, disk: Disk) -> Entry:
    """The entry of an order that can be carried out.

    Raises:
        ConflictError: the source has changed, or a name that is needed is taken.
        RefusedError: the source has other hard links.
        SourceError: the source, or the staged output, is not there.
    """
    source = check_source(order, disk)
    staged = disk.look(order.staged)
    if staged is None or not staged.size:
        raise SourceError(f"The output {order.staged} is {'empty' if staged else 'not there any more'}.")
    folder, name = parent(order.source.path), PurePath(order.source.path).name
    final = PurePath(order.final).name
    kept = kept_path(quarantine_for(order, source, disk), order)
    draft = f"{folder}/.reelwright-{order.label}.new"
    for path in (*([] if name == final else [order.final]), draft, kept):
        if disk.look(path) is not None:
            raise taken(path)
    pairs = [] if name == final else followers(name, final, disk.names(folder))
    sidecars = tuple((f"{folder}/{before}", f"{folder}/{after}") for before, after in pairs)
    return Entry(
        order=order if order.ctime_ns is not None else changed_copy(order, ctime_ns=source.ctime_ns),
        stage=Stage.PLANNED, draft=draft, kept=kept, bytes_before=source.size, bytes_after=staged.size,
        sidecars=sidecars,
    )  # fmt: skip


def check_source(order: Order, disk: Disk) -> FileFacts:
    """Make sure that the source is what was encoded, down to its ctime, and may be replaced.

    Raises:
        ConflictError: it is not.
        RefusedError: it has other hard links.
    """
    found, stamp = disk.look(order.source.path), order.source
    if found is None or found.kind is not FileKind.FILE:
        raise changed(stamp.path)
    told = (stamp.device, stamp.inode, stamp.size_bytes, stamp.mtime_ns)
    if told != (found.device, found.inode, found.size, found.mtime_ns):
        raise changed(stamp.path)
    if order.ctime_ns is not None and order.ctime_ns != found.ctime_ns:
        raise changed(stamp.path)
    if found.links > 1 and not order.hard_links:
        raise RefusedError(
            f"{stamp.path} has {found.links - 1} other hard link{'s' if found.links > 2 else ''}: "  # noqa: PLR2004
            "replacing it would free nothing, and what shares it would not follow.",
            hint=f"Remove the other names, or ask for hard links to be replaced. {KEPT_BOTH}",
        )
    return found


def quarantine_for(order: Order, source: FileFacts, disk: Disk) -> str:
    """The folder for originals: the order's, or one beside the original where that is on another file system."""
    there = order.quarantine
    while (found := disk.look(there)) is None and parent(there) != there:
        there = parent(there)
    return order.quarantine if found is not None and found.device == source.device else quarantine_beside(order)


def quarantine_beside(order: Order) -> str:
    """A quarantine in the original's own folder, which no move can miss."""
    return f"{parent(order.source.path)}/{QUARANTINE}"


def kept_path(quarantine: str, order: Order) -> str:
    """Where an original is kept: under its own name, in a folder of the order's."""
    return f"{quarantine}/{order.label}/{PurePath(order.source.path).name}"
