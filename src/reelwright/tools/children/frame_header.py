"""Child process: what the header of a sequence's first readable frame says.

Request: "paths", tried in order, and "config" (a colour configuration, whose file rules are asked; None: not).
"""

import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from reelwright.tools.children.answer import request, say
from reelwright.tools.children.pixels import UnreadableError, open_picture
from reelwright.tools.children.transforms import configuration

#: More parts than this are not looked at.
MOST_PARTS = 1000


def describe(asked: dict[str, Any], scratch: str) -> dict[str, Any]:
    """The facts of the first frame that can be opened, and what the file rules say of its name.

    Raises:
        UnreadableError: none can be.
    """
    trouble = "there is none"
    for path in asked["paths"]:
        try:
            found, spec = open_picture(path, scratch)
        except (UnreadableError, OSError) as error:
            trouble = str(error)
            continue
        rate = spec.get_string_attribute("FramesPerSecond") or ""
        rational = spec.getattribute("FramesPerSecond")
        if isinstance(rational, tuple | list) and len(rational) == 2:  # noqa: PLR2004 - numerator and denominator
            rate = f"{rational[0]}/{rational[1]}"
        parts = [part_of(one) for one in specs_of(found)]
        found.close()
        return {
            "path": path,
            "width": spec.full_width or spec.width,
            "height": spec.full_height or spec.height,
            "pixel_aspect": spec.get_float_attribute("PixelAspectRatio", 1.0),
            "parts": parts,
            "rate": rate,
            "timecode": spec.get_string_attribute("smpte:TimeCode") or None,
            "ruled": ruled(asked["config"], path) if asked["config"] else None,
        }
    raise UnreadableError(f"none of its frames can be opened; the last one {trouble}")


def specs_of(picture: Any) -> Iterator[Any]:
    """The header of each part."""
    number = 0
    while number < MOST_PARTS and picture.seek_subimage(number, 0):
        yield picture.spec(number, 0)
        number += 1
    picture.geterror()  # that there is no further part is no fault


def part_of(spec: Any) -> dict[str, Any]:
    """What is known of a part: its channels, and the views they belong to."""
    views = spec.getattribute("multiView") or ()
    return {
        "channels": list(spec.channelnames),
        "width": spec.full_width or spec.width,
        "height": spec.full_height or spec.height,
        "name": spec.get_string_attribute("oiio:subimagename") or "",
        "view": spec.get_string_attribute("view") or "",
        "views": [views] if isinstance(views, str) else list(views),
    }


def ruled(config: str, path: str) -> str | None:
    """The colour space that a configuration's file rules give a name; None where only the default rule fits.

    Rules of the built-in configurations are none: they go by the extension, and EXR frames are of every space.

    Raises:
        UnreadableError: the configuration cannot be read.
    """
    known = configuration(config)
    if config.startswith("ocio://"):
        return None
    plain = path.encode(errors="replace").decode()  # the library takes UTF-8 only
    if known.filepathOnlyMatchesDefaultRule(plain):
        return None
    return str(known.getColorSpaceFromFilepath(plain)[0]) or None


def colors(asked: dict[str, Any]) -> dict[str, Any]:
    """The spaces, displays and views of a configuration, to check names against before anything is rendered."""
    known = configuration(asked["config"])
    spaces = list(known.getColorSpaceNames())
    display = known.getDefaultDisplay()
    roles = {str(role): name for role, name in known.getRoles()}
    found = [known.getColorSpace(name) for name in spaces]
    light = {space.getName(): space for space in found if space.getEncoding() == "scene-linear"}
    return {
        "spaces": spaces,
        "light": [
            *(name for space in light.values() for name in (space.getName(), *space.getAliases())),
            *(role for role, name in roles.items() if name in light),
        ],
        "aliases": sorted({alias for space in found for alias in space.getAliases()}),
        "roles": list(roles),
        "looks": list(known.getLookNames()),
        "displays": {display: list(known.getViews(display)) for display in known.getDisplays()},
        "display": display,
        "view": known.getDefaultView(display),
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
