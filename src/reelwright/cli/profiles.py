"""The `profiles` command."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.text import printable_path
from reelwright.cli.toml import toml_lines
from reelwright.layers import find_profile

if TYPE_CHECKING:
    from reelwright.profiles import Profile

DESCRIPTION = """Show the profiles there are, each with every value it sets.

`--profile NAME` lays one over the file and the environment; `profile = "NAME"` at the top of the file lays it below
the file's own values. Profiles of your own are tables of the file, with the same keys as its sections:

  [profiles.mine]
  why = "what it is for"
  encoding.preset = 4"""

EXAMPLES = """examples:
  reelwright profiles
  reelwright profiles archive
  reelwright encode film.mkv --profile archive --preset 6      a flag wins over the profile"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="this profile only")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    profiles = program.profiles()
    shown = list(profiles.values()) if args.name is None else [find_profile(args.name, profiles, "The command line")]
    if args.json:
        print(json.dumps({"event": "result", "data": {"profiles": [asdict(profile) for profile in shown]}}))
        return 0
    print("\n\n".join(words_of(profile) for profile in shown))
    return 0


def words_of(profile: "Profile") -> str:
    """A profile in full."""
    lines = [f"{profile.name}: {printable_path(profile.purpose)}"]
    lines += [f"  {printable_path(profile.why)}"] if profile.why not in {"", profile.purpose} else []
    return "\n".join([*lines, *(f"    {line}" for line in toml_lines(profile.settings))])
