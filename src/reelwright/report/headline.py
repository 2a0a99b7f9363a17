"""The first thing a reader sees: what became of the film, in a few figures."""

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reelwright.engine.jobs import JobStatus, OutcomeRecord, StepKind
from reelwright.engine.outcome import MADE
from reelwright.quality.score import Run, pool_runs
from reelwright.report.dossier import Dossier
from reelwright.report.story import ChunkStory
from reelwright.words import duration, printable_path, size


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The headline's numbers; what is not known is None."""

    status: str
    vmaf: float | None
    p5: float | None
    lowest: float | None
    bytes_before: int | None
    bytes_after: int | None
    #: Share of the source's bytes that is saved; negative where the output is larger.
    saved: float | None
    seconds: float | None
    frames: int | None
    chunks: int
    within_band: int
    accepted: int
    trials: int
    #: Wall time of the run that made it.
    took: float | None
    finished: dt.datetime | None


def figures_of(dossier: Dossier, chunks: Sequence[ChunkStory]) -> Figures:
    """The headline's numbers."""
    analysed = dossier.steps.get(StepKind.ANALYSE)
    placed = dossier.steps.get(StepKind.PLACE) or dossier.steps.get(StepKind.VALIDATE)
    made = best_outcome(dossier.outcomes)
    before = made.bytes_before if made else dossier.source.size_bytes if dossier.source else None
    after = placed.result["size_bytes"] if placed else None
    runs = [Run(scores=c.accepted.frame_scores, frames=c.accepted.frames) for c in chunks if c.accepted]
    score = pool_runs(runs, model="", n_subsample=1, scaled_to=None) if runs else None
    return Figures(
        status=dossier.job.status.value,
        vmaf=round(score.mean, 3) if score else None,
        p5=round(score.p5, 3) if score else None,
        lowest=round(score.min, 3) if score else None,
        bytes_before=before,
        bytes_after=after,
        saved=1 - after / before if after is not None and before else None,
        seconds=analysed.result["seconds"] if analysed else None,
        frames=analysed.result["frames"] if analysed else None,
        chunks=len(chunks),
        within_band=sum(bool(c.within_band) for c in chunks),
        accepted=sum(c.accepted is not None for c in chunks),
        trials=sum(len(c.trials) for c in chunks),
        took=made.seconds if made else None,
        finished=made.finished if made else None,
    )


def best_outcome(outcomes: Sequence[OutcomeRecord]) -> OutcomeRecord | None:
    """The last run that made the output; without one, the last run of all."""
    return next((o for o in reversed(outcomes) if o.outcome in MADE), outcomes[-1] if outcomes else None)


def title_of(dossier: Dossier) -> str:
    """The film's own title, else its file's name."""
    tags = {name.lower(): value for name, value in dossier.source.tags} if dossier.source else {}
    name = os.path.splitext(os.path.basename(dossier.job.source_path))[0]  # noqa: PTH119, PTH122 - odd bytes
    return printable_path(tags.get("title", "").strip() or name)


def headline_context(dossier: Dossier, figures: Figures) -> dict[str, Any]:
    """The headline for the page."""
    plan = dossier.job.plan
    return {
        "title": title_of(dossier),
        "source": printable_path(os.path.basename(dossier.job.source_path)),  # noqa: PTH119
        "output": printable_path(os.path.basename(dossier.job.output_path)),  # noqa: PTH119
        "aim": aim_words(plan.get("request", {})),
        "facts": facts_of(dossier, figures),
        "banner": banner(dossier),
        "cards": [vmaf_card(figures), size_card(figures), chunk_card(figures, plan), work_card(figures)],
    }


def aim_words(request: Mapping[str, Any]) -> str:
    """The target and its band."""
    if not request:
        return ""
    if request.get("crf") is not None:
        return f"fixed CRF {request['crf']:g}"
    if request.get("objective") == "min-size":
        return f"mean VMAF {request['target_vmaf']:g} with the fewest bytes"
    target, low, high = request["target_vmaf"], request["band_low"], request["band_high"]
    even = abs((high - target) - (target - low)) < 1e-9  # noqa: PLR2004 - the same up to rounding
    return f"VMAF {target:g} ± {high - target:g}" if even else f"VMAF {target:g}, from {low:g} to {high:g}"


