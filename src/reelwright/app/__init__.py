"""The composition root: the `reelwright` command, and everything it can be asked for.

What a command needs is imported when it is asked for, so that `reelwright --help` answers at once.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from reelwright.cli.commands import (
        CancelledJob,
        CheckRow,
        CleanRequest,
        EncodeJob,
        FlowerOrder,
        Look,
        MigrateDone,
        QueueChange,
        QueueShown,
        RenderOrder,
        ReportDone,
        ReportOrder,
        ResetDone,
        ScoreJob,
        SequenceOrder,
        ServeOrder,
        Tell,
        WorkerOrder,
    )
    from reelwright.cli.library_commands import LibraryProgram
    from reelwright.cli.user_commands import UserProgram
    from reelwright.engine.details import JobDetails
    from reelwright.engine.jobs import OutcomeRecord
    from reelwright.engine.listing import JobRow, State
    from reelwright.engine.model_view import ModelView
    from reelwright.engine.removal import Cleaned
    from reelwright.engine.replacing import Entry
    from reelwright.events import EventSink
    from reelwright.media.model import MediaInfo
    from reelwright.origins import Examined, Report
    from reelwright.planning.explanation import Explanation
    from reelwright.profiles import Profile
    from reelwright.quality.comparison import ScoreProgress, ScoreResult
    from reelwright.sequences.check import CheckProgress, CheckReport


class Commands:
    """What the command line can ask for."""

    def encode(self, job: "EncodeJob", sink: "EventSink") -> "list[OutcomeRecord]":
        """Encode films."""
        from reelwright.app.encode import encode_all
        from reelwright.app.wiring import run_to_end

        return run_to_end(lambda: encode_all(job, sink))

    def probe(self, path: "Path") -> "MediaInfo":
        """Read a file's facts."""
        from reelwright.app.probe import look_at_file, probe_file

        if (info := look_at_file(path)) is not None:
            return info
        from reelwright.app.wiring import run_to_end

        return run_to_end(lambda: probe_file(path))

    def score(self, job: "ScoreJob", tell: "Callable[[ScoreProgress], None]") -> "ScoreResult":
        """Score one film against another."""
        from reelwright.app.score import score_files
        from reelwright.app.wiring import load, run_to_end

        return run_to_end(lambda: score_files(job.reference, job.distorted, job.options, load({}), tell))

    def doctor(self) -> "list[CheckRow]":
        """Look at tools, disk and database."""
        from reelwright.app.plugin_rows import rows
        from reelwright.app.plugins import use_encoders
        from reelwright.app.wiring import load, run_to_end
        from reelwright.doctor import examine

        settings = load({})
        use_encoders(settings)
        from reelwright.app.cluster_rows import cluster_rows

        return [*run_to_end(lambda: examine(settings)), *cluster_rows(settings), *rows(settings)]

    def test_notifications(self) -> "list[CheckRow]":
        """Send a message to everybody the settings name."""
        from reelwright.app.notify import send_test
        from reelwright.app.wiring import load

        return send_test(load({}))

    def report(self, order: "ReportOrder", tell: "Tell") -> "ReportDone":
        """Make a page about a job."""
        from reelwright.app.report import make_report
        from reelwright.app.wiring import run_to_end

        return run_to_end(lambda: make_report(order, tell))

    def list_jobs(self, states: "Collection[State] | None", limit: int | None) -> "list[JobRow]":
        """The newest jobs."""
        from reelwright.app.jobs import listed

        return listed(states, limit)

    def show_job(self, which: str) -> "JobDetails":
        """Everything about one job."""
        from reelwright.app.jobs import shown

        return shown(which)

    def watch_jobs(self, which: str | None) -> "Iterator[Look]":
        """What runs, until it has ended."""
        from reelwright.app.jobs import watched

        return watched(which)

    def cancel_job(self, which: str, grace: float, tell: "Callable[[str], None]") -> "CancelledJob":
        """Give a job up and end its run."""
        from reelwright.app.jobs import cancelled

        return cancelled(which, grace, tell)

    def retry_job(self, which: str, flags: Mapping[str, Any], sink: "EventSink", *, overwrite: bool) -> "OutcomeRecord":
        """Run a job again."""
        from reelwright.app.retry import prepared
        from reelwright.app.wiring import run_to_end

        again = prepared(which, flags, overwrite=overwrite)
        return run_to_end(lambda: again.run(sink))

    def show_queue(self, states: "Collection[State] | None", *, queued: bool, limit: int | None) -> "QueueShown":
        """What of the queue is in these states."""
        from reelwright.app.queued import shown

        return shown(states, queued=queued, limit=limit)

    def cancel_queued(self, which: str) -> "QueueChange | None":
        """Cancel a piece of work."""
        from reelwright.app.queued import cancelled

        return cancelled(which)

    def retry_queued(self, which: str) -> "QueueChange | None":
        """Begin an ended piece of work anew."""
        from reelwright.app.queued import retried

        return retried(which)

    def clean(self, wanted: "CleanRequest") -> "Iterator[Cleaned]":
        """Remove what is not needed any more."""
        from reelwright.app.clean import cleaned

        return cleaned(wanted)

    def replacements(self) -> "list[Entry]":
        """Films that were replaced."""
        from reelwright.app.restore import listed

        return listed()

    def restore(self, which: str) -> "Entry":
        """Put an original back."""
        from reelwright.app.restore import restored

        return restored(which)

    def why(self, job: "EncodeJob") -> "Explanation":
        """What would be done with a film, and why."""
        from reelwright.app.why import explain
        from reelwright.app.wiring import run_to_end

        return run_to_end(lambda: explain(job))

    def config_report(self, flags: Mapping[str, Any]) -> "Report":
        """Every setting with its origin."""
        from reelwright.origins import trace

        return trace(os.environ, flags)

    def config_check(self, file: "Path | None") -> "Examined":
        """Everything wrong with a configuration file and the environment."""
        from reelwright.app.config_problems import check

        return check(os.environ, file)

    def quality_model(self) -> "ModelView":
        """What the quality model expects, and what it has learned."""
        from reelwright.app.quality import shown

        return shown()

    def reset_quality_model(self, *, undo: bool) -> "ResetDone":
        """Have the model learn anew, or take that back."""
        from reelwright.app.quality import reset

        return reset(undo=undo)

    def migrate_ledger(self) -> "MigrateDone":
        """Bring the ledger's tables up to date."""
        from reelwright.app.db import migrated

        return migrated()

    def worker_rights(self, role: str) -> list[str]:
        """SQL that makes a role for workers that encode."""
        from reelwright.store.roles import rights_of_encoder

        return list(rights_of_encoder(role))

    def grant_worker(self, role: str, password: "Path") -> str:
        """Make that role with the password a file holds."""
        from reelwright.app.db import granted

        return granted(role, password)

    def profiles(self) -> "Mapping[str, Profile]":
        """The profiles there are."""
        from reelwright.app.profiles import all_profiles

        return all_profiles(os.environ)

    def check_sequences(self, order: "SequenceOrder", tell: "Callable[[CheckProgress], None]") -> "CheckReport":
        """Check image sequences: their names, then their pictures."""
        from reelwright.app.sequence import check_names, look_at_pictures

        report = check_names(order.source, tell)
        if not order.pictures or not any(check.names for check in report.checks):
            return report
        from reelwright.app.wiring import run_to_end

        return run_to_end(lambda: look_at_pictures(report, tell))

    def render_sequences(self, order: "RenderOrder", sink: "EventSink") -> "list[OutcomeRecord]":
        """Render image sequences into movies."""
        from reelwright.app.sequencerender import render_all
        from reelwright.app.wiring import run_to_end

        return run_to_end(lambda: render_all(order, sink))

    def serve(self, order: "ServeOrder", sink: "EventSink", tell: "Tell") -> int | None:
        """Scan libraries, work on what is queued, and offer the pages, until a signal comes."""
        from reelwright.app.serving import serve
        from reelwright.app.wiring import load, run_draining

        settings = load({"web": dict(order.web)} if order.web else {})
        if not order.pages:
            return run_draining(lambda stop: serve(settings, sink, stop))[1]
        from reelwright.app.pages import Pages

        with Pages(settings, sink) as pages:
            tell(f"The pages are at {pages.address}")
            return run_draining(lambda stop: serve(settings, sink, stop, [pages.run]))[1]

    def work(self, order: "WorkerOrder", sink: "EventSink", tell: "Tell") -> int | None:
        """Work for a cluster until a signal comes."""
        from reelwright.app.wiring import load, run_draining
        from reelwright.cluster import INSTALL, is_installed

        settings = load({"cluster": dict(order.cluster)} if order.cluster else {})
        if not is_installed():
            from reelwright.errors import ToolError

            raise ToolError("Celery is not installed.", hint=INSTALL)
        from reelwright.app.cluster_worker import work

        return run_draining(lambda stop: work(settings, sink, tell, stop))[1]

    def worker_health(self, order: "WorkerOrder", *, ready: bool) -> str:
        """What is to be said of this machine's workers."""
        from reelwright.app.cluster_health import worker_health
        from reelwright.app.wiring import load

        return worker_health(load({"cluster": dict(order.cluster)} if order.cluster else {}), ready=ready)

    def flower(self, order: "FlowerOrder", tell: "Tell") -> int | None:
        """Offer Flower until a signal comes."""
        from reelwright.app.cluster_flower import offer_flower
        from reelwright.app.wiring import load, run_draining

        settings = load({"cluster": dict(order.cluster)} if order.cluster else {})
        return run_draining(lambda stop: offer_flower(settings, tell, stop))[1]

    def libraries(self) -> "LibraryProgram":
        """What can be asked of libraries."""
        from reelwright.app.library import Libraries

        return Libraries()

    def users(self) -> "UserProgram":
        """What can be asked of the pages' users."""
        from reelwright.app.users import Users

        return Users()


def main(argv: Sequence[str] | None = None) -> int:
    """The `reelwright` command; returns its exit code."""
    from reelwright.cli.main import run

    with suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return run(sys.argv[1:] if argv is None else argv, Commands(), environ=os.environ)
