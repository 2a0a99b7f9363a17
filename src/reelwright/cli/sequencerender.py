"""The arguments of `sequence render`."""

import argparse
from fractions import Fraction
from pathlib import Path

from reelwright.cli.arguments import Parser, number, picture_size, whole
from reelwright.cli.commands import Program, RenderOrder
from reelwright.cli.telling import told

RENDER = """Render the sequences of a sheet, or of a folder, into movies: slate, burn-ins, colours, any number of
outputs, all of it in one pass. The movie has exactly the planned frames: what is missing or broken ends the run, or
becomes what --missing says. Nothing is written among the frames. Beside each movie lies NAME.manifest.json: for every
picture the file it is, its hash and why."""

EXAMPLES = """examples:
  reelwright sequence render shots.csv -o dailies/
  reelwright sequence render shots.csv -o dailies/ --missing placeholder --profile prores-422hq --profile h264
  reelwright sequence render renders/sh010 -o . --rate 24 --colorspace ACEScg
  reelwright sequence render shots.csv -o . --display "Rec.1886 Rec.709 - Display" --view Un-tone-mapped
  reelwright sequence render shots.csv -o . --burn-in "bottom-right={frame}" --burn-in "top-left={shot} {version}"
  reelwright sequence render shots.csv -o . --step exposure:stops=0.5 --step "oiiotool:--blur 3x3" --step clamp
  reelwright sequence render shots.csv -o . --missing hold --retrieve /backup/sh010/v002 --size 1920x1080 --mask 2.39"""

PROFILES = (
    "h264 (default), h264-8bit, h264-draft, h265, h265-8bit, prores-422hq, prores-4444, dnxhr-hqx, av1; frames:"
    " exr-linear, exr, dpx, png, tiff, jpeg"
)
ELSEWHERE = "look for missing and broken frames here; repeatable; the same rules apply, and the same size"
BURN_INS = (
    "top-left, top, top-right, bottom-left, bottom or bottom-right; {frame} {timecode} {shot} {version} {artist} {date}"
    " {colorspace}; repeatable"
)
FOLLOW = (
    "follow sequences that are still being rendered: the movies always have their planned length, and holes fill as"
    " frames land; every so many seconds is looked (default 2); until they are complete, or Ctrl-C"
)
THUMBNAIL = "a still from the middle, NAME.thumbnail.jpg, or png"
SHEET = "up to 24 frames on a page, those that are repaired marked, NAME.contact.jpg, or png"
#: Seconds between two looks.
WATCH = 2.0
STEPS = (
    "change the pictures, in this order; repeatable: exposure, gain, offset, lift, gamma, contrast, saturation, invert,"
    " clamp, channels, lut, blur, sharpen, resize, crop, pad, mask, flip, flop, rotate, over, oiiotool; view says where"
    " the colours are transformed (default: last)"
)
CHANNELS = "what is shown: diffuse.R,diffuse.G,diffuse.B, or the name of a layer, a part or a channel"
LINEAR_TO = "the scene-linear space of exr-linear frames (default: --to or the frames' own, where it is one)"
COMPRESSIONS = ("zip", "zips", "piz", "pxr24", "rle", "none", "dwaa", "dwab", "b44", "b44a")
POLICIES = ("error", "hold", "nearest", "black", "checker", "placeholder")


def add_render(parser: Parser) -> None:
    """The arguments."""
    add = parser.add_argument
    add("source", metavar="SHEET|DIR", type=Path, help="a sheet (.csv or .toml), or a folder of frames")
    add("-o", "--output", metavar="DIR", help="folder of the movies (default: placement.output_dir, else this folder)")
    add(
        "--profile",
        action="append",
        default=[],
        metavar="NAME",
        help=f"{PROFILES}; repeatable; a row's outputs come first",
    )
    add(
        "--missing",
        choices=POLICIES,
        metavar="POLICY",
        help=f"{', '.join(POLICIES)} (default error; placeholder with --watch)",
    )
    add("--retrieve", action="append", default=[], metavar="DIR", help=ELSEWHERE)
    add("--rate", type=rate, metavar="N", help="frames a second where the sheet and the frames do not say it")
    add("--handles", type=whole(0, 10_000), metavar="N", help="render N frames beyond first and last on either side")
    add_pictures(parser)
    add_words(parser)
    beside = parser.add_argument_group("beside the movies").add_argument
    beside("--thumbnail", nargs="?", const="jpg", choices=("jpg", "png"), metavar="FORMAT", help=THUMBNAIL)
    beside("--contact-sheet", nargs="?", const="jpg", choices=("jpg", "png"), metavar="FORMAT", help=SHEET)
    run = parser.add_argument_group("how it is run").add_argument
    run("--workers", type=whole(1, 1024), metavar="N", help="frames rendered at once (default: as many as cores)")
    run("--nice", type=whole(0, 19), metavar="N", help="yield to other programs: 0 not at all, 19 most (default 0)")
    run("--overwrite", action="store_true", help="replace existing movies")
    run("--watch", nargs="?", type=seconds, const=WATCH, metavar="SECONDS", help=FOLLOW)
    run("--watch-for", type=seconds, metavar="SECONDS", help="follow them for so long at the most")
    run("--deterministic", action="store_true", help="av1: equal bytes from run to run; a little slower")
    run("--dry-run", action="store_true", help="check and plan, but do not render")
    run("--json", action="store_true", help="one JSON event a line on standard output")


