"""A still and a contact sheet beside a movie, made of the movie as it was placed and of what its manifest says."""

import asyncio
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reelwright.engine.delivery_proof import Wanted
from reelwright.engine.placement import beside, place, refuse_existing
from reelwright.engine.rendering import font_path
from reelwright.engine.services import Services
from reelwright.engine.standing import read_manifest
from reelwright.sequences.contact import Cell, cells, middle
from reelwright.sequences.delivery import Kind
from reelwright.tools.contact import Shown, contact_args, still_args
from reelwright.tools.delivery import FONT


@dataclass(frozen=True, kw_only=True, slots=True)
class Stills:
    """What is wanted beside a movie, each as "jpg" or "png"; None: it is not."""

    thumbnail: str | None = None
    contact_sheet: str | None = None

    def paths(self, w: Wanted) -> dict[str, Path]:
        """Where they go, beside an output; light is not looked at."""
        if w.profile.light:
            return {}
        wanted = {"thumbnail": self.thumbnail, "contact": self.contact_sheet}
        named = w.path if w.profile.kind is Kind.FRAMES else w.path.with_suffix("")
        return {kind: beside(named, f".{kind}.{form}") for kind, form in wanted.items() if form}

    def refuse(self, w: Wanted, *, overwrite: bool) -> None:
        """Leave pictures alone that are there already.

        Raises:
            ConflictError: one is, and nobody asked to overwrite it.
        """
        for path in self.paths(w).values():
            refuse_existing(path, overwrite=overwrite)


async def make_stills(stills: Stills, w: Wanted, services: Services, folder: Path, *, anew: bool) -> None:
    """Write the pictures of an output.

    Args:
        stills: which.
        w: the output, as it was placed.
        services: with what.
        folder: where the programs run.
        anew: also those that are there already.

    Raises:
        ToolError: the movie cannot be decoded.
        UsageError, ResourceError: they cannot be written.
    """
    manifest = await asyncio.to_thread(read_manifest, w.path)
    if manifest is None:
        return
    said = next(o for o in manifest["outputs"] if Path(o["path"]).name == w.path.name)
    for kind, path in stills.paths(w).items():
        if not anew and await asyncio.to_thread(os.path.lexists, path):
            continue
        draft = path.with_name(f".reelwright-{os.getpid()}-{kind}{path.suffix}")
        if kind == "contact":
            chosen = cells(manifest["pictures"])
            await asyncio.to_thread(write_labels, folder, chosen)
            shown = shown_of(w, said, [one.frame for one in chosen])
            argv = contact_args(services.tools.ffmpeg, shown, chosen, draft)
        else:
            argv = still_args(services.tools.ffmpeg, shown_of(w, said, [middle(manifest["pictures"])]), draft)
        try:
            await services.runner.run(argv, what=f"Making the {path.name}", cwd=os.fspath(folder))
            await asyncio.to_thread(place, draft, path, overwrite=True)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)


def shown_of(w: Wanted, said: Mapping[str, Any], frames: Sequence[int]) -> Shown:
    """Frames of an output: of a movie, or the files that they are."""
    if w.profile.kind is not Kind.FRAMES:
        return Shown(movie=w.path, frames=frames)
    return Shown(movie=None, files=[w.path / said["files"][frame] for frame in frames])


def write_labels(folder: Path, shown: Sequence[Cell]) -> None:
    """Write what stands under each picture into the folder the filters run in."""
    shutil.copyfile(font_path(), folder / FONT)
    for k, one in enumerate(shown):
        (folder / f"label-{k}.txt").write_text(one.label.replace("%", "\\%"), encoding="utf-8")
