"""A ledger on a PostgreSQL server: opened, brought up to date, refused, cut off; and never half-written."""

import datetime as dt
import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from dossiers import trial
from leasing import LASTS, work, worker
from postgres import PASSWORD, Server, empty_ledger_there, find_programs, migrated, the_server, url_of
from reelwright.app import main
from reelwright.databases import Postgres
from reelwright.engine.jobs import Job, OutcomeRecord, TrialRecord
from reelwright.engine.leases import WorkState
from reelwright.errors import ReelwrightError, ResourceError, ToolError, UsageError
from reelwright.store import connection
from reelwright.store.database import migrate_ledger, open_ledger
from reelwright.store.roles import grant_to_encoder


def job(job_id: str = "j1") -> Job:
    return Job(id=job_id, source_id="s", source_path="/films/a.mkv", output_path="/out/a.mkv", plan={})


def outcome() -> OutcomeRecord:
    return OutcomeRecord(
        source_path="/a", output_path=None, job_id="j1", decision=None, outcome="failed", exit_code=4, reasons=(),
        bytes_before=None, bytes_after=None, vmaf=None, trials=0, seconds=0.0, cpu_seconds=0.0, checks=(),
        finished=None,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _no_connection_is_left() -> Iterator[None]:
    yield
    connection.hang_up()


@pytest.fixture
def place() -> Postgres:
    return empty_ledger_there()


def some_trial(number: int = 0) -> TrialRecord:
    return trial(0, 20.0 + number / 4, None, 93.0)


def cut(place: Postgres) -> int:
    """Every connection to the database ends, as when a router or an administrator cuts it."""
    question = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'reelwright'"
    return len(the_server().ask(f"{question} AND datname = '{place.name}'"))


@contextmanager
def held(place: Postgres, question: str) -> Iterator[Callable[[], None]]:
    """A lock of somebody else's, and a call that waits until somebody waits for it."""
    with psycopg.connect(**the_server().login(place.name)) as other:  # type: ignore[arg-type]
        other.execute(question.encode())

        def until_somebody_waits() -> None:
            for _ in range(600):
                if the_server().ask("SELECT 1 FROM pg_locks WHERE NOT granted"):
                    return
                time.sleep(0.05)
            raise AssertionError("nobody waits")

        yield until_somebody_waits


class TestOpening:
    def test_a_database_without_tables_has_to_be_migrated_first(self) -> None:
        empty = the_server().new_database()
        with pytest.raises(UsageError, match="has no tables yet") as caught:
            open_ledger(empty)
        assert (caught.value.exit_code, "db migrate" in caught.value.hint) == (2, True)
        assert the_server().ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", empty.name) == []

    def test_migrating_makes_what_the_models_say_and_twice_changes_nothing(self) -> None:
        from django.core.management import call_command  # noqa: PLC0415 -- Django must be set up first

        place = the_server().new_database()
        assert migrate_ledger(place)[0] == "0001_initial"
        assert migrate_ledger(place) == ()
        store = open_ledger(place)
        with connection.speaking_to(place):
            call_command("makemigrations", "store", check_changes=True, dry_run=True, verbosity=0)
        store.close()

    def test_two_who_migrate_at_once_do_it_once(self) -> None:
        place = the_server().new_database()

        def migrate() -> tuple[str, ...]:
            try:
                return migrate_ledger(place)
            finally:
                connection.hang_up()

        with ThreadPoolExecutor(2) as both:
            done = [one.result() for one in [both.submit(migrate), both.submit(migrate)]]
        assert min(map(len, done)) == 0
        assert max(map(len, done)) > 5

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', now())",
                "newer version",
            ),
            ("DELETE FROM django_migrations WHERE name = '0009_leased_work'", "older than this version"),
        ],
    )
    def test_a_newer_or_an_older_schema_is_told(self, change: str, words: str) -> None:
        connection.hang_up()
        place = the_server().new_database(migrated().name)
        the_server().ask(change, place.name)
        with pytest.raises(UsageError, match=words) as caught:
            open_ledger(place)
        assert str(place) in caught.value.message

    def test_another_programs_database_is_left_alone(self) -> None:
        place = the_server().new_database()
        the_server().ask("CREATE TABLE theirs (id int)", place.name)
        for use in (open_ledger, migrate_ledger):
            with pytest.raises(UsageError, match="another program"):
                use(place)
        assert the_server().ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", place.name) == [
            ("theirs",)
        ]

    def test_a_database_that_holds_no_utf8_is_refused(self) -> None:
        the_server().ask("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE_PROVIDER libc LOCALE 'C'")
        with pytest.raises(UsageError, match="LATIN1"):
            open_ledger(the_server().place("latin"))

    @pytest.mark.parametrize(
        ("wrong", "error", "words"),
        [
            ({"password": "guess"}, ToolError, "password authentication failed"),
            ({"name": "nowhere"}, ToolError, "does not exist"),
            ({"port": "1"}, ResourceError, "cannot be reached"),
            ({"host": "no.such.host.invalid"}, ResourceError, "cannot be reached"),
            ({"options": {"nonsense": "1"}}, UsageError, "nonsense"),
        ],
    )
    def test_what_is_in_the_way_is_one_sentence(
        self, place: Postgres, wrong: dict[str, Any], error: type[ReelwrightError], words: str
    ) -> None:
        with pytest.raises(error, match=words) as caught:
            open_ledger(replace(place, **wrong))
        assert "\n" not in str(caught.value)
        assert caught.value.hint
        assert "guess" not in str(caught.value)
        assert PASSWORD not in str(caught.value)

    def test_a_driver_that_is_missing_is_told(self, place: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(ToolError, match="driver") as caught:
            open_ledger(place)
        assert "reelwright[postgresql]" in caught.value.hint

    def test_who_may_only_read_is_told(self, place: Postgres) -> None:
        store = open_ledger(replace(place, options={"options": "-c default_transaction_read_only=on"}))
        with pytest.raises(UsageError, match="may not be written"):
            store.commit_trial(some_trial())


class TestCommands:
    def test_the_command_line_goes_from_nothing_to_a_ledger(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        place = the_server().new_database()
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        monkeypatch.setenv("REELWRIGHT_DATABASE__URL", url_of(place))
        codes = [main(argv) for argv in (["jobs"], ["db", "migrate", "--json"], ["db", "migrate"], ["jobs", "--json"])]
        told = capsys.readouterr()
        assert codes == [2, 0, 0, 0]
        assert told.err.count("\n") == 1
        assert json.loads(told.out.splitlines()[0])["data"]["applied"][0] == "0001_initial"
        assert f"{place} is up to date." in told.out
        assert not list(tmp_path.rglob("*.sqlite3"))
        assert main(["config", "show"]) == main(["config", "show", "--json"]) == 0
        told = capsys.readouterr()
        assert told.out.count("owner:***@127.0.0.1") == 2
        assert quote(PASSWORD, safe="") not in told.out


class TestCutOff:
    def test_a_connection_that_was_cut_is_made_again(self, place: Postgres) -> None:
        store = open_ledger(place)
        store.open_job(job())
        assert cut(place) == 1
        store.commit_trial(some_trial())
        assert cut(place) == 1
        assert store.find_job("j1") == job()
        assert len(store.trials(["c0"])) == 1

    def test_what_would_add_a_row_each_time_is_not_repeated_and_told(self, place: Postgres) -> None:
        store = open_ledger(place)
        store.open_job(job())
        assert cut(place) == 1
        with pytest.raises(ResourceError, match="cannot be reached") as caught:
            store.record_outcome(outcome())
        assert (caught.value.exit_code, caught.value.permanent) == (7, False)
        assert store.outcomes("j1") == []
        store.record_outcome(outcome())
        assert len(store.outcomes("j1")) == 1

    def test_one_that_was_idle_is_looked_at_before_it_is_used(
        self, place: Postgres, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(connection, "IDLE_SECONDS", 0.0)
        store = open_ledger(place)
        assert cut(place) == 1
        store.record_outcome(outcome())
        assert len(store.outcomes("j1")) == 1

    def test_a_transaction_that_is_cut_in_the_middle_is_made_again_as_a_whole(self, place: Postgres) -> None:
        store = open_ledger(place)
        from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- Django must be set up first

        leases, many = DjangoLeaseStore(store.place), [work(f"w{number}") for number in range(700)]
        anna, now = worker(), dt.datetime.now(dt.UTC)

        def add() -> int:
            try:
                return leases.add_work(many)
            finally:
                connection.hang_up()

        leases.add_work([work("w699")])
        # Somebody adds one in the middle of ours and has not committed: ours waits for it with half its rows written.
        rest = "lane_id, payload, priority, attempts_allowed, state, attempts, token, cancel_asked, result"
        rest += ", created, updated"
        copied = f"INSERT INTO store_workitem (work, {rest}) SELECT 'w650', {rest} FROM store_workitem"  # noqa: S608
        with ThreadPoolExecutor(1) as other, held(place, copied) as until_somebody_waits:
            adding = other.submit(add)
            until_somebody_waits()
            assert leases.count_work()["", WorkState.READY] == 1
            cut(place)
            until_somebody_waits()
        assert adding.result() == 698
        leases.beat(anna, [], now, lasts=LASTS)
        assert len(leases.claim(anna, ("film",), now, limit=1000)) == 700

    def test_many_rows_are_locked_in_one_order_so_that_two_cannot_block_each_other(self, place: Postgres) -> None:
        store = open_ledger(place)
        from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- Django must be set up first

        leases = DjangoLeaseStore(store.place)
        leases.add_work([work("b"), work("a")])

        def cancel() -> int:
            try:
                return leases.ask_cancel(["a", "b"])
            finally:
                connection.hang_up()

        row = "SELECT * FROM store_workitem WHERE work = '{}' FOR UPDATE"
        with ThreadPoolExecutor(1) as other, held(place, row.format("a")) as until_somebody_waits:
            cancelling = other.submit(cancel)
            until_somebody_waits()
            with psycopg.connect(**the_server().login(place.name)) as third:  # type: ignore[arg-type]
                third.execute("SET lock_timeout = '50ms'")
                with pytest.raises(psycopg.errors.LockNotAvailable):  # the row added first is locked already
                    third.execute(row.format("b").encode())
        assert cancelling.result() == 2

    @pytest.mark.prove
    def test_a_server_that_starts_anew_is_waited_for(self, caplog: pytest.LogCaptureFixture) -> None:
        programs = find_programs()
        if programs is None:
            pytest.skip("PostgreSQL is not installed")
        server = Server(programs)
        place = server.new_database()
        migrate_ledger(place)
        store = open_ledger(place)
        store.open_job(job())

        def stop_for_a_while() -> None:
            server.stop()
            time.sleep(2)
            server.start()

        with ThreadPoolExecutor(1) as other, caplog.at_level(logging.WARNING):
            stopping = other.submit(stop_for_a_while)
            for number in range(40):
                store.commit_trial(some_trial(number))
                time.sleep(0.1)
            stopping.result()
        assert len(store.trials(["c0"])) == 40
        store.close()
        server.end()


def test_a_role_that_encodes_is_made_and_made_anew_with_its_password(
    place: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELWRIGHT_DATABASE__URL", url_of(place))
    role = f'en%code "{place.name}"'
    for word in ("first", "it's another"):
        (tmp_path / "word").write_text(word + "\n")
        assert main(["db", "roles", role, "--password-file", str(tmp_path / "word")]) == 0
        with psycopg.connect(
            host=place.host, port=place.port, dbname=place.name, user=role, password=word, autocommit=True
        ) as plain:
            assert plain.execute("SELECT count(*) FROM store_workitem").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                plain.execute("SELECT count(*) FROM store_outcome")
    with pytest.raises(UsageError, match="is a file"):
        grant_to_encoder(tmp_path / "ledger.sqlite3", role, "word")
    with pytest.raises(UsageError, match="empty"):
        grant_to_encoder(place, role, "")
