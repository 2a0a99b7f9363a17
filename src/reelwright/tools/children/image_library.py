"""Child process: what the libraries for image sequences are and can do. Request: {}."""

import sys

import OpenImageIO as oiio  # noqa: N813 - its own documentation's name
import PyOpenColorIO as ocio  # type: ignore[import-untyped]  # noqa: N813 - its own documentation's name

from reelwright.tools.children.answer import say
from reelwright.tools.children.stills import FORMATS


def main() -> int:
    """Say it."""
    known = oiio.get_string_attribute("format_list").split(",")
    configs = [name for name, *_ in ocio.BuiltinConfigRegistry().getBuiltinConfigs()]
    reads = sorted(FORMATS & {*known})
    say({"result": {"pictures": oiio.VERSION_STRING, "colors": ocio.__version__, "reads": reads, "configs": configs}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
