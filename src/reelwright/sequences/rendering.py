"""A rendering: everything that decides the pictures of a sequence's movie, as one frozen value."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from reelwright.sequences.overlay import BurnIn, Slate
from reelwright.sequences.repair import Place
from reelwright.sequences.steps import Step
from reelwright.sequences.timecode import format_timecode


@dataclass(frozen=True, kw_only=True, slots=True)
class Raster:
    """From the picture that is rendered to the one that is delivered."""

    #: Of the rendered picture.
    width: int
    height: int
    #: Of the delivered one; even.
    out_width: int
    out_height: int
    #: What is kept of the rendered picture before it is fitted: width, height, x, y; None: all.
    crop: tuple[int, int, int, int] | None = None
    #: Width over height of a rendered sample.
    pixel_aspect: Fraction = Fraction(1)
    #: Letterbox: width over height of what is left open; None: no mask.
    mask: Fraction | None = None
    mask_opacity: float = 1.0

    @property
    def fitted(self) -> tuple[int, int]:
        """Size of the picture inside the delivered one: all of it is seen, its shape kept."""
        width, height = self.crop[:2] if self.crop else (self.width, self.height)
        if self.pixel_aspect == 1 and self.out_width - width in {0, 1} and self.out_height - height in {0, 1}:
            return width, height  # a row or a column of black makes it even; nothing is scaled for that
        shape = Fraction(width, height) * self.pixel_aspect
        if shape >= Fraction(self.out_width, self.out_height):
            return self.out_width, max(2, 2 * round(self.out_width / shape / 2))
        return max(2, 2 * round(self.out_height * shape / 2)), self.out_height


@dataclass(frozen=True, kw_only=True, slots=True)
class Colors:
    """How a picture's colours become a display's."""

    #: "ocio://…" or the path of a configuration.
    config: str
    #: Colour space of the frames.
    source: str
    #: Where to: a colour space, or a display and its view.
    to: str | None = None
    display: str | None = None
    view: str | None = None
    looks: str = ""
    #: A LUT's file, applied last.
    lut: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Light:
    """Frames that keep their light: written by the renderer itself, as half floats, beside what is seen."""

    #: From the frames' colour space to one of light, without looks or LUTs.
    colors: Colors
    #: EXR's compression.
    compression: str = "zip"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendering:
    """One row of a sheet, ready to be rendered."""

    name: str
    places: tuple[Place, ...]
    #: From one frame's number to the next one's.
    step: int
    padding: int
    rate: Fraction
    raster: Raster
    #: Width and height of the files; None: as what is rendered.
    read: tuple[int, int] | None = None
    #: Red, green and blue, and alpha where it is read.
    channels: tuple[str, ...] = ("R", "G", "B")
    part: int = 0
    #: "ignore" or "keep".
    alpha: str = "ignore"
    #: What is done to the pictures, in order; the raster's width and height are those after it.
    steps: tuple[Step, ...] = ()
    #: "exact", or "preview": the colours by a cube, whose error is measured.
    transform: str = "exact"
    #: None: the frames are a display's already.
    colors: Colors | None = None
    #: None: no output holds light.
    light: Light | None = None
    #: Transfer the movies are tagged with, by FFmpeg's name.
    transfer: str = "bt709"
    burn_ins: tuple[BurnIn, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    slate: Slate | None = None
    #: Count of the first frame's timecode, and whether it drops labels.
    timecode: int = 0
    drop: bool = False
    #: Frames beyond the cut at either end; they are among the places.
    handles: int = 0
    audio: str | None = None

    @property
    def slate_frames(self) -> int:
        """How many frames the slate stands."""
        return self.slate.frames if self.slate else 0

    @property
    def frames(self) -> int:
        """Frames of the movie, the slate's among them."""
        return len(self.places) + self.slate_frames

    @property
    def first(self) -> int:
        """Number of the first frame."""
        return self.places[0].number

    @property
    def last(self) -> int:
        """Number of the last frame."""
        return self.places[-1].number

    @property
    def also_read(self) -> tuple[str, ...]:
        """Files that decide the pictures beside the frames: sound, LUTs, a colour configuration, backgrounds."""
        paths = [self.audio, *(path for step in self.steps for path in step.paths())]
        if self.colors is not None:
            paths += [self.colors.lut, None if "://" in self.colors.config else self.colors.config]
        return tuple(path for path in paths if path)

    @property
    def first_timecode(self) -> str:
        """Timecode of the movie's first frame: the slate's, where there is one, so that frame one keeps its own."""
        return format_timecode(self.timecode - self.slate_frames, self.rate, drop=self.drop)

    def summary(self) -> str:
        """What is planned, as a sentence."""
        handles = f", {self.handles} of them handles at either end" if self.handles else ""
        slate = f" after {self.slate_frames} of slate" if self.slate_frames else ""
        fields = dict(self.fields)
        return (
            f"Frames {self.first} to {self.last}: {len(self.places)} frames{handles}{slate}, "
            f"{float(self.rate):g} a second, from {self.first_timecode}, "
            f"{self.raster.out_width}x{self.raster.out_height}, colours {fields.get('colorspace', 'as they are')}."
        )

    def tags(self) -> tuple[tuple[str, str], ...]:
        """What is written into the movie, by the ASWF's names."""
        said = {
            "first_frame": str(self.first),
            "last_frame": str(self.last),
            "source_filename": self.name,
            "source_frame_rate": f"{float(self.rate):g}",
            "slate_length": str(self.slate_frames),
            "handles": str(self.handles) if self.handles else "",
            "aswf_color_space": dict(self.fields).get("colorspace", ""),
            "title": dict(self.fields).get("shot", "") or self.name,
        }
        return tuple((name, value) for name, value in said.items() if value)

    def plain(self) -> dict[str, Any]:
        """All of it as plain values."""
        said: dict[str, Any] = _plain(asdict(self))
        return said

    def identity(self, stamps: Mapping[str, tuple[int, int]], outputs: Mapping[str, str]) -> str:
        """Digest of everything that makes two renderings different work.

        Args:
            stamps: size and time of each file that may be read, by path.
            outputs: names of the profiles, by the path they are written to.
        """
        read = sorted((path, *stamp) for path, stamp in stamps.items())
        said = json.dumps([self.plain(), read, sorted(outputs.items())], sort_keys=True)
        return hashlib.blake2b(said.encode(errors="surrogateescape"), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Fraction):
        return str(value)
    return value
