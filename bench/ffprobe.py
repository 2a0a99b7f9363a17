"""Stands in for ffprobe where there is none: the JSON of `-show_format -show_streams` as far as ab-av1 reads it.

python bench/ffprobe.py [FFPROBE'S FLAGS] FILM
"""

import json
import sys
from typing import Any

import av

#: All of them have to be there.
DISPOSITION = (
    *("default", "dub", "original", "comment", "lyrics", "karaoke", "forced"),
    *("hearing_impaired", "visual_impaired", "clean_effects", "attached_pic", "timed_thumbnails"),
)


def stream_row(stream: Any) -> dict[str, Any]:
    """One stream, with ffprobe's names."""
    row: dict[str, Any] = {
        "index": stream.index,
        "codec_name": stream.codec_context.name if stream.codec_context else None,
        "codec_type": stream.type,
        "codec_tag_string": "",
        "codec_tag": "0x0000",
        "r_frame_rate": "0/0",
        "avg_frame_rate": "0/0",
        "time_base": str(stream.time_base),
        "disposition": dict.fromkeys(DISPOSITION, 0),
    }
    if stream.type == "video":
        row |= {"width": stream.width, "height": stream.height, "pix_fmt": stream.pix_fmt}
        row |= {"r_frame_rate": str(stream.guessed_rate), "avg_frame_rate": str(stream.average_rate)}
    elif stream.type == "audio":
        row["channels"] = stream.channels
    return row


def answer(path: str) -> dict[str, Any]:
    """What ffprobe would say of a file."""
    with av.open(path) as container:
        seconds = container.duration / av.time_base if container.duration else None
        form = {
            "filename": path,
            "nb_streams": len(container.streams),
            "nb_programs": 0,
            "format_name": container.format.name,
            "format_long_name": container.format.long_name,
            "duration": f"{seconds:.6f}" if seconds is not None else None,
            "size": str(container.size),
            "probe_score": 100,
        }
        return {"streams": [stream_row(stream) for stream in container.streams], "format": form}


if __name__ == "__main__":
    print(json.dumps(answer(sys.argv[-1])))
