"""Child process: the Dolby Vision metadata of each frame of a film, source or output, hashed."""

import sys
from itertools import islice
from pathlib import Path
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.rpus import RPU, digest, metadata_of, units_of


class Carried:
    """Which frames have metadata in their own packets."""

    def __init__(self, stream: Any) -> None:
        self._units = units_of(stream)
        self._stamped: set[int] = set()
        self._counted = 0

    def look(self, packet: Any) -> None:
        """Note a packet."""
        if RPU in self._units(bytes(packet)):
            if packet.pts is None:
                self._counted += 1
            else:
                self._stamped.add(packet.pts)

    def among(self, times: list[int | None]) -> int:
        """How many of the frames shown at these times have metadata of their own."""
        stamped = [pts for pts in times if pts is not None]
        return len(self._stamped.intersection(stamped)) + min(self._counted, len(times) - len(stamped))


def read(request: dict[str, Any]) -> dict[str, Any]:
    """Write a line with each frame's hash into the file asked for; empty where it has no metadata."""
    first, end = request["span"] or (0, None)
    container: Any
    with av.open(file_url(request["path"]), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        stream: Any = container.streams[request["video_index"]]
        stream.thread_type = "AUTO"
        carried = Carried(stream)

        def frames() -> Any:
            for packet in container.demux(stream):
                if packet.size:
                    carried.look(packet)
                yield from packet.decode()

        rows = [(frame.pts, digest(metadata_of(frame))) for frame in islice(frames(), first, end)]
    Path(request["out"]).write_text("".join(f"{value or ''}\n" for _, value in rows), encoding="ascii")
    return {"frames": len(rows), "carried": carried.among([pts for pts, _ in rows])}


if __name__ == "__main__":
    sys.exit(answer(read))
