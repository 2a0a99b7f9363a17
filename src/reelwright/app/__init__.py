"""The composition root: the `reelwright` command, and everything it can be asked for.

What a command needs is imported when it is asked for, so that `reelwright --help` answers at once.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from reelwright.cli.commands import CheckRow, EncodeJob
    from reelwright.engine.jobs import OutcomeRecord
    from reelwright.events import EventSink
    from reelwright.media.model import MediaInfo
    from reelwright.origins import Examined, Report
    from reelwright.planning.explanation import Explanation
    from reelwright.profiles import Profile


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

    def doctor(self) -> "list[CheckRow]":
        """Look at tools, disk and database."""
        from reelwright.app.wiring import load, run_to_end
        from reelwright.doctor import examine

        return run_to_end(lambda: examine(load({})))

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
        from reelwright.origins import check

        return check(os.environ, file)

    def profiles(self) -> "Mapping[str, Profile]":
        """The profiles there are."""
        from reelwright.app.profiles import all_profiles

        return all_profiles(os.environ)


def main(argv: Sequence[str] | None = None) -> int:
    """The `reelwright` command; returns its exit code."""
    from reelwright.cli.main import run

    with suppress(AttributeError, ValueError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        sys.stderr.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return run(sys.argv[1:] if argv is None else argv, Commands(), environ=os.environ)
