"""Safe by default: who gets in, what is believed, and what is never sent."""

import datetime as dt
import re
from http.client import HTTPConnection
from typing import Any

import pytest
from django.test import Client
from visitors import PASSWORD, addresses, offered

from ledger_of_pages import DONE, JOB, SCRIPT, World, kept
from reelwright.web.access import OPEN_TO_ALL
from reelwright.web.live import PARTS, rendered
from reelwright.web.server import PageServer, bound_socket
from reelwright.web.statics import static_address


def test_there_are_addresses() -> None:
    names = {name for _, name in addresses()}
    assert {"overview", "workers", "settings", "sequences", "audit", "metrics"} <= names
    assert len(addresses()) > 30


def test_nothing_is_seen_or_done_without_a_login_but_the_login_itself(world: World, abroad: Client) -> None:
    world.fill()
    for address, name in addresses():
        if name in OPEN_TO_ALL:
            continue
        for method in ("get", "post", "put", "delete", "head", "options", "patch"):
            answer = getattr(abroad, method)(address, secure=False)
            told = f"{method} {address}: {answer.status_code}"
            assert answer.status_code in {302, 401, 403}, told
            if answer.status_code == 302:
                assert answer["Location"].startswith("/login?"), told
            assert SCRIPT.encode() not in answer.content, told
            assert JOB.encode() not in answer.content, told
    assert not audit_lines()


def audit_lines() -> list[Any]:
    from reelwright.web.models import AuditLine  # noqa: PLC0415 -- models load once Django is set up

    return list(AuditLine.objects.order_by("pk"))


def sign_in(client: Client, password: str = PASSWORD, name: str = "anna", **more: str) -> Any:
    return client.post("/login", {"name": name, "password": password, **more})


def test_who_signs_in_sees_the_page_that_was_wanted(abroad: Client) -> None:
    asked = abroad.get("/workers?a=1")
    assert asked["Location"] == "/login?next=%2Fworkers%3Fa%3D1"
    assert sign_in(abroad, next="/workers?a=1")["Location"] == "/workers?a=1"
    assert abroad.get("/workers").status_code == 200
    assert [(line.act, line.subject) for line in audit_lines()] == [("login", "anna")]


@pytest.mark.parametrize(
    "next_",
    ["https://evil.example/", "//evil.example", "http:evil.example", "\\\\evil.example", "javascript:alert(1)", ""],
)
def test_after_a_login_one_is_only_sent_to_us(abroad: Client, next_: str) -> None:
    assert sign_in(abroad, next=next_)["Location"] == "/"


def test_cookies_cannot_be_read_by_scripts_and_headers_are_strict(abroad: Client) -> None:
    abroad.get("/login")
    answer = sign_in(abroad)
    cookie = answer.cookies["reelwright_session"]
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    for address in ("/", "/login", "/workers", "/settings", "/audit", "/api/docs"):
        headers = abroad.get(address).headers
        policy = {
            rule.split()[0]: rule.split()[1:] for rule in headers["Content-Security-Policy"].split(";") if rule.strip()
        }
        assert policy["default-src"] == ["'none'"]
        assert policy["script-src"] == ["'self'"]
        assert policy["frame-ancestors"] == ["'none'"]
        assert policy["form-action"] == ["'self'"]
        assert policy["base-uri"] == ["'none'"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
    form = Client(SERVER_NAME="films.example", enforce_csrf_checks=True)
    cookies = form.get("/login").cookies["reelwright_csrf"]
    assert cookies["httponly"] is True
    assert cookies["samesite"] == "Strict"


def test_no_page_holds_a_script_of_its_own_nor_an_attribute_that_is_one(world: World, here: Client) -> None:
    world.fill()
    for address in pages():
        html = here.get(address).content.decode()
        for script in re.findall(r"<script\b[^>]*>", html):
            assert "src=" in script or "application/json" in script, (address, script)
        without_titles = re.sub(r'"[^"]*"', '""', html)
        assert not re.search(r"<[^>]*\son\w+=", without_titles), address


def pages() -> list[str]:
    """Every page there is to look at."""
    api = ("/api/", "/live", "/metrics", "/logout")
    return [address for address, name in addresses() if name and not address.startswith(api) and name != "login"]


@pytest.mark.parametrize("name", ["evil.example", "127.0.0.1.evil.example", "films.example", "localhost.evil.example"])
def test_a_forged_host_gets_nothing_and_fills_no_log(here: Client, name: str, caplog: pytest.LogCaptureFixture) -> None:
    for address in ("/", "/api/jobs", "/login", "/alive", "/metrics"):
        answer = here.get(address, headers={"host": name})
        assert answer.status_code == 400, address
        assert name.encode() not in answer.content
    assert caplog.records == []


def test_names_that_were_configured_are_ours(abroad: Client) -> None:
    assert abroad.get("/alive", headers={"host": "films.example"}).status_code == 200
    assert abroad.get("/alive", headers={"host": "192.0.2.7:8765"}).status_code == 200
    assert abroad.get("/alive", headers={"host": "192.0.2.8"}).status_code == 400


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9999"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "http://127.0.0.1", "sec-fetch-site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_what_another_site_makes_a_browser_send_changes_nothing(
    world: World, here: Client, headers: dict[str, str]
) -> None:
    world.fill()
    for address, _ in addresses():
        answer = here.post(address, headers=headers)
        assert answer.status_code == 403, address
    assert not audit_lines()
    assert world.leases.paused() == frozenset()


