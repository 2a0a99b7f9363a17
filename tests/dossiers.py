"""A finished job to make a page about: four chunks, their searches, and names that would break a careless page."""

import datetime as dt
from dataclasses import asdict, replace
from typing import Any

from examples import RICH, plan
from reelwright.engine.jobs import Job, JobStatus, OutcomeRecord, StepKind, StepRecord, TrialRecord, Usage
from reelwright.engine.outcome import plain_plan
from reelwright.events import Event, EventName
from reelwright.planning.checks.evidence import Check
from reelwright.quality.score import pool
from reelwright.report.dossier import Dossier, Pair, Shot

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
EVIL = "</script><script>window.broken=1</script><img src=x onerror=window.broken=2>&\"'\u202e\n\udcff"
FRAMES = 48
#: Of each chunk its trials as (CRF, expected, level), and why the last one was taken.
SEARCHES: tuple[tuple[tuple[tuple[float, float | None, float], ...], str, bool], ...] = (
    (((30.0, 93.0, 95.5), (36.0, 92.9, 93.1)), "93.10 at CRF 36 is within 92.00 to 94.00", True),
    (((30.0, 93.0, 93.4),), "93.40 at CRF 30 is within 92.00 to 94.00", True),
    (((30.0, 93.0, 85.0), (20.0, 92.5, 91.0), (18.0, 93.1, 93.0)), "93.00 at CRF 18 is within 92.00 to 94.00", True),
    (((30.0, 93.0, 97.4), (50.0, 90.0, 97.4)), f"flat, 97.40 everywhere {EVIL}", False),
)


def scores_at(level: float, chunk: int) -> tuple[float, ...]:
    """Scores around a level, one frame far below it."""
    return tuple(round(level - 6 if k == 7 + chunk else level + 6 / (FRAMES - 1), 3) for k in range(FRAMES))


def trial(chunk: int, crf: float, predicted: float | None, level: float) -> TrialRecord:
    """One trial of a chunk."""
    values = scores_at(level, chunk)
    return TrialRecord(
        trial_key=f"t{chunk}-{crf:g}",
        curve_key=f"c{chunk}",
        source_id="5-abc",
        start=chunk * FRAMES,
        end=(chunk + 1) * FRAMES,
        crf=crf,
        file_name="x.mkv",
        size_bytes=round(4_000_000 / crf),
        packets_digest="p",
        score=pool(values, model="vmaf_v0.6.1", n_subsample=1, scaled_to="1920x1080"),
        score_key="k",
        frame_scores=values,
        encode_usage=Usage(wall_seconds=2.0, cpu_seconds=3.5),
        score_usage=Usage(wall_seconds=1.0, cpu_seconds=1.5),
        features={},
        width=1280,
        height=720,
        encoder="libsvtav1",
        preset=6,
        parameters={"keyint": "-1"},
        build={"ffmpeg": "n9.0.2", "svt": "4.2.0", "machine": "x86_64"},
        why="first trial, at CRF 30 where 93.00 is expected" if crf == 30 else "between two",
        predicted=predicted,
    )


TRIALS = tuple(trial(k, *one) for k, (trials, _, _) in enumerate(SEARCHES) for one in trials)
CHUNKS = [
    {"index": k, "start": k * FRAMES, "end": (k + 1) * FRAMES, "trial": f"t{k}-{trials[-1][0]:g}",
     "crf": trials[-1][0], "why": why, "within_band": within}
    for k, (trials, why, within) in enumerate(SEARCHES)
]  # fmt: skip
ANALYSED = {
    "source_id": "5-abc",
    "frames": FRAMES * len(SEARCHES),
    "seconds": 2.0 * len(SEARCHES),
    "index": "/gone/index.json.gz",
    "chunks": [
        {"start": k * FRAMES, "end": (k + 1) * FRAMES, "seconds": 2.0 * k, "curve": f"c{k}"}
        for k in range(len(SEARCHES))
    ],
}
CHECKS = [asdict(Check(name="frames", passed=True, detail="192 of 192 frames decode"))]
STEPS = {
    StepKind.ANALYSE: StepRecord(
        kind=StepKind.ANALYSE, result=ANALYSED, usage=Usage(wall_seconds=1.25, cpu_seconds=2.0)
    ),
    StepKind.ASSEMBLE: StepRecord(
        kind=StepKind.ASSEMBLE,
        result={"chunks": CHUNKS, "version": "0.1.0", "shift": "0"},
        usage=Usage(wall_seconds=0.5),
    ),
    StepKind.VALIDATE: StepRecord(
        kind=StepKind.VALIDATE,
        result={"checks": CHECKS, "size_bytes": 600_000, "content": "x"},
        usage=Usage(wall_seconds=3.0, cpu_seconds=5.0),
    ),
    StepKind.PLACE: StepRecord(
        kind=StepKind.PLACE, result={"checks": CHECKS, "size_bytes": 600_000, "content": "x", "output": "/out/a.mkv"}
    ),
}
JOB = Job(
    id="abc123",
    source_id="5-abc",
    source_path=f"/films/{EVIL.replace('/', '-')}.mkv",
    output_path="/out/a.av1.mkv",
    plan=plain_plan(plan()),
    status=JobStatus.DONE,
)
OUTCOME = OutcomeRecord(
    source_path=JOB.source_path,
    output_path=JOB.output_path,
    job_id=JOB.id,
    decision="encode",
    outcome="encoded",
    exit_code=0,
    reasons=(f"Its name is {EVIL}",),
    bytes_before=2_000_000,
    bytes_after=600_000,
    trials=len(TRIALS),
    seconds=75.0,
    finished=NOON,
)


def told(name: EventName, **data: Any) -> Event:
    """An event of the job."""
    return Event(event=name, timestamp=NOON, file=JOB.source_path, job=JOB.id, status="encoding", data=data)


EVENTS = tuple(
    told(EventName.TRIAL_COMPLETE, chunk=k, crf=one[0]) for k, (trials, _, _) in enumerate(SEARCHES) for one in trials
)


def dossier(**changes: Any) -> Dossier:
    """The finished job, or with changes."""
    whole = Dossier(job=JOB, steps=STEPS, outcomes=(OUTCOME,), trials=TRIALS, events=EVENTS, source=RICH, made=NOON)
    return replace(whole, **changes)


def pair(kind: str, source: bytes, output: bytes) -> Pair:
    """Two pictures."""
    shot = Shot(kind=kind, chunk=1, start=48, frame=55, score=87.4)
    return Pair(shot=shot, seconds=2.3, source=source, output=output, width=320, height=180)
