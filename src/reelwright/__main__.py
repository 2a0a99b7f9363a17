"""The `reelwright` command, which `python -m reelwright` is as well."""

import gc
import sys

INTERRUPTED = 130
#: Importing makes many objects, and all of them stay. To look for garbage among them after every 700 new ones, as
#: Python does by itself, takes a seventh of the time it takes to start.
OBJECTS_BETWEEN_COLLECTIONS = 50_000


def main() -> int:
    """Carry out the command line; returns the exit code."""
    try:
        if probed():
            return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError:
        pass  # what could not be written is told by the whole program, which fails at it as well
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    from reelwright.app import main as whole

    return whole()


def probed() -> bool:
    """Answer `probe` if that can be done quickly; tells whether it was."""
    if sys.argv[1:2] != ["probe"]:
        return False
    from reelwright.quick import answer

    return answer(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
