"""Imports every module of sources, so that the zoo is full."""

from zoo import broken, formats, pictures_and_streams, rates, starts

ALL = (rates, starts, formats, pictures_and_streams, broken)
