"""The `user` command: who may sign in to the pages, and with which tokens programs do."""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.text import printable_path
from reelwright.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reelwright.cli.user_commands import UserRow

DESCRIPTION = """Keep the users of the pages, and the tokens of programs.

A password is asked for on a terminal, and read from standard input (its first line) otherwise; never from the command
line, which every program of the machine can read. A new password ends every session of its user; tokens stay until
they are revoked. A token is shown once, and only its hash is kept."""

EXAMPLES = """examples:
  reelwright user add anna                        asks for a password
  pass show reelwright | reelwright user add anna
  reelwright user list --json
  reelwright user token anna --name backup        prints a token; send it as "Authorization: Bearer rw_..."
  reelwright user revoke anna --name backup       without --name: every token of anna's
  reelwright user password anna
  reelwright user remove anna"""

WAYS = {
    "add": "a new user",
    "list": "users and the names of their tokens",
    "remove": "remove a user, and the user's tokens",
    "password": "give a user another password, which ends the user's sessions",
    "token": "make a token for a program",
    "revoke": "make tokens worthless",
}


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    ways = parser.add_subparsers(dest="way", required=True, metavar="|".join(WAYS), parser_class=Parser)
    raw = argparse.RawDescriptionHelpFormatter
    for name, summary in WAYS.items():
        way = ways.add_parser(name, help=summary, description=DESCRIPTION, epilog=EXAMPLES, formatter_class=raw)
        if name != "list":
            way.add_argument("name", metavar="NAME", help="letters, digits and @ . + - _")
        if name == "add":
            way.add_argument("--password-file", metavar="FILE", type=Path, help="the file's first line is the password")
            way.add_argument("--once", action="store_true", help="leave a user that is there as it is")
        if name in {"token", "revoke"}:
            default = "api" if name == "token" else None
            way.add_argument("--name", dest="token", metavar="X", default=default, help="what the token is called")
        if name == "remove":
            way.add_argument("--last", action="store_true", help="even where nobody could sign in any more")
        way.add_argument("--json", action="store_true", help="one JSON object on standard output")
        way.set_defaults(parser=way)


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    users = program.users()
    if args.way == "list":
        rows = users.listed()
        return tell({"users": [plain(row) for row in rows]}, table(rows), as_json=args.json)
    name = printable_path(args.name)
    if args.way == "token":
        token = users.token(args.name, args.token)
        return tell({"user": args.name, "name": args.token, "token": token}, token, as_json=args.json)
    if args.way == "revoke":
        count = users.revoke(args.name, args.token)
        said = f"{count} token{'' if count == 1 else 's'} of {name} revoked."
        return tell({"user": args.name, "revoked": count}, said, as_json=args.json)
    if args.way == "add" and args.once and any(row.name.casefold() == args.name.casefold() for row in users.listed()):
        return tell({"user": args.name, "outcome": "kept"}, f"{name} is there already.", as_json=args.json)
    if args.way == "add":
        users.add(args.name, partial(password_in, args.password_file) if args.password_file else new_password)
    elif args.way == "password":
        users.password(args.name, new_password)
    else:
        users.remove(args.name, even_the_last=args.last)
    words = {"add": f"{name} can sign in.", "password": f"{name} has a new password.", "remove": f"{name} is removed."}
    return tell({"user": args.name, "outcome": args.way}, words[args.way], as_json=args.json)


def tell(data: dict[str, Any], said: str, *, as_json: bool) -> int:
    """The result, for programs or for people."""
    print(json.dumps({"event": "result", "data": data}) if as_json else said)
    return 0


def plain(row: "UserRow") -> dict[str, Any]:
    """A user as JSON has one."""
    return {
        "name": row.name,
        "added": row.added.isoformat(),
        "last_login": None if row.last_login is None else row.last_login.isoformat(),
        "tokens": list(row.tokens),
    }


def table(rows: "Sequence[UserRow]") -> str:
    """Users, one a line."""
    if not rows:
        return "There is no user yet: `reelwright user add NAME` makes one."
    width = max(len(row.name) for row in rows)
    lines = []
    for row in rows:
        seen = f"last signed in {row.last_login:%Y-%m-%d}" if row.last_login else "never signed in"
        tokens = f", tokens: {', '.join(map(printable_path, row.tokens))}" if row.tokens else ""
        lines.append(f"{printable_path(row.name):<{width}}  {seen}{tokens}")
    return "\n".join(lines)


def password_in(path: Path) -> str:
    """The password a file holds.

    Raises:
        UsageError: it cannot be read, or holds none.
    """
    try:
        found = path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, ValueError) as error:
        raise UsageError(f"The password's file {printable_path(path)} cannot be read ({error}).") from error
    if not found:
        raise UsageError(f"The file {printable_path(path)} holds no password.", hint="Its first line is the password.")
    return found


def new_password() -> str:
    """A password from a prompt, twice, or the first line of standard input.

    Raises:
        UsageError: it is empty, or the two are not the same.
    """
    if not sys.stdin.isatty():
        found = sys.stdin.readline().rstrip("\r\n")
        if not found:
            raise UsageError("No password came on standard input.", hint="Its first line is the password.")
        return found
    import getpass  # noqa: PLC0415 - only on a terminal

    found = getpass.getpass("Password: ")
    if found != getpass.getpass("Once more: "):
        raise UsageError("The two passwords are not the same. Nothing was changed.")
    if not found:
        raise UsageError("A password cannot be empty.")
    return found
