"""The pages' server: a thread of the process that serves, with a loop of its own."""

import socket
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from reelwright.errors import UsageError
from reelwright.web.statics import CHART_STYLE, CHARTED, CHARTS, chart_script, chart_style, plotly_path, static_address

#: Seconds that requests under way have to end once we were asked to.
GRACE = 2
#: Seconds a browser keeps a static file: their addresses change with their content.
A_YEAR = 31536000
Endpoint = Callable[[Request], Awaitable[Response]]
KEPT = {"Cache-Control": f"public, max-age={A_YEAR}, immutable"}


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any that is free.

    Raises:
        UsageError: the address is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host.strip("[]"), port))
        listening.listen(128)  # from now on nobody is turned away: who comes early waits
    except OSError as error:
        listening.close()
        raise UsageError(
            f"The pages cannot be offered at {host}:{port} ({error.strerror}).",
            hint="Another program may use it: choose another with --port.",
        ) from error
    return listening


class KeptFiles(StaticFiles):
    """Static files that browsers need not ask for again."""

    def file_response(self, *args: Any, **more: Any) -> Response:
        """A file, and for how long it holds."""
        found = super().file_response(*args, **more)
        found.headers.update(KEPT)
        return found


def _kept_file(path: Path, kind: str) -> Endpoint:
    async def answer(request: Request) -> Response:
        del request
        return FileResponse(path, headers=KEPT, media_type=kind)

    return answer


def application() -> ASGIApp:
    """The pages, and the files they need: style, scripts and htmx, from their packages."""
    from django.core.asgi import get_asgi_application  # noqa: PLC0415 -- after Django was configured

    ours = KeptFiles(packages=[("reelwright.web", "static"), ("django_htmx", "static"), ("ninja", "static")])
    routes = [
        Route(static_address() + CHARTS, _kept_file(plotly_path(), "text/javascript")),
        Route(static_address() + CHARTED, _kept_file(chart_script(), "text/javascript")),
        Route(static_address() + CHART_STYLE, _kept_file(chart_style(), "text/css")),
        Mount(static_address().rstrip("/"), ours),
        Mount("/", cast("ASGIApp", get_asgi_application())),
    ]
    return Starlette(routes=routes)


class PageServer:
    """Serves the pages while it is entered. Django must have been configured (`web.site`)."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        config = uvicorn.Config(
            application(), lifespan="off", log_config=None, access_log=False, server_header=False,
            proxy_headers=False, timeout_graceful_shutdown=GRACE, ws="none",
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="pages", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens at."""
        found: int = self._listening.getsockname()[1]
        return found

    def _run(self) -> None:
        self._server.run(sockets=[self._listening])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from reelwright.web.live import NEWSROOM  # noqa: PLC0415 -- after Django was configured

        NEWSROOM.close()
        self._server.should_exit = True
        self._thread.join(timeout=GRACE + 5)
        self._listening.close()
