"""The pages beside scheduler and worker: where they are offered, to whom, and what they work with."""

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from reelwright.app.deeds import PageDeeds
from reelwright.app.inquiries import Asked
from reelwright.app.library_worker import Workshop
from reelwright.config import Settings, state_dir
from reelwright.errors import UsageError
from reelwright.events import EventSink
from reelwright.store.database import make_tables, open_ledger
from reelwright.web.asking import set_inquiries
from reelwright.web.desk import Desk, set_desk
from reelwright.web.server import PageServer, bound_socket
from reelwright.web.site import Site, configure, names_of

#: Characters a secret has at least; a shorter file was not written by us, or not to its end.
SECRET_LENGTH = 50


class Pages:
    """The pages of one process, once everything is in order for them.

    Args:
        settings: of the program.
        sink: takes the events of jobs that are run again from a page.

    Raises:
        UsageError: when entered: the address is taken, or others could reach it and there is no user yet.
    """

    def __init__(self, settings: Settings, sink: EventSink) -> None:
        self._settings = settings
        self._deeds = PageDeeds(settings, sink)
        self._asked = Asked(settings, sink)
        web = settings.web
        self._site = Site(
            host=web.host, port=web.port, secret=kept_secret(state_dir() / "web-secret"), names=names_of(web.names),
            always_login=web.login,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._listening = bound_socket(self._site.host, self._site.port)
        try:
            self._prepare()
        except BaseException:
            self._listening.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listening.close()

    @property
    def address(self) -> str:
        """Where a browser on this machine finds them."""
        host = self._site.host.strip("[]")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        return f"http://{host}:{self._listening.getsockname()[1]}/"

    def _prepare(self) -> None:
        settings = self._settings
        configure(self._site)
        store = open_ledger(settings.ledger)
        make_tables(store.place)
        if self._site.wants_login:
            check_users()
        # Models load once Django is set up.
        from reelwright.store.leases import DjangoLeaseStore
        from reelwright.store.libraries import DjangoCatalog
        from reelwright.store.placements import DjangoPlacementJournal

        set_desk(
            Desk(
                jobs=store, work=DjangoLeaseStore(store.place), libraries=DjangoCatalog(store.place),
                placements=DjangoPlacementJournal(store.place), work_dir=settings.work_dir, deeds=self._deeds,
            )
        )  # fmt: skip
        set_inquiries(self._asked)
        store.close()

    async def run(self, shop: Workshop) -> None:
        """Offer the pages, and run again what they ask for, until this is cancelled."""
        server = PageServer(self._listening)
        server.__enter__()
        try:
            await self._deeds.carry_out(shop)
        finally:
            with suppress(asyncio.CancelledError):
                await asyncio.shield(asyncio.to_thread(server.__exit__, None, None, None))


def check_users() -> None:
    """Make sure that somebody could sign in.

    Raises:
        UsageError: nobody could.
    """
    from django.contrib.auth.models import User

    if not any(user.has_usable_password() for user in User.objects.filter(is_active=True)):
        raise UsageError(
            "The pages would be open to other machines, and there is no user with a password yet.",
            hint="`reelwright user add NAME` makes one; without --host they are for this machine alone.",
        )


def kept_secret(place: Path) -> str:
    """What signs cookies: made once, for its owner's eyes only.

    Raises:
        UsageError: it can be neither read nor made.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            _write_new(place, secrets.token_urlsafe(SECRET_LENGTH))
        found = place.read_text("ascii").strip()
        if len(found) < SECRET_LENGTH:
            place.unlink()
            return kept_secret(place)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The secret {place} that signs cookies can be neither read nor made ({error}).",
            hint="Move it away, and make its folder writable.",
        ) from error
    return found


def _write_new(place: Path, text: str) -> None:
    # Under another name first: whoever starts at the same time finds all of it or nothing.
    draft = place.with_name(f"{place.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        os.link(draft, place)
    finally:
        draft.unlink()
