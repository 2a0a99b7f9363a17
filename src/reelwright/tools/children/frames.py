"""Child process: what each shown frame of a finished file carries with it, by decoding it in full."""

import sys
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.hdr10plus import Hdr10Plus


def frames(request: dict[str, Any]) -> dict[str, Any]:
    """HDR10+ of every frame of a film, in the order of showing."""
    container: Any
    with av.open(file_url(request["path"]), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        stream = container.streams[request["film"]]
        stream.thread_type = "AUTO"
        gathered = Hdr10Plus(stream.codec_context)
        for packet in container.demux(stream):
            if packet.size:
                gathered.packet(packet)
            for frame in packet.decode():
                gathered.frame(frame)
    return gathered.facts()


if __name__ == "__main__":
    sys.exit(answer(frames))
