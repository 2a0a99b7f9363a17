"""From paths on a command line to pairs of source and output."""

import fnmatch
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from reelwright.config import InputSettings
from reelwright.errors import UsageError
from reelwright.planning.containers import Container

#: Containers that are written, by the output's suffix.
WRITTEN = frozenset(f".{container.value}" for container in Container)
LONGEST_NAME = 255


def expand_braces(pattern: str) -> list[str]:
    """`*.{mkv,mp4}` as `*.mkv` and `*.mp4`; braces may nest.

    Raises:
        UsageError: a brace is left open.
    """
    start = pattern.find("{")
    if start < 0:
        return [pattern]
    depth, commas = 0, [start]
    for place in range(start, len(pattern)):
        if pattern[place] == "{":
            depth += 1
        elif pattern[place] == "," and depth == 1:
            commas.append(place)
        elif pattern[place] == "}":
            depth -= 1
            if depth == 0:
                commas.append(place)
                head, tail = pattern[:start], pattern[place + 1 :]
                parts = [pattern[a + 1 : b] for a, b in pairwise(commas)]
                return [whole for part in parts for whole in expand_braces(head + part + tail)]
    raise UsageError(f"input.file_pattern: {pattern!r} has an open brace.")


def is_wanted(name: str, size: int, rules: InputSettings) -> bool:
    """Whether discovery picks a file up: pattern without regard to case, and sizes. Our own files never."""
    if name.startswith("."):
        return False
    if not any(fnmatch.fnmatchcase(name.lower(), p.lower()) for p in expand_braces(rules.file_pattern)):
        return False
    return (rules.min_size or 0) <= size and (rules.max_size is None or size <= rules.max_size)


def films_below(folder: Path, rules: InputSettings) -> Iterator[Path]:
    """Films in a folder and all below it, in the order of their names. Links to folders are not followed.

    A folder that cannot be listed is given as well: silence about it would pass for "there is nothing in it".
    """
    closed: list[str] = []
    for parent, folders, files in os.walk(folder, onerror=lambda error: closed.append(os.fspath(error.filename))):
        folders.sort()
        for name in sorted(files):
            path = Path(parent, name)
            if path.is_file() and is_wanted(name, path.stat().st_size, rules):
                yield path
    yield from map(Path, closed)


def default_name(source: Path, mark: str = "", container: str = "mkv", made: str = ".av1") -> str:
    """`NAME.av1.mkv`, shortened where that would be longer than a name may be."""
    return fitting_name(source.stem, f"{mark}{made}.{container}")


def fitting_name(stem: str, ending: str) -> str:
    """A name of this stem and ending; the stem is shortened by whole letters where both would be too long."""
    kept = os.fsencode(stem)[: LONGEST_NAME - len(ending)]
    return os.fsdecode(kept.decode("utf-8", "ignore").encode() if _is_utf8(stem) else kept) + ending


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_folder(path: Path) -> bool:
    """Whether there is a folder; a path too long or closed to us is none, where Path.is_dir would raise."""
    return os.path.isdir(path)  # noqa: PTH112


def outputs_for(
    sources: Sequence[Path],
    output: str | None,
    rules: InputSettings,
    output_dir: str,
    *,
    mark: str = "",
    container: str = "mkv",
    made: str = ".av1",
) -> list[tuple[Path, Path]]:
    """Each film with where it goes.

    `output` is a folder if it is one, ends in `/`, or the sources are several or a folder; films in it are named
    by their path below the source folder. Without it: `output_dir`, else beside the source. A folder without a
    film stands for itself, so that it fails like any other bad source and stops none of the rest. `mark` goes into
    every name that is not given, and `container` is its suffix; `made` tells an output beside its source from it.

    Raises:
        UsageError: the output's container is not one we write, or two films would share an output.
    """
    found: list[tuple[Path, Path | None]] = []
    for source in sources:
        if is_folder(source):
            films = list(films_below(source, rules)) or [source]
            found += [(film, film.relative_to(source) if film != source else None) for film in films]
        else:
            found.append((source, None))
    many = len(sources) > 1 or any(map(is_folder, sources))
    pairs = [
        (film, _output(film, below, output, output_dir, (mark, container, made), many=many)) for film, below in found
    ]
    _check(pairs)
    return pairs


def _output(
    film: Path, below: Path | None, output: str | None, output_dir: str, ending: tuple[str, str, str], *, many: bool
) -> Path:
    if output is None and not output_dir:
        return film.with_name(default_name(film, *ending))
    target = output if output is not None else output_dir
    if output is None or many or target.endswith("/") or is_folder(Path(target)):
        inside = below or Path(film.name)
        return Path(target, inside.with_name(fitting_name(inside.stem, ".".join(ending[:2]))))
    return Path(target)


def _check(pairs: Sequence[tuple[Path, Path]]) -> None:
    seen: dict[Path, Path] = {}
    for source, output in pairs:
        if output.suffix.lower() not in WRITTEN:
            raise UsageError(
                f"{output.name} is neither a Matroska nor an MP4 file.",
                hint="Name the output something.mkv or something.mp4.",
            )
        if output in seen:
            raise UsageError(f"{seen[output]} and {source} would both become {output}.")
        seen[output] = source
