"""Scene lists of other programs and of our own: read, checked and written. Cuts are first frames of scenes.

| form | scenes |
| --- | --- |
| ours, JSON | `{"format": "reelwright-scenes", "frames": N, "scenes": [{"start", "end"}], "zones": […]}`, half-open |
| Av1an, JSON | `{"frames": N, "scenes": [{"start_frame", "end_frame"}], "split_scenes": […]}`, half-open |
| PySceneDetect, CSV | columns "Start Frame" (the first frame is 1) and "End Frame" (the last one, counted so) |
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from reelwright.media.timing import FrameIndex
from reelwright.planning.zones import Zone, make_zone

FORMAT = "reelwright-scenes"
#: One scene: how to call it in errors, and its frames [start, end).
Named = tuple[str, int, int]
COLUMNS = (
    *("Scene Number", "Start Frame", "Start Timecode", "Start Time (seconds)"),
    *("End Frame", "End Timecode", "End Time (seconds)"),
    *("Length (frames)", "Length (timecode)", "Length (seconds)"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenes:
    """A scene list: the first frame of each scene, and how many frames the film has."""

    cuts: tuple[int, ...]
    frames: int
    zones: tuple[Zone, ...] = ()


def read_scenes(text: str) -> Scenes:
    """Read a scene list in any of the forms.

    Raises:
        ValueError: it is none, or its scenes do not follow one another; the line or the scene is named.
    """
    if text.lstrip()[:1] not in {"{", "["}:
        return joined(csv_scenes(text), None)
    try:
        value = json.loads(text)
    except ValueError as error:
        raise ValueError(f"it is no JSON: {error}") from error
    if not isinstance(value, dict) or not isinstance(value.get("scenes"), list):
        raise ValueError('it is no scene list: there is no "scenes"')  # noqa: TRY004 - a wrong file, not a wrong type
    ours = value.get("format") == FORMAT
    names = ("start", "end") if ours else ("start_frame", "end_frame")
    # Av1an cuts long scenes further and lists the parts in `split_scenes`; we split by our own rule.
    rows = value["scenes"] or value.get("split_scenes") or []
    found = [json_scene(row, number, names) for number, row in enumerate(rows, start=1)]
    zones = tuple(json_zone(row, number) for number, row in enumerate(value.get("zones") or (), start=1))
    return joined(found, whole(value.get("frames"), "frames"), zones if ours else ())


def whole(value: Any, what: str) -> int:
    """A frame number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{what} is no frame number")
    return value


def json_scene(row: Any, number: int, names: tuple[str, str]) -> Named:
    """One scene of a JSON file.

    Raises:
        ValueError: it is none, or carries settings that would be lost.
    """
    called = f"scene {number}"
    if not isinstance(row, Mapping):
        raise ValueError(f"{called} is no object")  # noqa: TRY004
    if row.get("zone_overrides"):
        raise ValueError(f"{called} has zone_overrides, which are not read: give them with --zone and take them out")
    start, end = (whole(row.get(name), f"{name} of {called}") for name in names)
    return called, start, end


def json_zone(row: Any, number: int) -> Zone:
    """One zone of a file of our own; whole numbers are frames, words are as on the command line.

    Raises:
        ValueError: it is none.
    """
    called = f"zone {number}"
    if not isinstance(row, Mapping) or not isinstance(row.get("svt", {}), Mapping):
        raise ValueError(f"{called} is no object")  # noqa: TRY004
    bounds = [
        f"{v}f" if isinstance(v, int) and not isinstance(v, bool) else v for v in (row.get("start"), row.get("end"))
    ]
    if not all(isinstance(bound, str) for bound in bounds):
        raise ValueError(f"start or end of {called} is neither a frame number nor a time")
    settings = {name: str(value) for name, value in row.items() if name not in {"start", "end", "svt"}}
    svt = {f"svt.{name}": str(value) for name, value in row.get("svt", {}).items()}
    return make_zone(str(bounds[0]), str(bounds[1]), {**settings, **svt}, called)


