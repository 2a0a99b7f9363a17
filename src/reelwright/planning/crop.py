"""Black borders: what is kept of a picture, as somebody named it or as the analysis saw it."""

import re
from dataclasses import replace

from reelwright.errors import UsageError
from reelwright.media.model import Video
from reelwright.media.timing import FrameIndex
from reelwright.quality.comparison import Crop

OFF, AUTO = "off", "auto"
#: No side of what is kept is shorter.
SMALLEST = 16
#: Pixels a chroma sample spans, across and down, where these are more than two.
WIDE_CHROMA = (("410", (4, 4)), ("411", (4, 2)))

LOOKING = "Black borders are cropped: what is kept is found by the analysis, which looks at every frame."
NOTHING_BLACK = "No black borders were found: nothing is cropped."
ALL_BLACK = "Hardly anything but black was found: nothing is cropped."


def grid(video: Video) -> tuple[int, int]:
    """What places and sizes of a crop are multiples of: 4:2:0 has one chroma sample for two by two pixels."""
    return next((steps for name, steps in WIDE_CHROMA if name in (video.pix_fmt or "")), (2, 2))


def named_crop(video: Video, text: str) -> Crop | None:
    """What "W:H:X:Y" keeps; None where that is all.

    Raises:
        UsageError: it does not lie within the picture, or not on its grid.
    """
    found = re.fullmatch(r"(\d+):(\d+):(\d+):(\d+)", text, re.ASCII)
    if found is None:
        raise UsageError(f"--crop {text} is none of off, auto and W:H:X:Y.")
    crop = Crop(**dict(zip(("width", "height", "x", "y"), map(int, found.groups()), strict=True)))
    across, down = grid(video)
    picture = f"the picture's {video.width}x{video.height}"
    if (crop.width % 2, crop.height % 2, crop.x % across, crop.y % down) != (0, 0, 0, 0):
        even = "even numbers" if (across, down) == (2, 2) else f"places that are multiples of {across} and {down}"
        raise UsageError(f"--crop {crop} of {picture} does not have {even}, which its chroma needs.")
    if crop.width < SMALLEST or crop.height < SMALLEST:
        raise UsageError(f"--crop {crop} of {picture} leaves less than {SMALLEST}x{SMALLEST}.")
    width, height = evened(video)
    if crop.x + crop.width > width or crop.y + crop.height > height:
        raise UsageError(f"--crop {crop} does not lie within {picture}.", hint="W:H:X:Y: size, then left and top.")
    return None if (crop.width, crop.height) == (width, height) else crop


def seen_crop(video: Video, visible: tuple[int, int, int, int]) -> Crop | None:
    """What was ever visible, widened to the picture's grid; None where that is all, or hardly anything."""
    left, top, right, bottom = visible
    across, down = grid(video)
    width, height = evened(video)
    x, y = left // across * across, top // down * down
    crop = Crop(width=min(width, right + right % 2) - x, height=min(height, bottom + bottom % 2) - y, x=x, y=y)
    if crop.width < SMALLEST or crop.height < SMALLEST:
        return None
    return None if (crop.width, crop.height) == (width, height) else crop


def crop_of(video: Video, asked: str, index: FrameIndex | None) -> Crop | None:
    """What is kept of the picture; None: all of it, or not known before the film is read.

    Raises:
        UsageError: what was asked for does not lie within the picture.
    """
    if asked == OFF:
        return None
    if asked != AUTO:
        return named_crop(video, asked)
    visible = index.visible if index is not None else None
    return None if visible is None else seen_crop(video, visible)


def is_known(asked: str, index: FrameIndex | None) -> bool:
    """Whether it is known what is kept: only the analysis finds borders."""
    return asked != AUTO or (index is not None and index.visible is not None)


def evened(video: Video) -> tuple[int, int]:
    """A picture's size after padding to even sizes."""
    return video.width + video.width % 2, video.height + video.height % 2


def cropped(video: Video, crop: Crop | None) -> Video:
    """The picture that is left."""
    return video if crop is None else replace(video, width=crop.width, height=crop.height)


def crop_filter(crop: Crop | None) -> tuple[str, ...]:
    """The filter that leaves it."""
    return (f"crop={crop.width}:{crop.height}:{crop.x}:{crop.y}",) if crop else ()


def crop_notes(video: Video, asked: str, index: FrameIndex | None) -> tuple[str, ...]:
    """Sentences on what is cut away."""
    if asked == OFF:
        return ()
    crop = crop_of(video, asked, index)
    if crop is not None:
        how = f"found by the analysis over {index.frames} frames" if asked == AUTO and index else "as asked"
        return (
            f"The picture is cropped from {video.width}x{video.height} to {crop} ({how}); VMAF compares what is kept.",
        )
    if asked != AUTO:
        return ()
    if index is None or index.visible is None:
        return (LOOKING,)
    left, top, right, bottom = index.visible
    return (ALL_BLACK if min(right - left, bottom - top) < SMALLEST else NOTHING_BLACK,)
