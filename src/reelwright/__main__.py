"""Lets `python -m reelwright` do what the command does."""

import sys

from reelwright.app import main

if __name__ == "__main__":
    sys.exit(main())
