"""Every source of the zoo, end to end: each frame arrives once, in order, at its time, and sound where it was."""

from pathlib import Path

import pytest

import reelwright
from reelwright.config import Settings
from reelwright.errors import ReelwrightError
from zoo.animals import ENCODED, NOT_ENCODED
from zoo.builders import ZOO
from zoo.proof import agree, has_arrived, in_chunks, settings_in, usual
from zoo.reading import watch
from zoo.studio import Studio


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A ledger and a work folder for all."""
    return settings_in(tmp_path_factory.mktemp("zoo"))


@pytest.mark.parametrize("name", ENCODED)
def test_every_frame_and_sound_arrives_at_its_time(name: str, settings: Settings, tmp_path: Path) -> None:
    film = ZOO[name].build(Studio(tmp_path))
    agree(watch(film.path), film)
    out = tmp_path / "out.mkv"
    chosen = settings if film.scored_small else usual(settings)
    outcome = reelwright.encode(film.path, out, settings=chosen, **in_chunks(film))
    assert outcome.outcome == "encoded"
    has_arrived(film, out)


@pytest.mark.parametrize("name", NOT_ENCODED)
def test_what_cannot_arrive_whole_is_not_encoded(name: str, settings: Settings, tmp_path: Path) -> None:
    entry = ZOO[name]
    film = entry.build(Studio(tmp_path))
    before = film.path.read_bytes()
    with pytest.raises(ReelwrightError) as caught:
        reelwright.encode(film.path, tmp_path / "out.mkv", settings=settings, **in_chunks(film))
    assert caught.value.exit_code == entry.exit_code
    assert entry.said in str(caught.value)
    assert film.path.read_bytes() == before
    assert not (tmp_path / "out.mkv").exists()


def test_the_zoo_has_forty_sources_or_more() -> None:
    assert len(ENCODED) + len(NOT_ENCODED) >= 40
