"""The raster steps of a run: from the sheet, the command line and the settings, checked before anything is rendered."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reelwright.errors import UsageError
from reelwright.sequences.sheet import Row
from reelwright.sequences.step_list import STEPS
from reelwright.sequences.steps import Step, StepSpec, Value, parse_step, parse_steps
from reelwright.words import printable_path


def known_steps() -> Mapping[str, StepSpec]:
    """Every raster step there is, by name: the built-in ones."""
    return STEPS


def steps_by_row(
    rows: Sequence[Row], base: Path, *, flags: Sequence[str], settings: Sequence[str]
) -> dict[int, tuple[Step, ...]]:
    """The steps of each row, by its number: its own, else those of the command line, else those of the settings.

    Args:
        rows: of the sheet.
        base: where its relative paths start.
        flags: each `--step`.
        settings: sequences.steps.

    Raises:
        UsageError: one of them is wrong; its place is named.
    """
    known = known_steps()
    place = "--step" if flags else "The setting sequences.steps"
    others = settled(parse_steps(flags or settings, known, place=place), Path(), place)
    found = {}
    for row in rows:
        place = f"row {row.number}, column steps"
        own = settled(parse_steps(row.steps, known, place=place), base, place)
        found[row.number] = own if row.steps else others
    return found


def background_of(text: str) -> Step:
    """The step that lays frames over `--background`: a colour such as 0.1/0.1/0.1, or a picture's file.

    Raises:
        UsageError: it is neither.
    """
    key = "color" if re.fullmatch(r"[-+0-9./eE]+", text) and not Path(text).is_file() else "image"
    escaped = text.replace(",", "\\,")
    step = parse_step(f"over:{key}={escaped}", known_steps(), place="--background")
    return settled((step,), Path(), "--background")[0]


def settled(steps: Sequence[Step], base: Path, place: str) -> tuple[Step, ...]:
    """The steps with the paths of their files in full.

    Raises:
        UsageError: there is no such file.
    """
    return tuple(replace(step, values=tuple(_values(step, base, place))) for step in steps)


def _values(step: Step, base: Path, place: str) -> Iterator[tuple[str, Value]]:
    for name, value in step.values:
        if name not in step.files or value == "":
            yield name, value
            continue
        path = os.path.abspath(os.path.join(base, str(value)))  # noqa: PTH100, PTH118 - keeps odd bytes
        if not os.path.isfile(path):  # noqa: PTH113
            raise UsageError(f"{place}, step {step.name}, {name}: there is no file {printable_path(path)}.")
        yield name, path
