"""Sound: what becomes Opus, how its channels are placed, and why what stays is copied.

Opus (RFC 7845, channel mapping family 1) holds one layout of each count of channels from one to eight. A channel is
never mixed with another one and none is invented: surround channels may move between "side" and "back", which is the
same pair of loudspeakers under two names; a layout with any other channel is copied.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from reelwright.media.model import Audio, Stream
from reelwright.planning.containers import Container

if TYPE_CHECKING:
    from reelwright.planning.plan import Request

#: Samples a second in every Opus stream.
RATE = 48_000
#: Samples in a packet: 20 ms.
PACKET = 960
#: Layouts of Opus, by FFmpeg's names, with their channels in FFmpeg's order.
OPUS_LAYOUTS: dict[str, tuple[str, ...]] = {
    "mono": ("FC",),
    "stereo": ("FL", "FR"),
    "3.0": ("FL", "FR", "FC"),
    "quad": ("FL", "FR", "BL", "BR"),
    "5.0": ("FL", "FR", "FC", "BL", "BR"),
    "5.1": ("FL", "FR", "FC", "LFE", "BL", "BR"),
    "6.1": ("FL", "FR", "FC", "LFE", "BC", "SL", "SR"),
    "7.1": ("FL", "FR", "FC", "LFE", "BL", "BR", "SL", "SR"),
}
#: Layouts that hold the same loudspeakers under other names: the Opus layout, and which channel each of its is.
MOVED: dict[str, tuple[str, tuple[int, ...]]] = {
    "1 channels": ("mono", (0,)),
    "2 channels": ("stereo", (0, 1)),
    # Matroska has no layout for PCM; players take these counts for these layouts.
    "6 channels": ("5.1", (0, 1, 2, 3, 4, 5)),
    "8 channels": ("7.1", (0, 1, 2, 3, 4, 5, 6, 7)),
    "downmix": ("stereo", (0, 1)),
    "binaural": ("stereo", (0, 1)),
    "quad(side)": ("quad", (0, 1, 2, 3)),
    "5.0(side)": ("5.0", (0, 1, 2, 3, 4)),
    "5.1(side)": ("5.1", (0, 1, 2, 3, 4, 5)),
    # FL FR FC LFE BL BR BC: the back pair becomes the side pair, which comes after the back centre.
    "6.1(back)": ("6.1", (0, 1, 2, 3, 6, 4, 5)),
}
#: Codecs that lose nothing; of DTS that is one profile.
LOSSLESS = frozenset({"flac", "truehd", "mlp", "alac", "tta", "wavpack", "ape", "tak", "wmalossless", "shorten"})
LOSSLESS_DTS = "DTS-HD MA"
NAMES = {"truehd": "TrueHD", "mlp": "MLP", "flac": "FLAC", "alac": "ALAC", "dts": "DTS"}


@dataclass(frozen=True, kw_only=True, slots=True)
class OpusRates:
    """Bits a second by count of channels, in kb/s."""

    mono: int = 64
    stereo: int = 128
    six_channels: int = 256
    eight_channels: int = 384
    #: For each channel where there is another count of them.
    per_channel: int = 48

    def of(self, channels: int) -> int:
        """The rate of a stream of so many channels, in kb/s."""
        named = {1: self.mono, 2: self.stereo, 6: self.six_channels, 8: self.eight_channels}
        return named.get(channels, channels * self.per_channel)


OPUS_RATES = OpusRates()


@dataclass(frozen=True, kw_only=True, slots=True)
class OpusPlan:
    """How a stream becomes Opus."""

    kbps: int
    #: The layout of the source, and that of the output.
    source_layout: str
    layout: str
    #: For each channel of the output, the number of the source's channel it is.
    order: tuple[int, ...]
    #: Bits a second of the source, where its header says so.
    source_bit_rate: int | None

    @property
    def channels(self) -> int:
        """Count of channels, the same as in the source."""
        return len(self.order)

    def least_bytes(self, duration: Fraction) -> int:
        """Bytes it takes at the least, as a guess on the safe side: half of its nominal rate."""
        return int(self.kbps * 1000 * duration / 16)

    def identity(self) -> dict[str, object]:
        """Everything of the plan that decides the encoded bytes."""
        return {"codec": "opus", "kbps": self.kbps, "from": self.source_layout, "layout": self.layout,
                "order": list(self.order)}  # fmt: skip


def placed(layout: str) -> tuple[str, tuple[int, ...]] | None:
    """The Opus layout for a layout, and which of its channels each of Opus's is; None where there is none."""
    if layout in OPUS_LAYOUTS:
        return layout, tuple(range(len(OPUS_LAYOUTS[layout])))
    return MOVED.get(layout)


