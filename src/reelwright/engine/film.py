"""One film under way: everything its steps share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.engine.decoding import Decoding
from reelwright.engine.jobs import SourceStamp, Usage
from reelwright.engine.workspace import Workspace, take_stamp
from reelwright.errors import ConflictError
from reelwright.media.model import MediaInfo
from reelwright.media.timing import FrameIndex
from reelwright.planning import identity
from reelwright.planning.chunking import Chunk
from reelwright.planning.excerpt import clip_index
from reelwright.planning.grain import has_grain
from reelwright.planning.plan import EncodePlan, zoned
from reelwright.planning.windows import sample_windows
from reelwright.tools.capabilities import Capabilities
from reelwright.tools.process import Finished, Runner

if TYPE_CHECKING:
    from reelwright.engine.held import HeldFrames


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """Where a film's frames are decoded from."""

    path: Path
    video_index: int
    #: As they are stamped there; frame k is the film's frame k.
    index: FrameIndex
    #: What a viewer should know of how they came there.
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Film:
    """A film that has been read and planned."""

    runner: Runner
    tools: Capabilities
    source: Path
    stamp: SourceStamp
    info: MediaInfo
    plan: EncodePlan
    index: FrameIndex
    chunks: tuple[Chunk, ...]
    workspace: Workspace
    output: Path
    job_id: str
    #: Threads of one encode and one scoring.
    threads: int
    #: Most memory of each; None: any.
    memory_limit: int | None = None
    #: Who decodes it.
    decoding: Decoding = field(default_factory=Decoding)
    #: A copy of its pictures that is decoded in the place of the source; None: the source is.
    copied: Pictures | None = None
    #: Keeps the frames of chunks under way; None: each encode and each score reads the film.
    held: "HeldFrames | None" = None
    #: Ends the names of half-written trials; a leased one's holds its token, so that no two write into one file.
    mark: str = ".part"

    @property
    def pictures(self) -> Pictures:
        """Where its frames are decoded from."""
        return self.copied or Pictures(path=self.source, video_index=self.plan.video_index, index=self.index)

    @property
    def span(self) -> tuple[int, int]:
        """The frames [first, end) that are encoded or copied: all of the film, or an excerpt."""
        if not self.chunks:
            return 0, self.index.frames
        return self.chunks[0].start, self.chunks[-1].end

    @property
    def frames(self) -> int:
        """How many frames are encoded."""
        return self.span[1] - self.span[0]

    @property
    def is_whole(self) -> bool:
        """Whether all of the film is encoded, and not an excerpt."""
        return self.frames == self.index.frames

    @property
    def part(self) -> FrameIndex:
        """The index of the frames that are encoded."""
        return clip_index(self.index, *self.span)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a viewer should know: of the plan, of who decoded, and of what changes on the way."""
        return (*self.plan.notes, *self.pictures.notes, *self.decoding.notes, *self.index.remarks)

    @property
    def source_bytes(self) -> int:
        """Bytes of the source: the file's, or those of an excerpt's pictures alone."""
        if self.is_whole:
            return self.info.size_bytes
        return sum(self.index.packet_bytes[slice(*self.span)])

    @property
    def copied_bytes(self) -> int:
        """Bytes of what is copied or converted; of an excerpt, by its share of the time. 0 where nobody counted."""
        kept = {s.index for s in self.plan.streams if s.is_carried and s.opus is None}
        total = sum(size for index, size in self.index.stream_bytes if index in kept)
        return int(total * self.part.duration / self.index.duration) if self.index.duration else total

    @property
    def sound_bytes(self) -> int:
        """Bytes in the source of the sounds that become Opus, counted as `copied_bytes` is."""
        kept = {s.index for s in self.plan.streams if s.opus is not None}
        total = sum(size for index, size in self.index.stream_bytes if index in kept)
        return int(total * self.part.duration / self.index.duration) if self.index.duration else total

    def plan_of(self, chunk: Chunk) -> EncodePlan:
        """The plan as it is for a chunk, which may lie in a zone."""
        return zoned(self.plan, chunk.zone)

    @property
    def encode_build(self) -> dict[str, str]:
        """What decides the bytes of its encodes beside their parameters."""
        return self.tools.encode_build(self.plan.request.encoder)

    def curve_key(self, chunk: Chunk) -> str:
        """Identity of a chunk's trials but for the CRF."""
        encode = {**self.plan_of(chunk).encode_identity(), "build": self.encode_build}
        return identity.curve_key(self.index.source_id, chunk.start, chunk.end, encode)

    def sample_key(self, chunk: Chunk) -> str | None:
        """Identity of a chunk's samples but for the CRF; None where it is too short for any."""
        windows = sample_windows(chunk)
        if windows is None:
            return None
        encode = {**self.plan_of(chunk).encode_identity(), "build": self.encode_build}
        return identity.sample_key(self.index.source_id, windows, encode)

    def score_key(self, trial_key: str, parameters: Mapping[str, str], n_subsample: int) -> str:
        """Identity of a trial's score; its encoder parameters say whether a player adds grain."""
        scoring = self.plan.scoring
        facts = {
            "model": scoring.model,
            "n_subsample": n_subsample,
            "scaled_to": scoring.scale_name,
            "build": self.tools.version,
            # Scores of before there was this were taken with it.
            **({"grain": "not added"} if has_grain(parameters.items()) else {}),
        }
        return identity.score_key(trial_key, facts)

    def check_source(self) -> None:
        """Make sure the source is still the file that was read.

        Raises:
            ConflictError: it is not.
        """
        try:
            now = take_stamp(self.source)
        except OSError as error:
            raise ConflictError(
                "The source has gone while it was being encoded.", hint="Bring it back and run the same command."
            ) from error
        if now != self.stamp:
            raise ConflictError(
                "The source has changed while it was being encoded; nothing was placed.",
                hint="Run the same command to encode what is there now.",
            )


def usage_of(finished: Finished) -> Usage:
    """What a finished child used."""
    return Usage(
        wall_seconds=finished.wall_seconds,
        cpu_seconds=finished.cpu_seconds,
        peak_rss_bytes=finished.peak_rss_bytes,
    )


def source_size(info: MediaInfo) -> tuple[int, int]:
    """Width and height of the film's picture."""
    video = info.film.video if info.film else None
    return (video.width, video.height) if video else (0, 0)


#: Told how many frames of a trial are through: doing ("encode" or "score"), frames.
Tell = Callable[[str, int], None]
