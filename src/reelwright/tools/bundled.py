"""Where the FFmpeg that ships with imageio-ffmpeg lies, without importing that package, which takes 50 ms."""

import os
import sys


def bundled_ffmpeg() -> str | None:
    """Path of the program; None where the package has to be asked, because it is not where it usually lies."""
    if named := os.environ.get("IMAGEIO_FFMPEG_EXE"):
        return named
    for folder in sys.path:
        binaries = os.path.join(folder, "imageio_ffmpeg", "binaries")  # noqa: PTH118 - pathlib takes 10 ms to import
        if os.path.isdir(binaries):  # noqa: PTH112
            found = [name for name in os.listdir(binaries) if name.startswith("ffmpeg-")]  # noqa: PTH208
            path = os.path.join(binaries, found[0]) if len(found) == 1 else ""  # noqa: PTH118
            return path if path and os.access(path, os.X_OK) else None
    return None
