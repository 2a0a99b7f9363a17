"""Check of what describes the picture frame by frame: HDR10+."""

from itertools import zip_longest

from reelwright.planning.checks.evidence import Check, Evidence
from reelwright.planning.dynamic_hdr import expected

NOTHING = ("", "")


def check_hdr10plus(e: Evidence) -> Check:
    """Every frame carries the HDR10+ its source's frame does, to the last bit; those without have none."""
    want = expected(e.index)
    film = e.output.film
    if not any(payload for payload, _ in want):
        added = film is not None and film.video is not None and film.video.hdr10plus
        return Check(name="hdr10plus", passed=not added, detail="added to the output" if added else "none to keep")
    got = e.hdr10plus or ()
    pairs = enumerate(zip_longest(got, want, fillvalue=NOTHING))
    wrong = next((k for k, (a, b) in pairs if tuple(a) != tuple(b)), None)
    frames = sum(1 for payload, _ in want if payload)
    equal = sum(tuple(a) == tuple(b) and bool(b[0]) for a, b in zip(got, want, strict=False))
    detail = f"{equal} of {frames} frames carry theirs" + ("" if wrong is None else f"; frame {wrong} differs")
    return Check(name="hdr10plus", passed=wrong is None and len(got) == len(want), detail=detail)
