"""One trial: encode a chunk, check it, score it, keep it. Committed trials are checked before they are reused."""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from reelwright.engine.film import Film, Tell, usage_of
from reelwright.engine.job_state import TrialStep
from reelwright.engine.jobs import UNSURE, TrialRecord, Usage
from reelwright.engine.placement import sync
from reelwright.errors import ReelwrightError, ToolError
from reelwright.planning import identity
from reelwright.planning.chunking import Chunk
from reelwright.quality.score import pool
from reelwright.quality.steps import first_scored, first_step, is_settled, sample_look
from reelwright.tools.chunks import ChunkFacts, read_chunk
from reelwright.tools.encoders import port_for
from reelwright.tools.encoders.svt_av1 import format_crf
from reelwright.tools.failures import MemoryCause, OutOfMemoryError
from reelwright.tools.ffmpeg import ProgressReader, encode_args
from reelwright.tools.frames import (
    STEPS_BACK,
    FrameCommand,
    choose,
    choose_windows,
    chosen,
    film_frames,
    reference_input,
)
from reelwright.tools.hwaccel import proof_args, take_proof
from reelwright.tools.machine import IdleMeter
from reelwright.tools.unpacking import Unpacked
from reelwright.tools.vmaf import Look, Pairing, parse_log, score_args

#: An encode may be silent while it fills its look-ahead; longer than this it hangs.
STALL_SECONDS = 300.0
#: How often a trial is begun again after its process died.
MOST_ATTEMPTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Go:
    """How one go at a trial decodes."""

    #: How many steps further back than usual; see `tools.frames`.
    back: int
    #: None: in software.
    device: str | None = None
    #: The chunk's frames where they were decoded before; None: the film is read.
    held: Unpacked | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """What scoring came to."""

    values: list[float]
    #: Every n-th frame was scored.
    n_subsample: int
    usage: Usage
    #: Hash of the frames it was scored against, where that was asked for.
    proof: str | None


async def run_trial(film: Film, step: TrialStep, tell: Tell, known: TrialRecord | None = None) -> TrialRecord:
    """Encode and score one chunk at one CRF; its file then lies under its key, synced, ready to be committed.

    With `known`, an earlier trial whose file is there, only its score is taken anew, of every frame.

    Retried by cause: it failed while a device decoded → software decodes; frames missing → decode from further back;
    the process died of a signal → again. Nothing else is.

    Raises:
        ToolError: it failed as often as it was tried.
        OutOfMemoryError: there was no memory for it, or it was killed: whoever knows what runs beside it decides.
            What a device lacks is found out by going on without it.
        ResourceError: the disk is full.
        ConflictError: the source is not what was read.
    """
    deaths = 0
    back = 0
    while True:
        device = None if step.windows else film.decoding.device
        try:
            go = Go(back=back, device=device)
            return await (rescore(film, step, tell, go, known) if known else attempt_trial(film, step, tell, go))
        except (ToolError, OutOfMemoryError) as error:
            if isinstance(error, ToolError):
                film.check_source()
                if error.returncode == -signal.SIGKILL:
                    raise OutOfMemoryError(error.message, hint=error.hint, cause=MemoryCause.KILLED) from error
            if device is not None:
                film.decoding.give_up(device, error)
            elif isinstance(error, FramesMissingError):
                back += 1
                if back > len(STEPS_BACK):
                    raise
            else:
                deaths += 1
                if deaths >= MOST_ATTEMPTS or not died(error):
                    raise


def died(error: ReelwrightError) -> bool:
    """Whether a program was ended by a signal, which may not happen again."""
    return isinstance(error, ToolError) and error.returncode is not None and error.returncode < 0


class FramesMissingError(ToolError):
    """A chunk came out with other frames than its range has."""


def keys_of(film: Film, step: TrialStep) -> tuple[str, str]:
    """The keys of a trial's curve and of the trial itself: what its bytes follow from."""
    curve = (film.sample_key(step.chunk) or "") if step.windows else film.curve_key(step.chunk)
    return curve, identity.trial_key(curve, step.crf)


