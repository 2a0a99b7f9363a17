"""Child process: the Dolby Vision metadata of each frame of a film, source or output, hashed."""

import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.rpus import RPU, digest, metadata_of, units_of

#: PTS of a frame, and the hash of its metadata.
Row = tuple[int | None, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The frames of an excerpt."""

    #: Number of the first, and how many.
    first: int
    frames: int
    #: Time of the first and of the one behind the last, in the stream's ticks; None: they are told by number.
    begin: int | None = None
    end: int | None = None
    #: Where decoding may begin, in the same ticks; None: at the beginning.
    seek: int | None = None

    def has(self, number: int, pts: int | None) -> bool:
        """Whether a frame is one of them."""
        if self.begin is None or self.end is None:
            return self.first <= number < self.first + self.frames
        return pts is not None and self.begin <= pts < self.end


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


def decoded(path: str, video_index: int, part: Part | None) -> tuple[list[Row], Carried]:
    """A row for each frame of a film or a part of it. Of a part that a seek misses there may be rows too few."""
    container: Any
    rows: list[Row] = []
    with av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        stream: Any = container.streams[video_index]
        stream.thread_type = "AUTO"
        carried = Carried(stream)
        if part is not None and part.seek is not None:
            container.seek(part.seek, stream=stream)
        number = 0
        for packet in container.demux(stream):
            if packet.size:
                carried.look(packet)
            for frame in packet.decode():
                if part is None or part.has(number, frame.pts):
                    rows.append((frame.pts, digest(metadata_of(frame))))
                number += 1
            if part is not None and len(rows) >= part.frames:
                # Threads that still decode while their decoder is closed wait for this one, which waits for them.
                with suppress(av.EOFError):  # it has given all
                    stream.codec_context.decode(None)
                break
    return rows, carried


def read(request: dict[str, Any]) -> dict[str, Any]:
    """Write a line with each frame's hash into the file asked for; empty where it has no metadata."""
    part = Part(**request["part"]) if request["part"] else None
    rows, carried = decoded(request["path"], request["video_index"], part)
    if part is not None and part.seek is not None and len(rows) < part.frames:
        rows, carried = decoded(request["path"], request["video_index"], replace(part, seek=None))
    Path(request["out"]).write_text("".join(f"{value or ''}\n" for _, value in rows), encoding="ascii")
    return {"frames": len(rows), "carried": carried.among([pts for pts, _ in rows])}


if __name__ == "__main__":
    sys.exit(answer(read))