def is_lossless(codec: str | None, audio: Audio) -> bool:
    """Whether a stream is an exact copy of its master's samples."""
    if codec == "dts":
        return (audio.profile or "").startswith(LOSSLESS_DTS)
    return codec is not None and (codec in LOSSLESS or codec.startswith("pcm_"))


def why_copied(stream: Stream, rates: OpusRates) -> str | None:
    """Why a stream is copied although Opus was asked for; None where it becomes Opus."""
    audio = stream.audio
    if stream.codec == "opus":
        return "it is Opus already"
    if stream.codec is None or audio is None or not audio.channels or not audio.sample_rate:
        return "copied, because it cannot be decoded"
    layout = audio.layout or f"{audio.channels} channels"
    if placed(layout) is None:
        return f"copied, because Opus has no layout that holds {layout} without mixing channels"
    return low_rate(audio.bit_rate, rates.of(audio.channels))


def low_rate(bit_rate: int | None, kbps: int) -> str | None:
    """Why a stream of few bits is copied; None where it has more than Opus would take, or that is unknown."""
    if bit_rate is None or bit_rate > 1000 * kbps:
        return None
    return f"copied, because it has {said_rate(bit_rate)} already, no more than the {kbps} kb/s asked of Opus"


def said_rate(bit_rate: int) -> str:
    """A bit rate for people."""
    return f"{bit_rate / 1000:.0f} kb/s"


def opus_plan(stream: Stream, rates: OpusRates) -> OpusPlan | None:
    """How a stream becomes Opus; None where it does not."""
    audio = stream.audio
    if audio is None or not audio.channels or why_copied(stream, rates) is not None:
        return None
    layout = audio.layout or f"{audio.channels} channels"
    found = placed(layout)
    if found is None:
        return None
    return OpusPlan(
        kbps=rates.of(audio.channels), source_layout=layout, layout=found[0], order=found[1],
        source_bit_rate=audio.bit_rate,
    )  # fmt: skip


def why_encoded(stream: Stream, plan: OpusPlan) -> str:
    """What happens to a stream that becomes Opus, with everything that is not as it was."""
    audio, name = stream.audio, NAMES.get(stream.codec or "", stream.codec or "unknown")
    said = [f"becomes Opus at {plan.kbps} kb/s"]
    if audio is not None and is_lossless(stream.codec, audio):
        said.append(f"{audio.profile if stream.codec == 'dts' else name} is lossless, Opus is not")
    profile = (audio.profile or "") if audio is not None else ""
    if "Atmos" in profile or "DTS:X" in profile:
        said.append(f"the objects of {profile} are lost, its {plan.channels} channels are kept")
    if plan.layout != plan.source_layout:
        said.append(f"{plan.source_layout} becomes {plan.layout}")
    if audio is not None and audio.sample_rate != RATE:
        said.append(f"{audio.sample_rate} Hz become {RATE}")
    return "; ".join(said)


def sound_hint(request: "Request", *, helps: bool) -> str:
    """What helps where a container has no place for a stream's codec; `helps`: Opus would."""
    if request.container is not Container.MATROSKA:
        other = "Write Matroska instead: name the output something.mkv."
    else:
        other = "Convert the sound first, for example to FLAC with FFmpeg."
    if request.strategy == "remux":
        return other
    return f"With --audio opus it becomes Opus, which has a place. {other}" if helps else other
