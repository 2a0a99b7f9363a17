import shutil
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from clips import FRAMES, LENGTH, PICTURE, TONE, X264, Clips
from command import QUICK, Command, digest, frames, packets

RATE = "24"


def one_frame(clips: Clips) -> Path:
    return clips("one.mkv", *PICTURE, "-frames:v", "1", *X264)


def variable_rate(clips: Clips) -> Path:
    chosen = "select='not(mod(n,5)*mod(n,3))',setpts='PTS+N*N*40/TB/24000'"
    return clips("vfr.mkv", *PICTURE, "-vf", chosen, "-fps_mode", "vfr", "-frames:v", "9", *X264)


def turned(clips: Clips) -> Path:
    straight = clips("straight.mp4", *PICTURE, *LENGTH, *X264)
    return clips("turned.mp4", "-display_rotation", "90", "-i", straight, "-c", "copy")


def odd(clips: Clips) -> Path:
    return clips("odd.mkv", "-f", "lavfi", "-i", "testsrc2=size=161x91:rate=24,format=yuv444p", *LENGTH, *X264)


def full_chroma(clips: Clips) -> Path:
    return clips("444.mkv", *PICTURE, *LENGTH, "-pix_fmt", "yuv444p10le", *X264)


def rgb(clips: Clips) -> Path:
    return clips("rgb.mkv", *PICTURE, *LENGTH, "-pix_fmt", "bgr0", "-c:v", "ffv1")


def full_range(clips: Clips) -> Path:
    return clips("full.mkv", *PICTURE, *LENGTH, "-vf", "scale=out_range=pc", "-color_range", "pc", *X264)


def transport(clips: Clips) -> Path:
    return clips("stream.ts", *PICTURE, *TONE, *LENGTH, *X264, "-c:a", "mp2", "-muxdelay", "0.7")


def early(clips: Clips) -> Path:
    shift = ("-output_ts_offset", "-0.2", "-avoid_negative_ts", "disabled")
    return clips("early.mkv", *PICTURE, *TONE, *LENGTH, "-c:v", "mpeg4", "-c:a", "mp2", *shift)


def bare(clips: Clips) -> Path:
    return clips("bare.h264", *PICTURE, *LENGTH, *X264)


def anamorphic(clips: Clips) -> Path:
    return clips("wide.mkv", *PICTURE, *LENGTH, "-vf", "setsar=4/3", *X264)


def edited(clips: Clips) -> Path:
    """B-frames, priming samples before the sound, and an edit list that cuts both."""
    whole = clips("whole.mp4", *PICTURE, *TONE, *LENGTH, *X264, "-c:a", "aac")
    return clips("edited.mp4", "-ss", "0.13", "-i", whole, "-c", "copy")


def opus(clips: Clips) -> Path:
    return clips("opus.webm", *PICTURE, *TONE, *LENGTH, "-c:v", "libvpx-vp9", "-cpu-used", "8", "-c:a", "libopus")


def mpeg2(clips: Clips) -> Path:
    return clips("disc.vob", *PICTURE, *TONE, *LENGTH, "-r", "25", "-c:v", "mpeg2video", "-bf", "2", "-c:a", "ac3")


def avi(clips: Clips) -> Path:
    return clips("old.avi", *PICTURE, *TONE, *LENGTH, "-c:v", "mpeg4", "-bf", "2", "-c:a", "libmp3lame")


#: Looked at in `make test`: what the zoo has not, and what is hardest to time. The others have their like in the zoo.
FILMS: tuple[Callable[[Clips], Path], ...] = (odd, rgb, early, edited)
COMMON: tuple[Callable[[Clips], Path], ...] = (
    *(one_frame, variable_rate, turned, full_chroma, full_range, transport, bare, anamorphic, opus, mpeg2, avi),
)


@pytest.mark.parametrize("make", [*FILMS, *(pytest.param(make, marks=pytest.mark.prove) for make in COMMON)])
def test_every_frame_of_an_unusual_film_arrives(
    make: Callable[[Clips], Path], clips: Clips, encode: Command, films: Path
) -> None:
    source = Path(shutil.copy(make(clips), films))
    before = digest(source)
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    assert run.err == ""
    assert frames(films / "out.mkv") == frames(source) > 0
    assert sorted(path.name for path in films.iterdir()) == sorted([source.name, "out.mkv"])
    assert digest(source) == before


