"""What a cluster's worker encodes with, where it finds films, and what it says of itself."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reelwright.config import Settings
from reelwright.encoders import SVT_AV1
from reelwright.engine.leases import LIBRARY_LABEL
from reelwright.engine.offload import Offload
from reelwright.engine.resources import DISK_RESERVE_BYTES
from reelwright.engine.trial_orders import ENCODES, WORK_LABEL, Bench, build_label
from reelwright.engine.work_mark import read_mark
from reelwright.errors import ReelwrightError, SourceError
from reelwright.library.catalog import Catalog, Library
from reelwright.library.marker import check_marker
from reelwright.tools.capabilities import Capabilities, ask_ffmpeg, require
from reelwright.tools.devices import choose_device, with_encoder
from reelwright.tools.machine import cores, free_disk, total_memory
from reelwright.tools.process import Runner

#: Memory that one encode of a large film takes, where nothing else is known.
ENCODE_BYTES = 2 << 30
#: Threads of one encode at the most, where nobody says otherwise: more fill no processor better.
MOST_THREADS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """How much a worker does at once."""

    slots: int
    threads: int


def size_of(settings: Settings) -> Size:
    """Slots and threads: as they are set, else by cores and memory."""
    asked, have = settings.cluster, cores()
    threads = asked.threads or max(1, have // asked.slots if asked.slots else min(MOST_THREADS, have))
    by_memory = max(1, total_memory() // ENCODE_BYTES)
    return Size(slots=asked.slots or max(1, min(have // threads, by_memory)), threads=threads)


class Benches:
    """Benches by encoder and device, made once.

    Args:
        settings: of the program.
        runner: spawns.
        size: how much is done at once.
    """

    def __init__(self, settings: Settings, runner: Runner, size: Size) -> None:
        self._settings, self._runner, self._size = settings, runner, size
        self._tools: Capabilities | None = None
        self._made: dict[tuple[str, str], Bench] = {}
        self._making = asyncio.Lock()

    async def __call__(self, encoder: str, hwaccel: str) -> Bench:
        """The bench.

        Raises:
            ToolError: FFmpeg or the encoder does not work here.
        """
        async with self._making:
            if (encoder, hwaccel) not in self._made:
                if self._tools is None:
                    self._tools = await ask_ffmpeg(self._runner, self._settings.tools.ffmpeg)
                tools = await with_encoder(self._runner, require(self._tools, encoder), encoder)
                device = await choose_device(self._runner, tools.ffmpeg, hwaccel)
                self._made[encoder, hwaccel] = Bench(
                    runner=self._runner, tools=tools, work_dir=self._settings.work_dir, device=device,
                    threads=self._size.threads, memory_limit=self._settings.processing.memory_per_encode,
                )  # fmt: skip
            return self._made[encoder, hwaccel]

    async def labels(self) -> frozenset[str]:
        """The builds this worker has.

        Raises:
            ToolError: none works here.
        """
        found = set()
        for encoder in sorted({SVT_AV1.name, self._settings.encoding.encoder}):
            bench = await self(encoder, "none")
            found.add(build_label(bench.tools, encoder))
        return frozenset(found)


def root_here(settings: Settings, library: Library) -> Path:
    """A library's root on this machine."""
    return Path(settings.cluster.roots.get(library.name, library.root))


class Roots:
    """Where libraries are mounted on this machine."""

    def __init__(self, settings: Settings, catalog: Catalog, offload: Offload) -> None:
        self._settings, self._catalog, self._offload = settings, catalog, offload

    async def source(self, name: str, path: str) -> Path:
        """A film's path here.

        Raises:
            SourceError: its library is not here.
        """
        for library in await self._offload(self._catalog.libraries):
            if library.name == name:
                root = root_here(self._settings, library)
                await asyncio.to_thread(check_marker, root, library.marker)
                return root / path
        raise SourceError(f"There is no library {name} any more.")

    async def looked(self) -> tuple[frozenset[str], list[str]]:
        """Labels of the libraries that are here, and a sentence for each that is not."""
        libraries = await self._offload(self._catalog.libraries)
        return await asyncio.to_thread(self._look, libraries)

    def _look(self, libraries: list[Library]) -> tuple[frozenset[str], list[str]]:
        here, missing = set(), []
        for library in libraries:
            try:
                check_marker(root_here(self._settings, library), library.marker)
                here.add(LIBRARY_LABEL.format(library.name))
            except ReelwrightError as error:
                missing.append(f"No work of library {library.name}: {error.message}")
        return frozenset(here), missing


class EncodeLabels:
    """What an encode worker has at the moment; what it lacks it says.

    Args:
        benches: its tools.
        roots: its mounts.
        settings: of the program.
        tell: told what keeps it from work, each time that changes.
    """

    def __init__(self, benches: Benches, roots: Roots, settings: Settings, tell: Callable[[list[str]], None]) -> None:
        self._benches, self._roots, self._settings, self._tell = benches, roots, settings, tell
        self._builds: frozenset[str] = frozenset()
        self._seen: frozenset[str] = frozenset()
        self._looked = float("-inf")

    async def __call__(self) -> frozenset[str]:
        """The labels, looked for once a heartbeat; none while nothing can be done at all."""
        if time.monotonic() - self._looked >= self._settings.cluster.beat:
            self._seen = await self._look()
            self._looked = time.monotonic()
        return self._seen

    async def _look(self) -> frozenset[str]:
        troubles: list[str] = []
        labels = frozenset({ENCODES, *self._settings.cluster.labels})
        here, missing = await self._roots.looked()
        troubles += missing
        if not self._builds:
            try:
                self._builds = await self._benches.labels()
            except ReelwrightError as error:
                troubles.append(f"No work at all: {error.message} {error.hint}".strip())
        mark, full = await asyncio.to_thread(self._folder)
        if mark is None:
            troubles.append(f"No work at all: the work folder {self._settings.work_dir} has no mark of a leader's.")
        if full:
            troubles.append(f"No work at all: the disk of the work folder {self._settings.work_dir} is full.")
        self._tell(troubles)
        if mark is None or full or not self._builds:
            return frozenset()
        return labels | here | self._builds | {WORK_LABEL.format(mark)}

    def _folder(self) -> tuple[str | None, bool]:
        work_dir = self._settings.work_dir
        mark = read_mark(work_dir) if os.access(work_dir, os.W_OK) else None
        try:
            return mark, mark is not None and free_disk(work_dir) < DISK_RESERVE_BYTES
        except OSError:
            return None, False
