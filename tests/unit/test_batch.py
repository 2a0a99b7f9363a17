"""The table at the end of a run over several films."""

import datetime as dt
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from reelwright.cli.batch import Row, names, plain_lines, rich_table, row_of, saved, total
from reelwright.cli.terminal import Terminal
from reelwright.events import Event, EventName

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def row(path: str = "/films/a.mkv", outcome: str = "encoded", **changes: Any) -> Row:
    values: dict[str, Any] = {"vmaf": 93.0, "before": 1000, "after": 250, "seconds": 61.0}
    return Row(path=path, outcome=outcome, **{**values, **changes})


def failed(path: str = "/films/bad.mkv", why: str = "It is empty.") -> Row:
    return row(path, "failed", vmaf=None, before=None, after=None, complaint=why)


def result(path: str, outcome: str, number: int, of: int, **data: Any) -> Event:
    values: dict[str, Any] = {
        **dict.fromkeys(("bytes_before", "bytes_after", "vmaf")),
        **dict.fromkeys(("trials", "seconds"), 1),
        "number": number,
        "of": of,
        "outcome": outcome,
        "output": "/out.mkv",
        "reasons": ["Why not."],
        "checks": [],
    }
    return Event(event=EventName.RESULT, timestamp=NOON, file=path, job=None, status=outcome, data={**values, **data})


def show(*events: Event, terminal: bool = False, width: int = 80) -> str:
    out = io.StringIO()
    console = Console(
        file=out, highlight=False, soft_wrap=True, width=width, force_terminal=terminal, color_system=None
    )
    with Terminal(out=console, live_to=Console(file=io.StringIO())) as view:
        for event in events:
            view.emit(event)
    return out.getvalue()


def test_each_film_has_a_line_with_everything_in_it() -> None:
    lines = plain_lines([row(), row("/films/deep/b.mkv", "already_done", seconds=1.0)], 2)
    assert lines[1].split() == ["a.mkv", "encoded", "93.00", "1", "kB", "→", "250", "B", "75.0", "%", "1m01s"]
    assert lines[2].startswith("deep/b.mkv  already done")
    assert lines[3].split() == "2 films 1 encoded, 1 already done 2 kB → 500 B 75.0 % 1m02s".split()  # noqa: SIM905


def test_the_totals_count_only_films_that_have_an_output() -> None:
    skipped = row("/films/c.mkv", "skipped", vmaf=None, before=10_000, after=None)
    assert total([row(), failed(), skipped])[3:7] == ("1 kB", "→", "250 B", "75.0 %")
    assert total([failed(), skipped])[3:7] == ("", "", "", "")


def test_an_output_that_grew_saved_less_than_nothing() -> None:
    assert saved(100, 150) == "-50.0 %"
    assert saved(0, 10) == saved(None, 10) == saved(10, None) == ""


def test_each_failure_is_one_line_with_its_reason() -> None:
    lines = plain_lines([row(), failed(why="It is empty. Get another.")], 2)
    assert lines[-1] == "bad.mkv: It is empty. Get another."


def test_films_that_were_not_begun_are_said() -> None:
    assert plain_lines([row()], 7)[-2:] == [
        "1 film  1 encoded           1 kB  →  250 B  75.0 %  1m01s",
        "6 of 7 films were not begun.",
    ]
    assert "not begun" not in "".join(plain_lines([row()], 1))


WORDS = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=200).filter(
    lambda name: name not in {".", ".."}
)


@given(st.lists(WORDS, min_size=2, max_size=5, unique=True))
def test_no_name_is_cut_or_breaks_a_line_in_a_pipe(found: list[str]) -> None:
    rows = [row(f"/films/{name}") for name in found]
    lines = plain_lines(rows, len(rows))
    assert len(lines) == len(rows) + 2
    assert all(line.startswith(name.rstrip(" ")) for line, name in zip(lines[1:], names(rows), strict=False))
    assert all(char.isprintable() for line in lines for char in line)


def test_a_table_is_shown_for_several_films_and_for_no_single_one() -> None:
    one = result("/films/a.mkv", "skipped", 1, 1)
    assert "film" not in show(one)
    two = show(result("/films/a.mkv", "skipped", 1, 2), result("/films/b.mkv", "skipped", 2, 2))
    assert "2 films  2 skipped" in two


def test_the_table_is_aligned_in_a_pipe_however_long_a_name_is() -> None:
    long = "/films/" + "x" * 240 + ".mkv"
    shown = show(result(long, "encoded", 1, 2, bytes_before=10, bytes_after=5), result("/films/b.mkv", "skipped", 2, 2))
    lines = shown.splitlines()
    table = lines[next(k for k, line in enumerate(lines) if line.startswith("film ")) :]
    assert "x" * 240 in table[1]
    assert table[1].index("encoded") == table[2].index("skipped")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_gets_the_whole_name_too_and_no_line_is_wider_than_it(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "[bold]" + "x" * 100 + ".mkv"
    broken = result(f"/films/{name}", "failed", 1, 2)
    shown = show(broken, result("/films/b.mkv", "skipped", 2, 2), terminal=True, width=width)
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(rich_table([row_of(broken), row()]))
    assert max(map(len, console.file.getvalue().splitlines())) <= width  # type: ignore[attr-defined]
    assert "[bold]" in shown
    assert f"{name}: Why not." in shown
    assert capsys.readouterr().err.count("Why not.") == 1


def test_an_interrupted_batch_has_its_table_too(capsys: pytest.CaptureFixture[str]) -> None:
    shown = show(result("/a/1.mkv", "skipped", 1, 3), result("/a/2.mkv", "interrupted", 2, 3))
    assert "1 of 3 films was not begun." in shown
    assert "2.mkv: Why not." in shown
    assert capsys.readouterr().err


def test_which_film_of_how_many_is_said_while_it_runs() -> None:
    err = io.StringIO()
    found = Event(
        event=EventName.FILE_DISCOVERED,
        timestamp=NOON,
        file="a.mkv",
        job=None,
        status="found",
        data={"bytes": 5, "number": 2, "of": 7},
    )
    with Terminal(out=Console(file=io.StringIO()), live_to=Console(file=err, width=100)) as view:
        view.emit(found)
    assert err.getvalue().startswith("film 2 of 7  a.mkv")
