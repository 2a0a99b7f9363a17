"""Sizes, shapes, depths, and what stands beside the film."""

from zoo.builders import ends, rare, source
from zoo.formats import MP2
from zoo.studio import FRAMES, MPEG2, PLAIN, X264, X265, Film, Studio, film


@source
def odd_sizes(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264, "-pix_fmt", "yuv444p", width=67, height=51))


@source
def tiny(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264, width=16, height=16), scored_small=False)


@source
def rotated(studio: Studio) -> Film:
    made = studio.make("straight.mp4", *X264)
    studio.ffmpeg("-display_rotation", "90", "-i", made, "-c", "copy", studio.path("film.mp4"))
    return film(studio.path("film.mp4"))


@source
def anamorphic(studio: Studio) -> Film:
    return film(studio.make("film.mkv", "-vf", "setsar=64/45", *X264))


@source
def ten_bits(studio: Studio) -> Film:
    coded = ("-pix_fmt", "yuv420p10le", "-x265-params", "keyint=8:log-level=error")
    return film(studio.make("film.mkv", *X265, *coded))


@source
def full_range(studio: Studio) -> Film:
    return film(studio.make("film.mp4", "-vf", "scale=out_range=pc", "-color_range", "pc", *X264))


@source
def cover_art(studio: Studio) -> Film:
    made = studio.make("bare.mp4", *X264, sound=("-c:a", "aac"))
    cover = studio.path("cover.png")
    studio.ffmpeg("-f", "lavfi", "-i", "testsrc2=size=32x32", "-frames:v", "1", cover)
    maps = ("-map", "1", "-map", "0", "-c", "copy", "-disposition:v:0", "attached_pic")
    studio.ffmpeg("-i", made, "-i", cover, *maps, studio.path("film.mp4"))
    return film(studio.path("film.mp4"))


@source
def two_pictures(studio: Studio) -> Film:
    """A second video stream, of other numbers and another rate."""
    first = studio.make("first.mkv", *X264)
    other = studio.path("other.mkv")
    studio.ffmpeg("-r", "12", "-i", studio.pictures(FRAMES // 2, first=100), *X264, other)
    studio.ffmpeg("-i", first, "-i", other, "-map", "0", "-map", "1", "-c", "copy", studio.path("film.mkv"))
    return film(studio.path("film.mkv"))


def two_programs_of(studio: Studio, *coded: str) -> Film:
    """A transport stream of two programs, each with picture and sound."""
    first = studio.make("first.ts", *coded, sound=MP2)
    other = studio.path("other.ts")
    tone = ("-f", "lavfi", "-i", "sine=frequency=880:duration=0.8")
    studio.ffmpeg("-r", "24", "-i", studio.pictures(first=100), *tone, *coded, *MP2, other)
    programs = ("-program", "program_num=1:st=0:st=1", "-program", "program_num=2:st=2:st=3")
    made = studio.path("film.ts")
    studio.ffmpeg("-i", first, "-i", other, "-map", "0", "-map", "1", "-c", "copy", *programs, made)
    return film(made)


@source
def two_programs(studio: Studio) -> Film:
    return two_programs_of(studio, *MPEG2)


@rare
def two_sounds(studio: Studio) -> Film:
    both = studio.make("both.mkv", *PLAIN, sound=MP2)
    other = ("-itsoffset", "0.111", "-i", both)
    maps = ("-map", "0:v", "-map", "1:a", "-map", "0:a", "-c", "copy", "-c:a:0", "ac3")
    studio.ffmpeg("-i", both, *other, *maps, studio.path("film.mkv"))
    return film(studio.path("film.mkv"))


HDR10 = (
    "keyint=8:log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1:max-cll=1000,400:"
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
)


@source
def hdr10(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X265, "-pix_fmt", "yuv420p10le", "-x265-params", HDR10))


@source
def hybrid_log_gamma(studio: Studio) -> Film:
    coded = "keyint=8:log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
    return film(studio.make("film.ts", *X265, "-pix_fmt", "yuv420p10le", "-x265-params", coded, sound=MP2))


@source
def twelve_bits_without_subsampling(studio: Studio) -> Film:
    coded = ("-pix_fmt", "yuv444p12le", "-x265-params", "keyint=8:log-level=error")
    return film(studio.make("film.mkv", *X265, *coded))


@ends(3, "interlaced")
def fields(studio: Studio) -> Film:
    """Broadcast: each picture said to be two fields. It is refused unless it is asked how they become frames."""
    return film(studio.make("film.ts", *MPEG2, "-flags", "+ildct+ilme", "-vf", "setfield=tff", rate=25, height=64), 25)


@source
def sound_becomes_opus(studio: Studio) -> Film:
    """Begun after the picture, so that the encoder's own delay would show."""
    both = studio.make("both.mkv", *PLAIN, sound=("-c:a", "flac"))
    studio.ffmpeg(
        *("-i", both, "-itsoffset", "0.25", "-i", both, "-map", "0:v", "-map", "1:a", "-c", "copy"),
        studio.path("film.mkv"),
    )
    return film(studio.path("film.mkv"), converted=True, options={"audio": "opus"})
