"""Where the frames of a range come from: input flags and the filters that choose exactly those frames."""

from collections.abc import Callable
from dataclasses import dataclass

from reelwright.media.timing import FrameIndex, Timing
from reelwright.tools.allow import file_url, input_flags

#: How many key frames before the range decoding starts, attempt by attempt; after the last, from the beginning.
STEPS_BACK = (1, 4)


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
    """Frames of a film, decoded by FFmpeg from a key frame well before the range and chosen by exact PTS."""

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
    key = index.safe_key(start, back=STEPS_BACK[attempt])
    if key is None:
        return None
    # A hundredth before the key frame: a seek that rounds past it would land on the next one.
    return f"{max(0.0, float(key * index.time_base - index.container_start) - 0.01):.6f}"


def choose(index: FrameIndex, start: int, end: int) -> str:
    """The filter that passes frames [start, end) and no other."""
    if index.timing is Timing.COUNTED:
        return f"trim=start_frame={start}:end_frame={end}"
    stop = index.pts[end] if end < index.frames else index.pts[-1] + 1
    return f"trim=start_pts={index.pts[start]}:end_pts={stop}"


def _input(source: str, seek: str | None) -> tuple[str, ...]:
    # -noaccurate_seek: FFmpeg would otherwise drop frames by its own rule; ours is exact.
    # -noautorotate: the display matrix is carried over, not burnt in.
    seeking = ("-noaccurate_seek", "-ss", seek) if seek is not None else ()
    return ("-copyts", "-noautorotate", *input_flags(), *seeking, "-i", file_url(source))
