"""Made-up films whose answers are known, and searches of them with and without what other films taught."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reelwright.engine.learning import built_in
from reelwright.planning.plan import Request
from reelwright.quality.learned import Learned, PastChunk, PastFilm, learn
from reelwright.quality.prior import slope_for
from reelwright.quality.traits import Setting, Traits
from simulation import Chunk, Film, search_film, straight


def setting(width: int = 1920, height: int = 1080, preset: int = 6, **changes: object) -> Setting:
    usual = built_in().usual
    scaled = None if width >= 1728 or height >= 972 else "1920x1080"
    made = replace(usual, width=width, height=height, preset=preset, scaled_to=scaled)
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of films: where their chunks meet 93, on the whole and by what is known of each."""

    level: float = 39.0
    spread: float = 1.0
    scatter: float = 1.5
    bits: float = -3.0
    motion: float = 3.0
    temporal: float = 7.0
    #: Typical bits a pixel.
    source: float = 0.14


@dataclass(frozen=True, kw_only=True)
class Reel:
    """A film made of one kind."""

    name: str
    traits: tuple[Traits, ...]
    crfs: tuple[float, ...]
    setting: Setting

    def past(self) -> PastFilm:
        chunks = [
            PastChunk(traits=t, setting=self.setting, crf=crf, sd=0.3)
            for t, crf in zip(self.traits, self.crfs, strict=True)
        ]
        return PastFilm(name=self.name, chunks=tuple(chunks))

    def encodes(self, learned: Learned | None) -> float:
        """Encodes a chunk that a search needs."""
        size = self.setting
        foreseen = () if learned is None else learned.foresee(self.traits, [size] * len(self.traits))
        chunks = tuple(
            Chunk(
                frames=t.frames,
                # Through the answer at 93: (crf - 40) CRFs above or below that of CRF 40.
                curve=straight(100 - 7 * math.exp(slope_for(t.temporal) * (40 - crf)), slope_for(t.temporal)),
                temporal=t.temporal or 0.0,
                spatial=t.spatial or 0.0,
                source=(t.bits or 0.0) * size.width * size.height / 8,
            )
            for t, crf in zip(self.traits, self.crfs, strict=True)
        )
        film = Film(
            name=self.name, width=size.width, height=size.height, preset=size.preset, chunks=chunks, foreseen=foreseen
        )
        found = search_film(film, Request(preset=size.preset), noise=random.Random(self.name))
        return sum(f.encodes * f.frames for f in found) / sum(f.frames for f in found)


def make(kind: Kind, number: int, chunks: int = 12, of: Setting | None = None) -> Reel:
    """The film of that number: always the same one."""
    luck = random.Random(f"{kind} {number}")
    level = kind.level + luck.gauss(0, kind.spread)
    traits, crfs = [], []
    for _ in range(chunks):
        bits, motion = luck.gauss(0, 0.4), luck.gauss(0, 0.3)
        traits.append(
            Traits(
                frames=luck.randrange(60, 240), bits=kind.source * math.exp(bits), spatial=66.0,
                temporal=kind.temporal * math.exp(motion), difference=1.0, luma=100.0,
            )
        )  # fmt: skip
        crf = level + kind.bits * bits + kind.motion * motion + luck.gauss(0, kind.scatter)
        crfs.append(min(50.0, max(13.0, crf)))
    return Reel(name=f"{kind.level:g}/{number}", traits=tuple(traits), crfs=tuple(crfs), setting=of or setting())


def after(reels: Sequence[Reel]) -> Learned:
    """What the built-in model and some films expect of the next one."""
    return learn(built_in(), [reel.past() for reel in reels])
