"""A server on the loopback interface that remembers what it was asked, and answers as it is told."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    head: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


#: Status, more headers, body.
Answer = tuple[int, Mapping[str, str], bytes]


@dataclass(kw_only=True)
class Served:
    """A server under way."""

    url: str
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.url.removeprefix("http://")


@contextmanager
def serving(answer: Callable[[Asked], Answer] = lambda _asked: (200, {}, b"{}")) -> Iterator[Served]:
    """Serve until the block ends."""
    served = Served(url="")

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked = Asked(method=self.command, path=self.path, head=dict(self.headers), body=body)
            served.asked.append(asked)
            status, head, said = answer(asked)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **head}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = _any  # noqa: N815 - names of http.server

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """Who asked has gone, as some tests want."""

    server = Server(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def nobody_listens() -> str:
    """An address at which nobody answers."""
    with serving() as served:
        return served.url