def csv_scenes(text: str) -> list[Named]:
    """The scenes of PySceneDetect's CSV file; a line of timecodes may come before the names of the columns.

    Raises:
        ValueError: it is no such file; the line is named.
    """
    rows = csv.reader(io.StringIO(text))
    columns: list[str] = []
    found = []
    for row in rows:
        if not columns:
            columns = row if {"Start Frame", "End Frame"} <= {*row} else []
            if not columns and rows.line_num > 1:
                break
        elif row:
            found.append(csv_scene(dict(zip(columns, row, strict=False)), rows.line_num))
    if not columns:
        raise ValueError('it is no scene list: neither JSON nor a CSV file with "Start Frame" and "End Frame"')
    return found


def csv_scene(row: Mapping[str, str], line: int) -> Named:
    """One line of PySceneDetect's: both frames count from 1 and the last one is included, so [start - 1, end).

    Raises:
        ValueError: its frames are none.
    """
    called = f"line {line}"
    values = []
    for name in ("Start Frame", "End Frame"):
        text = row.get(name, "").strip()
        if not (text.isascii() and text.isdigit() and len(text) < 12):  # noqa: PLR2004 - no film has more frames
            raise ValueError(f"{called}: {name} is {text!r}, no frame number")
        values.append(int(text))
    return called, values[0] - 1, values[1]


def joined(found: Sequence[Named], frames: int | None, zones: tuple[Zone, ...] = ()) -> Scenes:
    """Make sure that the scenes follow one another from frame 0 to the end.

    Raises:
        ValueError: they do not, or there are none.
    """
    if not found:
        raise ValueError("there is no scene in it")
    before, last = "the film", 0
    for called, start, end in found:
        if start != last:
            where = "not at the film's first frame" if last == 0 else f"but {before} ends before frame {last}"
            raise ValueError(f"{called} starts at frame {start}, {where} (frames counted from 0)")
        if end <= start:
            raise ValueError(f"{called} ends before frame {end} and starts at frame {start}: it has no frame")
        before, last = called, end
    if frames is not None and frames != last:
        raise ValueError(f'"frames" is {frames}, but {before} ends before frame {last}')
    return Scenes(cuts=tuple(start for _, start, _ in found), frames=last, zones=zones)


def form_of(name: str) -> str | None:
    """Which form a file of this name is written in: "csv", "av1an" or "json"; None: none of them."""
    low = name.lower()
    if low.endswith(".csv"):
        return "csv"
    return "av1an" if low.endswith(".av1an.json") else "json" if low.endswith(".json") else None


def write_scenes(form: str, cuts: Sequence[int], zones: Sequence[Zone], index: FrameIndex) -> str:
    """A scene list in one of the forms. Only ours carries zones."""
    scenes = list(zip(cuts, [*cuts[1:], index.frames], strict=True))
    if form == "csv":
        return written_csv(scenes, index)
    if form == "av1an":
        rows = [{"start_frame": a, "end_frame": b, "zone_overrides": None} for a, b in scenes]
        return json.dumps({"frames": index.frames, "scenes": rows, "split_scenes": rows}) + "\n"
    value = {
        "format": FORMAT,
        "version": 1,
        "frames": index.frames,
        "scenes": [{"start": a, "end": b} for a, b in scenes],
        "zones": [plain_zone(zone) for zone in zones],
    }
    return json.dumps(value, indent=1) + "\n"


def plain_zone(zone: Zone) -> dict[str, Any]:
    """A zone as plain values, as `json_zone` reads them."""
    settings = {name: getattr(zone, name) for name in ("target", "crf", "preset")}
    said = {name: value for name, value in settings.items() if value is not None}
    return {"start": zone.start, "end": zone.end, **said, **({"svt": dict(zone.svt)} if zone.svt else {})}


def written_csv(scenes: Iterable[tuple[int, int]], index: FrameIndex) -> str:
    """PySceneDetect's scene list, without the line of timecodes, which is no CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for number, (start, end) in enumerate(scenes, start=1):
        begin, stop = index.seconds(start), index.seconds(end)
        parts = [(start + 1, begin), (end, stop), (end - start, stop - begin)]
        writer.writerow([number, *(v for f, t in parts for v in (f, timecode(t), f"{float(t):.3f}"))])
    return out.getvalue()


def timecode(seconds: Fraction) -> str:
    """HH:MM:SS.mmm."""
    thousandths = round(seconds * 1000)
    whole_seconds, part = divmod(thousandths, 1000)
    return f"{whole_seconds // 3600:02}:{whole_seconds // 60 % 60:02}:{whole_seconds % 60:02}.{part:03}"
