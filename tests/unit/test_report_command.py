"""The `report` command's words: what it asks for, and what it says when the page is there."""

import json
from pathlib import Path
from typing import Any

import pytest

from reelwright.cli.commands import ReportDone, ReportOrder, Tell
from reelwright.cli.main import run
from reelwright.errors import ConflictError, ReelwrightError

FIGURES: dict[str, Any] = {
    "status": "done",
    "vmaf": 93.111,
    "p5": 88.5,
    "bytes_before": 2_000_000,
    "bytes_after": 600_000,
    "finished": "2026-03-01T12:00:00+00:00",
}


class Stub:
    """A program that makes no page and says what it was told to."""

    def __init__(self, error: ReelwrightError | None = None, **changes: Any) -> None:
        self.error = error
        self.changes = changes
        self.orders: list[ReportOrder] = []

    def report(self, order: ReportOrder, tell: Tell) -> ReportDone:
        self.orders.append(order)
        tell("looking at \x1b[31m it")
        if self.error:
            raise self.error
        figures = {**FIGURES, **self.changes.pop("figures", {})}
        values = {"path": Path("/out/a.html"), "job": "abc", "source": "/films/a.mkv", "pictures": 3, "missing": ()}
        return ReportDone(**{**values, **self.changes}, figures=figures)


def said(stub: Stub, *words: str) -> int:
    return run(["report", *words], stub, {})  # type: ignore[arg-type]


def test_the_order_is_what_was_typed() -> None:
    stub = Stub()
    assert said(stub, "film.mkv", "-o", "x.html", "--overwrite") == 0
    assert said(stub, "3f9a") == 0
    assert stub.orders == [
        ReportOrder(what="film.mkv", out=Path("x.html"), overwrite=True),
        ReportOrder(what="3f9a"),
    ]


def test_people_are_told_where_the_page_is_and_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(Stub(missing=("The source \x1b[31m is gone.",)), "a.mkv") == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "report  /out/a.html",
        "VMAF    93.11 mean, 88.50 5th percentile",
        "size    2 MB → 600 kB",
        "note    The source \\x1b[31m is gone.",
    ]
    assert err == "looking at \\x1b[31m it\n"


def test_a_job_that_is_not_done_is_said_to_be_so(capsys: pytest.CaptureFixture[str]) -> None:
    unknown = {"status": "open", "vmaf": None, "bytes_after": None}
    assert said(Stub(figures=unknown), "a.mkv") == 0
    assert capsys.readouterr().out.splitlines() == [
        "report  /out/a.html",
        "note    the job is open: the page shows what is known so far",
    ]


def test_with_json_there_is_one_line_and_nothing_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(Stub(missing=("no source",)), "a.mkv", "--json") == 0
    out, err = capsys.readouterr()
    (line,) = map(json.loads, out.splitlines())
    assert line["event"] == "result"
    assert line["data"] == {"report": "/out/a.html", "job": "abc", "pictures": 3, "missing": ["no source"], **FIGURES}
    assert (line["file"], line["job"], line["status"]) == ("/films/a.mkv", "abc", "done")
    assert err == ""


def test_an_error_is_one_sentence_and_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    stub = Stub(ConflictError("x.html exists and is no report of ours.", hint="Give another -o."))
    assert said(stub, "a.mkv", "--json") == 8
    out, err = capsys.readouterr()
    assert err == "reelwright: x.html exists and is no report of ours. Give another -o.\n"
    assert json.loads(out)["data"]["exit_code"] == 8
