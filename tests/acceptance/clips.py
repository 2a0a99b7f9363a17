"""Tiny films, made with FFmpeg and made once."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

FRAMES = 6
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24")
#: Grain, so that there are bytes to damage and chunks to search for a while.
GRAINY = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=24,noise=alls=12:allf=t")
TONE = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=0.25")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "4")
#: Two seconds of six frames: two chunks.
TWO_CHUNKS = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=6,noise=alls=12:allf=t", "-frames:v", "12", *X264)
LENGTH = ("-frames:v", str(FRAMES))


class Clips:
    """Makes each clip when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ffmpeg: str = imageio_ffmpeg.get_ffmpeg_exe()

    def run(self, *args: str | Path) -> None:
        """Run FFmpeg."""
        subprocess.run(
            [self.ffmpeg, "-nostdin", "-v", "error", "-y", *args],
            check=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
        )

    def __call__(self, name: str, *args: str | Path) -> Path:
        """The clip of that name, made by these arguments."""
        path = self.folder / name
        if not path.exists():
            self.run(*args, path)
        return path

    def film(self) -> Path:
        """A quarter of a second of moving picture."""
        return self("film.mkv", *PICTURE, *LENGTH, *X264)

    def long(self, suffix: str, *args: str) -> Path:
        """Two seconds of grain with a tone."""
        tone = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2")
        return self(f"long{''.join(args)}{suffix}", *GRAINY, *tone, "-frames:v", "48", *X264, "-shortest", *args)

    def dense(self) -> Path:
        """Few frames that come out larger than a tiny disk."""
        return self("dense.mkv", *GRAINY, *TONE, "-frames:v", "12", *X264)