@pytest.mark.parametrize(("make", "start"), [(transport, 1.4), (early, -0.2)])
def test_clips_start_where_they_are_said_to(make: Callable[[Clips], Path], start: float, clips: Clips) -> None:
    with av.open(str(make(clips))) as container:
        assert container.start_time / av.time_base == pytest.approx(start, abs=0.1)


SUBTITLES = "1\n00:00:00,100 --> 00:00:00,200\nHello\n"
CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=100
title=One
[CHAPTER]
TIMEBASE=1/1000
START=100
END=250
title=Two
"""


def rich_parts(clips: Clips) -> tuple[Path, ...]:
    """Subtitles, chapters, a font and a cover, beside the clips."""
    texts = {"words.srt": SUBTITLES, "chapters.txt": CHAPTERS, "face.ttf": "no real font, but bytes of its own"}
    for name, text in texts.items():
        (clips.folder / name).write_text(text)
    cover = clips("cover.png", *PICTURE, "-frames:v", "1")
    return (*(clips.folder / name for name in texts), cover)


def rich_matroska(clips: Clips) -> Path:
    words, chapters, font, cover = rich_parts(clips)
    return clips(
        *("rich.mkv", *PICTURE, *TONE, *TONE, "-i", words, "-i", chapters, *LENGTH, *X264),
        *("-map", "0", "-map", "1", "-map", "2", "-map", "3", "-map_chapters", "4"),
        *("-c:a:0", "aac", "-c:a:1", "flac", "-c:s", "ass", "-metadata:s:a:1", "language=deu"),
        *("-attach", font, "-metadata:s:t:0", "mimetype=application/x-truetype-font"),
        *("-attach", cover, "-metadata:s:t:1", "mimetype=image/png", "-metadata:s:t:1", "filename=cover.png"),
    )


def test_everything_beside_the_picture_arrives_byte_for_byte(clips: Clips, encode: Command, films: Path) -> None:
    source = Path(shutil.copy(rich_matroska(clips), films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    out = films / "out.mkv"
    assert frames(out) == FRAMES
    for kind, streams in (("audio", 2), ("subtitle", 1)):
        assert len(packets(source, kind)) == streams
        assert packets(out, kind) == packets(source, kind)
    with av.open(str(source)) as before, av.open(str(out)) as after:
        assert [chapter["metadata"]["title"] for chapter in after.chapters()] == ["One", "Two"]
        assert after.streams.audio[1].metadata["language"] == before.streams.audio[1].metadata["language"] == "deu"
        arrived = attached(after)
        assert arrived == attached(before)
        assert set(arrived) == {"face.ttf", "cover.png"}


def attached(container: "av.container.InputContainer") -> dict[str, bytes]:
    """Attached files by name, pictures among them."""
    found = {s.name: bytes(s.data) for s in container.streams if s.type == "attachment"}
    for stream in container.streams.video:
        if av.stream.Disposition.attached_pic in stream.disposition:
            found[stream.metadata["filename"]] = next(bytes(p) for p in container.demux(stream) if p.size)
    return found


def test_the_text_of_mp4_subtitles_arrives(clips: Clips, encode: Command, films: Path) -> None:
    words, chapters, _, cover = rich_parts(clips)
    made = clips(
        *("rich.mp4", *PICTURE, *TONE, "-i", words, "-i", chapters, "-i", cover, "-map", "0", "-map", "1"),
        *("-map", "2", "-map", "4", "-map_chapters", "3", *X264, "-frames:v:0", str(FRAMES), "-c:a", "aac"),
        *("-c:s", "mov_text", "-c:v:1", "copy", "-disposition:v:1", "attached_pic"),
    )
    source = Path(shutil.copy(made, films))
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    assert run.code == 0, run.err
    out = films / "out.mkv"
    assert frames(out) == FRAMES
    assert packets(out, "subtitle") == [[b"Hello"]]
    assert packets(out, "audio") == packets(source, "audio")
    with av.open(str(out)) as after:
        assert len(after.chapters()) == 2
        assert [len(data) for data in attached(after).values()] == [cover.stat().st_size]
