"""Containers and codecs: what was ever common for films, and ways of coding that make cutting hard."""

from fractions import Fraction

from zoo.builders import ends, rare, source
from zoo.elementary import packed
from zoo.rates import MILLISECOND, uneven_times
from zoo.studio import MPEG2, NO_CUTS, PLAIN, X264, X265, Film, Studio, film, uneven

MP2 = ("-c:a", "mp2")


@source
def transport_stream(studio: Studio) -> Film:
    return film(studio.make("film.ts", *X264, sound=MP2))


@rare
def transport_stream_hevc_ac3(studio: Studio) -> Film:
    return film(studio.make("film.ts", *X265, "-x265-params", "keyint=8:log-level=error", sound=("-c:a", "ac3")))


@source
def transport_stream_with_aac(studio: Studio) -> Film:
    """Each packet of sound has a header of its own, which other containers do not."""
    return film(studio.make("film.ts", *X264, sound=("-c:a", "aac")))


@source
def blu_ray_transport_stream(studio: Studio) -> Film:
    """Packets of 192 bytes."""
    return film(studio.make("film.m2ts", *X264, "-f", "mpegts", "-mpegts_m2ts_mode", "1", sound=("-c:a", "ac3")))


@source
def disc_with_ac3(studio: Studio) -> Film:
    return film(studio.make("film.vob", *MPEG2, rate=25, sound=("-c:a", "ac3")), 25)


@source
def disc_with_lpcm(studio: Studio) -> Film:
    return film(studio.make("film.vob", *MPEG2, rate=25, sound=("-c:a", "pcm_dvd")), 25, converted=True)


@rare
def mpeg1(studio: Studio) -> Film:
    coded = ("-c:v", "mpeg1video", "-bf", "2", *NO_CUTS)
    return film(studio.make("film.mpg", *coded, rate=25, sound=MP2), 25)


@rare
def open_groups_h264(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264, "-x264-params", "open-gop=1"))


@source
def open_groups_h264_transport_stream(studio: Studio) -> Film:
    return film(studio.make("film.ts", *X264, "-x264-params", "open-gop=1"))


@source
def open_groups_hevc(studio: Studio) -> Film:
    coded = "keyint=8:min-keyint=8:open-gop=1:bframes=3:b-adapt=0:scenecut=0:log-level=error"
    return film(studio.make("film.mkv", *X265, "-x265-params", coded))


@rare
def open_groups_hevc_mp4(studio: Studio) -> Film:
    coded = "keyint=8:min-keyint=8:open-gop=1:bframes=3:b-adapt=0:scenecut=0:log-level=error"
    return film(studio.make("film.mp4", *X265, "-x265-params", coded))


@source
def open_groups_mpeg2(studio: Studio) -> Film:
    return film(studio.make("film.ts", *MPEG2, rate=25, sound=MP2), 25)


@rare
def b_pyramid_h264(studio: Studio) -> Film:
    coded = ("-c:v", "libx264", "-preset", "medium", "-bf", "5", "-b_strategy", "0", "-b-pyramid", "normal")
    return film(studio.make("film.mp4", *coded, "-g", "12", "-qp", "16", "-pix_fmt", "yuv420p"))


@source
def b_pyramid_hevc(studio: Studio) -> Film:
    coded = "keyint=12:bframes=7:b-pyramid=1:b-adapt=0:rc-lookahead=12:log-level=error"
    return film(studio.make("film.mov", *X265, "-x265-params", coded, sound=("-c:a", "aac")))


@source
def gradual_refresh(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264, "-bf", "0", "-x264-params", "intra-refresh=1"))


@rare
def one_key_frame(studio: Studio) -> Film:
    return film(studio.make("film.mkv", *X264, "-g", "999"))


@rare
def avi_without_b_frames(studio: Studio) -> Film:
    return film(studio.make("film.avi", *PLAIN, sound=("-c:a", "ac3")))


@source
def avi_with_b_frames(studio: Studio) -> Film:
    """Stored in the order of decoding, with no word on the order of showing."""
    return film(studio.make("film.avi", *PLAIN, "-bf", "2"))


@source
def avi_with_packed_b_frames(studio: Studio) -> Film:
    """DivX's way: a P-frame and the B-frame shown before it in one chunk, and a chunk that says nothing after it."""
    made = studio.make("even.mp4", *PLAIN, "-bf", "1", sound=("-c:a", "ac3"))
    return film(packed(studio, made), timed=False)


@source
def avi_with_dropped_frames(studio: Studio) -> Film:
    """Chunks of no bytes stand for a frame that is shown longer."""
    times = uneven_times(Fraction(1, 24))
    made = studio.make("even.mp4", *PLAIN)
    return uneven(studio.restamped(made, "film.avi", times, Fraction(1, 24), reorder=0), times, tolerance=Fraction(0))


@source
def h264_in_avi(studio: Studio) -> Film:
    return film(studio.make("film.avi", *X264), timed=False)


@source
def bare_h264(studio: Studio) -> Film:
    return film(studio.make("film.264", *X264), timed=False)


