"""Flower, once everything is in order for it."""

import asyncio
from collections.abc import Callable

from reelwright.cluster import INSTALL, is_installed
from reelwright.config import Settings
from reelwright.errors import ToolError, UsageError
from reelwright.web.site import is_loopback


async def offer_flower(settings: Settings, tell: Callable[[str], None], stop: asyncio.Event) -> None:
    """Offer Flower until it is told to stop.

    Args:
        settings: of the program.
        tell: told where it is.
        stop: set where it is to end.

    Raises:
        UsageError: there is no broker, no login where others could reach it, or the address cannot be had.
        ToolError: Celery and Flower are not installed.
    """
    cluster = settings.cluster
    login = cluster.flower_login.get_secret_value()
    if not cluster.broker:
        raise UsageError("There is no broker whose tasks could be shown.", hint="Set cluster.broker.")
    if not login and not is_loopback(cluster.flower_host):
        raise UsageError(
            f"Flower would be open to other machines at {cluster.flower_host}, and asks for no password.",
            hint='Set cluster.flower_login to "NAME:PASSWORD"; without --host it is for this machine alone.',
        )
    if not is_installed():
        raise ToolError("Celery and Flower are not installed.", hint=INSTALL)
    from reelwright.cluster.flower import offer

    def say(port: int) -> None:
        tell(f"Flower is at http://{cluster.flower_host}:{port}/")

    try:
        await offer(
            cluster.broker, host=cluster.flower_host, port=cluster.flower_port, login=login, tell=say, stop=stop
        )
    except OSError as error:
        raise UsageError(
            f"Flower cannot be offered at {cluster.flower_host}:{cluster.flower_port} ({error.strerror}).",
            hint="Another program may use it: choose another with --port.",
        ) from error
