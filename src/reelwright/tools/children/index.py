"""Child process: one pass over a film. Hashes every byte, decodes every frame, measures what is cheap to measure."""

import gzip
import hashlib
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter

from reelwright.planning.identity import source_id
from reelwright.tools.children.answer import answer, plain, say
from reelwright.tools.children.beginning import opened, say_what_is_excused, unshowable
from reelwright.tools.children.blocks import BlockMeans
from reelwright.tools.children.colors import ColorChanges
from reelwright.tools.children.dolby_vision import Carried
from reelwright.tools.children.hdr10plus import Hdr10Plus
from reelwright.tools.children.rpus import codec_of
from reelwright.tools.children.times import BARE, SPARSE, Times, rises, stored_times, times_of
from reelwright.tools.children.visible import FULL_RANGE, HDR, Visible

#: Lines of the small grey picture that is measured.
LINES = 270
BLOCK = 4 << 20
TELL_SECONDS = 0.5
#: FFmpeg's number for primaries, transfers and matrices that are not said.
UNSPECIFIED = 2


class Hasher(threading.Thread):
    """Hashes the file beside the decoder, so that the bytes are read from the disk once."""

    def __init__(self, path: str) -> None:
        super().__init__(daemon=True)
        self.path = path
        self.size = 0
        self.content = ""
        self.error: OSError | None = None

    def run(self) -> None:
        """Read and hash the whole file."""
        state = hashlib.blake2b(digest_size=32)
        try:
            with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123 - the path may not be UTF-8
                while block := file.read(BLOCK):
                    state.update(block)
                    self.size += len(block)
        except OSError as error:
            self.error = error
        self.content = state.hexdigest()


class Measure:
    """Features of frames, on a small grey picture; block means too, where they are asked for."""

    def __init__(self, width: int, height: int, blocks: BlockMeans | None = None) -> None:
        self._blocks = blocks
        self._size = (max(16, 2 * round(LINES * width / max(1, height) / 2)), LINES)
        self._reformatter = VideoReformatter()
        self._before: np.ndarray[Any, np.dtype[np.float32]] | None = None

    def __call__(self, frame: av.VideoFrame) -> tuple[float, float, float, float]:
        """Difference, spatial information, temporal information and mean luma of the next frame."""
        small = self._reformatter.reformat(
            frame, width=self._size[0], height=self._size[1], format="gray", interpolation=Interpolation.FAST_BILINEAR
        )
        now = small.to_ndarray().astype(np.float32)
        if self._blocks is not None:
            self._blocks(now)
        change = now - self._before if self._before is not None else np.zeros_like(now)
        self._before = now
        return float(np.abs(change).mean()), spatial_information(now), float(change.std()), float(now.mean())


