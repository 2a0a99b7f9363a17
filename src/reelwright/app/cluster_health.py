"""Whether this machine's workers are alive, and whether something keeps them from work: for what starts containers."""

import socket

from reelwright.app.wiring import utc_now
from reelwright.config import Settings
from reelwright.engine.leases import Worker
from reelwright.errors import ResourceError
from reelwright.store.database import open_ledger


def worker_health(settings: Settings, *, ready: bool) -> str:
    """What is to be said of this machine's workers of `cluster.queues`, by their last heartbeats.

    Args:
        settings: of the program.
        ready: that nothing keeps them from work is asked as well.

    Raises:
        ResourceError: one of them was not heard of, or is kept from work.
        UsageError: the ledger cannot be used.
        ToolError: its server turned us away.
    """
    try:
        found = _here(settings)
    except ResourceError as error:
        # Workers go on without it for as long as their leases last: starting them anew would only cost their encodes.
        return f"Whether workers are alive cannot be known. {error.message}"
    troubles = []
    for queue in settings.cluster.queues:
        of_queue = [worker for worker in found if worker.about.get("queue") == queue]
        if not of_queue:
            raise ResourceError(f"No worker of the queue {queue} was heard of on this machine.")
        troubles += [str(line) for worker in of_queue for line in worker.about.get("says", ())]
    if troubles and ready:
        raise ResourceError(" ".join(troubles))
    return " ".join(["Alive.", *troubles])


def _here(settings: Settings) -> list[Worker]:
    store = open_ledger(settings.ledger)
    from reelwright.store.leases import DjangoLeaseStore  # models load once Django is set up

    try:
        known = DjangoLeaseStore(store.place).workers(utc_now())
    finally:
        store.close()
    return [worker for worker, _, alive in known if alive and worker.host == socket.gethostname()]
