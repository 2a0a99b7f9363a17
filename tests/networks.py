"""A machine of the tests' own as far as its network goes: a namespace whose one cable to the host can be cut."""

import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count

import pytest

_number = count()


class Island:
    """A network namespace and the cable to it; programs in it reach chosen services of the host's loopback.

    Args:
        name: of the namespace; its cable's ends are named after it.
        host: the host's address on the cable.
        there: the namespace's.
    """

    def __init__(self, name: str, host: str, there: str) -> None:
        self.name, self.host, self._there = name, host, there
        self._cable = f"{name}h"
        self._sockets: list[socket.socket] = []

    def build(self) -> None:
        """Make it.

        Raises:
            subprocess.CalledProcessError: it may not be made here.
        """
        far = f"{self.name}n"
        _ip("netns", "add", self.name)
        _ip("link", "add", self._cable, "type", "veth", "peer", "name", far, "netns", self.name)
        _ip("addr", "add", f"{self.host}/30", "dev", self._cable)
        _ip("link", "set", self._cable, "up")
        _ip("-n", self.name, "addr", "add", f"{self._there}/30", "dev", far)
        _ip("-n", self.name, "link", "set", far, "up")
        _ip("-n", self.name, "link", "set", "lo", "up")

    def remove(self) -> None:
        """Remove it; what runs in it has no network any more."""
        for one in self._sockets:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)  # whoever waits for it in a thread wakes up
            one.close()
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._cable)
        _ip("netns", "del", self.name)

    @property
    def before(self) -> Sequence[str]:
        """What is put before a command so that it runs in there; it becomes that command, with its number."""
        return ("ip", "netns", "exec", self.name)

    def cut(self) -> None:
        """Nothing comes through any more, and nobody is told."""
        _ip("link", "set", self._cable, "down")

    def mend(self) -> None:
        """What was sent meanwhile is sent again."""
        _ip("link", "set", self._cable, "up")

    def reach(self, url: str) -> str:
        """A service's URL on the host's loopback as it is called in there, and the way to it."""
        before, port = url.split("@127.0.0.1:") if "@" in url else url.split("//127.0.0.1:")
        number = int(port.split("/")[0])
        self._carry(number)
        return f"{before}{'@' if '@' in url else '//'}{self.host}:{port}"

    def _carry(self, port: int) -> None:
        listening = socket.create_server((self.host, port))
        self._sockets.append(listening)
        threading.Thread(target=_serve, args=(listening, port, self._sockets), daemon=True).start()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _serve(listening: socket.socket, port: int, opened: list[socket.socket]) -> None:
    """Carry each connection to the same port of the loopback."""
    with suppress(OSError):
        while True:
            one, _ = listening.accept()
            try:
                other = socket.create_connection(("127.0.0.1", port), 5)
            except OSError:  # it restarts
                one.close()
                continue
            opened += one, other
            for source, sink in ((one, other), (other, one)):
                threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry what comes until it ends, and say the end."""
    with suppress(OSError):
        while data := source.recv(1 << 16):
            sink.sendall(data)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextmanager
def island() -> Iterator[Island]:
    """A namespace for as long as this is entered."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("a network namespace needs `ip` and root")
    place = (os.getpid() << 2 | next(_number) & 3) & 0x3FFF  # a /30 of 10.213.0.0/16 for each process and turn
    third, fourth = place >> 6, (place & 63) << 2
    found = Island(f"rw{os.getpid()}x{next(_number)}", f"10.213.{third}.{fourth + 1}", f"10.213.{third}.{fourth + 2}")
    try:
        found.build()
    except (OSError, subprocess.CalledProcessError) as error:
        with suppress(OSError, subprocess.CalledProcessError):
            found.remove()
        pytest.skip(f"a network namespace cannot be made here: {error}")
    try:
        yield found
    finally:
        found.remove()
