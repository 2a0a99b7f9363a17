"""One pass: a child renders the frames into a pipe, and FFmpeg makes every output of it. Nothing lies in between."""

import asyncio
import importlib.util
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reelwright.errors import ReelwrightError, SourceError, ToolError
from reelwright.sequences.overlay import SHOWN
from reelwright.sequences.rendering import Light, Rendering
from reelwright.tools.allow import file_url, input_flags
from reelwright.tools.ask import ask
from reelwright.tools.delivery import FONT, Counting, Delivery, Output, burn_in_filter, burn_in_text, delivery_args
from reelwright.tools.oiiotool import Scratches
from reelwright.tools.process import Finished, Runner

#: How long the one program may take to say why it ended, once the other has found it gone.
LAST_WORDS_SECONDS = 5.0
ENDED_EARLY = "The encoder ended early."


@dataclass(frozen=True, kw_only=True, slots=True)
class Pass:
    """What came of a pass."""

    #: What stands in each place, in order.
    said: tuple[dict[str, Any], ...]
    cpu_seconds: float
    peak_rss_bytes: int
    #: Of a preview of the colours: {"pixels", "max", "p999"}, in codes of 10 bit; None: they are exact.
    preview: dict[str, Any] | None = None


def font_path() -> Path:
    """A font that ships with OpenImageIO.

    Raises:
        ToolError: it is not there.
    """
    found = importlib.util.find_spec("OpenImageIO")
    folder = Path(found.origin).parent if found and found.origin else Path()
    font = folder / "share" / "fonts" / "OpenImageIO" / "DroidSans.ttf"
    if not font.is_file():
        raise ToolError("OpenImageIO's font DroidSans.ttf is missing.", hint="`pip install OpenImageIO` brings it.")
    return font


def prepare(rendering: Rendering, folder: Path) -> tuple[str, ...]:
    """Write what the filters read into the folder they run in; returns the burn-ins' filters."""
    shutil.copyfile(font_path(), folder / FONT)
    pipe = folder / "pictures.pipe"
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe, 0o600)
    counting = Counting(
        first=rendering.first,
        step=rendering.step,
        padding=rendering.padding,
        rate=rendering.rate,
        timecode=rendering.timecode,
        drop=rendering.drop,
    )
    drawn = []
    for number, burn_in in enumerate(rendering.burn_ins):
        text = burn_in_text(burn_in, dict(rendering.fields), counting)
        if text:
            (folder / f"burn-in-{number}.txt").write_text(text, encoding="utf-8", errors="replace")
            drawn.append(burn_in_filter(f"burn-in-{number}.txt", burn_in, rendering.raster))
    return tuple(drawn)


def light_request(rendering: Rendering, light: Light, out: Output) -> dict[str, Any]:
    """What the rendering child is asked of frames of light, which it writes itself."""
    colors, raster = light.colors, rendering.raster
    return {
        "color": {**asdict(colors), "from": colors.source},
        "compression": light.compression,
        "pattern": os.fspath(out.path),
        "crop": raster.crop,
        "aspect": float(raster.pixel_aspect),
        "rate": str(rendering.rate),
        "first": rendering.first,
        "timecode": rendering.timecode,
        "drop": rendering.drop,
    }


def child_request(rendering: Rendering, outputs: Sequence[Output], folder: Path, *, threads: int) -> dict[str, Any]:
    """What the rendering child is asked."""
    colors = rendering.colors
    written = next((out for out in outputs if out.profile.light), None)
    light = light_request(rendering, rendering.light, written) if rendering.light and written else None
    return {
        "places": [
            {"number": p.number, "tried": [asdict(c) for c in p.tried], "otherwise": p.otherwise.value}
            for p in rendering.places
        ],
        "width": rendering.raster.width,
        "height": rendering.raster.height,
        "channels": list(rendering.channels),
        "part": rendering.part,
        "alpha": rendering.alpha,
        "read": list(rendering.read or (rendering.raster.width, rendering.raster.height)),
        "steps": [{**asdict(step), "values": dict(step.values)} for step in rendering.steps],
        "transform": rendering.transform,
        "color": None if colors is None else {**asdict(colors), "from": colors.source},
        "light": light,
        "seen": any(not out.profile.light for out in outputs),
        "threads": threads,
        "pipe": os.fspath(folder / "pictures.pipe"),
        "font": os.fspath(folder / FONT),
        "slate": None
        if rendering.slate is None
        else {
            "path": os.fspath(folder / "slate.raw"),
            "width": rendering.raster.out_width,
            "height": rendering.raster.out_height,
            "title": rendering.slate.title,
            "lines": rendering.slate.lines[: len(SHOWN)],
            "thumbnails": rendering.slate.pictures,
        },
    }


