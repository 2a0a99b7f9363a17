"""Exact time: what the analysis pass knows of each shown frame."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import ceil


class Timing(StrEnum):
    """Where the frames' timestamps come from."""

    #: The container stamps each frame; a range is found by PTS.
    STAMPED = "stamped"
    #: Its reader's timestamps are not the frames' times: a bare stream, an AVI file with frames out of order, a disc
    #: that stamps some pictures only. The times are worked out, and ranges are found by counting from the beginning.
    COUNTED = "counted"


@dataclass(frozen=True, kw_only=True, slots=True)
class FrameIndex:
    """Every shown frame of a film, in the order of showing. All tuples have one entry a frame."""

    #: The identity of the film: made of its size and the hash of every byte.
    source_id: str
    #: FFmpeg's name of the demuxer: how it seeks depends on it.
    container: str
    timing: Timing
    time_base: Fraction
    #: PTS in `time_base`, strictly increasing.
    pts: tuple[int, ...]
    #: PTS of the frames decoding may start at, in `time_base`, increasing: key frames that are I pictures.
    key_pts: tuple[int, ...]
    #: Duration of the last frame in `time_base`.
    last_duration: int
    #: Container's earliest timestamp in seconds: what a seek position is counted from.
    container_start: Fraction
    #: Mean absolute luma difference to the frame before, 0 to 255, on a picture of 270 lines.
    difference: tuple[float, ...]
    #: Spatial information (ITU-T P.910: standard deviation of the Sobel-filtered luma), on 270 lines.
    spatial: tuple[float, ...]
    #: Temporal information (ITU-T P.910: standard deviation of the frame difference), on 270 lines.
    temporal: tuple[float, ...]
    #: Mean luma, 0 to 255.
    luma: tuple[float, ...]
    #: Bytes of the source's packet that held the frame, and its picture type (I, P, B, ?).
    packet_bytes: tuple[int, ...]
    picture_type: str
    interlaced_frames: int
    #: Sentences on damage met while reading; empty for a sound film.
    damage: tuple[str, ...]
    #: Stream index and bytes of its packets, for every stream; empty where nobody counted.
    stream_bytes: tuple[tuple[int, int], ...] = ()
    #: HDR10+, each kind of frame once: its payloads as its own bytes hold them (ITU-T T.35 from the country code on,
    #: hexadecimal, joined by "+") and the digest of what a decoder made of it; "" where there is none.
    hdr10plus: tuple[tuple[str, str], ...] = ()
    #: For each frame its place in `hdr10plus`; empty where no frame has any; None where nobody looked.
    hdr10plus_of: tuple[int, ...] | None = None
    #: Sentences on what changes on the way and is no damage.
    remarks: tuple[str, ...] = ()
    #: Packets at the beginning that no picture can be made of, because frames before the film's beginning are missing.
    unshowable: int = 0
    #: The first frame that is interlaced; None where none is.
    first_interlaced: int | None = None
    #: Left, top, right and bottom (half open) of what was ever anything but black, in the picture as it is stored;
    #: all 0 where nothing was, None where nobody looked.
    visible: tuple[int, int, int, int] | None = None
    #: How many of the frames have Dolby Vision metadata in their packets; None where nobody counted.
    metadata_frames: int | None = None

    @property
    def frames(self) -> int:
        """Number of shown frames."""
        return len(self.pts)

    @property
    def duration(self) -> Fraction:
        """Seconds from the first frame's start to the last frame's end."""
        return (self.pts[-1] - self.pts[0] + self.last_duration) * self.time_base

    @property
    def rate(self) -> Fraction:
        """Mean frames a second."""
        return Fraction(self.frames) / self.duration if self.duration else Fraction(25)

    def seconds(self, frame: int) -> Fraction:
        """When a frame is shown, counted from the first; the end of the film for `frames`."""
        if frame >= self.frames:
            return self.duration
        return (self.pts[frame] - self.pts[0]) * self.time_base

    def frame_from(self, seconds: Fraction) -> int:
        """The first frame shown at that time, counted from the first frame, or later; `frames` where none is."""
        return bisect_left(self.pts, self.pts[0] + ceil(seconds / self.time_base))

    def key_before(self, frame: int, *, back: int = 0) -> int | None:
        """Place in `key_pts` of the last key frame shown no later than `frame`, or of the one `back` before it.

        Every frame shown after a key frame that is an I picture is decoded after it too, in open groups of pictures
        as in closed ones. None: start at the beginning.
        """
        place = bisect_right(self.key_pts, self.pts[frame]) - 1 - back
        return place if place > 0 else None

    def is_key(self, frame: int) -> bool:
        """Whether decoding may start at this very frame."""
        place = bisect_right(self.key_pts, self.pts[frame]) - 1
        return place >= 0 and self.key_pts[place] == self.pts[frame]


def is_constant(pts: tuple[int, ...], tolerance: int = 1) -> bool:
    """Whether the frames are evenly spaced, up to `tolerance` ticks of rounding."""
    if len(pts) < 3:  # noqa: PLR2004 - two frames have one gap, which is even
        return True
    span, gaps = pts[-1] - pts[0], len(pts) - 1
    return all(abs(p - pts[0] - Fraction(span * k, gaps)) <= tolerance for k, p in enumerate(pts))
