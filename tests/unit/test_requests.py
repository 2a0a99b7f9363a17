"""A request goes into the ledger as plain values and comes back as the very same request."""

import json
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import RICH
from reelwright.engine.outcome import plain_plan
from reelwright.planning.plan import Request, make_plan
from reelwright.planning.requests import plain, plain_request, request_from, typed
from reelwright.store.columns import PlainEncoder

HINTS = get_type_hints(Request)
PLAN = make_plan(RICH, Request())


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type, but for what no ledger can hold."""
    if hint is float:
        return st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 99)  # defaults are written as 12
    if hint is str:
        return st.text(st.characters(codec="utf-8"), max_size=9)
    if is_dataclass(hint) and isinstance(hint, type):
        return st.builds(hint, **{name: values_of(inner) for name, inner in get_type_hints(hint).items()})
    args = get_args(hint)
    if get_origin(hint) is tuple:
        return st.lists(values_of(args[0]), max_size=3).map(tuple) if ... in args else st.tuples(*map(values_of, args))
    return st.one_of(*map(values_of, args)) if args else st.from_type(hint)


requests = st.builds(Request, **{name: values_of(hint) for name, hint in HINTS.items()})


def stored(value: Any) -> Any:
    """What the ledger gives back."""
    return json.loads(json.dumps(value, cls=PlainEncoder))


@given(requests)
def test_every_request_comes_back_as_it_was(request: Request) -> None:
    assert request_from(stored(plain_request(request))) == request


@given(requests)
def test_the_job_that_comes_of_it_has_the_same_id(request: Request) -> None:
    before = replace(PLAN, request=request)
    again = request_from(stored(plain_plan(before))["request"])
    assert replace(PLAN, request=again).request_identity() == before.request_identity()


@pytest.mark.parametrize("missing", [field.name for field in fields(Request)])
def test_a_row_that_lacks_a_newer_key_stands_for_a_request_that_was_silent_on_it(missing: str) -> None:
    values = stored(plain_request(replace(Request(), preset=4, target_vmaf=95.0)))
    del values[missing]
    again = request_from(values)
    default = getattr(Request(), missing)
    assert getattr(again, missing) == default
    assert again == replace(Request(), **{"preset": 4, "target_vmaf": 95.0, missing: default})


def test_a_key_that_no_field_has_is_passed_over() -> None:
    assert request_from({"preset": 4, "dithering": "blue"}) == Request(preset=4)


def test_a_whole_number_where_a_fraction_may_be_stays_as_it_was_written() -> None:
    again = request_from({"target_vmaf": 95, "crf": 30, "min_crf": 12.0})
    assert (repr(again.target_vmaf), repr(again.crf), repr(again.min_crf)) == ("95", "30", "12.0")


@pytest.mark.parametrize(
    "values", [{"preset": "four"}, {"preset": None}, {"svt": "tune=0"}, {"svt": [["tune"]]}, {"deterministic": 1}]
)
def test_a_value_that_no_request_can_have_is_not_made_one(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"the request's {next(iter(values))} cannot be"):
        request_from(values)


class Method(StrEnum):
    FAST = "fast"


@dataclass(frozen=True, kw_only=True)
class Zone:
    start: Fraction
    size: tuple[int, int] | None = None
    method: Method = Method.FAST
    crfs: tuple[float, ...] = ()


@pytest.mark.parametrize(
    "zone",
    [Zone(start=Fraction(1, 3)), Zone(start=Fraction(0), size=(1920, 1080), crfs=(1.0, 2.5))],
)
def test_types_a_request_may_come_to_have_survive_as_well(zone: Zone) -> None:
    hint = tuple[Zone, ...] | None
    assert typed(stored(plain((zone, zone))), hint, "zones") == (zone, zone)
    assert typed(None, hint, "zones") is None
    with pytest.raises(ValueError, match="zones"):
        typed([{"start": "half"}], hint, "zones")
