"""What it means that a film has arrived."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from reelwright.config import Settings, settings_from
from zoo.reading import Sound, Watched, heard_in, sounds_of, watch
from zoo.studio import Film

HALF_TICK = Fraction(1, 2000)
CLOCKS_FROM_ANYWHERE = {".ts", ".m2ts", ".mpg", ".vob"}


def settings_in(state: Path) -> Settings:
    """A ledger and a work folder below `state`; scored at the picture's own size: quicker, and not what is tested."""
    return settings_from(
        None,
        {
            "encoding": {"vmaf_model": "vmaf_4k_v0.6.1", "preset": 13},
            "processing": {"temp_dir": str(state / "work"), "chunk_size": 600},
            "database": {"path": str(state / "ledger.sqlite3")},
        },
    )


def usual(settings: Settings) -> Settings:
    """Scored as films are by default."""
    return settings_from(settings, {"encoding": {"vmaf_model": "v0.6.1"}})


def in_chunks(film: Film, *bounds: int) -> dict[str, Any]:
    """What is asked for: a low quality, and chunks that begin at these frames; else two, bound at no key frame."""
    frames = len(film.numbers)
    starts = [k for k in bounds or (frames * 2 // 3,) if 0 < k < frames]
    ends = [*(f"{k}f" for k in starts[1:]), "end"][: len(starts)]
    zones = tuple(f"{start}f-{end}:crf={44 + k % 2}" for k, (start, end) in enumerate(zip(starts, ends, strict=True)))
    return {"crf": 40, "zones": zones, **film.options}


def agree(source: Watched, film: Film) -> None:
    """What the test reads of a source is what its builder says of it: the truth has two witnesses."""
    assert source.numbers == film.numbers
    if film.timed:
        first = source.times[0]
        apart = [abs(t - first - told) for t, told in zip(source.times, film.times, strict=True)]
        assert max(apart) <= 2 * film.tolerance, [float(t - first) for t in source.times]


def has_arrived(film: Film, out: Path) -> None:
    """All that is in a film is in the output."""
    source, output = watch(film.path), watch(out)
    sounds, heard = sounds_of(film.path), sounds_of(out)
    if film.converted:
        before, after = heard_in(film.path), heard_in(out)
        assert [samples for _, samples in after] == [samples for _, samples in before]
        sounds, heard = ([Sound(packets=(), times=(time,)) for time, _ in each] for each in (before, after))
    arrived(film, source, output, sounds, heard)


def arrived(film: Film, source: Watched, output: Watched, sounds: list[Sound], heard: list[Sound]) -> None:
    """The output shows what the source shows when it shows it, and sounds as it sounds: to half a tick of its clock.

    There is one shift for everything: all differences lie within a tick of each other. It is none, but where something
    begins before zero or the source's clock begins anywhere: then the output may begin at zero.
    """
    assert output.numbers == film.numbers
    times = source.times if film.timed else [film.start + time for time in film.times]
    apart = [got - want for got, want in zip(output.times, times, strict=True)]
    assert [s.packets for s in heard] == [s.packets for s in sounds]
    for before, after in zip(sounds, heard, strict=True):
        apart += [got - want for got, want in zip(after.times, before.times, strict=True)]
    assert max(apart) - min(apart) <= 2 * HALF_TICK, [float(a) for a in apart]
    if max(map(abs, apart)) > HALF_TICK:
        begins_before_zero = min(min(each) for each in (times, *(s.times for s in sounds))) < 0
        assert begins_before_zero or film.path.suffix in CLOCKS_FROM_ANYWHERE, [float(a) for a in apart]
        assert 0 <= min(min(each.times) for each in (output, *heard)) <= 2 * HALF_TICK
    if film.duration is not None:
        assert abs(output.end - output.times[0] - film.duration) <= 2 * HALF_TICK
