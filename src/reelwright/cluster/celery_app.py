"""The Celery app: tasks that are hints, with names and arguments that people read in Flower; decision 037."""

from collections.abc import Mapping
from typing import Any, Protocol

from celery import Celery

from reelwright.engine.leases import FILM, TRIAL, Work

NAME = "reelwright"
#: A task's name and the broker's queue, by the kind of work.
TASKS: Mapping[str, str] = {FILM: "reelwright.film", TRIAL: "reelwright.trial"}
QUEUES: Mapping[str, str] = {FILM: "files", TRIAL: "encode"}
#: A broker that does not answer for so long is not waited for.
PATIENCE_SECONDS = 5.0


class CarryOut(Protocol):
    """Has work carried out that a message names; blocks until it ended, and says what came of it."""

    def __call__(self, work_id: str) -> str:
        """Do it."""
        ...


def make_app(broker: str, carry_out: CarryOut | None = None) -> Celery:
    """The app.

    Args:
        broker: URL of RabbitMQ or Redis.
        carry_out: what the tasks do; None: this process only sends.
    """
    app = Celery(NAME, broker=broker, set_as_current=False)
    app.conf.update(
        # JSON alone: nothing that a message holds is ever called.
        task_serializer="json",
        accept_content=["json"],
        event_serializer="json",
        # Results are rows.
        result_backend=None,
        task_ignore_result=True,
        # Acknowledged before the body runs: a message is never held for an encode's length.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        task_routes={TASKS[kind]: {"queue": queue} for kind, queue in QUEUES.items()},
        task_default_queue="encode",
        # Hints may be lost with the broker: what they say is in the ledger.
        task_default_delivery_mode="transient",
        task_publish_retry=False,
        worker_send_task_events=True,
        task_send_sent_event=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=PATIENCE_SECONDS,
        broker_heartbeat=30,
        broker_transport_options=transport_options(broker),
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        # Newer RabbitMQ refuses queues that are neither durable nor exclusive.
        control_queue_exclusive=True,
        event_queue_exclusive=True,
    )
    if carry_out is not None:
        for kind in TASKS:
            app.task(name=TASKS[kind], ignore_result=True)(body_for(carry_out))
    return app


def transport_options(broker: str) -> dict[str, Any]:
    """What a transport is told: a broker that hangs is given up."""
    if not broker.startswith("redis"):
        return {"confirm_publish": False}
    return {"socket_timeout": 4 * PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}


def body_for(carry_out: CarryOut) -> Any:
    """A task's body."""

    def body(work: str, **_: Any) -> str:
        return carry_out(work)

    return body


def arguments_of(work: Work) -> dict[str, Any]:
    """What a message says: the row's id, and what a person wants to know of it."""
    payload = work.payload
    path = str(payload.get("path", "")).encode("utf-8", "replace").decode()
    told = {name: payload[name] for name in ("chunk", "crf", "action") if payload.get(name) is not None}
    if payload.get("windows"):
        told["sample"] = True
    # Lists show the beginning: what tells tasks apart comes first.
    return {"film": path, **told, "library": payload.get("library", work.owner), "work": work.id}


def answers(broker: str) -> str | None:
    """What keeps a broker from answering; None: it answers."""
    app = make_app(broker)
    try:
        with app.connection_for_write(connect_timeout=PATIENCE_SECONDS) as connection:
            connection.ensure_connection(max_retries=1, timeout=int(PATIENCE_SECONDS))
    except Exception as error:  # noqa: BLE001 - whatever a broker's client raises
        return str(error) or type(error).__name__
    finally:
        app.close()
    return None
