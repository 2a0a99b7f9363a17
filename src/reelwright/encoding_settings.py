"""What there is to set of encoding: what is aimed at, and the encoder's own settings, each of them checked."""

import math
import re
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from reelwright.encoders import DEFAULT, NAMES
from reelwright.sections import Section
from reelwright.vmaf_models import FAMILIES, KNOWN, near_model

#: SVT-AV1 parameters that are not the user's to set.
OURS = frozenset({"crf", "lp", "preset", "rc", "keyint", "scd"})


def check_svt(name: str, value: object) -> None:
    """Make sure that an encoder parameter is one, and not one that decides what is searched for.

    Raises:
        ValueError: it is not.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or not re.fullmatch(r"[^\s:,'\\]+", str(value)):
        raise ValueError(f"{f'{name}={value}'!r} is not KEY=VALUE")
    if name.lower() in OURS:
        raise ValueError(f"{name} is set by Reelwright itself")


def checked_svt(value: dict[str, Any]) -> dict[str, Any]:
    """Encoder parameters, each of them checked.

    Raises:
        ValueError: one cannot be set.
    """
    for name, setting in value.items():
        check_svt(name, setting)
    return value


def checked_encoder(value: str) -> str:
    """The name of an encoder; whether there is a plugin's, which has a period, is seen when it is used.

    Raises:
        ValueError: there is none of that name.
    """
    if value not in NAMES and not re.fullmatch(r"[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*", value):
        close = get_close_matches(value, NAMES, n=1)
        raise ValueError(f"expected one of {', '.join(NAMES)}" + (f"; {close[0]} is the nearest" if close else ""))
    return value


def checked_model(value: str) -> str:
    """A VMAF model: one of the families, or a full name, which FFmpeg's libvmaf has to know.

    Raises:
        ValueError: it is neither.
    """
    if value in FAMILIES or value.startswith("vmaf_"):
        return value
    near = f"; {name} is the nearest" if (name := near_model(value)) else ""
    raise ValueError(f"expected {', '.join(FAMILIES)} or a libvmaf model such as {KNOWN[1]}{near}")


def checked_crop(value: str) -> str:
    """What is kept of the picture: "off", "auto", or "W:H:X:Y".

    Raises:
        ValueError: it is none of them.
    """
    if value not in {"off", "auto"} and not re.fullmatch(r"\d+:\d+:\d+:\d+", value):
        raise ValueError("expected off, auto, or W:H:X:Y such as 1920:800:0:140")
    return value


def parse_band(value: object) -> tuple[float, float]:
    """How far below and above the target a score may be, of one width or two.

    Raises:
        ValueError: it is neither.
    """
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    try:
        widths = [float(str(part)) for part in parts]
    except ValueError:
        widths = []
    if len(widths) not in {1, 2} or not all(0 <= w < math.inf for w in widths) or not any(widths):
        raise ValueError("expected a width such as 1.0, or two such as [0.5, 1.0]")
    return widths[0], widths[-1]


class CrfSettings(Section):
    """Fixed CRFs of the direct strategy, by picture height."""

    sd: float = Field(default=25, ge=1, le=70)
    hd: float = Field(default=25, ge=1, le=70)
    uhd: float = Field(default=29, ge=1, le=70)


class OpusSettings(Section):
    """Bit rates of Opus in kb/s, by count of channels; a channel takes 256 at the most."""

    mono: int = Field(default=64, ge=6, le=256)
    stereo: int = Field(default=128, ge=12, le=512)
    six_channels: int = Field(default=256, ge=36, le=1536)
    eight_channels: int = Field(default=384, ge=48, le=2048)
    #: For each channel, where there is another count of them.
    per_channel: int = Field(default=48, ge=6, le=256)


class EncodingSettings(Section):
    """What is aimed at, and the encoder's own settings."""

    encoder: Annotated[str, AfterValidator(checked_encoder)] = DEFAULT
    #: Which steps a film takes: "auto" takes Dolby Vision directly and everything else in chunks.
    strategy: Literal["auto", "chunked", "direct", "remux"] = "auto"
    preset: int = Field(default=6, ge=0, le=13)
    target_vmaf: float = Field(default=93, gt=0, lt=100)
    #: How far below and above the target a score may be: one width, or two.
    band: Annotated[tuple[float, float], BeforeValidator(parse_band)] = (1.0, 1.0)
    #: The CRFs a search stays within.
    min_crf: float = Field(default=12, ge=1, le=70)
    max_crf: float = Field(default=50, ge=1, le=70)
    vmaf_model: Annotated[str, AfterValidator(checked_model)] = "v0.6.1"
    #: Every chunk on the target, or the film's mean on it with the fewest bytes.
    objective: Literal["uniform", "min-size"] = "uniform"
    #: No chunk's mean below this with "min-size"; 0: three below the target.
    floor_vmaf: float = Field(default=0, ge=0, lt=100)
    #: No chunk's 5th percentile below this; 0: it is not looked at.
    floor_p5: float = Field(default=0, ge=0, lt=100)
    #: Some frames first and all of them where that does not settle it, or all of them always.
    scored_frames: Literal["sequential", "every"] = "sequential"
    #: The search learns from the trials of other films that the ledger has.
    learn: bool = True
    #: Strength of the grain that is synthesised, 0 to 50; 0: none.
    film_grain: int = Field(default=0, ge=0, le=50)
    #: How fields become frames; empty: a film with fields is refused.
    deinterlace: Literal["", "bwdif", "yadif", "w3fdif", "estdif"] = ""
    #: "off", "auto", or what is kept as "W:H:X:Y".
    crop: Annotated[str, AfterValidator(checked_crop)] = "off"
    #: Sound is copied, or becomes Opus.
    audio: Literal["copy", "opus"] = "copy"
    #: What decodes the source: "none" is software, "auto" whatever works, else a device's name as FFmpeg has it.
    hwaccel: str = Field(default="none", pattern="^[a-z0-9_]+$")
    svt: Annotated[dict[str, str | int | float], AfterValidator(checked_svt)] = Field(default_factory=dict)
    opus: OpusSettings = OpusSettings()
    crf: CrfSettings = CrfSettings()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min_crf > self.max_crf:
            raise ValueError(f"encoding.min_crf {self.min_crf:g} is above encoding.max_crf {self.max_crf:g}")
        return self
