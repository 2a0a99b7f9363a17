"""Every error a user can meet, and the exit code it ends with.

ReelwrightError              1  a defect of ours
├── UsageError               2  wrong usage or configuration
├── RefusedError             3  doing it would lose something
├── SourceError              4  the source cannot be used
├── ToolError                5  an outside program failed
├── ValidationFailedError    6  the output failed its checks; nothing was replaced
├── ResourceError            7  out of disk, memory or another resource
│   └── DiskFullError        7  a disk is full: waiting may help, fewer encodes do not
├── ConflictError            8  the source changed, the output exists, another run has the job
│   └── BusyError            8  another run is at it: it will be over some time
└── InterruptedRunError    130  stopped by the user; run the same command to go on
    └── CancelledJobError  130  one film was given up from another terminal; the others go on
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class ReelwrightError(Exception):
    """A failure with one sentence for the user.

    Args:
        message: What happened, and where.
        hint: What to do next, or an empty string.
    """

    exit_code: ClassVar[int] = 1
    #: False where trying the same thing again may well succeed.
    permanent: ClassVar[bool] = True

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(ReelwrightError):
    """Wrong usage or configuration."""

    exit_code = 2


class RefusedError(ReelwrightError):
    """Doing it would lose something."""

    exit_code = 3


class SourceError(ReelwrightError):
    """The source cannot be used: missing, unreadable, not a film, truncated, damaged."""

    exit_code = 4


class ToolError(ReelwrightError):
    """An outside program failed.

    Args:
        message: What it was doing and how it ended.
        argv: The command line, for the log.
        returncode: Its exit status; negative for a signal; None where it never started.
        stderr: The end of what it wrote to standard error.
        hint: What to do next, or an empty string.
    """

    exit_code = 5
    permanent = False

    def __init__(
        self,
        message: str,
        *,
        argv: tuple[str, ...] = (),
        returncode: int | None = None,
        stderr: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.argv = argv
        self.returncode = returncode
        self.stderr = stderr


class ValidationFailedError(ReelwrightError):
    """The output failed its checks; nothing was placed or replaced.

    Args:
        message: Which checks failed, and how.
        checks: Every check with its name, whether it passed, and details.
    """

    exit_code = 6

    def __init__(self, message: str, *, checks: tuple[Mapping[str, object], ...] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.checks = checks


class ResourceError(ReelwrightError):
    """Out of disk, memory or another resource."""

    exit_code = 7
    permanent = False


class DiskFullError(ResourceError):
    """A disk is full."""


class ConflictError(ReelwrightError):
    """The source changed meanwhile, the output exists, or another run has the job."""

    exit_code = 8


class BusyError(ConflictError):
    """Another run is at it."""

    permanent = False


class InterruptedRunError(ReelwrightError):
    """Stopped by the user; the same command goes on."""

    exit_code = 130
    permanent = False


class CancelledJobError(InterruptedRunError):
    """Given up by the user from another terminal; the same command opens it again."""


def error_for(exit_code: int, reasons: Sequence[str]) -> ReelwrightError:
    """The error that ends with this exit code, with its sentence and hint."""
    kinds = {kind.exit_code: kind for kind in ReelwrightError.__subclasses__()}
    return kinds.get(exit_code, ReelwrightError)(reasons[0] if reasons else "It failed.", hint=" ".join(reasons[1:]))
