"""From paths on a command line to pairs of source and output."""

import fnmatch
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from reelwright.config import InputSettings
from reelwright.errors import UsageError

#: Containers that are written, by the output's suffix.
WRITTEN = frozenset({".mkv"})
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
                parts = [pattern[a + 1 : b] for a, b in zip(commas, commas[1:], strict=False)]
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


def default_name(source: Path) -> str:
    """`NAME.av1.mkv`, shortened where that would be longer than a name may be."""
    ending = b".av1.mkv"
    stem = os.fsencode(source.stem)[: LONGEST_NAME - len(ending)]
    return os.fsdecode(stem.decode("utf-8", "ignore").encode() if _is_utf8(source.stem) else stem) + ending.decode()


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def outputs_for(
    sources: Sequence[Path], output: str | None, rules: InputSettings, output_dir: str
) -> list[tuple[Path, Path]]:
    """Each film with where it goes.

    `output` is a folder if it is one, ends in `/`, or the sources are several or a folder; films in it are named
    by their path below the source folder. Without it: `output_dir`, else beside the source. A folder without a
    film stands for itself, so that it fails like any other bad source and stops none of the rest.

    Raises:
        UsageError: the output's container is not one we write, or two films would share an output.
    """
    found: list[tuple[Path, Path | None]] = []
    for source in sources:
        if os.path.isdir(source):  # noqa: PTH112 - Path.is_dir raises where a name is too long or a folder closed
            films = list(films_below(source, rules)) or [source]
            found += [(film, film.relative_to(source) if film != source else None) for film in films]
        else:
            found.append((source, None))
    many = len(sources) > 1 or any(map(os.path.isdir, sources))
    pairs = [(film, _output(film, below, output, output_dir, many=many)) for film, below in found]
    _check(pairs)
    return pairs


def _output(film: Path, below: Path | None, output: str | None, output_dir: str, *, many: bool) -> Path:
    if output is None and not output_dir:
        return film.with_name(default_name(film))
    target = output if output is not None else output_dir
    if output is None or many or target.endswith("/") or os.path.isdir(target):  # noqa: PTH112
        return Path(target, (below or Path(film.name)).with_suffix(".mkv"))
    return Path(target)


def _check(pairs: Sequence[tuple[Path, Path]]) -> None:
    seen: dict[Path, Path] = {}
    for source, output in pairs:
        if output.suffix.lower() not in WRITTEN:
            raise UsageError(f"{output.name} is no Matroska file.", hint="Name the output something.mkv.")
        if output in seen:
            raise UsageError(f"{seen[output]} and {source} would both become {output}.")
        seen[output] = source