async def attempt_trial(film: Film, step: TrialStep, tell: Tell, go: Go) -> TrialRecord:
    """One go at a trial.

    Raises:
        OtherPicturesError: the device's pictures are not those of software.
    """
    curve, key = keys_of(film, step)
    part = film.workspace.segments / f"{key}{film.mark}"
    final = film.workspace.segments / f"{key}.mkv"
    meter = IdleMeter()
    decode_usage = Usage()
    if film.held is not None and not go.back:
        held, decode_usage = await film.held.of(film, step.chunk)
        go = replace(go, held=held)
    facts, encode_usage, encoded = await encode_chunk(film, step, tell, part, go)
    # What a chunk's first trial is scored against is decoded in software: that proves what the device gave.
    proven = film.decoding.is_proven(step.chunk.index)
    referee = go if proven else replace(go, device=None)
    proving = go.device is not None
    scores = await score_in_steps(film, step, tell, part, referee, prove=proving)
    if go.device is not None:
        film.decoding.prove(step.chunk.index, go.device, encoded=encoded, scored=scores.proof)
    cpu_idle = meter.share()
    if step.windows:
        part.unlink()  # its bytes are no part of the film: only its score was wanted
    else:
        await asyncio.to_thread(keep, part, final)
    film.check_source()
    plan = film.plan_of(step.chunk)
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
        **scored(film, key, dict(plan.parameters), scores),
        encode_usage=decode_usage + encode_usage,
        score_usage=scores.usage,
        features={
            **asdict(step.chunk.features),
            **({"key_bytes": facts.key_bytes} if step.windows else {}),
            **({} if step.unsure is None else {UNSURE: round(step.unsure, 3)}),
        },
        width=film.plan.width,
        height=film.plan.height,
        encoder=film.plan.encoder,
        preset=plan.request.preset,
        parameters=dict(plan.parameters),
        build=film.encode_build,
        why=step.why,
        threads=film.threads,
        cpu_idle=cpu_idle,
        predicted=None if step.predicted is None else round(step.predicted, 3),
        windows=step.windows,
    )


def scored(film: Film, key: str, parameters: Mapping[str, str], scores: Scores) -> dict[str, Any]:
    """What a trial's record says of its score."""
    scoring, step = film.plan.scoring, scores.n_subsample
    return {
        "score": pool(scores.values, model=scoring.model, n_subsample=step, scaled_to=scoring.scale_name),
        "score_key": film.score_key(key, parameters, step),
        "frame_scores": tuple(round(value, 3) for value in scores.values),
    }


async def rescore(film: Film, step: TrialStep, tell: Tell, go: Go, known: TrialRecord) -> TrialRecord:
    """Score every frame of an earlier trial: some of them do not settle what becomes of it here."""
    path = film.workspace.segments / known.file_name
    referee = go if film.decoding.is_proven(step.chunk.index) else replace(go, device=None)
    if film.held is not None and not go.back:
        referee = replace(referee, held=film.held.known(step.chunk))
    scores = await score_chunk(film, step, tell, path, referee, n_subsample=1, prove=False)
    film.check_source()
    usage = known.score_usage + scores.usage
    return replace(known, **scored(film, known.trial_key, known.parameters, scores), score_usage=usage)


async def encode_chunk(
    film: Film, step: TrialStep, tell: Tell, part: Path, go: Go
) -> tuple[ChunkFacts, Usage, str | None]:
    """Encode a chunk into `part` and read it back; with a device, also the hash of the frames it decoded.

    Raises:
        FramesMissingError: it does not hold exactly the chunk's frames, or cannot stand alone.
    """
    chunk = step.chunk
    proof = film.workspace.logs / f"{part.stem}.encoded.hash"
    command = encode_args(
        film.tools.ffmpeg,
        frames_of(film, step, go),
        film.plan_of(chunk),
        crf=step.crf,
        threads=film.threads,
        out=os.fspath(part),
        proof=() if go.device is None else proof_of(film, chunk, "0", proof),
        key=step.windows[0][1] - step.windows[0][0] if step.windows else None,
    )
    finished = await film.runner.run(
        command,
        what=f"Encoding chunk {chunk.index} at CRF {format_crf(step.crf)}",
        on_line=ProgressReader(lambda p: tell("encode", p.frame)),
        stall_seconds=STALL_SECONDS,
        env=port_for(film.plan.encoder).environment,
        memory_limit=film.memory_limit,
    )
    try:
        facts = await asyncio.to_thread(read_chunk, part)
    except ToolError as error:
        # FFmpeg ends well without a single frame; what it leaves is no file then.
        raise FramesMissingError(error.message, argv=finished.argv, stderr=finished.stderr) from error
    if facts.frames != step.frames or not facts.first_is_key:
        raise FramesMissingError(
            f"Chunk {chunk.index} came out with {facts.frames} frames instead of {step.frames}.",
            argv=finished.argv,
            stderr=finished.stderr,
            hint="The film's timestamps may be damaged there.",
        )
    return facts, usage_of(finished), take_proof(proof)


