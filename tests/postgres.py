"""A PostgreSQL server of the tests' own, on loopback: started once in a process, and a database in it for each test."""

import atexit
import os
import pwd
import shutil
import subprocess
import time
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

import psycopg
import pytest

from brokers import free_port
from reelwright.databases import Postgres
from reelwright.store.database import migrate_ledger

PASSWORD = "it is: a/secret@home"  # noqa: S105 -- of a server that lives as long as a test
_number = count()


def find_programs() -> Path | None:
    """The newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    program = shutil.which("postgres")
    return Path(program).resolve().parent if program else None


class Server:
    """A running server. It ends with this process, however that ends."""

    def __init__(self, programs: Path, *options: str) -> None:
        self.folder = Path(mkdtemp(prefix="server-of-tests-"))
        self.data = self.folder / "data"
        self.programs = programs
        self.options = options
        # PostgreSQL refuses to be root's.
        self.user = None if os.geteuid() else next(name for name in ("postgres", "nobody") if _exists(name))
        self.port = free_port()
        word = self.folder / "password"
        word.write_text(PASSWORD)
        if self.user is not None:
            for path in (self.folder, word):
                shutil.chown(path, self.user)
        made = [programs / "initdb", "-D", self.data, "-U", "owner", "-A", "scram-sha-256", f"--pwfile={word}"]
        made += ["-E", "UTF8", "--no-sync", "--no-instructions"]
        version = programs.parent.name
        if version.isdigit() and int(version) >= 15:
            # As people's servers are: "a" before "B". What a ledger finds must not depend on it.
            made += ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        self._run(*made)
        self.start()

    def start(self) -> None:
        """Start it, again where it was stopped."""
        settings = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder,
            "max_connections": 64, "shared_buffers": "32MB", "logging_collector": "off", "max_wal_size": "256MB",
        }  # fmt: skip
        argv = [self.programs / "postgres", "-D", self.data]
        argv += [f"-c{name}={value}" for name, value in settings.items()]
        # The shell waits for the pipe's end: a server whose tests were killed is nobody's.
        script = '"$@" & trap "kill -INT $!" TERM; read nothing; kill -INT $!; wait $!'
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", script, "sh", *map(str, argv), *self.options],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd="/", user=self.user, start_new_session=True,
            )  # fmt: skip
        for _ in range(300):
            try:
                psycopg.connect(**self.login("postgres")).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop it as an administrator would who is in a hurry: connections are cut."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)
        for _ in range(600):
            if not (self.data / "postmaster.pid").exists():  # the last thing it removes
                return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def end(self) -> None:
        """Stop it and remove all of it."""
        self.stop()
        shutil.rmtree(self.folder)

    def login(self, name: str) -> "dict[str, str | int]":
        """What a plain connection is made with."""
        return {"host": "127.0.0.1", "port": self.port, "user": "owner", "password": PASSWORD, "dbname": name}

    def ask(self, question: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """The answer to a plain question."""
        with psycopg.connect(**self.login(name), autocommit=True) as plain:  # type: ignore[arg-type]
            found = plain.execute(question.encode())
            return found.fetchall() if found.description else []

    def new_database(self, template: str = "template0") -> Postgres:
        """A database that nobody else has."""
        name = f"ledger_{next(_number)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")
        return self.place(name)

    def place(self, name: str) -> Postgres:
        """What a ledger in a database is opened by."""
        return Postgres(name=name, host="127.0.0.1", port=str(self.port), user="owner", password=PASSWORD)

    def _run(self, *argv: object) -> None:
        subprocess.run([str(part) for part in argv], check=True, user=self.user, cwd="/", capture_output=True)


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def url_of(place: Postgres, *, user: str | None = None, password: str = PASSWORD) -> str:
    """What `database.url` is set to, for whoever its ledger was made for or another user."""
    return f"postgresql://{user or place.user}:{quote(password, safe='')}@{place.host}:{place.port}/{place.name}"


@cache
def the_server() -> Server:
    """The server of this process; its files are not forced to the disk, for nobody cuts the power of a test."""
    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (no /usr/lib/postgresql/*/bin)")
    server = Server(programs, "-cfsync=off", "-cfull_page_writes=off", "-csynchronous_commit=off", "-cautovacuum=off")
    atexit.register(server.end)
    return server


@cache
def migrated() -> Postgres:
    """A database with the ledger's tables."""
    place = the_server().new_database()
    migrate_ledger(place)
    return place


def empty_ledger_there() -> Postgres:
    """The ledger of this process's tests, without rows."""
    place = migrated()
    server = the_server()
    found = server.ask("SELECT tablename FROM pg_tables WHERE tablename LIKE 'store_%'", place.name)
    tables = ", ".join(str(name) for (name,) in found)
    server.ask(f"TRUNCATE {tables} RESTART IDENTITY", place.name)
    return place
