"""In a child process: render a sequence's frames, in order, into a pipe that FFmpeg reads.

Each place of the movie has files to try; the first that can be used is rendered, and what came of it is said, place by
place. A few frames are rendered ahead, so that all cores have work; memory does not grow with the length.

Request: "places" ([{"number", "tried": [{"number", "path", "place"}], "otherwise"}]), "read" (width and height that the
files must have), "width" and "height" (after the steps), "channels" (three, or four with alpha), "part", "alpha"
("keep", or anything else), "steps", "color" (None: values are display-referred already), "transform" ("exact" or
"preview"), "light" (None, or what `children.light` takes: frames that keep their light, which are written here, beside
the pipe), "seen" (whether anything goes into the pipe), "threads", "pipe", "font", "slate" (None, or {"path", "width",
"height", "title", "lines", "thumbnails"}).

A step of another program goes through files beside the pipe: {"scratch": {"step", "from", "to"}} is said, and the one
who started this child puts the picture, or a text of what went wrong, where it was told.
"""

import fcntl
import hashlib
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
from numpy.typing import NDArray

from reelwright.tools.children.answer import request
from reelwright.tools.children.answer import say as say_line
from reelwright.tools.children.chain import Chain, Coded, Scratch, interleaved, planar, with_alpha
from reelwright.tools.children.drawn import black, checker, placeholder, slate
from reelwright.tools.children.light import LightWriter, UnwrittenError
from reelwright.tools.children.pixels import Pixels, UnreadableError, on_display_window, read_pixels
from reelwright.tools.children.stills import MOST_MEGABYTES, Damaged, contents

#: Frames under way for each thread.
AHEAD = 2
#: What a pipe may hold, where the system lets it: fewer and larger writes.
PIPE_BYTES = 1 << 20
POLL_SECONDS = 0.005
#: Longer than another program may take.
PATIENCE_SECONDS = 660.0
#: What is put where a scratch picture was awaited and none came.
FAILED = ".failed"
_SAYING = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Rendered:
    """One place of the movie."""

    #: None: nothing goes into the pipe.
    planes: NDArray[np.uint16] | None
    #: What stands there, and why.
    said: dict[str, Any]


class WholeWrites:
    """A pipe that takes every byte: one write takes no more than its buffer holds."""

    def __init__(self, pipe: Any) -> None:
        self._pipe = pipe

    def write(self, data: memoryview) -> None:
        """Write all of it."""
        view = data.cast("B")
        while view:
            view = view[self._pipe.write(view) :]


class BrokenFrameError(Exception):
    """A frame is missing or broken, and the policy is not to go on."""


def say(message: dict[str, Any]) -> None:
    """Print one line; several threads do."""
    with _SAYING:
        say_line(message)


