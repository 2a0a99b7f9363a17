"""Where the zoo's sources are made: FFmpeg, and packets put together by hand."""

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg

from zoo.pictures import write_pictures

WIDTH, HEIGHT, FRAMES = 64, 48, 20
FILM_RATE = Fraction(24)

#: Two B-frames between references, a key frame every eight frames.
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-b_strategy", "0", "-g", "8", "-qp", "16")
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-crf", "16")
#: FFmpeg's own encoders take pictures of numbers for scenes, each of them.
NO_CUTS = ("-g", "8", "-q:v", "3", "-sc_threshold", "1000000000")
MPEG2 = ("-c:v", "mpeg2video", "-bf", "2", *NO_CUTS)
PLAIN = ("-c:v", "mpeg4", *NO_CUTS)


@dataclass(frozen=True, kw_only=True)
class Film:
    """A source, and what is true of it."""

    path: Path
    #: The number each shown frame shows, in the order of showing.
    numbers: tuple[int, ...]
    #: When each is shown, in seconds after the first.
    times: tuple[Fraction, ...]
    #: How far the file's own clock may be from these times.
    tolerance: Fraction = Fraction(1, 2000)
    #: Whether the container says when its frames are shown.
    timed: bool = True
    #: When the first is shown on the file's clock; only asked for where the container does not say.
    start: Fraction = Fraction(0)
    #: Whether its sound becomes another codec's: it is heard then as long and from the same time on.
    converted: bool = False
    #: Whether it may be scored at its own size, which is quicker; libvmaf crashes on the smallest.
    scored_small: bool = True
    #: What is asked of the encode beside the CRF.
    options: dict[str, Any] = field(default_factory=dict)
    #: Length of the whole film in seconds, from first frame to the end of the last; None: not looked at.
    duration: Fraction | None = None


def film(path: Path, rate: Fraction | int = FILM_RATE, frames: int = FRAMES, **facts: Any) -> Film:
    """A film of constant rate that shows 0, 1, 2, and so on."""
    times = tuple(Fraction(k) / rate for k in range(frames))
    return Film(path=path, numbers=tuple(range(frames)), times=times, **facts)


def uneven(path: Path, times: Iterable[Fraction], **facts: Any) -> Film:
    """A film that shows 0, 1, 2, and so on at these times."""
    moments = list(times)
    return Film(
        path=path,
        numbers=tuple(range(len(moments))),
        times=tuple(moment - moments[0] for moment in moments),
        **facts,
    )


@dataclass(frozen=True)
class Studio:
    """Makes a source in a folder of its own."""

    folder: Path

    def path(self, name: str) -> Path:
        """A file in the folder."""
        return self.folder / name

    def ffmpeg(self, *args: str | Path) -> None:
        """Run FFmpeg.

        Raises:
            AssertionError: it failed.
        """
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, args)]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]

    def pictures(self, frames: int = FRAMES, width: int = WIDTH, height: int = HEIGHT, first: int = 0) -> Path:
        """Numbered pictures, uncompressed."""
        path = self.path(f"pictures-{first}-{frames}-{width}x{height}.y4m")
        if not path.exists():
            write_pictures(path, range(first, first + frames), width, height)
        return path

    def make(
        self,
        name: str,
        *args: str | Path,
        rate: Fraction | int = FILM_RATE,
        frames: int = FRAMES,
        width: int = WIDTH,
        height: int = HEIGHT,
        sound: Sequence[str | Path] = (),
        seconds: float | None = None,
    ) -> Path:
        """Numbered pictures at a rate, with a tone where `sound` says how it is coded."""
        path = self.path(name)
        inputs: list[str | Path] = ["-r", str(rate), "-i", self.pictures(frames, width, height)]
        if sound:
            length = float(frames / Fraction(rate)) if seconds is None else seconds
            inputs += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={length:.6f}"]
        self.ffmpeg(*inputs, *args, *sound, path)
        return path

    def restamped(
        self,
        source: Path,
        name: str,
        times: Sequence[Fraction],
        base: Fraction,
        *,
        order: Sequence[int] | None = None,
        last: Fraction = Fraction(0),
        reorder: int = 2,
        **options: str,
    ) -> Path:
        """The packets of a film, bit by bit, shown at other times, in a container's ticks of `base` seconds.

        Args:
            source: holds a video stream and nothing else.
            name: of the file that is written.
            times: when each frame is shown, in seconds.
            base: of the times that are written, and of the stream where the container has a choice.
            order: the frame each packet holds; None: as its PTS say.
            reorder: how many places before a frame can be shown at the earliest its packet is decoded.
            last: how long the last frame is shown; 0: not said.
            options: of the muxer, and `format`.
        """
        path = self.path(name)
        container_format = options.pop("format", None)
        with av.open(str(source)) as before, av.open(str(path), "w", format=container_format, options=options) as after:
            stream = after.add_stream_from_template(before.streams.video[0], opaque=True)
            stream.time_base = base
            packets = [p for p in before.demux(before.streams.video[0]) if p.size]
            numbers = list(order) if order is not None else ranks([p.pts for p in packets])
            ticks = [round(time / base) for time in times]
            for place, (packet, number) in enumerate(zip(packets, numbers, strict=True)):
                packet.stream, packet.time_base = stream, base
                packet.pts = ticks[number]
                early = place - reorder
                packet.dts = ticks[early] if early >= 0 else ticks[0] + early * max(1, round(1 / FILM_RATE / base))
                packet.duration = ticks[number + 1] - ticks[number] if number + 1 < len(ticks) else round(last / base)
                after.mux_one(packet)
        return path


def ranks(values: Sequence[int | None]) -> list[int]:
    """The place of each value in the order of size."""
    known = [value for value in values if value is not None]
    assert len(known) == len(values)
    places = {value: place for place, value in enumerate(sorted(known))}
    return [places[value] for value in known]
