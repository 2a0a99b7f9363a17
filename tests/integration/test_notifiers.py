"""Messages that leave: by Apprise and to media servers, at a server on this machine."""

import asyncio
import base64
import datetime as dt
import json
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from reelwright.app.notify import Told, channels, close_all, notifying, rows, send_test
from reelwright.config import Settings, load_settings
from reelwright.errors import UsageError
from reelwright.events import Event, EventName, NullSink
from reelwright.notify.by_apprise import ByApprise
from reelwright.notify.by_webhook import ByWebhook, as_server_has_it
from reelwright.notify.mailbox import Mailbox
from reelwright.notify.notices import Message, Notice, What
from reelwright.notify.port import NotSentError
from reelwright.notify_settings import TemplateSettings
from reelwright.testing import check_notifier
from servers import Answer, Asked, nobody_listens, serving

SECRET = "s3cr3t-t0k3n"  # noqa: S105 - nobody's
PLEX = {
    "MediaContainer": {
        "Directory": [
            {"key": "1", "Location": [{"path": "/media/films"}]},
            {"key": "7", "Location": [{"path": "/media/shows"}, {"path": "/media/more"}]},
            {"key": "../etc", "Location": [{"path": "/media"}]},
            "nonsense",
        ]
    }
}


def settings(**notify: Any) -> Settings:
    return Settings.model_validate({"notify": notify})


def placed(*paths: str) -> Message:
    notices = [Notice(what=What.PLACED, subject="/src/a.mkv", data={"output": p, "bytes": 5}) for p in paths]
    return Message(title="", body="", notices=tuple(notices))


def told(kind: str, message: Message, answer: bytes = b"{}", **more: Any) -> list[Asked]:
    with serving(lambda _asked: (200, {"Content-Type": "application/json"}, answer)) as served:
        table = {
            "kind": kind,
            "url": f"{served.url}/",
            "token": SECRET,
            "paths": {"/srv/films": "/media/films"},
            **more,
        }
        ByWebhook().send(message, table)
    return served.asked


def test_apprise_keeps_the_contract_of_notifiers() -> None:
    with serving() as served:
        check_notifier(
            ByApprise(),
            settings={"url": f"json://user:{SECRET}@{served.address}/"},
            wrong=[{}, {"url": f"nonsense://{SECRET}"}, {"url": SECRET}],
            failing={"url": f"json://user:{SECRET}@{nobody_listens().removeprefix('http://')}/"},
            secrets=[SECRET],
        )
    assert "The disk is full." in served.asked[0].json["message"]
    assert served.asked[2].json["title"] == "Reelwright: 1005 done"


@pytest.mark.parametrize("kind", ["jellyfin", "emby", "kodi", "json"])
def test_webhooks_keep_the_contract_of_notifiers(kind: str) -> None:
    with serving() as served:
        check_notifier(
            ByWebhook(),
            settings={"kind": kind, "url": served.url, "token": SECRET},
            wrong=[{}, {"url": f"ftp://{SECRET}"}, {"url": served.url, "kind": SECRET}, {"url": served.url, "x": 1}],
            failing={"kind": kind, "url": nobody_listens(), "token": SECRET},
            secrets=[SECRET],
        )
    assert served.asked


def test_jellyfin_is_told_of_all_files_at_once_by_its_own_paths() -> None:
    (asked,) = told("jellyfin", placed("/srv/films/a/ä.mkv", "/elsewhere/b.mkv", "/srv/films/a/ä.mkv"))
    assert (asked.method, asked.path) == ("POST", "/Library/Media/Updated")
    assert asked.head["Authorization"] == f'MediaBrowser Token="{SECRET}"'
    updates = [{"Path": path, "UpdateType": "Modified"} for path in ("/media/films/a/ä.mkv", "/elsewhere/b.mkv")]
    assert asked.json == {"Updates": updates}


def test_emby_has_the_same_under_another_header() -> None:
    (asked,) = told("emby", placed("/srv/films/a.mkv"))
    assert asked.head["X-Emby-Token"] == SECRET
    assert asked.json["Updates"][0]["Path"] == "/media/films/a.mkv"


