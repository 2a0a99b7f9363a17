"""A film with everything in it: three sounds, three kinds of subtitles, fonts, chapters, cover art, tags, rotation."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

from pgs import write_pgs

WORDS = "1\n00:00:00,100 --> 00:00:00,900\nHello\n\n2\n00:00:01,200 --> 00:00:01,900\nWorld\n"
STYLED = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Some Face,20

[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.20,0:00:00.80,Default,{\\i1}Styled{\\i0}
Dialogue: 0,0:00:01.00,0:00:01.50,Default,Again
"""
CHAPTERS = """;FFMETADATA1
title=A film
comment=of the file
COMMENT-ger=vom Film
date=2001
[CHAPTER]
TIMEBASE=1/1000
START=0
END=1000
title=One
[CHAPTER]
TIMEBASE=1/1000
START=1000
END=2000
title=Two
title-ger=Zwei
MOOD=calm
"""
#: 48 frames at 24 a second, with a cut in the middle: two chunks of 24 frames.
FRAMES, HALF = 48, 24
PICTURE = (
    "testsrc2=size=64x48:rate=24:duration=1,split[a][b];[b]negate,hflip[c];[a][c]concat=n=2:v=1,"
    "setsar=4/3,setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
)


def run(folder: Path, *args: str | Path) -> None:
    """Run FFmpeg in a folder."""
    head = (imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y")
    subprocess.run([*head, *args], check=True, cwd=folder, stdin=subprocess.DEVNULL)


def parts(folder: Path) -> dict[str, Path]:
    """What the film is made of, beside picture and sound."""
    folder.mkdir(exist_ok=True)
    texts = {"words.srt": WORDS, "styled.ass": STYLED, "chapters.txt": CHAPTERS}
    texts |= {"one.ttf": "no real font, but bytes of its own", "two.otf": "and of another one"}
    for name, text in texts.items():
        (folder / name).write_text(text)
    write_pgs(folder / "discs.sup", [(0.3, 0.7), (1.1, 1.6)])
    run(folder, "-f", "lavfi", "-i", "testsrc2=size=32x48", "-frames:v", "1", "cover.png")
    return {name: folder / name for name in (*texts, "discs.sup", "cover.png")}


def tone(hertz: int) -> tuple[str, ...]:
    """Two seconds of a tone, as an input."""
    return ("-f", "lavfi", "-i", f"sine=frequency={hertz}:sample_rate=48000:duration=2")


def make_everything(folder: Path) -> Path:
    """The film, made once a folder."""
    made = folder / "everything.mkv"
    if made.exists():
        return made
    parts(folder)
    attach = [("one.ttf", "font/ttf"), ("two.otf", "application/vnd.ms-opentype"), ("cover.png", "image/png")]
    files = [part for name, _ in attach for part in ("-attach", name)]
    for k, (name, mimetype) in enumerate(attach):
        files += [f"-metadata:s:t:{k}", f"mimetype={mimetype}", f"-metadata:s:t:{k}", f"filename={name}"]
    said = [
        *("-metadata:s:v:0", "title=The picture", "-metadata:s:v:0", "language=jpn"),
        *("-metadata:s:v:0", "BPS=12345", "-metadata:s:v:0", "NUMBER_OF_FRAMES-eng=48"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:0", "title=Main", "-metadata:s:a:0", "SOURCE=disc"),
        *("-metadata:s:a:1", "language=ger", "-metadata:s:a:2", "language=fra", "-metadata:s:a:2", "title=Kommentar ü"),
        *("-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=ger", "-metadata:s:s:1", "title=Full"),
        *("-disposition:v:0", "default", "-disposition:a:0", "default", "-disposition:a:1", "0"),
        *("-disposition:a:2", "comment", "-disposition:s:0", "default+forced", "-disposition:s:1", "hearing_impaired"),
        *("-disposition:s:2", "0"),
    ]
    run(
        folder,
        *("-f", "lavfi", "-i", PICTURE, *tone(440), *tone(550), *tone(660)),
        *("-i", "styled.ass", "-i", "words.srt", "-i", "discs.sup", "-i", "chapters.txt"),
        *(part for k in range(7) for part in ("-map", str(k))),
        *("-map_metadata", "7", "-map_chapters", "7", "-c:v", "libx264", "-preset", "ultrafast", "-g", "12"),
        *("-c:a:0", "aac", "-c:a:1", "ac3", "-c:a:2", "flac", "-c:s", "copy", *said, *files, "straight.mkv"),
    )
    # FFmpeg's command line makes pictures among attached files video tracks, so they are attached anew.
    run(
        folder,
        *("-display_rotation", "180", "-i", "straight.mkv", "-map", "0:v:0", "-map", "0:a", "-map", "0:s"),
        *("-c", "copy", *files, "-default_mode", "passthrough", made.name),
    )
    return made
