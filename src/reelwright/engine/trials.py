"""One trial: encode a chunk, check it, score it, keep it. Committed trials are checked before they are reused."""

import asyncio
import os
import signal
from dataclasses import asdict, replace
from pathlib import Path

from reelwright.engine.film import Film, Tell, usage_of
from reelwright.engine.jobs import TrialRecord, Usage
from reelwright.engine.placement import sync
from reelwright.engine.scheduler import TrialStep
from reelwright.errors import ReelwrightError, ToolError
from reelwright.planning import identity
from reelwright.planning.chunking import Chunk
from reelwright.planning.windows import Window
from reelwright.quality.score import pool
from reelwright.tools.chunks import ChunkFacts, read_chunk
from reelwright.tools.failures import MemoryCause, OutOfMemoryError
from reelwright.tools.ffmpeg import ENCODER_ENVIRONMENT, ProgressReader, encode_args, format_crf
from reelwright.tools.frames import STEPS_BACK, choose, choose_windows, film_frames, reference_input
from reelwright.tools.machine import IdleMeter
from reelwright.tools.vmaf import Pairing, parse_log, score_args

#: An encode may be silent while it fills its look-ahead; longer than this it hangs.
STALL_SECONDS = 300.0
#: How often a trial is begun again after its process died.
MOST_ATTEMPTS = 3


async def run_trial(film: Film, step: TrialStep, tell: Tell) -> TrialRecord:
    """Encode and score one chunk at one CRF; its file then lies under its key, synced, ready to be committed.

    Retried by cause: frames missing → decode from further back; the process died of a signal → again. Nothing else is.

    Raises:
        ToolError: it failed as often as it was tried.
        OutOfMemoryError: there was no memory for it, or it was killed: whoever knows what runs beside it decides.
        ResourceError: the disk is full.
        ConflictError: the source is not what was read.
    """
    deaths = 0
    back = 0
    while True:
        try:
            return await attempt_trial(film, step, tell, back)
        except FramesMissingError:
            film.check_source()
            back += 1
            if back > len(STEPS_BACK):
                raise
        except ToolError as error:
            film.check_source()
            if error.returncode == -signal.SIGKILL:
                raise OutOfMemoryError(error.message, hint=error.hint, cause=MemoryCause.KILLED) from error
            deaths += 1
            if deaths >= MOST_ATTEMPTS or error.returncode is None or error.returncode >= 0:
                raise


class FramesMissingError(ToolError):
    """A chunk came out with other frames than its range has."""


async def attempt_trial(film: Film, step: TrialStep, tell: Tell, back: int) -> TrialRecord:
    """One go at a trial, decoding from `back` steps further than usual."""
    curve = (film.sample_key(step.chunk) or "") if step.windows else film.curve_key(step.chunk)
    key = identity.trial_key(curve, step.crf)
    part = film.workspace.segments / f"{key}.part"
    final = film.workspace.segments / f"{key}.mkv"
    meter = IdleMeter()
    facts, encode_usage = await encode_chunk(film, step, tell, part, back)
    scores, score_usage = await score_chunk(film, step, tell, part, back)
    cpu_idle = meter.share()
    if step.windows:
        part.unlink()  # its bytes are no part of the film: only its score was wanted
    else:
        await asyncio.to_thread(keep, part, final)
    film.check_source()
    scoring, plan = film.plan.scoring, film.plan_of(step.chunk)
    return TrialRecord(
        trial_key=key,
        curve_key=curve,
        source_id=film.index.source_id,
        start=step.chunk.start,
        end=step.chunk.end,
        crf=step.crf,
        file_name=final.name,
        size_bytes=facts.packet_bytes,
        packets_digest=facts.digest,
        score=pool(scores, model=scoring.model, n_subsample=scoring.n_subsample, scaled_to=scoring.scale_name),
        score_key=film.score_key(key),
        frame_scores=tuple(round(value, 3) for value in scores),
        encode_usage=encode_usage,
        score_usage=score_usage,
        features=asdict(step.chunk.features),
        width=film.plan.width,
        height=film.plan.height,
        encoder=film.plan.encoder,
        preset=plan.request.preset,
        parameters=dict(plan.parameters),
        build=film.tools.encode_build(),
        why=step.why,
        threads=film.threads,
        cpu_idle=cpu_idle,
        predicted=None if step.predicted is None else round(step.predicted, 3),
        windows=step.windows,
    )


