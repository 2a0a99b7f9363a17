"""The steps on the whole film: assemble, validate, place. Each may run twice; only one commit counts."""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from fractions import Fraction
from itertools import count, zip_longest
from pathlib import Path
from typing import Any

from reelwright.encoders import find
from reelwright.engine.film import Film, usage_of
from reelwright.engine.jobs import StepKind, StepRecord, TrialRecord, Usage
from reelwright.engine.placement import place, temporary_path
from reelwright.engine.sounds import planned_sounds, sound_jobs, summed
from reelwright.errors import ReelwrightError, SourceError, ValidationFailedError
from reelwright.media.model import Chapter, StreamKind
from reelwright.planning.chapters import chapter_fates, written
from reelwright.planning.checks import run_checks
from reelwright.planning.checks.evidence import (
    Attached,
    Check,
    ChunkPackets,
    Copied,
    Evidence,
    Metadata,
    Planned,
    Samples,
)
from reelwright.planning.clocks import film_clock
from reelwright.planning.containers import Container, holdings
from reelwright.planning.excerpt import window_of
from reelwright.planning.sound import PACKET
from reelwright.planning.streams import Input, Route, Rule, StreamPlan, carried
from reelwright.tools.dolby_vision import read_metadata
from reelwright.tools.ffmpeg import complaints_of, decode_args, parse_framecrc, samples_args
from reelwright.tools.hashing import content_hash
from reelwright.tools.mux import (
    Inspection,
    Join,
    Written,
    display_aspect,
    inspect,
    join,
    movie_clock,
    nominal_rate,
    read_hdr10plus,
    shift_of,
    start_of,
)
from reelwright.tools.probe import probe
from reelwright.tools.sound import Encoded, SoundJob, listen
from reelwright.version import VERSION


async def assemble(film: Film, chosen: tuple[TrialRecord, ...], sounds: Mapping[int, Encoded]) -> StepRecord:
    """Join the chosen trials and sounds with the rest of the source, beside the destination under a temporary name."""
    film.check_source()
    out = temporary_path(film.output, film.job_id)
    part = film.part
    clock, begins = film_clock(film.plan.request.container, part.time_base), [s.begin for s in sounds.values()]
    shift = shift_of(film.info, film.index, film.plan, begins)
    job = Join(
        source=film.source,
        index_path=film.workspace.index,
        chunks=tuple(film.workspace.segments / trial.file_name for trial in chosen),
        out=out,
        span=film.span,
        window=None if film.is_whole else window_of(part),
        shift=shift,
        sounds={index: (job.file, sounds[index]) for index, job in sound_jobs(film).items()},
        rate=nominal_rate(part, film.info.film.video if film.info.film else None),
        film_tags=film_tags(film) if film.chunks else {},
        display_aspect=display_aspect(film.plan),
        chapters=chapters_of(film, shift),
        clock=clock,
        movie_ticks=movie_clock(film.info, film.plan, clock, part, shift if film.is_whole else None, sounds=begins),
        unofficial=is_dolby_vision(film),
        folder=film.workspace.working,
    )
    try:
        joined = await join(film.runner, film.tools.ffmpeg, film.info, film.plan, job)
    except BaseException:
        out.unlink(missing_ok=True)
        raise
    result = {
        "temporary": os.fspath(out),
        "size_bytes": out.stat().st_size,
        "trials": [trial.trial_key for trial in chosen],
        "sounds": sound_keys(sounds),
        "shift": str(joined.shift),
        "clock": str(clock),
        "written": [asdict(row) for row in joined.streams],
        "attached": [asdict(row) for row in joined.attachments],
        "joined": [
            {
                "scored": trial.packets_digest,
                "taken": chunk.digest,
                "written": chunk.written,
                "frames": chunk.frames,
            }
            for trial, chunk in zip(chosen, joined.chunks, strict=True)
        ],
    }
    return StepRecord(kind=StepKind.ASSEMBLE, result=result)


