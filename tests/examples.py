"""Values to spoil: a film with everything in it, its index, its plan and the evidence of a good output."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from reelwright.media.model import Audio, Chapter, Color, MediaInfo, Stream, StreamKind, Video
from reelwright.media.timing import FrameIndex, Timing
from reelwright.planning.chunking import Chunk, Features
from reelwright.planning.plan import EncodePlan, Request, make_plan

MILLI = Fraction(1, 1000)


def index(
    pts: Sequence[int] = tuple(range(0, 10_000, 40)),
    *,
    cuts: Sequence[int] = (),
    last: int = 40,
    base: Fraction = MILLI,
    **changes: Any,
) -> FrameIndex:
    """The index of a film with these times, still but for its cuts."""
    count = len(pts)
    values: dict[str, Any] = {
        "source_id": "5-abc",
        "container": "matroska,webm",
        "timing": Timing.STAMPED,
        "time_base": base,
        "pts": tuple(pts),
        "key_pts": tuple(pts[::25]),
        "last_duration": last,
        "container_start": Fraction(0),
        "difference": tuple(60.0 if k in cuts else 0.5 for k in range(count)),
        "spatial": tuple(float(k) for k in range(count)),
        "temporal": tuple(float(k % 7) for k in range(count)),
        "luma": (100.0,) * count,
        "packet_bytes": tuple(1000 + k for k in range(count)),
        "picture_type": ("I" + "P" * 24) * (count // 25) + "P" * (count % 25),
        "interlaced_frames": 0,
        "damage": (),
    }
    return FrameIndex(**{**values, **changes})


def constant(frames: int, rate: Fraction = Fraction(25), *, cuts: Sequence[int] = ()) -> FrameIndex:
    """The index of a film of a constant rate, each frame one tick."""
    return index(range(frames), base=1 / rate, last=1, cuts=cuts)


def chunk(number: int, start: int, end: int) -> Chunk:
    """A chunk whose features do not matter, but that it moves."""
    features = Features(spatial=1.0, temporal=5.0, difference=1.0, luma=1.0, source_bytes=1.0, intra_share=0.0)
    return Chunk(index=number, start=start, end=end, features=features)


HDR = Color(range="tv", primaries="bt2020", transfer="smpte2084", matrix="bt2020nc")


def video(**changes: Any) -> Video:
    """A 10-bit HDR picture of 1280x720."""
    values: dict[str, Any] = {
        "width": 1280,
        "height": 720,
        "pix_fmt": "yuv420p10le",
        "bit_depth": 10,
        "color": HDR,
        "sample_aspect": None,
        "rotation": 0,
        "average_rate": Fraction(25),
        "nominal_rate": Fraction(25),
        "declared_frames": None,
        "interlaced": False,
        "attached_picture": False,
        "still": False,
        "hdr10plus": False,
        "dolby_vision": None,
        "mastering_display": (*(Fraction(k, 50_000) for k in range(1, 9)), Fraction(1, 100), Fraction(1000)),
        "content_light": (1000, 400),
    }
    return Video(**{**values, **changes})


def stream(number: int, kind: StreamKind, codec: str | None, **changes: Any) -> Stream:
    """A stream that starts at zero."""
    values: dict[str, Any] = {
        "language": None,
        "title": None,
        "dispositions": (),
        "time_base": MILLI,
        "start_pts": 0,
        "duration": None,
    }
    return Stream(index=number, kind=kind, codec=codec, **{**values, **changes})


def film(**changes: Any) -> Stream:
    """The stream that is the film; changes are its picture's."""
    named: dict[str, Any] = {"language": "eng", "title": "Main", "dispositions": ("default",)}
    return stream(0, StreamKind.VIDEO, "h264", video=video(**changes), **named)


def sound(number: int, **changes: Any) -> Stream:
    """An AC-3 stream."""
    audio = changes.pop("audio", Audio(channels=2, layout="stereo", sample_rate=48000))
    return stream(number, StreamKind.AUDIO, changes.pop("codec", "ac3"), audio=audio, **changes)


def cover(number: int, codec: str = "mjpeg", **changes: Any) -> Stream:
    """Cover art."""
    return stream(number, StreamKind.VIDEO, codec, video=video(attached_picture=True, still=True), **changes)


def info(*streams: Stream, **changes: Any) -> MediaInfo:
    """A file with these streams; a film alone where none are given."""
    values: dict[str, Any] = {
        "container": "matroska,webm",
        "size_bytes": 10_000_000,
        "duration": Fraction(10),
        "start": Fraction(0),
        "chapters": (),
        "tags": (),
    }
    return MediaInfo(streams=streams or (film(),), **{**values, **changes})


RICH = info(
    film(),
    sound(1, language="eng", title="Stereo", dispositions=("default",)),
    sound(2, language="deu", start_pts=120),
    stream(3, StreamKind.SUBTITLE, "subrip", language="fra", title="Forced", dispositions=("forced",)),
    stream(4, StreamKind.SUBTITLE, "mov_text", language="ita"),
    stream(5, StreamKind.ATTACHMENT, None, file_name="a.ttf", mimetype="font/ttf"),
    cover(6, file_name="cover.jpg", mimetype="image/jpeg"),
    stream(7, StreamKind.DATA, "bin_data"),
    chapters=(
        Chapter(start=Fraction(0), end=Fraction(4), title="One"),
        Chapter(start=Fraction(4), end=Fraction(10), title="Two"),
    ),
)


def plan(of: MediaInfo = RICH, **changes: Any) -> EncodePlan:
    """The plan of a file; changes are the request's."""
    return make_plan(of, replace(Request(), **changes))
