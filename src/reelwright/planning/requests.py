"""A request as plain values for the ledger, and the very request again."""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from fractions import Fraction
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from reelwright.planning.plan import Request


def plain_request(request: Request) -> dict[str, Any]:
    """The request as what JSON can say; `request_from` makes it whole again."""
    return {field.name: plain(getattr(request, field.name)) for field in fields(request)}


def plain(value: Any) -> Any:
    """One value as what JSON can say."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Fraction) else value


def request_from(values: Mapping[str, Any]) -> Request:
    """The request that was made plain; what its row does not have yet is as in a request of today that is silent on it.

    Keys that no field has any more are passed over. The result follows the fields of `Request` and their types, so a
    new field needs nothing here.

    Raises:
        ValueError: a value cannot be what its field is.
    """
    hints = get_type_hints(Request)
    named = {name: typed(values[name], hint, name) for name, hint in hints.items() if name in values}
    return Request(**named)


def typed(value: Any, hint: Any, name: str) -> Any:
    """A plain value as a value of that type.

    Raises:
        ValueError: it cannot be one.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        return one_of(value, args, name)
    if origin is tuple and isinstance(value, list):
        inner = args[:1] * len(value) if args[-1] is Ellipsis else args
        if len(inner) == len(value):
            return tuple(typed(item, kind, name) for item, kind in zip(value, inner, strict=True))
    elif is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        hints = get_type_hints(hint)
        return hint(**{key: typed(item, hints[key], name) for key, item in value.items() if key in hints})
    elif isinstance(hint, type) and (made := scalar(value, hint)) is not None:
        return made
    raise ValueError(f"the request's {name} cannot be {value!r}")


def one_of(value: Any, hints: tuple[Any, ...], name: str) -> Any:
    """A plain value as the first type of a union that it can be.

    Raises:
        ValueError: it can be none of them.
    """
    if value is None and NoneType in hints:
        return None
    # What it is already comes first: 1 is an int in `float | int`.
    for hint in sorted(hints, key=lambda h: type(value) is not h):
        try:
            return typed(value, hint, name)
        except ValueError:
            continue
    raise ValueError(f"the request's {name} cannot be {value!r}")


def scalar(value: Any, kind: type) -> Any:
    """A plain value as a number, text or name of that kind; None where it cannot be one."""
    if type(value) is kind or (kind is float and type(value) is int):
        return value  # 12 stays 12 and does not become 12.0: a job's id is made of how its request is written
    made: Callable[[Any], Any] | None = kind if issubclass(kind, Enum | Fraction) else None
    try:
        return made(value) if made else None
    except (ValueError, ZeroDivisionError, TypeError):
        return None
