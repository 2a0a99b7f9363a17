"""Parts of a movie: what has changed since an earlier rendering of it, and a part as a rendering of its own.

A picture is made of the files that are tried for its place, in their order, up to the first that can be used. So where
their hashes are those of before it is the same picture, whatever their times say.
"""

import hashlib
import json
import math
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reelwright.sequences.rendering import Rendering
from reelwright.sequences.repair import Place

#: Where more than this share of a movie has changed, all of it is rendered: one pass is cheaper than many parts.
MOST_CHANGED = 0.8
#: Parts so near to each other are rendered as one: starting the two programs costs as much as so many frames.
NEAR = 8
#: What stands in a place that no file was usable for.
DRAWN = frozenset({"black", "checker", "placeholder"})

#: A file and the hash of its bytes; None: it could not be read.
Read = tuple[str, str | None]
#: Frames [start, end) of a movie, its slate among them.
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamped:
    """A file's hash, and what the file system said of it then: tells when it must be hashed again, and no more."""

    digest: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """An earlier rendering of a movie, as its manifest tells it."""

    recipe: str
    #: Identity of its slate; empty without one.
    slate: str
    slate_frames: int
    #: The day that is burnt into it.
    date: str
    #: What was said of each place, in order.
    pictures: tuple[Mapping[str, Any], ...]
    #: By path, what is known of the files that were read.
    stamps: Mapping[str, Stamped]

    @property
    def frames(self) -> int:
        """Frames of the movie, the slate's among them."""
        return len(self.pictures) + self.slate_frames


def earlier_of(manifest: Mapping[str, Any]) -> Earlier | None:
    """The rendering that a manifest tells of; None where it does not tell enough to go by."""
    try:
        pictures = tuple(p for p in manifest["pictures"] if p["decision"] != "slate")
        stamps = {
            str(said["path"]): Stamped(digest=said["digest"], size=said["size"], mtime_ns=said["mtime_ns"])
            for said in manifest["files"]
        }
        return Earlier(
            recipe=str(manifest["recipe"]),
            slate=str(manifest["slate"]),
            slate_frames=len(manifest["pictures"]) - len(pictures),
            date=str(manifest["date"]),
            pictures=pictures,
            stamps=stamps,
        )
    except (KeyError, TypeError):
        return None


def reads(said: Mapping[str, Any]) -> list[Read]:
    """The files that were read for a place, in order: those that could not be used, then the one that stands there."""
    found: list[Read] = [(str(t["path"]), t.get("digest")) for t in said["troubles"]]
    if said["from"] is not None:
        found.append((str(said["from"]["path"]), said["digest"]))
    return found


def is_same(place: Place, said: Mapping[str, Any], digests: Mapping[str, str | None]) -> bool:
    """Whether a place would be filled with the picture that stands there.

    Args:
        place: what may stand there now.
        said: what was said of it before.
        digests: hashes of the files there are, by path.
    """
    now: list[Read] = [(c.path, digests.get(c.path)) for c in place.tried]
    before = reads(said)
    if place.number != said["number"] or None in {digest for _, digest in before}:
        return False
    if said["decision"] in DRAWN:
        return now == before and place.otherwise.value == said["decision"]
    return now[: len(before)] == before


def slate_identity(rendering: Rendering, digests: Mapping[str, str | None]) -> str:
    """What makes two slates different pictures; empty without one. The day is not among it."""
    if rendering.slate is None:
        return ""
    lines = [line for line in rendering.slate.lines if line[0] != DATE]
    shown = [(path, digests.get(path)) for path in rendering.slate.pictures]
    return digest_of([rendering.slate.title, lines, rendering.slate.frames, shown])


#: The slate's line, and the column, of the day.
DATE, DATE_FIELD, FRAMES_FIELD = "Date", "date", "frames"


def recipe(rendering: Rendering, made_with: Sequence[str]) -> str:
    """Identity of how a movie is made, whatever files it is made of: two of one recipe can share their frames.

    The day is not among it, and the range only where it is burnt in: a movie keeps the day of its first frames, and a
    sequence may grow.

    Args:
        rendering: the movie.
        made_with: whatever else changes its bytes: codecs with their flags, versions of programs, the sound.
    """
    said = rendering.plain()
    burnt = any("{frames}" in burn_in.text for burn_in in rendering.burn_ins)
    left_out = {DATE_FIELD} if burnt else {DATE_FIELD, FRAMES_FIELD}
    said["fields"] = [pair for pair in said["fields"] if pair[0] not in left_out]
    said["slate"] = rendering.slate_frames
    said["places"] = [rendering.first, rendering.step]
    return digest_of([said, list(made_with)])


