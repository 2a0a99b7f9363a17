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
#: Seconds that are read beyond the last frame: packets may lie in the file a little after they are shown.
READ_ON = Fraction(1, 2)
#: Frames on either side that filters which look at neighbours are given beyond the range. The deinterlacers look at
#: one: with it every frame came out as from the whole film, without it those at the ends did not.
NEIGHBOURS = 2
#: The first frame twice more ahead of itself, marked interlaced: once to be deinterlaced, and once to be its neighbour,
#: because a neighbour of soft telecine would keep it from that. The labels are no other filter's.
LEAD_FRAMES = 2
LEAD_OF_FIELDS = (
    "split[led][leads];[leads]trim=end_frame=1,setfield=tff,loop=loop=1:size=1[lead0];[lead0][led]concat=n=2:v=1"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameCommand:
    """What to put before the filters and encoder to get frames [start, end)."""

    #: Input flags, `-i` and the source.
    input_args: tuple[str, ...]
    #: Filters that leave exactly the frames of the range.
    filters: tuple[str, ...]


#: A source of frames: range and attempt in, command out. A later attempt is slower and surer.
FrameSource = Callable[[int, int, int], FrameCommand]


def film_frames(
    source: str, video_index: int, index: FrameIndex, ahead: tuple[str, ...] = (), *, device: tuple[str, ...] = ()
) -> FrameSource:
    """Frames of a film, decoded by FFmpeg from the key frame before the range and chosen by exact PTS.

    Args:
        source: path of the film.
        video_index: its stream.
        index: its frames.
        ahead: filters that look at a frame's neighbours, and give one frame for each.
        device: options that make a device decode; none: software.
    """

    def frames(start: int, end: int, attempt: int) -> FrameCommand:
        return FrameCommand(
            input_args=(
                *reference_input(source, index, start, attempt, ahead, device=device, end=end),
                "-map",
                f"0:{video_index}",
            ),
            filters=chosen(index, start, end, ahead),
        )

    return frames


def reference_input(
    source: str,
    index: FrameIndex,
    start: int,
    attempt: int,
    ahead: tuple[str, ...] = (),
    *,
    device: tuple[str, ...] = (),
    end: int | None = None,
) -> tuple[str, ...]:
    """Input flags of the source for scoring, without a mapping.

    Args:
        source: path of the film.
        index: its frames.
        start: the first frame that is wanted.
        attempt: how many times it was tried before.
        ahead: filters that look at a frame's neighbours.
        device: options that make a device decode; none: software.
        end: the first frame that is not wanted any more; None: the film's end.
    """
    seek = seek_seconds(index, max(0, start - NEIGHBOURS) if ahead else start, attempt)
    return _input(source, seek, device, None if end is None else read_seconds(index, end, attempt, seek))


def read_seconds(index: FrameIndex, end: int, attempt: int, seek: str | None) -> str | None:
    """How much is read, in seconds from where it is sought to; None: as much as the filters let through.

    FFmpeg reads far ahead before it hears that a filter wants no more: half as many frames again as a chunk has were
    decoded for nothing. What a later attempt does not trust is left out of it, and so is what has no times to go by.
    """
    known = index.timing is not Timing.COUNTED and index.container not in BY_PLACE
    if attempt or not known or end + NEIGHBOURS >= index.frames:
        return None
    last = index.pts[end + NEIGHBOURS] * index.time_base - index.container_start
    return f"{float(last - Fraction(seek or 0) + READ_ON):.6f}"


def chosen(index: FrameIndex, start: int, end: int, ahead: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Filters that leave frames [start, end) as they are after the filters that look at neighbours.

    Those are given a few frames more, by PTS; what they return is counted, because they change the time base.
    """
    if not ahead:
        return (choose(index, start, end),)
    first, last = max(0, start - NEIGHBOURS), min(index.frames, end + NEIGHBOURS)
    led = needs_lead(index, first, ahead)
    before = start - first + (LEAD_FRAMES if led else 0)
    return (
        choose(index, first, last),
        *((LEAD_OF_FIELDS,) if led else ()),
        *ahead,
        f"trim=start_frame={before}:end_frame={before + end - start}",
    )


def needs_lead(index: FrameIndex, first: int, ahead: tuple[str, ...]) -> bool:
    """Whether the filters ahead would not be at frame `first` what they are there in the whole film.

    FFmpeg's bwdif looks at no neighbour in the first interlaced frame it meets, wherever in a film that is. Where a
    film's frames are not all interlaced, that may be a frame of the range: others are then put in front of it.
    """
    met = index.first_interlaced is not None and index.first_interlaced < first
    return met and index.interlaced_frames < index.frames and any(part.startswith("bwdif") for part in ahead)


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
    """The filter that passes the frames of some windows [start, end) and no other.

    They are cut out of one range: `select` alone would have the film decoded to its end.
    """
    first, last = windows[0][0], windows[-1][1]
    if index.timing is Timing.COUNTED:
        parts = [f"between(n\\,{start - first}\\,{end - 1 - first})" for start, end in windows]
    else:
        parts = [f"between(pts\\,{index.pts[start]}\\,{index.pts[end - 1]})" for start, end in windows]
    return f"{choose(index, first, last)},select={'+'.join(parts)}"


def _input(source: str, seek: str | None, device: tuple[str, ...], most: str | None = None) -> tuple[str, ...]:
    # -noaccurate_seek: FFmpeg would otherwise drop frames by its own rule; ours is exact.
    # -noautorotate: the display matrix is carried over, not burnt in.
    # -reinit_filter 0: where some frames do not say their colours, the filters must not begin to count anew.
    seeking: tuple[str, ...] = ("-noaccurate_seek", "-ss", seek) if seek is not None else ()
    seeking += ("-t", most) if most is not None else ()
    steady = ("-reinit_filter", "0")
    return ("-copyts", "-noautorotate", *steady, *device, *input_flags(), *seeking, "-i", file_url(source))
