"""A movie rendered part by part: what a late frame changed, or every part where the quality engine encodes them.

A part is committed once all of its files lie under their names and their hashes are written down; a run that comes
after a kill takes such parts up, and begins the one that was under way again. What goes through the quality engine is
rendered once into a lossless film of that part alone, which is encoder input and reference, and is removed as soon as
its part is accepted: the disk never holds more of them than are under way.
"""

import asyncio
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reelwright.engine.delivery_proof import Wanted
from reelwright.engine.jobs import Usage
from reelwright.engine.reels import Target, encode_reel
from reelwright.engine.rendering import render
from reelwright.engine.services import Services
from reelwright.engine.standing import Stamps
from reelwright.engine.workspace import Workspace
from reelwright.events import Emitter
from reelwright.sequences.delivery import Kind
from reelwright.sequences.parts import Span, date_of, dated, digest_of, part, slate_identity
from reelwright.sequences.rendering import Rendering
from reelwright.tools.delivery import Output
from reelwright.tools.hashing import content_hash

RECORD = "part.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part that is committed."""

    span: Span
    folder: Path
    #: What stands in each of its places.
    said: tuple[dict[str, Any], ...]
    usage: Usage
    #: The day that is burnt into it.
    date: str = ""
    #: How far its colours are off where they are a preview.
    preview: Mapping[str, Any] | None = None
    #: What the quality engine did, by the output's name.
    reels: Mapping[str, Any] = field(default_factory=dict)

    def file(self, w: Wanted) -> Path:
        """Its file of an output; of frames, a folder."""
        return part_file(self.folder, w)


