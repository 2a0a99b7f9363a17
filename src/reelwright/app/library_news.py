"""What is new of libraries as wholes: files that wait for their owner's word, and queues that ran empty."""

import asyncio
from collections.abc import Iterator, Mapping

from reelwright.app.library_worker import Workshop
from reelwright.app.wiring import utc_now
from reelwright.events import Event, EventName
from reelwright.library.catalog import Counts, FileState

#: Between two looks: counting a large library costs some ten milliseconds.
LOOK_SECONDS = 30.0
UNDER_WAY = (FileState.QUEUED, FileState.RUNNING)


class News:
    """Compares what there was with what there is; the first look tells of nothing."""

    def __init__(self) -> None:
        self._before: Mapping[str, Counts] | None = None

    def told(self, counts: Mapping[str, Counts]) -> Iterator[tuple[EventName, str, dict[str, object]]]:
        """What is new since the look before: the event, the library's name, and its data."""
        before, self._before = self._before, dict(counts)
        if before is None:
            return
        for name, now in sorted(counts.items()):
            old = before.get(name, Counts())
            asked, planned = (now.states.get(state, 0) for state in (FileState.ASKED, FileState.PLANNED))
            if asked > old.states.get(FileState.ASKED, 0) or planned > old.states.get(FileState.PLANNED, 0):
                yield (
                    EventName.LIBRARY_ASKS,
                    name,
                    {"asked": asked, "planned": planned, "reasons": _asks(asked, planned)},
                )
            if _under_way(old) and not _under_way(now):
                ended = {state.value: now.states.get(state, 0) for state in (FileState.DONE, FileState.FAILED)}
                yield EventName.LIBRARY_DONE, name, dict(ended)


def _asks(asked: int, planned: int) -> list[str]:
    words = []
    if asked:
        words.append(f"{asked} {'file waits' if asked == 1 else 'files wait'} for an answer (`library answer`).")
    if planned:
        words.append(
            f"{planned} {'file waits' if planned == 1 else 'files wait'} for a plan's approval (`library plan`)."
        )
    return words


def _under_way(counts: Counts) -> int:
    return sum(counts.states.get(state, 0) for state in UNDER_WAY)


async def tell_news(shop: Workshop, news: News) -> None:
    """Look once, and tell what is new."""
    roots = {library.name: library.root for library in await shop.offload(shop.catalog.libraries)}
    for event, name, data in news.told(await shop.offload(shop.catalog.counts)):
        root, told = roots.get(name, name), {"library": name, **data}
        shop.sink.emit(Event(event=event, timestamp=utc_now(), file=root, job=None, status="told", data=told))


async def keep_telling(shop: Workshop) -> None:
    """Look again and again, until this is cancelled."""
    news = News()
    while True:
        await tell_news(shop, news)
        await asyncio.sleep(LOOK_SECONDS)
