"""What stands already where a rendering is to go: an earlier one of ours, untouched, that may be brought up to date."""

import asyncio
import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from reelwright.engine.delivery_proof import MANIFEST, Wanted
from reelwright.engine.placement import beside
from reelwright.sequences.delivery import Kind
from reelwright.sequences.parts import Earlier, Stamped, earlier_of
from reelwright.sequences.rendering import Rendering
from reelwright.tools.hashing import content_hash, frame_digest
from reelwright.version import VERSION

#: A file that was written less than this before it was looked at may change again without its time showing it.
UNSETTLED_NS = 2_000_000_000
#: Size and time of files, by path.
Stamps = Mapping[str, tuple[int, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """An earlier rendering whose movies are, byte for byte, what was placed."""

    earlier: Earlier
    #: The manifests, by output.
    manifests: Mapping[Path, Mapping[str, Any]]
    #: Size and time of each movie when it was hashed.
    stamps: Mapping[Path, tuple[int, int]]

    def chunks(self, output: Path) -> Sequence[Mapping[str, Any]]:
        """The quality engine's chunks of an output; none where it made none."""
        found: Sequence[Mapping[str, Any]] = self.manifests[output].get("chunks", {}).get(output.name, ())
        return found

    def untouched(self) -> bool:
        """Whether nobody has written to the movies since they were hashed."""
        return all(stamp_of(path) == stamp for path, stamp in self.stamps.items())


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Size and time of a file; None where it is gone."""
    try:
        facts = os.stat(path)  # noqa: PTH116 - odd bytes
    except OSError:
        return None
    return facts.st_size, facts.st_mtime_ns


def find_standing(wanted: Sequence[Wanted]) -> Standing | None:
    """The earlier rendering of all these outputs; None where one is missing, was touched, or is not of one run."""
    manifests, stamps = {}, {}
    for w in wanted:
        manifest, stamp = read_manifest(w.path), stamp_of(w.path)
        if manifest is None or stamp is None:
            return None
        said: Mapping[str, Any] = next(
            (o for o in manifest.get("outputs", ()) if Path(o["path"]).name == w.path.name), {}
        )
        if said.get("profile") != w.profile.name or said.get("content") != content_of(w, said):
            return None
        manifests[w.path], stamps[w.path] = manifest, stamp
    found = [earlier_of(manifest) for manifest in manifests.values()]
    if not found or found[0] is None or any(one != found[0] for one in found):
        return None
    return Standing(earlier=found[0], manifests=manifests, stamps=stamps)


def read_manifest(output: Path) -> Mapping[str, Any] | None:
    """The manifest beside an output; None where there is none that can be read."""
    try:
        found = json.loads(beside(output, MANIFEST).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def content_of(w: Wanted, said: Mapping[str, Any]) -> str | None:
    """Hash of an output's bytes; of frames, of the names and bytes of those that were placed."""
    try:
        if w.profile.kind is not Kind.FRAMES:
            return content_hash(w.path)
        return frames_content(w.path, said.get("files", ()))
    except OSError:
        return None


def frames_content(folder: Path, names: Iterable[str], known: Mapping[str, str] | None = None) -> str:
    """Hash of the names and the bytes of pictures.

    Args:
        folder: where they are.
        names: of all of them.
        known: hashes of those that are not read there, by name.

    Raises:
        OSError: one of them is gone.
    """
    state, hashes = hashlib.blake2b(digest_size=32), known or {}
    for name in sorted(names):
        content = hashes.get(name) or content_hash(folder / name)
        state.update(f"{name}\0{content}\n".encode(errors="surrogateescape"))
    return state.hexdigest()


async def digests_of(rendering: Rendering, stamps: Stamps, known: Mapping[str, Stamped]) -> dict[str, str | None]:
    """Hashes of all files that may be read, by path; a file is read only where its size or time is not what it was.

    Args:
        rendering: the movie.
        stamps: size and time of the files now.
        known: what was known of them.
    """
    found: dict[str, str | None] = {}
    unknown = []
    for path in dict.fromkeys(c.path for p in rendering.places for c in p.tried):
        before = known.get(path)
        if before is not None and stamps.get(path) == (before.size, before.mtime_ns):
            found[path] = before.digest
        else:
            unknown.append(path)
    gate = asyncio.Semaphore(len(os.sched_getaffinity(0)))

    async def read(path: str) -> None:
        async with gate:
            found[path] = await asyncio.to_thread(frame_digest, path)

    await asyncio.gather(*map(read, unknown))
    return found


def files_of(said: Iterable[Mapping[str, Any]], stamps: Stamps, looked: int) -> list[dict[str, Any]]:
    """The files that a movie is made of, for its manifest: so that they need not be read again to be known again.

    Args:
        said: what was said of each place.
        stamps: size and time of the files, from before they were read.
        looked: when those were taken, in nanoseconds since 1970.
    """
    found = {}
    for picture in said:
        read = [*picture["troubles"], *([{**picture["from"], "digest": picture["digest"]}] if picture["from"] else [])]
        for file in read:
            stamp = stamps.get(file["path"])
            if file.get("digest") and stamp is not None and stamp[1] < looked - UNSETTLED_NS:
                found[file["path"]] = {"digest": file["digest"], "size": stamp[0], "mtime_ns": stamp[1]}
    return [{"path": path, **facts} for path, facts in sorted(found.items())]


def made_with(rendering: Rendering, wanted: Sequence[Wanted], stamps: Stamps, ffmpeg: str) -> list[str]:
    """What a movie is made with, beside what is asked for: codecs and their flags, programs, the sound."""
    read = [f"{path} {stamps.get(path)}" for path in rendering.also_read]
    programs = [f"reelwright {VERSION}", f"ffmpeg {ffmpeg}", f"OpenImageIO {version('OpenImageIO')}"]
    return [*programs, *read, *(f"{w.profile.name} {' '.join(w.profile.flags)}" for w in wanted)]


def now_ns() -> int:
    """Nanoseconds since 1970."""
    return time.time_ns()
