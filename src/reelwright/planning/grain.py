"""Film grain that the player adds: its parameters travel with the pictures."""

from collections.abc import Iterable

#: SVT-AV1's name of the strength, and of a table of grain to use instead of an estimate.
STRENGTH, TABLE = "film-grain", "fgs-table"


def has_grain(parameters: Iterable[tuple[str, str]]) -> bool:
    """Whether encoder parameters ask for grain that is synthesised."""
    named = {name.lower().replace("_", "-"): value for name, value in parameters}
    return TABLE in named or named.get(STRENGTH, "0") != "0"


def grain_notes(parameters: Iterable[tuple[str, str]], zones: Iterable[str] = ()) -> tuple[str, ...]:
    """A sentence on grain that is synthesised, be it in a zone alone."""
    named = dict(parameters)
    film = has_grain(named.items())
    if not film and not any(f"svt.{STRENGTH}=" in zone for zone in zones):
        return ()
    strength = f" of strength {named[STRENGTH]}" if film and STRENGTH in named else "" if film else " in a zone"
    return (f"The player adds grain{strength}; VMAF is taken without it, because new grain is never the film's own.",)
