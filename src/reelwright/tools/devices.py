"""Which encoders work here and which devices open: each is tried in a child process, for nothing else tells."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reelwright.encoders import SVT_AV1, Encoder, find
from reelwright.errors import ToolError, UsageError
from reelwright.tools.encoders import PORTS, EncoderPort, Order
from reelwright.tools.failures import clean
from reelwright.tools.hwaccel import DECODERS, device_flags

if TYPE_CHECKING:
    from reelwright.tools.capabilities import Capabilities
    from reelwright.tools.process import Runner

#: The frame an encoder is tried with: large enough for every device.
FRAME = ("-f", "lavfi", "-i", "color=s=640x360:r=24:d=1,format=yuv420p10le")
#: A driver that says nothing for so long will not say anything.
TRY_SECONDS = 30.0
_REASON_LIMIT = 160
_LOG_CONTEXT = re.compile(r"\[[^\[\]]* @ 0x[0-9a-f]+\] ?|\[(?:error|fatal|warning)\] ?")
_LIBRARY = re.compile(r"\b(lib[\w.+-]+?\.so(?:\.\d+)*)")
_MISSING = ("cannot", "failed", "unable")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tried:
    """How an encoder or a device did."""

    name: str
    works: bool
    #: Version, driver and device as far as they are known; empty where nothing tells.
    version: str = ""
    #: Why it does not work: the middle of a sentence.
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """What decodes a run's films: a device that opens here, or software and why."""

    #: FFmpeg's name of it; None: software.
    name: str | None
    why: str


def first_complaint(said: str) -> str:
    """The first error of a log, in a few words: what comes after it only follows from it."""
    lines = [line for line in said.splitlines() if line.strip()]
    for line in lines:
        library = _LIBRARY.search(line)
        if library and any(word in line.lower() for word in _MISSING):
            return f"{library[1]} is not there"
    wrong = [line for line in lines if "[error]" in line or "[fatal]" in line]
    chosen = (wrong or lines[-1:] or ["it says nothing"])[0]
    return clean(_LOG_CONTEXT.sub("", chosen)).strip().rstrip(".!")[:_REASON_LIMIT]


def trial_args(ffmpeg: str, port: EncoderPort) -> list[str]:
    """Encode one frame and keep nothing; the log tells of version, driver and device."""
    order = Order(crf=40, preset=13, threads=1, parameters=port.facts.fixed)
    return [
        *(ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+verbose", *port.device_args, *FRAME),
        *("-frames:v", "1", *(("-vf", ",".join(port.filters)) if port.filters else ())),
        *(*port.codec_args(order), "-f", "null", "-"),
    ]


async def try_encoder(runner: "Runner", ffmpeg: str, name: str) -> Tried:
    """Let an encoder encode one frame."""
    port = PORTS[name]
    try:
        done = await runner.run(
            trial_args(ffmpeg, port),
            what=f"Trying {port.facts.title}",
            env={**port.environment, "SVT_LOG": "3"},
            timeout_seconds=TRY_SECONDS,
            check=False,
        )
    except ToolError as error:
        return Tried(name=name, works=False, reason=error.message.rstrip("."))
    if done.returncode:
        return Tried(name=name, works=False, reason=first_complaint(done.stderr))
    return Tried(name=name, works=True, version=port.version(done.stderr))


def unusable(encoder: Encoder, reason: str) -> ToolError:
    """The error for an encoder that does not work here."""
    hint = f"It needs {encoder.device}; --encoder {SVT_AV1.name} runs anywhere." if encoder.device else ""
    return ToolError(f"The encoder {encoder.name} does not work here: {reason}.", hint=hint)


async def with_encoder(runner: "Runner", tools: "Capabilities", name: str) -> "Capabilities":
    """The tools with what is known of an encoder, which was tried; SVT-AV1 was when FFmpeg was asked.

    Raises:
        ToolError: it does not work here.
    """
    if name == SVT_AV1.name:
        return tools
    tried = await try_encoder(runner, tools.ffmpeg, name)
    if not tried.works:
        raise unusable(find(name), tried.reason)
    return replace(tools, versions=(*tools.versions, (name, tried.version)))


def parse_hwaccels(text: str) -> tuple[str, ...]:
    """Names from `ffmpeg -hwaccels`, below its heading."""
    return tuple(line.strip() for line in text.splitlines() if re.fullmatch(r"[a-z0-9_]+", line.strip()))


async def list_hwaccels(runner: "Runner", ffmpeg: str) -> tuple[str, ...]:
    """The kinds of device this FFmpeg knows."""
    done = await runner.run(
        [ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error", "-hwaccels"],
        what=f"Asking {ffmpeg} for its devices", keep_stdout=True, timeout_seconds=TRY_SECONDS,
    )  # fmt: skip
    return parse_hwaccels(done.stdout.decode("utf-8", "replace"))


async def try_device(runner: "Runner", ffmpeg: str, name: str) -> Tried:
    """Open a device and nothing more."""
    try:
        done = await runner.run(
            [
                *(ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+warning"),
                *(*device_flags(name, None)[:2], "-f", "lavfi", "-i", "color=s=64x64:r=1:d=1", "-f", "null", "-"),
            ],
            what=f"Opening {name}",
            timeout_seconds=TRY_SECONDS,
            check=False,
        )
    except ToolError as error:
        return Tried(name=name, works=False, reason=error.message.rstrip("."))
    reason = first_complaint(done.stderr) if done.returncode else ""
    return Tried(name=name, works=not done.returncode, reason=reason)


async def choose_device(runner: "Runner", ffmpeg: str, wanted: str) -> Device:
    """The device that is to decode, of those that open here.

    Args:
        runner: spawns FFmpeg.
        ffmpeg: its path.
        wanted: "none", "auto", or FFmpeg's name of a kind of device.

    Raises:
        UsageError: this FFmpeg knows no such device.
    """
    if wanted == "none":
        return Device(name=None, why="")
    known = await list_hwaccels(runner, ffmpeg)
    if wanted not in {*known, "auto"}:
        listed = f"This FFmpeg has {', '.join(known)}" if known else "This FFmpeg has no devices"
        raise UsageError(f"There is no device {wanted} to decode on.", hint=f"{listed}; auto takes what opens.")
    names = [name for name in DECODERS if name in known] if wanted == "auto" else [wanted]
    reasons: dict[str, str] = {}
    for name in names:
        tried = await try_device(runner, ffmpeg, name)
        if tried.works:
            return Device(name=name, why=f"{name} opens here")
        reasons[name] = tried.reason
    return Device(name=None, why=_none_opens(wanted, reasons))


def _none_opens(wanted: str, reasons: Mapping[str, str]) -> str:
    if wanted == "auto":
        return f"no device opens here ({listed(tuple(reasons))} were tried)" if reasons else "FFmpeg has no device"
    return f"{wanted} does not open here ({reasons[wanted]})"


def listed(names: Sequence[str]) -> str:
    """Names as people write them."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
