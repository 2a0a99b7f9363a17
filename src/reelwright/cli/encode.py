"""The `encode` command."""

import argparse
from pathlib import Path
from typing import Any

from reelwright.cli.arguments import (
    EncoderNames,
    Parser,
    band,
    crop_area,
    moment,
    number,
    pair,
    picture_size,
    quarter,
    scene_list,
    size_in_bytes,
    whole,
    zone,
)
from reelwright.cli.commands import EncodeJob, Program
from reelwright.cli.telling import told
from reelwright.encoders import DEFAULT, NAMES
from reelwright.errors import UsageError

DESCRIPTION = """Encode films to AV1: each chunk is encoded and scored until its VMAF is within the band.
The result is checked in full and placed; the source is never touched.
Stop it whenever you like; the same command goes on where it was."""

EXAMPLES = """examples:
  reelwright encode film.mkv                                 film.av1.mkv beside it, every chunk at VMAF 93 ± 1
  reelwright encode film.mkv -o out.mkv --target-vmaf 95 --band 0.5
  reelwright encode film.mkv -o out.mp4                      MP4; --dry-run says what it has no place for
  reelwright encode film.mp4 -o film.mkv --strategy remux    the same streams in Matroska, nothing encoded
  reelwright encode film.mkv --profile small                 named settings: `reelwright profiles` shows them
  reelwright encode films/ -o encoded/                       every film below a folder, in the same folders
  reelwright encode film.mkv --start 10:00 --duration 30     thirty seconds to look at: film.excerpt-600s-630s.av1.mkv
  reelwright encode film.mkv --zone 1:20:00-end:crf=40 --zone 0:10-0:20:target=95,svt.tune=0
  reelwright encode film.mkv --export-scenes cuts.json --dry-run    change it, then encode with --scenes cuts.json
  reelwright encode disc.vob --deinterlace bwdif --crop auto       fields become frames, black borders go
  reelwright encode film.mkv --dry-run                       what would be done, and why"""

STRATEGIES = ("auto", "chunked", "direct", "remux")
DEINTERLACERS = ("bwdif", "yadif", "w3fdif", "estdif")
#: Flags that are settings as well: attribute, section, key.
SETTINGS = (
    ("target_vmaf", "encoding", "target_vmaf"),
    ("band", "encoding", "band"),
    ("objective", "encoding", "objective"),
    ("floor_vmaf", "encoding", "floor_vmaf"),
    ("floor_p5", "encoding", "floor_p5"),
    ("vmaf_model", "encoding", "vmaf_model"),
    ("scored_frames", "encoding", "scored_frames"),
    ("preset", "encoding", "preset"),
    ("min_crf", "encoding", "min_crf"),
    ("max_crf", "encoding", "max_crf"),
    ("workers", "processing", "parallel_jobs"),
    ("nice", "processing", "nice"),
    ("work_dir", "processing", "temp_dir"),
    ("encoder", "encoding", "encoder"),
    ("strategy", "encoding", "strategy"),
    ("film_grain", "encoding", "film_grain"),
    ("deinterlace", "encoding", "deinterlace"),
    ("crop", "encoding", "crop"),
    ("audio", "encoding", "audio"),
    ("hwaccel", "encoding", "hwaccel"),
)


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    add = parser.add_argument
    add("sources", metavar="SOURCE", type=Path, nargs="+", help="films, or folders of films")
    output = "a .mkv or .mp4 file, or a folder (default: NAME.av1.mkv beside the source; see placement.container)"
    add("-o", "--output", metavar="OUTPUT", help=output)
    what = parser.add_argument_group("what is encoded").add_argument
    what("--start", type=moment, metavar="T", help="begin here: an excerpt to try settings on (90, 1:30, 0:01:30.5)")
    what("--duration", type=moment, metavar="T", help="and go on for so long; the full run reuses its trials")
    scale = "encode at this size (1280x720, 1280x, x720; a single side never enlarges), scored against the original"
    what("--scale", type=picture_size, metavar="WxH", help=f"{scale} at its own size")
    what(
        "--audio",
        choices=("copy", "opus"),
        metavar="HOW",
        help="copy the sound (default), or encode to opus what has more bits than its rule",
    )
    zones = "START-END:target=N, crf=N, preset=N or svt.KEY=VALUE, joined by commas; bounds are times, frames (240f) or"
    what("--zone", type=zone, action="append", default=[], metavar="ZONE", help=f"{zones} `end`; repeatable")
    scenes = "cuts instead of those found: our JSON, Av1an's scenes.json or PySceneDetect's CSV; scenes under 1 s are"
    what("--scenes", type=Path, metavar="FILE", help=f"{scenes} joined and long ones split evenly all the same")
    export = "write the cuts: .json ours with zones, .av1an.json Av1an's, .csv PySceneDetect's; with --dry-run as well"
    what("--export-scenes", type=scene_list, metavar="FILE", help=export)
    limit = "give up, exit 0, where the output would be larger than this share of the source (default: no limit)"
    what("--max-encoded-percent", type=number(0.01, 1000), metavar="N", help=limit)
    size = "give up, exit 0, where the output would be larger than this, such as 700M (default: no limit)"
    what("--max-output-size", type=size_in_bytes, metavar="SIZE", help=size)
    add_picture(parser)
    add_aims(parser)
    add_tools(parser)
    add_running(parser)


