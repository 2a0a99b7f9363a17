"""Media servers are told which files were placed, by the paths they know them by."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from pydantic import ValidationError

from reelwright.notify.notices import Message, Notice, What
from reelwright.notify.port import NotSentError
from reelwright.notify_settings import WebhookSettings
from reelwright.version import VERSION

#: Answers that another try may change.
AGAIN = frozenset({408, 425, 429, *range(500, 600)})


def as_server_has_it(path: str, paths: Mapping[str, str]) -> str:
    """A path of ours as a server has it: the longest of our folders that it lies in is replaced.

    Args:
        path: where a file was placed.
        paths: the server's folders by ours.
    """
    inside = [ours for ours in paths if PurePosixPath(path).is_relative_to(ours)]
    if not inside:
        return path
    longest = max(inside, key=lambda ours: len(PurePosixPath(ours).parts))
    below = PurePosixPath(path).relative_to(longest).as_posix()
    theirs = paths[longest].rstrip("/\\")
    return f"{theirs}\\{below.replace('/', chr(92))}" if "\\" in theirs else f"{theirs}/{below}"


class ByWebhook:
    """Tells a server; the settings are those of a table [notify.webhooks.NAME]."""

    port_version = 1

    def check(self, settings: Mapping[str, Any]) -> None:
        """Make sure that the settings can be.

        Raises:
            ValueError: they cannot; the text repeats none of them.
        """
        try:
            WebhookSettings.model_validate(settings)
        except ValidationError as error:
            first = error.errors()[0]
            raise ValueError(f"{'.'.join(map(str, first['loc']))} is wrong: {first['msg']}") from None

    def send(self, message: Message, settings: Mapping[str, Any]) -> None:
        """Tell of what was placed.

        Raises:
            NotSentError: the server cannot be reached, or did not take it.
        """
        Server(WebhookSettings.model_validate(settings)).tell(message)


class Server:
    """One server.

    Args:
        settings: its table.
    """

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings
        self._url = settings.url.get_secret_value().rstrip("/")
        self._token = settings.token.get_secret_value()

    def tell(self, message: Message) -> None:
        """Tell of what was placed.

        Raises:
            NotSentError: the server cannot be reached, or did not take it.
        """
        placed = [notice for notice in message.notices if notice.what is What.PLACED and notice.data.get("output")]
        files = {self._theirs(notice): notice for notice in placed}
        if files:
            {
                "jellyfin": self._jellyfin,
                "emby": self._jellyfin,
                "plex": self._plex,
                "kodi": self._kodi,
                "json": self._json,
            }[self._settings.kind](files)

    def _theirs(self, notice: Notice) -> str:
        # A name that is not UTF-8 has no other form in JSON.
        path = str(notice.data["output"]).encode(errors="surrogateescape").decode(errors="replace")
        return as_server_has_it(path, self._settings.paths)

    def _jellyfin(self, files: Mapping[str, Notice]) -> None:
        """https://api.jellyfin.org, Library: PostUpdatedMedia; Emby has the same under another header."""
        emby = self._settings.kind == "emby"
        head = {"X-Emby-Token": self._token} if emby else {"Authorization": f'MediaBrowser Token="{self._token}"'}
        updates = [{"Path": path, "UpdateType": "Modified"} for path in files]
        self._ask("POST", "/Library/Media/Updated", head=head, body={"Updates": updates})

    def _plex(self, files: Mapping[str, Notice]) -> None:
        """Each folder in which something changed is looked at, in the section that it belongs to."""
        head = {"X-Plex-Token": self._token, "Accept": "application/json"}
        answer = self._ask("GET", "/library/sections", head=head)
        folders = {str(_pure(path).parent) for path in files}
        sections = _sections(answer)
        for folder in sorted(folders):
            keys = [key for key, roots in sections for root in roots if _pure(folder).is_relative_to(root)]
            if not keys:
                raise NotSentError(
                    "no section of Plex holds one of the folders (see notify.webhooks.NAME.paths)", again=False
                )
            for key in dict.fromkeys(keys):
                self._ask("GET", f"/library/sections/{key}/refresh", head=head, query={"path": folder})

    def _kodi(self, files: Mapping[str, Notice]) -> None:
        """https://kodi.wiki/view/JSON-RPC_API: VideoLibrary.Scan, a folder at a time."""
        for folder in sorted({str(_pure(path).parent) for path in files}):
            asked = {"jsonrpc": "2.0", "id": 1, "method": "VideoLibrary.Scan", "params": {"directory": folder + "/"}}
            login = (self._settings.user, self._token) if self._settings.user else None
            answer = self._ask("POST", "/jsonrpc", body=asked, login=login)
            if isinstance(answer, Mapping) and "error" in answer:
                raise NotSentError("Kodi answered with an error", again=False)

    def _json(self, files: Mapping[str, Notice]) -> None:
        told = [
            {"path": path, "source": _readable(notice.subject), "bytes": notice.data.get("bytes")}
            for path, notice in files.items()
        ]
        head = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self._ask("POST", "", head=head, body={"event": "placed", "files": told})

    def _ask(
        self,
        method: str,
        path: str,
        *,
        head: Mapping[str, str] | None = None,
        body: object = None,
        query: Mapping[str, str] | None = None,
        login: tuple[str, str] | None = None,
    ) -> object:
        """Ask the server; what its answer holds as JSON, None where it is none.

        Raises:
            NotSentError: it cannot be reached, or answers with an error.
        """
        import requests  # noqa: PLC0415 - most runs tell nobody

        try:
            # Not to where the server sends us: a token is meant for this one alone.
            answer = requests.request(
                method, self._url + path, json=body, params=query, auth=login or _as_it_is,
                headers={"User-Agent": f"reelwright/{VERSION}", **(head or {})}, timeout=self._settings.timeout,
                allow_redirects=False, stream=True,
            )  # fmt: skip
            with answer:
                if not answer.ok or answer.is_redirect:
                    raise NotSentError(f"the server answered {answer.status_code}", again=answer.status_code in AGAIN)
                return _json_of(next(answer.iter_content(MOST_ANSWER), b""))
        except (requests.RequestException, OSError) as error:
            # What a library says of it holds the address.
            raise NotSentError(f"the server cannot be reached ({type(error).__name__})") from error


#: Bytes of an answer that are read.
MOST_ANSWER = 4 << 20


def _as_it_is(request: Any) -> Any:
    """No login: without this, requests would put one of ~/.netrc in the token's place."""
    return request


def _json_of(answer: bytes) -> object:
    import json  # noqa: PLC0415

    try:
        found: object = json.loads(answer)
    except ValueError:
        return None
    return found


def _sections(answer: object) -> Sequence[tuple[str, Sequence[str]]]:
    """Plex's sections with their folders; what is not as it should be is left out."""

    def listed(of: object, name: str) -> list[Mapping[str, Any]]:
        found = of.get(name) if isinstance(of, Mapping) else None
        return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []

    directories = listed(answer.get("MediaContainer") if isinstance(answer, Mapping) else None, "Directory")
    return [
        (str(one["key"]), [str(place["path"]) for place in listed(one, "Location") if place.get("path")])
        for one in directories
        if str(one.get("key", "")).isalnum()
    ]


def _pure(path: str) -> PurePosixPath | PureWindowsPath:
    return PureWindowsPath(path) if "\\" in path else PurePosixPath(path)


def _readable(path: str) -> str:
    return path.encode(errors="surrogateescape").decode(errors="replace")
