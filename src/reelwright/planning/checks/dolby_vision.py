"""Check of the Dolby Vision metadata: all of it, frame by frame, and the record that announces it."""

from reelwright.media.model import DolbyVision
from reelwright.planning.checks.evidence import Check, Evidence, Metadata, films
from reelwright.planning.dolby_vision import AV1_PROFILE
from reelwright.planning.plan import Strategy

#: The profile that metadata of profile 7 become.
CONVERTED = 8


def check_dolby_vision(e: Evidence) -> Check:
    """The output has the source's metadata on every frame, and says in its record what kind it is."""
    pair = films(e)
    got, want = (film.dolby_vision for film in pair) if pair else (None, None)
    if e.plan.strategy is Strategy.REMUX:  # the metadata lie in packets that are held against the source's
        same = (got, got and got.record) == (want, want and want.record)
        detail = f"profile {got.name}, as in the source" if got else "none"
        return Check(name="dolby vision", passed=same, detail=detail if same else "the record is not the source's")
    if not e.plan.dolby_vision:
        detail = "the output announces Dolby Vision that was not planned" if got else "none"
        return Check(name="dolby vision", passed=got is None, detail=detail)
    wrong = wrong_record(got, want) or wrong_metadata(e)
    frames = len(e.index.pts)
    name = f"{AV1_PROFILE}.{got.compatibility}" if got else ""
    whose = f"those {e.plan.converter} made of the source's" if e.plan.converter else "the source's"
    detail = wrong or f"profile {name}, the metadata of {frames} frames equal to {whose}"
    return Check(name="dolby vision", passed=not wrong, detail=detail)


def wrong_record(got: DolbyVision | None, want: DolbyVision | None) -> str:
    """What is wrong with the configuration record; empty where nothing is."""
    if got is None or not got.record:
        return "the output has no configuration record"
    if got.profile != AV1_PROFILE or want is None or got.compatibility != want.compatibility:
        return f"the output's record says profile {got.name} for a source of profile {want.name if want else 'none'}"
    return ""


def wrong_metadata(e: Evidence) -> str:
    """What is wrong with the frames' metadata; empty where nothing is."""
    frames = len(e.index.pts)
    if e.metadata is None:
        return "the frames' metadata was not read"
    before, after = e.metadata
    for whose, found in (("source", before), ("output", after)):
        if said := incomplete(found, frames):
            return f"the {whose} has metadata {said}"
    if e.plan.converter and before.profiles != (CONVERTED,):
        profiles = ", ".join(map(str, before.profiles)) or "none that is known"
        return f"metadata that were to become profile {CONVERTED} are of profile {profiles}"
    different = [k for k, (a, b) in enumerate(zip(before.digests, after.digests, strict=True)) if a != b]
    if different:
        return f"the metadata of {len(different)} of {frames} frames differs, first of frame {different[0]}"
    return ""


def incomplete(found: Metadata, frames: int) -> str:
    """On how many frames there is metadata, where it is not on each; empty where it is."""
    decoded = sum(digest is not None for digest in found.digests)
    if len(found.digests) == decoded == frames == found.carried:
        return ""
    return f"on {min(decoded, found.carried)} of {len(found.digests)} decoded frames, of {frames}"
