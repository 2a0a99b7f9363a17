"""How a child failed, as one sentence and the error class that decides what happens next."""

import errno
import re
import shlex
import signal
from collections.abc import Sequence
from enum import StrEnum
from pathlib import PurePath

from reelwright.errors import DiskFullError, ReelwrightError, ResourceError, ToolError

_SAID_LIMIT = 300
_FIRST_SURROGATE = 0xDC80  # what Python makes of the byte 0x80 in a file name that is not UTF-8
_LAST_SURROGATE = 0xDCFF
# ffmpeg exits with the low byte of its negative error number: https://ffmpeg.org/doxygen/trunk/error_8h.html
_FFMPEG_NO_SPACE = -errno.ENOSPC & 0xFF
_FFMPEG_NO_MEMORY = -errno.ENOMEM & 0xFF
_NO_SPACE = ("No space left on device", "Disk quota exceeded")
# FFmpeg cannot start a thread where there is no memory for its stack; SVT-AV1 names its own failure.
_NO_MEMORY = ("Cannot allocate memory", "pthread_create() failed: Resource temporarily", "SvtMalloc[fatal]")
_SCARCE = frozenset({errno.EAGAIN, errno.EMFILE, errno.ENFILE})
_EMPTY_PHRASES = re.compile(r"conversion failed!|exiting normally, received signal \d+\.|last message repeated")
_LOG_CONTEXT = re.compile(r"\[[^\[\]]* @ 0x[0-9a-f]+\] ?")
_SIGNAL_HINTS = {
    signal.SIGKILL: "If nobody ended it, the system ran out of memory: run fewer encodes at once.",
    signal.SIGXFSZ: "What it wrote grew past the size it was allowed.",
}


class MemoryCause(StrEnum):
    """How a lack of memory is known, which decides what helps."""

    #: The system refused memory, and the program said so.
    TOLD = "told"
    #: The process was killed; nobody but the system's out-of-memory killer is known to do that.
    KILLED = "killed"
    #: It took more than it may have: how many run beside it changes nothing.
    CAP = "cap"


class StalledError(ToolError):
    """A child made no progress, or took too long, and was ended."""


class OutOfMemoryError(ResourceError):
    """Out of memory: the system's, or what one child may take.

    Args:
        message: What happened, and where.
        hint: What to do next, or an empty string.
        cause: How it is known.
    """

    def __init__(self, message: str, *, hint: str = "", cause: MemoryCause = MemoryCause.TOLD) -> None:
        super().__init__(message, hint=hint)
        self.cause = cause


def clean(text: str) -> str:
    """The text with control characters and undecodable bytes written as escapes, fit for a terminal."""
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def printable(argv: Sequence[str]) -> str:
    """The command line as one line that can be read and, where no escape was needed, pasted."""
    return clean(shlex.join(argv))


def program(argv: Sequence[str]) -> str:
    """The name a user knows the program by."""
    name = PurePath(argv[0]).name
    return "ffmpeg" if name.startswith("ffmpeg") else clean(name)


def bad_end(what: str, argv: tuple[str, ...], returncode: int, stderr: str) -> ReelwrightError:
    """The error for a child that ended with anything but zero.

    Args:
        what: What it was doing, as the beginning of a sentence: "Encoding chunk 12".
        argv: Its command line.
        returncode: Its exit status, negative for a signal.
        stderr: The end of what it wrote to standard error.
    """
    status = returncode if program(argv) == "ffmpeg" else None
    if status == _FFMPEG_NO_SPACE or any(words in stderr for words in _NO_SPACE):
        return DiskFullError(f"{what} failed: no space left on the disk.", hint="Free some space and run it again.")
    if status == _FFMPEG_NO_MEMORY or any(words in stderr for words in _NO_MEMORY):
        return OutOfMemoryError(f"{what} failed: out of memory.", hint="Run fewer encodes at once.")
    ending, hint = _ending(returncode)
    said = _last_words(stderr)
    message = f"{what} failed: {program(argv)} {ending}" + (f": {said}" if said else ".")
    return ToolError(message, argv=argv, returncode=returncode, stderr=stderr, hint=hint)


def no_start(what: str, argv: tuple[str, ...], error: OSError) -> ReelwrightError:
    """The error for a child that could not be started."""
    if error.errno == errno.ENOMEM:
        return OutOfMemoryError(
            f"{what} failed: no memory to start {program(argv)}.", hint="Run fewer encodes at once."
        )
    if error.errno in _SCARCE:
        return ResourceError(f"{what} failed: no resources to start {program(argv)} ({error.strerror}).")
    hint = f"Install {program(argv)}, or correct its path in the settings."
    return ToolError(f"{what} failed: {program(argv)} could not be started: {_reason(error)}.", argv=argv, hint=hint)


def _reason(error: OSError) -> str:
    """Names the file that is missing: it may be the program or the folder to start it in."""
    where = f" ({clean(str(error.filename))})" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _ending(returncode: int) -> tuple[str, str]:
    if returncode >= 0:
        return f"ended with status {returncode}", ""
    try:
        number = signal.Signals(-returncode)
    except ValueError:  # real-time signals have no name
        return f"was killed by signal {-returncode}", ""
    return f"was killed by {number.name}", _SIGNAL_HINTS.get(number, "")


def _last_words(stderr: str) -> str:
    """The last line that says something, without the addresses that ffmpeg puts before it."""
    for line in reversed(stderr.splitlines()):
        said = _LOG_CONTEXT.sub("", line).strip()
        if said and not _EMPTY_PHRASES.search(said.lower()):
            return clean(said)[:_SAID_LIMIT]
    return ""


def _escaped(character: str) -> str:
    number = ord(character)
    if _FIRST_SURROGATE <= number <= _LAST_SURROGATE:
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
