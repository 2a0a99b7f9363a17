"""Child process: read back what was written: every packet of every stream, counted and hashed."""

import sys
from pathlib import Path
from typing import Any

import av
import av.stream

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer
from reelwright.tools.children.packets import Spans, Tally, attached_facts, says_something
from reelwright.tools.children.sequence_header import announces_grain
from reelwright.tools.hashing import content_hash


def inspect(request: dict[str, Any]) -> dict[str, Any]:
    """Tally every stream of a file, list the film's times, and hash the whole file."""
    path: str = request["path"]
    tallies: dict[int, Tally] = {}
    film: list[int] = []
    spans = Spans(request["chunks"])
    pictures: list[dict[str, str]] = []
    grain: list[bool] = []
    container: Any
    with av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="replace") as container:
        for packet in container.demux():
            if not says_something(packet):
                continue
            if av.stream.Disposition.attached_pic in packet.stream.disposition:
                tags = packet.stream.metadata
                pictures.append(attached_facts(tags.get("filename"), tags.get("mimetype"), bytes(packet)))
                continue
            if packet.pts is None:
                continue
            known = tallies.setdefault(packet.stream_index, Tally(ordered=packet.stream.type != "subtitle"))
            known.add(bytes(packet), packet.pts)
            if packet.stream_index == request["film"]:
                film.append(packet.pts)
                spans.add(bytes(packet))
                # Without chunks the film is a copy of the source's, in whatever codec that is.
                said = announces_grain(bytes(packet)) if packet.is_keyframe and request["chunks"] else None
                grain += [] if said is None else [said]
        clock = container.streams[request["film"]].time_base
        attachments = [
            attached_facts(s.name, s.mimetype, bytes(s.data)) for s in container.streams if s.type == "attachment"
        ]
    return {
        "streams": [{"index": index, **tally.facts()} for index, tally in sorted(tallies.items())],
        "film_ticks": sorted(film),
        "chunks": spans.end(),
        "film_clock": clock,
        "attachments": [*attachments, *pictures],
        "grain": [sum(grain), len(grain)],
        "content": content_hash(Path(path)),
    }


if __name__ == "__main__":
    sys.exit(answer(inspect))
