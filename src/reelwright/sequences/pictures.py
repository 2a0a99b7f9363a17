"""What is said of the pictures of a sequence: where one differs from the others, is damaged, or was copied.

The data window says where pixels are stored. It changes from frame to frame as a matter of course, and is no
discrepancy; the display window is what is shown.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from statistics import median_low

#: Shorter runs of zero bytes at a file's end are padding.
ZERO_TAIL = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a picture is made; equal for the frames of a sound sequence."""

    #: The program's name of the file format, such as openexr.
    format: str
    #: Width, height, and the place of the upper left corner.
    display_window: tuple[int, int, int, int]
    #: None: what the header says is no number above zero.
    pixel_aspect: float | None
    #: Names of the channels, part by part.
    channels: tuple[str, ...]
    #: Type of each channel.
    types: tuple[str, ...]
    compression: str | None = None
    #: Frames a second, as the header says them.
    rate: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameFacts:
    """What was found in one file."""

    #: "not a file", "empty", "truncated" or "unreadable"; None: it could be read to its end.
    damage: str | None = None
    #: In the reader's words.
    reason: str = ""
    look: Look | None = None
    size_bytes: int | None = None
    #: Zero bytes at its end.
    zero_tail: int = 0
    #: Hash of its bytes.
    content: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Something about one frame."""

    frame: int
    kind: str
    what: str


def window(look: Look) -> str:
    """A display window as people say it."""
    width, height, x, y = look.display_window
    return f"{width}x{height}" + (f" at {x},{y}" if (x, y) != (0, 0) else "")


#: What must be the same along a sequence: what it is called, how it is said.
STEADY: tuple[tuple[str, Callable[[Look], str]], ...] = (
    ("format", lambda look: look.format),
    ("display window", window),
    ("pixel aspect", lambda look: "unknown" if look.pixel_aspect is None else f"{look.pixel_aspect:g}"),
    ("channels", lambda look: ",".join(look.channels)),
    ("type", lambda look: ",".join(dict.fromkeys(look.types))),
)


def usual(facts: Mapping[int, FrameFacts]) -> Look | None:
    """How most frames are made, field by field; of what is as frequent, what comes first. None: none could be read."""
    looks = Counter(found.look for found in facts.values() if found.look is not None)
    if not looks:
        return None
    values = {}
    for field in fields(Look):
        counted: Counter[object] = Counter()
        for look, times in looks.items():
            counted[getattr(look, field.name)] += times
        values[field.name] = counted.most_common(1)[0][0]
    return Look(**values)  # type: ignore[arg-type]


def problems(facts: Mapping[int, FrameFacts]) -> tuple[Problem, ...]:
    """Everything about the frames that is worth a look, frame by frame.

    Args:
        facts: of each frame, in the order of the frames.
    """
    found = [*damages(facts), *changes(facts), *zero_tails(facts), *stale(facts)]
    return tuple(sorted(found, key=lambda problem: problem.frame))


def damages(facts: Mapping[int, FrameFacts]) -> list[Problem]:
    """Files that cannot be read, or not to their end."""
    return [
        Problem(
            frame=frame, kind=known.damage, what=f"{known.damage}: {known.reason}" if known.reason else known.damage
        )
        for frame, known in facts.items()
        if known.damage is not None
    ]


def changes(facts: Mapping[int, FrameFacts]) -> list[Problem]:
    """Frames that are made in another way than most."""
    most = usual(facts)
    found = []
    for frame, known in facts.items():
        if most is None or known.look is None:
            continue
        for kind, said in STEADY:
            if said(known.look) != said(most):
                what = f"{kind} {said(known.look)}, elsewhere {said(most)}"
                found.append(Problem(frame=frame, kind=kind, what=what))
    return found


def zero_tails(facts: Mapping[int, FrameFacts]) -> list[Problem]:
    """Files that end in zeros as no other of the sequence does.

    A copy that stopped, or a disk that was full, leaves a file of its whole size; uncompressed formats read it as
    black. The black bar at the bottom of every frame is no such thing.
    """
    sound = [known.zero_tail for known in facts.values() if known.damage != "not a file"]
    most = median_low(sound) if sound else 0
    found = []
    for frame, known in facts.items():
        if known.zero_tail >= max(ZERO_TAIL, 2 * most) and known.size_bytes:
            share = 100 * known.zero_tail / known.size_bytes
            what = f"its last {known.zero_tail} bytes ({share:.0f} %) are zero: black there, or never written"
            found.append(Problem(frame=frame, kind="zero tail", what=what))
    return found


def stale(facts: Mapping[int, FrameFacts]) -> list[Problem]:
    """Files that hold the very bytes of the frame before them in the folder."""
    return [
        Problem(frame=frame, kind="stale duplicate", what=f"the same bytes as frame {before}")
        for (before, one), (frame, other) in pairwise(facts.items())
        if one.content is not None and one.content == other.content and other.damage not in {"empty", "not a file"}
    ]
