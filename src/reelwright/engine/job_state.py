"""What is known of a job's chunks, and the steps that may be ready."""

from dataclasses import dataclass

from reelwright.engine.jobs import StepKind
from reelwright.planning.chunking import Chunk
from reelwright.planning.plan import Request
from reelwright.planning.windows import Window
from reelwright.quality.belief import Sight
from reelwright.quality.moves import Accept, Point
from reelwright.quality.outlook import Expected
from reelwright.quality.steps import Goal


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkState:
    """A chunk and its search so far."""

    chunk: Chunk
    points: tuple[Point, ...] = ()
    #: Samples of it that were scored.
    sights: tuple[Sight, ...] = ()
    #: CRFs of earlier trials that were scored on some frames, which do not settle what becomes of them here.
    unclear: tuple[float, ...] = ()
    accepted: Accept | None = None
    #: Shown to have no answer: it waits for the rest of the film.
    flat: bool = False
    #: Its place in the order of work, and the wave it belongs to; see `order.py`.
    turn: int = 0
    wave: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class JobState:
    """Everything that decides what comes next."""

    request: Request
    width: int
    height: int
    chunks: tuple[ChunkState, ...]
    committed: frozenset[StepKind] = frozenset()
    #: Streams whose sound is still to be encoded.
    sounds: tuple[int, ...] = ()
    #: What other films say of each chunk; empty: nothing.
    foreseen: tuple[Expected, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialStep:
    """Encode and score one chunk, or a sample of it, at one CRF."""

    chunk: Chunk
    crf: float
    why: str
    #: Of a sample, the frames [start, end) that are encoded; None: the whole chunk is.
    windows: tuple[Window, ...] | None = None
    #: The score the search expects; None where it expects none.
    predicted: float | None = None
    #: Standard deviation of that; None: unknown.
    unsure: float | None = None
    #: What its score is held against; None where nothing hangs on it.
    goal: Goal | None = None
    #: It was encoded earlier; its score alone is taken again, of every frame.
    again: bool = False

    @property
    def frames(self) -> int:
        """How many frames are encoded."""
        return sum(end - start for start, end in self.windows) if self.windows else self.chunk.frames


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmStep:
    """A step on the whole film."""

    kind: StepKind


@dataclass(frozen=True, kw_only=True, slots=True)
class SoundStep:
    """Encode one sound."""

    #: Of the stream in the source.
    index: int


Step = TrialStep | SoundStep | FilmStep
