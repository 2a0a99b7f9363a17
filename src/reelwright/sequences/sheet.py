"""A sheet: which sequences there are. CSV or TOML, and every value as it stands there: not trimmed, not case-folded.

What is wrong is told with its row, its column and what was expected; all of it at once, and before anything is listed.
"""

import csv
import io
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from reelwright.sequences.delivery import PROFILES
from reelwright.sequences.layouts import Layout, Wanted

#: More frames than this in one row are taken for a slip of the pen.
MOST_FRAMES = 1_000_000
MOST_DIGITS = 18
MOST_HANDLES = 10_000
#: Columns of whole numbers.
WHOLE = frozenset({"padding", "first", "last", "handles"})
REQUIRED = ("parent", "name", "padding", "extension")
#: Rates that are written as decimals and mean a fraction.
NTSC = {"23.976": Fraction(24000, 1001), "23.98": Fraction(24000, 1001), "29.97": Fraction(30000, 1001),
        "47.952": Fraction(48000, 1001), "59.94": Fraction(60000, 1001), "119.88": Fraction(120000, 1001)}  # fmt: skip
#: Columns that TOML may have as an array of texts, and what stands between them in a cell.
LISTS = {"outputs": ";", "steps": ";", "channels": ","}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One sequence of a sheet. What a sheet does not say is None."""

    #: The header is row 1; of a TOML sheet the first sequence is row 1.
    number: int
    parent: str
    wanted: Wanted
    first: int | None = None
    last: int | None = None
    #: Frames a second.
    rate: Fraction | None = None
    shot: str | None = None
    version: str | None = None
    artist: str | None = None
    colorspace: str | None = None
    outputs: tuple[str, ...] = ()
    note: str | None = None
    #: Which channels are the picture: three names, or one of a part, a layer or a channel.
    channels: str | None = None
    #: The view of stereo frames.
    eye: str | None = None
    #: Raster steps as they are written.
    steps: tuple[str, ...] = ()
    #: Frames beyond the cut, on either side of first and last.
    handles: int | None = None

    @property
    def planned_first(self) -> int | None:
        """Number of the first frame that is rendered, the handles among them; None where no sheet says it."""
        return None if self.first is None else self.first - (self.handles or 0)

    @property
    def planned_last(self) -> int | None:
        """Number of the last frame that is rendered."""
        return None if self.last is None else self.last + (self.handles or 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """Something in a sheet that cannot be."""

    row: int | None
    column: str | None
    expected: str
    found: str | None = None

    def __str__(self) -> str:
        where = [f"row {self.row}" if self.row is not None else "", f"column {self.column}" if self.column else ""]
        place = ", ".join(part for part in where if part)
        found = f", found {self.found!r}" if self.found is not None else ""
        return f"{place}: expected {self.expected}{found}" if place else f"expected {self.expected}{found}"


class SheetError(ValueError):
    """A sheet that cannot be taken.

    Args:
        wrong: everything that is wrong with it.
    """

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__("; ".join(map(str, wrong)))
        self.wrong = tuple(wrong)


def read_csv(data: bytes) -> tuple[Row, ...]:
    """The rows of a CSV sheet: UTF-8, commas, a header.

    Bytes that are no UTF-8 are kept, as file names may hold them.

    Raises:
        SheetError: something is wrong with it.
    """
    if data.startswith(_UTF16):
        raise SheetError([Wrong(row=None, column=None, expected="a sheet in UTF-8", found="UTF-16")])
    text = data.decode("utf-8-sig", "surrogateescape")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    cells: list[tuple[int, list[str]]] = []
    try:
        cells.extend((number, line) for number, line in enumerate(lines, 1) if line)
    except csv.Error as error:
        number = cells[-1][0] + 1 if cells else 1
        raise SheetError([Wrong(row=number, column=None, expected=f"CSV ({error})")]) from error
    if not cells:
        raise SheetError([Wrong(row=1, column=None, expected=f"a header such as {','.join(REQUIRED)}", found="")])
    (top, header), *lines_below = cells
    check_columns(header, row=top)
    return taken(_csv_rows(header, lines_below))


def _csv_rows(header: Sequence[str], lines: Sequence[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, Any]]:
    for number, line in lines:
        if len(line) != len(header):
            found = f"{len(line)} cells"
            yield number, Wrong(row=number, column=None, expected=f"{len(header)} cells as in the header", found=found)
        else:
            yield number, {column: cell for column, cell in zip(header, line, strict=True) if cell}


def read_toml(data: bytes) -> tuple[Row, ...]:
    """The rows of a TOML sheet: a `[[sequence]]` each.

    Raises:
        SheetError: something is wrong with it.
    """
    try:
        tree = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SheetError([Wrong(row=None, column=None, expected=f"TOML in UTF-8 ({error})")]) from error
    tables = tree.get("sequence")
    if [*tree] != ["sequence"] or not isinstance(tables, list) or not all(isinstance(row, dict) for row in tables):
        found = ", ".join(tree) or "nothing"
        raise SheetError([Wrong(row=None, column=None, expected="[[sequence]] tables alone", found=found)])
    return taken(_toml_rows(tables))


def _toml_rows(tables: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Any]]:
    for number, table in enumerate(tables, 1):
        try:
            check_columns([*table], row=number)
        except SheetError as error:
            for wrong in error.wrong:
                yield number, wrong
            continue
        cells: dict[str, str] = {}
        for column, value in table.items():
            cell = _toml_cell(column, value)
            if cell is None:
                yield number, Wrong(row=number, column=column, expected=COLUMNS[column][1], found=str(value))
            else:
                cells[column] = cell
        if len(cells) == len(table):
            yield number, cells


def _toml_cell(column: str, value: object) -> str | None:
    """A value as a cell would hold it; None where it is of another kind."""
    if column in LISTS and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return LISTS[column].join(value)
    if isinstance(value, str):
        return value if column not in WHOLE else None
    whole = isinstance(value, int) and not isinstance(value, bool)
    if whole and column in {*WHOLE, "rate"}:
        return str(value)
    return str(value) if isinstance(value, float) and column == "rate" else None


def check_columns(header: Sequence[str], *, row: int) -> None:
    """Raises where a column is missing, unknown or there twice."""
    known = ", ".join(COLUMNS)
    wrong = [
        Wrong(row=row, column=None, expected=f"columns among {known}", found=column)
        for column in dict.fromkeys(header)
        if column not in COLUMNS
    ]
    wrong += [
        Wrong(row=row, column=column, expected="each column once", found=str(header.count(column)))
        for column in dict.fromkeys(header)
        if header.count(column) > 1
    ]
    missing = [column for column in REQUIRED if column not in header]
    wrong += [Wrong(row=row, column=column, expected="this column, which every sheet has") for column in missing]
    if wrong:
        raise SheetError(wrong)


def taken(rows: Iterator[tuple[int, Any]]) -> tuple[Row, ...]:
    """Rows of cells as values; an empty cell says nothing.

    Raises:
        SheetError: something is wrong with one or more of them, or there are none.
    """
    wrong: list[Wrong] = []
    found: list[Row] = []
    for number, cells in rows:
        if isinstance(cells, Wrong):
            wrong.append(cells)
            continue
        values: dict[str, Any] = {}
        for column, (parse, expected) in COLUMNS.items():
            try:
                if column in cells:
                    values[column] = parse(cells[column])
                elif column in REQUIRED:
                    raise ValueError  # noqa: TRY301 - said below, as for every other value
            except ValueError:
                wrong.append(Wrong(row=number, column=column, expected=expected, found=cells.get(column, "")))
        if {*cells, *REQUIRED} <= {*values}:
            wrong += disagreements(number, values)
            found.append(_row(number, values))
    if not wrong and not found:
        wrong.append(Wrong(row=None, column=None, expected="at least one sequence", found="none"))
    if wrong:
        raise SheetError(wrong)
    return tuple(found)


def _row(number: int, values: dict[str, Any]) -> Row:
    wanted = Wanted(**{key: values.pop(key) for key in ("name", "padding", "extension")},
                    layout=values.pop("layout", Layout.STRICT))  # fmt: skip
    return Row(number=number, wanted=wanted, **values)


def disagreements(row: int, values: Mapping[str, Any]) -> Iterator[Wrong]:
    """Values of a row that are fine alone and not together."""
    if "." in values["name"] and values.get("layout", Layout.STRICT) is Layout.STRICT:
        expected = 'a name without periods (no file of another can pass the third rule), or layout "dotted"'
        yield Wrong(row=row, column="name", expected=expected, found=values["name"])
    first, last = values.get("first"), values.get("last")
    if first is not None and last is not None and not first <= last < first + MOST_FRAMES:
        expected = f"a number from {first} (first) to {first + MOST_FRAMES - 1}"
        yield Wrong(row=row, column="last", expected=expected, found=str(last))
    handles = values.get("handles", 0)
    if handles and (first is None or last is None):
        expected = "a first and a last frame of the cut where there are handles"
        yield Wrong(row=row, column="first" if first is None else "last", expected=expected, found="")
    elif handles and handles > first:
        yield Wrong(row=row, column="handles", expected=f"at most {first}, the first frame", found=str(handles))


def text(cell: str) -> str:
    """Any text but an empty one."""
    if not cell:
        raise ValueError(cell)
    return cell


def file_text(cell: str) -> str:
    """A part of a file's name."""
    if not cell or "/" in cell or "\0" in cell:
        raise ValueError(cell)
    return cell


