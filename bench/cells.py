"""The cells of the table: which encodes are measured, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

TARGETS, PRESETS, BANDS, OBJECTIVES = (93.0, 95.0), (6, 8), (1.0, 0.5), ("uniform", "min-size")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One film encoded once by Reelwright, and all that is measured of it."""

    film: str
    preset: int = 6
    target: float = 93.0
    band: float = 1.0
    objective: str = "uniform"
    #: The other films are in the ledger; else it is empty.
    warm: bool = False

    @property
    def name(self) -> str:
        """Its file and how it is asked for."""
        ledger = "warm" if self.warm else "cold"
        return f"{self.film}-p{self.preset}-t{self.target:g}-b{self.band:g}-{self.objective}-{ledger}"


def quick(films: Sequence[str], made: str) -> list[Cell]:
    """The most telling ones, those that the most depends on first: about an hour on two cores.

    Args:
        films: all films, by name.
        made: the long one, which the benchmark makes itself.
    """
    short = [film for film in films if film != made]
    cells = [Cell(film=film) for film in (*short, made)]
    cells.append(Cell(film=made, warm=True))
    cells += [Cell(film=film, objective="min-size") for film in (*short, made)]
    cells += [Cell(film=film, band=0.5) for film in short]
    cells += [Cell(film=film, target=95.0, objective=how) for film in short for how in OBJECTIVES]
    return cells


def full(films: Sequence[str], made: str) -> list[Cell]:
    """Every combination, the quick ones first."""
    first = quick(films, made)
    every = [
        Cell(film=film, preset=preset, target=target, band=band, objective=how, warm=warm)
        for preset, target, band, how, warm, film in product(PRESETS, TARGETS, BANDS, OBJECTIVES, (False, True), films)
    ]
    return [*first, *(cell for cell in every if cell not in first)]
