"""In the index pass's child process: whether a film's colours are the same from its first frame to its last.

An AV1 stream has one colour description. Frames that say nothing are taken for the others; two that say different
things cannot both be kept.
"""

import hashlib
from typing import Any

from reelwright.media.colors import MATRICES, PRIMARIES, RANGES, TRANSFERS

#: What is looked at: attribute of a frame, what it is called, and its names by number.
FIELDS = (
    ("color_range", "range", RANGES),
    ("color_primaries", "primaries", PRIMARIES),
    ("color_trc", "transfer", TRANSFERS),
    ("colorspace", "matrix", MATRICES),
)
STATIC = {"MASTERING_DISPLAY_METADATA": "mastering display", "CONTENT_LIGHT_LEVEL": "light level"}


class ColorChanges:
    """Takes frame after frame."""

    def __init__(self) -> None:
        self._frames = 0
        #: Numbers of a frame's four fields, and the first frame that has them.
        self._seen: dict[tuple[int, ...], int] = {}
        self._static: dict[str, dict[str, int]] = {name: {} for name in STATIC}

    def frame(self, frame: Any) -> None:
        """Take the next shown frame."""
        self._seen.setdefault(tuple(int(getattr(frame, name) or 0) for name, _, _ in FIELDS), self._frames)
        for data in frame.side_data:
            if data.type.name in STATIC:
                digest = hashlib.blake2b(bytes(data), digest_size=8).hexdigest()
                self._static[data.type.name].setdefault(digest, self._frames)
        self._frames += 1

    def conflicts(self) -> list[str]:
        """Sentences on fields that say one thing first and another later."""
        found = []
        for place, (_, name, names) in enumerate(FIELDS):
            said = self._said(place, names)
            if len(said) > 1:
                (first, _), (second, at) = list(said.items())[:2]
                found.append(f"its colours change on the way ({name} from {first} to {second} at frame {at})")
        return found

    def remarks(self) -> list[str]:
        """Sentences on what changes and can be lived with."""
        found = []
        for place, (_, name, names) in enumerate(FIELDS):
            said = self._said(place, names)
            if len(said) == 1 and any(numbers[place] not in names for numbers in self._seen):
                found.append(f"Not all of its frames say their {name}; those that do say {next(iter(said))}.")
        for key, digests in self._static.items():
            if len(digests) > 1:
                at = sorted(digests.values())[1]
                found.append(f"Its {STATIC[key]} changes at frame {at}; the container says the first.")
        return found

    def _said(self, place: int, names: dict[int, str]) -> dict[str, int]:
        """What is said of a field, in the order of showing, with the first frame that says it."""
        said: dict[str, int] = {}
        for numbers, at in self._seen.items():
            if numbers[place] in names:
                said.setdefault(names[numbers[place]], at)
        return said
