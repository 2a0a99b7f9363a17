"""Which FFmpeg there is, and whether it can do the work."""

import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reelwright.encoders import DEFAULT, SVT_AV1, find
from reelwright.errors import ToolError
from reelwright.tools.bundled import bundled_ffmpeg

if TYPE_CHECKING:
    from reelwright.tools.process import Runner

#: libsvtav1's quarter-step CRF and setparams as the end of the chain need FFmpeg 7 and SVT-AV1 3 at least.
OLDEST_FFMPEG = 7
NEEDED_FILTERS = ("libvmaf", "scale", "trim", "tpad", "setparams")

INSTALL_HINT = "`pip install imageio-ffmpeg` brings one that works, or set tools.ffmpeg in the configuration."


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """An FFmpeg that was asked what it can do."""

    ffmpeg: str
    #: Version as FFmpeg prints it, and its leading number where that is a release.
    version: str
    major: int | None
    #: SVT-AV1's own version; None where FFmpeg has no libsvtav1.
    svt_version: str | None
    encoders: frozenset[str]
    filters: frozenset[str]
    #: What other encoders that were tried said of their version, driver and device, by our name of the encoder.
    versions: tuple[tuple[str, str], ...] = ()

    def version_of(self, encoder: str) -> str:
        """An encoder's own version; empty where it is not known."""
        return (self.svt_version or "") if encoder == SVT_AV1.name else dict(self.versions).get(encoder, "")

    def encode_build(self, encoder: str = DEFAULT) -> dict[str, str]:
        """What decides an encode's bytes beside its parameters: the builds and the processor's architecture."""
        # SVT-AV1's key is as it was when it was the only one: its trials stay good.
        name = "svt" if encoder == SVT_AV1.name else encoder
        return {"ffmpeg": self.version, name: self.version_of(encoder), "machine": platform.machine()}

    def missing(self, encoder: str = DEFAULT) -> list[str]:
        """Sentences on what this FFmpeg lacks; empty where it can do the work with that encoder."""
        lacks = []
        if self.major is not None and self.major < OLDEST_FFMPEG:
            # What else it lacks would be news of a program that is to be replaced anyway.
            return [f"FFmpeg {self.version} at {self.ffmpeg} is too old; {OLDEST_FFMPEG} or newer is needed."]
        lacks += [
            f"FFmpeg at {self.ffmpeg} has no {name} encoder."
            for name in (find(encoder).ffmpeg,)
            if name not in self.encoders
        ]
        lacks += [
            f"FFmpeg at {self.ffmpeg} has no {name} filter." for name in NEEDED_FILTERS if name not in self.filters
        ]
        return lacks


def find_ffmpeg(configured: str) -> str:
    """The configured FFmpeg, or the one that ships with imageio-ffmpeg.

    Raises:
        ToolError: there is none.
    """
    if configured:
        if not Path(configured).is_file():
            raise ToolError(f"There is no FFmpeg at {configured} (tools.ffmpeg).", hint=INSTALL_HINT)
        return configured
    if found := bundled_ffmpeg():
        return found
    import imageio_ffmpeg  # type: ignore[import-untyped]  # noqa: PLC0415 - slow to import, and not needed with a configured one

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise ToolError("No FFmpeg was found.", hint=INSTALL_HINT) from error


def parse_version(text: str, ffmpeg: str) -> tuple[str, int | None]:
    """Version and major number from the first line of `ffmpeg -version`.

    Builds from a development branch are named by commit and have no number: (name, None).
    """
    found = re.match(r"ffmpeg version (\S+)", text)
    if not found:
        raise ToolError(f"The program {ffmpeg} does not answer like FFmpeg.", hint=INSTALL_HINT)
    number = re.match(r"n?(\d+)\.", found[1])
    return found[1], int(number[1]) if number else None


def parse_names(text: str) -> frozenset[str]:
    """Second word of each line of `ffmpeg -encoders` or `-filters`."""
    return frozenset(words[1] for line in text.splitlines() if len(words := line.split()) > 1)


async def ask_ffmpeg(runner: "Runner", configured: str) -> Capabilities:
    """Ask FFmpeg for its version, encoders and filters.

    Raises:
        ToolError: there is no FFmpeg, or it does not run.
    """
    ffmpeg = find_ffmpeg(configured)

    async def ask(*args: str) -> str:
        done = await runner.run(
            [ffmpeg, *args], what=f"Asking {ffmpeg} what it can do", keep_stdout=True, timeout_seconds=60
        )
        return done.stdout.decode("utf-8", "replace")

    version, major = parse_version(await ask("-version"), ffmpeg)
    encoders = parse_names(await ask("-hide_banner", "-encoders"))
    svt = await _svt_version(runner, ffmpeg) if "libsvtav1" in encoders else None
    filters = parse_names(await ask("-hide_banner", "-filters"))
    return Capabilities(
        ffmpeg=ffmpeg, version=version, major=major, svt_version=svt, encoders=encoders, filters=filters
    )


async def _svt_version(runner: "Runner", ffmpeg: str) -> str | None:
    """SVT-AV1 says its version only while it encodes: let it encode one frame."""
    done = await runner.run(
        [
            *(ffmpeg, "-nostdin", "-hide_banner", "-f", "lavfi", "-i", "color=s=64x64:r=1:d=1"),
            *("-c:v", "libsvtav1", "-preset", "13", "-f", "null", "-"),
        ],
        what="Asking SVT-AV1 for its version",
        env={"SVT_LOG": "3"},
        timeout_seconds=60,
        check=False,
    )
    found = re.search(r"SVT-AV1 Encoder Lib (\S+)", done.stderr)
    return found[1] if found else None


def require(capabilities: Capabilities, encoder: str = DEFAULT) -> Capabilities:
    """Pass on an FFmpeg that can do the work with that encoder.

    Raises:
        ToolError: it cannot, with everything that is missing.
    """
    if lacks := capabilities.missing(encoder):
        raise ToolError(" ".join(lacks), hint=INSTALL_HINT)
    return capabilities
