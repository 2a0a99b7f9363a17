"""Checks of encoded sound: what is heard in the output, held against what was heard in the source."""

from fractions import Fraction

from reelwright.planning.checks.evidence import Check, Evidence, Heard, Planned
from reelwright.planning.sound import OPUS_LAYOUTS, RATE

#: LU two loudnesses may be apart; more where there are so few kb/s a channel that Opus leaves high notes out.
LOUDER, LOUDER_OF_FEW, FEW_KBPS = 0.5, 2.0, 32
#: Decibels a channel's level may be apart, and how far below the loudest one, and below full scale, it is compared.
LEVEL, LEVEL_OF_FEW, BESIDE, QUIET = 1.5, 4.0, 40.0, -60.0
#: Seconds the begin and the end may be apart: each is rounded to a container's millisecond.
APART = Fraction(2, 1000)
#: A stretch is found to a hundredth of a second; the sources' own times jitter by one.
LATE_MS = 20
#: Samples from which on levels are compared: shorter ones are little but a codec's onset.
SHORTEST = RATE // 10


def check_sounds(e: Evidence) -> Check:
    """Every encoded sound is the source's: as long, as loud, at its time, each channel in its place."""
    if not e.sounds:
        return Check(name="sound", passed=True, detail="no sound was encoded")
    heard = {h.index: h for h in e.heard}
    wrong = [said for planned in e.sounds if (said := fault(planned, heard.get(planned.index))) is not None]
    wrong += [f"the decoder says {c}" for c in dict.fromkeys(c for h in e.heard for c in h.complaints)]
    return Check(name="sound", passed=not wrong, detail="; ".join(wrong) or ", ".join(map(described, e.heard)))


def fault(planned: Planned, heard: Heard | None) -> str | None:
    """What is wrong with a sound; None where nothing is."""
    if heard is None:
        return f"sound {planned.index} is missing"
    found = (
        wrong_shape(planned, heard)
        or wrong_length(planned, heard)
        or wrong_place(planned, heard)
        or wrong_channels(planned, heard)
        or wrong_loudness(planned, heard)
    )
    return None if found is None else f"sound {planned.index} {found}"


def wrong_shape(planned: Planned, heard: Heard) -> str | None:
    """Channels or rate are others."""
    if planned.samples and (heard.layout, heard.rate) != (planned.layout, RATE):
        return f"is {heard.layout} at {heard.rate} Hz instead of {planned.layout} at {RATE} Hz"
    return None


def wrong_length(planned: Planned, heard: Heard) -> str | None:
    """More or fewer samples decode than were encoded."""
    if not planned.samples <= heard.samples <= planned.samples + planned.beyond:
        return f"lasts {heard.samples / RATE:.3f} s instead of {planned.samples / RATE:.3f} s"
    return None


def wrong_place(planned: Planned, heard: Heard) -> str | None:
    """It begins, or goes on somewhere, at another time than in the source."""
    if planned.begin is None or heard.begin is None or heard.end is None:
        return None if planned.begin is heard.begin is None else "begins at an unknown time"
    end = planned.begin + Fraction(planned.samples, RATE)
    beyond = Fraction(planned.beyond, RATE)
    for name, got, want, more in (("begins", heard.begin, planned.begin, 0), ("ends", heard.end, end, beyond)):
        if not -APART <= got - want <= APART + more:
            return f"{name} {float(got - want):+.3f} s from where it does in the source"
    if abs(heard.late_ms) >= LATE_MS:
        return f"is {abs(heard.late_ms)} ms {'late' if heard.late_ms > 0 else 'early'}"
    return None


def wrong_channels(planned: Planned, heard: Heard) -> str | None:
    """A channel is another one's, or louder or quieter than it was. What is in the LFE above 120 Hz is not coded."""
    names = OPUS_LAYOUTS[planned.layout]
    moved = next((k for k, other in enumerate(heard.channels) if other != k), None)
    if moved is not None:
        return f"has {names[heard.channels[moved]]} where {names[moved]} belongs"
    if planned.samples < SHORTEST:
        return None
    allowed = LEVEL if planned.kbps >= FEW_KBPS * len(names) else LEVEL_OF_FEW
    loudest = max(planned.levels, default=QUIET)
    for name, was, now in zip(names, planned.levels, heard.levels, strict=True):
        audible = max(was, now) > max(QUIET, loudest - BESIDE)
        if name != "LFE" and audible and abs(now - was) > allowed:
            return f"has {name} at {now:.1f} dB instead of {was:.1f} dB"
    return None


def wrong_loudness(planned: Planned, heard: Heard) -> str | None:
    """It is louder or quieter than the source."""
    if max(planned.loudness, heard.loudness) <= QUIET:
        return None  # silence, noise below hearing, or under 0.4 s: the channels' levels tell
    allowed = LOUDER if planned.kbps >= FEW_KBPS * len(OPUS_LAYOUTS[planned.layout]) else LOUDER_OF_FEW
    if abs(heard.loudness - planned.loudness) > allowed:
        return f"is at {heard.loudness:.1f} LUFS instead of {planned.loudness:.1f} LUFS"
    return None


def described(heard: Heard) -> str:
    """A sound that is right, in a few words."""
    loud = f"{heard.loudness:.1f} LUFS" if heard.loudness > QUIET else "silent or short"
    return f"sound {heard.index} {heard.samples / max(1, heard.rate):.3f} s at {loud}"
