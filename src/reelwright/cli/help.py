"""The `help` command: the same as `--help` behind a command."""

import argparse

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program

DESCRIPTION = "Show what a command does, its arguments with their defaults, and examples."

EXAMPLES = """examples:
  reelwright help encode
  reelwright help config show"""


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("words", metavar="COMMAND", nargs="*", help="default: what commands there are")


def run(args: argparse.Namespace, program: Program) -> int:  # noqa: ARG001 - every command is called alike
    """Carry out the command."""
    from reelwright.cli.main import make_parser  # noqa: PLC0415 - which imports this module

    make_parser(args.words).parse_args([*args.words, "--help"])
    return 0
