"""A media file's facts from plain values, as a reader's answer in JSON holds them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from reelwright.media.model import (
    Audio,
    Chapter,
    Color,
    DolbyVision,
    Framing,
    MediaInfo,
    Stream,
    StreamKind,
    Video,
)


def _fraction(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def _tags_from(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tags": tuple((str(key), str(value)) for key, value in plain["tags"]),
        "broken_tags": tuple(str(key) for key in plain["broken_tags"]),
    }


def video_from(plain: Mapping[str, Any]) -> Video:
    """What only a video stream has."""
    mastering, light = plain["mastering_display"], plain["content_light"]
    dolby = plain["dolby_vision"]
    exact = {name: _fraction(plain[name]) for name in ("sample_aspect", "average_rate", "nominal_rate")}
    made = {
        "color": Color(**plain["color"]),
        "dolby_vision": None if dolby is None else DolbyVision(**dolby),
        "mastering_display": None if mastering is None else tuple(Fraction(number) for number in mastering),
        "content_light": None if light is None else (int(light[0]), int(light[1])),
        "frame_data": tuple(plain["frame_data"]),
    }
    return Video(**{**plain, **exact, **made})


def stream_from(plain: Mapping[str, Any]) -> Stream:
    """One stream."""
    made = {
        "kind": StreamKind(plain["kind"]),
        "dispositions": tuple(plain["dispositions"]),
        "time_base": _fraction(plain["time_base"]),
        "video": video_from(plain["video"]) if plain.get("video") else None,
        "audio": Audio(**plain["audio"]) if plain.get("audio") else None,
        "framing": Framing(plain["framing"]) if plain["framing"] else None,
        **_tags_from(plain),
    }
    return Stream(**{**plain, **made})


def info_from(plain: Mapping[str, Any]) -> MediaInfo:
    """All of it.

    Raises:
        ValueError, TypeError, KeyError: the values are none of a media file's facts.
    """
    chapters = (
        Chapter(start=Fraction(c["start"]), end=Fraction(c["end"]), title=c["title"], **_tags_from(c))
        for c in plain["chapters"]
    )
    made = {
        "duration": _fraction(plain["duration"]),
        "start": _fraction(plain["start"]),
        "streams": tuple(stream_from(stream) for stream in plain["streams"]),
        "chapters": tuple(chapters),
        **_tags_from(plain),
    }
    return MediaInfo(**{**plain, **made})
