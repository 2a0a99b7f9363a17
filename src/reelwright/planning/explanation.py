"""Everything `why` has to say of a film, and what would change it."""

from dataclasses import dataclass

from reelwright.media.model import MediaInfo
from reelwright.planning.decision import Decision, Verdict
from reelwright.planning.estimate import Estimate
from reelwright.planning.plan import EncodePlan, Strategy


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What the ledger holds of a film and this work."""

    #: "open", "done" or "failed"; None where this very work was never begun.
    job: str | None = None
    #: The film was read before: its frames and chunks.
    frames: int | None = None
    chunks: int | None = None
    #: Trials that would be reused, and the chunks they belong to.
    trials: int = 0
    chunks_with_trials: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What would be done with a film, and why."""

    source: str
    output: str
    info: MediaInfo
    decision: Decision
    #: None where nothing would be encoded; then nothing below is known either.
    plan: EncodePlan | None = None
    profile: str = ""
    parallel: int = 0
    parallel_why: str = ""
    #: None where the film does not say how long it is.
    cost: Estimate | None = None
    known: Known | None = None
    #: Sentences on what would change the decision or the result.
    changes: tuple[str, ...] = ()


#: What would change a decision, by its rule; where a rule is missing, its hint says it.
CHANGES = {
    "av1-already": "No flag does: another encode of what is AV1 already would only lose quality.",
    "there-already": "Another container does: name the output something.mp4 or something.mkv.",
    "hdr10plus": "Without its HDR10+ metadata, taken out with hdr10plus_tool, it would be encoded as HDR10.",
    "no-film": "Nothing does: there is no picture to encode.",
}
#: The same, of AV1 with Dolby Vision.
AGAIN = "--strategy direct encodes it again with its Dolby Vision, and loses quality once more."


def changes(
    info: MediaInfo, decision: Decision, plan: EncodePlan | None, *, output_exists: bool, job: str | None
) -> tuple[str, ...]:
    """Sentences on what would change the decision or the result.

    Args:
        info: the film's facts.
        decision: what was decided.
        plan: what would be done; None where nothing would.
        output_exists: something lies at the output's place.
        job: where this very work stands in the ledger; None where it was never begun.
    """
    if decision.verdict not in {Verdict.ENCODE, Verdict.REMUX} or plan is None:
        video = info.film.video if info.film else None
        if decision.rule == "av1-already" and video and video.dolby_vision:
            return (AGAIN,)
        return tuple(filter(None, (CHANGES.get(decision.rule, decision.hint),)))
    said = []
    if job == "done":
        said.append("This was done before: the same command only looks whether the output is still what was placed.")
    elif output_exists:
        said.append("The output exists: --overwrite replaces it, -o NAME writes another one.")
    if plan.strategy is Strategy.REMUX:
        return (*said, "Without `--strategy remux` the film would be encoded.")
    if plan.strategy is Strategy.DIRECT:
        said.append(
            "--crf sets another CRF; --strategy chunked searches the one that meets the target, chunk by chunk."
        )
    elif plan.request.crf is None:
        said.append(
            f"A target above {plan.request.target_vmaf:g} makes it larger, one below smaller (--target-vmaf); "
            "other targets reuse the trials there are."
        )
    else:
        said.append("Without --crf every chunk would get the CRF that meets the target.")
    said.append("`reelwright profiles` shows settings for grain, drawn films, keeping and small files.")
    return tuple(said)
