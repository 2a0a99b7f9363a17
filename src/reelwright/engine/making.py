"""A sequence's outputs under temporary names: made in one pass, or part by part and put together."""

import asyncio
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reelwright.engine.delivery_proof import Wanted, check, checked, hidden_folder
from reelwright.engine.jobs import StepKind, Usage
from reelwright.engine.parts import Part, Parts, frame_pattern
from reelwright.engine.placement import temporary_path
from reelwright.engine.reels import Target
from reelwright.engine.rendering import render
from reelwright.engine.services import Services
from reelwright.engine.standing import Stamps, Standing
from reelwright.engine.workspace import Workspace
from reelwright.events import Emitter, EventName
from reelwright.planning.sound import OPUS_RATES
from reelwright.sequences.delivery import Kind
from reelwright.sequences.parts import MOST_CHANGED, Span, edges, length, spans, whole
from reelwright.sequences.rendering import Rendering
from reelwright.tools.delivery import Output, sound_args
from reelwright.tools.laid_sound import laid_sound
from reelwright.tools.splicing import Piece, Splice, UnfittingError, splice

#: A chunk of the quality engine's, as a manifest tells it.
Chunk = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """Outputs that are made, checked, and not yet placed."""

    #: What stands in each place of the movie, in order.
    said: tuple[Mapping[str, Any], ...]
    checks: tuple[Mapping[str, Any], ...]
    usage: Usage
    #: Frames that were encoded in this run; the rest are those of an earlier movie.
    encoded: int
    #: What the quality engine's chunks came to, by output's name; each with the frames it holds.
    chunks: Mapping[str, Sequence[Chunk]] = field(default_factory=dict)
    trials: int = 0
    #: How far colours are off that are a preview, on the frames that were encoded; None: they are exact.
    preview: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Making:
    """Makes the outputs of one sequence."""

    rendering: Rendering
    wanted: Sequence[Wanted]
    job_id: str
    services: Services
    emit: Emitter
    workspace: Workspace
    threads: int
    stamps: Stamps
    recipe: str
    target: Target | None
    #: An earlier movie that is brought up to date; None: there is none.
    standing: Standing | None = None
    #: Frames of the movie that are not the earlier one's.
    stale: frozenset[int] = frozenset()

    async def make(self) -> Made:
        """Make every output and check it.

        Raises:
            ReelwrightError: it cannot be rendered or encoded.
        """
        parts = self.parts()
        total = self.rendering.frames if parts is None else length(parts)
        self.emit(
            EventName.ENCODING_STARTED,
            "rendering",
            frames=total,
            reused=self.rendering.frames - total,
            outputs=[os.fspath(w.path) for w in self.wanted],
        )
        if parts is None:
            return await self.in_one_pass()
        try:
            return await self.by_parts(parts)
        except UnfittingError as error:
            if self.standing is None:
                raise
            made = await replace(self, standing=None).make()
            note = f"All of it was rendered again: {error.message}"
            return replace(made, notes=(*made.notes, note))

    def parts(self) -> tuple[Span, ...] | None:
        """What is rendered by itself; None: all of it, in one pass."""
        frames, lead, target = self.rendering.frames, self.rendering.slate_frames, self.target
        if self.standing is not None:
            found = spans(self.stale, self.cuts(self.standing), lead=lead)
            if length(found) <= MOST_CHANGED * frames:
                return found
        return None if target is None else whole(frames, group=target.frames, lead=lead)

    def cuts(self, standing: Standing) -> tuple[int, ...]:
        """Where parts of the earlier movie end."""
        groups = {w.profile.group for w in self.wanted}
        ends = [chunk["end"] for w in self.wanted for chunk in standing.chunks(w.path)]
        reel = 1 if self.target is None else self.target.frames
        return edges(self.rendering.frames, groups, chunks=ends, reel=reel)

    async def in_one_pass(self) -> Made:
        """Every output out of one pass over the frames."""
        outputs = self.outputs()
        for out in outputs:
            if out.profile.kind is Kind.FRAMES:
                hidden_folder(out).mkdir(parents=True, exist_ok=True)
        services, begun = self.services, time.monotonic()
        done = await render(
            *(services.runner, services.tools.ffmpeg, self.rendering, outputs, self.workspace.working),
            threads=self.threads,
            tell=self.teller(len(self.rendering.places)),
        )
        self.emit(EventName.ENCODING_COMPLETE, "rendered", frames=len(done.said))
        usage = Usage(
            wall_seconds=time.monotonic() - begun, cpu_seconds=done.cpu_seconds, peak_rss_bytes=done.peak_rss_bytes
        )
        checks = await self.check(outputs)
        return Made(said=done.said, checks=checks, usage=usage, encoded=self.rendering.frames, preview=done.preview)

    async def by_parts(self, these: Sequence[Span]) -> Made:
        """Each part by itself, and the outputs put together of them and of what an earlier movie has."""
        begun = time.monotonic()
        parts = await Parts(
            rendering=self.rendering,
            wanted=self.wanted,
            recipe=self.recipe,
            stamps=self.stamps,
            workspace=self.workspace,
            services=self.services,
            emit=self.emit,
            threads=self.threads,
            target=self.target,
            tell=self.teller(length(these)),
        ).make(these)
        self.emit(EventName.ENCODING_COMPLETE, "rendered", frames=length(these))
        outputs = self.outputs(fresh=these)
        kept = [await self.put_together(w, out, parts) for w, out in zip(self.wanted, outputs, strict=True)]
        checks = (*(one for one in kept if one is not None), *await self.check(outputs))
        usage = sum((part.usage for part in parts), Usage())
        reels = [reel for part in parts for reel in part.reels.values()]
        return Made(
            said=self.said(parts),
            checks=checks,
            usage=replace(
                usage,
                wall_seconds=time.monotonic() - begun,
                cpu_seconds=usage.cpu_seconds + sum(reel["cpu_seconds"] for reel in reels),
            ),
            encoded=length(these),
            chunks={w.path.name: self.chunks(w, parts) for w in self.wanted if w.profile.kind is Kind.TARGET},
            trials=sum(reel["trials"] for reel in reels),
            preview=worst([part.preview for part in parts if part.preview]),
            notes=tuple(note for reel in reels for note in reel["notes"]),
        )

    def said(self, parts: Sequence[Part]) -> tuple[Mapping[str, Any], ...]:
        """What stands in each place: of the parts, and for the rest what was said of it before."""
        lead = self.rendering.slate_frames
        before = self.standing.earlier.pictures if self.standing else ()
        found: list[Mapping[str, Any]] = list(before[: len(self.rendering.places)])
        found += [{}] * (len(self.rendering.places) - len(found))
        for part in parts:
            first = max(0, part.span[0] - lead)
            found[first : first + len(part.said)] = part.said
        return tuple(found)

    def chunks(self, w: Wanted, parts: Sequence[Part]) -> list[Chunk]:
        """The quality engine's chunks of an output, those of the earlier movie among them."""
        fresh = [chunk for part in parts for chunk in part.reels[w.path.name]["chunks"]]
        old = self.standing.chunks(w.path) if self.standing else ()
        taken = [part.span for part in parts]
        kept = [c for c in old if not any(start < c["end"] and c["start"] < end for start, end in taken)]
        return sorted([*kept, *fresh], key=lambda chunk: int(chunk["start"]))

    async def put_together(self, w: Wanted, out: Output, parts: Sequence[Part]) -> dict[str, Any] | None:
        """Write an output of its parts and of the earlier movie; the check that these are its very packets."""
        if w.profile.kind is Kind.FRAMES:
            await asyncio.to_thread(gather_frames, hidden_folder(out), [part.file(w) for part in parts])
            total = self.output(w).frames
            what = f"{total - out.frames} of {total} pictures are left as they are, byte for byte what was placed"
            return check(f"{w.path.name}: reused", True, what) if self.standing and self.standing.untouched() else None
        pieces, at, total = [], 0, self.rendering.frames
        for part in parts:
            start, end = part.span
            if start > at:
                pieces.append(Piece(path=w.path, first=at, end=start, kept=True))
            pieces.append(Piece(path=part.file(w), first=0, end=end - start))
            at = end
        if at < total:
            pieces.append(Piece(path=w.path, first=at, end=total, kept=True))
        job = Splice(
            pieces=pieces,
            rate=self.rendering.rate,
            out=out.path,
            flags=w.profile.flags,
            sound=await self.sound(w),
            timecode=out.timecode if w.profile.suffix != ".mkv" else None,
            tags={
                **dict(out.tags),
                **({"timecode": out.timecode} if w.profile.suffix == ".mkv" and out.timecode else {}),
            },
        )
        done = await splice(self.services.runner, job)
        kept = sum(piece.end - piece.first for piece in pieces if piece.kept)
        if not kept:
            return None
        passed = done.kept == kept and done.frames == total
        detail = f"{done.kept} of {total} frames are, packet by packet, those of the earlier movie"
        return check(f"{w.path.name}: reused", passed, detail)

    async def sound(self, w: Wanted) -> Path | None:
        """A file with the sound of an output; None: it has none."""
        if self.rendering.audio is None:
            return None
        if self.standing is not None and self.standing.earlier.frames == self.rendering.frames:
            return w.path
        out = self.workspace.working / f"sound{w.profile.suffix}"
        rendering = self.rendering
        said = await laid_sound(self.services.runner, Path(rendering.audio or ""))
        argv = sound_args(
            self.services.tools.ffmpeg,
            Path(rendering.audio or ""),
            out,
            lead=rendering.slate_frames / rendering.rate,
            seconds=rendering.frames / rendering.rate,
            opus=said.opus(self.target.request.opus if self.target is not None else OPUS_RATES),
        )
        await self.services.runner.run(argv, what="Laying the sound")
        return out

    async def check(self, outputs: Sequence[Output]) -> tuple[Mapping[str, Any], ...]:
        """The checks of every output, the same for each way of making it."""
        pairs = zip(self.wanted, outputs, strict=True)
        return tuple([one for w, out in pairs for one in await checked(w, out, self.rendering, self.services)])

    def teller(self, total: int) -> "Teller":
        """Tells how far the rendering is."""
        return Teller(emit=self.emit, total=total, begun=time.monotonic())

    def outputs(self, fresh: Sequence[Span] | None = None) -> list[Output]:
        """Every output under its temporary name; of frames, only those of the `fresh` parts are written."""
        return [self.output(w, fresh) for w in self.wanted]

    def output(self, w: Wanted, fresh: Sequence[Span] | None = None) -> Output:
        """An output under its temporary name."""
        rendering, hidden = self.rendering, temporary_path(w.path, f"{self.job_id}{w.profile.name}"[-16:])
        frames = w.profile.kind is Kind.FRAMES
        lead = rendering.slate_frames if w.profile.light else 0
        parts = fresh if fresh is not None and frames else ((0, rendering.frames),)
        path = frame_pattern(hidden, rendering, w) if frames else hidden.with_name(f"{hidden.name}{w.profile.suffix}")
        return Output(
            profile=w.profile,
            path=path,
            frames=length((max(start, lead), end) for start, end in parts),
            timecode=rendering.first_timecode,
            first=rendering.first - rendering.slate_frames + lead,
            tags=rendering.tags(),
            alpha=rendering.alpha == "keep" and w.profile.alpha,
        )

    def remove_leftovers(self) -> None:
        """Remove what was written under temporary names, and folders for frames that got none."""
        for w, out in zip(self.wanted, self.outputs(), strict=True):
            if out.profile.kind is Kind.FRAMES:
                shutil.rmtree(hidden_folder(out), ignore_errors=True)
                with suppress(OSError):
                    w.path.rmdir()
            else:
                out.path.unlink(missing_ok=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Teller:
    """Tells how many frames are rendered."""

    emit: Emitter
    total: int
    begun: float

    def __call__(self, count: int) -> None:
        """Tell it."""
        left = (self.total - count) * (time.monotonic() - self.begun) / max(1, count)
        facts = {"phase": "render", "frame": count, "done": count, "total": self.total}
        self.emit(EventName.PROGRESS, "rendering", **facts, eta_seconds=round(left, 1))


def worst(previews: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """How far a preview is off in several parts: at the most; None where there is none."""
    if not previews:
        return None
    most = {name: max(found[name] for found in previews) for name in ("max", "p999")}
    return {"pixels": sum(found["pixels"] for found in previews), **most}


def gather_frames(folder: Path, parts: Sequence[Path]) -> None:
    """Bring the pictures of parts together; the parts keep them until the end."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in parts:
        for picture in part.iterdir():
            shutil.copyfile(picture, folder / picture.name)


def foretold(making: Making) -> str:
    """What would be encoded, as a sentence."""
    frames = making.rendering.frames
    if making.standing is None:
        return f"All {frames} frames would be rendered."
    if not making.stale:
        return "No frame has changed since the movie was rendered: nothing would be done."
    parts = making.parts()
    again = frames if parts is None else length(parts)
    return f"The movie that is there would be brought up to date: {again} of {frames} frames would be encoded again."


def update_notes(making: Making, made: Made) -> tuple[str, ...]:
    """What is said of a movie that was brought up to date."""
    if making.standing is None:
        return ()
    what = f"{len(making.stale)} of {making.rendering.frames} frames had changed, {made.encoded} were encoded again"
    return (f"The earlier movie was brought up to date: {what}.",)


def journal_of(rendering: Rendering, source_id: str, made: Made) -> list[tuple[StepKind, dict[str, Any], Usage]]:
    """What is committed of a making: how the movie is divided, and what it is put together of."""
    chunks = [chunk for of in made.chunks.values() for chunk in of]
    analysed = {
        "source_id": source_id,
        "frames": rendering.frames,
        "seconds": float(rendering.frames / rendering.rate),
        "chunks": [
            {
                "start": chunk["start"],
                "end": chunk["end"],
                "seconds": float(chunk["start"] / rendering.rate),
                "curve": chunk["curve"],
            }
            for chunk in chunks
        ],
    }
    chosen = [
        {"index": k, **{name: chunk[name] for name in ("trial", "crf", "why", "within_band")}}
        for k, chunk in enumerate(chunks)
    ]
    assembled = {"frames": list(made.said), "encoded": made.encoded, "chunks": chosen}
    return [(StepKind.ANALYSE, analysed, Usage()), (StepKind.ASSEMBLE, assembled, made.usage)]
