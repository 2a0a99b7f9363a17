"""Child process: the Dolby Vision metadata of a film's packets, written one after another as `dovi_tool` reads them."""

import sys
from pathlib import Path
from typing import Any

from reelwright.tools.children.answer import answer
from reelwright.tools.children.beginning import showable
from reelwright.tools.children.rpus import RPU, kind_of, units

#: What `dovi_tool` has ahead of each; the two bytes of the NAL unit's header are left out.
MARK = b"\0\0\0\1"
HEADER = b"\x7c\x01"


def rpus_of(packet: bytes, stream: Any) -> list[bytes]:
    """Metadata in a packet of HEVC, without the headers of their NAL units, as they are escaped there."""
    return [unit[len(HEADER) :].rstrip(b"\0") for unit in units(stream)(packet) if kind_of(unit) == RPU]


def extract(request: dict[str, Any]) -> dict[str, Any]:
    """Write the metadata of the film's packets into the file asked for, in the order of decoding.

    Raises:
        ValueError: a packet has none, or more than one.
    """
    count = 0
    with Path(request["out"]).open("wb") as out:
        for packet, stream in showable(request["path"], request["video_index"]):
            found = rpus_of(bytes(packet), stream)
            if len(found) != 1:
                raise ValueError(f"packet {count} has {len(found)} sets of Dolby Vision metadata instead of one")
            out.write(MARK + found[0])
            count += 1
    return {"count": count}


def read_rpus(path: Path) -> list[bytes]:
    """What `extract` writes, or `dovi_tool` made of it: each one's bytes, still escaped."""
    data = path.read_bytes()
    return data.split(MARK)[1:] if data.startswith(MARK) else []


if __name__ == "__main__":
    sys.exit(answer(extract))
