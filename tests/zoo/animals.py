"""Imports every module of sources, so that the zoo is full, and names what is in it."""

from zoo import broken, formats, pictures_and_streams, rates, starts
from zoo.builders import ZOO

MODULES = (rates, starts, formats, pictures_and_streams, broken)
#: Sources that are encoded and that are not, by name; RARE ones are encoded too, by `make prove`.
ENCODED = [s.name for s in ZOO.values() if not s.exit_code and not s.rare]
RARE = [s.name for s in ZOO.values() if s.rare]
NOT_ENCODED = [s.name for s in ZOO.values() if s.exit_code]
