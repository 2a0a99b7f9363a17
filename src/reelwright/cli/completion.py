"""The `completion` command: a script that makes a shell complete `reelwright`'s words."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import suppress

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.errors import ReelwrightError

DESCRIPTION = """Print a script that completes commands, flags, files and profile names in your shell.

  bash   reelwright completion bash > ~/.local/share/bash-completion/completions/reelwright
  zsh    reelwright completion zsh > ~/.zfunc/_reelwright        with ~/.zfunc in your fpath
  fish   reelwright completion fish > ~/.config/fish/completions/reelwright.fish"""

EXAMPLES = """examples:
  source <(reelwright completion bash)        for this shell only"""

SHELLS = ("bash", "zsh", "fish")
#: Metavariables that stand for a file or a folder.
FILES = frozenset({"SOURCE", "FILE", "OUTPUT", "REFERENCE", "DISTORTED", "SHEET|DIR", "OUTPUT|DIR"})
FOLDERS = frozenset({"DIR"})


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"one of {', '.join(SHELLS)}")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    from reelwright.cli.main import make_parser  # noqa: PLC0415 - which imports this module

    profiles: Sequence[str] = ()
    with suppress(ReelwrightError):  # a wrong configuration is not to spoil a shell's start
        profiles = tuple(program.profiles())
    print(script(make_parser(), args.shell, profiles))
    return 0


def script(parser: Parser, shell: str, profiles: Sequence[str]) -> str:
    """The completion script of a whole parser.

    Args:
        parser: with every command.
        shell: one of `SHELLS`.
        profiles: names to offer after `--profile`.
    """
    import shtab  # type: ignore[import-untyped,unused-ignore]  # noqa: PLC0415 - only here

    for program, action in actions_of(parser):
        if action.dest == "profile" or (program.endswith(" profiles") and action.dest == "name"):
            action.choices = list(profiles)
        elif program.endswith(" help") and action.dest == "words":
            action.choices = commands_of(parser)
        elif action.metavar in FILES:
            action.complete = shtab.FILE  # type: ignore[attr-defined]
        elif action.metavar in FOLDERS:
            action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
    return str(shtab.complete(parser, shell=shell))


def actions_of(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Every argument of a parser and of the commands below it, with the command it belongs to."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to its arguments; shtab goes it as well
        yield parser.prog, action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            for below in dict.fromkeys(action.choices.values()):
                yield from actions_of(below)


def commands_of(parser: argparse.ArgumentParser) -> list[str]:
    """The names of a parser's commands."""
    groups = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001
    return [name for group in groups for name in group.choices]
