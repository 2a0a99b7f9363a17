"""A running `serve` at an address that others can reach, with secrets in every place that takes one."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from visitors import PASSWORD, addresses

from brokers import free_port
from browsing import TESTS, variables
from postgres import PASSWORD as OF_THE_DATABASE
from postgres import the_server, url_of
from reelwright.store.database import migrate_ledger
from reelwright.web.access import OPEN_TO_ALL
from reelwright.web.statics import static_address

pytestmark = pytest.mark.prove
#: A word of each password; none may be seen.
MARKS = [OF_THE_DATABASE, "secret%40home", "secret@home", PASSWORD, "hunter2-"]
FILE = """[notify]
urls = ["mailto://anna:hunter2-mail@127.0.0.1:1", "json://anna:hunter2-json@127.0.0.1:1/"]
on = ["failed", "asked", "done", "library_done"]
gather = 0
attempts = 1
[notify.webhooks.tv]
kind = "jellyfin"
url = "http://127.0.0.1:1/hunter2-hook-url"
token = "hunter2-hook"
[queue]
retry_delay = 0
[web]
flower = "http://anna:hunter2-flower@127.0.0.1:5555/"
names = ["films.example"]
"""


@dataclass(kw_only=True)
class Wide:
    """The running site."""

    port: int
    state: Path
    token: str
    #: Everything that was answered, with where.
    heard: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, method: str, path: str, session: requests.Session | None = None, **more: object) -> requests.Response:
        """Ask by a name that is ours, unless told otherwise, and remember the answer."""
        head = {"Host": "films.example", **more.pop("headers", {})}  # type: ignore[dict-item]
        url = f"http://127.0.0.1:{self.port}{path}"
        answer = (session or requests.Session()).request(
            method, url, headers=head, timeout=120, allow_redirects=False, **more
        )  # type: ignore[arg-type]
        self.heard.append((f"{method} {path}", f"{answer.headers}{answer.text}"))
        return answer

    def told(self) -> str:
        """Everything it wrote, to its log files as well."""
        logs = [path for path in self.state.rglob("*") if path.is_file() and path.suffix in {".log", ".jsonl", ".out"}]
        return "".join(path.read_text(errors="replace") for path in logs)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wide]:
    """Served at every address of this machine, on PostgreSQL, with a user and a token."""
    state = tmp_path_factory.mktemp("wide")
    place = the_server().new_database()
    migrate_ledger(place)
    (state / "reelwright.toml").write_text(FILE)
    more = {
        "REELWRIGHT_DATABASE__URL": url_of(place), "REELWRIGHT_CLUSTER__BROKER": "redis://:hunter2-broker@127.0.0.1:1/0",
        "AWS_SECRET_ACCESS_KEY": "hunter2-cloud", "PYTHONPATH": str(TESTS), "XDG_STATE_HOME": str(state / "own"),
    }  # fmt: skip
    env = variables(state, more)
    del env["REELWRIGHT_DATABASE__PATH"]

    def run(*words: str, typed: str = "") -> str:
        return subprocess.run(
            [sys.executable, *words], env=env, cwd=state, input=typed, capture_output=True, text=True, check=True
        ).stdout

    program = ("-P", "-m", "reelwright")
    run(str(TESTS / "paged.py"), url_of(place), str(state / "films"), "0")
    run(*program, "user", "add", "anna", typed=f"{PASSWORD}\n")
    token = run(*program, "user", "token", "anna", "--name", "proof").strip()
    port = free_port()
    with (state / "serve.out").open("wb") as out:
        words = ("serve", "--json", "--host", "0.0.0.0", "--port", str(port))  # noqa: S104 - that is what is proved
        process = subprocess.Popen([sys.executable, *program, *words], env=env, cwd=state, stdout=out, stderr=out)
        try:
            found = Wide(port=port, state=state, token=token)
            for _ in range(1200):
                with suppress(requests.ConnectionError):
                    requests.get(f"http://127.0.0.1:{port}/alive", timeout=60)
                    break
                assert process.poll() is None, found.told()
                time.sleep(0.1)
            yield found
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=120) == 0
        finally:
            process.kill()
            process.wait()


def signed_in(wide: Wide) -> requests.Session:
    """A browser that signed in."""
    session = requests.Session()
    form = wide.ask("GET", "/login", session)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token is not None
    mine = {"Origin": "http://films.example", "Sec-Fetch-Site": "same-origin"}
    # requests keeps cookies by the name it connected to, which a browser would not.
    session.headers["Cookie"] = "; ".join(f"{one.name}={one.value}" for one in form.cookies)
    data = {"name": "anna", "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
    answer = wide.ask("POST", "/login", session, data=data, headers=mine)
    assert answer.status_code == 302, answer.text
    cookie = answer.headers["Set-Cookie"]
    assert "reelwright_session=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain=" not in cookie
    session.headers["Cookie"] += "".join(f"; {one.name}={one.value}" for one in answer.cookies)
    return session


def test_with_a_user_it_starts_and_asks_everybody_to_sign_in_first(wide: Wide) -> None:
    for address, name in addresses():
        if name in OPEN_TO_ALL:
            continue
        for method in ("GET", "POST"):
            answer = wide.ask(method, address)
            assert answer.status_code in {302, 401, 403}, (method, address, answer.status_code)
            assert "Trip to the Moon" not in answer.text
    assert wide.ask("GET", "/alive").status_code == 200
    assert wide.ask("GET", "/no/such/page").headers["Location"].startswith("/login")
    # What everybody may have is our own style and scripts, and nothing beside them.
    assert wide.ask("GET", f"{static_address()}web/style.css").status_code == 200
    assert wide.ask("GET", f"{static_address()}../web-secret").status_code in {302, 400, 404}


def test_names_that_are_not_ours_get_nothing_whatever_a_header_claims(wide: Wide) -> None:
    claims = {"X-Forwarded-Host": "films.example", "X-Forwarded-For": "127.0.0.1", "Forwarded": "host=films.example"}
    for host in ("evil.example", "films.example.evil.example", "192.0.2.1", "0.0.0.0"):  # noqa: S104
        answer = wide.ask("GET", "/login", headers={"Host": host, **claims})
        assert answer.status_code == 400, host
        assert host not in answer.text
    local = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "127.0.0.1", "X-Real-IP": "127.0.0.1"}
    assert wide.ask("GET", "/api/jobs", headers=local).status_code == 401
    assert wide.ask("GET", "/api/jobs", headers={"Host": f"127.0.0.1:{wide.port}", **local}).status_code == 401
    answer = wide.ask("GET", "/", headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert "evil.example" not in f"{answer.headers}{answer.text}"


def test_a_token_does_what_its_user_may_and_another_site_cannot_use_a_session(wide: Wide) -> None:
    shown = {"Authorization": f"Bearer {wide.token}"}
    assert wide.ask("GET", "/api/jobs", headers=shown).status_code == 200
    assert wide.ask("GET", "/metrics", headers=shown).status_code == 200
    assert wide.ask("POST", "/api/queue/pause", headers=shown).status_code == 200
    assert wide.ask("GET", "/jobs", headers=shown).status_code == 302  # pages are for people
    assert wide.ask("GET", "/api/jobs", headers={"Authorization": "Bearer rw_guessed"}).status_code == 401
    session = signed_in(wide)
    assert wide.ask("GET", "/jobs", session).status_code == 200
    for foreign in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        for address in ("/api/queue/pause", "/settings/doctor/anew", "/library/of/films/plan/make", "/logout"):
            assert wide.ask("POST", address, session, headers=foreign).status_code == 403, (address, foreign)


def test_no_secret_is_in_any_page_answer_event_metric_or_log(wide: Wide) -> None:
    """A film fails meanwhile, so that services nobody can reach are told; doctor asks a broker that is not there."""
    shown = {"Authorization": f"Bearer {wide.token}"}
    session = signed_in(wide)
    plan = wide.ask("POST", "/api/libraries/films/plan", headers=shown).json()
    said = wide.ask("POST", "/api/libraries/films/approve", headers=shown, json={"plan": plan["id"], "files": [1]})
    assert said.json()["queued"] == 1, said.text
    wide.ask("POST", "/api/queue/resume", headers=shown)
    wide.ask("POST", "/api/doctor", headers=shown)
    for _ in range(120):
        if not wide.ask("GET", "/api/doctor", headers=shown).json()["running"] and complained(wide):
            break
        time.sleep(0.5)
    else:
        raise AssertionError(wide.told()[-3000:])
    films = wide.ask("GET", "/api/jobs?limit=3", headers=shown).json()["items"]
    wanted = [address for address, _ in addresses()] + [f"/jobs/{films[0]['id']}", "/audit", "/no/such", "/api/no/such"]
    for address in wanted:
        if address.startswith(("/live", "/api/events", "/logout")):
            continue
        by = shown if address.startswith(("/api", "/metrics")) else {}
        answer = wide.ask("GET", address, None if by else session, headers=by)
        assert answer.status_code < 500, address
    for address in ("/live/now+figures", "/api/events"):
        head = {"Host": "films.example", **(shown if address.startswith("/api") else {})}
        lines = requests.get(
            f"http://127.0.0.1:{wide.port}{address}", stream=True, timeout=120,
            headers={**head, **({} if "Authorization" in head else dict(session.headers))},
        )  # fmt: skip
        assert lines.status_code == 200
        wide.heard.append((address, "".join(next(lines.iter_lines(decode_unicode=True)) for _ in range(1))))
        lines.close()
    wide.ask("POST", "/api/libraries/films/approve", headers=shown, data="{broken")
    seen = {where for where, text in wide.heard for mark in [*MARKS, wide.token] if mark in text}
    assert seen == set()
    settings = next(text for where, text in wide.heard if where == "GET /settings")
    assert "redis://:***@127.0.0.1:1/0" in settings
    log = wide.told()
    assert "the service did not take it" in log
    assert [mark for mark in [*MARKS, wide.token] if mark in log] == []


def complained(wide: Wide) -> bool:
    """Whether somebody could not be told of a film."""
    return "was given up" in wide.told()


def test_guessing_passwords_is_slowed_down_whoever_claims_to_ask(wide: Wide) -> None:
    """The last one here: the address of this machine has to wait from now on."""
    session = requests.Session()
    form = wide.ask("GET", "/login", session)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form.text)
    assert token is not None
    session.headers["Cookie"] = "; ".join(f"{one.name}={one.value}" for one in form.cookies)
    codes = []
    for number in range(7):
        data = {"name": "bert", "password": f"guess {number}", "csrfmiddlewaretoken": token[1]}
        head = {"Origin": "http://films.example", "X-Forwarded-For": f"198.51.100.{number}"}
        codes.append(wide.ask("POST", "/login", session, data=data, headers=head).status_code)
    assert codes == [403] * 5 + [429] * 2
