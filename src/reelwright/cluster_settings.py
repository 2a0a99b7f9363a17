"""What there is to set of a cluster: its broker, and what this machine does for it."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from reelwright.sections import Section

#: What a worker may do: lead films and write their files, or encode chunks.
Queue = Literal["files", "encode"]


def checked_broker(value: str) -> str:
    """A broker's URL; empty: there is none.

    Raises:
        ValueError: it is none of RabbitMQ's or Redis'.
    """
    if value and not re.fullmatch(r"(amqps?|rediss?|redis\+socket|memory)://\S*", value):
        raise ValueError("expected amqp://USER:PASSWORD@HOST:5672/VHOST or redis://HOST:6379/0")
    return value


def checked_label(value: tuple[str, ...]) -> tuple[str, ...]:
    """Labels, each a word.

    Raises:
        ValueError: one is none, or is of those that a worker finds out by itself.
    """
    for label in value:
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", label):
            raise ValueError(f"{label!r} is no word of letters, digits, '-', '_' and '.'")
    return value


def checked_login(value: SecretStr) -> SecretStr:
    """Who may look at Flower.

    Raises:
        ValueError: it is no name and password.
    """
    text = value.get_secret_value()
    if text and not (text.isascii() and re.fullmatch(r"[^\s:]+:\S{8,}", text)):
        raise ValueError("expected NAME:PASSWORD, the password of 8 letters or more, without blanks, in ASCII")
    return value


class ClusterSettings(Section):
    """A table [cluster]."""

    #: URL of RabbitMQ or Redis; empty: workers look at the ledger alone, and Flower has nothing to show.
    broker: Annotated[str, AfterValidator(checked_broker)] = ""
    #: `serve` carries out no films itself: workers do.
    enabled: bool = False
    #: What `worker` does.
    queues: tuple[Queue, ...] = ("files", "encode")
    #: Encodes at once; 0: by cores and memory.
    slots: int = Field(default=0, ge=0, le=1024)
    #: Threads of each; 0: by cores and slots.
    threads: int = Field(default=0, ge=0, le=256)
    #: Films that one worker leads at once.
    films: int = Field(default=2, ge=1, le=64)
    #: What else this machine has, for work that asks for it: "gpu", "big-memory".
    labels: Annotated[tuple[str, ...], AfterValidator(checked_label)] = ()
    #: Where libraries are mounted on a machine that only encodes, if elsewhere than on those that lead.
    roots: dict[str, str] = Field(default_factory=dict)
    #: Seconds between two looks at the ledger while there is room.
    poll: float = Field(default=2, gt=0)
    #: Seconds between heartbeats, and how long leases outlast the last one.
    beat: float = Field(default=5, gt=0)
    lease: float = Field(default=60, gt=0)
    #: Seconds after which the broker is told again of work that nobody took.
    resend: float = Field(default=30, gt=0)
    #: Where `flower` offers its pages; an address that other machines reach wants `flower_login` first.
    flower_host: str = "127.0.0.1"
    flower_port: int = Field(default=5555, ge=0, le=65535)
    #: "NAME:PASSWORD" that Flower asks for; empty: it asks for none, and changes nothing.
    flower_login: Annotated[SecretStr, AfterValidator(checked_login)] = SecretStr("")
