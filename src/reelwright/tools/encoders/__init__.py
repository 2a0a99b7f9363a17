"""Encoders behind one port: a plan's fields and a CRF in, FFmpeg's arguments out."""

from reelwright.encoders import ENCODERS
from reelwright.tools.encoders.aom import Aom
from reelwright.tools.encoders.hardware import AMF, NVENC, QSV, VAAPI, VULKAN
from reelwright.tools.encoders.port import EncoderPort, Order
from reelwright.tools.encoders.svt_av1 import SvtAv1

__all__ = ["PORTS", "EncoderPort", "Order", "add_port", "port_for"]

_ALL: tuple[EncoderPort, ...] = (SvtAv1(), Aom(), NVENC, QSV, AMF, VAAPI, VULKAN)
#: Every encoder's port, by our name of the encoder.
PORTS: dict[str, EncoderPort] = {port.facts.name: port for port in _ALL}
_BY_FFMPEG = {port.facts.ffmpeg: port for port in _ALL}


def port_for(ffmpeg_name: str) -> EncoderPort:
    """The port of an encoder by FFmpeg's name of it, which is the one a plan carries."""
    return _BY_FFMPEG[ffmpeg_name]


def add_port(port: EncoderPort) -> None:
    """Take another encoder, a plugin's; one that is known already stays as it is.

    A plan carries FFmpeg's name of its encoder, so of two ports only one can have it.

    Raises:
        ValueError: FFmpeg's encoder is another port's; what it says is the end of a sentence.
    """
    facts = port.facts
    known = _BY_FFMPEG.setdefault(facts.ffmpeg, port)
    if known.facts.name != facts.name:
        raise ValueError(f"takes FFmpeg's {facts.ffmpeg}, which is {known.facts.name}'s already")
    PORTS.setdefault(facts.name, port)
    ENCODERS.setdefault(facts.name, facts)
