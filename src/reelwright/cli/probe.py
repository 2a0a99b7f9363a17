"""The `probe` command."""

import argparse
import json
import sys
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.text import duration, printable_path, rate, safe_title, size
from reelwright.errors import ReelwrightError
from reelwright.media.model import Stream

DESCRIPTION = "Show what a file holds: container, streams, colour, HDR, languages."

EXAMPLES = """examples:
  reelwright probe film.mkv
  reelwright probe film.mkv --json | jq .data.streams"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a film, or anything that may be one")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    return show_probe(args.file, program, as_json=args.json)


def plain(value: Any) -> Any:
    """What JSON cannot say by itself."""
    return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else str(value)


def show_probe(path: Path, program: Program, *, as_json: bool) -> int:
    """Print what a file holds."""
    try:
        info = program.probe(path)
    except ReelwrightError as error:
        named = f"{printable_path(path)}: {error.message}"
        raise type(error)(named, hint=error.hint) from error
    if as_json:
        json.dump({"event": "result", "file": str(path), "data": asdict(info)}, sys.stdout, default=plain)
        print()
        return 0
    print(f"{printable_path(path)}  {size(info.size_bytes)}")
    print(f"container  {info.container}, {duration(float(info.duration) if info.duration is not None else None)}")
    for stream in info.streams:
        print(f"  {stream.index}  {describe(stream)}")
    if info.chapters:
        print(f"chapters   {len(info.chapters)}")
    return 0


def describe(stream: Stream) -> str:
    """One stream in one line."""
    parts = [stream.kind.value, stream.codec or "unknown codec"]
    if stream.video:
        parts += video_words(stream)
    if stream.audio:
        parts += [stream.audio.layout or f"{stream.audio.channels} channels", f"{stream.audio.sample_rate} Hz"]
    parts += [
        printable_path(stream.language or ""),
        safe_title(stream.title or stream.file_name or ""),
        *stream.dispositions,
    ]
    return ", ".join(part for part in parts if part)


def video_words(stream: Stream) -> list[str]:
    """What is worth saying of a picture."""
    video = stream.video
    if video is None:
        return []
    shown = rate(float(video.average_rate) if video.average_rate else None)
    words = [f"{video.width}x{video.height}", video.pix_fmt or "unknown format", shown]
    color = [c for c in (video.color.range, video.color.primaries, video.color.transfer, video.color.matrix) if c]
    words += ["/".join(color)] if color else []
    place = video.color.chroma_location
    words += [f"chroma {place}"] if place not in {None, "left"} else []
    words += [f"Dolby Vision {video.dolby_vision.name}"] if video.dolby_vision else []
    words += ["HDR10+"] if video.hdr10plus else []
    words += ["HDR10"] if video.mastering_display else []
    words += ["interlaced"] if video.interlaced else []
    words += ["cover art"] if video.attached_picture else []
    words += [f"rotated {video.rotation}"] if video.rotation else []
    return words
