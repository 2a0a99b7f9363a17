"""How long each frame is shown: constant, variable, telecined."""

from fractions import Fraction

from zoo.builders import rare, source
from zoo.elementary import telecined
from zoo.studio import FRAMES, MPEG2, PLAIN, X264, Film, Studio, film, uneven

MILLISECOND = Fraction(1, 1000)
TICK = Fraction(1, 90000)


@source
def constant_24(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264))


@source
def ntsc_film_23976(studio: Studio) -> Film:
    rate = Fraction(24000, 1001)
    return film(studio.make("film.mp4", *X264, rate=rate), rate, tolerance=Fraction(0))


@rare
def ntsc_2997(studio: Studio) -> Film:
    rate = Fraction(30000, 1001)
    return film(studio.make("film.mkv", *X264, rate=rate, sound=("-c:a", "flac")), rate)


@source
def ntsc_5994(studio: Studio) -> Film:
    rate = Fraction(60000, 1001)
    return film(studio.make("film.mov", *X264, rate=rate, sound=("-c:a", "aac")), rate, tolerance=Fraction(0))


def uneven_times(unit: Fraction, frames: int = FRAMES) -> list[Fraction]:
    """Frames shown for one to five units, in no order that repeats."""
    times, now = [], Fraction(0)
    for k in range(frames):
        times.append(now)
        now += unit * (1 + k * k % 5)
    return times


@source
def variable_rate_matroska(studio: Studio) -> Film:
    times = uneven_times(Fraction(17, 1000))
    made = studio.make("even.mp4", *X264)
    return uneven(studio.restamped(made, "film.mkv", times, MILLISECOND), times)


@source
def variable_rate_mp4(studio: Studio) -> Film:
    times = uneven_times(Fraction(1001, 60000))
    made = studio.make("even.mp4", *X264)
    path = studio.restamped(made, "film.mp4", times, Fraction(1, 60000))
    return uneven(path, times, tolerance=Fraction(0))


@rare
def variable_rate_transport_stream(studio: Studio) -> Film:
    times = uneven_times(Fraction(1501, 90000))
    made = studio.make("even.mp4", *X264)
    return uneven(studio.restamped(made, "film.ts", [1 + time for time in times], TICK), times)


@source
def a_thousand_frames_a_second_at_times(studio: Studio) -> Film:
    """Frames a millisecond apart, and frames a second apart."""
    gaps = [1, 1, 1, 900, 1, 2, 40, 41, 42, 1, 1, 1, 1, 333, 1, 1, 1000, 1, 1, 1]
    times = [Fraction(sum(gaps[:k]), 1000) for k in range(FRAMES)]
    made = studio.make("even.mp4", *X264)
    return uneven(studio.restamped(made, "film.mkv", times, MILLISECOND), times, tolerance=Fraction(0))


@source
def half_millisecond_frames(studio: Studio) -> Film:
    """Two frames within one tick of the output's clock."""
    return film(studio.make("film.mp4", *X264, rate=2000), 2000, tolerance=Fraction(0))


@source
def one_frame_every_five_seconds(studio: Studio) -> Film:
    rate = Fraction(1, 5)
    return film(studio.make("film.mkv", *X264, rate=rate), rate)


@source
def soft_telecine_transport_stream(studio: Studio) -> Film:
    """Film on NTSC: every other frame lasts three fields, as the stream's own flags say."""
    stream, order, times = telecined(studio)
    return uneven(studio.restamped(stream, "film.ts", [1 + time for time in times], TICK, order=order), times)


@source
def soft_telecine_disc(studio: Studio) -> Film:
    """Pictures so small that several begin in one packet, which has room for one time: the others carry none."""
    stream, order, times = telecined(studio)
    return uneven(
        studio.restamped(stream, "film.vob", [1 + time for time in times], TICK, order=order, format="vob"),
        times,
        timed=False,
    )


@rare
def soft_telecine_matroska(studio: Studio) -> Film:
    stream, order, times = telecined(studio)
    return uneven(studio.restamped(stream, "film.mkv", times, MILLISECOND, order=order), times)


@source
def a_hole_of_ten_seconds(studio: Studio) -> Film:
    times = [Fraction(k, 24) + (10 if k >= 9 else 0) for k in range(FRAMES)]
    made = studio.make("even.mp4", *X264)
    return uneven(studio.restamped(made, "film.mkv", times, MILLISECOND), times)


@source
def a_hole_in_a_transport_stream(studio: Studio) -> Film:
    """Longer than the gap FFmpeg closes by itself."""
    times = [Fraction(k, 24) + (25 if k >= 9 else 0) for k in range(FRAMES)]
    made = studio.make("even.mp4", *X264)
    return uneven(studio.restamped(made, "film.ts", [1 + time for time in times], TICK), times)


@source
def a_last_frame_of_two_seconds(studio: Studio) -> Film:
    made = studio.make("even.mp4", *PLAIN)
    times = [Fraction(k, 24) for k in range(FRAMES)]
    path = studio.restamped(made, "film.mp4", times, Fraction(1, 12288), last=Fraction(2))
    return film(path, duration=Fraction(FRAMES - 1, 24) + 2, tolerance=Fraction(0))


@source
def one_frame(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264, frames=1), frames=1)


@source
def two_frames(studio: Studio) -> Film:
    return film(studio.make("film.mp4", *X264, frames=2), frames=2, tolerance=Fraction(0))


@rare
def mpeg2_at_25(studio: Studio) -> Film:
    return film(studio.make("film.mpg", *MPEG2, rate=25, sound=("-c:a", "mp2")), 25, tolerance=TICK)