def add_pictures(parser: Parser) -> None:
    """Arguments that change the pictures."""
    add = parser.add_argument_group("picture").add_argument
    add("--colorspace", metavar="NAME", help='of the frames, where the sheet does not say it; "display": as they are')
    add("--ocio", metavar="CONFIG", dest="config", help="an OpenColorIO configuration: a file, or a built-in ocio://…")
    add("--display", metavar="NAME", help="the display to transform to (default: the configuration's)")
    add("--view", metavar="NAME", help="and its view")
    add("--to", metavar="NAME", help="a colour space to transform to, instead of a display and view")
    add("--linear-to", metavar="NAME", help=LINEAR_TO)
    add("--exr-compression", choices=COMPRESSIONS, metavar="NAME", help=f"of exr-linear: {', '.join(COMPRESSIONS)}")
    add("--look", dest="looks", metavar="NAMES", help="looks to apply, with commas between them")
    add("--lut", metavar="FILE", help="a LUT to apply last")
    add(
        "--transform",
        choices=("exact", "preview"),
        metavar="HOW",
        help="exact (default), or preview: colours by a cube, fast for ACES 2.0 views; its error is measured and told",
    )
    add("--step", action="append", default=[], metavar="NAME:KEY=VALUE,…", help=STEPS)
    add("--channels", type=names, metavar="NAMES", help=CHANNELS)
    add("--eye", metavar="NAME", help="view of stereo frames, such as left or right (default: the first)")
    add("--part", type=whole(0, 999), metavar="N", help="part of a multi-part EXR, from 0")
    add(
        "--alpha",
        choices=("ignore", "over", "keep"),
        metavar="HOW",
        help="ignore (default), over --background, or keep",
    )
    add("--background", metavar="COLOUR|FILE", help="what frames with alpha are laid over: 0.1/0.1/0.1, or a picture")
    add("--size", type=picture_size, metavar="WxH", help="fit the picture into this size; the rest stays black")
    add("--crop", type=area, metavar="W:H:X:Y", help="keep this part of the frames")
    add("--mask", type=shape, metavar="RATIO", help="letterbox, such as 2.39")
    add("--mask-opacity", type=number(0, 1), metavar="N", help="0 to 1 (default 1)")


def add_words(parser: Parser) -> None:
    """Slate, burn-ins, timecode, sound."""
    add = parser.add_argument_group("slate, burn-ins, sound").add_argument
    add("--no-slate", action="store_true", help="no slate ahead of the first frame")
    add("--slate-frames", type=whole(1, 999), metavar="N", help="how long it stands (default 1)")
    add("--title", metavar="TEXT", help="the slate's title (default: the sequence's name)")
    add("--burn-in", action="append", default=[], metavar="CORNER=TEXT", help=BURN_INS)
    add("--no-burn-ins", action="store_true", help="draw nothing over the frames")
    add("--timecode", metavar="TC", help="of the first frame (default: the header's, else its number)")
    add("--audio", metavar="FILE", help="sound to lay under the frames, from the first one on")


def rate(text: str) -> Fraction:
    """A type of argument: frames a second."""
    from reelwright.sequences.sheet import rate as taken  # noqa: PLC0415

    try:
        return taken(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no rate such as 24, 23.976 or 24000/1001") from error


def seconds(text: str) -> float:
    """A type of argument: seconds above 0."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return found


def names(text: str) -> str:
    """A type of argument: three channels, or one name."""
    from reelwright.sequences.sheet import channels as taken  # noqa: PLC0415

    try:
        return taken(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is neither three channels such as R,G,B nor one name") from error


def area(text: str) -> tuple[int, int, int, int]:
    """A type of argument: W:H:X:Y."""
    parts = text.split(":")
    if len(parts) != 4 or not all(p.isascii() and p.isdigit() for p in parts):  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is no part of a picture such as 1920:800:0:140")
    width, height, x, y = map(int, parts)
    return width, height, x, y


def shape(text: str) -> Fraction:
    """A type of argument: width over height."""
    try:
        found = Fraction(text.replace(":", "/"))
    except (ValueError, ZeroDivisionError):
        found = Fraction(0)
    if not Fraction(1, 4) <= found <= 8:  # noqa: PLR2004
        raise argparse.ArgumentTypeError(f"{text!r} is no shape such as 2.39 or 16:9")
    return found


#: Arguments that go to the rendering as they are.
ASKED = (
    *("rate", "size", "crop", "mask", "mask_opacity", "colorspace", "config", "to", "display", "view", "looks", "lut"),
    *("linear_to", "exr_compression"),
    *("channels", "eye", "part", "alpha", "transform", "timecode", "audio", "title", "slate_frames"),
)


def order_of(args: argparse.Namespace) -> RenderOrder:
    """The command as a value."""
    processing = {"parallel_jobs": args.workers, "nice": args.nice}
    return RenderOrder(
        source=args.source,
        output=args.output,
        profiles=tuple(args.profile),
        missing=args.missing or ("error" if args.watch is None else "placeholder"),
        retrieve=tuple(args.retrieve),
        no_slate=args.no_slate,
        no_burn_ins=args.no_burn_ins,
        burn_ins=tuple(args.burn_in),
        steps=tuple(args.step),
        background=args.background,
        asked={name: getattr(args, name) for name in ASKED},
        overwrite=args.overwrite,
        dry_run=args.dry_run,
        deterministic=args.deterministic,
        handles=args.handles,
        thumbnail=args.thumbnail,
        contact_sheet=args.contact_sheet,
        watch=args.watch,
        watch_for=args.watch_for,
        flags={"processing": {k: v for k, v in processing.items() if v is not None}},
    )


def run_render(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command: the worst exit code of its rows."""
    order = order_of(args)
    return told(lambda sink: program.render_sequences(order, sink), as_json=args.json)