def facts_of(dossier: Dossier, figures: Figures) -> list[str]:
    """Length, size of the picture, and when."""
    facts = []
    if figures.seconds is not None and figures.frames:
        facts += [duration(figures.seconds), f"{figures.frames:,} frames".replace(",", "\u2009")]
        facts += [f"{figures.frames / figures.seconds:.4g} fps"] if figures.seconds else []
    facts += [str(dossier.job.plan["size"]).replace("x", " × ")] if "size" in dossier.job.plan else []
    facts += [f"finished {moment(figures.finished)}"] if figures.finished else []
    return facts


def moment(when: dt.datetime) -> str:
    """A time as people write it, in UTC: a page is read in other zones than it is made in."""
    return f"{when:%-d %B %Y, %H:%M} UTC"


def banner(dossier: Dossier) -> dict[str, Any] | None:
    """What must be said first of a job that did not end well; None for one that did."""
    last = dossier.outcomes[-1] if dossier.outcomes else None
    reasons = [printable_path(reason) for reason in last.reasons] if last else []
    if dossier.job.status is JobStatus.DONE:
        return None
    if dossier.job.status is JobStatus.FAILED:
        return {"kind": "bad", "title": "This job failed. What is shown was known when it did.", "reasons": reasons}
    stopped = last is not None and last.outcome == "interrupted"
    said = "was stopped before it was done" if stopped else "is not done"
    return {"kind": "open", "title": f"This job {said}. What is shown is what is known so far.", "reasons": reasons}


def vmaf_card(figures: Figures) -> dict[str, str]:
    """Quality."""
    if figures.vmaf is None:
        return {"label": "VMAF", "value": "–", "sub": "nothing was scored yet"}
    sub = f"5th percentile {figures.p5:.2f}, lowest frame {figures.lowest:.2f}"
    return {"label": "Mean VMAF", "value": f"{figures.vmaf:.2f}", "sub": sub}


def size_card(figures: Figures) -> dict[str, str]:
    """Bytes."""
    sizes = f"{size(figures.bytes_before)} → {size(figures.bytes_after)}"
    if figures.saved is None:
        known = size(figures.bytes_before) if figures.bytes_before is not None else "–"
        return {"label": "Source", "value": known, "sub": "there is no output yet"}
    if figures.saved < 0:
        return {"label": "Larger than the source", "value": f"+{-100 * figures.saved:.1f} %", "sub": sizes}
    return {"label": "Saved", "value": f"{100 * figures.saved:.1f} %", "sub": sizes}


def chunk_card(figures: Figures, plan: Mapping[str, Any]) -> dict[str, str]:
    """How many chunks are where they should be."""
    if not figures.chunks:
        return {"label": "Chunks", "value": "–", "sub": "the film was not analysed yet"}
    if plan.get("request", {}).get("crf") is not None:
        return {"label": "Chunks", "value": str(figures.accepted), "sub": "all at the CRF that was asked for"}
    label = "Chunks as wanted" if plan.get("request", {}).get("objective") == "min-size" else "Chunks in the band"
    missed, waiting = figures.accepted - figures.within_band, figures.chunks - figures.accepted
    sub = "all of them" if not missed and not waiting else ""
    parts = [
        f"{missed} outside, the reason is below" if missed else "",
        f"{waiting} still searched" if waiting else sub,
    ]
    value = f"{figures.within_band} of {figures.chunks}"
    return {"label": label, "value": value, "sub": ", ".join(p for p in parts if p)}


def work_card(figures: Figures) -> dict[str, str]:
    """What it cost."""
    each = f"{figures.trials / figures.chunks:.2f} a chunk" if figures.chunks else ""
    took = f"last run {duration(figures.took)}" if figures.took is not None else ""
    return {"label": "Trials", "value": str(figures.trials), "sub": ", ".join(p for p in (each, took) if p)}
