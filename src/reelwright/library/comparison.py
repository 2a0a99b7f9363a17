"""What changed in a library between two scans, decided from stat data and, where that is not enough, from content."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A file that a scan met. The device's number is left out: it changes with each mount."""

    #: Below the root, with `/`; may hold surrogate escapes.
    path: str
    size: int
    mtime_ns: int
    inode: int
    hard_links: int = 1
    symlink: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Remembered:
    """A file as an earlier scan left it."""

    #: The row's number in the ledger.
    id: int
    path: str
    size: int
    mtime_ns: int
    inode: int
    hard_links: int = 1
    symlink: bool = False
    #: None: its content was never looked at.
    fingerprint: str | None = None
    #: It was not found by the last scan.
    gone: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """What stat data says; the rest has to be told by content."""

    #: Rows whose file is as it was.
    unchanged: tuple[Remembered, ...]
    #: Rows whose file is the same under another name, or with another inode or count of names, as it was met.
    renamed: tuple[tuple[Remembered, Seen], ...]
    #: Met under a known name, with another size or time.
    altered: tuple[tuple[Remembered, Seen], ...]
    #: Met under a name nobody knew.
    strange: tuple[Seen, ...]
    #: Rows whose file was not met, those of before included.
    missing: tuple[Remembered, ...]

    @property
    def to_read(self) -> list[Seen]:
        """Files whose fingerprint could tell that they are known ones; of no other is it worth reading."""
        sizes = {row.size for row in self.missing if row.fingerprint is not None}
        altered = [seen for row, seen in self.altered if row.fingerprint is not None and row.size == seen.size]
        return altered + [seen for seen in self.strange if seen.size in sizes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What a scan has to write."""

    #: Rows whose file is the same although its stat data or name changed.
    same: tuple[tuple[Remembered, Seen], ...]
    #: Rows whose file has other content now: everything known of them is void.
    changed: tuple[tuple[Remembered, Seen], ...]
    new: tuple[Seen, ...]
    #: Rows that were there before and are not now.
    gone: tuple[Remembered, ...]
    unchanged: int


def sort_out(known: Iterable[Remembered], met: Sequence[Seen]) -> Sorted:
    """Compare by stat data: by path, then, for all that is not as it was, by inode, size and time.

    So files that changed names with each other, or took a name that another had, are known again. An inode tells a
    rename only where size and time agree and only one row has all three: file systems reuse inodes.
    """
    rest: dict[str, Remembered] = {}
    # A row that is gone may have the name of one that is there.
    shadowed = [row for row in sorted(known, key=lambda row: row.gone) if rest.setdefault(row.path, row) is not row]
    unchanged, altered, strange = [], [], []
    for seen in met:
        found = rest.pop(seen.path, None)
        if found is None:
            strange.append(seen)
        elif _whole(found) == _whole(seen) and not found.gone:
            unchanged.append(found)
        else:
            altered.append((found, seen))
    stays = [(row, seen) for row, seen in altered if _stat(row) == _stat(seen)]
    altered = [(row, seen) for row, seen in altered if _stat(row) != _stat(seen)]
    renamed = _moved(
        [*rest.values(), *shadowed, *(row for row, _ in altered)], [*strange, *(seen for _, seen in altered)]
    )
    rows = {row.id for row, _ in renamed}
    names = {seen.path for _, seen in renamed}
    left = [(row, seen) for row, seen in altered if row.id not in rows and seen.path not in names]
    paired = {row.id for row, _ in left}
    placed = rows | paired
    return Sorted(
        unchanged=tuple(unchanged),
        renamed=(*stays, *renamed),
        altered=tuple(left),
        strange=tuple(seen for seen in [*strange, *_lost(altered, paired)] if seen.path not in names),
        missing=tuple(row for row in [*rest.values(), *shadowed, *(row for row, _ in altered)] if row.id not in placed),
    )


def _moved(rows: Iterable[Remembered], met: Iterable[Seen]) -> list[tuple[Remembered, Seen]]:
    places: dict[tuple[int, int, int], list[Remembered]] = defaultdict(list)
    for row in rows:
        places[row.inode, *_stat(row)].append(row)
    found = []
    for seen in met:
        here = places.get((seen.inode, *_stat(seen)), [])
        if len(here) == 1:
            found.append((here.pop(), seen))
    return found


def _lost(altered: Iterable[tuple[Remembered, Seen]], paired: set[int]) -> list[Seen]:
    """Files whose row went to another name: nobody knows them."""
    return [seen for row, seen in altered if row.id not in paired]


def settle(found: Sorted, fingerprints: Mapping[str, str]) -> Changes:
    """Decide the rest by content.

    Args:
        found: what stat data said.
        fingerprints: of the files in `found.to_read`, by path; one that could not be read is left out.
    """
    same, changed = list(found.renamed), list[tuple[Remembered, Seen]]()
    for row, seen in found.altered:
        read = fingerprints.get(seen.path)
        alike = _stat(row) == _stat(seen) or (read is not None and read == row.fingerprint)
        (same if alike else changed).append((row, seen))
    rows: dict[tuple[int, str], list[Remembered]] = defaultdict(list)
    for row in found.missing:
        if row.fingerprint is not None:
            rows[row.size, row.fingerprint].append(row)
    new = []
    for seen in found.strange:
        read = fingerprints.get(seen.path)
        candidates = rows.get((seen.size, read), []) if read is not None else []
        if candidates:
            same.append((candidates.pop(), seen))
        else:
            new.append(seen)
    back = {row.id for row, _ in same}
    gone = tuple(row for row in found.missing if row.id not in back and not row.gone)
    return Changes(same=tuple(same), changed=tuple(changed), new=tuple(new), gone=gone, unchanged=len(found.unchanged))


def _stat(file: Seen | Remembered) -> tuple[int, int]:
    return file.size, file.mtime_ns


def _whole(file: Seen | Remembered) -> tuple[int, int, int, int, bool]:
    return file.size, file.mtime_ns, file.inode, file.hard_links, file.symlink
