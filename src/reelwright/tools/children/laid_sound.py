"""Child process: what a sound is, from its header and its first samples; with "whole", how long it is when decoded.

Request: "path", "formats" (the demuxers that may open it), "whole".
"""

import sys
from fractions import Fraction
from typing import Any

import av

from reelwright.tools.allow import PROTOCOLS, file_url
from reelwright.tools.children.answer import request, say

CANNOT_USE = 3


def describe(asked: dict[str, Any]) -> dict[str, Any] | None:
    """The facts of its first sound; None where there is none."""
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": asked["formats"]}
    with av.open(file_url(asked["path"]), options=options) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        samples, first = 0, None
        for frame in container.decode(stream):
            first = first or frame
            samples += frame.samples
            if not asked["whole"]:
                break
        if first is None:
            return None
        return {
            "codec": stream.codec_context.name,
            "channels": first.layout.nb_channels,
            "layout": first.layout.name,
            "seconds": str(Fraction(samples, first.sample_rate)),
        }


if __name__ == "__main__":
    av.logging.set_level(av.logging.ERROR)
    try:
        found = describe(request(sys.argv[1]))
    except (av.FFmpegError, OSError, ValueError) as error:
        say({"error": getattr(error, "strerror", None) or str(error)})
        sys.exit(CANNOT_USE)
    say({"result": found} if found else {"error": "there is no sound in it"})
    sys.exit(0 if found else CANNOT_USE)
