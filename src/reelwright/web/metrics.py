"""What Prometheus reads: values of the ledger and the machine as they are when it asks."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from reelwright.engine.jobs import JobStatus
from reelwright.engine.leases import FILM, WorkState
from reelwright.engine.quarantine import savings
from reelwright.store import models
from reelwright.version import VERSION
from reelwright.web.desk import desk
from reelwright.web.overview import machine
from reelwright.web.running import running
from reelwright.web.savings import SAVINGS


class Ledger(Collector):
    """Reads everything anew whenever it is asked."""

    def collect(self) -> Iterator[Metric]:
        """Every metric with its values."""
        yield from jobs()
        yield from queue()
        yield from saved()
        yield from workers()
        free = machine()
        yield GaugeMetricFamily(
            "reelwright_work_disk_free_bytes", "Free on the disk of the work folder.", free["disk_free"]
        )
        yield GaugeMetricFamily("reelwright_memory_available_bytes", "Memory that is available.", free["memory_free"])
        build = GaugeMetricFamily("reelwright_build_info", "Always 1; the version is a label.", labels=["version"])
        build.add_metric([VERSION], 1)
        yield build


def jobs() -> Iterator[Metric]:
    """Jobs by where they stand, and how far those are that run."""
    found = GaugeMetricFamily(
        "reelwright_jobs", "Jobs of the ledger by state; open ones run or stopped.", labels=["state"]
    )
    counts = dict(models.Job.objects.order_by().values_list("status").annotate(Count("pk")))
    for status in JobStatus:
        found.add_metric([status.value], counts.get(status.value, 0))
    yield found
    runs = running()
    yield GaugeMetricFamily("reelwright_jobs_running", "Jobs that somebody works on now.", len(runs))
    far = GaugeMetricFamily("reelwright_job_progress_ratio", "How far a job is, 0 to 1.", labels=["job"])
    left = GaugeMetricFamily("reelwright_job_eta_seconds", "Seconds a job is expected to take yet.", labels=["job"])
    fast = GaugeMetricFamily(
        "reelwright_job_frames_per_second", "Frames a job gets through in a second.", labels=["job"]
    )
    for run in runs:
        if run.percent is not None:
            far.add_metric([run.short], run.percent / 100)
        if run.eta is not None:
            left.add_metric([run.short], run.eta)
        if run.speed is not None:
            fast.add_metric([run.short], run.speed)
    yield from (far, left, fast)


def queue() -> Iterator[Metric]:
    """Work by library and state, and which libraries are held back."""
    found = GaugeMetricFamily("reelwright_queue", "Work of the queue.", labels=["library", "state"])
    owners = {library.name for library in desk().libraries.libraries()}
    counts = desk().work.count_work([FILM])
    for owner in sorted(owners | {owner for owner, _ in counts}):
        for state in WorkState:
            found.add_metric([owner, state.value], counts.get((owner, state), 0))
    yield found
    paused = desk().work.paused()
    held = GaugeMetricFamily("reelwright_paused", "1 where a library is held back.", labels=["library"])
    for owner in sorted(owners):
        held.add_metric([owner], float(bool({"", owner} & paused)))
    yield held


def saved() -> Iterator[Metric]:
    """Bytes of films before and after, and what the quarantine holds."""
    sums = SAVINGS.now()
    yield CounterMetricFamily("reelwright_films_encoded", "Films that were encoded.", sums.films)
    yield CounterMetricFamily("reelwright_source_bytes", "Bytes of films that were encoded.", sums.before)
    yield CounterMetricFamily("reelwright_output_bytes", "Bytes of their outputs.", sums.after)
    yield GaugeMetricFamily("reelwright_saved_bytes", "Bytes of sources that their outputs do not need.", sums.saved)
    cpu = sum(day.cpu_seconds for day in sums.days.values())
    yield CounterMetricFamily("reelwright_cpu_seconds", "Processor time of encodes.", cpu)
    kept = savings(desk().placements.entries())
    yield GaugeMetricFamily("reelwright_quarantine_bytes", "Bytes of originals that are kept.", kept.quarantined)


def workers() -> Iterator[Metric]:
    """Workers that are alive, and what they can do at once."""
    alive = [worker for worker, _, lives in desk().work.workers(dt.datetime.now(dt.UTC)) if lives]
    yield GaugeMetricFamily("reelwright_workers_alive", "Workers that are alive.", len(alive))
    yield GaugeMetricFamily("reelwright_worker_slots", "Films they work on at once.", sum(w.slots for w in alive))


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The text Prometheus reads."""
    del request
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Ledger())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
