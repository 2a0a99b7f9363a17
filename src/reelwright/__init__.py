"""Reelwright: films in, finished video out, with measured quality and safe originals."""

from reelwright.version import VERSION as __version__

__all__ = ["__version__"]
