"""What a column holds: paths that may be no text, and plain values as JSON that any SQL database takes."""

import json
import math
import os
from collections.abc import Mapping
from typing import Any


def readable(text: str) -> str:
    r"""Text for people: bytes of a name that are not UTF-8 are shown as `\xff`.

    A name with surrogates cannot be bound to an SQL parameter, and two names may read alike: look up by `exact`.
    """
    return os.fsencode(text).decode("utf-8", "backslashreplace")


def exact(path: str) -> bytes:
    """The bytes the file system knows the path by."""
    return os.fsencode(path)


def path_of(column: bytes | memoryview) -> str:
    """The path again: the inverse of `exact`."""
    return os.fsdecode(bytes(column))


def _jsonable(value: object) -> object:
    """The value with what JSON lacks replaced: other mappings by dicts, NaN and the infinities by null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value


class PlainEncoder(json.JSONEncoder):
    r"""Writes plain values and raises TypeError for anything else, which would not come back equal.

    ASCII only, as `json` does unless told otherwise: a surrogate is written as `\udc80` and read back as it was.
    """

    def encode(self, o: Any) -> str:
        """JSON text of a plain value."""
        return super().encode(_jsonable(o))


class EventEncoder(PlainEncoder):
    """Writes what it can and names the rest, as `Event.to_json` does: an event must never stop a run."""

    def default(self, o: Any) -> str:
        """A value JSON does not know, as text."""
        return str(o)
