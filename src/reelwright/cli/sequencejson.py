"""What `sequence check` found, under the keys that programs rely on."""

import datetime as dt
import json
from dataclasses import asdict
from typing import Any

from reelwright.cli.commands import SequenceOrder
from reelwright.sequences import ranges
from reelwright.sequences.check import CheckReport, SequenceCheck

#: So many missing frames are given one by one; `missing_ranges` always has all of them.
MOST_NUMBERS = 1_000_000


def to_json(order: SequenceOrder, report: CheckReport) -> str:
    """The result line; ASCII only, so that any name survives any pipe."""
    data: dict[str, Any] = {"sequences": [sequence_data(check) for check in report.checks]}
    if report.others is not None:
        data["others"] = [*report.others]
    data |= {"outcome": "checked", "exit_code": 0}
    now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
    line = {"event": "result", "timestamp": now, "file": str(order.source), "job": None, "status": "checked"}
    return json.dumps({**line, "data": data})


def sequence_data(check: SequenceCheck) -> dict[str, Any]:
    """One sequence."""
    row, wanted = check.row, check.row.wanted
    harvest = check.harvest
    return {
        "row": row.number,
        "name": wanted.name,
        "parent": row.parent,
        "folder": check.folder,
        "padding": wanted.padding,
        "extension": wanted.extension,
        "layout": wanted.layout.value,
        "first": row.first,
        "last": row.last,
        "rate": None if row.rate is None else f"{row.rate.numerator}/{row.rate.denominator}",
        "directory": {"passes": check.failure is None, "reason": check.failure},
        "frames": ranges.text(check.frames),
        "frame_count": ranges.count(check.frames),
        "missing": ranges.numbers(check.missing, MOST_NUMBERS),
        "missing_ranges": ranges.text(check.missing),
        "missing_count": ranges.count(check.missing),
        "outside": ranges.text(check.outside),
        "rejects": {str(rule): [*names] for rule, names in enumerate(harvest.rejected, 1)},
        "reject_masks": {str(rule): [*masks] for rule, masks in enumerate(harvest.masks, 1)},
        "near_misses": [asdict(miss) for miss in check.near_misses],
        "duplicates": [{"frame": frame, "names": [*names]} for frame, names in check.duplicates.items()],
        "problems": [asdict(problem) for problem in check.problems],
        "pictures": asdict(check.pictures) if check.pictures is not None else None,
        "looked_at": check.looked_at,
    }
