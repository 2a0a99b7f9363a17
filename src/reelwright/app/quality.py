"""The quality model from the command line: looked at, reset, and the reset taken back."""

from reelwright.app.encode import request_for
from reelwright.app.jobs import ledger
from reelwright.cli.commands import EncodeJob, ResetDone
from reelwright.config import load_settings
from reelwright.encoders import find
from reelwright.engine.model_view import ModelView, look
from reelwright.store.database import open_ledger


def shown() -> ModelView:
    """What the model says to the settings in effect.

    Raises:
        UsageError: the settings are wrong, or the ledger cannot be used.
    """
    settings = load_settings()
    request = request_for(settings, EncodeJob(sources=(), output=None))
    with ledger(settings) as store:
        return look(store, request, find(request.encoder).ffmpeg, learns=settings.encoding.learn)


def reset(*, undo: bool) -> ResetDone:
    """Leave all trials made so far out of what is learned from; or take the last reset back.

    Raises:
        UsageError: the settings are wrong, or the ledger cannot be used.
    """
    settings = load_settings()
    if not settings.ledger.exists():
        return ResetDone(changed=False, since=None)  # there is nothing to forget, and looking makes no file
    store = open_ledger(settings.ledger)
    try:
        changed = True
        if undo:
            changed = store.undo_reset()
        else:
            store.reset_history()
        return ResetDone(changed=changed, since=store.last_reset())
    finally:
        store.close()
