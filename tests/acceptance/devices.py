"""A stand-in for FFmpeg on a machine with a decoding device: it decodes in software and may spoil what comes out.

Only for what cannot be provoked without a device: that one opens, and that its pictures are wrong. All else is FFmpeg.
"""

import sys
from pathlib import Path

import imageio_ffmpeg

SCRIPT = """#!{python} -IS
import os, sys

fault, args = os.environ.get("FAULT", ""), sys.argv[1:]
on_device = "-hwaccel" in args


def without(flag):
    while flag in args:
        at = args.index(flag)
        del args[at : at + 2]


for flag in ("-init_hw_device", "-hwaccel", "-hwaccel_device", "-hwaccel_output_format"):
    without(flag)
looking = "level+verbose" in args
if on_device:
    with open(os.environ["DEVICE_LOG"], "a") as log:
        log.write(("look" if looking else "score" if "-filter_complex" in args else "encode") + "\\n")
    if looking and fault != "declines":
        sys.stderr.write("[graph 0 input from stream 0:0 @ 0x1] [verbose] w:160 h:90 pixfmt:nv12\\n")
    if fault == "fails" and not looking:
        sys.stderr.write("[h264 @ 0x1] [error] the device is lost\\n")
        sys.exit(187)
    for at, part in enumerate(args):
        if args[at - 1] in ("-vf", "-filter_complex") and "trim=" in part:
            if fault == "wrong in one frame":
                args[at] = part.replace("trim=", "drawbox=w=2:h=2:t=fill:enable=eq(n\\\\,3),trim=", 1)
            elif fault == "wrong later" and "-filter_complex" in args:
                args[at] = part.replace("trim=", "lutyuv=y=val+1,trim=", 1)
os.execv({ffmpeg!r}, [{ffmpeg!r}, *args])
"""


def stand_in(folder: Path) -> Path:
    """The program, made in a folder."""
    program = folder / "ffmpeg-with-a-device"
    program.write_text(SCRIPT.format(python=sys.executable, ffmpeg=imageio_ffmpeg.get_ffmpeg_exe()), encoding="utf-8")
    program.chmod(0o755)
    return program
