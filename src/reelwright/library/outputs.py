"""Where the output of a library's film goes, by the library's policy; names only."""

import os
from dataclasses import dataclass
from pathlib import Path

from reelwright.engine.discover import fitting_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What decides where an output goes."""

    #: "tree", "beside" or "replace".
    policy: str
    #: Absolute; may hold surrogate escapes.
    root: str
    #: Of the film, below the root.
    path: str
    #: Empty: there is none, and "tree" means "beside".
    output_dir: str
    #: What is written, as a suffix without its period.
    container: str
    #: Another film beside it has the same name but for the extension, which therefore stays in the output's name.
    twin: bool = False


def output_for(place: Place) -> Path:
    """The output's path. With "replace" it is the original's, but for the extension."""
    source = Path(place.root, place.path)
    keeps = place.twin and source.suffix.lower() != f".{place.container}"
    stem = source.name if keeps else source.stem
    if place.policy == "replace":
        same = source.suffix.lower() == f".{place.container}"
        return source if same else source.with_name(fitting_name(stem, f".{place.container}"))
    if place.policy == "beside" or not place.output_dir:
        return source.with_name(fitting_name(stem, f".av1.{place.container}"))
    below = Path(place.path)
    return Path(os.path.abspath(place.output_dir), below.with_name(fitting_name(stem, f".{place.container}")))  # noqa: PTH100
