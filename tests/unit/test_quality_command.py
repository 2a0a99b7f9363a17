"""The `quality` command: its words, its JSON, and its failures."""

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reelwright.app import Commands
from reelwright.cli.commands import ResetDone
from reelwright.cli.main import run
from reelwright.engine.model_view import FilmRow, Guess, ModelView, SizeRow
from reelwright.store.database import open_ledger

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
VIEW = ModelView(
    target=93.0, encoder="libsvtav1", learns=True, since=None, weight=0.75,
    sizes=tuple(
        SizeRow(
            width=w, height=h, preset=p, built_in=Guess(crf=40 - p, sd=4.0), used=Guess(crf=39.5 - p, sd=3.25),
        )
        for w, h in ((1280, 720), (1920, 1080)) for p in (6, 8)
    ),
    films=tuple(
        FilmRow(source_id="0123456789", path=path, chunks=40, built_in=4.0, learned=2.5, weight=0.5)
        for path in ("/films/caf\udce9\x1b[31m.mkv", None)
    ),
    recent_built_in=4.0, recent_learned=2.5, trained_films=9, trained_chunks=38,
    trained_errors={"constant": 4.2, "model": 3.4},
)  # fmt: skip


class Answers:
    def __init__(self, view: ModelView = VIEW, *, changed: bool = True, since: dt.datetime | None = None) -> None:
        self.view, self.changed, self.since = view, changed, since
        self.asked: list[bool] = []

    def quality_model(self) -> ModelView:
        return self.view

    def reset_quality_model(self, *, undo: bool) -> ResetDone:
        self.asked.append(undo)
        return ResetDone(changed=self.changed, since=self.since)


def told(capsys: pytest.CaptureFixture[str], program: Any, *words: str) -> tuple[int, str, str]:
    code = run(["quality", *words], program, {})
    return (code, *capsys.readouterr())


def test_people_get_a_table_and_what_it_learned_from(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = told(capsys, Answers(), "model")
    assert (code, err) == (0, "")
    assert "meets VMAF 93" in out
    assert "1280x720        33.5 ± 3.2    31.5 ± 3.2" in out
    assert "Learned from 2 films, 80 chunks; that counts for 75%" in out
    assert "off by 2.5 CRF with what was learned before them, by 4.0 with the model built in" in out
    assert "01234567" in out
    assert "\x1b" not in out


def test_json_is_one_line_with_everything(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = told(capsys, Answers(), "model", "--json")
    found = json.loads(out)
    assert (code, found["event"], out.count("\n")) == (0, "result", 1)
    assert found["data"]["sizes"][0]["used"] == {"crf": 33.5, "sd": 3.25}
    assert found["data"]["films"][0]["path"] == "/films/caf\udce9\x1b[31m.mkv"
    assert found["data"]["trained_errors"] == {"constant": 4.2, "model": 3.4}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"films": ()}, "learned from no film yet"),
        ({"films": (), "since": NOON}, "learned from no film since 2026-03-01"),
        ({"learns": False, "films": ()}, "encoding.learn is false"),
        ({"films": VIEW.films[:1]}, "Learned from 1 film, 40 chunks"),
        ({"films": VIEW.films * 8}, "… and 6 older"),
    ],
)
def test_it_says_what_there_is(capsys: pytest.CaptureFixture[str], changes: dict[str, Any], said: str) -> None:
    assert said in told(capsys, Answers(replace(VIEW, **changes)), "model")[1]


@pytest.mark.parametrize(
    ("words", "answers", "said"),
    [
        (["--reset"], Answers(since=NOON), "learns anew"),
        (["--reset"], Answers(changed=False), "no ledger yet"),
        (["--undo-reset"], Answers(), "all trials again"),
        (["--undo-reset"], Answers(since=NOON), "trials since 2026-03-01"),
        (["--undo-reset"], Answers(changed=False), "no reset to take back"),
    ],
)
def test_a_reset_and_its_undoing_are_told(
    capsys: pytest.CaptureFixture[str], words: list[str], answers: Answers, said: str
) -> None:
    code, out, _ = told(capsys, answers, "model", *words)
    assert (code, said in out) == (0, True)
    assert answers.asked == [words == ["--undo-reset"]]
    data = json.loads(told(capsys, answers, "model", *words, "--json")[1])["data"]
    assert data["changed"] is answers.changed


@pytest.mark.parametrize("words", [[], ["models"], ["model", "--reset", "--undo-reset"], ["model", "x"]])
def test_wrong_words_are_wrong_usage(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    code, out, err = told(capsys, Answers(), *words)
    assert (code, out) == (2, "")
    assert "--help" in err


class TestTheRealThing:
    @pytest.fixture
    def ledger(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        path = tmp_path / "ledger.sqlite3"
        monkeypatch.setenv("REELWRIGHT_DATABASE__PATH", str(path))
        return path

    def test_looking_and_resetting_make_no_ledger(self, ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "learned from no film" in told(capsys, Commands(), "model")[1]
        assert "no ledger yet" in told(capsys, Commands(), "model", "--reset")[1]
        assert "no reset" in told(capsys, Commands(), "model", "--undo-reset")[1]
        assert not ledger.exists()

    def test_a_reset_is_kept_and_taken_back(self, ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
        open_ledger(ledger).close()
        told(capsys, Commands(), "model", "--reset")
        since = json.loads(told(capsys, Commands(), "model", "--json")[1])["data"]["since"]
        assert dt.datetime.fromisoformat(since) <= dt.datetime.now(dt.UTC)
        assert "all trials again" in told(capsys, Commands(), "model", "--undo-reset")[1]
        assert json.loads(told(capsys, Commands(), "model", "--json")[1])["data"]["since"] is None

    def test_a_ledger_that_is_none_is_said_in_a_sentence(
        self, ledger: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ledger.write_bytes(b"not a database at all, but long enough to look at" * 50)
        code, out, err = told(capsys, Commands(), "model")
        assert (code, out) == (2, "")
        assert "no ledger" in err
