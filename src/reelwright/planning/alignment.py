"""Whether frame k of one film belongs to frame k of another: proven by counts, times and pictures, or refused."""

from dataclasses import dataclass
from itertools import pairwise

from reelwright.media.timing import FrameIndex, Timing
from reelwright.planning.decision import Decision, Verdict
from reelwright.planning.offsets import (
    TRIED,
    Pictures,
    Window,
    are_different,
    missing_piece,
    moved_windows,
    moves_clearly,
    stretches_of,
    swapped_frames,
    windows_of,
)
from reelwright.quality.comparison import Alignment, Proof

CUT_HINT = "Cut both films to the same frames and score those."
#: Matroska rounds times to milliseconds: two neighbouring gaps of one rate may differ by this.
JITTER_SECONDS = 0.002
OFFSETS = tuple(k for k in TRIED if k)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What is known of a film after it was read in full."""

    index: FrameIndex
    #: Block means of every frame's picture, the reference's after its crop.
    pictures: Pictures


def align(reference: Reading, distorted: Reading) -> Alignment | Decision:
    """Prove that the frames of two films belong together, by number, or say why they do not.

    The first rule that has something to say refuses: counts, different pictures, frames that changed places, an
    offset that fits better, and times that differ where no picture can prove anything.
    """
    if reference.index.frames != distorted.index.frames:
        return refuse(counts_differ(reference, distorted), CUT_HINT)
    if are_different(reference.pictures, distorted.pictures):
        return refuse("The two films show different pictures.", "Is it the right file, the right cut, the right crop?")
    if swapped := swapped_frames(reference.pictures, distorted.pictures):
        first = swapped[0]
        return refuse(
            f"Frames are in another order: {first} and {first + 1} of the distorted film changed places"
            f"{f', and {len(swapped) - 1} more pairs' if len(swapped) > 1 else ''}.",
            "Frames that are not the same cannot be compared.",
        )
    windows = windows_of(reference.pictures, distorted.pictures)
    if not any(window.offset is not None for window in windows):
        windows = stretches_of(reference.pictures, distorted.pictures)
    if moved := moved_windows(windows):
        return refuse(moved_words(moved), CUT_HINT)
    return proven(reference, distorted, windows)


def refuse(reason: str, hint: str) -> Decision:
    """A refusal."""
    return Decision(verdict=Verdict.REFUSE, reasons=(reason,), hint=hint)


def proven(reference: Reading, distorted: Reading, windows: list[Window]) -> Alignment | Decision:
    """The proof, where nothing speaks against it."""
    one, other = reference.index, distorted.index
    speaking = sum(window.offset == 0 for window in windows)
    apart, too_far = time_difference(one, other)
    same = one.source_id == other.source_id
    proof = Proof.SAME_FILE if same else Proof.PICTURES if speaking else unproven(reference.pictures)
    if proof is None:
        return refuse(
            "The pictures move, but the films differ more than that: no offset fits better than another,"
            " so it cannot be proven that the frames belong together.",
            "Is it the same film, with the same crop and in the same size?",
        )
    if too_far and not speaking and not same:
        return refuse(
            f"The frames' times differ by up to {apart:.3f} s, and nothing moves that could prove"
            " that the frames belong together.",
            "Only pictures that move, or equal times, can prove it.",
        )
    return Alignment(
        proof=proof,
        reference_frames=one.frames,
        distorted_frames=other.frames,
        reference_seconds=round(float(one.duration), 6),
        distorted_seconds=round(float(other.duration), 6),
        largest_time_difference=apart,
        windows=len(windows),
        windows_proven=speaking,
        offsets_tried=OFFSETS,
    )


def unproven(pictures: Pictures) -> Proof | None:
    """Why pictures prove nothing: nothing moves, or little; None where something moves and should have proven it."""
    if not any(window.offset is not None for window in windows_of(pictures, pictures)):
        return Proof.NOTHING_MOVES
    return None if moves_clearly(pictures) else Proof.LITTLE_MOVES


def time_difference(one: FrameIndex, other: FrameIndex) -> tuple[float | None, bool]:
    """Largest difference of a frame's time in seconds, and whether one is more than half a frame off.

    Counted from each film's first frame: a later start of the whole film is no difference. None, where a film has
    no times.
    """
    if Timing.COUNTED in {one.timing, other.timing}:
        return None, False
    ticks = max(float(one.time_base), float(other.time_base))
    first, second = seconds_of(one), seconds_of(other)
    largest, too_far = 0.0, False
    for frame in range(one.frames):
        apart = abs(first[frame] - second[frame])
        half = min(first[frame + 1] - first[frame], second[frame + 1] - second[frame]) / 2
        largest = max(largest, apart)
        # A tick more: containers round their times, and a sum of floats is not exact.
        too_far = too_far or apart > max(half, ticks) * 1.001
    return round(largest, 6), too_far


def seconds_of(index: FrameIndex) -> list[float]:
    """When each frame is shown, from the first, and when the last one ends."""
    base, start = float(index.time_base), index.pts[0]
    return [*((p - start) * base for p in index.pts), float(index.duration)]


def counts_differ(reference: Reading, distorted: Reading) -> str:
    """Both counts, and which frames are too many or too few where that can be told."""
    whole, other = reference.index.frames, distorted.index.frames
    said = f"The reference has {whole} frames and the distorted film has {other}."
    if whole > other:
        place = missing_piece(reference.pictures, distorted.pictures)
        return said if place is None else f"{said} The distorted film lacks {piece(place, whole - other, whole)}."
    place = missing_piece(distorted.pictures, reference.pictures)
    if place is None:
        return said
    return f"{said} The distorted film has {piece(place, other - whole, other)} too many."


def piece(place: int, count: int, of: int) -> str:
    """A run of frames in words."""
    frames = "frame" if count == 1 else f"{count} frames"
    if place == 0:
        return f"the first {frames}"
    if place + count == of:
        return f"the last {frames}"
    if count == 1:
        return f"frame {place} (or one like it beside it)"
    return f"frames {place} to {place + count - 1} (or frames like them beside them)"


def moved_words(moved: list[Window]) -> str:
    """How far the pictures are off, and where."""
    offset = moved[0].offset or 0
    frames = f"{abs(offset)} frame{'s' if abs(offset) > 1 else ''}"
    return (
        f"Both films have the same number of frames, but the distorted film's pictures are {frames}"
        f" {'late' if offset > 0 else 'early'} near frame {moved[0].start}"
        f"{f' and up to frame {moved[-1].end - 1}' if len(moved) > 1 else ''}."
    )


def alignment_notes(alignment: Alignment, reference: FrameIndex, distorted: FrameIndex) -> tuple[str, ...]:
    """Sentences on what a reader of the score should know of the pairing."""
    notes = []
    if alignment.proof in {Proof.NOTHING_MOVES, Proof.LITTLE_MOVES}:
        why = f"{alignment.proof[0].upper()}{alignment.proof[1:]}"
        notes.append(f"{why}. The frames' counts and times agree; no picture could show an offset.")
    if alignment.largest_time_difference is None:
        notes.append("A film without timestamps: frames were paired by number, times were not compared.")
    elif time_difference(reference, distorted)[1]:
        notes.append(
            f"The frames' times differ by up to {alignment.largest_time_difference:.3f} s;"
            " frames were paired by number, and the pictures prove that they belong together."
        )
    if not evenly(reference) or not evenly(distorted):
        notes.append("The frame rate varies: every frame counts the same, however long it is shown.")
    return tuple(notes)


def evenly(index: FrameIndex) -> bool:
    """Whether a film has one frame rate, up to rounding to its clock, or to the milliseconds of one it came from."""
    base = float(index.time_base)
    gaps = [(b - a) * base for a, b in pairwise(index.pts)]
    return not gaps or max(gaps) - min(gaps) <= max(2 * base, JITTER_SECONDS) * 1.001
