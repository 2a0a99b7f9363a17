"""What tables of settings are made of."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12, "ki": 2**10, "mi": 2**20, "gi": 2**30, "ti": 2**40}


def parse_size(value: object) -> object:
    """Bytes of a size such as 700, "700 MB" or "1.5GiB"; None for an empty one.

    Raises:
        ValueError: it is no size.
    """
    if value is None or value == "":
        return None
    text = str(value).strip().lower().removesuffix("b").strip()
    digits = text.rstrip("kmgti").strip()
    try:
        count = int(float(digits) * UNITS[text[len(digits) :].strip()])
    except (ValueError, KeyError, OverflowError):
        count = -1
    if count < 0:
        raise ValueError("expected a size such as 700MB or 1.5GiB")
    return count


Size = Annotated[int | None, BeforeValidator(parse_size)]


class Section(BaseModel):
    """A table of the file: frozen, and a typing error in a key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
