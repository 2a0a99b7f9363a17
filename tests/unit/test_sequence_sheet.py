"""Sheets: what is taken as it stands, and what is told of a wrong one."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reelwright.sequences.layouts import Layout, Wanted
from reelwright.sequences.sheet import MOST_FRAMES, Row, SheetError, Wrong, rate, read_csv, read_toml

# Whoever else works on this machine may take the time of a test.
patient = settings(deadline=None)

HEADER = "parent,name,padding,extension"
LONG = HEADER + ",first,last,rate,layout,shot,version,artist,colorspace,outputs,note"
PLAIN = {"parent": "/p", "name": "plate", "padding": "4", "extension": "exr"}


def sheet(**cells: str) -> bytes:
    """A sheet of one row."""
    values = {**PLAIN, **cells}
    quoted = ('"' + value.replace('"', '""') + '"' for value in values.values())
    return (",".join(values) + "\n" + ",".join(quoted) + "\n").encode("utf-8", "surrogateescape")


def wrong_with(data: bytes) -> tuple[Wrong, ...]:
    """Everything that is wrong with a sheet."""
    with pytest.raises(SheetError) as caught:
        read_csv(data)
    return caught.value.wrong


def test_a_whole_row_is_taken() -> None:
    line = "/shots/010,plate,4,exr,1001,1100,23.976,underscore,sh010,v003,Ada,ACEScg,h264;png,a note"
    (row,) = read_csv(f"{LONG}\n{line}\n".encode())
    assert row == Row(
        number=2,
        parent="/shots/010",
        wanted=Wanted(name="plate", padding=4, extension="exr", layout=Layout.UNDERSCORE),
        first=1001,
        last=1100,
        rate=Fraction(24000, 1001),
        shot="sh010",
        version="v003",
        artist="Ada",
        colorspace="ACEScg",
        outputs=("h264", "png"),
        note="a note",
    )


def test_what_an_empty_cell_does_not_say_is_none() -> None:
    (row,) = read_csv(f"{LONG}\n/p,plate,4,exr{',' * 10}\n".encode())
    assert row == Row(number=2, parent="/p", wanted=Wanted(name="plate", padding=4, extension="exr"))


def test_toml_says_the_same() -> None:
    table = 'parent = "/p"\nname = "plate"\npadding = 4\nextension = "exr"\n'
    more = 'first = 1\nlast = 9\nrate = 23.976\nlayout = "dotted"\noutputs = ["exr", "av1"]\n'
    plain, full = read_toml(f"[[sequence]]\n{table}[[sequence]]\n{table}{more}".encode())
    assert plain == Row(number=1, parent="/p", wanted=Wanted(name="plate", padding=4, extension="exr"))
    assert (full.number, full.first, full.last, full.rate) == (2, 1, 9, Fraction(24000, 1001))
    assert (full.wanted.layout, full.outputs) == (Layout.DOTTED, ("exr", "av1"))


texts = st.text(st.characters(exclude_characters="\0/", exclude_categories=("Cs",)), min_size=1)


@patient
@given(parent=texts, name=texts.filter(lambda text: "." not in text), extension=texts)
def test_values_are_taken_without_prejudice(parent: str, name: str, extension: str) -> None:
    (row,) = read_csv(sheet(parent=parent, name=name, extension=extension))
    assert (row.parent, row.wanted.name, row.wanted.extension) == (parent, name, extension)


@pytest.mark.parametrize(
    "value", [" plate", "plate ", "Plate", "\tplate", "pl\nate", "%04d", "pl\udcffate", "p,l", 'p"l']
)
def test_nothing_is_trimmed_or_folded(value: str) -> None:
    (row,) = read_csv(sheet(name=value, parent=f"/{value}", extension=f".{value}"))
    assert (row.wanted.name, row.parent, row.wanted.extension) == (value, f"/{value}", f".{value}")


def test_a_byte_order_mark_and_windows_line_ends_are_no_values() -> None:
    rows = read_csv(b"\xef\xbb\xbf" + f"{HEADER}\r\n/p,a,4,exr\r\n\r\n/p,b,4,exr\r\n".encode())
    assert [(row.number, row.wanted.name, row.wanted.extension) for row in rows] == [(2, "a", "exr"), (4, "b", "exr")]


@pytest.mark.parametrize(
    ("cells", "column", "expected"),
    [
        ({"padding": " 4"}, "padding", "whole number"),
        ({"padding": "four"}, "padding", "whole number"),
        ({"padding": "-1"}, "padding", "whole number"),
        ({"padding": "19"}, "padding", "from 0 to 18"),
        ({"padding": "\u0664"}, "padding", "digits alone"),
        ({"padding": ""}, "padding", "whole number"),
        ({"parent": ""}, "parent", "path of a folder"),
        ({"name": ""}, "name", "beginning"),
        ({"name": "a/b"}, "name", "without a slash"),
        ({"name": "a.b"}, "name", "without periods"),
        ({"name": "a.b", "layout": "strict"}, "name", '"dotted"'),
        ({"extension": ""}, "extension", "exr"),
        ({"extension": "e/r"}, "extension", "without a slash"),
        ({"first": "-1"}, "first", "frame number"),
        ({"first": "1001.0"}, "first", "frame number"),
        ({"last": "x"}, "last", "frame number"),
        ({"first": "10", "last": "9"}, "last", "from 10"),
        ({"first": "0", "last": str(MOST_FRAMES)}, "last", str(MOST_FRAMES - 1)),
        ({"rate": "fast"}, "rate", "frames a second"),
        ({"rate": "0"}, "rate", "frames a second"),
        ({"rate": "24/0"}, "rate", "frames a second"),
        ({"layout": "Underscore"}, "layout", "strict, underscore, dotted"),
        ({"outputs": "h264;;av1"}, "outputs", "semicolons"),
        ({"outputs": "h264;review"}, "outputs", "prores-422hq"),
        ({"outputs": "H264"}, "outputs", "h264"),
    ],
)
def test_a_wrong_cell_is_told_with_row_column_and_what_was_expected(
    cells: dict[str, str], column: str, expected: str
) -> None:
    (wrong,) = wrong_with(sheet(**cells))
    assert (wrong.row, wrong.column, wrong.found) == (2, column, cells[column])
    assert expected in wrong.expected
    assert str(wrong).startswith(f"row 2, column {column}: expected ")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    lines = [HEADER, "/p,a,x,exr", "/p,b,4,exr", ",c.d,4,exr", "/p,e,4"]
    found = wrong_with("\n".join(lines).encode())
    assert [(wrong.row, wrong.column) for wrong in found] == [(2, "padding"), (4, "parent"), (5, None)]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "a header"),
        (b"\n\n", "a header"),
        (HEADER.encode(), "at least one sequence"),
        (b"parent,name,padding\n/p,a,4\n", "column extension"),
        (f"{HEADER},colour\n/p,a,4,exr,x\n".encode(), "'colour'"),
        (f"{HEADER.upper()}\n/p,a,4,exr\n".encode(), "'PARENT'"),
        (f"{HEADER},name\n/p,a,4,exr,b\n".encode(), "each column once"),
        (f"{HEADER.replace(',', ';')}\n/p;a;4;exr\n".encode(), "columns among"),
        (HEADER.encode("utf-16"), "UTF-8"),
        (f'{HEADER}\n/p,"a"b,4,exr\n'.encode(), "row 2"),
        (f"{HEADER}\n/p,a,4,exr,\n".encode(), "4 cells"),
        (sheet(name="a\0b"), "column name"),
        (sheet(name="x" * 200_000), "row 2"),
    ],
)
def test_a_sheet_that_cannot_be_read_says_why(data: bytes, said: str) -> None:
    assert said in "; ".join(map(str, wrong_with(data)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "[[sequence]]"),
        ("sequence = 1", "[[sequence]]"),
        ("[[sequences]]\n", "sequences"),
        ("[[sequence]\n", "line 1"),
        ("[[sequence]]\nparent = 1\nname = 'a'\npadding = 4\nextension = 'exr'", "row 1, column parent"),
        ("[[sequence]]\nparent = 'p'\nname = 'a'\npadding = '4'\nextension = 'exr'", "row 1, column padding"),
        ("[[sequence]]\nparent = 'p'\nname = 'a'\npadding = true\nextension = 'exr'", "row 1, column padding"),
        ("[[sequence]]\nparent = 'p'\nname = 'a'\npadding = 4", "row 1, column extension"),
        ("[[sequence]]\nparent = 'p'\nname = 'a'\npadding = 4\nextension = 'exr'\nfps = 24", "'fps'"),
    ],
)
def test_a_wrong_toml_sheet_says_why(text: str, said: str) -> None:
    with pytest.raises(SheetError) as caught:
        read_toml(text.encode())
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24", Fraction(24)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("29.97", Fraction(30000, 1001)),
        ("24000/1001", Fraction(24000, 1001)),
        ("12.5", Fraction(25, 2)),
    ],
)
def test_rates_are_exact(text: str, value: Fraction) -> None:
    assert rate(text) == value


@patient
@given(data=st.binary(max_size=300))
def test_no_bytes_are_more_than_wrong(data: bytes) -> None:
    for read in (read_csv, read_toml):
        try:
            assert read(data)
        except SheetError as error:
            assert error.wrong  # noqa: PT017
