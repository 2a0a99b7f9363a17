"""What a library knows of a file, in words and for JSON."""

import os
from typing import TYPE_CHECKING, Any

from reelwright.cli.jobtext import outcome_lines
from reelwright.cli.queuetext import plain_queued, word
from reelwright.cli.text import printable_path, size

if TYPE_CHECKING:
    from reelwright.cli.library_commands import About
    from reelwright.engine.jobs import OutcomeRecord


def about_rows(found: "About") -> list[tuple[str, list[str]]]:
    """What is printed, by heading."""
    file, choice = found.file, found.file.choice
    stands = f"{file.state}" + (f", by {choice.rule}" if choice is not None else "")
    held = [f"The library {found.library.name} is held back."] if found.paused else []
    reasons = [*(choice.reasons if choice is not None else ()), *file.note]
    rows = [
        ("library", [f"{found.library.name}: {printable_path(found.library.root)}"]),
        ("stands", [stands, *(printable_path(reason) for reason in reasons), *held]),
        ("facts", [f"{name}: {printable_path(_shown(name, value))}" for name, value in _known(found)]),
        ("rules", [_rule(rule.rule, rule.then, rule.because, matches=rule.matches) for rule in found.rules]),
        ("queue", _work_lines(found)),
        ("history", [line for outcome in found.history for line in outcome_lines(outcome)]),
        ("change", list(found.changes)),
    ]
    return [row for row in rows if row[1]]


def _known(found: "About") -> list[tuple[str, object]]:
    return [(name, value) for name, value in found.facts.items() if value not in {None, "", ()}]


def _shown(name: str, value: object) -> str:
    from reelwright.library.rules import shown_value  # noqa: PLC0415

    return size(value) if name == "size" and isinstance(value, int) else shown_value(name, value)


def _rule(name: str, then: str, because: tuple[str, ...], *, matches: bool) -> str:
    return f"{name}: {printable_path('; '.join(because))}" + (f": {then}" if matches else "")


def _work_lines(found: "About") -> list[str]:
    row = found.work
    if row is None:
        return []
    tried = f", attempt {row.attempts} of at most {row.work.attempts_allowed}" if row.attempts else ""
    why = printable_path(str(row.result.get("message", "")))
    return [f"{row.work.id[:8]}: {word(row.state)}{tried}", *([why] if why else [])]


def plain_about(found: "About") -> dict[str, Any]:
    """What a library knows of a file, for JSON."""
    file, choice = found.file, found.file.choice
    return {
        "library": found.library.name,
        "root": found.library.root,
        "path": file.path,
        "state": file.state.value,
        "action": choice.action.value if choice else None,
        "rule": choice.rule if choice else None,
        "reasons": list(choice.reasons) if choice else [],
        "note": list(file.note),
        "owner": file.owner.value if file.owner else None,
        "facts": dict(found.facts),
        "rules": [
            {"rule": rule.rule, "then": rule.then.value, "matches": rule.matches, "because": list(rule.because)}
            for rule in found.rules
        ],
        "work": plain_queued(found.work) if found.work else None,
        "history": [_plain_outcome(outcome) for outcome in found.history],
        "paused": found.paused,
        "changes": list(found.changes),
    }


def _plain_outcome(outcome: "OutcomeRecord") -> dict[str, Any]:
    return {
        "outcome": outcome.outcome,
        "exit_code": outcome.exit_code,
        "reasons": list(outcome.reasons),
        "output": None if outcome.output_path is None else os.fspath(outcome.output_path),
        "bytes_before": outcome.bytes_before,
        "bytes_after": outcome.bytes_after,
        "finished": outcome.finished,
    }