def is_dolby_vision(film: Film) -> bool:
    """Whether the film has metadata of Dolby Vision, which it keeps."""
    video = film.info.film.video if film.info.film else None
    return video is not None and video.dolby_vision is not None


def chapters_of(film: Film, shift: Fraction) -> tuple[Chapter, ...]:
    """The chapters that are written, on the source's clock; `shift` moves a whole film onto the output's."""
    if not film.is_whole:
        return written(chapter_fates(film.info.chapters, window=window_of(film.part)))
    return written(chapter_fates(film.info.chapters, shift=shift))


def sound_keys(sounds: Mapping[int, Encoded]) -> dict[str, str]:
    """Which encode of each sound is meant."""
    return {str(index): found.key for index, found in sorted(sounds.items())}


def bytes_before(film: Film, assembled: StepRecord) -> int:
    """Bytes of the source that the output stands for: the file's; of an excerpt, its pictures' and what was copied."""
    if film.is_whole:
        return film.source_bytes
    copied = sum(int(row["size"]) for row in assembled.result["written"] if row["input"] != Input.SOUND)
    return film.source_bytes + copied + film.sound_bytes


def film_tags(film: Film) -> dict[str, str]:
    """Tags that say how the film was made."""
    parameters = " ".join(f"{name}={value}" for name, value in film.plan.parameters)
    zones = [f"zone={zone}" for zone in film.plan.request.zones]
    encoder = find(film.plan.request.encoder)
    version = film.tools.version_of(encoder.name).removeprefix(f"{encoder.title} ")
    return {
        "ENCODER": f"{encoder.title} {version} by Reelwright {VERSION}".replace("  ", " "),
        "ENCODER_OPTIONS": " ".join([f"preset={film.plan.request.preset} {parameters}", *zones]),
    }


def still_assembled(
    film: Film, step: StepRecord, chosen: tuple[TrialRecord, ...], sounds: Mapping[int, Encoded]
) -> bool:
    """Whether a committed assembly is still there and made of the trials and sounds chosen now."""
    temporary = temporary_path(film.output, film.job_id)
    result = step.result
    return (
        temporary.is_file()
        and temporary.stat().st_size == result["size_bytes"]
        and list(result["trials"]) == [trial.trial_key for trial in chosen]
        and dict(result.get("sounds", {})) == sound_keys(sounds)
    )


async def validate(
    film: Film, assembled: StepRecord, sounds: Mapping[int, Encoded], tell: Callable[[int], None]
) -> StepRecord:
    """Read the assembled file back and hold it against source and plan; `tell` is told how many frames decoded.

    Raises:
        ValidationFailedError: a check failed; the temporary file is removed.
    """
    temporary = temporary_path(film.output, film.job_id)
    with nothing_left(temporary):
        try:
            evidence, inspection, usage = await gather(film, temporary, assembled.result, sounds, tell)
        except SourceError as error:
            raise ValidationFailedError(f"The output cannot be read back: {error.message}") from error
        checks = run_checks(evidence)
        if not all(check.passed for check in checks):
            raise failed_checks(checks)
    result = {
        "content": inspection.content,
        "size_bytes": temporary.stat().st_size,
        "checks": [asdict(c) for c in checks],
    }
    return StepRecord(kind=StepKind.VALIDATE, result=result, usage=usage)


async def still_validated(film: Film, step: StepRecord) -> bool:
    """Whether the assembled file is, byte for byte, the one that was validated."""
    found = await asyncio.to_thread(content_hash, temporary_path(film.output, film.job_id))
    return bool(found == step.result["content"])


@contextmanager
def nothing_left(temporary: Path) -> Iterator[None]:
    """Remove the assembled file where a step on it fails: to join again is cheap, and nobody else would clear it.

    An interruption leaves it, because the same command goes on from there.
    """
    try:
        yield
    except ReelwrightError:
        temporary.unlink(missing_ok=True)
        raise


