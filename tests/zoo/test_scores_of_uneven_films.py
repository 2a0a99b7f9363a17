"""Frames are scored by their number and not by their time: an uneven film scores as the same frames at an even rate."""

from fractions import Fraction
from pathlib import Path

import reelwright
from reelwright.events import Event, EventName
from zoo.proof import in_chunks, settings_in
from zoo.rates import MILLISECOND, uneven_times
from zoo.studio import FRAMES, X264, Film, Studio, film, uneven

#: A key frame of the clips begins a group of eight: these chunks begin inside groups and with one.
BOUNDS = (5, 8, 14)


def trials_of(source: Film, state: Path) -> list[tuple[object, ...]]:
    """Each chunk's score, in full, and its bytes."""
    found: list[tuple[object, ...]] = []

    def listen(event: Event) -> None:
        if event.event is EventName.TRIAL_COMPLETE:
            data = event.data
            found.append((data["chunk"], data["frames"], data["crf"], data["score"], data["bytes"]))

    out = state / "out.mkv"
    reelwright.encode(source.path, out, settings=settings_in(state), on_event=listen, **in_chunks(source, *BOUNDS))
    return sorted(found, key=str)


def test_an_uneven_film_scores_as_the_same_frames_at_an_even_rate(tmp_path: Path) -> None:
    studio = Studio(tmp_path)
    made = studio.make("made.mp4", *X264)
    even, times = [Fraction(k, 24) for k in range(FRAMES)], uneven_times(Fraction(17, 1000))
    sources = {
        "even": film(studio.restamped(made, "even.mkv", even, MILLISECOND)),
        "uneven": uneven(studio.restamped(made, "uneven.mkv", times, MILLISECOND), times),
    }
    trials = {}
    for name, source in sources.items():
        (tmp_path / name).mkdir()
        trials[name] = trials_of(source, tmp_path / name)
    assert trials["uneven"] == trials["even"]
    assert len(trials["even"]) == len(BOUNDS) + 1
