"""Where the frames of a range come from: input flags and the filters that choose exactly those frames."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from reelwright.media.timing import FrameIndex, Timing
from reelwright.tools.allow import file_url, input_flags

#: How many key frames before the range decoding starts, attempt by attempt; after the last, from the beginning.
STEPS_BACK = (0, 2)
#: FFmpeg seeks this much earlier than asked in containers without exact times of decoding (3/23 s, ffmpeg_demux.c):
#: asked for a key frame it would land on the one before, and decode a whole group of pictures for nothing.
EARLIER = Fraction(3, 23)
#: A little more, so that rounding to the container's ticks cannot fall short.
MARGIN = Fraction(1, 100)
#: Containers that seek by place in the file: they land between key frames, and decoding starts at the next one.
BY_PLACE = frozenset({"mpegts", "mpeg", "mpegvideo", "m4v"})
LEAD = Fraction(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameCommand:
    """What to put before the filters and encoder to get frames [start, end)."""

    #: Input flags, `-i` and the source.
    input_args: tuple[str, ...]
    #: Filters that leave exactly the frames of the range.
    filters: tuple[str, ...]


#: A source of frames: range and attempt in, command out. A later attempt is slower and surer.
FrameSource = Callable[[int, int, int], FrameCommand]


def film_frames(source: str, video_index: int, index: FrameIndex) -> FrameSource:
    """Frames of a film, decoded by FFmpeg from the key frame before the range and chosen by exact PTS."""

    def frames(start: int, end: int, attempt: int) -> FrameCommand:
        return FrameCommand(
            input_args=(*_input(source, seek_seconds(index, start, attempt)), "-map", f"0:{video_index}"),
            filters=(choose(index, start, end),),
        )

    return frames


def reference_input(source: str, index: FrameIndex, start: int, attempt: int) -> tuple[str, ...]:
    """Input flags of the source for scoring, without a mapping."""
    return _input(source, seek_seconds(index, start, attempt))


def seek_seconds(index: FrameIndex, start: int, attempt: int) -> str | None:
    """Where to seek to, in seconds after the container's start; None: decode from the beginning."""
    if index.timing is Timing.COUNTED or attempt >= len(STEPS_BACK):
        return None
    place = index.key_before(start, back=STEPS_BACK[attempt])
    if place is None:
        return None
    seconds = index.key_pts[place] * index.time_base - index.container_start
    if index.container in BY_PLACE:
        seconds -= LEAD
    elif room_after(index, place) > EARLIER + 2 * MARGIN:
        seconds += EARLIER + MARGIN
    return f"{float(max(Fraction(0), seconds)):.6f}"


def room_after(index: FrameIndex, place: int) -> Fraction:
    """Seconds from a key frame to the next one: a seek beyond that would skip frames."""
    if place + 1 >= len(index.key_pts):
        return Fraction(1)
    return (index.key_pts[place + 1] - index.key_pts[place]) * index.time_base


def choose(index: FrameIndex, start: int, end: int) -> str:
    """The filter that passes frames [start, end) and no other."""
    if index.timing is Timing.COUNTED:
        return f"trim=start_frame={start}:end_frame={end}"
    stop = index.pts[end] if end < index.frames else index.pts[-1] + 1
    return f"trim=start_pts={index.pts[start]}:end_pts={stop}"


def choose_windows(index: FrameIndex, windows: tuple[tuple[int, int], ...]) -> str:
    """The filter that passes the frames of some windows [start, end) and no other."""
    if index.timing is Timing.COUNTED:
        parts = [f"between(n\\,{start}\\,{end - 1})" for start, end in windows]
    else:
        parts = [f"between(pts\\,{index.pts[start]}\\,{index.pts[end - 1]})" for start, end in windows]
    return f"select={'+'.join(parts)}"


def _input(source: str, seek: str | None) -> tuple[str, ...]:
    # -noaccurate_seek: FFmpeg would otherwise drop frames by its own rule; ours is exact.
    # -noautorotate: the display matrix is carried over, not burnt in.
    seeking = ("-noaccurate_seek", "-ss", seek) if seek is not None else ()
    return ("-copyts", "-noautorotate", *input_flags(), *seeking, "-i", file_url(source))
