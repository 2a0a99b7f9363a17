"""The contract of encoders, held by encoding a few frames."""

import asyncio
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from reelwright.encoders import Encoder
from reelwright.plugins.kinds import Kind
from reelwright.testing.held import check_port, held, one_line
from reelwright.tools.capabilities import find_ffmpeg
from reelwright.tools.chunks import ChunkFacts, read_chunk
from reelwright.tools.encoders import EncoderPort, Order
from reelwright.tools.process import Runner

FRAMES = 12
#: A picture with a cut in its middle, large enough for every device.
PICTURE = "testsrc2=s=320x180:r=24,format=yuv420p10le,hue=h='if(lt(n,6),0,180)'"
PRESETS = 14


def check_encoder(port: EncoderPort, *, ffmpeg: str = "") -> None:
    """Hold an encoder against its port: what it says of itself, and what FFmpeg makes of its arguments.

    Args:
        port: the plugin's.
        ffmpeg: FFmpeg's path; empty: the one that ships with Reelwright.

    Raises:
        AssertionError: the port is not kept.
        ToolError: FFmpeg cannot encode with it here.
    """
    check_port(Kind.ENCODER, port)
    check_facts(port)
    asyncio.run(_encodes(port, find_ffmpeg(ffmpeg)))


def check_facts(port: EncoderPort) -> None:
    """The part of the contract that needs no FFmpeg.

    Raises:
        AssertionError: it is not kept.
    """
    facts = port.facts
    held(isinstance(facts, Encoder), "its facts are no reelwright.encoders.Encoder")
    one_line(facts.title, "its title")
    held(facts.presets is None or len(facts.presets) == PRESETS, "its presets are not fourteen, of 0 to 13")
    crfs = [facts.crf_step * k for k in range(round(1 / facts.crf_step), round(facts.highest_crf / facts.crf_step) + 1)]
    own = [port.own_quality(crf) for crf in crfs]
    held(
        own == sorted(set(own)), "two CRFs that it can tell apart are the same on its own scale, or their order is not"
    )
    order = Order(crf=30, preset=6, threads=2, parameters=facts.fixed)
    arguments = port.codec_args(order)
    held(all(isinstance(one, str) for one in arguments), "its arguments are not texts")
    held(("-c:v", facts.ffmpeg) in pairwise(arguments), f"it does not name -c:v {facts.ffmpeg}")
    held(port.version("") == "", "it reads a version out of an empty log")


async def _encodes(port: EncoderPort, ffmpeg: str) -> None:
    facts = port.facts
    with TemporaryDirectory(prefix="reelwright-contract-") as folder:
        async with Runner() as runner:

            async def encode(crf: float, threads: int = 2) -> ChunkFacts:
                out = Path(folder) / f"{crf:g}-{threads}.mkv"
                await runner.run(encode_args(port, ffmpeg, crf, threads, out), what="Encoding", env=port.environment)
                return read_chunk(out)

            good, poor = await encode(20), await encode(45)
            for made in (good, poor):
                held(made.frames == FRAMES, f"{FRAMES} frames became {made.frames} packets; one each is needed")
                held(made.first_is_key, "the first packet is no key frame")
            held(poor.packet_bytes < good.packet_bytes, "a higher CRF does not make it smaller")
            if facts.deterministic:
                others = [await encode(20, threads) for threads in (1, 3)]
                held(all(made.digest == good.digest for made in others), "its bytes depend on the number of threads")


def encode_args(port: EncoderPort, ffmpeg: str, crf: float, threads: int, out: Path) -> list[str]:
    """A command line that encodes the picture with the port's arguments."""
    order = Order(crf=crf, preset=PRESETS - 1, threads=threads, parameters=port.facts.fixed)
    filters = ",".join([PICTURE, *port.filters])
    return [
        *(ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", *port.device_args, "-f", "lavfi", "-i", filters),
        *("-frames:v", str(FRAMES), *port.codec_args(order), "-bitexact", "-f", "matroska", f"file:{out}"),
    ]
