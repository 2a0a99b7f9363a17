"""Reelwright: films in, finished video out, with measured quality and safe originals."""

from reelwright.version import VERSION

__version__ = VERSION

__all__ = ["__version__"]
