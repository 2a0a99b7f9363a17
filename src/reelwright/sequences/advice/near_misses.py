"""Near misses: rejected names that one slip keeps away from a sequence."""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reelwright.sequences.advice.repairs import REPAIRS, Repair
from reelwright.sequences.frames import digits_of
from reelwright.sequences.harvest import Harvest
from reelwright.sequences.layouts import Wanted

PADDING = 4
PADDING_ALONE, NAME_ALONE = 1 << 3, 1 << 4


@dataclass(frozen=True, kw_only=True, slots=True)
class NearMiss:
    """A name that was rejected, and what to do about it."""

    name: str
    kind: str
    advice: str
    #: The frame it seems to be.
    frame: int | None = None


def near_misses(found: Harvest, wanted: Wanted) -> tuple[NearMiss, ...]:
    """Near misses among what was rejected, rule by rule and in the order of the listing."""
    misses = [miss for name in _similar(found, wanted) if (miss := near_miss(name, wanted)) is not None]
    return (*ambiguous(found, wanted), *misses)


def near_miss(name: str, wanted: Wanted) -> NearMiss | None:
    """What to do about a rejected name; None where it is simply another file."""
    repair = next(_fitting(name, wanted), None)
    if repair is None:
        return None
    digits = digits_of([repair.name], repair.wanted.extension)[0]
    frame = None if repair.kind == "negative" else int(digits)
    return NearMiss(name=name, kind=repair.kind, advice=repair.advice, frame=frame)


def _fitting(name: str, wanted: Wanted) -> Iterator[Repair]:
    """Repairs after which the rules keep the name, the likeliest first; none is made before it is asked for."""
    for mend in REPAIRS:
        yield from (repair for repair in mend(name, wanted) if repair.wanted.keeps(repair.name))


def _similar(found: Harvest, wanted: Wanted) -> Iterator[str]:
    """Names that begin as the sequence does, however they are written: a quick look at what may be a million."""
    beginning = folded(wanted.name)
    for names, masks in zip(found.rejected, found.masks, strict=True):
        for name, mask in zip(names, masks, strict=True):
            start = folded(name[: 2 * len(wanted.name) + 8]).lstrip(".")
            # The frames of other sequences are rejected for their name alone.
            if start.startswith(beginning + wanted.layout.mark if mask == NAME_ALONE else beginning):
                yield name


def folded(text: str) -> str:
    """Text without regard to case, composition and spaces inside."""
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    return "".join(plain.casefold().split())


def ambiguous(found: Harvest, wanted: Wanted) -> tuple[NearMiss, ...]:
    """Where frames kept as an overflow may belong to another padding: rejected names prove that there is one.

    `name.10000.exr` is a frame of padding 4 and of padding 5.
    """
    pairs = zip(found.rejected[PADDING - 1], found.masks[PADDING - 1], strict=True)
    only = [name for name, mask in pairs if mask == PADDING_ALONE]
    if not only:
        return ()
    others: dict[int, list[tuple[int, str]]] = {}
    for digits, name in zip(digits_of(only, wanted.extension), only, strict=True):
        others.setdefault(len(digits), []).append((int(digits), name))
    kept = [digits for digits in digits_of(found.kept, wanted.extension) if digits[0] != "0"]
    misses = []
    for length, claims in sorted(others.items()):
        disputed = [int(digits) for digits in kept if len(digits) >= length]
        last, name = max(claims)
        # Fewer digits are a sequence that grew longer only where its numbers go on: 998, 999, then 1000.
        if disputed and (length > wanted.padding or last + 1 in disputed):
            advice = (
                f"There are frames of padding {length} as well, and {len(disputed)} kept frames from"
                f" {min(disputed)} to {max(disputed)} may belong to them: say first and last in a sheet."
            )
            misses.append(NearMiss(name=name, kind="ambiguous overflow", advice=advice))
    return tuple(misses)


def duplicates(frames: Mapping[int, str], misses: tuple[NearMiss, ...]) -> dict[int, tuple[str, ...]]:
    """Frames that several files claim: the one that is kept first, then the near misses."""
    claims: dict[int, list[str]] = {}
    for miss in misses:
        if miss.frame is not None:
            claims.setdefault(miss.frame, []).append(miss.name)
    found = {}
    for frame, names in sorted(claims.items()):
        all_of_them = [*([frames[frame]] if frame in frames else []), *names]
        if len(all_of_them) > 1:
            found[frame] = tuple(all_of_them)
    return found