def test_a_browser_without_the_forms_token_changes_nothing(world: World, anna: str) -> None:
    world.fill()
    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    client.get("/settings")
    for address, name in addresses():
        if name != "alive":
            answer = client.post(address, headers={"sec-fetch-site": "same-origin"})
            assert answer.status_code in {403, 405}, address
    assert client.post("/api/queue/pause").status_code == 403
    assert not [line for line in audit_lines() if line.act != "login"]
    token = re.search(r'"X-CSRFToken": "(\w+)"', client.get("/settings").content.decode())
    assert token is not None
    answer = client.post(
        "/api/queue/pause",
        headers={"sec-fetch-site": "same-origin", "x-csrftoken": token[1], "origin": "http://127.0.0.1"},
    )
    assert (answer.status_code, world.leases.paused()) == (200, frozenset({""}))


def test_a_program_on_this_machine_needs_no_token(world: World) -> None:
    program = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    assert program.post("/api/queue/pause").json() == {"detail": "The queue is held back; what runs goes on."}
    assert program.post("/api/queue/resume").status_code == 200
    assert [(line.act, line.subject, line.user) for line in audit_lines()] == [
        ("pause", "everything", ""),
        ("resume", "everything", ""),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../etc/passwd", "/static/..%2f..%2f..%2fetc/passwd", "/api/jobs/..%2f..%2fetc%2fpasswd",
        "/api/jobs/%2Fetc%2Fpasswd", "/sequences/..%2f..", "/sequences/%2e%2e", "/api/libraries/..%2Fx/files",
        "/api/libraries/films/files/../../../jobs", "/live/..%2f..%2fetc", "/api/sequences/%2Fetc",
    ],
)  # fmt: skip
def test_no_path_leads_out(world: World, here: Client, path: str) -> None:
    world.fill()
    answer = here.get(path)
    assert answer.status_code in {404, 422}, answer.content[:200]
    assert b"root:" not in answer.content


def test_static_files_lead_nowhere_else(world: World) -> None:
    with PageServer(bound_socket("127.0.0.1", 0)) as server:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=30)

        def get(path: str) -> tuple[int, bytes]:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()

        static = static_address()
        assert get(f"{static}web/style.css")[0] == 200
        assert get(f"{static}ninja/swagger-ui-bundle.js")[0] == 200
        for way in ("../" * 8, "..%2f" * 8, "%2e%2e/" * 8, "....//" * 8, "/", "//"):
            for path in (f"{static}{way}etc/passwd", f"{static}web/{way}etc/passwd", f"{static}{way}models.py"):
                status, body = get(path)
                assert status in {400, 404}, path
                assert b"root:" not in body
                assert b"class ApiToken" not in body
        connection.close()


def test_names_tags_and_reasons_are_text_on_every_page(world: World, here: Client) -> None:
    world.fill()
    world.add_frames()
    world.asked._settings = world.asked._settings.model_copy(
        update={"web": world.settings.web.model_copy(update={"sequences": (str(world.folder / "shots"),)})}
    )
    sheet = world.asked.sheets()[0].id
    seen = 0
    for address in [*pages(), f"/sequences/{sheet}"]:
        answer = here.get(address)
        assert answer.status_code < 500, address
        html = answer.content.decode()
        assert SCRIPT not in html, address
        assert "onerror=alert(1)>" not in html, address
        assert "<img src=x" not in html, address
        assert "{{" not in html or "{{ 7|add:7 }}" in html, address
        seen += "alert(&#x27;owned&#x27;)" in html
    assert seen >= 3


def test_what_is_live_is_text_as_well(world: World) -> None:
    world.fill()
    found = rendered([(name, about) for name in PARTS for about in ("", JOB)])
    assert {name for name, _ in found} == set(PARTS)
    for key, html in found.items():
        assert SCRIPT not in html, key
        assert "<img src=x" not in html, key


def test_guessing_is_slowed_down_by_name(abroad: Client) -> None:
    for _ in range(5):
        assert sign_in(abroad, "wrong").status_code == 403
    assert sign_in(abroad).status_code == 429
    assert sign_in(abroad, name="bert").status_code == 403
    age_of_failures(minutes=16)
    assert sign_in(abroad).status_code == 302