def failed_checks(checks: tuple[Check, ...]) -> ValidationFailedError:
    """The error for an output that did not pass."""
    failed = [check for check in checks if not check.passed]
    said = "; ".join(f"{check.name}: {check.detail}" for check in failed)
    return ValidationFailedError(
        f"The output failed its checks ({said}); nothing was placed.",
        checks=tuple(asdict(c) for c in checks),
        # Noise at full band loses more of its level in Opus than any sound people listen to.
        hint="`--audio copy` keeps the sound as it is." if [c.name for c in failed] == ["sound"] else "",
    )


async def gather(
    film: Film, path: Path, assembled: Mapping[str, Any], sounds: Mapping[int, Encoded], tell: Callable[[int], None]
) -> tuple[Evidence, Inspection, Usage]:
    """Everything the checks need to know, by reading and decoding the whole output."""
    output = await probe(film.runner, film.tools.ffmpeg, path)
    video = output.film.index if output.film else 0
    joined = assembled["joined"]
    inspection, answer = await inspect(
        film.runner,
        path,
        video,
        [row["frames"] for row in joined],
        film.workspace.working,
    )
    hdr10plus, reading = None, None
    if any(payload for payload, _ in film.index.hdr10plus):
        hdr10plus, reading = await read_hdr10plus(film.runner, path, video)
    lines = count()
    decoded = await film.runner.run(
        decode_args(film.tools.ffmpeg, os.fspath(path)),
        what="Decoding the output",
        keep_stdout=True,
        on_line=lambda _: tell(next(lines)),
        check=False,
    )
    warnings = complaints_of(decoded.stderr)
    if decoded.returncode != 0 and not warnings:
        warnings = [f"the decoder ended with status {decoded.returncode}"]
    rows = tuple(Written(**row) for row in assembled["written"])
    chunks = tuple(
        ChunkPackets(**row, read=read) for row, read in zip_longest(joined, inspection.chunks[: len(joined)])
    )
    shift = Fraction(assembled["shift"])
    heard, listened = await listen(film.runner, path, numbered_sounds(film, rows), shift, film.workspace.working)
    evidence = Evidence(
        plan=film.plan,
        source=film.info,
        index=film.part,
        output=output,
        shift=shift,
        clock=inspection.film_clock,
        # A copy has the packets nobody can show as well: they refer to frames before its first one.
        packet_ticks=inspection.film_ticks[0 if film.chunks else film.index.unshowable :],
        decoded_ticks=tuple(parse_framecrc(decoded.stdout.decode("ascii", "replace"))),
        warnings=tuple(warnings[:5]),
        sounds_begin=sounds_begin(film, rows),
        copied=pair_copies(film, rows, inspection),
        chunks=chunks,
        left_over=bool(joined) and len(inspection.chunks) > len(joined),
        samples=await compare_samples(film, path, rows),
        sounds=expected_sounds(film, sounds),
        heard=heard,
        attached=tuple(Attached(**row) for row in assembled["attached"]),
        attachments=inspection.attachments,
        hdr10plus=hdr10plus,
        grain=inspection.grain,
        metadata=await both_metadata(film, path, video),
    )
    children = (decoded, answer.finished, *((listened,) if listened else ()), *((reading.finished,) if reading else ()))
    return evidence, inspection, summed(map(usage_of, children))


def numbered_sounds(film: Film, rows: tuple[Written, ...]) -> list[tuple[int, SoundJob]]:
    """Each encoded sound that holds something, by its number in the output."""
    jobs = sound_jobs(film)
    return [
        (number, jobs[stream.index])
        for stream, row, number in places(film, rows)
        if stream.route is Route.SOUND and row.packets
    ]


def expected_sounds(film: Film, sounds: Mapping[int, Encoded]) -> tuple[Planned, ...]:
    """What each encoded sound has to be."""
    beyond = 0 if film.plan.request.container is Container.MATROSKA else PACKET
    return tuple(
        Planned(
            index=index, kbps=plan.kbps, layout=plan.layout, begin=sounds[index].begin, samples=sounds[index].samples,
            loudness=sounds[index].loudness, levels=sounds[index].levels, beyond=beyond,
        )
        for index, plan in planned_sounds(film).items()
        if sounds[index].samples
    )  # fmt: skip


