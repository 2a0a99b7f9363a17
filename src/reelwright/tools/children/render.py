"""In a child process: render a sequence's frames, in order, into a pipe that FFmpeg reads.

Each place of the movie has files to try; the first that can be used is rendered, and what came of it is said, place by
place. A few frames are rendered ahead, so that all cores have work; memory does not grow with the length.

Request: "places" ([{"number", "tried": [{"number", "path", "place"}], "otherwise"}]), "width", "height", "channels",
"part", "alpha" ("ignore", "over", "keep"), "background", "color" (None: values are display-referred already), "cube" (a
shaper's table is applied and FFmpeg does the rest), "threads", "pipe", "font", "slate" (None, or {"path", "width",
"height", "title", "lines", "thumbnail"}).
"""

import hashlib
import os
import sys
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.answer import request, say
from reelwright.tools.children.drawn import black, checker, placeholder, slate
from reelwright.tools.children.pixels import (
    Coloring,
    UnreadableError,
    as_values,
    ocio_transform,
    over,
    planar,
    read_pixels,
)
from reelwright.tools.children.stills import MOST_MEGABYTES, Damaged, contents

#: Frames under way for each thread.
AHEAD = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """One place of the movie."""

    pixels: bytes
    #: What stands there, and why.
    said: dict[str, Any]


class WholeWrites:
    """A pipe that takes every byte: one write takes no more than its buffer holds."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe

    def write(self, data: bytes) -> None:
        """Write all of it."""
        view = memoryview(data)
        while view:
            view = view[self._pipe.write(view) :]


class BrokenFrameError(Exception):
    """A frame is missing or broken, and the policy is not to go on."""


class Renderer:
    """Renders places.

    Args:
        asked: the request.
    """

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.scratch = os.path.dirname(asked["pipe"])  # noqa: PTH120 - keeps odd bytes
        self.size = (int(asked["width"]), int(asked["height"]))
        self.coloring = Coloring(ocio_transform(asked["color"]) if asked["color"] else None)

    def picture(self, path: str) -> NDArray[np.uint16]:
        """A file's codes.

        Raises:
            UnreadableError: it cannot be used.
        """
        asked, alpha = self.asked, self.asked["alpha"]
        channels = [*asked["channels"], *(["A"] if alpha != "ignore" else [])]
        pixels = read_pixels(path, self.scratch, size=self.size, channels=channels, part=asked["part"])
        if pixels.shape[2] < 4:  # noqa: PLR2004 - no alpha
            coded = self.coloring(pixels)
            return coded if alpha != "keep" else with_alpha(coded, np.full(coded.shape[:2], 1.0, np.float32))
        values = as_values(pixels)
        if alpha == "over":
            return self.coloring.exact(over(values, asked["background"]))
        return with_alpha(self.coloring.exact(unpremultiplied(values)), values[:, :, 3])

    def place(self, place: dict[str, Any]) -> Rendered:
        """What stands in a place.

        Raises:
            BrokenFrameError: nothing can, and nothing may be drawn.
        """
        number, troubles = place["number"], []
        for tried in place["tried"]:
            digest = None
            try:
                digest = digest_of(tried["path"])
                pixels = self.picture(tried["path"])
            except (UnreadableError, OSError) as error:
                said = {"path": tried["path"], "number": tried["number"], "why": reason(error), "digest": digest}
                troubles.append(said)
                continue
            own = tried["number"] == number and tried["place"] is None
            decision = "source" if own else "retrieved" if tried["number"] == number else "held"
            said = {"number": number, "decision": decision, "from": tried, "digest": digest, "troubles": troubles}
            return Rendered(pixels=planar(pixels), said=said)
        return self.drawn(place, troubles)

    def drawn(self, place: dict[str, Any], troubles: list[dict[str, Any]]) -> Rendered:
        """A picture where no file can be used.

        Raises:
            BrokenFrameError: the policy is not to go on.
        """
        number, otherwise = place["number"], place["otherwise"]
        why = f"its file {troubles[0]['why']}" if troubles else "there is no file of it"
        if otherwise == "error":
            raise BrokenFrameError(f"frame {number}: {why}")
        if otherwise == "black":
            codes = black(*self.size)
        elif otherwise == "checker":
            codes = checker(*self.size)
        else:
            name = os.path.basename(troubles[0]["path"]) if troubles else ""  # noqa: PTH119
            lines = [f"FRAME {number} IS MISSING" if not troubles else f"FRAME {number} IS BROKEN", why, name]
            codes = placeholder(*self.size, [printable(line) for line in lines if line], self.asked["font"])
        if self.asked["alpha"] == "keep":
            codes = with_alpha(codes, np.full(codes.shape[:2], 1.0, np.float32))
        said = {"number": number, "decision": otherwise, "from": None, "digest": None, "troubles": troubles}
        return Rendered(pixels=planar(codes), said=said)

    def slate(self) -> None:
        """Write the slate's picture, with a frame from the middle."""
        wanted = self.asked["slate"]
        thumbnail = None
        for path in wanted["thumbnails"]:
            try:
                thumbnail = self.picture(path)
                break
            except (UnreadableError, OSError):
                continue
        lines = [[printable(part) for part in line] for line in wanted["lines"]]
        size = (wanted["width"], wanted["height"])
        codes = slate(size, printable(wanted["title"]), lines, thumbnail, self.asked["font"])
        if self.asked["alpha"] == "keep":
            codes = with_alpha(codes, np.full(codes.shape[:2], 1.0, np.float32))
        with open(wanted["path"], "wb") as file:  # noqa: PTH123
            file.write(planar(codes))


