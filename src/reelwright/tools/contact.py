"""FFmpeg's command lines for a still and a contact sheet of our own movie, or of our own pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reelwright.sequences.contact import STRIP, WIDTH, Cell, columns
from reelwright.tools.allow import PROTOCOLS, file_url, input_flags
from reelwright.tools.delivery import FONT

GROUND, WORDS, REPAIRS = "0x1e1e20", "white", "orange"
#: Movies are BT.709 of limited range; pictures are RGB already, and not concerned.
TO_RGB = "scale=in_color_matrix=bt709,format=gbrp16le"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """Where pictures come from: frames of a movie, or files, one for each."""

    movie: Path | None
    frames: Sequence[int] = ()
    files: Sequence[Path] = ()

    def inputs(self) -> list[str]:
        """Input flags."""
        if self.movie is not None:
            return [*input_flags(), "-i", file_url(self.movie)]
        plain = ("-protocol_whitelist", PROTOCOLS, "-f", "image2", "-pattern_type", "none", "-i")
        return [part for path in self.files for part in (*plain, file_url(path))]

    def chain(self) -> str:
        """The beginning of a filter graph: these pictures and no others, as RGB."""
        if self.movie is not None:
            chosen = "+".join(f"eq(n\\,{frame})" for frame in self.frames)
            return f"[0:v:0]select={chosen},{TO_RGB}"
        labels = "".join(f"[{k}:v:0]" for k in range(len(self.files)))
        return f"{labels}concat=n={len(self.files)}:v=1,{TO_RGB}"


def contact_args(ffmpeg: str, source: Shown, cells: Sequence[Cell], out: Path) -> list[str]:
    """A sheet of pictures with words under each; the words of picture k lie in label-k.txt where FFmpeg runs."""
    across = columns(len(cells))
    down = -(-len(cells) // across)
    words = ",".join(
        f"drawtext=fontfile={FONT}:textfile=label-{k}.txt:fontsize={STRIP * 2 // 3}:x=6:y=h-{STRIP * 5 // 6}"
        f":fontcolor={WORDS if cell.own else REPAIRS}:enable=eq(n\\,{k})"
        for k, cell in enumerate(cells)
    )
    fitted = f"scale={WIDTH}:-2:flags=lanczos,pad=iw:ih+{STRIP}:0:0:{GROUND},setsar=1"
    counted = "settb=1/25,setpts=N"
    tiled = f"tile={across}x{down}:padding=8:margin=8:color={GROUND}"
    graph = f"{source.chain()},{counted},{fitted},{words},{tiled},{codes(out)}[out]"
    return [*begin(ffmpeg, source), graph, *end(out)]


def still_args(ffmpeg: str, source: Shown, out: Path) -> list[str]:
    """One picture as it is in the movie."""
    return [*begin(ffmpeg, source), f"{source.chain()},{codes(out)}[out]", *end(out)]


def codes(out: Path) -> str:
    """The filter to what a picture is stored as: JPEG has BT.601's matrix, whatever the movie had."""
    if out.suffix == ".png":
        return "format=rgb24"
    return "scale=out_color_matrix=smpte170m:out_range=full,format=yuvj444p"


def begin(ffmpeg: str, source: Shown) -> list[str]:
    """The command line as far as the filters."""
    return [ffmpeg, "-nostdin", "-hide_banner", "-v", "error", "-y", *source.inputs(), "-filter_complex"]


def end(out: Path) -> list[str]:
    """The command line from the filters on: one picture, PNG or JPEG by its name."""
    codec = "png" if out.suffix == ".png" else "mjpeg"
    return ["-map", "[out]", "-frames:v", "1", "-c:v", codec, "-q:v", "2", "-f", "image2", "-update", "1",
            file_url(out)]  # fmt: skip
