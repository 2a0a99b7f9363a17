"""What a command line may hold: types of arguments, and complaints that name what was probably meant."""

import argparse
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from reelwright.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from reelwright.planning.zones import Zone


class EncoderNames(tuple[str, ...]):
    """The encoders that are built in; a plugin's, which has a period in its name, is among them as well."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and "." in name)


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaints are ours. Flags are taken as written: `--target` is no `--target-vmaf`."""

    def __init__(self, **options: object) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**{"allow_abbrev": False, **options})  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        """Complain in one sentence.

        Raises:
            UsageError: always.
        """
        hint = f"See `{self.prog} --help`."
        if unknown := re.search(r"unrecognized arguments: (\S+)", message):
            message = f"there is no argument {unknown[1]}"
            hint = f"{self.meant(unknown[1])}{hint}"
        elif choice := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            near = nearest(choice[1], re.findall(r"[\w.-]+", choice[2]))
            hint = f"Did you mean {near[0]}? {hint}" if near else hint
        raise UsageError(f"{message[0].upper()}{message[1:]}.", hint=hint)

    def meant(self, flag: str) -> str:
        """A question after the flag that was probably meant; empty where none is near."""
        known = [name for action in self._actions for name in action.option_strings]
        near = nearest(flag.partition("=")[0], known)
        return f"Did you mean {near[0]}? " if near else ""

    def parse_args(self, args: object = None, namespace: object = None) -> argparse.Namespace:  # type: ignore[override]
        """Parse; what a command does not know is told by that command, which knows what is near."""
        found, unknown = self.parse_known_args(args, namespace)  # type: ignore[call-overload]
        if unknown:
            told: Parser = getattr(found, "parser", self)
            told.error(f"unrecognized arguments: {unknown[0]}")
        return found  # type: ignore[no-any-return]


def nearest(word: str, known: list[str]) -> list[str]:
    """The known word that was probably meant, or none."""
    from difflib import get_close_matches  # noqa: PLC0415 - only where something is wrong

    return get_close_matches(word, known, n=1)


def number(low: float, high: float) -> Callable[[str], float]:
    """A type of argument: a number within bounds."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no number from {low:g} to {high:g}")
        return value

    return parse


def quarter(text: str) -> float:
    """A CRF: 1 to 70 in steps of a quarter, which is as fine as SVT-AV1 goes."""
    value = number(1, 70)(text)
    if value * 4 != int(value * 4):
        raise argparse.ArgumentTypeError(f"{text!r} is no quarter step, such as 31.25")
    return value


def whole(low: int, high: int) -> Callable[[str], int]:
    """A type of argument: a whole number within bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]+", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return int(text)

    return parse


def moment(text: str) -> str:
    """A time such as 90, 1:30 or 0:01:30.5, as decimal seconds."""
    from reelwright.planning.times import decimal, parse_time  # noqa: PLC0415

    try:
        return decimal(parse_time(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def picture_size(text: str) -> tuple[int, int]:
    """A size to encode at: 1280x720, 1280x or x720."""
    from reelwright.planning.scale import parse_scale  # noqa: PLC0415

    try:
        return parse_scale(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def scene_list(text: str) -> "Path":
    """A scene list to write; its name says in which form."""
    from reelwright.planning.scenes import form_of  # noqa: PLC0415

    if form_of(text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} ends in none of .json, .av1an.json and .csv")
    from pathlib import Path  # noqa: PLC0415

    return Path(text)


def zone(text: str) -> "Zone":
    """A part of the film with settings of its own: START-END:KEY=VALUE,…."""
    from reelwright.planning.zones import parse_zone  # noqa: PLC0415

    try:
        return parse_zone(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def band(text: str) -> tuple[float, float]:
    """`W`: target ± W; `LOW,HIGH`: from target - LOW to target + HIGH."""
    from reelwright.encoding_settings import parse_band  # noqa: PLC0415

    try:
        return parse_band(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is neither a width such as 1.0 nor LOW,HIGH such as 0.5,1.0"
        ) from error


def size_in_bytes(text: str) -> int:
    """A size such as 700M: at least one byte."""
    from reelwright.sections import parse_size  # noqa: PLC0415

    try:
        size = parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error
    if not isinstance(size, int) or size < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no size such as 700M")
    return size


def crop_area(text: str) -> str:
    """What is kept of the picture: off, auto, or W:H:X:Y."""
    from reelwright.encoding_settings import checked_crop  # noqa: PLC0415

    try:
        return checked_crop(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from error


def pair(text: str) -> tuple[str, str]:
    """An encoder parameter: KEY=VALUE."""
    from reelwright.encoding_settings import check_svt  # noqa: PLC0415

    name, _, value = text.partition("=")
    try:
        check_svt(name, value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return name, value
