"""What `doctor` says of a cluster: the broker, the mark of the work folder, libraries' roots, workers."""

from collections.abc import Iterator
from pathlib import Path

from reelwright.app.cluster_bench import root_here, size_of
from reelwright.app.wiring import utc_now
from reelwright.cli.commands import CheckRow
from reelwright.cluster import INSTALL, is_installed
from reelwright.config import Settings
from reelwright.databases import without_password
from reelwright.engine.leases import Worker
from reelwright.engine.work_mark import read_mark
from reelwright.errors import ReelwrightError
from reelwright.library.marker import check_marker
from reelwright.store.database import open_ledger


def cluster_rows(settings: Settings) -> list[CheckRow]:
    """Rows of a machine that is part of a cluster; none where the settings name no cluster."""
    if not settings.cluster.enabled and not settings.cluster.broker:
        return []
    return [broker_row(settings.cluster.broker), size_row(settings), mark_row(settings), *ledger_rows(settings)]


def broker_row(broker: str) -> CheckRow:
    """Whether the broker answers; workers do without it."""
    advice = "Workers look at the ledger by themselves meanwhile; Flower shows nothing."
    if not broker:
        return CheckRow(name="broker", works=None, found="none (cluster.broker)", advice=advice, optional=True)
    shown = without_password(broker)
    if not is_installed():
        return CheckRow(name="broker", works=False, found="Celery is not installed", advice=INSTALL)
    from reelwright.cluster.celery_app import answers

    if (trouble := answers(broker)) is not None:
        return CheckRow(name="broker", works=False, found=f"{shown} does not answer: {trouble}", advice=advice)
    return CheckRow(name="broker", works=True, found=f"{shown} answers")


def size_row(settings: Settings) -> CheckRow:
    """What a worker would do at once here."""
    size = size_of(settings)
    return CheckRow(name="slots", works=True, found=f"{size.slots} encodes of {size.threads} threads at once")


def mark_row(settings: Settings) -> CheckRow:
    """Whether the work folder is one that leaders of films use."""
    mark = read_mark(settings.work_dir)
    if mark is None:
        advice = "Mount the folder that the workers that lead films have as processing.temp_dir, and start one."
        return CheckRow(name="work folder", works=False, found=f"{settings.work_dir} has no mark", advice=advice)
    return CheckRow(name="work folder", works=True, found=f"{settings.work_dir}, mark {mark}")


def ledger_rows(settings: Settings) -> Iterator[CheckRow]:
    """Roots of libraries, and workers that are alive."""
    place = settings.ledger
    if isinstance(place, Path):
        advice = "Workers on other machines need a ledger on PostgreSQL: set database.url."
        found = "a file: workers of this machine alone can use it"
        yield CheckRow(name="ledger", works=None, found=found, advice=advice, optional=True)
        if not place.exists():
            return
    try:
        store = open_ledger(place)
    except ReelwrightError:
        return  # the ledger's own row says it
    from reelwright.store.leases import DjangoLeaseStore  # models load once Django is set up
    from reelwright.store.libraries import DjangoCatalog

    try:
        for library in DjangoCatalog(store.place).libraries():
            root = root_here(settings, library)
            name = f"library {library.name}"
            try:
                check_marker(root, library.marker)
            except ReelwrightError as error:
                advice = "Mount it there, or say in cluster.roots where it is; workers that lead films need it there."
                yield CheckRow(name=name, works=False, found=error.message, advice=advice, optional=True)
            else:
                yield CheckRow(name=name, works=True, found=str(root))
        alive = [one for one, _, lives in DjangoLeaseStore(store.place).workers(utc_now()) if lives]
        yield from map(worker_row, alive)
    finally:
        store.close()


def worker_row(worker: Worker) -> CheckRow:
    """A worker, and what keeps it from work."""
    says = [str(line) for line in worker.about.get("says", ())]
    name = f"worker {worker.host}-{worker.pid}"
    did = f"{worker.about.get('queue', 'films')}, {worker.slots} slots"
    found = f"{did}: {' '.join(says)}" if says else f"{did}, works"
    return CheckRow(name=name, works=not says, found=found, optional=True)
