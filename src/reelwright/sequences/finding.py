"""Which sequences a folder seems to hold where no sheet says so: a guess. The rules decide what belongs to each."""

import re
from collections.abc import Iterable, Sequence

from reelwright.sequences.layouts import Layout, Wanted

#: Extensions of pictures, in small letters.
PICTURES = frozenset(
    {
        *("exr", "sxr", "dpx", "cin", "png", "tif", "tiff", "jpg", "jpeg", "jp2", "j2k", "j2c", "jph", "jxl", "tga"),
        *("bmp", "hdr", "pic", "sgi", "rgb", "rgba", "iff", "psd", "webp", "dds", "fits", "ppm", "pgm", "pnm", "pfm"),
    }
)
#: One frame alone may be anything with a number.
FEWEST_FRAMES = 2
_FRAME = re.compile(r"(?s)(.*?)([._])([0-9]+)\.([^.]+)").fullmatch

#: Name, mark ahead of the number, extension.
Group = tuple[str, str, str]


def find(names: Iterable[str]) -> tuple[Wanted, ...]:
    """Sequences of pictures among names, those with the most frames first."""
    groups: dict[Group, list[str]] = {}
    for name in names:
        frame = _FRAME(name)
        if frame and frame[1] and not frame[1].startswith(".") and frame[4].lower() in PICTURES:
            groups.setdefault((frame[1], frame[2], frame[4]), []).append(frame[3])
    found: list[tuple[int, Wanted]] = []
    for group, numbers in groups.items():
        found += [(count, _wanted(group, padding)) for padding, count in paddings(numbers) if count >= FEWEST_FRAMES]
    found.sort(key=lambda one: (-one[0], one[1].pattern))
    return tuple(wanted for _, wanted in found)


def _wanted(group: Group, padding: int) -> Wanted:
    name, mark, extension = group
    layout = Layout.STRICT
    if mark == "_":
        layout = Layout.UNDERSCORE
    elif "." in name:
        layout = Layout.DOTTED
    return Wanted(name=name, padding=padding, extension=extension, layout=layout)


def paddings(numbers: Sequence[str]) -> list[tuple[int, int]]:
    """The paddings that numbers written like this have, each with how many it explains.

    A number with a zero ahead says its padding. One without is an overflow of the largest such padding that is not
    longer than it; the shorter ones that remain are unpadded among themselves: 998 to 1002 have three digits.
    """
    said = sorted({len(digits) for digits in numbers if len(digits) > 1 and digits[0] == "0"})
    counts = dict.fromkeys(said, 0)
    short: list[int] = []
    for digits in numbers:
        if len(digits) in counts and digits[0] == "0":
            counts[len(digits)] += 1
        elif fitting := [padding for padding in said if padding <= len(digits)]:
            counts[fitting[-1]] += 1
        else:
            short.append(len(digits))
    return [*counts.items(), *([(min(short), len(short))] if short else [])]
