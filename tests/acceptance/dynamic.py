"""Films with HDR10+ that differs from frame to frame, made with x265 and its B-frames."""

import json
from pathlib import Path
from typing import Any

import av
from clips import Clips

FRAMES = 24
#: Slow, so that few frames make chunks of more than a second.
RATE = 8
MASTERING = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
PQ = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
#: Frames of the film in which some have no payload.
BARE = frozenset({2, 7, 8, 23})


def scene(frame: int) -> dict[str, Any]:
    """One frame's HDR10+ as x265 reads it; no two frames' are equal."""
    return {
        "BezierCurveData": {
            "Anchors": [100 + frame, 200 + frame, 300, 400, 500, 600, 700, 800, 900],
            "KneePointX": 17 + frame,
            "KneePointY": 64,
        },
        "LuminanceParameters": {
            "AverageRGB": 1000 + frame,
            "LuminanceDistributions": {
                "DistributionIndex": [1, 5, 10, 25, 50, 75, 90, 95, 99],
                "DistributionValues": [frame, 2, 3, 4, 5, 6, 7, 8, 9 + frame],
            },
            "MaxScl": [1000 + frame, 2000, 3000],
        },
        "NumberOfWindows": 1,
        "TargetedSystemDisplayMaximumLuminance": 400,
        "SceneFrameIndex": frame,
        "SceneId": 0,
        "SequenceFrameIndex": frame,
    }


def described(clips: Clips, name: str = "hdr10plus.mkv", *more: str) -> Path:
    """A film with a payload on every frame, and B-frames."""
    scenes = {
        "JSONInfo": {"HDR10plusProfile": "B", "Version": "1.0"},
        "SceneInfo": [scene(frame) for frame in range(FRAMES)],
        "SceneInfoSummary": {"SceneFirstFrameIndex": [0], "SceneFrameNumbers": [FRAMES]},
        "ToolInfo": {"Tool": "tests", "Version": "1"},
    }
    (clips.folder / "hdr10plus.json").write_text(json.dumps(scenes))
    parameters = f"log-level=none:keyint=12:bframes=3:b-adapt=0:dhdr10-info=hdr10plus.json:{PQ}:{MASTERING}"
    return clips(
        *(name, "-f", "lavfi", "-i", f"testsrc2=size=64x48:rate={RATE}", "-frames:v", str(FRAMES)),
        *("-pix_fmt", "yuv420p10le", "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", parameters, *more),
    )


def is_hdr10plus(unit: bytes) -> bool:
    """Whether a unit of HEVC is an SEI message with HDR10+ alone, as x265 writes them."""
    return unit[0] >> 1 == 39 and unit[2] == 4 and unit[4:8] == bytes.fromhex("b5003c00")


def partly_described(clips: Clips) -> Path:
    """The same film, but some frames have no payload."""
    whole, path = described(clips), clips.folder / "hdr10plus-partly.mkv"
    with av.open(str(whole)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0], opaque=True)
        for packet in source.demux(video=0):
            if not packet.size:
                continue
            shown, data = round(packet.pts * packet.time_base * RATE), bytes(packet)
            units = []
            while data:
                size = int.from_bytes(data[:4], "big")
                units.append(data[4 : 4 + size])
                data = data[4 + size :]
            kept = [unit for unit in units if not (shown in BARE and is_hdr10plus(unit))]
            assert len(kept) == len(units) - (shown in BARE)
            made = av.Packet(b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept))
            made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
            made.is_keyframe, made.stream = packet.is_keyframe, stream
            target.mux(made)
    return path


def shown_with(path: Path) -> list[bytes]:
    """What a decoder shows of HDR10+ on each frame; empty where there is none."""
    with av.open(str(path)) as container:
        return [
            next((bytes(data) for data in frame.side_data if data.type.name == "DYNAMIC_HDR_PLUS"), b"")
            for frame in container.decode(video=0)
        ]
