"""Colours arrive in the bitstream and in the container, word for word, and so do the colours themselves."""

import shutil
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from clips import Clips
from command import QUICK, Command

from bitstreams import bitstream_light, bitstream_mastering, matroska_colour, metadata, sequence_colors

#: Eight bars of plain colours, large enough that coding leaves their middles alone.
BARS = "color=black:size=128x64:rate=24"
COLORS = ("white", "black", "red", "lime", "blue", "0xC08040", "0x3399E6", "gray")
BOXES = ",".join(f"drawbox=x={16 * k}:w=16:h=64:color={name}:t=fill" for k, name in enumerate(COLORS))
X265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params")
LOSSLESS = "log-level=none:lossless=1"
MASTERING = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
#: The same in AV1's steps (6.7.4): 1/65536 for places, 1/256 and 1/16384 cd/m² for the lights.
RAW_MASTERING = (44564, 20972, 17367, 45220, 9830, 3932, 20493, 21561, 256000, 82)


@dataclass(frozen=True, kw_only=True)
class Source:
    """A film of bars, and what has to be said of its output: by H.273's numbers, 2 for nothing."""

    name: str
    suffix: str
    #: Pixel format the bars are made in, and how.
    pix_fmt: str
    make: tuple[str, ...]
    matrix: str = "bt709"
    full: bool = False
    tags: str = ""
    #: primaries, transfer, matrix, chroma_sample_position
    says: tuple[int, int, int, int]
    light: tuple[int, int] | None = None
    mastering: bool = False
    notes: tuple[str, ...] = ()
    #: The largest difference of a bar's colour, in steps of 10-bit code values.
    error: float = 6.0
    more: tuple[str, ...] = field(default=())


def hevc(words: str) -> tuple[str, ...]:
    return (*X265, f"{LOSSLESS}:{words}")


FFV1 = ("-c:v", "ffv1")
SOURCES = (
    Source(
        name="hdr10", suffix="mkv", pix_fmt="yuv420p10le", matrix="bt2020nc",
        make=hevc(f"colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:chromaloc=2:{MASTERING}:max-cll=1000,400"),
        says=(9, 16, 9, 2), light=(1000, 400), mastering=True, notes=("trained on SDR: of these PQ",),
    ),
    Source(
        name="hlg-422-12bit", suffix="mkv", pix_fmt="yuv422p12le", matrix="bt2020nc",
        make=hevc("colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"),
        says=(9, 18, 9, 1), notes=("Chroma of yuv422p12le", "12 bits a sample", "of these HLG"),
    ),
    Source(
        name="pq-bare-light-zero", suffix="mkv", pix_fmt="yuv420p10le", matrix="bt2020nc",
        make=hevc("colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:hdr10=1:max-cll=0,0"), says=(9, 16, 9, 1),
    ),
    Source(
        name="srgb", suffix="mkv", pix_fmt="gbrp", make=FFV1,
        tags="setparams=color_primaries=bt709:color_trc=iec61966-2-1:range=pc",
        says=(1, 13, 1, 1), notes=("by the matrix bt709", "Chroma of bgr0"),
    ),
    Source(
        name="jpeg", suffix="mkv", pix_fmt="yuvj420p", matrix="smpte170m", full=True,
        make=("-c:v", "mjpeg", "-q:v", "2"), tags="setparams=chroma_location=center",
        says=(2, 2, 5, 1), notes=("Chroma sited center",), error=12.0,
    ),
    Source(name="unsaid", suffix="mkv", pix_fmt="yuv420p", make=FFV1, says=(2, 2, 2, 0), error=9.0),
    Source(
        name="constant-luminance", suffix="mkv", pix_fmt="yuv420p10le", make=FFV1,
        tags="setparams=color_primaries=bt2020:color_trc=log100:colorspace=bt2020c:chroma_location=left",
        says=(9, 9, 10, 1),
    ),
)  # fmt: skip


def made(clips: Clips, source: Source) -> Path:
    matrix = {"bt2020nc": "bt2020"}.get(source.matrix, source.matrix)
    span = "full" if source.full else "limited"
    chain = ["format=gbrp", BOXES, f"scale=out_color_matrix={matrix}:out_range={span}:flags=accurate_rnd"]
    chain += [f"format={source.pix_fmt}", *([source.tags] if source.tags else ["setparams=colorspace=unknown"])]
    return clips(
        *(f"bars-{source.name}.{source.suffix}", "-f", "lavfi", "-i", BARS, "-vf", ",".join(chain)),
        *("-frames:v", "4", *source.make),
    )


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_colours_arrive_in_both_places_and_on_the_screen(
    source: Source, clips: Clips, encode: Command, films: Path
) -> None:
    path = Path(shutil.copy(made(clips, source), films))
    run = encode(path, "-o", "out.mkv", *QUICK[:2], "--crf", "8", "--json")
    assert run.code == 0, run.err
    reasons = " ".join(run.results[-1]["data"]["reasons"])
    for note in source.notes:
        assert note in reasons
    out = films / "out.mkv"
    check_bitstream(source, out)
    check_container(source, matroska_colour(out))
    assert worst_bar(source, out) <= source.error


