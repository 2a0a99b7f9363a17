"""Every source of the zoo, end to end: each frame arrives once, in order, at its time, and sound where it was."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import reelwright
from reelwright.config import Settings, settings_from
from reelwright.errors import ReelwrightError
from zoo import animals
from zoo.builders import ZOO, Source
from zoo.reading import Sound, Watched, sounds_of, watch
from zoo.studio import Film, Studio

HALF_TICK = Fraction(1, 2000)
CLOCKS_FROM_ANYWHERE = {".ts", ".m2ts", ".mpg", ".vob"}


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A ledger and a work folder for all; scored at the picture's own size, which is quicker and not what is tested."""
    state = tmp_path_factory.mktemp("zoo")
    return settings_from(
        None,
        {
            "encoding": {"vmaf_model": "vmaf_4k_v0.6.1", "preset": 13},
            "processing": {"temp_dir": str(state / "work")},
            "database": {"path": str(state / "ledger.sqlite3")},
        },
    )


def usual(settings: Settings) -> Settings:
    """Scored as films are by default."""
    return settings_from(settings, {"encoding": {"vmaf_model": "v0.6.1"}})


@pytest.mark.parametrize("name", [s.name for s in ZOO.values() if not s.exit_code])
def test_every_frame_and_sound_arrives_at_its_time(name: str, settings: Settings, tmp_path: Path) -> None:
    film = ZOO[name].build(Studio(tmp_path))
    source = watch(film.path)
    agree(source, film)
    out = tmp_path / "out.mkv"
    chosen = settings if film.scored_small else usual(settings)
    outcome = reelwright.encode(film.path, out, settings=chosen, **options_for(film))
    assert outcome.outcome == "encoded"
    arrived(film, source, watch(out), sounds_of(film.path), sounds_of(out))


@pytest.mark.parametrize("name", [s.name for s in ZOO.values() if s.exit_code])
def test_what_cannot_arrive_whole_is_not_encoded(name: str, settings: Settings, tmp_path: Path) -> None:
    entry = ZOO[name]
    film = entry.build(Studio(tmp_path))
    before = film.path.read_bytes()
    with pytest.raises(ReelwrightError) as caught:
        reelwright.encode(film.path, tmp_path / "out.mkv", settings=settings, **options_for(film))
    assert caught.value.exit_code == entry.exit_code
    assert entry.said in str(caught.value)
    assert film.path.read_bytes() == before
    assert not (tmp_path / "out.mkv").exists()


def options_for(film: Film) -> dict[str, Any]:
    """A low quality; two chunks or more, whose bound is at no key frame."""
    middle = len(film.numbers) * 2 // 3
    zones = (f"{middle}f-end:crf=44",) if 0 < middle < len(film.numbers) else ()
    return {"crf": 40, "zones": zones, **film.options}


def agree(source: Watched, film: Film) -> None:
    """What the test reads of a source is what its builder says of it: the truth has two witnesses."""
    assert source.numbers == film.numbers
    if film.timed:
        first = source.times[0]
        apart = [abs(t - first - told) for t, told in zip(source.times, film.times, strict=True)]
        assert max(apart) <= 2 * film.tolerance, [float(t - first) for t in source.times]


def arrived(film: Film, source: Watched, output: Watched, sounds: list[Sound], heard: list[Sound]) -> None:
    """The output shows what the source shows when it shows it, and sounds as it sounds: to half a tick of its clock.

    There is one shift for everything: all differences lie within a tick of each other. It is none, but where something
    begins before zero or the source's clock begins anywhere: then the output begins at zero.
    """
    assert output.numbers == film.numbers
    times = source.times if film.timed else [film.start + time for time in film.times]
    apart = [got - want for got, want in zip(output.times, times, strict=True)]
    assert [s.packets for s in heard] == [s.packets for s in sounds]
    for before, after in zip(sounds, heard, strict=True):
        apart += [got - want for got, want in zip(after.times, before.times, strict=True)]
    assert max(apart) - min(apart) <= 2 * HALF_TICK, [float(a) for a in apart]
    if min(min(each) for each in (times, *(s.times for s in sounds))) < 0 or film.path.suffix in CLOCKS_FROM_ANYWHERE:
        assert 0 <= min(min(each.times) for each in (output, *heard)) <= 2 * HALF_TICK
    else:
        assert max(map(abs, apart)) <= HALF_TICK, [float(a) for a in apart]
    if film.duration is not None:
        assert abs(output.end - output.times[0] - film.duration) <= 2 * HALF_TICK