def test_plex_looks_at_each_folder_once_in_its_section() -> None:
    message = placed("/srv/films/a/1.mkv", "/srv/films/a/2.mkv", "/media/more/x & y/3.mkv")
    asked = told("plex", message, json.dumps(PLEX).encode())
    assert [one.path for one in asked] == [
        "/library/sections",
        "/library/sections/1/refresh?path=%2Fmedia%2Ffilms%2Fa",
        "/library/sections/7/refresh?path=%2Fmedia%2Fmore%2Fx+%26+y",
    ]
    assert all(one.head["X-Plex-Token"] == SECRET and SECRET not in one.path for one in asked)


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"MediaContainer": 3}', b"\xff"])
def test_a_plex_that_knows_no_such_folder_or_talks_nonsense_is_told(answer: bytes) -> None:
    with pytest.raises(NotSentError, match="no section of Plex") as caught:
        told("plex", placed("/nowhere/1.mkv"), answer)
    assert not caught.value.again


def test_kodi_scans_folders_with_its_user_and_password() -> None:
    (asked,) = told("kodi", placed("/srv/films/a/1.mkv", "/srv/films/a/2.mkv"), user="kodi")
    assert asked.path == "/jsonrpc"
    assert asked.json["method"] == "VideoLibrary.Scan"
    assert asked.json["params"] == {"directory": "/media/films/a/"}
    assert base64.b64decode(asked.head["Authorization"].removeprefix("Basic ")).decode() == f"kodi:{SECRET}"
    with pytest.raises(NotSentError, match="Kodi answered with an error"):
        told("kodi", placed("/a.mkv"), b'{"error": {"code": -32601}}')


def test_any_other_server_gets_json() -> None:
    (asked,) = told("json", placed("/srv/films/\udcff.mkv"))
    file = {"path": "/media/films/\ufffd.mkv", "source": "/src/a.mkv", "bytes": 5}
    assert asked.json == {"event": "placed", "files": [file]}
    assert asked.head["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize(
    ("path", "paths", "theirs"),
    [
        ("/srv/films/a.mkv", {}, "/srv/films/a.mkv"),
        ("/srv/films/a.mkv", {"/srv": "/x", "/srv/films": "/y/"}, "/y/a.mkv"),
        ("/srv/films2/a.mkv", {"/srv/films": "/y"}, "/srv/films2/a.mkv"),
        ("/srv/films/d/a.mkv", {"/srv/films": "\\\\nas\\films"}, "\\\\nas\\films\\d\\a.mkv"),
        ("/srv/a.mkv", {"/srv/": "/"}, "/a.mkv"),
    ],
)
def test_paths_become_those_of_the_server(path: str, paths: Mapping[str, str], theirs: str) -> None:
    assert as_server_has_it(path, paths) == theirs


@pytest.mark.parametrize(("status", "again"), [(401, False), (404, False), (429, True), (500, True), (503, True)])
def test_an_answer_says_whether_another_try_may_help(status: int, *, again: bool) -> None:
    with serving(lambda _asked: (status, {}, b"")) as served, pytest.raises(NotSentError) as caught:
        ByWebhook().send(placed("/a.mkv"), {"url": served.url})
    assert (str(caught.value), caught.value.again) == (f"the server answered {status}", again)


def test_a_token_is_not_carried_to_where_a_server_sends_us() -> None:
    with serving() as other:

        def elsewhere(_asked: Asked) -> Answer:
            return 307, {"Location": f"{other.url}/steal"}, b""

        with serving(elsewhere) as served, pytest.raises(NotSentError, match="answered 307"):
            ByWebhook().send(placed("/a.mkv"), {"url": served.url, "token": SECRET})
    assert other.asked == []


def test_a_server_that_never_answers_is_given_up() -> None:
    def slow(_asked: Asked) -> Answer:
        time.sleep(1)
        return 200, {}, b""

    with serving(slow) as served, pytest.raises(NotSentError, match="cannot be reached"):
        ByWebhook().send(placed("/a.mkv"), {"url": served.url, "timeout": 0.1})