def with_alpha(codes: NDArray[np.uint16], alpha: NDArray[Any]) -> NDArray[np.uint16]:
    """Three channels of codes and an alpha of 0 to 1 as four channels of codes."""
    fourth = (np.clip(np.nan_to_num(alpha), 0, 1) * 65535 + 0.5).astype(np.uint16)
    return np.concatenate([codes, fourth[:, :, None]], axis=2)


def unpremultiplied(values: NDArray[Any]) -> NDArray[Any]:
    """Colours without their alpha; where that is 0 there is no colour to bring back."""
    alpha = values[:, :, 3:4]
    divided: NDArray[Any] = values[:, :, :3] / np.where(alpha > 0, alpha, 1)
    return divided


def printable(text: str) -> str:
    """A text of one line that any font can be asked for."""
    return "".join(c if c.isprintable() else "?" for c in text)


def digest_of(path: str) -> str:
    """BLAKE2b of a whole file; of an empty one too, which no reader will take.

    Raises:
        OSError: it cannot be read.
        UnreadableError: it is no file.
    """
    try:
        return str(contents(path)["content"])
    except Damaged as damaged:
        if damaged.kind == "empty":
            return hashlib.blake2b(digest_size=16).hexdigest()
        raise UnreadableError(f"is {damaged.kind}") from damaged


def reason(error: Exception) -> str:
    """Why a file cannot be used, as the end of a sentence, on one line."""
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return " ".join(str(error).split())


def in_order(renderer: Renderer, pool: ThreadPoolExecutor, ahead: int) -> Iterator[Rendered]:
    """Every place, rendered ahead by a few."""
    waiting: deque[Future[Rendered]] = deque()
    for place in renderer.asked["places"]:
        waiting.append(pool.submit(renderer.place, place))
        if len(waiting) >= ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def render(asked: dict[str, Any], pipe: WholeWrites) -> int:
    """Render everything into the pipe; returns how many frames there were."""
    renderer, count = Renderer(asked), 0
    pool = ThreadPoolExecutor(max_workers=asked["threads"])
    try:
        for done in in_order(renderer, pool, AHEAD * asked["threads"]):
            pipe.write(done.pixels)
            say({"frame": done.said})
            count += 1
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return count


def main() -> int:
    """Do what is asked and say what came of it."""
    asked = request(sys.argv[1])
    for name, value in (("threads", 1), ("exr_threads", -1), ("limits:imagesize_MB", MOST_MEGABYTES)):
        oiio.attribute(name, value)
    oiio.attribute("plugin_searchpath", "")
    try:
        if asked["slate"]:
            Renderer(asked).slate()
            say({"slate": asked["slate"]["path"]})
        with open(asked["pipe"], "wb", buffering=0) as pipe:  # noqa: PTH123 - a pipe
            count = render(asked, WholeWrites(pipe))
    except (BrokenFrameError, UnreadableError) as error:
        say({"error": f"It cannot be rendered: {error}.", "hint": ""})
        return 3
    except BrokenPipeError:
        say({"error": "The encoder ended early.", "hint": ""})
        return 3
    say({"result": {"frames": count}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