async def compare_samples(film: Film, path: Path, rows: tuple[Written, ...]) -> tuple[Samples, ...]:
    """Decode every sound that is stored in another way, in source and output. An excerpt's is not compared."""
    if not film.is_whole:
        return ()
    found = []
    for stream, _, number in places(film, rows):
        if stream.rule is not Rule.SAMPLES_KEPT:
            continue
        hashes = []
        for file, index in ((film.source, stream.index), (path, number)):
            done = await film.runner.run(
                samples_args(film.tools.ffmpeg, os.fspath(file), index), what="Comparing sounds", keep_stdout=True
            )
            hashes.append(done.stdout.decode("ascii", "replace").strip())
        found.append(Samples(index=stream.index, source=hashes[0], output=hashes[1]))
    return tuple(found)


async def both_metadata(film: Film, output: Path, video_index: int) -> tuple[Metadata, Metadata] | None:
    """The Dolby Vision metadata of the source's frames and of the output's; None where none is planned."""
    if not film.plan.dolby_vision:
        return None
    folder = film.workspace.working
    come = film.pictures
    source = await read_metadata(
        film.runner, come.path, come.video_index, folder=folder, index=come.index, span=film.span
    )
    return source, await read_metadata(film.runner, output, video_index, folder=folder)


def sounds_begin(film: Film, rows: tuple[Written, ...]) -> tuple[Fraction | None, ...]:
    """When each sound beside the film begins in the source; those that become Opus are left out.

    As the probe has it; of an excerpt, when the first packet does that reaches into it; and where a sound is decoded,
    when its first sample is heard, which its packets alone do not tell.
    """
    probed = {s.index: start_of(s) for s in film.info.streams}
    found = []
    for stream, row, _ in places(film, rows):
        if stream.kind is StreamKind.AUDIO and stream.route is not Route.SOUND:
            met = None if row.begins is None else Fraction(row.begins)
            found.append(probed[stream.index] if film.is_whole and stream.route is Route.PACKETS else met)
    return tuple(found)


def places(film: Film, rows: tuple[Written, ...]) -> list[tuple[StreamPlan, Written, int]]:
    """Each stream that was not encoded here, as it was written, with its number in the output; a film comes first."""
    by_source = {(row.input, row.index): row for row in rows}
    holds, found = holdings(film.plan.request.container), []
    number = 0 if film.chunks else -1  # the film that was encoded is the first
    for stream, key in carried(film.plan.streams):
        row = by_source[key]
        number += bool(row.packets) or stream.route is Route.FFMPEG or holds.shows_empty(stream.kind)
        found.append((stream, row, number))
    return found


def pair_copies(film: Film, rows: tuple[Written, ...], inspection: Inspection) -> tuple[Copied, ...]:
    """Each stream beside the film as it was written and as the output holds it."""
    read, pairs = {row.index: row for row in inspection.streams}, []
    for stream, row, number in places(film, rows):
        found = read.get(number) if row.packets else None
        pairs.append(
            Copied(
                index=stream.index,
                written=(row.packets, row.payload, row.times),
                # A stream without packets does not show up when packets are read.
                read=(found.packets, found.payload, found.times) if found else (0, row.payload, row.times),
            )
        )
    return tuple(pairs)


async def put_in_place(film: Film, validated: StepRecord, *, overwrite: bool) -> StepRecord:
    """Give the validated file its name.

    Raises:
        ConflictError: the source has changed, or the output has appeared meanwhile.
    """
    temporary = temporary_path(film.output, film.job_id)
    with nothing_left(temporary):
        film.check_source()
        await asyncio.to_thread(place, temporary, film.output, overwrite=overwrite)
    return StepRecord(kind=StepKind.PLACE, result={"output": os.fspath(film.output), **validated.result})
