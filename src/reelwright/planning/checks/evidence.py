"""What is known about an output, and the value of one check."""

from dataclasses import dataclass
from fractions import Fraction

from reelwright.media.model import MediaInfo, Video
from reelwright.media.timing import FrameIndex
from reelwright.planning.clocks import MILLISECOND
from reelwright.planning.plan import EncodePlan

#: Chapters are compared in milliseconds.
TICKS = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One check and how it went."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Copied:
    """What was written of a copied stream, and what is read back: packets, payload hash, times hash."""

    index: int
    written: tuple[int, str, str]
    read: tuple[int, str, str] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """An attached file: a font or a cover."""

    name: str
    mimetype: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChunkPackets:
    """Hash of a chunk's packets: when it was scored, when it was joined, as written, and as the output holds them."""

    frames: int
    scored: str
    taken: str
    #: With what was added to the packets while they were joined: HDR10+.
    written: str
    #: None: the output ends before it.
    read: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Samples:
    """Hash of a sound's decoded samples in the source and in the output."""

    index: int
    source: str
    output: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What was heard of an encoded sound of the output, beside what was heard of its source."""

    #: Of the stream in the source.
    index: int
    #: Samples that decode, at `rate`, and FFmpeg's name of their layout.
    samples: int
    rate: int
    layout: str
    #: When it begins and ends, in seconds on the source's clock; None: there is no sound.
    begin: Fraction | None
    end: Fraction | None
    #: LUFS; -70: silence, or too short to tell.
    loudness: float
    #: Decibels of each channel.
    levels: tuple[float, ...]
    #: For each channel, the one of the source's it is most like, in the output's order.
    channels: tuple[int, ...]
    #: Stretches of the sound, how many of them tell where they belong, and by how much the worst of those is late.
    windows: int
    told: int
    late_ms: int
    #: What the decoder complained of, of any sound.
    complaints: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What an encoded sound has to be: what was heard of its source when it was encoded."""

    index: int
    kbps: int
    layout: str
    begin: Fraction | None
    samples: int
    loudness: float
    levels: tuple[float, ...]
    #: Samples that may decode beyond the end: FFmpeg does not trim the last packet of an MP4 file.
    beyond: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """The Dolby Vision metadata of a film's frames."""

    #: Hash of each decoded frame's metadata, which may be that of an earlier frame; None: there is none yet.
    digests: tuple[str | None, ...]
    #: How many of these frames have metadata of their own, in their packets.
    carried: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything known about an output."""

    plan: EncodePlan
    source: MediaInfo
    #: Of the frames that are encoded: the whole film's, or an excerpt's.
    index: FrameIndex
    output: MediaInfo
    shift: Fraction
    #: PTS of the film's packets, and of its decoded frames, in ticks of its clock.
    packet_ticks: tuple[int, ...]
    decoded_ticks: tuple[int, ...]
    #: What the decoder complained of.
    warnings: tuple[str, ...]
    copied: tuple[Copied, ...]
    #: Attached files as the source gave them, and as the output holds them.
    attached: tuple[Attached, ...]
    attachments: tuple[Attached, ...]
    #: The film's chunks in order, and whether packets come after them.
    chunks: tuple[ChunkPackets, ...] = ()
    left_over: bool = False
    #: Of sounds that are stored in another way without loss.
    samples: tuple[Samples, ...] = ()
    #: Of an excerpt, when each copied sound's first packet begins in the source; None: as the probe has it.
    sounds_begin: tuple[Fraction | None, ...] | None = None
    #: HDR10+ of each frame of the output: its payloads, and the digest of what a decoder made of them; None: nobody
    #: looked, because the source has none.
    hdr10plus: tuple[tuple[str, str], ...] | None = None
    #: How many of the film's sequence headers announce film grain, and how many there are.
    grain: tuple[int, int] = (0, 0)
    #: Sounds that were encoded: as they have to be, and as they are heard in the output.
    sounds: tuple[Planned, ...] = ()
    heard: tuple[Heard, ...] = ()
    #: Dolby Vision of the source's frames and of the output's; None: not read, where none is planned.
    metadata: tuple[Metadata, Metadata] | None = None
    #: Seconds of a tick of the film's clock in the output.
    clock: Fraction = MILLISECOND


def films(evidence: Evidence) -> tuple[Video, Video] | None:
    """The film of the output and of the source; None where one has none."""
    film, original = evidence.output.film, evidence.source.film
    if film is None or original is None or film.video is None or original.video is None:
        return None
    return film.video, original.video