@source
def bare_hevc(studio: Studio) -> Film:
    return film(studio.make("film.265", *X265, "-x265-params", "keyint=8:log-level=error"), timed=False)


@source
def bare_mpeg2(studio: Studio) -> Film:
    return film(studio.make("film.m2v", *MPEG2, rate=25), 25, timed=False)


@rare
def bare_mpeg4(studio: Studio) -> Film:
    return film(studio.make("film.m4v", *PLAIN), timed=False)


@rare
def bare_vp9(studio: Studio) -> Film:
    return film(studio.make("film.ivf", *VP9))


VP9 = ("-c:v", "libvpx-vp9", "-deadline", "good", "-cpu-used", "5", "-crf", "20", "-b:v", "0", "-g", "12")


@source
def vp9_with_hidden_frames(studio: Studio) -> Film:
    hidden = ("-auto-alt-ref", "1", "-lag-in-frames", "12")
    return film(studio.make("film.webm", *VP9, *hidden, sound=("-c:a", "libopus")))


@source
def vp8_with_hidden_frames(studio: Studio) -> Film:
    coded = ("-c:v", "libvpx", "-deadline", "good", "-cpu-used", "2", "-crf", "10", "-b:v", "2M", "-g", "12")
    hidden = ("-auto-alt-ref", "1", "-lag-in-frames", "12")
    return film(studio.make("film.webm", *coded, *hidden, sound=("-c:a", "libvorbis")))


@source
def flash_h264(studio: Studio) -> Film:
    return film(studio.make("film.flv", *X264, sound=("-c:a", "aac")))


@rare
def flash_sorenson(studio: Studio) -> Film:
    return film(studio.make("film.flv", "-c:v", "flv", *NO_CUTS, sound=("-c:a", "libmp3lame", "-ar", "44100")))


@rare
def windows_media(studio: Studio) -> Film:
    return film(studio.make("film.wmv", "-c:v", "wmv2", *NO_CUTS, sound=("-c:a", "libmp3lame")))


@source
def theora(studio: Studio) -> Film:
    return film(studio.make("film.ogv", "-c:v", "libtheora", "-q:v", "9", "-g", "8", sound=("-c:a", "libvorbis")))


@rare
def real_video(studio: Studio) -> Film:
    return film(studio.make("film.rm", "-c:v", "rv20", *NO_CUTS, width=176, height=144))


@rare
def h263_in_3gp(studio: Studio) -> Film:
    coded = ("-c:v", "h263", *NO_CUTS)
    return film(studio.make("film.3gp", *coded, width=128, height=96, sound=("-c:a", "aac")))


@rare
def motion_jpeg(studio: Studio) -> Film:
    return film(studio.make("film.mov", "-c:v", "mjpeg", "-q:v", "3", sound=("-c:a", "pcm_s16le")))


@source
def prores(studio: Studio) -> Film:
    return film(studio.make("film.mov", "-c:v", "prores_ks", "-profile:v", "1", sound=("-c:a", "pcm_s24le")))


@rare
def dnxhr(studio: Studio) -> Film:
    coded = ("-c:v", "dnxhd", "-profile:v", "dnxhr_sq", "-pix_fmt", "yuv422p")
    return film(studio.make("film.mxf", *coded, rate=25, width=256, height=144, sound=("-c:a", "pcm_s16le")), 25)


@rare
def ffv1(studio: Studio) -> Film:
    return film(studio.make("film.mkv", "-c:v", "ffv1", sound=("-c:a", "flac")))


@rare
def cinepak(studio: Studio) -> Film:
    return film(studio.make("film.mov", "-c:v", "cinepak"))


@rare
def huffyuv(studio: Studio) -> Film:
    return film(studio.make("film.avi", "-c:v", "huffyuv", "-pix_fmt", "yuv422p"))


@rare
def divx3(studio: Studio) -> Film:
    return film(studio.make("film.avi", "-c:v", "msmpeg4", *NO_CUTS))


@rare
def nut(studio: Studio) -> Film:
    return film(studio.make("film.nut", *X264, sound=("-c:a", "flac")), tolerance=Fraction(1, 20000))


@rare
def windows_recording(studio: Studio) -> Film:
    return film(studio.make("film.wtv", *MPEG2, rate=25, sound=MP2), 25)


@rare
def mpeg2_of_uneven_length(studio: Studio) -> Film:
    """MPEG-2 whose container says other times than its own rate."""
    times = uneven_times(Fraction(1, 50))
    made = studio.make("even.mp4", *MPEG2, rate=25)
    return uneven(studio.restamped(made, "film.mkv", times, MILLISECOND), times)


@ends(3, "interlaced")
def digital_video_tape(studio: Studio) -> Film:
    coded = ("-vf", "scale=720:576:flags=neighbor,setsar=16/15", "-c:v", "dvvideo", "-pix_fmt", "yuv420p")
    return film(studio.make("film.dv", *coded, rate=25, frames=5), 25, frames=5)
