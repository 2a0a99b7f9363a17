"""Scene lists as files: read what was given, write what the film was cut into."""

import os
from contextlib import suppress
from pathlib import Path

from reelwright.engine.placement import failed_write, place
from reelwright.errors import ConflictError, UsageError
from reelwright.media.timing import FrameIndex
from reelwright.planning.division import cuts_of
from reelwright.planning.plan import Request
from reelwright.planning.scenes import Scenes, form_of, read_scenes, write_scenes
from reelwright.planning.zones import parse_zone

#: No scene list is longer; what is was meant to be something else.
LONGEST_BYTES = 64 << 20


def load_scenes(path: Path) -> Scenes:
    """Read a scene list.

    Raises:
        UsageError: it cannot be read or is none; the line or the scene is named.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"The scenes {path} cannot be read: {error.strerror}.") from error
    try:
        if len(data) > LONGEST_BYTES:
            raise ValueError(f"it is larger than {LONGEST_BYTES >> 20} MiB")  # noqa: TRY301 - told like the others
        return read_scenes(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise UsageError(f"The scenes {path}: it is no text in UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"The scenes {path}: {error}.") from error


def save_scenes(
    path: Path, source: Path, output: Path, request: Request, index: FrameIndex, *, overwrite: bool
) -> None:
    """Write the cuts a film is divided at; a file that says the same already is left as it is.

    Raises:
        UsageError: the name says no form, or is the film's or the output's.
        ConflictError: another file of that name exists.
    """
    form = form_of(path.name)
    if form is None:
        raise UsageError(f"{path.name} says no form of scene list.", hint="Name it .json, .av1an.json or .csv.")
    if os.path.abspath(path) == os.path.abspath(output) or same_file(path, source):  # noqa: PTH100
        raise UsageError(f"The scenes cannot be written over {path}.", hint="Choose another name.")
    zones = [parse_zone(zone) for zone in request.zones]
    text = write_scenes(form, cuts_of(index, request), zones, index).encode()
    temporary = path.with_name(f".reelwright-{os.getpid()}-scenes.tmp")
    try:
        if path.is_file() and path.read_bytes() == text:
            return
        if os.path.lexists(path) and not overwrite:
            raise ConflictError(f"{path} exists and says something else.", hint="Use --overwrite to replace it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(text)
        place(temporary, path, overwrite=overwrite)
    except OSError as error:
        raise failed_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def same_file(path: Path, source: Path) -> bool:
    """Whether a path leads to the source."""
    return os.path.exists(path) and os.path.samefile(path, source)  # noqa: PTH110, PTH121 - Path raises for long names