def frames_of(film: Film, step: TrialStep, go: Go) -> FrameCommand:
    """The frames that are encoded: a chunk's, or those of some windows alone, decoded in one go."""
    chunk, windows, come = step.chunk, step.windows, film.pictures
    if go.held is not None:
        return go.held.frames(windows or ((chunk.start, chunk.end),))
    flags = film.decoding.flags(go.device)
    frames = film_frames(os.fspath(come.path), come.video_index, come.index, film.plan.ahead, device=flags)
    if windows is None:
        return frames(chunk.start, chunk.end, go.back)
    cut = frames(windows[0][0], windows[-1][1], go.back)
    return replace(cut, filters=(choose_windows(come.index, windows),))


def proof_of(film: Film, chunk: Chunk, source: str, out: Path) -> tuple[str, ...]:
    """The output that hashes a chunk's frames of the film, which is this input of FFmpeg's."""
    video = film.info.film.video if film.info.film else None
    frames = choose(film.pictures.index, chunk.start, chunk.end)
    return proof_args(f"{source}:{film.pictures.video_index}", frames, video.pix_fmt if video else None, out)


async def score_in_steps(film: Film, step: TrialStep, tell: Tell, part: Path, go: Go, *, prove: bool) -> Scores:
    """Score some of a chunk's frames, and all where those do not settle what becomes of the trial."""
    planned = film.plan.scoring.n_subsample
    n_subsample = sample_look(planned)[0] if step.windows else first_step(step.frames, planned)
    first = await score_chunk(film, step, tell, part, go, n_subsample=n_subsample, prove=prove)
    if step.windows or is_settled(first.values, n_subsample, step.goal):
        return first
    every_frame = await score_chunk(film, step, tell, part, go, n_subsample=1, prove=False)
    return replace(every_frame, usage=first.usage + every_frame.usage, proof=first.proof)


async def score_chunk(
    film: Film, step: TrialStep, tell: Tell, part: Path, go: Go, *, n_subsample: int, prove: bool
) -> Scores:
    """VMAF of a chunk's frames; to prove a device, also the hash of the frames it is scored against.

    Decoding the chunk in full also proves that it decodes.
    """
    chunk = step.chunk
    pairing = pairing_of(film, step, part, go, n_subsample)
    log = film.workspace.logs / f"{part.stem}.vmaf.json"
    proof = film.workspace.logs / f"{part.stem}.scored.hash"
    proving = proof_of(film, chunk, "1", proof) if prove else ()
    command = score_args(film.tools.ffmpeg, pairing, film.plan, threads=film.threads, log_name=log.name, proof=proving)
    try:
        finished = await film.runner.run(
            command,
            what=f"Scoring chunk {chunk.index}",
            on_line=ProgressReader(lambda p: tell("score", pairing.look.reached(p.frame))),
            stall_seconds=STALL_SECONDS,
            cwd=os.fspath(film.workspace.logs),
            memory_limit=film.memory_limit,
        )
        text = log.read_text(encoding="utf-8")
    except OSError as error:
        raise ToolError(f"Scoring chunk {chunk.index} left no log.", hint="Is the work disk full?") from error
    finally:
        log.unlink(missing_ok=True)
    values = parse_log(text, pairing.look, preroll=pairing.preroll, model=film.plan.scoring.model)
    return Scores(values=values, n_subsample=n_subsample, usage=usage_of(finished), proof=take_proof(proof))


def pairing_of(film: Film, step: TrialStep, part: Path, go: Go, n_subsample: int = 1) -> Pairing:
    """What an encode is scored against, and on which frames."""
    chunk, come, ahead = step.chunk, film.pictures, film.plan.ahead
    index = come.index
    first_of = sample_look(n_subsample)[1] if step.windows else first_scored(chunk.start, n_subsample)
    look = Look(frames=step.frames, step=n_subsample, first=first_of)
    # A frame within the chunk has its own neighbour to be compared with.
    preroll = 1 if (step.windows or chunk.start > 0) and look.first == 0 else 0
    mirrored = preroll == 1 and (bool(step.windows) or (chunk.frames > 1 and index.is_key(chunk.start)))
    runs = step.windows or ((chunk.start if mirrored else chunk.start - preroll, chunk.end),)
    first, last = runs[0][0], runs[-1][1]
    if go.held is not None:
        read, filters = go.held.input_args, go.held.frames(runs).filters
    else:
        # The encode was made of the same part of the film, and counted: a reference that ended early would be repeated.
        flags = film.decoding.flags(go.device)
        read = reference_input(os.fspath(come.path), index, first, go.back, ahead, device=flags, end=last)
        filters = (choose_windows(index, runs),) if step.windows else chosen(index, first, last, ahead)
    return Pairing(
        chunk_path=os.fspath(part),
        reference_input=read,
        video_index=come.video_index if go.held is None else 0,
        choose=filters,
        preroll=preroll,
        mirrored=mirrored,
        look=look,
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