def check_bitstream(source: Source, out: Path) -> None:
    """What the sequence headers say."""
    primaries, transfer, matrix, chroma = source.says
    found = sequence_colors(out)
    assert found
    for said in found:
        assert said == {
            "bits": 10, "primaries": primaries, "transfer": transfer, "matrix": matrix, "full": int(source.full),
            "chroma": chroma,
        }  # fmt: skip
    assert bitstream_light(out) == ({source.light} if source.light else set())
    assert bitstream_mastering(out) == ({RAW_MASTERING} if source.mastering else set())


def check_container(source: Source, found: dict[str, Any]) -> None:
    """What Matroska's Colour element says; there nothing is said by leaving it out."""
    primaries, transfer, matrix, chroma = source.says
    for name, number in (("primaries", primaries), ("transfer", transfer), ("matrix", matrix)):
        assert found.get(name, 2) == number, name
    assert found["range"] == (2 if source.full else 1)
    siting = {0: (None, None), 1: (1, 2), 2: (1, 1)}[chroma]
    assert (found.get("siting_across"), found.get("siting_down")) == siting
    assert (found.get("max_cll", 0), found.get("max_fall", 0)) == (source.light or (0, 0))
    if not source.mastering:
        assert "mastering" not in found
        return
    steps = (*[Fraction(1, 1 << 16)] * 8, Fraction(1, 1 << 8), Fraction(1, 1 << 14))
    for got, raw, step in zip(found["mastering"], RAW_MASTERING, steps, strict=True):
        assert abs(got - raw * step) <= step


def encoded(rgb: tuple[float, float, float], weights: tuple[float, float], *, full: bool) -> tuple[float, float, float]:
    """10-bit code values of a colour (ITU-T H.273)."""
    (r, g, b), (kr, kb) = rgb, weights
    y = kr * r + (1 - kr - kb) * g + kb * b
    u, v = (b - y) / (2 - 2 * kb), (r - y) / (2 - 2 * kr)
    if full:
        return y * 1023, u * 1023 + 512, v * 1023 + 512
    return y * 876 + 64, u * 896 + 512, v * 896 + 512


RGB = [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 255, 0), (0, 0, 255), (192, 128, 64), (51, 153, 230), (128,) * 3]
WEIGHTS = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "bt2020nc": (0.2627, 0.0593)}


def worst_bar(source: Source, out: Path) -> float:
    """The largest difference of the middle of a bar from the colour it was drawn in."""
    with av.open(str(out)) as container:
        frame = list(container.decode(video=0))[-1]
    planes = [plane(frame, k) for k in range(3)]
    worst = 0.0
    for k, color in enumerate(RGB):
        r, g, b = (c / 255 for c in color)
        want = encoded((r, g, b), WEIGHTS[source.matrix], full=source.full)
        middles = (planes[0][:, 16 * k + 6 : 16 * k + 10], *(p[:, 8 * k + 3 : 8 * k + 5] for p in planes[1:]))
        worst = max(worst, *(abs(float(m.mean()) - v) for m, v in zip(middles, want, strict=True)))
    return worst


def plane(frame: av.VideoFrame, number: int) -> "np.ndarray[Any, np.dtype[np.uint16]]":
    """The samples of a plane, without the padding of its lines."""
    of = frame.planes[number]
    lines = np.frombuffer(bytes(of), dtype="<u2").reshape(of.height, of.line_size // 2)
    return lines[:, : of.width]


def changing(clips: Clips, name: str, *tags: str) -> Path:
    """A film whose parts say other colours; "" says nothing."""
    raw = clips.folder / f"{name}.h264"
    with raw.open("wb") as joined:
        for tag in tags:
            words = f"setparams=color_primaries={tag}:colorspace={tag}" if tag else "null"
            part = clips(
                *(f"says-{tag}.h264", "-f", "lavfi", "-i", "testsrc2=size=64x48:rate=24", "-vf", words),
                *("-frames:v", "4", "-pix_fmt", "yuv420p", "-c:v", "libx264", "-preset", "ultrafast", "-bf", "0"),
            )
            joined.write(part.read_bytes())
    return clips(f"{name}.mkv", "-r", "24", "-i", raw, "-c", "copy")


def test_a_film_that_changes_its_colours_is_refused_because_av1_says_them_once(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(changing(clips, "changing", "bt709", "bt470bg"), films))
    run = encode(source, "-o", "out.mkv", *QUICK)
    run.assert_failed(4, "its colours change on the way (primaries from bt709 to bt470bg at frame 4)")
    assert not (films / "out.mkv").exists()


def test_frames_that_do_not_say_their_colours_are_taken_for_the_others(
    clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(changing(clips, "said-late", "", "bt709"), films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    assert sequence_colors(films / "out.mkv")[0]["primaries"] == 1
    assert len(metadata(films / "out.mkv", 0)) == 8


def test_hdr10_that_only_the_container_tells_of_arrives_in_both_places(
    clips: Clips, encode: Command, films: Path
) -> None:
    whole = made(clips, SOURCES[0])
    bare = clips("bars-container-only.mkv", "-i", whole, "-c:v", "ffv1")
    assert "mastering" in matroska_colour(bare)
    source = Path(shutil.copy(bare, films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    check_bitstream(SOURCES[0], films / "out.mkv")
    check_container(SOURCES[0], matroska_colour(films / "out.mkv"))