def folder(cell: str) -> str:
    """A folder's path."""
    if not cell or "\0" in cell:
        raise ValueError(cell)
    return cell


def whole(cell: str, most: int = 10**MOST_DIGITS - 1) -> int:
    """ASCII digits and nothing else."""
    if not re.fullmatch(r"[0-9]{1,18}", cell) or int(cell) > most:
        raise ValueError(cell)
    return int(cell)


def rate(cell: str) -> Fraction:
    """Frames a second: 24, 23.976 or 24000/1001."""
    if cell in NTSC:
        return NTSC[cell]
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6}|/[1-9][0-9]{0,5})?", cell) or Fraction(cell) == 0:
        raise ValueError(cell)
    return Fraction(cell)


def several(cell: str) -> tuple[str, ...]:
    """Names with semicolons between them."""
    return tuple(map(text, cell.split(";")))


def profiles(cell: str) -> tuple[str, ...]:
    """Names of delivery profiles with semicolons between them."""
    names = several(cell)
    if not {*names} <= {*PROFILES}:
        raise ValueError(cell)
    return names


def channels(cell: str) -> str:
    """Three names with commas between them, or one."""
    names = [part.strip() for part in cell.split(",")]
    if len(names) not in {1, 3} or not all(names):
        raise ValueError(cell)
    return ",".join(names)