async def encode_chunk(film: Film, step: TrialStep, tell: Tell, part: Path, back: int) -> tuple[ChunkFacts, Usage]:
    """Encode a chunk into `part` and read it back.

    Raises:
        FramesMissingError: it does not hold exactly the chunk's frames, or cannot stand alone.
    """
    chunk = step.chunk
    windows = step.windows or ((chunk.start, chunk.end),)
    frames = film_frames(os.fspath(film.source), film.plan.video_index, film.index)(windows[0][0], windows[-1][1], back)
    if len(windows) > 1:
        frames = replace(frames, filters=(choose_windows(film.index, windows),))
    command = encode_args(
        film.tools.ffmpeg,
        frames,
        film.plan_of(chunk),
        crf=step.crf,
        threads=film.threads,
        out=os.fspath(part),
        key=windows[0][1] - windows[0][0] if len(windows) > 1 else None,
    )
    finished = await film.runner.run(
        command,
        what=f"Encoding chunk {chunk.index} at CRF {format_crf(step.crf)}",
        on_line=ProgressReader(lambda p: tell("encode", p.frame)),
        stall_seconds=STALL_SECONDS,
        env=ENCODER_ENVIRONMENT,
        memory_limit=film.memory_limit,
    )
    facts = await asyncio.to_thread(read_chunk, part)
    wanted = sum(end - start for start, end in windows)
    if facts.frames != wanted or not facts.first_is_key:
        raise FramesMissingError(
            f"Chunk {chunk.index} came out with {facts.frames} frames instead of {wanted}.",
            argv=finished.argv,
            stderr=finished.stderr,
            hint="The film's timestamps may be damaged there.",
        )
    return facts, usage_of(finished)


async def score_chunk(film: Film, step: TrialStep, tell: Tell, part: Path, back: int) -> tuple[list[float], Usage]:
    """VMAF of each of a chunk's frames, or a sample's. Decoding it in full also proves that it decodes."""
    chunk = step.chunk
    pairing = pairing_of(film, chunk, step.windows, part, back)
    log = film.workspace.logs / f"{part.stem}.vmaf.json"
    command = score_args(film.tools.ffmpeg, pairing, film.plan, threads=film.threads, log_name=log.name)
    try:
        finished = await film.runner.run(
            command,
            what=f"Scoring chunk {chunk.index}",
            on_line=ProgressReader(lambda p: tell("score", p.frame)),
            stall_seconds=STALL_SECONDS,
            cwd=os.fspath(film.workspace.logs),
            memory_limit=film.memory_limit,
        )
        text = log.read_text(encoding="utf-8")
    except OSError as error:
        raise ToolError(f"Scoring chunk {chunk.index} left no log.", hint="Is the work disk full?") from error
    finally:
        log.unlink(missing_ok=True)
    scoring = film.plan.scoring
    frames = sum(end - start for start, end in step.windows) if step.windows else chunk.frames
    values = parse_log(text, preroll=pairing.preroll, frames=frames, n_subsample=scoring.n_subsample)
    return values, usage_of(finished)


def pairing_of(film: Film, chunk: Chunk, windows: tuple[Window, ...] | None, part: Path, back: int) -> Pairing:
    """What an encode is scored against."""
    source, index = os.fspath(film.source), film.index
    if windows:
        preroll, mirrored, first = 1, True, windows[0][0]
        chosen = choose_windows(index, windows)
    else:
        preroll = 1 if chunk.start > 0 else 0
        mirrored = preroll == 1 and chunk.frames > 1 and index.is_key(chunk.start)
        first = chunk.start if mirrored else chunk.start - preroll
        chosen = choose(index, first, chunk.end)
    return Pairing(
        chunk_path=os.fspath(part),
        reference_input=reference_input(source, index, first, back),
        video_index=film.plan.video_index,
        choose=chosen,
        preroll=preroll,
        mirrored=mirrored,
    )


def keep(part: Path, final: Path) -> None:
    """Force a checked chunk to the disk under its key."""
    sync(part)
    os.replace(part, final)  # noqa: PTH105
    sync(final.parent)


def still_holds(film: Film, trial: TrialRecord) -> bool:
    """Whether a committed trial's file is there and is what was committed; nothing is trusted by its name."""
    path = film.workspace.segments / trial.file_name
    if not path.is_file():
        return False
    try:
        facts = read_chunk(path)
    except ReelwrightError:
        return False
    return facts.digest == trial.packets_digest and facts.frames == trial.frames
