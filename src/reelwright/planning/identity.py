"""The four keys: so that nothing is done twice and nothing stale is trusted.

| key | answers |
| --- | --- |
| source id | is it the same film? |
| job id | is this the same work? |
| trial key | may these bytes be reused? |
| score key | may this number be reused? |
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def digest(parts: Mapping[str, Any]) -> str:
    """32 hexadecimal digits of a value made of strings, numbers, lists and mappings."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def source_id(size_bytes: int, content: str) -> str:
    """Identity of a film: its size and the hash of every byte."""
    return digest({"size": size_bytes, "content": content})


def job_id(source: str, request: Mapping[str, Any], output: str) -> str:
    """Identity of a piece of work: source, what was asked for, and where it goes."""
    return digest({"source": source, "request": request, "output": output})


def curve_key(source: str, start: int, end: int, encode: Mapping[str, Any]) -> str:
    """Identity of a chunk's trials but for the CRF: its frames, filters, encoder build and parameters."""
    return digest({"source": source, "frames": [start, end], "encode": encode})


def sample_key(source: str, windows: Sequence[tuple[int, int]], encode: Mapping[str, Any]) -> str:
    """Identity of the samples of a chunk but for the CRF: the frames of its windows, and what makes their bytes."""
    return digest({"source": source, "windows": [list(window) for window in windows], "encode": encode})


def trial_key(curve: str, crf: float) -> str:
    """Identity of one trial's bytes. The target and the band are not in it."""
    return digest({"curve": curve, "crf": f"{crf:.2f}"})


def score_key(trial: str, scoring: Mapping[str, Any]) -> str:
    """Identity of one trial's score: the bytes, and everything that gives the number its meaning."""
    return digest({"trial": trial, "scoring": scoring})