def happened(name: EventName, status: str, **data: Any) -> Event:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Event(event=name, timestamp=now, file="/films/a.mkv", job=None, status=status, data=data)


def test_a_run_tells_whoever_is_named_of_what_they_want(capsys: pytest.CaptureFixture[str]) -> None:
    async def run(own: Settings) -> None:
        async with notifying(own, NullSink()) as sink:
            assert isinstance(sink, Told)
            async with notifying(own, sink) as inner:
                assert inner is sink  # one run, one sender
            sink.emit(happened(EventName.PLACED, "placed", output=str(own.work_dir / "staging" / "7.mkv"), bytes=3))
            sink.emit(happened(EventName.PLACED, "replaced", output="/out/a.mkv", bytes=3))
            sink.emit(happened(EventName.RESULT, "failed", reasons=["It broke."]))
            sink.emit(happened(EventName.RESULT, "encoded"))

    with serving() as people, serving() as server:
        urls = [f"json://{people.address}/", f"json://u:{SECRET}@{nobody_listens().removeprefix('http://')}/"]
        hook = {"home": {"url": server.url}}
        plugins = {"none.here": {}}
        asyncio.run(run(settings(urls=urls, on=["failed"], webhooks=hook, plugins=plugins, attempts=1)))
    assert [one.json["message"] for one in people.asked] == ["failed: a.mkv: It broke."]
    assert [one.json["files"][0]["path"] for one in server.asked] == ["/out/a.mkv"]
    said = capsys.readouterr().err.splitlines()
    assert said == [
        "reelwright: There is no notifier none.here: `reelwright doctor` shows the plugins that are installed.",
        "reelwright: A notification by Apprise (json) was given up: the service did not take it.",
    ]


def test_a_message_that_has_not_left_at_the_end_is_told_and_not_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    free = threading.Event()

    def slow(_asked: Asked) -> Answer:
        free.wait(30)
        return 200, {}, b""

    with serving(slow) as served:
        (channel,) = channels(settings(webhooks={"home": {"url": served.url}}), pytest.fail)
        box = Mailbox(channel, TemplateSettings(), pytest.fail)
        box.put(placed("/a.mkv").notices[0])
        close_all([box], grace=0.2)
        said = capsys.readouterr().err
        free.set()
        assert box.close(30)
    assert said == "reelwright: The last notification by webhook home had not left when the run ended.\n"


def test_where_nobody_is_named_there_is_nobody_to_tell() -> None:
    assert channels(Settings(), pytest.fail) == []
    assert rows(Settings()) == []
    assert send_test(Settings()) == []


def test_doctor_looks_without_sending_and_a_test_sends_at_once() -> None:
    with serving() as served:
        own = settings(
            urls=[f"json://{served.address}/", f"nonsense://{SECRET}"], webhooks={"home": {"url": served.url}}
        )
        first, *wrong = rows(own)
        assert (first.works, first.found) == (False, "Apprise (json), Apprise (nonsense), webhook home")
        assert [row.found for row in wrong] == ["notify.urls: nonsense://… is no URL that Apprise knows."]
        assert served.asked == []
        sent = send_test(own)
    assert [(row.name, row.works) for row in sent] == [
        ("Apprise (json)", True),
        ("Apprise (nonsense)", False),
        ("webhook home", True),
    ]
    assert len(served.asked) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REELWRIGHT_NOTIFY__WEBHOOKS__HOME__URL", f"ftp://u:{SECRET}@host"),
        ("REELWRIGHT_NOTIFY__WEBHOOKS", f'{{"home": "{SECRET}"}}'),
        ("REELWRIGHT_NOTIFY__PLUGINS__X", SECRET),
        ("REELWRIGHT_NOTIFY__WEBHOOKS__HOME__TIMEOUT", SECRET),
    ],
)
def test_an_error_about_a_secret_setting_does_not_repeat_it(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_settings({name: value, "REELWRIGHT_CONFIG": ""})
    assert SECRET not in str(caught.value)
    assert "(not shown)" in str(caught.value)
