"""Completion scripts, asked as a shell asks them; and help."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from command import Command, Run

from reelwright.cli.main import COMMANDS, make_parser
from warm import PROGRAM, run_program

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
$(complete -p reelwright | sed 's/.*-F \\([^ ]*\\).*/\\1/') reelwright "${COMP_WORDS[COMP_CWORD]}" "" 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


def run(encode: Command, *args: str) -> Run:
    argv = [*PROGRAM, *args]
    variables = encode.variables({"XDG_CONFIG_HOME": str(encode.state / "config")})
    done = run_program(argv, cwd=encode.folder, env=variables)
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The script, made where there is a profile of one's own."""
    folder = tmp_path_factory.mktemp("completion")
    (folder / "reelwright.toml").write_text("[profiles.mine.encoding]\npreset = 4\n")
    found = run(Command(folder=folder, state=folder), "completion", "bash")
    assert (found.code, found.err) == (0, "")
    path = folder / "completion.bash"
    path.write_text(found.out)
    return path


def offers(script: Path, films: Path, line: str) -> set[str]:
    """What bash offers for the last word of a line."""
    words = [*shlex.split(line), ""] if line.endswith(" ") else shlex.split(line)
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK, "ask", script, *words], cwd=films, capture_output=True, text=True, check=False
    )
    return {word.strip() for word in done.stdout.splitlines() if word.strip()}


@pytest.mark.parametrize(
    ("line", "offered", "not_offered"),
    [
        ("reelwright ", {"encode", "probe", "config", "profiles", "completion", "help"}, {"--preset"}),
        ("reelwright enc", {"encode"}, {"probe"}),
        ("reelwright encode --t", {"--target-vmaf"}, {"--preset"}),
        ("reelwright encode --profile ", {"archive", "grain", "mine"}, {"encode"}),
        ("reelwright encode --profile ar", {"archive"}, {"grain"}),
        ("reelwright encode fi", {"film one.mkv"}, {"folder"}),
        ("reelwright probe fi", {"film one.mkv"}, {"folder"}),
        ("reelwright encode a.mkv --work-dir f", {"folder"}, {"film one.mkv"}),
        ("reelwright profiles sm", {"small"}, {"archive"}),
        ("reelwright config ", {"show", "check"}, {"encode"}),
        ("reelwright config show --profile an", {"anime"}, {"archive"}),
        ("reelwright help pro", {"probe", "profiles"}, {"encode"}),
        ("reelwright completion z", {"zsh"}, {"bash"}),
    ],
)
def test_bash_is_offered_commands_flags_files_and_profiles(
    line: str, offered: set[str], not_offered: set[str], bash: Path, films: Path
) -> None:
    (films / "film one.mkv").touch()
    (films / "folder").mkdir()
    found = offers(bash, films, line)
    assert offered <= found
    assert not not_offered & found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_takes_its_script(shell: str, encode: Command, films: Path) -> None:
    found = run(encode, "completion", shell)
    assert found.code == 0
    assert "target-vmaf" in found.out
    assert "archive" in found.out
    program = shutil.which(shell)
    if program:
        (films / "script").write_text(found.out)
        subprocess.run([program, "-n", "script"], cwd=films, check=True, capture_output=True)


def test_a_broken_configuration_does_not_spoil_completion(encode: Command, films: Path) -> None:
    (films / "reelwright.toml").write_text("[encoding\n")
    found = run(encode, "completion", "bash")
    assert (found.code, found.err) == (0, "")
    assert "--target-vmaf" in found.out


def test_a_shell_nobody_knows_is_told(encode: Command) -> None:
    run(encode, "completion", "bsh").assert_failed(2, "bsh", "Did you mean bash?")


@pytest.mark.parametrize("words", [(), ("encode",), ("config", "show"), ("help",)])
def test_help_shows_what_the_flag_shows(words: tuple[str, ...], encode: Command) -> None:
    asked, flag = run(encode, "help", *words), run(encode, *words, "--help")
    assert (asked.code, asked.err) == (0, "")
    assert asked.out == flag.out


def test_help_for_nothing_there_is_tells_what_is_near(encode: Command) -> None:
    run(encode, "help", "encoed").assert_failed(2, "encoed", "Did you mean encode?")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_description_examples_and_words_for_each_flag(name: str) -> None:
    (commands,) = (a for a in make_parser()._actions if a.dest == "command")
    assert isinstance(commands.choices, dict)
    command = commands.choices[name]
    assert command.description
    assert command.epilog.startswith("examples:\n")
    assert f"reelwright {name}" in command.epilog
    assert [action.option_strings for action in command._actions if action.option_strings and not action.help] == []
