"""Child process: a film's packets copied into a Matroska file of our own, each stamped with its frame's number.

What a reader of the source stamps frames with may say nothing, and then a range of them can only be found by counting
from the beginning. In the copy it is found by seeking. Where Dolby Vision metadata were converted, the copy has those
in place of the source's, and no enhancement layer.
"""

import gzip
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url
from reelwright.tools.children.answer import answer, say
from reelwright.tools.children.beginning import showable, silence
from reelwright.tools.children.layers import HEADER, read_rpus
from reelwright.tools.children.packets import MILLISECOND
from reelwright.tools.children.rpus import LAYER, RPU, codec_of, kind_of, length_size, lengths, starts, units

TELL_SECONDS = 0.5
START = b"\0\0\0\1"
#: Codecs whose packets are NAL units, behind start codes or lengths.
NAL_CODECS = frozenset({"h264", "hevc"})


class NoCopyError(ValueError):
    """The film cannot be copied so; its own file has to do."""


def stamped_numbers(path: str, video_index: int, index: dict[str, Any]) -> list[int]:
    """The number of the frame in each packet, by the times of both.

    Raises:
        NoCopyError: they do not belong to each other one by one.
    """
    frame_at = {pts: number for number, pts in enumerate(index["pts"])}
    numbers = [frame_at.get(packet.pts, -1) for packet, _ in showable(path, video_index)]
    return one_each(numbers, len(frame_at))


def decoded_numbers(path: str, video_index: int, index: dict[str, Any]) -> list[int]:
    """The number of the frame in each packet, found by decoding: each packet is stamped with its place.

    Raises:
        NoCopyError: a frame is in no packet of its own.
    """
    shown: list[int | None] = []
    told, count, decoder = time.monotonic(), 0, None
    for packet, stream in showable(path, video_index):
        if decoder is None:
            decoder = stream.codec_context
            decoder.thread_type = "AUTO"
        packet.pts, packet.dts = count, count
        count += 1
        with silence():
            shown += [frame.pts for frame in decoder.decode(packet)]
        if time.monotonic() - told > TELL_SECONDS:
            told = time.monotonic()
            say({"frame": count})
    if decoder is not None:
        shown += [frame.pts for frame in decoder.decode(None)]
    numbers = [-1] * count
    for number, place in enumerate(shown):
        if place is None or not 0 <= place < count or numbers[place] >= 0:
            raise NoCopyError("a packet holds more than one frame")
        numbers[place] = number
    return one_each(numbers, len(index["pts"]))


def one_each(numbers: list[int], frames: int) -> list[int]:
    """The numbers, if each frame is there once.

    Raises:
        NoCopyError: it is not.
    """
    if sorted(numbers) != list(range(frames)):
        raise NoCopyError(f"{len(numbers)} packets hold the film's {frames} frames")
    return numbers


def with_metadata(data: bytes, stream: Any, rpu: bytes) -> bytes:
    """A packet of HEVC with these Dolby Vision metadata in the place of its own, and without its enhancement layer."""
    size, made = length_size(stream), []
    for unit in units(stream)(data):
        if kind_of(unit) == LAYER or layer_of(unit):
            continue
        # Zeros behind a NAL unit belong to the start code that follows it.
        kept = HEADER + rpu if kind_of(unit) == RPU else unit.rstrip(b"\0")
        made.append((START if size is None else len(kept).to_bytes(size, "big")) + kept)
    return b"".join(made)


def layer_of(unit: bytes) -> int:
    """The layer of a NAL unit of HEVC: 0 is the picture that every decoder shows (ITU-T H.265, 7.3.1.2)."""
    return (unit[0] & 1) << 5 | unit[1] >> 3 if len(unit) > 1 else 0


def digest(data: bytes, codec: str, *, size: int | None) -> bytes:
    """Hash of what a packet holds, however its NAL units are marked."""
    state = hashlib.blake2b(digest_size=16)
    if codec not in NAL_CODECS:
        state.update(data)
        return state.digest()
    for unit in starts(data) if size is None else lengths(data, size):
        bare = unit.rstrip(b"\0")
        state.update(len(bare).to_bytes(4, "big") + bare)
    return state.digest()


