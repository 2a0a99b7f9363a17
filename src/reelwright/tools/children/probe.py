"""Child process: read the facts of a file nobody here made. Prints them as JSON."""

import os
import signal
import struct
import sys
from fractions import Fraction
from typing import Any

import av
import av.container
import av.stream

from reelwright.media.colors import MATRICES, PRIMARIES, RANGES, TRANSFERS
from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.rpus import LAYER, metadata_of, profile_of, units_of
from reelwright.tools.children.source import open_source, read_tags, whole

#: Frames looked at for side data and fields.
LOOK = 16
#: Packets read to find where each stream starts.
FIRST_PACKETS = 1000
STILLS = frozenset({"png", "mjpeg", "bmp", "gif", "webp", "tiff", "jpegls", "jpeg2000"})
PROGRESSIVE = 1
MASTERING_BYTES = 80
LIGHT_BYTES = 8


def nothing_seen() -> dict[str, Any]:
    """What is known before a frame was looked at."""
    return {
        "types": set(),
        "interlaced": None,
        "rotation": 0,
        "payloads": {},
        "first": None,
        "profile": None,
        "units": set(),
    }


def look_at_frames(path: str, index: int) -> dict[str, Any]:
    """What only decoded frames tell: fields, rotation, HDR and Dolby Vision side data."""
    seen = nothing_seen()
    with av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        stream: Any = container.streams[index]
        units = units_of(stream) if stream.codec_context.name == "hevc" else None
        number = 0
        try:
            for packet in container.demux(stream):
                seen["units"] |= units(bytes(packet)) if units and packet.size else set()
                for frame in packet.decode():
                    look_at_frame(seen, frame)
                    number += 1
                if number >= LOOK:
                    break
        except av.FFmpegError:
            pass  # damage is the analysis pass's business; here it only means: fewer frames to look at
    return seen


def look_at_frame(seen: dict[str, Any], frame: Any) -> None:
    """Add what one frame shows."""
    seen["interlaced"] = bool(seen["interlaced"]) or frame.interlaced_frame
    seen["rotation"] = frame.rotation
    if seen["first"] is None:
        seen["first"] = frame
    if seen["profile"] is None and (metadata := metadata_of(frame)) is not None:
        seen["profile"] = profile_of(metadata)
    for data in frame.side_data:
        name = data.type.name
        seen["types"].add(name)
        if name in {"MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL"}:
            seen["payloads"].setdefault(name, bytes(data))


def mastering_display(payload: bytes | None) -> list[Fraction] | None:
    """The numbers of libavutil's AVMasteringDisplayMetadata: ten rationals of two 32-bit integers each."""
    if payload is None or len(payload) < MASTERING_BYTES:
        return None
    numbers = struct.unpack_from("=20i", payload)
    return [Fraction(n, d) if d else Fraction(0) for n, d in zip(numbers[::2], numbers[1::2], strict=True)]


def content_light(payload: bytes | None) -> tuple[int, int] | None:
    """The numbers of libavutil's AVContentLightMetadata: two unsigned integers."""
    return struct.unpack_from("=2I", payload) if payload is not None and len(payload) >= LIGHT_BYTES else None


def color_facts(context: Any, frame: Any) -> dict[str, Any]:
    """Colours as the stream says them, else as its first frame does."""

    def pick(attribute: str, names: dict[int, str]) -> str | None:
        for holder in (context, frame):
            value = int(getattr(holder, attribute, 0) or 0) if holder is not None else 0
            if value in names and not (attribute == "colorspace" and value == 0):
                return names[value]
        return None

    return {
        "range": pick("color_range", RANGES),
        "primaries": pick("color_primaries", PRIMARIES),
        "transfer": pick("color_trc", TRANSFERS),
        "matrix": pick("colorspace", MATRICES),
        # PyAV shows it nowhere; FFmpeg's banner is asked for it.
        "chroma_location": None,
    }


def dolby_vision(seen: dict[str, Any]) -> dict[str, Any] | None:
    """What the first frames tell of Dolby Vision; None where they tell nothing."""
    metadata = bool(seen["types"] & {"DOVI_METADATA", "DOVI_RPU_BUFFER"})
    enhancement = LAYER in seen["units"]
    if not metadata and not enhancement:
        return None
    return {"seen": seen["profile"], "metadata": metadata, "enhancement": enhancement}


def video_facts(path: str, stream: Any) -> dict[str, Any]:
    """Facts of one video stream."""
    context = stream.codec_context
    attached = av.stream.Disposition.attached_pic in stream.disposition
    seen = nothing_seen() if attached else look_at_frames(path, stream.index)
    frame = seen["first"]
    pixel = context.format or (frame.format if frame else None)
    field_order = getattr(context, "field_order", 0)
    return {
        "width": context.width or (frame.width if frame else 0),
        "height": context.height or (frame.height if frame else 0),
        "pix_fmt": pixel.name if pixel else None,
        "bit_depth": max((c.bits for c in pixel.components), default=None) if pixel else None,
        "color": color_facts(context, frame),
        "sample_aspect": stream.sample_aspect_ratio,
        "rotation": seen["rotation"],
        "average_rate": stream.average_rate,
        "nominal_rate": stream.guessed_rate,
        "declared_frames": stream.frames or None,
        "interlaced": None if frame is None else bool(seen["interlaced"]) or int(field_order) > PROGRESSIVE,
        "attached_picture": attached,
        "still": context.name in STILLS,
        "hdr10plus": "DYNAMIC_HDR_PLUS" in seen["types"],
        "dolby_vision": dolby_vision(seen),
        "mastering_display": mastering_display(seen["payloads"].get("MASTERING_DISPLAY_METADATA")),
        "content_light": content_light(seen["payloads"].get("CONTENT_LIGHT_LEVEL")),
        "frame_data": sorted(seen["types"]),
    }