def add_picture(parser: Parser) -> None:
    """Arguments that change the picture; other commands have them as well."""
    picture = parser.add_argument_group("picture").add_argument
    crop = "cut black borders away: auto, where no frame of the film shows anything, or keep W:H:X:Y of the stored"
    picture("--crop", type=crop_area, metavar="AREA", help=f"{crop} picture (default: off)")
    fields = "one frame for every two fields; without it an interlaced film is refused"
    picture("--deinterlace", choices=DEINTERLACERS, metavar="METHOD", help=f"{', '.join(DEINTERLACERS)}: {fields}")
    grain = "have the player add grain like the film's, 1 to 50; scored without it"
    picture("--film-grain", type=whole(0, 50), metavar="N", help=f"{grain} (default 0: none)")


def add_aims(parser: Parser) -> None:
    """Arguments that say how good the result is to be; other commands have them as well."""
    aim = parser.add_argument_group("quality").add_argument
    aim("--profile", metavar="NAME", help="named settings, such as archive or small; see `reelwright profiles`")
    aim("--target-vmaf", type=number(1, 99.9), metavar="N", help="VMAF every chunk is to reach (default 93)")
    aim("--band", type=band, metavar="W", help="accept target ± W, or LOW,HIGH (default 1.0)")
    ways = "uniform: every chunk on the target (default); min-size: the film's mean on it with the fewest bytes"
    aim("--objective", choices=("uniform", "min-size"), metavar="HOW", help=ways)
    floor = "with min-size, no chunk's mean below this (default: three below the target)"
    aim("--floor-vmaf", type=number(0, 99.9), metavar="N", help=floor)
    aim("--floor-p5", type=number(0, 99.9), metavar="N", help="no chunk's 5th percentile below this (default: any)")
    aim("--vmaf-model", metavar="NAME", help="v0.6.1 (default), v1, or a libvmaf model version in full")
    frames = "sequential: some first, all where that does not settle it (default); every: all of them"
    aim("--scored-frames", choices=("sequential", "every"), metavar="HOW", help=frames)
    aim("--crf", type=quarter, metavar="N", help="one CRF for every chunk, without a search")
    aim("--min-crf", type=quarter, metavar="N", help="lowest CRF tried (default 12)")
    aim("--max-crf", type=quarter, metavar="N", help="highest CRF tried (default 50)")
    encoder = parser.add_argument_group("encoder").add_argument
    presets = "0 slow to 13 fast, as SVT-AV1 counts; other encoders take their nearest (default 6)"
    encoder("--preset", type=whole(0, 13), metavar="N", help=presets)
    encoder(
        "--svt", type=pair, action="append", default=[], metavar="KEY=VALUE", help="an SVT-AV1 parameter; repeatable"
    )


def add_tools(parser: Parser) -> None:
    """Arguments that say what does the work."""
    tool = parser.add_argument_group("means").add_argument
    ways = "auto takes Dolby Vision in one piece at a fixed CRF and all else in chunks at the target (default); remux"
    ways += " copies every stream into the output's container and encodes nothing"
    tool("--strategy", choices=STRATEGIES, metavar="HOW", help=f"{', '.join(STRATEGIES)}; {ways}")
    works = f"{', '.join(NAMES)}; `reelwright doctor` tells which work here"
    # As `choices` they are completed in a shell; a plugin's has a period in its name and is looked up later.
    tool("--encoder", choices=EncoderNames(NAMES), metavar="NAME", help=f"what encodes: {works} (default {DEFAULT})")
    device = "decode on a device: none (default), auto, or a name such as cuda; software takes over where it fails or"
    tool("--hwaccel", metavar="NAME", help=f"{device} gives other pictures")


def add_running(parser: Parser) -> None:
    """Arguments that say how the work is done."""
    run = parser.add_argument_group("how it is run").add_argument
    run("--workers", type=whole(1, 1024), metavar="N", help="encodes at once (default: what CPU and memory allow)")
    run("--nice", type=whole(0, 19), metavar="N", help="yield to other programs: 0 not at all, 19 most (default 0)")
    run("--work-dir", metavar="DIR", help="where trials are kept (default: the user's state folder)")
    run("--overwrite", action="store_true", help="replace an existing output")
    run("--dry-run", action="store_true", help="probe, decide and plan, but do not encode")
    run("--deterministic", action="store_true", help="choose every trial independently of timing")
    run("--json", action="store_true", help="one JSON event a line on standard output")


def settings_from(args: argparse.Namespace) -> dict[str, Any]:
    """Settings given as flags, as a tree of sections.

    Raises:
        UsageError: values that exclude each other.
    """
    if args.min_crf is not None and args.max_crf is not None and args.min_crf > args.max_crf:
        raise UsageError(f"--min-crf {args.min_crf:g} is above --max-crf {args.max_crf:g}.")
    if getattr(args, "duration", None) == "0":
        raise UsageError("--duration 0 leaves nothing to encode.")
    flags: dict[str, Any] = {} if args.profile is None else {"profile": args.profile}
    for attribute, section, key in SETTINGS:
        value = getattr(args, attribute, None)
        if value is not None:
            flags.setdefault(section, {})[key] = value
    return flags


def job_from(args: argparse.Namespace) -> EncodeJob:
    """The command as a value.

    Raises:
        UsageError: values that exclude each other.
    """
    flags = settings_from(args)
    return EncodeJob(
        sources=tuple(args.sources),
        output=args.output,
        flags=flags,
        svt=tuple(args.svt),
        crf=args.crf,
        overwrite=args.overwrite,
        dry_run=args.dry_run,
        deterministic=args.deterministic,
        start=None if args.start == "0" else args.start,
        duration=args.duration,
        zones=tuple(args.zone),
        scale=args.scale,
        scenes=args.scenes,
        export_scenes=args.export_scenes,
        max_encoded_percent=args.max_encoded_percent,
        max_output_size=args.max_output_size,
    )


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command: the worst exit code of its sources."""
    job = job_from(args)
    return told(lambda sink: program.encode(job, sink), as_json=args.json)
