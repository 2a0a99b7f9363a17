"""What the ledger's films teach a job: their trials become answers, and answers correct the model built in."""

import json
import logging
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from reelwright.engine.film import Film
from reelwright.engine.jobs import FilmHistory, JobStore, PastTrial
from reelwright.engine.offload import Offload
from reelwright.planning.chunking import Chunk
from reelwright.planning.plan import EncodePlan, Strategy
from reelwright.planning.windows import window_length
from reelwright.quality.learned import Learned, Model, PastChunk, PastFilm, learn, load_model
from reelwright.quality.outlook import Expected
from reelwright.quality.traits import Setting, Traits, answer_from, digest, traits_of

logger = logging.getLogger(__name__)

#: Films that are learned from, the newest ones, and trials of each.
FILMS, TRIALS = 20, 24
#: A sample is held against its chunk where the chunk's curve is known there to so many CRFs.
SURE = 1.5
#: The highest CRF there is on any scale of an encoder's.
HIGHEST_CRF = 70.0


@cache
def built_in() -> Model:
    """The model that ships with the program; `bench/train_model.py` makes it."""
    text = files("reelwright.engine").joinpath("quality_model.json").read_text("utf-8")
    return load_model(json.loads(text))


async def foresee(
    film: Film, store: JobStore, offload: Offload, *, learns: bool
) -> tuple[Learned, tuple[Expected, ...]]:
    """What other films say of each chunk of this one, which is itself no part of them.

    A deterministic job must choose the same trials on every machine, so it asks the built-in model alone.
    """
    request = film.plan.request
    past: list[FilmHistory] = []
    if learns and not request.deterministic and request.crf is None and film.plan.strategy is not Strategy.DIRECT:
        past = await offload(recent_films, store, film.plan.encoder, film.index.source_id)
    learned = learned_from(past, request.target_vmaf)
    plan = film.plan
    traits = [traits_of_chunk(chunk, plan) for chunk in film.chunks]
    settings = [setting_of(film.plan_of(chunk), film.encode_build) for chunk in film.chunks]
    return learned, learned.foresee(traits, settings)


def facts_of(learned: Learned) -> dict[str, object]:
    """What was learned from, for those who watch; nothing where nothing was."""
    if not learned.tried:
        return {}
    return {"learned": {"films": len(learned.tried), "chunks": learned.chunks, "weight": round(learned.weight, 3)}}


def recent_films(store: JobStore, encoder: str, without: str | None = None) -> list[FilmHistory]:
    """The films that are learned from."""
    return store.history(encoder=encoder, without=without, films=FILMS, trials=TRIALS)


def learned_from(past: Sequence[FilmHistory], target: float) -> Learned:
    """The built-in model with what these films teach; where they cannot be learned from, it alone."""
    try:
        return learn(built_in(), [film for one in past if (film := past_film(one, target)).chunks], target)
    except (ArithmeticError, ValueError) as error:  # numbers that no check foresaw must not stop a job
        logger.warning("Nothing is learned from the ledger's films: %s", error)
        return learn(built_in())


def past_film(film: FilmHistory, target: float) -> PastFilm:
    """A film of the past with the answers its trials have told. Trials that make no sense are left out."""
    curves: dict[tuple[object, ...], list[PastTrial]] = {}
    for trial in film.trials:
        if sensible(trial):
            curves.setdefault(_curve(trial), []).append(trial)
    sampled: dict[tuple[object, ...], list[PastTrial]] = {}
    for sample in film.samples:
        if sensible(sample):
            sampled.setdefault(_curve(sample), []).append(sample)
    chunks, shifts = [], []
    for curve, trials in curves.items():
        first = trials[0]
        traits = traits_of(first.features, frames=first.end - first.start, width=first.width, height=first.height)
        answer = answer_from([(t.crf, t.score) for t in trials], target, traits.temporal)
        if answer is not None:
            chunks.append(PastChunk(traits=traits, setting=_setting(first), crf=answer[0], sd=answer[1]))
        for sample in sampled.get(curve, [])[:1]:  # all samples of a chunk err alike
            alike = answer_from([(t.crf, t.score) for t in trials], sample.score, traits.temporal)
            if alike is not None and alike[1] <= SURE and window_length(first.end - first.start) is not None:
                shifts.append(alike[0] - sample.crf)
    return PastFilm(name=film.source_id, chunks=tuple(chunks), shifts=tuple(shifts))


def sensible(trial: PastTrial) -> bool:
    """Whether a trial's numbers can be."""
    return (
        math.isfinite(trial.score)
        and 0 <= trial.score <= 100  # noqa: PLR2004 - VMAF's range
        and 0 < trial.crf <= HIGHEST_CRF
        and min(trial.width, trial.height, trial.end - trial.start) > 0
    )


def _curve(trial: PastTrial) -> tuple[object, ...]:
    return (
        *(trial.start, trial.end, trial.width, trial.height, trial.encoder, trial.preset),
        *(digest(trial.parameters), _release(trial.build), trial.model, trial.scaled_to),
    )


def _setting(trial: PastTrial) -> Setting:
    return Setting(
        width=trial.width,
        height=trial.height,
        encoder=trial.encoder,
        preset=trial.preset,
        parameters=trial.parameters,
        release=_release(trial.build),
        model=trial.model,
        scaled_to=trial.scaled_to,
    )


def setting_of(plan: EncodePlan, build: Mapping[str, str]) -> Setting:
    """What moves the curves of a plan's chunks."""
    return Setting(
        width=plan.width,
        height=plan.height,
        encoder=plan.encoder,
        preset=plan.request.preset,
        parameters=dict(plan.parameters),
        release=_release(build),
        model=plan.scoring.model,
        scaled_to=plan.scoring.scale_name,
    )


def _release(build: Mapping[str, str]) -> str:
    """The encoder's own version among those of a build."""
    return next((str(value) for name, value in build.items() if name not in {"ffmpeg", "machine"}), "")


def traits_of_chunk(chunk: Chunk, plan: EncodePlan) -> Traits:
    """What is known of a chunk before it is encoded."""
    features = chunk.features
    return traits_of(
        {name: getattr(features, name) for name in features.__dataclass_fields__},
        frames=chunk.frames,
        width=plan.width,
        height=plan.height,
    )
