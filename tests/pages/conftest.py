"""A world of pages for each test, and who looks at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client, override_settings
from visitors import PASSWORD, QUICK, offered

from ledger_of_pages import World

apps.populate(settings.INSTALLED_APPS)  # models of the pages may be imported from here on


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Everything there is, on this machine alone."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = World(tmp_path)
    from reelwright.web.savings import Savings  # noqa: PLC0415 -- models load once Django is set up

    monkeypatch.setattr("reelwright.web.metrics.SAVINGS", Savings())
    monkeypatch.setattr("reelwright.web.overview.SAVINGS", Savings())
    monkeypatch.setattr("reelwright.web.api.house.SAVINGS", Savings())
    with offered():
        yield made
    made.close()


@pytest.fixture
def here(world: World) -> Client:
    """A browser on this machine, of which no login is wanted."""
    return Client(SERVER_NAME="127.0.0.1", raise_request_exception=True)


@pytest.fixture
def anna(world: World) -> str:
    """A user's name."""
    from django.contrib.auth.models import User  # noqa: PLC0415 -- models load once Django is set up

    with override_settings(**QUICK):
        User.objects.create_user("anna", password=PASSWORD)
    return "anna"


@pytest.fixture
def abroad(world: World, anna: str) -> Iterator[Client]:
    """A browser elsewhere, of which a login is wanted."""
    with offered("192.0.2.7", names=("films.example",)):
        yield Client(SERVER_NAME="films.example")