class Renderer:
    """Renders places.

    Args:
        asked: the request.

    Raises:
        UnreadableError: a step or the colour transform cannot be made.
    """

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked
        self.scratch = os.path.dirname(asked["pipe"])  # noqa: PTH120 - keeps odd bytes
        self.size = (int(asked["width"]), int(asked["height"]))
        self.chain = Chain(asked, Scratch(run=self.by_another), self.background)
        self.light = LightWriter(asked, Scratch(run=self.by_another), self.background) if asked["light"] else None
        count = len(asked["places"])
        #: Frames that a preview is compared on in whole.
        self.whole = {asked["places"][k]["number"] for k in (0, count // 2, count - 1)} if count else set()

    def read(self, path: str) -> Pixels:
        """A file's pixels, as they are stored."""
        asked = self.asked
        width, height = asked["read"]
        return read_pixels(path, self.scratch, size=(width, height), channels=asked["channels"], part=asked["part"])

    def background(self, path: str) -> Pixels:
        """A picture of the same size that frames are laid over."""
        width, height = self.asked["read"]
        return read_pixels(path, self.scratch, size=(width, height), channels=["R", "G", "B"])

    def picture(self, path: str, *, number: int = 0) -> NDArray[np.uint16]:
        """A file's codes, plane by plane.

        Raises:
            UnreadableError: it cannot be used.
        """
        return self.coded(self.read(path), number=number).planes

    def coded(self, pixels: Pixels, *, number: int = 0) -> Coded:
        """The codes of what was read, plane by plane.

        Raises:
            UnreadableError: a step failed.
        """
        done = self.chain.coded(pixels, whole=number in self.whole, seed=number)
        planes = with_alpha(done.planes) if self.asked["alpha"] == "keep" else done.planes[:3]
        return replace(done, planes=planes)

    def drawn_planes(self, codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """A drawn picture's codes, plane by plane."""
        return with_alpha(planar(codes)) if self.asked["alpha"] == "keep" else planar(codes)

    def by_another(self, step: int, pixels: Pixels) -> Pixels:
        """A picture changed by another program.

        Raises:
            UnreadableError: it failed.
        """
        name = f"{threading.get_ident()}-{step}"
        there, here = (os.path.join(self.scratch, f"{way}-{name}.exr") for way in ("to", "from"))  # noqa: PTH118
        write_scratch(there, pixels)
        say({"scratch": {"step": step, "from": there, "to": here}})
        patience = time.monotonic() + PATIENCE_SECONDS
        while not os.path.exists(here):  # noqa: PTH110
            if time.monotonic() > patience:
                raise UnreadableError("was waited for in vain: the step's program gave no answer")
            if os.path.exists(here + FAILED):  # noqa: PTH110
                with open(here + FAILED, encoding="utf-8") as file:  # noqa: PTH123
                    raise UnreadableError(file.read())
            time.sleep(POLL_SECONDS)
        done = read_scratch(here)
        os.unlink(here)  # noqa: PTH108
        return done

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
                pixels = self.read(tried["path"])
                coded = self.coded(pixels, number=number) if self.asked["seen"] else None
                values = self.light.values(pixels) if self.light else None
            except (UnreadableError, OSError) as error:
                said = {"path": tried["path"], "number": tried["number"], "why": reason(error), "digest": digest}
                troubles.append(said)
                continue
            own = tried["number"] == number and tried["place"] is None
            decision = "source" if own else "retrieved" if tried["number"] == number else "held"
            said = {"number": number, "decision": decision, "from": tried, "digest": digest, "troubles": troubles}
            if self.light and values is not None:
                said["light"] = self.light.write(values, number)
            if coded and coded.cut_off:
                said["cut_off"] = coded.cut_off
            return Rendered(planes=coded.planes if coded else None, said=said)
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
        said = {"number": number, "decision": otherwise, "from": None, "digest": None, "troubles": troubles}
        if self.light:
            said["light"] = self.light.write(self.light.drawn(codes), number)
        return Rendered(planes=self.drawn_planes(codes) if self.asked["seen"] else None, said=said)

    def slate(self) -> None:
        """Write the slate's picture, with a frame from the middle."""
        wanted = self.asked["slate"]
        thumbnail = None
        for path in wanted["thumbnails"]:
            try:
                thumbnail = interleaved(self.picture(path))
                break
            except (UnreadableError, OSError):
                continue
        lines = [[printable(part) for part in line] for line in wanted["lines"]]
        size = (wanted["width"], wanted["height"])
        codes = slate(size, printable(wanted["title"]), lines, thumbnail, self.asked["font"])
        with open(wanted["path"], "wb") as file:  # noqa: PTH123
            file.write(self.drawn_planes(codes).data)


def write_scratch(path: str, pixels: Pixels) -> None:
    """Write a picture for another program, its values as they are."""
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, "float")
    spec.attribute("compression", "none")
    out = oiio.ImageOutput.create(path)
    if out is None or not out.open(path, spec) or not out.write_image(pixels) or not out.close():
        raise UnreadableError(f"cannot be handed on: {oiio.geterror() or 'the work folder takes no more'}")


def read_scratch(path: str) -> Pixels:
    """A picture another program has written, of its display window."""
    found = oiio.ImageInput.open(path)
    if found is None:
        raise UnreadableError(f"came back unreadable: {oiio.geterror()}")
    spec = found.spec()
    pixels = found.read_image(0, 0, 0, spec.nchannels, "float")
    found.close()
    if pixels is None:
        raise UnreadableError("came back unreadable")
    return on_display_window(pixels, spec, (spec.full_width, spec.full_height))


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


def render(renderer: Renderer, pipe: WholeWrites | None) -> int:
    """Render everything into the pipe, where there is one; returns how many frames there were."""
    count, threads = 0, renderer.asked["threads"]
    pool = ThreadPoolExecutor(max_workers=threads)
    try:
        for done in in_order(renderer, pool, AHEAD * threads):
            if pipe is not None and done.planes is not None:
                pipe.write(done.planes.reshape(-1).data)
            say({"frame": done.said})
            count += 1
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return count


def widen(pipe: Any) -> None:
    """Let a pipe hold more, where the system does."""
    with suppress(OSError, AttributeError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def main() -> int:
    """Do what is asked and say what came of it."""
    asked = request(sys.argv[1])
    for name, value in (("threads", 1), ("exr_threads", -1), ("limits:imagesize_MB", MOST_MEGABYTES)):
        oiio.attribute(name, value)
    oiio.attribute("plugin_searchpath", "")
    try:
        renderer = Renderer(asked)
        if asked["slate"]:
            renderer.slate()
            say({"slate": asked["slate"]["path"]})
        if asked["seen"]:
            with open(asked["pipe"], "wb", buffering=0) as pipe:  # noqa: PTH123 - a pipe
                widen(pipe)
                count = render(renderer, WholeWrites(pipe))
        else:
            count = render(renderer, None)
    except (BrokenFrameError, UnreadableError) as error:
        say({"error": f"It cannot be rendered: {error}.", "hint": ""})
        return 3
    except UnwrittenError as error:
        say({"error": str(error), "errno": error.errno})
        return 3
    except BrokenPipeError:
        say({"error": "The encoder ended early.", "hint": ""})
        return 3
    preview = renderer.chain.preview
    say({"result": {"frames": count, "preview": preview.error() if preview else None}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
