"""Encoding at another size: which size, which shape of samples, which filter.

The filter is Lanczos, which keeps more of the detail than bicubic when a picture is made smaller; what is scored is
scaled back like everything VMAF scores, bicubic, and compared with the original at its own scoring size.
"""

import re
from fractions import Fraction

from reelwright.media.model import Video

#: WIDTHxHEIGHT; a side that is left out, or -2, follows from the other.
WRITTEN = re.compile(r"(-2|[1-9][0-9]{0,4})?x(-2|[1-9][0-9]{0,4})?", re.ASCII)
SMALLEST, LARGEST = 16, 16384
#: A shape off by less than this, from rounding to even sizes, is the same: 2 pixels in 1000.
SAME_SHAPE = Fraction(1, 500)
#: Stands for a side that follows from the other.
FOLLOWS = 0


def parse_scale(text: str) -> tuple[int, int]:
    """Read 1280x720, 1280x or x720; 0 stands for the side that follows.

    Raises:
        ValueError: it is none of them.
    """
    found = WRITTEN.fullmatch(text)
    sides = [FOLLOWS if side in {None, "-2"} else int(side) for side in found.groups()] if found else [FOLLOWS]
    given = [side for side in sides if side != FOLLOWS]
    if not given or not all(SMALLEST <= side <= LARGEST and side % 2 == 0 for side in given):
        raise ValueError(
            f"{text!r} is no size of even sides from {SMALLEST} to {LARGEST} such as 1280x720, 1280x or x720"
        )
    return sides[0], sides[1]


def scaled_size(video: Video, scale: tuple[int, int]) -> tuple[int, int] | None:
    """The size to encode at; None where one side was given and the picture is no larger: it is not enlarged.

    Args:
        video: the source's picture.
        scale: as `parse_scale` has it.
    """
    width, height = scale
    if FOLLOWS not in scale:
        return width, height
    if (width or 0) >= video.width or (height or 0) >= video.height:
        return None
    if width == FOLLOWS:
        return max(SMALLEST, 2 * round(Fraction(video.width * height, video.height) / 2)), height
    return width, max(SMALLEST, 2 * round(Fraction(video.height * width, video.width) / 2))


def sample_aspect(video: Video, size: tuple[int, int]) -> Fraction | None:
    """Shape of the samples at another size, so that the picture on the screen keeps its own; None: square."""
    known = video.sample_aspect or Fraction(1)
    change = Fraction(video.width, video.height) / Fraction(*size)
    found = known if abs(change - 1) <= SAME_SHAPE else known * change
    return None if found == 1 else found


def scale_filter(size: tuple[int, int], options: str) -> str:
    """The filter to that size, with options on colours, each followed by a colon."""
    return f"scale={size[0]}:{size[1]}:{options}flags=lanczos+accurate_rnd+full_chroma_int"


def scale_notes(video: Video, scale: tuple[int, int] | None, scored: tuple[int, int] | None) -> tuple[str, ...]:
    """Sentences on the size."""
    if scale is None:
        return ()
    size, was = scaled_size(video, scale), f"{video.width}x{video.height}"
    if size is None:
        return (f"The picture stays at {was}: only a size with both sides makes it larger.",)
    how = "enlarged" if size[0] > video.width or size[1] > video.height else "scaled"
    at = f"{scored[0]}x{scored[1]}" if scored else was
    return (
        f"The picture is {how} from {was} to {size[0]}x{size[1]}; VMAF compares it, scaled to {at}, with the original.",
    )
