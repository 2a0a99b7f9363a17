"""The profiles that are built in: named settings, as data.

Each sets every setting that decides a film's quality, so that a profile means the same whatever the file says below
it; encoder parameters a profile does not name stay as they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """Named settings."""

    name: str
    #: What it is for, in one line.
    purpose: str
    #: Why it holds these values; empty where nobody said.
    why: str
    #: A tree of settings, as in the file.
    settings: Mapping[str, Any]
    built_in: bool = True


def _encoding(target: float, *, band: float = 1.0, preset: int, min_crf: float = 12, **svt: float) -> dict[str, Any]:
    values = {"target_vmaf": target, "band": [band, band], "preset": preset, "min_crf": min_crf, "max_crf": 50}
    # SVT-AV1 writes its names with dashes.
    named = {name.replace("_", "-"): value for name, value in svt.items()}
    return {"encoding": {**values, **({"svt": named} if named else {})}}


_ALL = (
    Profile(
        name="balanced",
        purpose="the defaults: no difference that is seen in motion, at a good speed",
        why="VMAF 93 is where most viewers see no difference at a normal distance; preset 6 is what was measured most.",
        settings=_encoding(93, preset=6),
    ),
    Profile(
        name="archive",
        purpose="to keep instead of the source: closer to it, larger, slower",
        why="VMAF above 95 leaves room for another encode later; a narrow band and CRFs down to 8 keep hard scenes up.",
        settings=_encoding(95.5, band=0.75, preset=4, min_crf=8),
    ),
    Profile(
        name="small",
        purpose="few bytes: differences can be found when looked for",
        why="VMAF 90 is about the least that does not disturb; a slower preset gives back some of what it takes.",
        settings=_encoding(90, preset=5),
    ),
    Profile(
        name="grain",
        purpose="films with grain or noise that is to stay",
        why="Tune 0 weighs how a picture looks; without temporal filtering the grain is coded and not averaged away.",
        settings=_encoding(93, preset=5, tune=0, enable_tf=0),
    ),
    Profile(
        name="anime",
        purpose="drawn films: flat areas, hard lines, dark gradients",
        why="Lines and gradients show errors early, so a point more; what is flat costs little at a slower preset.",
        settings=_encoding(94, preset=5),
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in _ALL})