def codec_name(stream: Any) -> str | None:
    """FFmpeg's name of the codec, not of the decoder: "av1", not "libdav1d"."""
    context = getattr(stream, "codec_context", None)
    if context is None:
        return None
    name: str = context.codec.canonical_name if hasattr(context.codec, "canonical_name") else context.name
    return {"libdav1d": "av1", "mp3float": "mp3", "libdavs2": "avs2", "ssa": "ass"}.get(name, name)


#: The first byte of an avcC or hvcC record.
RECORD = 1


def framing_of(stream: Any, container: str) -> str | None:
    """What is around the stream's data here, and not in the containers that are written."""
    context = getattr(stream, "codec_context", None)
    if context is None:
        return None
    extra, name = bytes(context.extradata or b""), codec_name(stream)
    if name == "aac" and not extra:
        return "adts"
    if name in {"h264", "hevc"} and not (extra and extra[0] == RECORD):
        return "start codes"
    return "segments" if name == "hdmv_pgs_subtitle" and container == "mpegts" else None


def first_times(path: str) -> dict[int, int]:
    """Earliest PTS among the first packets of each stream.

    A stream's own start time leaves out what an edit list or a codec delay hides, such as the 1024 samples before
    the sound of an MP4 file; but those packets are copied, so their time counts.
    """
    first: dict[int, int] = {}
    container: Any
    with open_source(path) as container:
        awaited = {s.index for s in container.streams if s.type in {"video", "audio"}}
        try:
            for number, packet in enumerate(container.demux()):
                if packet.size and packet.pts is not None:
                    known = first.get(packet.stream_index, packet.pts)
                    first[packet.stream_index] = min(known, packet.pts)
                    awaited.discard(packet.stream_index)
                if number >= FIRST_PACKETS or (number >= LOOK and not awaited):
                    break
        except av.FFmpegError:
            pass  # damage is the analysis pass's business
    return first


def stream_facts(path: str, container: str, stream: Any, first: int | None) -> dict[str, Any]:
    """Facts of one stream; `first` is its earliest PTS, where a packet of it was seen."""
    tags, broken = read_tags(stream.metadata)
    said = dict(tags)
    facts: dict[str, Any] = {
        "index": stream.index,
        "kind": stream.type if stream.type in {"video", "audio", "subtitle", "attachment"} else "data",
        "codec": codec_name(stream),
        "language": said.get("language"),
        "title": said.get("title"),
        "tags": tags,
        "broken_tags": broken,
        "framing": framing_of(stream, container),
        "dispositions": sorted(flag.name for flag in stream.disposition if flag.name),
        "time_base": stream.time_base,
        "start_pts": stream.start_time if first is None else first,
        "begins_pts": stream.start_time,
        "duration": stream.duration,
    }
    if stream.type == "video":
        facts["video"] = video_facts(path, stream)
        facts["file_name"] = said.get("filename")
        facts["mimetype"] = said.get("mimetype")
    elif stream.type == "audio":
        context = stream.codec_context
        layout = context.layout.name if context.layout else None
        facts["audio"] = {
            "channels": context.channels or None,
            "layout": layout,
            "sample_rate": context.sample_rate or None,
            "sample_format": context.format.name if context.format else None,
            "profile": context.profile or None,
            "bit_rate": context.bit_rate or counted_rate(stream.metadata),
        }
    elif stream.type == "attachment":
        facts["file_name"] = whole(stream.name or "") or None
        facts["mimetype"] = whole(stream.mimetype or "") or None
    return facts


def counted_rate(tags: dict[str, str]) -> int | None:
    """Bits a second as mkvmerge counted them; None where it did not."""
    said = next((value for key, value in tags.items() if key.upper().partition("-")[0] == "BPS"), "")
    return int(said) if said.isdecimal() and int(said) > 0 else None


def chapter_facts(chapter: Any) -> dict[str, Any]:
    """One chapter, in seconds."""
    base = chapter["time_base"]
    tags, broken = read_tags(chapter["metadata"])
    return {
        "start": chapter["start"] * base,
        "end": chapter["end"] * base,
        "title": dict(tags).get("title"),
        "tags": tags,
        "broken_tags": broken,
    }


def probe(request: dict[str, Any]) -> dict[str, Any]:
    """Read every stream and its facts."""
    path: str = request["path"]
    # Nobody may be left to end this process; a file that hangs its reader must not do so for ever.
    signal.alarm(request.get("seconds", 0))
    container: Any
    first = first_times(path)
    with open_source(path) as container:
        million = Fraction(1, av.time_base)
        tags, broken = read_tags(container.metadata)
        name = container.format.name
        return {
            "container": name,
            "size_bytes": os.stat(path).st_size,  # noqa: PTH116 - the path may not be UTF-8
            "duration": container.duration * million if container.duration else None,
            "start": container.start_time * million if container.start_time is not None else None,
            "streams": [stream_facts(path, name, s, first.get(s.index)) for s in container.streams],
            "chapters": [chapter_facts(chapter) for chapter in container.chapters()],
            "tags": tags,
            "broken_tags": broken,
        }


if __name__ == "__main__":
    sys.exit(answer(probe))