def part_file(folder: Path, w: Wanted) -> Path:
    """Where a part's file of an output lies."""
    return folder / (w.profile.name if w.profile.kind is Kind.FRAMES else f"{w.profile.name}{w.profile.suffix}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """Makes the parts of a movie."""

    rendering: Rendering
    wanted: Sequence[Wanted]
    #: Identity of how the movie is made.
    recipe: str
    #: Size and time of the files that may be read, by path.
    stamps: Stamps
    workspace: Workspace
    services: Services
    emit: Emitter
    threads: int
    #: How the quality engine encodes; None: nothing goes through it.
    target: Target | None
    #: Told how many frames are rendered.
    tell: Callable[[int], None]

    async def make(self, spans: Sequence[Span]) -> list[Part]:
        """Make every part that is not committed yet, in order.

        Raises:
            ReelwrightError: one cannot be rendered or encoded; those before it stay.
        """
        known = {span: found for span in spans if (found := await asyncio.to_thread(self.recall, span))}
        # Parts of one movie show one day, also where midnight came between them.
        date = next((found.date for found in known.values()), date_of(self.rendering))
        rendering = dated(self.rendering, date)
        now, made, done = replace(self, rendering=rendering), [], 0
        for span in spans:
            made.append(known.get(span) or await now.one(span, done))
            done += span[1] - span[0]
            self.tell(done)
        return made

    async def one(self, span: Span, before: int) -> Part:
        """Render and encode one part, and commit it; `before`: how many frames were rendered in this run."""
        folder = self.folder(span)
        rendered = await asyncio.to_thread(self.recall, span, rendered=True)
        if rendered is None:
            rendered = await self.render(span, folder, lambda count: self.tell(before + count))
        reels = {}
        for w in self.wanted:
            if w.profile.kind is not Kind.TARGET or self.target is None:
                continue
            film = self.lossless(span, w)
            reel = await encode_reel(film, part_file(folder, w), self.target, self.services, emit=self.emit, span=span)
            reels[w.path.name] = reel
        await asyncio.to_thread(self.commit, replace(rendered, reels=reels), final=True)
        for w in self.wanted:
            await asyncio.to_thread(self.lossless(span, w).unlink, missing_ok=True)
        return replace(rendered, reels=reels)

    async def render(self, span: Span, folder: Path, tell: Callable[[int], None]) -> Part:
        """Render a part into its files, lossless where the quality engine is to encode it."""
        await asyncio.to_thread(self.make_room, folder)
        scene = part(self.rendering, span)
        outputs = [self.output(scene, span, w) for w in self.wanted]
        services = self.services
        done = await render(
            *(services.runner, services.tools.ffmpeg, scene, outputs, self.workspace.working),
            threads=self.threads,
            tell=tell,
        )
        usage = Usage(cpu_seconds=done.cpu_seconds, peak_rss_bytes=done.peak_rss_bytes)
        made = Part(
            span=span, folder=folder, said=done.said, usage=usage, date=date_of(self.rendering), preview=done.preview
        )
        await asyncio.to_thread(self.commit, made, final=False)
        return made

    def make_room(self, folder: Path) -> None:
        """Make a part's folder anew; frames get one of their own in it."""
        shutil.rmtree(folder, ignore_errors=True)
        for w in self.wanted:
            room = part_file(folder, w)
            (room if w.profile.kind is Kind.FRAMES else room.parent).mkdir(parents=True, exist_ok=True)

    def output(self, scene: Rendering, span: Span, w: Wanted) -> Output:
        """A part's output: no timecode and no tags, which are the whole movie's."""
        path = self.lossless(span, w) if w.profile.kind is Kind.TARGET else part_file(self.folder(span), w)
        first = self.rendering.first - self.rendering.slate_frames + span[0]
        if w.profile.kind is Kind.FRAMES:
            path = frame_pattern(path, self.rendering, w)
        alpha = scene.alpha == "keep" and w.profile.alpha
        return Output(profile=w.profile, path=path, frames=scene.frames, first=first, alpha=alpha)

    def folder(self, span: Span) -> Path:
        """Where a part lies."""
        return self.workspace.root / "encoded" / f"{span[0]:08d}-{span[1]:08d}"

    def lossless(self, span: Span, w: Wanted) -> Path:
        """The lossless film of a part, while it is under way."""
        return self.workspace.segments / f"{span[0]:08d}-{span[1]:08d}-{w.profile.name}{w.profile.suffix}"

    def key(self, span: Span) -> str:
        """Identity of a part: what its pictures are made of, and how."""
        scene, stamps = part(self.rendering, span), {path: str(stamp) for path, stamp in self.stamps.items()}
        tried = [[p.number, p.otherwise.value, [(c.path, stamps.get(c.path)) for c in p.tried]] for p in scene.places]
        return digest_of([self.recipe, slate_identity(scene, stamps), tried])

    def files(self, span: Span, *, final: bool) -> list[Path]:
        """The files of a part: its own, and until it is accepted its lossless films."""
        found = [p for p in sorted(self.folder(span).rglob("*")) if p.is_file() and p.name != RECORD]
        return found if final else [*found, *(p for w in self.wanted if (p := self.lossless(span, w)).is_file())]

    def commit(self, made: Part, *, final: bool) -> None:
        """Write down what a part is, once all of its files are on the disk."""
        digests = {}
        for path in self.files(made.span, final=final):
            with path.open("rb") as file:
                os.fsync(file.fileno())
            digests[os.fspath(path)] = content_hash(path)
        record = {
            "key": self.key(made.span),
            "final": final,
            "date": made.date,
            "said": made.said,
            "preview": made.preview,
            "cpu_seconds": made.usage.cpu_seconds,
            "peak_rss_bytes": made.usage.peak_rss_bytes,
            "reels": made.reels,
            "files": digests,
        }
        draft = made.folder / f"{RECORD}.part"
        with draft.open("w", encoding="ascii") as file:
            json.dump(record, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, made.folder / RECORD)  # noqa: PTH105

    def recall(self, span: Span, *, rendered: bool = False) -> Part | None:
        """A part that was committed, if it is still what was written down; `rendered`: one that waits for encoding."""
        folder = self.folder(span)
        try:
            record = json.loads((folder / RECORD).read_text(encoding="ascii"))
            if record["key"] != self.key(span) or record["final"] == rendered:
                return None
            if any(content_hash(Path(path)) != digest for path, digest in record["files"].items()):
                return None
            usage = Usage(cpu_seconds=record["cpu_seconds"], peak_rss_bytes=record["peak_rss_bytes"])
            said = tuple(record["said"])
            more = {name: record[name] for name in ("date", "preview", "reels")}
            return Part(span=span, folder=folder, said=said, usage=usage, **more)
        except (OSError, ValueError, KeyError, TypeError):
            return None


def frame_pattern(folder: Path, rendering: Rendering, w: Wanted) -> Path:
    """FFmpeg's pattern of an output's frames, in which a percent sign of the name itself is doubled."""
    plain = rendering.name.replace("%", "%%")
    return Path(os.fspath(folder).replace("%", "%%")) / f"{plain}.%0{rendering.padding}d{w.profile.suffix}"