def digest_of(value: Any) -> str:
    """Hash of a plain value."""
    text = json.dumps(value, sort_keys=True)
    return hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=16).hexdigest()


def dated(rendering: Rendering, date: str) -> Rendering:
    """The rendering as of another day."""
    fields = tuple((name, date if name == DATE_FIELD else value) for name, value in rendering.fields)
    slate = rendering.slate
    if slate is not None:
        lines = tuple((label, date if label == DATE else value) for label, value in slate.lines)
        slate = replace(slate, lines=lines)
    return replace(rendering, fields=fields, slate=slate)


def date_of(rendering: Rendering) -> str:
    """The day that is burnt in; empty for none."""
    return dict(rendering.fields).get(DATE_FIELD, "")


def changed(rendering: Rendering, earlier: Earlier, digests: Mapping[str, str | None]) -> frozenset[int]:
    """Frames of the movie that are not the earlier one's, the slate's among them."""
    lead = rendering.slate_frames
    before = dict(enumerate(earlier.pictures))
    found = {
        lead + k
        for k, place in enumerate(rendering.places)
        if k not in before or not is_same(place, before[k], digests)
    }
    if lead and slate_identity(rendering, digests) != earlier.slate:
        found |= set(range(lead))
    if rendering.frames < earlier.frames:  # its last group may have been longer
        found.add(rendering.frames - 1)
    return frozenset(found)


def edges(frames: int, groups: Collection[int], *, chunks: Sequence[int] = (), reel: int = 1) -> tuple[int, ...]:
    """Where parts of a movie may begin and end, from 0 to its end, so that they are whole groups in every output.

    Args:
        frames: how many the movie has.
        groups: frames of a closed group, of each output.
        chunks: ends of the chunks that the quality engine made of the earlier movie, where one output is its.
        reel: frames of a part that goes through the quality engine, beyond those.
    """
    step = math.lcm(*groups)
    if not chunks:
        return (*range(0, frames, math.lcm(step, reel)), frames)
    inside = [end for end in (0, *chunks) if end <= frames and end % step == 0]
    last = max(inside)
    beyond = range(last - last % reel + reel, frames, reel)
    return tuple(sorted({*inside, *(edge for edge in beyond if edge % step == 0), frames}))


def spans(stale: Collection[int], cuts: Sequence[int], *, lead: int) -> tuple[Span, ...]:
    """What is rendered again: whole groups, and what lies near to each other as one.

    Args:
        stale: frames that changed.
        cuts: where parts may begin and end.
        lead: frames of the slate, which is drawn together with the frame after it.
    """
    found: list[Span] = []
    for frame in sorted(f for f in stale if f < cuts[-1]):
        if found and frame < found[-1][1]:
            continue
        after = bisect_right(cuts, frame)
        start, end = cuts[after - 1], cuts[after]
        if start < lead:
            start, end = 0, cuts[bisect_left(cuts, lead + 1)]
        near = NEAR if end - start == 1 else 0
        if found and start - found[-1][1] <= near:
            start = found.pop()[0]
        found.append((start, end))
    return tuple(found)


def length(these: Iterable[Span]) -> int:
    """Frames of spans."""
    return sum(end - start for start, end in these)


def part(rendering: Rendering, span: Span) -> Rendering:
    """Frames of a movie as a rendering of their own: each with the number and the timecode that it has in the whole.

    The slate goes with the first one, and is of the whole movie. Sound is laid under the whole.
    """
    start, end = span
    lead = rendering.slate_frames
    first = max(0, start - lead)
    return replace(
        rendering,
        places=rendering.places[first : end - lead],
        slate=rendering.slate if start < lead else None,
        timecode=rendering.timecode + first * rendering.step,
        audio=None,
    )


def whole(frames: int, *, group: int, lead: int) -> tuple[Span, ...]:
    """A movie cut into groups, the slate with the first."""
    first = min(frames, -(-(lead + 1) // group) * group)
    return ((0, first), *((start, min(start + group, frames)) for start in range(first, frames, group)))
