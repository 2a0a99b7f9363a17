"""Opening ledgers: fresh, current, older, newer, foreign, damaged, misplaced, contended; and what survives a kill."""

import datetime as dt
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings

from dossiers import trial
from reelwright.engine.jobs import Job, StepKind, StepRecord
from reelwright.errors import ReelwrightError, ResourceError, UsageError
from reelwright.store import connection, database, sqlite
from reelwright.store.database import open_ledger

if TYPE_CHECKING:
    from reelwright.store.jobs import DjangoJobStore  # not at run time: Django must be set up first


def job(job_id: str) -> Job:
    return Job(id=job_id, source_id="s", source_path="/films/a.mkv", output_path="/out/a.mkv", plan={})


def ask(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as plain, plain:
        return plain.execute(question).fetchall()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> "Iterator[DjangoJobStore]":
    store = open_ledger(path)
    yield store
    store.close()


@pytest.fixture(autouse=True)
def _no_connection_is_left() -> Iterator[None]:
    yield
    if settings.configured:
        connection.hang_up()


def refused(path: Path) -> UsageError:
    with pytest.raises(UsageError) as caught:
        open_ledger(path)
    assert caught.value.exit_code == 2
    assert str(path) in caught.value.message
    assert caught.value.hint
    return caught.value


class TestVersionRule:
    @pytest.mark.parametrize("version", [(3, 7, 0), (3, 40, 1), (3, 51, 2)])
    def test_versions_that_may_lose_pages_of_a_log_keep_a_rollback_journal(self, version: tuple[int, ...]) -> None:
        assert sqlite.journal_mode(version) == "delete"

    @pytest.mark.parametrize("version", [(3, 51, 3), (3, 52, 0), (3, 53), (4, 0, 0)])
    def test_versions_without_the_defect_keep_a_write_ahead_log(self, version: tuple[int, ...]) -> None:
        assert sqlite.journal_mode(version) == "wal"

    @pytest.mark.parametrize("version", [(3, 40, 1), (3, 53, 0)])
    def test_every_version_syncs_in_full(self, version: tuple[int, ...]) -> None:
        assert "PRAGMA synchronous=FULL" in sqlite.pragmas(version)
        assert f"PRAGMA journal_mode={sqlite.journal_mode(version)}" in sqlite.pragmas(version)


class TestMountsRule:
    MOUNTS = textwrap.dedent(
        r"""
        /dev/sda1 / ext4 rw,relatime 0 0
        proc /proc proc rw 0 0
        nas:/films /mnt/nas nfs4 rw,vers=4.2 0 0
        //nas/share /mnt/my\040share cifs rw 0 0
        tmpfs /mnt/nas/scratch tmpfs rw 0 0
        me@host: /mnt/ssh fuse.sshfs rw 0 0
        C: /mnt/c 9p rw 0 0
        x /mnt/smb smb3 rw 0 0
        nas:/old /mnt/covered nfs rw 0 0
        /dev/sdb1 /mnt/covered xfs rw 0 0
        nonsense
        """
    )

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("/home/me/ledger.sqlite3", None),
            ("/mnt/nas/a/ledger.sqlite3", "nfs4"),
            ("/mnt/nas2/ledger.sqlite3", None),
            ("/mnt/nas/scratch/ledger.sqlite3", None),
            ("/mnt/my share/ledger.sqlite3", "cifs"),
            ("/mnt/ssh/ledger.sqlite3", "fuse.sshfs"),
            ("/mnt/c/ledger.sqlite3", "9p"),
            ("/mnt/smb/ledger.sqlite3", "smb3"),
            ("/mnt/covered/ledger.sqlite3", None),
        ],
    )
    def test_the_deepest_and_latest_mount_decides(self, path: str, found: str | None) -> None:
        assert sqlite.network_file_system(self.MOUNTS, PurePosixPath(path)) == found

    def test_without_a_mount_table_nothing_is_refused(self) -> None:
        assert sqlite.network_file_system("", PurePosixPath("/a")) is None

    def test_a_ledger_on_a_network_file_system_is_refused(
        self, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mounts = tmp_path / "mounts"
        mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\nnas:/x {tmp_path} nfs4 rw 0 0\n")
        monkeypatch.setattr(database, "_MOUNTS", mounts)
        error = refused(path)
        assert "nfs4" in error.message
        assert "database.path" in error.hint
        assert not path.exists()


class TestFirstUse:
    def test_a_fresh_ledger_is_made_with_the_folders_above_it(self, tmp_path: Path) -> None:
        path = tmp_path / "a" / "b" / "ledger.sqlite3"
        store = open_ledger(path)
        assert store.open_job(job("j")) == job("j")
        store.close()
        assert ask(path, "SELECT id FROM store_job") == [("j",)]
        assert not list(path.parent.glob("*.backup"))

    def test_an_empty_file_is_a_fresh_ledger(self, path: Path) -> None:
        path.touch()
        store = open_ledger(path)
        assert store.find_job("j") is None
        store.close()
        assert not list(path.parent.glob("*.backup"))

    def test_a_path_may_hold_what_sql_and_urls_use(self, tmp_path: Path) -> None:
        path = tmp_path / "50% of ?mode=memory#\udcff.sqlite3"
        store = open_ledger(path)
        store.open_job(job("j"))
        store.close()
        store = open_ledger(path)
        assert store.find_job("j") == job("j")
        store.close()
        assert path.stat().st_size > 0

    def test_a_current_ledger_is_opened_without_the_lock_and_without_a_migration(
        self, ledger: "DjangoJobStore", path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.open_job(job("j"))
        monkeypatch.setattr(database, "_migrate", lambda _=None: pytest.fail("migrated"))
        with path.with_name(f"{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert open_ledger(path).find_job("j") == job("j")

    def test_the_migrations_make_what_the_models_say(self, ledger: "DjangoJobStore") -> None:
        from django.core.management import call_command  # noqa: PLC0415 -- Django must be set up first

        assert ledger.find_job("j") is None
        call_command("makemigrations", "store", check_changes=True, dry_run=True, verbosity=0)


class TestOlderLedgers:
    def test_a_ledger_is_copied_before_it_is_migrated(self, ledger: "DjangoJobStore", path: Path) -> None:
        from django.db import connection as django  # noqa: PLC0415 -- Django must be set up first
        from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 -- as above

        ledger.open_job(job("j"))
        MigrationExecutor(django).migrate([("store", None)])
        ledger.close()
        ask(path, "PRAGMA user_version = 7")

        again = open_ledger(path)
        assert again.find_job("j") is None
        again.open_job(job("k"))
        copy = path.with_name("ledger.sqlite3.before-zero.backup")
        assert ask(copy, "PRAGMA user_version") == [(7,)]
        assert ask(copy, "SELECT name FROM sqlite_master WHERE name LIKE 'store_%'") == []
        assert not list(path.parent.glob("*.part*"))

    def test_trials_of_the_first_version_tell_what_they_needed(self, ledger: "DjangoJobStore", path: Path) -> None:
        from django.db import connection as django  # noqa: PLC0415 -- Django must be set up first
        from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 -- as above

        assert ledger.find_job("j") is None
        executor = MigrationExecutor(django)
        executor.migrate([("store", "0001_initial")])
        old = executor.loader.project_state([("store", "0001_initial")]).apps.get_model("store", "Trial")
        sizes = [(1920, 1080), (1280, 720), (1920, 1080)]
        for number, (width, height) in enumerate(sizes):
            columns = {f.name: old_value(f, number) for f in old._meta.concrete_fields if not f.primary_key}
            old.objects.create(**{**columns, "width": width, "height": height})
        ledger.close()

        again = open_ledger(path)
        hd = again.usage_of(1920, 1080, encoder="x", preset=7, limit=9)
        assert [(s.width, s.threads, s.cpu_idle, s.encode.peak_rss_bytes) for s in hd] == [(1920, None, None, 7)] * 2

    def test_trials_of_a_ledger_without_expectations_are_still_trials(
        self, ledger: "DjangoJobStore", path: Path
    ) -> None:
        from django.db import connection as django  # noqa: PLC0415 -- Django must be set up first
        from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 -- as above

        ledger.commit_trial(trial(0, 30.0, 93.0, 95.0))
        MigrationExecutor(django).migrate([("store", "0001_initial")])
        ledger.close()
        assert "predicted" not in {row[1] for row in ask(path, "PRAGMA table_info(store_trial)")}

        assert open_ledger(path).trials(["c0"]) == [trial(0, 30.0, None, 95.0)]

    def test_a_failed_migration_leaves_the_copy_and_the_next_run_tries_again(
        self, ledger: "DjangoJobStore", path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.open_job(job("j"))
        ledger.close()
        known = sqlite.known_migrations()
        monkeypatch.setattr(sqlite, "known_migrations", lambda: {*known, "9999_later"})
        copy = path.with_name(f"ledger.sqlite3.before-{max(known)}.backup")

        def fail(_: str | None = None) -> None:
            assert ask(copy, "SELECT id FROM store_job") == [("j",)]
            raise RuntimeError("power cut")

        monkeypatch.setattr(database, "_migrate", fail)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="power cut"):
                open_ledger(path)

        later = "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', '2030-01-01')"
        monkeypatch.setattr(database, "_migrate", lambda _=None: ask(path, later))
        store = open_ledger(path)
        assert store.find_job("j") == job("j")

    def test_a_ledger_with_the_other_journal_is_converted_without_a_copy(
        self, ledger: "DjangoJobStore", path: Path
    ) -> None:
        ledger.open_job(job("j"))
        ledger.close()
        wanted = sqlite.journal_mode(sqlite3.sqlite_version_info)
        other = "wal" if wanted == "delete" else "delete"
        assert ask(path, f"PRAGMA journal_mode={other}") == [(other,)]
        store = open_ledger(path)
        # Already, and under the lock: SQLite does not wait for others when it changes the journal.
        assert ask(path, "PRAGMA journal_mode") == [(wanted,)]
        assert store.find_job("j") == job("j")
        assert not list(path.parent.glob("*.backup"))


def old_value(field: Any, number: int) -> object:
    """A value for a column of an older ledger; text that must be unique is."""
    if field.name in {"start", "end"}:
        return int(field.name == "end")
    kinds = {"CharField": "x", "JSONField": {}, "DateTimeField": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}
    return f"t{number}" if field.unique else kinds.get(field.get_internal_type(), 7)


def test_usage_is_found_by_an_index_however_long_the_ledger_is(ledger: "DjangoJobStore", path: Path) -> None:
    from django.db import connection as django  # noqa: PLC0415 -- Django must be set up first
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415 -- as above

    with CaptureQueriesContext(django) as asked:
        ledger.usage_of(1920, 1080, encoder="libsvtav1", preset=6, limit=64)
    questions = [query["sql"] for query in asked.captured_queries if query["sql"].startswith("SELECT")]
    assert len(questions) >= 3
    for question in questions:
        plan = " ".join(str(row[3]) for row in ask(path, f"EXPLAIN QUERY PLAN {question}"))
        assert "SCAN" not in plan
        assert "TEMP B-TREE" not in plan
        assert "trials_of_a_size (encoder=? AND preset=? AND size_class=?)" in plan


class TestLedgersThatAreNotOurs:
    def test_a_newer_schema_is_refused_and_left_alone(self, ledger: "DjangoJobStore", path: Path) -> None:
        ledger.close()
        ask(path, "INSERT INTO django_migrations (app, name, applied) VALUES ('store', '9999_later', '2030-01-01')")
        before = path.read_bytes()
        error = refused(path)
        assert "newer version" in error.message
        assert "9999_later" in error.message
        assert path.read_bytes() == before

    def test_another_programs_database_is_refused_and_left_alone(self, path: Path) -> None:
        ask(path, "CREATE TABLE bookmarks (url TEXT)")
        before = path.read_bytes()
        assert "another program" in refused(path).message
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        "content", [b"not a database, but longer than nothing" * 200, b"hi\n", b"SQLite format 3\0" * 9]
    )
    def test_a_file_that_is_no_database_is_refused_and_left_alone(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        error = refused(path)
        assert "backup" in error.hint
        assert path.read_bytes() == content

    def test_a_ledger_with_damaged_pages_is_refused(self, ledger: "DjangoJobStore", path: Path) -> None:
        ledger.open_job(job("j"))
        ledger.close()
        whole = path.read_bytes()
        path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
        assert "damaged" in refused(path).message

    def test_damage_found_later_names_the_file(self, ledger: "DjangoJobStore", path: Path) -> None:
        ledger.open_job(job("j"))
        ledger.close()
        ((page,),) = ask(path, "SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_store_job_1'")
        assert isinstance(page, int)
        with path.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(b"\xff" * 4096)
        store = open_ledger(path)
        with pytest.raises(UsageError, match="damaged"):
            store.find_job("j")


class TestPlacesThatCannotBeWritten:
    def test_a_folder_that_cannot_be_made_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(UsageError, match="cannot be made") as caught:
            open_ledger(tmp_path / "file" / "below" / "ledger.sqlite3")
        assert "database.path" in caught.value.hint

    def test_a_folder_is_no_ledger(self, tmp_path: Path) -> None:
        assert "is a folder" in refused(tmp_path).message

    @pytest.mark.parametrize("closed", ["folder", "file"])
    def test_without_permission_it_is_refused(
        self, ledger: "DjangoJobStore", path: Path, closed: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger.close()
        denied = path if closed == "file" else path.parent
        monkeypatch.setattr(os, "access", lambda place, _mode: place != denied)
        assert "no permission" in refused(path).message

    def test_a_lock_that_cannot_be_made_is_refused(self, path: Path) -> None:
        path.with_name(f"{path.name}.lock").mkdir()
        with pytest.raises(UsageError, match="lock"):
            open_ledger(path)


class TestConnections:
    def test_a_commit_is_on_the_disk_when_the_call_returns(self, ledger: "DjangoJobStore") -> None:
        from django.db import connection as django  # noqa: PLC0415 -- Django must be set up first

        ledger.open_job(job("j"))
        with django.cursor() as cursor:
            found = {
                name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
            }
        wanted = sqlite.journal_mode(sqlite3.sqlite_version_info)
        assert found == {"journal_mode": wanted, "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}

    @pytest.mark.parametrize("safe_from", [(3, 0, 0), (99, 0, 0)])
    def test_a_ledger_works_with_either_journal(
        self, path: Path, safe_from: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "WAL_IS_SAFE", safe_from)
        store = open_ledger(path)
        store.open_job(job("j"))
        assert path.with_name(f"{path.name}-wal").exists() == (safe_from == (3, 0, 0))
        store.close()
        assert open_ledger(path).find_job("j") == job("j")

    def test_a_transaction_takes_the_write_lock_when_it_begins(self, ledger: "DjangoJobStore", path: Path) -> None:
        from django.db.transaction import atomic  # noqa: PLC0415 -- Django must be set up first

        ledger.open_job(job("j"))
        with (
            atomic(),
            closing(sqlite3.connect(path, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")

    def test_a_ledger_that_stays_locked_is_trouble_that_may_pass(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sqlite, "TIMEOUT", 0.05)
        store = open_ledger(path)
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(ResourceError, match="locked") as caught:
                store.open_job(job("j"))
        assert caught.value.exit_code == 7
        assert store.open_job(job("j")) == job("j")

    def test_closing_may_be_repeated_and_undone_by_the_next_call(self, ledger: "DjangoJobStore") -> None:
        ledger.open_job(job("j"))
        ledger.close()
        ledger.close()
        assert ledger.find_job("j") == job("j")

    def test_the_thread_that_opens_keeps_no_connection(self, path: Path) -> None:
        from django.db import connections  # noqa: PLC0415 -- Django must be set up first

        with ThreadPoolExecutor(1) as thread:
            store = open_ledger(path)
            assert thread.submit(store.open_job, job("j")).result() == job("j")
            assert connections["default"].connection is None
            thread.submit(store.close).result()

    def test_another_ledger_ends_the_use_of_the_former(self, ledger: "DjangoJobStore", path: Path) -> None:
        ledger.open_job(job("j"))
        other = open_ledger(path.with_name("other.sqlite3"))
        assert other.find_job("j") is None
        with pytest.raises(ReelwrightError, match="opened another one"):
            ledger.commit_step("j", StepRecord(kind=StepKind.PLACE, result={}))
        assert open_ledger(path).find_job("j") == job("j")

    def test_a_thread_that_spoke_to_the_former_ledger_speaks_to_the_new_one(self, path: Path) -> None:
        with ThreadPoolExecutor(1) as thread:
            first = open_ledger(path)
            thread.submit(first.open_job, job("old")).result()
            second = open_ledger(path.with_name("other.sqlite3"))
            thread.submit(second.open_job, job("new")).result()
            thread.submit(second.close).result()
        assert ask(path, "SELECT id FROM store_job") == [("old",)]
        assert ask(second.place, "SELECT id FROM store_job") == [("new",)]


def child(code: str, *arguments: object, **environ: str) -> subprocess.Popen[str]:
    prelude = """
        import os, signal, sys, time
        from pathlib import Path
        from reelwright.engine.jobs import Job
        from reelwright.store.database import open_ledger

        def job(job_id):
            return Job(id=job_id, source_id="s", source_path="/films/a.mkv", output_path="/out/a.mkv", plan={})
    """
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(prelude) + textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    )


class TestProcesses:
    def test_several_that_start_at_once_on_a_fresh_ledger_all_succeed(self, path: Path) -> None:
        code = """
            print("ready", flush=True)
            sys.stdin.readline()
            store = open_ledger(Path(sys.argv[1]))
            for number in range(5):
                store.open_job(job(f"{sys.argv[2]}-{number}"))
            store.close()
        """
        children = [child(code, path, name) for name in "abcd"]
        for one in children:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in children:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        ends = [(one.communicate(timeout=300)[1], one.returncode) for one in children]
        assert ends == [("", 0)] * 4
        assert ask(path, "SELECT count(*) FROM store_job") == [(20,)]
        assert ask(path, "SELECT count(*) FROM django_migrations WHERE app = 'store'") == [
            (len(sqlite.known_migrations()),)
        ]
        assert not list(path.parent.glob("*.backup"))

    def test_what_was_committed_survives_a_kill_and_what_was_not_is_gone(self, path: Path) -> None:
        code = """
            store = open_ledger(Path(sys.argv[1]))
            store.open_job(job("committed"))
            from django.db.transaction import atomic
            from reelwright.store.models import Job as Row
            with atomic():
                for number in range(2000):
                    Row.objects.create(id=f"open-{number}", plan={"much": "x" * 2000})
                os.kill(os.getpid(), signal.SIGKILL)
        """
        process = child(code, path)
        _, told = process.communicate(timeout=300)
        assert process.returncode == -signal.SIGKILL, told
        store = open_ledger(path)
        assert store.find_job("committed") == job("committed")
        assert store.find_job("open-0") is None
        assert ask(path, "PRAGMA integrity_check") == [("ok",)]

    def test_nothing_in_the_environment_chooses_the_ledger_and_the_time_zone_is_left(self, path: Path) -> None:
        code = """
            store = open_ledger(Path(sys.argv[1]))
            store.open_job(job("j"))
            store.close()
            print(os.environ["TZ"], time.tzname[0])
        """
        process = child(code, path, DJANGO_SETTINGS_MODULE="somebody.elses", TZ="EST5EDT")
        assert process.communicate(timeout=300) == ("EST5EDT EST\n", "")

    def test_a_process_that_runs_another_django_site_is_told(self, path: Path) -> None:
        code = """
            from django.conf import settings
            from reelwright.errors import UsageError
            settings.configure(INSTALLED_APPS=[])
            try:
                open_ledger(Path(sys.argv[1]))
            except UsageError as error:
                print(error.message)
        """
        process = child(code, path)
        assert process.communicate(timeout=300) == ("Django is set up for another site in this process.\n", "")
