"""What every contract asks."""

from reelwright.plugins.kinds import PORTS, Kind, wrong_with


def held(true: object, otherwise: str) -> None:
    """Make sure of something; as `assert`, but also where Python leaves those out.

    Raises:
        AssertionError: it is not so.
    """
    if not true:
        raise AssertionError(otherwise)


def check_port(kind: Kind, thing: object) -> None:
    """Make sure that an object has the version and the members of its port.

    Raises:
        AssertionError: it has not.
    """
    problem = wrong_with(PORTS[kind], thing)
    held(not problem, f"the {kind} {problem}")


def one_line(text: object, what: str) -> None:
    """Make sure that a text is one for people, on one line.

    Raises:
        AssertionError: it is not.
    """
    held(isinstance(text, str) and text.strip() and text.isprintable(), f"{what} is {text!r}, not a text on one line")
