"""How a child process answers: JSON lines on standard output, the last one its result or its error."""

import errno
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

#: Exit status of a child that could not use the file and said why.
CANNOT_USE = 3
#: Errors that say nothing about the file: disk, quota, memory or descriptors have run out.
SCARCE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


def plain(value: Any) -> Any:
    """What JSON cannot say by itself: fractions become "n/d"."""
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise TypeError(f"{type(value).__name__} has no JSON form")


def say(message: dict[str, Any]) -> None:
    """Print one line and let it go at once."""
    print(json.dumps(message, default=plain), flush=True)


def answer(work: Callable[[dict[str, Any]], dict[str, Any]]) -> int:
    """Run a child's work on its request and print what came of it.

    The only argument is the request as JSON, or `@` and the path of a file that holds it: a film of many chunks
    makes a request longer than one argument may be.
    """
    import av  # noqa: PLC0415 - only children import it

    av.logging.set_level(av.logging.ERROR)
    try:
        say({"result": work(request(sys.argv[1]))})
    except PermissionError:
        say({"error": "It cannot be read: permission denied.", "hint": "Check the file's permissions."})
    except (av.FFmpegError, OSError, ValueError) as error:
        if (number := getattr(error, "errno", None)) in SCARCE:
            say({"error": reason(error), "errno": number})
            return CANNOT_USE
        say({"error": f"It cannot be read as a film: {reason(error)}.", "hint": "Is it complete, and really a film?"})
    else:
        return 0
    return CANNOT_USE


def request(argument: str) -> dict[str, Any]:
    """The request, from the argument itself or from the file it names."""
    text = Path(argument[1:]).read_text(encoding="ascii") if argument.startswith("@") else argument
    asked: dict[str, Any] = json.loads(text)
    return asked


def reason(error: Exception) -> str:
    """The error's own words, without addresses and paths."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).rstrip(".").lower() if text.isupper() else str(text).rstrip(".")
