"""Whatever the API's description allows, and much that it does not: no answer is a server error."""

import logging
from dataclasses import replace

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance

from ledger_of_pages import World

ALL_OF = [
    HealthCheck.too_slow,
    HealthCheck.filter_too_much,
    HealthCheck.function_scoped_fixture,
    HealthCheck.data_too_large,
]


def ask_everything(world: World, examples: int) -> int:
    """Ask each way of each address so often; returns how many ways there are."""
    world.fill()
    world.asked._checkup = replace(world.asked._checkup, running=True)  # doctor is no part of this
    logging.getLogger("django.request").setLevel(logging.ERROR)
    description = schemathesis.openapi.from_wsgi(
        "/api/openapi.json", get_wsgi_application(), headers={"Host": "127.0.0.1"}
    )
    ways = 0
    for found in description.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=examples, deadline=None, suppress_health_check=ALL_OF, database=None)
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers={"Host": "127.0.0.1"})
            case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])

        ask()
        ways += 1
    return ways


def test_no_question_is_a_server_error(world: World) -> None:
    assert ask_everything(world, 4) > 25


@pytest.mark.prove
def test_no_question_of_very_many_is_a_server_error(world: World) -> None:
    assert ask_everything(world, 150) > 25
