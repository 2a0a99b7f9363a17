"""Undo a replacement that cannot be finished: the original has its name again, and nothing of ours is left."""

from dataclasses import replace

from reelwright.engine.moving import AwayError, Mover
from reelwright.engine.replacing import Entry, Stage


def check_presence(mover: Mover) -> None:
    """Make sure that something of a replacement is where it was.

    Raises:
        AwayError: nothing is.
    """
    names = (mover.source, mover.final, mover.entry.draft, mover.entry.kept)
    if all(mover.disk.look(name) is None for name in names):
        raise AwayError(f"Neither {mover.source} nor its output is where it was; is its disk mounted?")


def roll_back(mover: Mover, why: str) -> Entry:
    """Bring the original back to its name, and take away what is ours.

    What somebody else has put in its place meanwhile stays there; the original then stays in quarantine.

    Raises:
        AwayError: the original is nowhere.
        OSError: the disk does not let us.
    """
    check_presence(mover)
    _return_stranger(mover)
    _return_original(mover)
    mover.rename_sidecars(back=True)
    mover.disk.sync(mover.folder)
    if not mover.entry.same_name and mover.entry.stage is Stage.KEPT and mover.holds_output(mover.final):
        mover.unlink(mover.final)
    if mover.disk.look(mover.entry.draft) is not None:
        mover.unlink(mover.entry.draft)
    kept = _left_in_quarantine(mover)
    mover.disk.sync(mover.folder)
    if kept:
        why = f"{why} The original lies at {kept}."
    order, found = mover.entry.order, mover.disk.look(mover.source)
    if found is not None and mover.holds_original(mover.source):
        # The link into quarantine, and its end, have changed the original's ctime: that is no change of the film.
        order = replace(order, ctime_ns=found.ctime_ns)
    return mover.write(Stage.ROLLED_BACK, order=order, kept=kept, why=why)


def _return_stranger(mover: Mover) -> None:
    """Put back what was given the original's name in the very moment it was moved."""
    entry, found = mover.entry, mover.disk.look(mover.entry.draft)
    if found is None or entry.stage is not Stage.KEPT or found.inode == entry.copy_inode:
        return
    if mover.holds_output(entry.draft) or mover.holds_original(entry.draft):
        return
    if mover.disk.look(mover.source) is None:
        mover.move_new(entry.draft, mover.source)
    elif not (entry.same_name and mover.holds_output(mover.source) and mover.swap(entry.draft, mover.source)):
        raise AwayError(f"{entry.draft} was at {mover.source}, and cannot be put back: the name is taken.")


def _return_original(mover: Mover) -> None:
    if mover.entry.stage is not Stage.KEPT or mover.holds_original(mover.source):
        return  # before that stage nothing moved it: where it has gone, somebody else took it
    draft, kept, source = mover.entry.draft, mover.entry.kept, mover.source
    at_draft, at_kept = mover.holds_original(draft), mover.holds_original(kept)
    if mover.disk.look(source) is None:
        if not at_draft and not at_kept:
            raise AwayError(f"The original of {source} is neither there nor in quarantine.")
        if at_draft:
            mover.move_new(draft, source)
        elif mover.entry.linked:
            mover.link(kept, source)
        else:
            mover.move_new(kept, source)
    elif mover.entry.same_name and mover.holds_output(source):
        if not at_draft and not at_kept:
            raise AwayError(f"The original of {source} is not in quarantine; its output stays.")
        put_over(mover, draft if at_draft else kept)


def put_over(mover: Mover, original: str) -> None:
    """Give the original its name, which the output has, in one step."""
    draft = mover.entry.draft
    if original != draft and mover.entry.linked:
        if mover.disk.look(draft) is not None:
            mover.unlink(draft)
        mover.link(original, draft)
        original = draft
    mover.move_over(original, mover.source)


def _left_in_quarantine(mover: Mover) -> str:
    """Take the original out of quarantine where it has its name; else where it lies."""
    found = mover.disk.look(mover.entry.kept)
    if found is None:
        mover.leave_quarantine()
        return ""
    there = mover.holds_original(mover.source) and mover.holds_original(mover.entry.kept)
    # The same file that was changed in its place is no second film either.
    if not there and not found.is_same_file(mover.disk.look(mover.source)):
        return mover.entry.kept
    mover.leave_quarantine()
    return ""