def delivery_of(rendering: Rendering, drawn: tuple[str, ...], outputs: Sequence[Output], folder: Path) -> Delivery:
    """What FFmpeg is given: the pipe of pictures, what is `drawn` over them, and what is written of them."""
    return Delivery(
        raster=rendering.raster,
        rate=rendering.rate,
        pictures=folder / "pictures.pipe",
        slate=folder / "slate.raw" if rendering.slate else None,
        slate_frames=rendering.slate_frames,
        drawn=drawn,
        outputs=tuple(outputs),
        transfer=rendering.transfer,
        alpha=rendering.alpha == "keep",
        audio=Path(rendering.audio) if rendering.audio else None,
    )


async def render(
    runner: Runner,
    ffmpeg: str,
    rendering: Rendering,
    outputs: Sequence[Output],
    folder: Path,
    *,
    threads: int,
    tell: Callable[[int], None],
) -> Pass:
    """Render every frame and write every output.

    Args:
        runner: spawns the two programs.
        ffmpeg: path of FFmpeg.
        rendering: what is rendered.
        outputs: what is written, under temporary names.
        folder: where the pipe and the filters' files are.
        threads: frames rendered at once, and threads of each encoder.
        tell: called with the count of frames that were rendered.

    Raises:
        SourceError: a frame is missing or broken, and the policy is not to go on.
        ToolError: the renderer or FFmpeg failed.
    """
    drawn = await asyncio.to_thread(prepare, rendering, folder)
    seen = [out for out in outputs if not out.profile.light]
    said: list[dict[str, Any]] = []
    lines = {k: dict(step.values)["line"] for k, step in enumerate(rendering.steps) if step.name == "oiiotool"}
    config = rendering.colors.config if rendering.colors else None

    def heard(message: dict[str, Any]) -> None:
        if "frame" in message:
            said.append(message["frame"])
            tell(len(said))
        if "scratch" in message:
            scratch.start(message["scratch"])

    request = child_request(rendering, outputs, folder, threads=threads)
    scratch = Scratches(runner, {k: str(line) for k, line in lines.items()}, config=config, at_once=threads)
    child = asyncio.create_task(ask(runner, "render", request, what="Rendering", folder=folder, tell=heard))
    try:
        if seen:
            argv = delivery_args(ffmpeg, delivery_of(rendering, drawn, seen, folder), threads=threads)
            encoder = asyncio.create_task(runner.run(argv, what="Encoding the frames", cwd=os.fspath(folder)))
            answer, *encoded = await both(child, encoder)
        else:  # light goes through no encoder
            answer, encoded = await child, []
    finally:
        await scratch.end()
    if len(said) != len(rendering.places):
        raise ToolError(f"Only {len(said)} of {len(rendering.places)} frames were rendered.")
    used = (answer.finished, *encoded)
    return Pass(
        said=tuple(said),
        cpu_seconds=sum(f.cpu_seconds for f in used) + scratch.cpu_seconds,
        peak_rss_bytes=max(f.peak_rss_bytes for f in used),
        preview=answer.result["preview"],
    )


async def both(child: "asyncio.Task[Any]", encoder: "asyncio.Task[Finished]") -> tuple[Any, Finished]:
    """Wait for both ends of the pipe. Where one fails the other is ended, and the one that failed first is believed.

    Raises:
        ReelwrightError: what ended them.
    """
    tasks: tuple[asyncio.Task[Any], ...] = (child, encoder)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if child.done() and not encoder.done():
            # A renderer that found the pipe closed says little: the encoder knows why.
            await asyncio.wait({encoder}, timeout=LAST_WORDS_SECONDS)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    failed = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
    telling = [e for e in failed if not (isinstance(e, SourceError) and e.message == ENDED_EARLY)]
    for error in (*telling, *failed):
        raise error
    if child.cancelled() or encoder.cancelled():
        raise ReelwrightError("The renderer and the encoder did not end together.")
    return child.result(), encoder.result()


async def count_frames(runner: Runner, ffmpeg: str, path: Path) -> int:
    """Decode a movie from its first frame to its last and count them.

    Raises:
        ToolError: it cannot be decoded without a complaint.
    """
    count = 0

    def line(text: str) -> None:
        nonlocal count
        name, _, value = text.partition("=")
        if name == "frame" and value.strip().isdigit():
            count = int(value)

    argv = [ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1", *input_flags()]
    argv += ["-i", file_url(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "null", "-"]
    finished = await runner.run(argv, what=f"Decoding {path.name}", on_line=line)
    if finished.stderr.strip():
        raise ToolError(f"{path.name} does not decode cleanly.", stderr=finished.stderr)
    return count
