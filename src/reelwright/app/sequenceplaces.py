"""Where a sheet's outputs go: none among frames that are read, and no two into one place, however they are spelt."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from reelwright.engine.delivery_proof import Wanted
from reelwright.errors import UsageError
from reelwright.sequences.delivery import Kind
from reelwright.sequences.sheet import Row
from reelwright.words import printable_path

#: A path whose links are followed; of a file, its name without regard to capitals, which some file systems ignore.
Place = str


def refuse_meetings(
    wanted: Mapping[int, Sequence[Wanted]], rows: Sequence[Row], base: Path, elsewhere: Iterable[str]
) -> None:
    """Raise, before anything is listed, where an output would lie among frames, or two rows would write the same one.

    Links are followed: two paths to one folder are one.

    Args:
        wanted: outputs of each row, by its number.
        rows: of the sheet.
        base: where relative folders start.
        elsewhere: other folders frames are read from.

    Raises:
        UsageError: with the row, and what to do.
    """
    frames = {real(Path(base, row.parent)): row.parent for row in reversed(rows)}
    frames |= {real(Path(place)): place for place in elsewhere}
    taken: dict[Place, int] = {}
    for row in rows:
        for w in wanted[row.number]:
            folder = w.path if w.profile.kind is Kind.FRAMES else w.path.parent
            if (among := frames.get(real(folder))) is not None:
                where = f"among the frames in {printable_path(among)}"
                raise UsageError(
                    f"row {row.number}: the output {printable_path(w.path)} would lie {where}.",
                    hint="Choose another folder with -o.",
                )
            place = os.path.join(real(w.path.parent), w.path.name.casefold())  # noqa: PTH118 - keeps odd bytes
            if (other := taken.setdefault(place, row.number)) != row.number:
                raise UsageError(
                    f"row {row.number}, column name: expected another name than row {other}'s, for both would be"
                    f" {printable_path(w.path)}.",
                    hint="Render them into two folders, from two sheets.",
                )


def real(path: Path) -> Place:
    """A folder's path, its links followed; what does not exist yet is where it would be."""
    return os.path.realpath(path)
