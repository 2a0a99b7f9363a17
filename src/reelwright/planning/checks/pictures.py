"""The check that the film is made of the very pictures that were scored: chunk by chunk, packet by packet."""

from reelwright.planning.checks.evidence import Check, Evidence
from reelwright.planning.plan import Strategy


def check_pictures(e: Evidence) -> Check:
    """Each chunk's packets are, byte for byte and in order, those its score was taken of.

    AV1 leaves a decoder no choice (its decoding process is normative), and each chunk begins with a key frame: equal
    packets decode to equal pictures. So this says of every frame what comparing decoded pictures would, and costs one
    hash of packets that are read anyway.
    """
    if e.plan.strategy is Strategy.REMUX:  # its packets are held against the source's, with all the other copies
        return Check(name="pictures", passed=not e.chunks, detail="nothing was encoded")
    counted = sum(chunk.frames for chunk in e.chunks)
    if counted != e.index.frames:
        return Check(name="pictures", passed=False, detail=f"chunks of {counted} frames, not {e.index.frames}")
    first = 0
    for number, chunk in enumerate(e.chunks):
        where = f"chunk {number} (frames {first} to {first + chunk.frames - 1})"
        if chunk.taken != chunk.scored:
            return Check(
                name="pictures", passed=False, detail=f"{where} was joined from other packets than were scored"
            )
        if chunk.read != chunk.written:
            return Check(name="pictures", passed=False, detail=f"{where} differs from what was scored")
        first += chunk.frames
    if e.left_over:
        return Check(name="pictures", passed=False, detail="there are packets after the last chunk")
    return Check(name="pictures", passed=True, detail=f"{len(e.chunks)} chunks hold the very packets that were scored")
