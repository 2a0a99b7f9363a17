"""The `reelwright` command, which `python -m reelwright` is as well."""

import sys

INTERRUPTED = 130


def main() -> int:
    """Carry out the command line; returns the exit code."""
    from reelwright.quick import answer

    try:
        if answer(sys.argv[1:]):
            return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError:
        pass  # what could not be written is told by the whole program, which fails at it as well
    from reelwright.app import main as whole

    return whole()


if __name__ == "__main__":
    sys.exit(main())
