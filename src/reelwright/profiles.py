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


#: Measured on four short clips at equal VMAF (`bench/profiles.py`; docs/benchmarks.md has the table).
_ALL = (
    Profile(
        name="balanced",
        purpose="the defaults: no difference that is seen in motion, at a good speed",
        why="VMAF 93 is where most viewers see no difference at a normal distance. Preset 8 needs 6 to 41 % more bytes "
        "for half to four fifths of the time; preset 4 saves up to 9 % for one and a half times of it.",
        settings=_encoding(93, preset=6),
    ),
    Profile(
        name="archive",
        purpose="to keep instead of the source: closer to it, larger, slower",
        why="VMAF above 95 leaves room for another encode later; a narrow band and CRFs down to 8 keep hard scenes up. "
        "At 95.5 preset 4 needs 2 to 15 % fewer bytes than preset 6 for one and a half times of the time.",
        settings=_encoding(95.5, band=0.75, preset=4, min_crf=8),
    ),
    Profile(
        name="small",
        purpose="few bytes: differences can be found when looked for",
        why="VMAF 90 is about the least that does not disturb. Preset 4 needs up to 9 % fewer bytes than preset 6 "
        "(1 % more on one clip of four) for one and a half times of the time.",
        settings=_encoding(90, preset=4),
    ),
    Profile(
        name="grain",
        purpose="films with grain or noise that is to stay",
        why="VMAF hardly sees grain go: at 93 a noisy clip keeps 73 % of its finest texture, at 97 it keeps 79 %, and "
        "with tune 0 it keeps 84 % for 2 % more bytes. Switching the temporal filter off kept no more.",
        settings=_encoding(95, preset=5, tune=0),
    ),
    Profile(
        name="anime",
        purpose="drawn and animated films: flat areas, hard lines, dark gradients",
        why="Lines and gradients show errors early, so two points more. On computer animation ac-bias 4 needs 5 % "
        "fewer bytes at 95.5 for a fifth more time, variance boost 4 % more. No drawn film was at hand.",
        settings=_encoding(95, preset=5, ac_bias=4.0),
    ),
)

PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in _ALL})
