"""A plan of a library: what would be done with which files, bound to what these files were when it was made."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reelwright.errors import UsageError
from reelwright.library.rules import Action

VERSION = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedFile:
    """A file that is to be worked on."""

    #: Below the root, with `/`; may hold surrogate escapes.
    path: str
    size: int
    mtime_ns: int
    fingerprint: str
    action: Action
    rule: str
    reasons: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: Bytes, likely and at least and at most; None: nothing could be foretold.
    saves: tuple[float, float, float] | None = None
    #: Seconds, likely.
    seconds: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What `library plan` wrote and `library apply` carries out."""

    library: str
    root: str
    marker: str
    made: dt.datetime
    files: tuple[PlannedFile, ...]
    #: Figures of what is not in `files`: state and number.
    others: Mapping[str, int] = field(default_factory=dict)
    #: Where outputs go: "tree", "beside" or "replace". It is approved with the plan.
    policy: str = "tree"
    #: Nothing like these films was encoded here yet.
    rough: bool = False

    @property
    def bytes(self) -> int:
        """Size of all files that are to be worked on."""
        return sum(file.size for file in self.files)

    @property
    def saves(self) -> tuple[float, float, float]:
        """Bytes saved: likely, at least, at most. Films are off independently, but models are off for all alike."""
        known = [file.saves for file in self.files if file.saves is not None]
        return (sum(s[0] for s in known), sum(s[1] for s in known), sum(s[2] for s in known))

    @property
    def seconds(self) -> float:
        """Seconds of work, likely."""
        return sum(file.seconds or 0.0 for file in self.files)


def plain_plan(plan: Plan) -> dict[str, Any]:
    """A plan as JSON has it."""
    likely, low, high = plan.saves
    return {
        "reelwright_plan": VERSION,
        "library": plan.library,
        "root": plan.root,
        "marker": plan.marker,
        "policy": plan.policy,
        "made": plan.made.isoformat().replace("+00:00", "Z"),
        "totals": {
            "files": len(plan.files), "bytes": plan.bytes, "saves": round(likely), "saves_low": round(low),
            "saves_high": round(high), "seconds": round(plan.seconds), "rough": plan.rough,
        },
        "others": dict(plan.others),
        "files": [_plain_file(file) for file in plan.files],
    }  # fmt: skip


def _plain_file(file: PlannedFile) -> dict[str, Any]:
    return {
        "path": file.path, "size": file.size, "mtime_ns": file.mtime_ns, "fingerprint": file.fingerprint,
        "action": file.action.value, "rule": file.rule, "reasons": list(file.reasons), "settings": dict(file.settings),
        "saves": None if file.saves is None else [round(one) for one in file.saves],
        "seconds": None if file.seconds is None else round(file.seconds),
    }  # fmt: skip


def read_plan(tree: object, place: str) -> Plan:
    """A plan from what its JSON holds.

    Raises:
        UsageError: it is no plan, or of a newer version.
    """
    if not isinstance(tree, dict) or "reelwright_plan" not in tree:
        raise UsageError(f"{place} is no plan.", hint="`reelwright library plan NAME -o plan.json` writes one.")
    if tree["reelwright_plan"] != VERSION:
        raise UsageError(
            f"{place} is a plan of version {tree['reelwright_plan']!r}; this program reads version {VERSION}.",
            hint="Make the plan again.",
        )
    try:
        return Plan(
            library=_text(tree["library"]), root=_text(tree["root"]), marker=_text(tree["marker"]),
            made=dt.datetime.fromisoformat(tree["made"]), files=tuple(_file(file) for file in tree["files"]),
            others={_text(name): int(count) for name, count in tree.get("others", {}).items()},
            policy=_text(tree.get("policy", "tree")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{place} is no whole plan: {said}.", hint="Make the plan again.") from error


def _file(tree: Mapping[str, Any]) -> PlannedFile:
    path = _text(tree["path"])
    if path.startswith("/") or ".." in path.split("/"):
        raise ValueError("a path in it leads out of the library")
    saves = tree.get("saves")
    return PlannedFile(
        path=path, size=int(tree["size"]), mtime_ns=int(tree["mtime_ns"]), fingerprint=_text(tree["fingerprint"]),
        action=Action(tree["action"]), rule=_text(tree["rule"]), reasons=tuple(map(_text, tree["reasons"])),
        settings=dict(tree["settings"]), saves=None if saves is None else (saves[0], saves[1], saves[2]),
        seconds=tree.get("seconds"),
    )  # fmt: skip


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Current:
    """What a planned file is now."""

    size: int
    mtime_ns: int
    #: None where its bytes cannot be read.
    fingerprint: str | None
    #: The engine would refuse it, or cannot use it; with the reasons.
    refusal: tuple[str, ...] = ()
    #: Work on it waits or is done already: the state's word.
    at_work: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """A planned file that is not worked on."""

    path: str
    why: str


def changed_since(file: PlannedFile, now: Current | None) -> str:
    """Why a planned file cannot be worked on as planned; empty where it can.

    Args:
        file: as it was planned.
        now: as it is; None: it is not there.
    """
    if now is None:
        return "it is not there any more"
    if now.at_work:
        return f"it is {now.at_work} already"
    if now.size != file.size:
        return f"its size is {now.size:,} bytes; it was {file.size:,} when the plan was made"
    if now.fingerprint != file.fingerprint:
        return "its content is not what it was when the plan was made"
    if now.refusal:
        return " ".join(now.refusal)
    return ""
