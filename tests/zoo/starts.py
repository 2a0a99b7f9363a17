"""When picture and sound begin, and when they end: late, early, cut by edit lists, around the end of a clock."""

from fractions import Fraction
from pathlib import Path

from zoo.boxes import set_edits
from zoo.builders import rare, source
from zoo.studio import FRAMES, MPEG2, PLAIN, X264, Film, Studio, film, uneven

TICK = Fraction(1, 90000)
MP2 = ("-c:a", "mp2")
AAC = ("-c:a", "aac")
#: A transport stream's clock counts 2^33 ticks and begins again.
WRAP = Fraction(1 << 33, 90000)


def joined(studio: Studio, name: str, video_late: float, sound_late: float, *codec: str, **facts: object) -> Film:
    """Picture and sound of one film, each begun so much later."""
    both = studio.make(f"both{Path(name).suffix}", *PLAIN, sound=codec)
    studio.ffmpeg(
        *("-itsoffset", video_late, "-i", both, "-itsoffset", sound_late, "-i", both),
        *("-map", "0:v", "-map", "1:a", "-c", "copy", studio.path(name)),
    )
    return film(studio.path(name), **facts)  # type: ignore[arg-type]


@source
def sound_first_matroska(studio: Studio) -> Film:
    return joined(studio, "film.mkv", 0.5, 0, *MP2)


@source
def picture_first_matroska(studio: Studio) -> Film:
    return joined(studio, "film.mkv", 0, 0.35, *AAC)


@source
def sound_first_mp4(studio: Studio) -> Film:
    """Before the picture stands an edit that shows nothing."""
    return joined(studio, "film.mp4", 0.5, 0, *AAC)


@rare
def picture_first_mp4(studio: Studio) -> Film:
    return joined(studio, "film.mp4", 0, 0.35, *AAC)


@rare
def sound_first_transport_stream(studio: Studio) -> Film:
    return joined(studio, "film.ts", 0.7, 0, *MP2)


@rare
def both_late(studio: Studio) -> Film:
    both = studio.make("both.mkv", *X264, sound=AAC)
    studio.ffmpeg("-itsoffset", "7.25", "-i", both, "-c", "copy", studio.path("film.mkv"))
    return film(studio.path("film.mkv"))


@source
def before_zero_matroska(studio: Studio) -> Film:
    """Picture and sound both begin before the clock's zero."""
    both = studio.make("both.mkv", *PLAIN, sound=MP2)
    shift = ("-output_ts_offset", "-0.3", "-avoid_negative_ts", "disabled")
    studio.ffmpeg("-i", both, "-c", "copy", *shift, studio.path("film.mkv"))
    # FFmpeg's reader gives no time to what is stored before zero, and takes the rate's whole milliseconds instead.
    return film(studio.path("film.mkv"), tolerance=Fraction(6, 1000))


@source
def late_with_subtitles(studio: Studio) -> Film:
    words = studio.path("words.srt")
    words.write_text("1\n00:00:00,250 --> 00:00:00,500\nHello\n\n2\n00:00:00,600 --> 00:00:00,700\nyou\n")
    both = studio.make("both.mkv", *PLAIN, sound=MP2)
    made = studio.path("film.mkv")
    studio.ffmpeg("-i", both, "-i", words, "-map", "0", "-map", "1", "-c", "copy", "-output_ts_offset", "10", made)
    return film(made)


@source
def sound_longer_than_picture(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264, sound=AAC, seconds=3))


@source
def picture_longer_than_sound(studio: Studio) -> Film:
    return film(studio.make("film.mp4", *X264, sound=AAC, seconds=0.2))


@source
def an_edit_that_skips_decoded_frames(studio: Studio) -> Film:
    """Shown from a frame between two key frames on: those before it are decoded and not shown."""
    made = studio.make("film.mp4", *X264)
    first = 11
    set_edits(made, [(Fraction(FRAMES - first, 24), Fraction(first, 24))])
    return part(made, first, FRAMES)


@source
def an_edit_that_ends_early(studio: Studio) -> Film:
    made = studio.make("film.mp4", *PLAIN)
    set_edits(made, [(Fraction(14, 24), Fraction(0))])
    return part(made, 0, 14)


@source
def nothing_then_the_middle(studio: Studio) -> Film:
    """Half a second of nothing, then a part from the middle; the sound is all there."""
    made = studio.make("film.mp4", *X264, sound=AAC)
    set_edits(made, [(Fraction(1, 2), None), (Fraction(10, 24), Fraction(5, 24))])
    return part(made, 5, 15)


@source
def two_edits(studio: Studio) -> Film:
    """Two parts, the frames between them left out."""
    made = studio.make("film.mp4", *PLAIN)
    set_edits(made, [(Fraction(8, 24), Fraction(0)), (Fraction(4, 24), Fraction(16, 24))])
    shown = [*range(8), *range(16, 20)]
    return Film(path=made, numbers=tuple(shown), times=tuple(Fraction(k, 24) for k in range(12)))


def part(path: Path, first: int, end: int) -> Film:
    """The frames [first, end) of a film at 24 frames a second."""
    times = tuple(Fraction(k, 24) for k in range(end - first))
    return Film(path=path, numbers=tuple(range(first, end)), times=times)


@source
def cut_by_ffmpeg(studio: Studio) -> Film:
    """What FFmpeg makes of `-ss` and `-c copy`: an edit list over B-frames and priming samples."""
    whole = studio.make("whole.mp4", *X264, sound=AAC)
    studio.ffmpeg("-ss", "0.45", "-i", whole, "-c", "copy", studio.path("film.mp4"))
    return part(studio.path("film.mp4"), 11, FRAMES)


@source
def fragmented_mp4(studio: Studio) -> Film:
    return film(studio.make("film.mp4", *X264, "-movflags", "+frag_keyframe+empty_moov", sound=AAC))


@source
def across_the_end_of_the_clock(studio: Studio) -> Film:
    """A transport stream whose 33 bits of time run over after nine frames."""
    both = studio.make("both.ts", *X264, sound=MP2)
    start = str(float(WRAP - 1.4 - Fraction(9, 24)))
    studio.ffmpeg("-i", both, "-c", "copy", "-output_ts_offset", start, studio.path("film.ts"))
    return film(studio.path("film.ts"))


@source
def across_the_end_of_the_clock_on_a_disc(studio: Studio) -> Film:
    both = studio.make("both.vob", *MPEG2, rate=25, width=160, height=128, sound=("-c:a", "ac3"))
    start = str(float(WRAP - Fraction(1, 2) - Fraction(9, 25)))
    studio.ffmpeg("-i", both, "-c", "copy", "-output_ts_offset", start, studio.path("film.vob"))
    return film(studio.path("film.vob"), 25)


@source
def the_end_of_the_clock_after_more_than_a_minute(studio: Studio) -> Film:
    """Later than FFmpeg's reader expects it from the first timestamp."""
    times = [Fraction(k * 6) for k in range(FRAMES)]
    made = studio.make("even.mp4", *X264)
    start = WRAP - 75
    return uneven(studio.restamped(made, "film.ts", [start + time for time in times], TICK), times)