def nal_size(stream: Any, codec: str) -> int | None:
    """Bytes of the length ahead of each NAL unit; None where there are start codes, or no NAL units."""
    if codec == "hevc":
        return length_size(stream)
    extra = bytes(stream.codec_context.extradata or b"")
    return (extra[4] & 3) + 1 if codec == "h264" and extra[:1] == b"\1" and len(extra) > 6 else None  # noqa: PLR2004


class Copy:
    """The copy under way.

    Args:
        request: of this child.
        numbers: the frame in each packet.
        rpus: metadata for each packet, in order; None: packets stay as they are.
    """

    def __init__(self, request: dict[str, Any], numbers: list[int], rpus: list[bytes] | None) -> None:
        self.request, self.numbers, self.rpus = request, numbers, rpus
        self.tick = request["tick"]
        self.digests: dict[int, bytes] = {}
        self.keys: list[int] = []
        self.codec = ""

    def write(self, kinds: str) -> None:
        """Write every packet; `kinds` are the frames' picture types: decoding may start at key frames that are I."""
        late = max(place - number for place, number in enumerate(self.numbers))
        output: Any = None
        stream: Any = None
        try:
            for place, (packet, source) in enumerate(showable(self.request["path"], self.request["video_index"])):
                if output is None:
                    self.codec = codec_of(source)
                    options = {"fflags": "+bitexact", "avoid_negative_ts": "disabled"}
                    output = av.open(file_url(self.request["out"]), "w", format="matroska", options=options)
                    stream = output.add_stream_from_template(source, opaque=True)
                number = self.numbers[place]
                data = bytes(packet) if self.rpus is None else with_metadata(bytes(packet), source, self.rpus[place])
                self.digests[number] = digest(data, self.codec, size=nal_size(source, self.codec))
                if packet.is_keyframe and kinds[number] == "I":
                    self.keys.append(number)
                made = av.Packet(data)
                # The writer's own clock is another one before its header is written.
                made.stream, made.time_base, made.is_keyframe = stream, MILLISECOND, packet.is_keyframe
                made.pts, made.dts = number * self.tick, (place - late) * self.tick
                made.duration = self.tick
                output.mux_one(made)
        finally:
            if output is not None:
                output.close()

    def check(self) -> int:
        """Read the copy back; returns its earliest time in ticks.

        Raises:
            NoCopyError: it does not hold what was read.
        """
        left = dict(self.digests)
        with av.open(file_url(self.request["out"]), options=INPUT_OPTIONS) as container:
            stream: Any = container.streams.video[0]
            size, start = nal_size(stream, self.codec), container.start_time or 0
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                number = None if packet.pts is None else packet.pts // self.tick
                if number is None or left.pop(number, None) != digest(bytes(packet), self.codec, size=size):
                    raise NoCopyError("the copy does not hold what was copied")
        if left:
            raise NoCopyError(f"the copy lacks {len(left)} packets")
        return start // 1000


def copy(request: dict[str, Any]) -> dict[str, Any]:
    """Copy the film; the answer says which frames decoding may start at.

    Raises:
        NoCopyError: it cannot be copied so.
    """
    index = json.loads(gzip.decompress(Path(request["index"]).read_bytes()))
    path, video_index = request["path"], request["video_index"]
    find = stamped_numbers if index["timing"] == "stamped" else decoded_numbers
    numbers = find(path, video_index, index)
    rpus = read_rpus(Path(request["rpus"])) if request["rpus"] else None
    if rpus is not None and len(rpus) != len(numbers):
        raise NoCopyError(f"there are {len(rpus)} sets of metadata for {len(numbers)} packets")
    made = Copy(request, numbers, rpus)
    made.write(index["picture_type"])
    return {"start": made.check(), "keys": sorted(made.keys)}


if __name__ == "__main__":
    sys.exit(answer(copy))