def test_guessing_is_slowed_down_by_address(world: World, abroad: Client) -> None:
    for number in range(20):
        assert sign_in(abroad, "wrong", name=f"name-{number}").status_code == 403
    assert sign_in(abroad).status_code == 429
    elsewhere = Client(SERVER_NAME="films.example", REMOTE_ADDR="198.51.100.9")
    assert sign_in(elsewhere).status_code == 302
    age_of_failures(minutes=16)
    assert sign_in(abroad).status_code == 302


def age_of_failures(minutes: int) -> None:
    """Time passes."""
    from django.db.models import F  # noqa: PLC0415

    from reelwright.web.models import FailedLogin  # noqa: PLC0415

    FailedLogin.objects.update(at=F("at") - dt.timedelta(minutes=minutes))


def test_another_password_ends_sessions(abroad: Client) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    sign_in(abroad)
    assert abroad.get("/workers").status_code == 200
    user = User.objects.get(username="anna")
    user.set_password("another battery horse staple")
    user.save()
    assert abroad.get("/workers").status_code == 302


def test_signing_out_ends_it(abroad: Client) -> None:
    sign_in(abroad)
    assert abroad.post("/logout")["Location"] == "/login"
    assert abroad.get("/workers").status_code == 302
    assert [line.act for line in audit_lines()] == ["login", "logout"]


def test_a_token_opens_the_api_and_nothing_else_until_it_is_revoked(world: World, abroad: Client, anna: str) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415

    from reelwright.web.models import ApiToken  # noqa: PLC0415
    from reelwright.web.tokens import make_token  # noqa: PLC0415

    token = make_token(User.objects.get(username=anna), "backup")
    shown = {"authorization": f"Bearer {token}"}
    assert abroad.get("/api/jobs", headers=shown).status_code == 200
    assert abroad.get("/metrics", headers=shown).status_code == 200
    assert abroad.post("/api/queue/films-x/pause", headers=shown).status_code == 404
    assert abroad.post("/api/queue/pause", headers=shown).status_code == 200
    assert [line.user for line in audit_lines()] == ["anna"]
    assert abroad.get("/workers", headers=shown).status_code == 302
    assert token not in str(list(ApiToken.objects.values()))
    for wrong in ("Bearer rw_nothing", f"Basic {token}", token, f"Bearer {token}x"):
        assert abroad.get("/api/jobs", headers={"authorization": wrong}).status_code == 401
    foreign = {**shown, "origin": "https://evil.example"}
    assert abroad.post("/api/queue/pause", headers=foreign).status_code == 403
    User.objects.update(is_active=False)
    assert abroad.get("/api/jobs", headers=shown).status_code == 401
    User.objects.update(is_active=True)
    ApiToken.objects.all().delete()
    assert abroad.get("/api/jobs", headers=shown).status_code == 401


def test_a_login_can_be_wanted_on_this_machine_as_well(world: World, anna: str) -> None:
    with offered(login=True):
        assert Client(SERVER_NAME="127.0.0.1").get("/")["Location"].startswith("/login")


def test_each_act_leaves_a_line(world: World, here: Client) -> None:
    world.fill()
    file = world.catalog.files(world.catalog.libraries()[0].id)[1]
    here.post(f"/api/jobs/{JOB}/cancel")
    here.post("/api/queue/films/pause")
    here.post("/api/queue/films/resume")
    here.post(f"/api/libraries/films/files/{file.id}/answer", {"word": "skip"}, content_type="application/json")
    acts = [(line.act, line.subject, line.address) for line in audit_lines()]
    assert acts == [
        ("cancel", f"job {JOB}", "127.0.0.1"),
        ("pause", "films", "127.0.0.1"),
        ("resume", "films", "127.0.0.1"),
        ("answer", f"file {file.id} of films: skip", "127.0.0.1"),
    ]
    page = here.get("/audit").content.decode()
    assert page.index("answer") < page.index("cancel")


def test_what_was_refused_is_told_and_undone_acts_leave_no_line(world: World, here: Client) -> None:
    world.fill()
    label = kept(world.folder).order.label
    answer = here.post(f"/api/quarantine/{label}/restore")
    assert answer.status_code in {409, 422}
    assert answer.json()["detail"].endswith(".")
    assert here.post(f"/api/jobs/{DONE}/retry").status_code == 422
    assert not audit_lines()


def test_secrets_of_the_configuration_are_stars(world: World, here: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REELWRIGHT_DATABASE__URL", "postgresql://anna:hunter2-secret@db.example:5432/films")
    for address in ("/settings", "/api/settings"):
        text = here.get(address).content.decode()
        assert "hunter2" not in text
        assert "db.example" in text


def test_settings_that_became_wrong_meanwhile_are_told(
    world: World, here: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REELWRIGHT_ENCODING__PRESET", "fast")
    page = here.get("/settings")
    assert page.status_code == 200
    assert "encoding.preset" in page.content.decode()
    assert here.get("/api/settings").status_code == 422
