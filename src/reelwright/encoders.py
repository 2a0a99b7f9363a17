"""The AV1 encoders there are, as data: names, abilities, fixed parameters. Their ports are in `tools.encoders`.

A CRF is always on one scale here, SVT-AV1's: 1 to 70, where four steps of AV1's quantiser index (0 to 255) make one
CRF. Each encoder's port maps it onto its own, and how finely it can follow is `crf_step`.
"""

from dataclasses import dataclass

from reelwright.errors import UsageError

#: Key frames at the start of a chunk alone; what does not count so far begins again there, which does no harm.
LONGEST = "65535"


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoder:
    """What is known of an encoder without asking it."""

    #: Our name, in settings and on the command line; FFmpeg's; and the one people use.
    name: str
    ffmpeg: str
    title: str
    #: What it runs on, as the end of "it needs …"; None: any processor.
    device: str | None = None
    #: CRFs it can tell apart are multiples of this, up to the highest one.
    crf_step: float = 0.25
    highest_crf: float = 63.75
    #: Its parameters for every chunk, sorted; the user's own come on top where it takes any.
    fixed: tuple[tuple[str, str], ...]
    takes_parameters: bool = False
    #: Those of its parameters that hold the distance of key frames.
    key_distance: tuple[str, ...] = ("g",)
    #: What the presets 0 to 13 become, slow to fast; None: it has no such choice.
    presets: tuple[str, ...] | None
    #: Equal bytes from run to run and for any number of threads.
    deterministic: bool
    #: Mastering display and light level are in the bitstream; else the container alone carries them.
    hdr_in_bitstream: bool = False
    #: It carries the frames' Dolby Vision metadata over when it is told to.
    dolby_vision: bool = False
    #: It takes grain away and has players add as much again.
    film_grain: bool = False
    #: A key frame can be forced on it, as samples of two windows need one.
    samples: bool = False


#: Seven steps, slow to fast, by the preset that stands for each.
SEVENTHS = tuple(str(7 - preset * 7 // 14) for preset in range(14))

SVT_AV1 = Encoder(
    name="svt-av1",
    ffmpeg="libsvtav1",
    title="SVT-AV1",
    highest_crf=70.0,
    fixed=(("keyint", "-1"), ("scd", "0")),
    key_distance=("keyint",),
    takes_parameters=True,
    presets=tuple(map(str, range(14))),
    deterministic=True,
    hdr_in_bitstream=True,
    dolby_vision=True,
    film_grain=True,
    samples=True,
)

AOM = Encoder(
    name="aom",
    ffmpeg="libaom-av1",
    title="libaom",
    # FFmpeg's -crf is a whole number, and libaom has no finer one.
    crf_step=1.0,
    highest_crf=63.0,
    # Equal bounds switch the search for scene changes off. With rows in parallel one thread gives other bytes than
    # two, and two the same as any more; so there are never fewer than two.
    fixed=(("b:v", "0"), ("g", LONGEST), ("keyint_min", LONGEST), ("row-mt", "1")),
    key_distance=("g", "keyint_min"),
    presets=tuple(str(min(preset, 8)) for preset in range(14)),
    deterministic=True,
    dolby_vision=True,
)

#: FFmpeg's option that makes every frame one packet in show order: none is held back behind another.
IN_ORDER = ("bf", "0")

NVENC = Encoder(
    name="nvenc",
    ffmpeg="av1_nvenc",
    title="NVENC",
    device="an NVIDIA graphics card that encodes AV1 (RTX 40 or newer) and its driver",
    fixed=(IN_ORDER, ("g", LONGEST), ("rc", "constqp"), ("tune", "hq")),
    presets=tuple(f"p{step}" for step in SEVENTHS),
    deterministic=False,
)

QSV = Encoder(
    name="qsv",
    ffmpeg="av1_qsv",
    title="Intel Quick Sync",
    device="an Intel graphics processor that encodes AV1 (Arc, Core Ultra or newer) and Intel's media driver",
    fixed=(IN_ORDER, ("g", LONGEST)),
    presets=tuple(str(8 - int(step)) for step in SEVENTHS),
    deterministic=False,
)

AMF = Encoder(
    name="amf",
    ffmpeg="av1_amf",
    title="AMD AMF",
    device="an AMD graphics card that encodes AV1 (RX 7000 or newer) and AMD's driver",
    fixed=(IN_ORDER, ("bitdepth", "10"), ("g", LONGEST), ("rc", "cqp"), ("usage", "transcoding")),
    presets=("high_quality",) * 4 + ("quality",) * 3 + ("balanced",) * 3 + ("speed",) * 4,
    deterministic=False,
)

VAAPI = Encoder(
    name="vaapi",
    ffmpeg="av1_vaapi",
    title="VA-API",
    device="a graphics processor that encodes AV1 at /dev/dri and its VA-API driver",
    fixed=(IN_ORDER, ("g", LONGEST), ("rc_mode", "CQP")),
    presets=None,
    deterministic=False,
)

VULKAN = Encoder(
    name="vulkan",
    ffmpeg="av1_vulkan",
    title="Vulkan",
    device="a graphics card and a Vulkan driver with AV1 encoding (VK_KHR_video_encode_av1)",
    fixed=(IN_ORDER, ("g", LONGEST), ("rc_mode", "cqp")),
    presets=None,
    deterministic=False,
)

ENCODERS = {e.name: e for e in (SVT_AV1, AOM, NVENC, QSV, AMF, VAAPI, VULKAN)}
#: Those that are built in; a plugin's has a period in its name.
NAMES = tuple(ENCODERS)
DEFAULT = SVT_AV1.name


def find(name: str) -> Encoder:
    """The encoder of that name.

    Raises:
        UsageError: there is none, as in a ledger that a newer version wrote.
    """
    if name not in ENCODERS:
        plugged = "`reelwright doctor` shows installed plugins; plugins.enabled names those that are used."
        hint = plugged if "." in name else f"There are {', '.join(NAMES)}."
        raise UsageError(f"There is no encoder {name}.", hint=hint)
    return ENCODERS[name]
