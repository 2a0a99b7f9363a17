"""What files of a library would come to, from the trials in the ledger."""

import os
from collections.abc import Sequence

from reelwright.config import Settings
from reelwright.encoders import find
from reelwright.library.catalog import Catalog, LibraryFile
from reelwright.library.forecast import Forecast, Wish, forecast
from reelwright.planning.estimate import TrialFact
from reelwright.store.database import open_ledger


def foretell(settings: Settings, catalog: Catalog, files: Sequence[LibraryFile]) -> dict[int, Forecast]:
    """Foretell files, and note it; those of which nothing can be said are left out."""
    if not files:
        return {}
    seen = trials_of(settings)
    wish = Wish(preset=settings.encoding.preset, target=settings.encoding.target_vmaf)
    parallel = settings.processing.parallel_jobs or os.cpu_count() or 1
    told = {file.id: forecast(file.size, file.facts or {}, seen, wish, parallel=parallel) for file in files}
    known = {key: one for key, one in told.items() if one is not None}
    catalog.write_forecasts({key: (one.saves.likely, one.seconds.likely) for key, one in known.items()})
    return known


def trials_of(settings: Settings) -> list[TrialFact]:
    """Trials of the encoder and preset in effect."""
    store = open_ledger(settings.ledger)
    from reelwright.store.seen import trials_seen  # models load once Django is set up

    try:
        return trials_seen(store, encoder=find(settings.encoding.encoder).ffmpeg, preset=settings.encoding.preset)
    finally:
        store.close()