_TEXT = (text, "some text")
#: Every column: how its cells are taken, and what is expected of them.
COLUMNS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "parent": (folder, "the path of a folder"),
    "name": (file_text, "the beginning of the file names, without a slash"),
    "padding": (lambda cell: whole(cell, MOST_DIGITS), f"a whole number from 0 to {MOST_DIGITS}, digits alone"),
    "extension": (file_text, "an extension such as exr, without a slash"),
    "first": (whole, "a frame number, digits alone"),
    "last": (whole, "a frame number, digits alone"),
    "rate": (rate, "frames a second such as 24, 23.976 or 24000/1001"),
    "layout": (Layout, f"one of {', '.join(Layout)}"),
    "shot": _TEXT,
    "version": _TEXT,
    "artist": _TEXT,
    "colorspace": _TEXT,
    "outputs": (profiles, f"profiles with semicolons between them, of {', '.join(PROFILES)}"),
    "note": _TEXT,
    "handles": (lambda cell: whole(cell, MOST_HANDLES), f"frames beyond the cut on either side, 0 to {MOST_HANDLES}"),
    "channels": (channels, "three channels such as diffuse.R,diffuse.G,diffuse.B, or a layer, part or channel"),
    "eye": (text, "the name of a view such as left or right"),
    "steps": (several, "raster steps such as exposure:stops=1 with semicolons between them"),
}