def spatial_information(luma: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """Standard deviation of the Sobel-filtered luma (ITU-T P.910)."""
    smooth_rows = luma[:-2] + 2 * luma[1:-1] + luma[2:]
    smooth_columns = luma[:, :-2] + 2 * luma[:, 1:-1] + luma[:, 2:]
    across = smooth_rows[:, 2:] - smooth_rows[:, :-2]
    down = smooth_columns[2:] - smooth_columns[:-2]
    return float(np.hypot(across, down).std())


class Pass:
    """What the pass over the frames gathers.

    Args:
        hdr10plus: gathers each frame's HDR10+.
    """

    def __init__(self, hdr10plus: Hdr10Plus) -> None:
        self.hdr10plus = hdr10plus
        self.colors = ColorChanges()
        self.pts: list[int | None] = []
        self.key_pts: list[int] = []
        self.features: list[tuple[float, float, float, float]] = []
        self.types: list[str] = []
        self.packet_sizes: dict[int | None, int] = {}
        self.stream_bytes: Counter[int] = Counter()
        self.durations: list[int] = []
        #: DTS of the film's packets, in order; those without bytes stand for nothing.
        self.slots: list[int] = []
        #: Some packets of the film carry no time.
        self.sparse = False
        self.unshowable = 0
        self.aspects: set[Fraction] = set()
        self.interlaced = 0
        self.first_interlaced: int | None = None
        self.corrupt = 0
        self.bad_packets = 0
        self.shapes: set[tuple[int, int, str]] = set()
        self.last_end = Fraction(0)
        #: Dolby Vision metadata, of codecs that may have it.
        self.carried: Carried | None = None
        self.visible: Visible | None = None

    def packet(self, packet: Any) -> None:
        """Note a packet of the film, before it is decoded."""
        self.hdr10plus.packet(packet)
        if self.carried is not None:
            self.carried.look(packet)
        if packet.is_corrupt:
            self.bad_packets += 1
        if packet.dts is not None:
            self.slots.append(packet.dts)
        if packet.pts is not None:
            self.packet_sizes[packet.pts] = packet.size
            if packet.is_keyframe:
                self.key_pts.append(packet.pts)

    def frame(self, frame: av.VideoFrame, measure: Measure) -> None:
        """Note a shown frame."""
        self.pts.append(frame.pts)
        self.types.append(PictureType(frame.pict_type).name[:1] if frame.pict_type else "?")
        self.colors.frame(frame)
        self.hdr10plus.frame(frame)
        untag(frame)
        self.features.append(measure(frame))
        self.durations.append(frame.duration or 0)
        if frame.interlaced_frame and not self.interlaced:
            self.first_interlaced = len(self.pts) - 1
        self.interlaced += frame.interlaced_frame
        self.corrupt += frame.is_corrupt
        if self.visible is not None:
            self.visible(frame)
        self.shapes.add((frame.width, frame.height, frame.format.name))


def untag(frame: av.VideoFrame) -> None:
    """Take a frame's colour tags off: the scaler gives up on some of them, and what is measured is code values."""
    frame.color_primaries = frame.color_trc = UNSPECIFIED
    if frame.colorspace:  # 0 is RGB
        frame.colorspace = UNSPECIFIED


def decoded(container: Any, stream: Any, notes: Pass, path: str) -> Iterator[av.VideoFrame]:
    """Frames of the film, with the packets of every stream noted on the way."""
    left_out = unshowable(path, stream.index)
    notes.unshowable = len(left_out)
    if left_out:
        say_what_is_excused(path, stream.index, left_out)
    stored = stored_times(path, stream.index) if container.format.name == SPARSE else None
    place = -1
    for packet in container.demux():
        if packet.size and packet.pts is not None:
            notes.last_end = max(notes.last_end, (packet.pts + (packet.duration or 0)) * packet.time_base)
        if packet.size:
            notes.stream_bytes[packet.stream.index] += packet.size
        # The last packet of each stream is empty and carries no stream index of its own: ask for its stream.
        if packet.stream.index != stream.index:
            continue
        if packet.size:
            place += 1
            if stored is not None:
                packet.pts = next(stored, None)
                notes.sparse = notes.sparse or packet.pts is None
            if place in left_out:
                continue
            notes.packet(packet)
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            notes.corrupt += 1


def read_film(path: str, video_index: int, wanted: dict[str, Any] | None = None) -> tuple[Pass, dict[str, Any]]:
    """Decode the whole film and tell how far it is now and then; write block means where they are `wanted`."""
    with opened(path) as container:
        stream: Any = container.streams[video_index]
        stream.thread_type = "AUTO"
        notes = Pass(Hdr10Plus(stream.codec_context))
        notes.carried = Carried(stream) if codec_of(stream) in {"hevc", "av1"} else None
        size = stream.codec_context.width, stream.codec_context.height
        blocks = BlockMeans(wanted["crop"], size) if wanted else None
        measure = Measure(*size, blocks)
        context = stream.codec_context
        full, hdr = int(context.color_range) == FULL_RANGE, int(context.color_trc) in HDR
        notes.visible = Visible(*size, full_range=full, hdr=hdr)
        told = time.monotonic()
        for frame in decoded(container, stream, notes, path):
            notes.frame(frame, measure)
            if aspect := stream.codec_context.sample_aspect_ratio:
                notes.aspects.add(Fraction(aspect))
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                done = float(frame.pts * stream.time_base) if frame.pts is not None else None
                say({"frame": len(notes.pts), "seconds": done})
        million = Fraction(1, av.time_base)
        facts = {
            "time_base": stream.time_base,
            "rate": rate_of(stream, container.format.name),
            "start": container.start_time * million if container.start_time is not None else Fraction(0),
            "declared": container.duration * million if container.duration else None,
            "format": container.format.name,
        }
    if wanted and blocks:
        blocks.write(wanted["out"])
    return notes, facts


def rate_of(stream: Any, container: str) -> Fraction:
    """Frames a second, as far as they are said; of a bare stream FFmpeg's average is no more than its default."""
    rates = [stream.average_rate, stream.guessed_rate]
    return next((rate for rate in (reversed(rates) if container in BARE else rates) if rate), Fraction(25))


def damage(notes: Pass, facts: dict[str, Any], size: int, times: Times) -> list[str]:
    """Sentences on what is wrong with the film; empty where nothing is."""
    found = []
    if not notes.pts:
        found.append("not one frame could be decoded")
    if notes.corrupt or notes.bad_packets:
        found.append(f"{notes.corrupt + notes.bad_packets} of its frames or packets are damaged")
    if sentence := missing_end(notes, facts):
        found.append(sentence)
    if facts["format"] == "mpegts" and size % 188 and size % 192 and size % 204:
        found.append("its last transport packet is cut off")
    if timeless := sum(p is None for p in times.pts):
        found.append(f"{timeless} of its frames carry no timestamp")
    stamped = [p for p in times.pts if p is not None]
    if not rises(stamped):
        back = next(k for k in range(1, len(stamped)) if stamped[k] <= stamped[k - 1])
        found.append(f"its timestamps do not rise at frame {back}")
    if len(notes.shapes) > 1:
        found.append("its picture size or format changes on the way")
    elif notes.aspects and max(notes.aspects) > min(notes.aspects) * Fraction(101, 100):
        found.append("its sample aspect changes on the way")
    return found + notes.colors.conflicts()


def missing_end(notes: Pass, facts: dict[str, Any]) -> str | None:
    """A sentence where the film ends well before the end its header promises."""
    declared = facts["declared"]
    # Bare streams and program and transport streams promise nothing: FFmpeg has estimated it from what is there.
    if not declared or facts["format"] in {*BARE, SPARSE, "mpegts"}:
        return None
    # Matroska promises the end on its own clock, others the length from the first timestamp on.
    begin = min(Fraction(0), facts["start"]) if facts["format"].startswith("matroska") else facts["start"]
    missing = declared - (notes.last_end - begin)
    if missing <= max(Fraction(1), declared / 50):
        return None
    return f"it ends {float(missing):.1f} s before the {float(declared):.1f} s its header promises"


def index(request: dict[str, Any]) -> dict[str, Any]:
    """Make the index of a film and write it to the path asked for; the answer holds what is said about it."""
    hasher = Hasher(request["path"])
    hasher.start()
    notes, facts = read_film(request["path"], request["video_index"], request.get("blocks"))
    hasher.join()
    if hasher.error is not None:
        raise hasher.error
    times = times_of(notes.pts, notes.durations, notes.slots, facts, sparse=notes.sparse)
    columns = list(zip(*notes.features, strict=True)) or [(), (), (), ()]
    value = {
        "source_id": source_id(hasher.size, hasher.content),
        "container": facts["format"],
        "timing": "counted" if times.counted else "stamped",
        "time_base": times.base,
        "pts": times.pts,
        "key_pts": [] if times.counted else starts(notes),
        "last_duration": last_duration(notes, times, facts),
        "container_start": facts["start"],
        **{
            name: [round(v, 4) for v in column]
            for name, column in zip(("difference", "spatial", "temporal", "luma"), columns, strict=True)
        },
        "packet_bytes": [notes.packet_sizes.get(p, 0) for p in notes.pts],
        "picture_type": "".join(notes.types),
        "interlaced_frames": notes.interlaced,
        "first_interlaced": notes.first_interlaced,
        "damage": damage(notes, facts, hasher.size, times),
        "unshowable": notes.unshowable,
        "stream_bytes": sorted(notes.stream_bytes.items()),
        **notes.hdr10plus.facts(),
        "remarks": notes.colors.remarks(),
        "metadata_frames": notes.carried.among(notes.pts) if notes.carried else 0,
        "visible": notes.visible.box if notes.visible else None,
    }
    payload = gzip.compress(json.dumps(value, default=plain).encode(), compresslevel=3, mtime=0)
    Path(request["out"]).write_bytes(payload)
    return {"source_id": value["source_id"], "frames": len(times.pts), "damage": value["damage"]}


def starts(notes: Pass) -> list[int]:
    """PTS of the frames decoding may start at.

    A stream with gradual refresh marks P pictures as key frames; what is decoded from there is not all there.
    """
    intra = {p for p, kind in zip(notes.pts, notes.types, strict=True) if kind == "I" and p is not None}
    return sorted(intra.intersection(notes.key_pts))


def last_duration(notes: Pass, times: Times, facts: dict[str, Any]) -> int:
    """How long the last frame is shown, in ticks: as it says itself, else like the one before."""
    said = next((d for d in reversed(notes.durations) if d > 0), 0)
    if said and times.base == facts["time_base"]:
        return said
    stamped = [p for p in times.pts if p is not None]
    if len(stamped) > 1:
        return stamped[-1] - stamped[-2]
    return max(1, round(1 / (Fraction(facts["rate"]) * times.base)))


if __name__ == "__main__":
    sys.exit(answer(index))
