"""In a child process: reads the frames of image sequences to their end, and says of each what it is."""

import hashlib
import json
import math
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import OpenImageIO as oiio  # noqa: N813 - as everybody calls it

from reelwright.tools.children.answer import SCARCE, request

#: What is read; OpenImageIO would make pictures of its own from a name that ends in "null", and ask fonts for "term".
FORMATS = frozenset(
    {
        *("openexr", "dpx", "cineon", "png", "tiff", "jpeg", "jpegxl", "jpeg2000", "targa", "bmp", "hdr"),
        *("softimage", "sgi", "iff", "psd", "webp", "dds", "fits", "pnm"),
    }
)
BLOCK = 1 << 20
#: Scanlines read at once: a whole number of blocks for every compression of OpenEXR.
LINES = 256
#: The most megabytes a picture may take by its header, so that a damaged one cannot ask for everything.
MOST_MEGABYTES = 8192
LONGEST_REASON = 200


class Damaged(Exception):  # noqa: N818 - what is said of the file, not of this program
    """The file, or what is left of it, cannot be used.

    Args:
        kind: "not a file", "empty", "truncated" or "unreadable".
        reason: in the reader's words.
    """

    def __init__(self, kind: str, reason: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason


def main() -> int:
    """Read the files of a request one by one; each answer is a line with the file's place in the request."""
    asked = request(sys.argv[1])
    for name, value in (("threads", 1), ("exr_threads", 1), ("limits:imagesize_MB", MOST_MEGABYTES)):
        oiio.attribute(name, value)
    oiio.attribute("plugin_searchpath", "")
    say({"ready": oiio.VERSION_STRING})
    scratch = Path(asked["scratch"])
    for place, (folder, name) in enumerate(asked["files"]):
        path = os.path.join(asked["folders"][folder], name)  # noqa: PTH118 - keeps odd bytes
        try:
            say({"place": place, **facts(path, scratch)})
        except OSError as error:
            if error.errno in SCARCE:
                say({"error": str(error.strerror), "errno": error.errno})
                return 1
            say({"place": place, "damage": "unreadable", "reason": (error.strerror or str(error)).lower()})
    say({"result": {}})
    return 0


def say(message: dict[str, Any]) -> None:
    """Print one line and let it go at once."""
    print(json.dumps(message), flush=True)


def facts(path: str, scratch: Path) -> dict[str, Any]:
    """What is known of a file.

    Raises:
        OSError: it cannot be opened.
    """
    found: dict[str, Any] = {}
    try:
        found |= contents(path)
        found["look"] = read_picture(path, scratch, found)
    except Damaged as damaged:
        found |= {"damage": damaged.kind, "reason": damaged.reason}
    return found


def contents(path: str) -> dict[str, Any]:
    """Size, hash, and how many zero bytes there are at the end."""
    # Without waiting: a pipe of this name has no end to be read to.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Damaged("not a file")
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - by its descriptor
        digest, size, end = hashlib.blake2b(digest_size=16), 0, 0
        while block := file.read(BLOCK):
            digest.update(block)
            if written := len(block.rstrip(b"\0")):
                end = size + written
            size += len(block)
    if not size:
        raise Damaged("empty", "zero bytes")
    return {"size_bytes": size, "zero_tail": size - end, "content": digest.hexdigest()}


def read_picture(path: str, scratch: Path, found: dict[str, Any]) -> dict[str, Any]:
    """Decode a picture to its end; `found` gets its look as soon as its header is read.

    It is opened by a link with a plain name: OpenImageIO takes no names that are not UTF-8.

    Raises:
        Damaged: it cannot be read, or not to its end.
    """
    ending = os.path.splitext(path)[1]  # noqa: PTH122 - keeps odd bytes
    link = scratch / f"frame{ending if ending.isascii() and ending[1:].isalnum() else ''}"
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.abspath(path))  # noqa: PTH100 - keeps odd bytes
    picture = oiio.ImageInput.open(str(link))
    if picture is None:
        raise Damaged("unreadable", words(oiio.geterror(), link))
    try:
        if picture.format_name() not in FORMATS:
            raise Damaged("unreadable", f"{picture.format_name()} is no format that is read")
        specs = list(parts(picture))
        found["look"] = look(picture.format_name(), specs)
        for number, spec in enumerate(specs):
            for whole in blocks(picture, number, spec):
                if not whole or picture.has_error:
                    raise Damaged("truncated", words(picture.geterror(), link) or "its pixels cannot be read")
    finally:
        picture.close()
    picked: dict[str, Any] = found["look"]
    return picked


def parts(picture: Any) -> Iterator[Any]:
    """The header of each part."""
    number = 0
    while picture.seek_subimage(number, 0):
        yield picture.spec(number, 0)
        number += 1
    picture.geterror()  # that there is no further part is no fault


def blocks(picture: Any, part: int, spec: Any) -> Iterator[bool]:
    """Decode a part, some lines at a time: whether each could be."""
    bottom = spec.y + spec.height
    if spec.deep:
        read = picture.read_native_deep_tiles if spec.tile_width else picture.read_native_deep_scanlines
        across = (spec.x, spec.x + spec.width) if spec.tile_width else ()
        yield read(part, 0, *across, spec.y, bottom, 0, 1, 0, spec.nchannels) is not None
        return
    step = LINES
    if spec.tile_width:
        step = max(1, LINES // spec.tile_height) * spec.tile_height
    for top in range(spec.y, bottom, step):
        end = min(top + step, bottom)
        if spec.tile_width:
            right = spec.x + spec.width
            pixels = picture.read_tiles(part, 0, spec.x, right, top, end, 0, 1, 0, spec.nchannels, spec.format)
        else:
            pixels = picture.read_scanlines(part, 0, top, end, 0, 0, spec.nchannels, spec.format)
        yield pixels is not None


def look(name: str, specs: list[Any]) -> dict[str, Any]:
    """How a picture is made."""
    first = specs[0]
    channels, types = [], []
    for spec in specs:
        part = spec.get_string_attribute("oiio:subimagename")
        channels += [f"{part}:{channel}" if part and len(specs) > 1 else channel for channel in spec.channelnames]
        types += [str(kind) for kind in spec.channelformats] or [str(spec.format)] * spec.nchannels
    aspect = first.get_float_attribute("PixelAspectRatio", 1.0)
    return {
        "format": name,
        "display_window": [first.full_width, first.full_height, first.full_x, first.full_y],
        "pixel_aspect": round(aspect, 6) if math.isfinite(aspect) and aspect > 0 else None,
        "channels": channels,
        "types": types,
        "compression": first.get_string_attribute("compression") or None,
        "rate": first.get_string_attribute("FramesPerSecond") or None,
    }


def words(said: str, link: Path) -> str:
    """The first line of a reader's complaint, without the name the file was opened by."""
    line = said.replace(f'"{link}"', "the file").replace(str(link), "the file").strip().partition("\n")[0]
    return line.rstrip(".")[:LONGEST_REASON]


if __name__ == "__main__":
    sys.exit(main())
