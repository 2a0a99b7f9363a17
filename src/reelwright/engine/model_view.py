"""The quality model as it stands, to be looked at."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reelwright.engine.jobs import JobStore
from reelwright.engine.learning import built_in, learned_from, recent_films
from reelwright.planning.plan import Request, parameters, scored_with
from reelwright.quality.learned import Learned, learn
from reelwright.quality.traits import Setting

#: Picture sizes and presets the model is asked about.
SIZES = ((640, 360), (854, 480), (1280, 720), (1920, 1080), (3840, 2160))
PRESETS = (4, 6, 8, 10)
#: As many of the last films tell how far predictions are off.
RECENT = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """Where a chunk is expected to meet the target: CRF and its standard deviation."""

    crf: float
    sd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SizeRow:
    """What is expected of an ordinary chunk of an ordinary film of this size."""

    width: int
    height: int
    preset: int
    built_in: Guess
    used: Guess


@dataclass(frozen=True, kw_only=True, slots=True)
class FilmRow:
    """A film that was learned from, and how it was predicted before: errors in CRF."""

    source_id: str
    path: str | None
    chunks: int
    built_in: float
    learned: float
    weight: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelView:
    """The quality model as it stands."""

    target: float
    encoder: str
    #: Whether the search learns from the ledger at all.
    learns: bool
    since: dt.datetime | None
    #: Of what was learned, 0 to 1.
    weight: float
    sizes: tuple[SizeRow, ...]
    #: The oldest first.
    films: tuple[FilmRow, ...]
    #: Root mean squares over the last films' chunks, predicted before they were learned from; None: there are none.
    recent_built_in: float | None
    recent_learned: float | None
    trained_films: int
    trained_chunks: int
    trained_errors: Mapping[str, float]


def look(store: JobStore, request: Request, encoder: str, *, learns: bool) -> ModelView:
    """What the model would say to the next film with this request."""
    past = recent_films(store, encoder) if learns else []
    learned, model = learned_from(past, request.target_vmaf), built_in()
    plain = learn(model)
    paths = {film.source_id: film.path for film in past}
    films = tuple(
        FilmRow(
            source_id=t.name, path=paths.get(t.name), chunks=t.chunks, built_in=t.built_in, learned=t.learned,
            weight=t.weight,
        )
        for t in learned.tried
    )  # fmt: skip
    presets = sorted({*PRESETS, request.preset})
    return ModelView(
        target=request.target_vmaf,
        encoder=encoder,
        learns=learns,
        since=store.last_reset(),
        weight=learned.weight,
        sizes=tuple(
            _size_row(learned, plain, _usual(size, preset, request, encoder), request.target_vmaf)
            for size in SIZES
            for preset in presets
        ),
        films=films,
        recent_built_in=_recent([(f.built_in, f.chunks) for f in films[-RECENT:]]),
        recent_learned=_recent([(f.learned, f.chunks) for f in films[-RECENT:]]),
        trained_films=model.films,
        trained_chunks=model.chunks,
        trained_errors=model.errors,
    )


def _usual(size: tuple[int, int], preset: int, request: Request, encoder: str) -> Setting:
    model, scaled = scored_with(request.vmaf_model, *size)
    return Setting(
        width=size[0], height=size[1], encoder=encoder, preset=preset, parameters=dict(parameters(request)),
        release=built_in().usual.release, model=model, scaled_to=f"{scaled[0]}x{scaled[1]}" if scaled else None,
    )  # fmt: skip


def _size_row(learned: Learned, plain: Learned, setting: Setting, target: float) -> SizeRow:
    return SizeRow(
        width=setting.width, height=setting.height, preset=setting.preset,
        built_in=_guess(plain, setting, target), used=_guess(learned, setting, target),
    )  # fmt: skip


def _guess(learned: Learned, setting: Setting, target: float) -> Guess:
    crf, sd = learned.ordinary(setting, target)
    return Guess(crf=round(crf, 2), sd=round(sd, 2))


def _recent(pairs: Sequence[tuple[float, int]]) -> float | None:
    """The root mean square over all chunks of some films."""
    count = sum(chunks for _, chunks in pairs)
    return math.sqrt(sum(error * error * chunks for error, chunks in pairs) / count) if count else None
