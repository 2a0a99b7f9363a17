"""`reelwright user`, on both databases."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from visitors import QUICK

from ledger_of_pages import with_tables
from postgres import the_server, url_of
from reelwright.app import main
from reelwright.store.database import migrate_ledger

GOOD = "correct horse battery staple"
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture(params=["sqlite", "postgresql"])
def say(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Say:
    """Give a command line, and a line on standard input."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    if request.param == "sqlite":
        (tmp_path / "ledger.sqlite3").write_bytes(with_tables())
        monkeypatch.setenv("REELWRIGHT_DATABASE__PATH", str(tmp_path / "ledger.sqlite3"))
    else:
        place = the_server().new_database()
        migrate_ledger(place)
        monkeypatch.setenv("REELWRIGHT_DATABASE__URL", url_of(place))
    monkeypatch.chdir(tmp_path)

    def said(*words: str, typed: str = "") -> tuple[int, str, str]:
        from io import StringIO  # noqa: PLC0415

        monkeypatch.setattr("sys.stdin", StringIO(typed))
        with override_settings(**QUICK):
            code = main(["user", *words])
        out, err = capsys.readouterr()
        return code, out, err

    assert settings.configured
    return said


def test_users_and_tokens_come_and_go(say: Say) -> None:
    assert say("list")[1].startswith("There is no user yet")
    assert say("add", "anna", typed=f"{GOOD}\n") == (0, "anna can sign in.\n", "")
    Path("word").write_text(f"{GOOD}\nnot this line\n")
    assert say("add", "Anna", "--once", "--password-file", "word") == (0, "Anna is there already.\n", "")
    assert say("add", "bert", "--once", "--password-file", "word") == (0, "bert can sign in.\n", "")
    assert say("add", "carl", "--password-file", "gone")[0] == 2
    assert say("remove", "bert")[0] == 0
    code, token, _ = say("token", "anna", "--name", "backup")
    assert (code, token[:3]) == (0, "rw_")
    rows = json.loads(say("list", "--json")[1])["data"]["users"]
    assert [(row["name"], row["tokens"], row["last_login"]) for row in rows] == [("anna", ["backup"], None)]
    assert say("token", "anna", "--name", "backup")[0] == 8
    assert say("revoke", "anna", "--name", "other")[0] == 2
    assert say("revoke", "anna")[1] == "1 token of anna revoked.\n"
    assert say("password", "anna", typed="another battery staple\n")[0] == 0
    code, _, err = say("remove", "anna")
    assert code == 3
    assert "the last user" in err
    assert say("add", "bert", typed=f"{GOOD}\n")[0] == 0
    assert say("remove", "anna")[0] == 0
    assert say("remove", "bert", "--last")[0] == 0
    assert say("list", "--json")[1] == '{"event": "result", "data": {"users": []}}\n'


@pytest.mark.parametrize(
    ("words", "typed", "code", "said"),
    [
        (("add", "anna"), "short\n", 2, "too short: it must contain at least 8 characters."),
        (("add", "anna"), "password123\n", 2, "too common."),
        (("add", "anna"), "", 2, "No password came on standard input."),
        (("add", "two words"), f"{GOOD}\n", 2, "is no name for a user"),
        (("password", "nobody"), f"{GOOD}\n", 2, "There is no user nobody."),
        (("token", "nobody"), "", 2, "There is no user nobody."),
        (("remove", "nobody"), "", 2, "There is no user nobody."),
    ],
)
def test_what_cannot_be_is_one_sentence(say: Say, words: tuple[str, ...], typed: str, code: int, said: str) -> None:
    found = say(*words, typed=typed)
    assert found[0] == code
    assert said in found[2]
    assert found[2].count("\n") == 1
    assert "Traceback" not in found[2]


def test_a_name_is_taken_in_any_case_of_letters(say: Say) -> None:
    say("add", "anna", typed=f"{GOOD}\n")
    assert say("add", "Anna", typed=f"{GOOD}\n")[0] == 8
