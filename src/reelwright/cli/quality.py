"""The `quality` command: what the search expects of films, and what it has learned."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from reelwright.cli.arguments import Parser
from reelwright.cli.commands import Program
from reelwright.cli.text import printable_path

if TYPE_CHECKING:
    from reelwright.engine.model_view import FilmRow, ModelView, SizeRow

DESCRIPTION = """What the search expects of a film before its first trial.

A model built in says at which CRF a chunk meets the target, by its picture size, its motion and the bits of its
source. The trials of other films in the ledger correct it; the better they have predicted the films since, the more
they count. `encoding.learn = false` and `encode --deterministic` leave it at the model built in."""

EXAMPLES = """examples:
  reelwright quality model                  what it expects, what it learned from, how far it was off
  reelwright quality model --json
  reelwright quality model --reset          learn anew from here on; no trial is deleted
  reelwright quality model --undo-reset     take the last reset back"""

#: Films that are listed unless all are asked for.
FEW = 10


def add_arguments(parser: Parser) -> None:
    """The command's arguments."""
    actions = parser.add_subparsers(dest="what", metavar="ACTION", required=True, parser_class=Parser)
    summary = "show the model; reset what it has learned"
    model = actions.add_parser("model", help=summary, description=DESCRIPTION, epilog=EXAMPLES)
    model.set_defaults(parser=model)
    how = model.add_mutually_exclusive_group()
    how.add_argument("--reset", action="store_true", help="learn anew: trials made so far count no more, and are kept")
    how.add_argument("--undo-reset", action="store_true", help="take the last reset back")
    model.add_argument("--json", action="store_true", help="one JSON object on standard output")


def run(args: argparse.Namespace, program: Program) -> int:
    """Carry out the command."""
    if args.reset or args.undo_reset:
        return reset(args, program)
    view = program.quality_model()
    if args.json:
        tell_result(asdict(view))
    else:
        print("\n".join(words_of(view)))
    return 0


def reset(args: argparse.Namespace, program: Program) -> int:
    """Reset the model, or take that back."""
    done = program.reset_quality_model(undo=args.undo_reset)
    if args.json:
        tell_result(asdict(done))
    elif args.undo_reset:
        print(_taken_back(changed=done.changed, since=None if done.since is None else moment(done.since)))
    elif done.changed:
        print("The model learns anew: trials made so far are kept, and count no more.")
        print("`reelwright quality model --undo-reset` takes this back.")
    else:
        print("There is no ledger yet: nothing has been learned.")
    return 0


def _taken_back(*, changed: bool, since: str | None) -> str:
    if not changed:
        return "There is no reset to take back."
    return "The model learns from " + (f"trials since {since} again." if since else "all trials again.")


def tell_result(data: dict[str, Any]) -> None:
    """The result, as one line of JSON; ASCII only, so that any name survives any pipe."""
    print(json.dumps({"event": "result", "data": data}, default=str))


def moment(when: Any) -> str:
    """A time for people, in theirs."""
    return str(when.astimezone().strftime("%Y-%m-%d %H:%M"))


def words_of(view: "ModelView") -> list[str]:
    """The model for people."""
    expects = f"Where an ordinary chunk of an ordinary film meets VMAF {view.target:g} ({view.encoder}), as CRF:"
    return [expects, "", *size_lines(view.sizes), "", *learned_lines(view), "", trained_line(view)]


def size_lines(sizes: "tuple[SizeRow, ...]") -> list[str]:
    """A table: a row for each picture size, a column for each preset."""
    presets = sorted({row.preset for row in sizes})
    lines = [f"{'picture':<12}" + "".join(f"{f'preset {preset}':>14}" for preset in presets)]
    for size in dict.fromkeys((row.width, row.height) for row in sizes):
        cells = {
            row.preset: f"{row.used.crf:.1f} ± {row.used.sd:.1f}" for row in sizes if (row.width, row.height) == size
        }
        lines.append(f"{f'{size[0]}x{size[1]}':<12}" + "".join(f"{cells[preset]:>14}" for preset in presets))
    return lines


def learned_lines(view: "ModelView") -> list[str]:
    """What was learned from, and how well that did."""
    since = "" if view.since is None else f" since {moment(view.since)}"
    if not view.learns:
        return ["It learns nothing: encoding.learn is false."]
    if not view.films:
        return [f"It has learned from no film{since} yet: this is the model built in."]
    chunks = sum(film.chunks for film in view.films)
    films = "1 film" if len(view.films) == 1 else f"{len(view.films)} films"
    share = f"that counts for {view.weight:.0%}, the model built in for the rest"
    lines = [f"Learned from {films}, {chunks} chunks{since}; {share}."]
    if view.recent_built_in is not None and view.recent_learned is not None:
        lines.append(
            f"The last films' chunks were off by {view.recent_learned:.1f} CRF with what was learned before them, "
            f"by {view.recent_built_in:.1f} with the model built in alone."
        )
    lines += ["", f"{'chunks':>6}{'off by':>8}{'built in':>10}  film"]
    shown = view.films[: -FEW - 1 : -1]
    lines += [film_line(film) for film in shown]
    more = len(view.films) - len(shown)
    return [*lines, f"… and {more} older"] if more else lines


def film_line(film: "FilmRow") -> str:
    """A film that was learned from."""
    name = printable_path(film.path) if film.path is not None else film.source_id[:8]
    return f"{film.chunks:>6}{film.learned:>8.1f}{film.built_in:>10.1f}  {name}"


def trained_line(view: "ModelView") -> str:
    """What the model built in was trained on."""
    off = {name: f"{error:.1f}" for name, error in view.trained_errors.items()}
    return (
        f"Built in: trained on {view.trained_films} films, {view.trained_chunks} chunks; off by {off['model']} CRF "
        f"for a film it has not seen, where a constant is off by {off['constant']}."
    )
