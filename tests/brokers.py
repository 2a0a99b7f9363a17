"""Redis and RabbitMQ of the tests' own, on loopback: their data in folders of their own, gone with this process."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

RABBIT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
#: RabbitMQ takes its time to start, more so beside others.
RABBIT_SECONDS = 240.0


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


class Broker:
    """A broker that can be stopped and started again under its address.

    Args:
        folder: its data and its log.
        argv: what starts it.
        env: its variables.
        url: what clients are told.
        port: where it answers.
    """

    def __init__(self, folder: Path, argv: list[str], *, env: dict[str, str], url: str, port: int) -> None:
        self.folder, self.url = folder, url
        self._argv, self._env, self._port = argv, env, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, patience: float) -> None:
        """Start it and wait until it answers."""
        # The shell waits for the pipe's end: a broker whose tests were killed is nobody's.
        script = '"$@" & trap "kill -TERM -- -$$" TERM; read nothing; kill -TERM $!; wait $!'
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", script, "sh", *self._argv], stdin=subprocess.PIPE, stdout=log, stderr=log,
                env={**os.environ, **self._env}, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except OSError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.2)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self) -> None:
        """Stop it: connections are cut, and what it holds in memory is gone."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(60)
            self._process = None


@contextmanager
def redis(conf: Path | None = None, port: int | None = None) -> Iterator[Broker]:
    """Redis, which keeps nothing on a disk; a file may say more, and somebody its port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server here")
    folder, port = Path(mkdtemp(prefix="redis-of-tests-")), port or free_port()
    argv = [
        program,
        *([str(conf)] if conf else []),
        "--bind",
        "127.0.0.1",
        "--port",
        str(port),
        "--save",
        "",
        "--dir",
        str(folder),
    ]
    broker = Broker(folder, argv, env={}, url=f"redis://127.0.0.1:{port}/0", port=port)
    broker.start(30.0)
    try:
        yield broker
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def rabbit() -> Iterator[Broker]:
    """RabbitMQ, as small as it goes."""
    if not RABBIT.is_file():
        pytest.skip("there is no rabbitmq-server here")
    folder, port, own, names = Path(mkdtemp(prefix="rabbit-of-tests-")), free_port(), free_port(), str(free_port())
    (folder / "plugins").write_text("[].\n")
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\nvm_memory_high_watermark.absolute = 512MB\n"
    )
    env = {
        "HOME": str(folder), "RABBITMQ_NODENAME": f"tests{port}@localhost", "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(own), "ERL_EPMD_PORT": names, "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"), "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"), "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
    }  # fmt: skip
    broker = Broker(folder, [str(RABBIT)], env=env, url=f"amqp://guest:guest@127.0.0.1:{port}//", port=port)
    broker.start(RABBIT_SECONDS)
    try:
        yield broker
    finally:
        broker.stop()
        if (epmd := shutil.which("epmd")) is not None:  # Erlang's register of names, which outlives who started it
            subprocess.run([epmd, "-port", names, "-kill"], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
