"""Child process: what the header of a sequence's first readable frame says.

Request: "paths", tried in order, "part", and "config" (a colour configuration, whose file rules are asked; None: not).
"""

import os
import sys
import tempfile
from typing import Any

import OpenImageIO as oiio  # noqa: N813 - its own documentation's name

from reelwright.tools.children.answer import request, say
from reelwright.tools.children.pixels import UnreadableError, open_picture


def describe(asked: dict[str, Any], scratch: str) -> dict[str, Any]:
    """The facts of the first frame that can be opened, and what the file rules say of its name.

    Raises:
        UnreadableError: none can be.
    """
    trouble = "there is none"
    for path in asked["paths"]:
        try:
            found, spec = open_picture(path, scratch, part=asked["part"])
        except (UnreadableError, OSError) as error:
            trouble = str(error)
            continue
        found.close()
        rate = spec.get_string_attribute("FramesPerSecond") or ""
        rational = spec.getattribute("FramesPerSecond")
        if isinstance(rational, tuple | list) and len(rational) == 2:  # noqa: PLR2004 - numerator and denominator
            rate = f"{rational[0]}/{rational[1]}"
        return {
            "path": path,
            "width": spec.full_width or spec.width,
            "height": spec.full_height or spec.height,
            "pixel_aspect": spec.get_float_attribute("PixelAspectRatio", 1.0),
            "channels": list(spec.channelnames),
            "format": str(spec.format),
            "rate": rate,
            "timecode": spec.get_string_attribute("smpte:TimeCode") or None,
            "ruled": ruled(asked["config"], path) if asked["config"] else None,
        }
    raise UnreadableError(f"none of its frames can be opened; the last one {trouble}")


def ruled(config: str, path: str) -> str | None:
    """The colour space that a configuration's file rules give a name; None where only the default rule fits.

    Raises:
        UnreadableError: the configuration cannot be read.
    """
    known = configuration(config)
    if known.filepathOnlyMatchesDefaultRule(path):
        return None
    return str(known.getColorSpaceFromFilepath(path)) or None


def configuration(config: str) -> Any:
    """A colour configuration by name or path.

    Raises:
        UnreadableError: it cannot be read.
    """
    known = oiio.ColorConfig(config)
    if known.geterror() or not known.getColorSpaceNames():
        raise UnreadableError(f"the colour configuration {os.path.basename(config)} cannot be read")  # noqa: PTH119
    return known


def colors(asked: dict[str, Any]) -> dict[str, Any]:
    """The spaces, displays and views of a configuration, to check names against before anything is rendered."""
    known = configuration(asked["config"])
    return {
        "spaces": list(known.getColorSpaceNames()),
        "aliases": sorted({a for name in known.getColorSpaceNames() for a in known.getAliases(name)}),
        "roles": list(known.getRoles()),
        "looks": list(known.getLookNames()),
        "displays": {display: list(known.getViewNames(display)) for display in known.getDisplayNames()},
        "display": known.getDefaultDisplayName(),
        "view": known.getDefaultViewName(known.getDefaultDisplayName()),
    }


def main() -> int:
    """Do what is asked and say what came of it."""
    asked = request(sys.argv[1])
    try:
        with tempfile.TemporaryDirectory(prefix="reelwright-") as scratch:
            said = describe(asked, scratch) if asked["paths"] else {}
        said["colors"] = colors(asked) if asked["config"] else None
    except UnreadableError as error:
        say({"error": f"The frames cannot be used: {error}.", "hint": ""})
        return 3
    say({"result": said})
    return 0


if __name__ == "__main__":
    sys.exit(main())
