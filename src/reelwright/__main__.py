"""The `reelwright` command, which `python -m reelwright` is as well."""

import sys


def main() -> int:
    """Carry out the command line; returns the exit code."""
    from reelwright.quick import answer

    try:
        if answer(sys.argv[1:]):
            return 0
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0  # whoever read our output has seen enough
    from reelwright.app import main as whole

    return whole()


if __name__ == "__main__":
    sys.exit(main())
