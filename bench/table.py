"""The table of the page: what was asked of each figure, and what the cells reached."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
#: Columns: the reel with an empty ledger, films with an empty ledger, films after others.
COLUMNS = ("reel cold", "film cold", "film warm")
#: What a chunk's search may cost where the band is narrow, and how many have to end in it.
WIDE, NARROW = 1.0, 0.5


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table."""

    title: str
    #: Which cells it is taken from.
    of: Callable[[Row], bool]
    value: Callable[[Row], float | None]
    show: str
    #: Bounds for each column: at least, at most.
    bounds: tuple[tuple[float | None, float | None], ...]


def is_default(row: Row) -> bool:
    """Every chunk on the target, in the default band, preset 6."""
    return bool(row["preset"] == 6 and row["objective"] == "uniform" and row["band"] == WIDE)


def is_narrow(row: Row) -> bool:
    """The same in the narrow band."""
    return bool(row["preset"] == 6 and row["objective"] == "uniform" and row["band"] == NARROW)


def is_small(target: float) -> Callable[[Row], bool]:
    """The fewest bytes at a target."""
    return lambda row: bool(
        row["preset"] == 6 and row["objective"] == "min-size" and row["band"] == WIDE and row["target"] == target
    )


def is_large(row: Row) -> bool:
    """The default at 1080p: below it both sides are scaled up for scoring, which costs more than the encode."""
    return is_default(row) and row["scaled_to"] is None


def off_target(row: Row) -> float | None:
    """How far the mean of the chunks with an answer is from the target."""
    found = row["mean_of_chunks_with_an_answer"]
    return None if found is None else found - row["target"]


def at_most(*bounds: float) -> tuple[tuple[None, float], ...]:
    """Upper bounds for each column."""
    return tuple((None, bound) for bound in bounds)


FIGURES = (
    Figure(
        title="mean of the chunks with an answer, against the target",
        of=is_default,
        value=off_target,
        show="{:+.2f}",
        bounds=((-0.1, 0.2), (-0.1, 0.15), (-0.1, 0.15)),
    ),
    Figure(
        title="encodes per chunk, by frames, samples counted",
        of=is_default,
        value=lambda row: row["encodes_per_chunk_by_frames"],
        show="{:.2f}",
        bounds=at_most(1.6, 1.4, 1.25),
    ),
    Figure(
        title="the same with --band 0.5",
        of=is_narrow,
        value=lambda row: row["encodes_per_chunk_by_frames"],
        show="{:.2f}",
        bounds=at_most(1.9, 1.7, 1.5),
    ),
    Figure(
        title="wall time over the plain encode (1080p)",
        of=is_large,
        value=lambda row: row["wall_over_plain"],
        show="{:.2f}",
        bounds=at_most(2.1, 1.8, 1.6),
    ),
    Figure(
        title="CPU time over the plain encode (1080p)",
        of=is_large,
        value=lambda row: row["cpu_over_plain"],
        show="{:.2f}",
        bounds=((None, None),) * 3,
    ),
    Figure(
        title="scoring's share of CPU (1080p)",
        of=is_large,
        value=lambda row: 100 * row["scoring_share_of_cpu"],
        show="{:.0f} %",
        bounds=at_most(25, 25, 25),
    ),
    Figure(
        title="bytes over the plain encode, uniform",
        of=is_default,
        value=lambda row: row["bytes_over_plain"],
        show="{:.3f}",
        bounds=at_most(1.0, 1.02, 1.02),
    ),
    *(
        Figure(
            title=f"bytes over the plain encode, min-size at {target:g}",
            of=is_small(target),
            value=lambda row: row["bytes_over_plain"],
            show="{:.3f}",
            bounds=at_most(reel, 0.99, 0.99),
        )
        for target, reel in ((93.0, 0.97), (95.0, 0.94))
    ),
)


def column_of(row: Row) -> str:
    """Which column a cell belongs to; a reel after others has none."""
    return ("reel" if row["reel"] else "film") + (" warm" if row["warm"] else " cold")


def label(row: Row) -> str:
    """What tells a figure from the others in its field."""
    name = "" if row["reel"] else f"{row['film'].rsplit('.', 1)[0]} "
    return f"{name}at {row['target']:g}"


def held(value: float, bounds: tuple[float | None, float | None]) -> bool:
    """Whether a figure is within its bounds."""
    low, high = bounds
    return (low is None or value >= low) and (high is None or value <= high)


def asked(bounds: tuple[float | None, float | None], show: str) -> str:
    """The bounds, as in a figure of this kind."""
    low, high = bounds
    if high is None:
        return ""
    return f"{show.format(low)} to {show.format(high)}" if low is not None else f"≤ {show.format(high)}"


def field(figure: Figure, rows: Sequence[Row], column: int) -> str:
    """One field: each cell's figure, marked where it is not what was asked; then what was asked."""
    said = []
    for row in rows:
        if column_of(row) != COLUMNS[column] or not figure.of(row) or (value := figure.value(row)) is None:
            continue
        mark = "" if held(value, figure.bounds[column]) else " **missed**"
        noisy = " (busy)" if "time" in figure.title and (row["busy"] or row["plain_busy"]) else ""
        said.append(f"{label(row)}: {figure.show.format(value)}{noisy}{mark}")
    bounds = asked(figure.bounds[column], figure.show)
    return "<br>".join([*(said or ["-"]), *([f"*{bounds}*"] if bounds else [])])


def within(rows: Sequence[Row], band: float, least: float) -> str:
    """How many chunks with an answer ended in a band, over all films."""
    counted = [row for row in rows if row["band"] == band and row["objective"] == "uniform" and row["preset"] == 6]
    found, kept = (sum(row[key] for row in counted) for key in ("chunks_with_an_answer", "chunks_within_the_band"))
    if not found:
        return f"Within ±{band:g}: nothing measured yet."
    share = kept / found
    mark = "" if share >= least else " **missed**"
    few = "" if found >= 60 else "; at least 60 chunks are wanted"
    return (
        f"Chunks with an answer that ended within ±{band:g} of their aim, by an independent run, over all films at "
        f"preset 6: {kept} of {found}, {100 * share:.1f} %{mark} (at least {100 * least:g} %{few})."
    )


def overview(rows: Sequence[Row]) -> list[str]:
    """The table of what was asked and what was reached."""
    usable = [row for row in rows if "refused" not in row]
    lines = [within(usable, WIDE, 0.99), "", within(usable, NARROW, 0.95), ""]
    lines += ["| figure, preset 6 | " + " | ".join(COLUMNS) + " |", "| --- |" + " --- |" * len(COLUMNS)]
    lines += [
        f"| {figure.title} | " + " | ".join(field(figure, usable, column) for column in range(len(COLUMNS))) + " |"
        for figure in FIGURES
    ]
    return lines


CELL_HEAD = (
    "film",
    "preset",
    "target",
    "band",
    "objective",
    "ledger",
    "answers",
    "in band",
    "mean − target",
    "encodes",
    "wall",
    "CPU",
    "scoring",
    "bytes",
    "worst chunk, plain's",
)


def every_cell(rows: Sequence[Row]) -> list[str]:
    """All cells, a line each."""
    lines = ["| " + " | ".join(CELL_HEAD) + " |", "| --- |" + " ---: |" * (len(CELL_HEAD) - 1)]
    for row in rows:
        if "refused" in row:
            lines.append(f"| {row['cell']} | refused: {row['refused'][0]} |" + " |" * (len(CELL_HEAD) - 2))
            continue
        miss = off_target(row)
        busy = " (busy)" if row["busy"] or row["plain_busy"] else ""
        said = (
            row["film"],
            f"{row['preset']}",
            f"{row['target']:g}",
            f"{row['band']:g}",
            row["objective"],
            "warm" if row["warm"] else "cold",
            f"{row['chunks_with_an_answer']} of {row['chunks']}",
            f"{row['chunks_within_the_band']}",
            "-" if miss is None else f"{miss:+.2f}",
            f"{row['encodes_per_chunk_by_frames']:.2f}",
            f"{row['wall_over_plain']:.2f} ({row['wall_seconds'][0]:.0f} s on {row['cores']} cores){busy}",
            f"{row['cpu_over_plain']:.2f}",
            f"{100 * row['scoring_share_of_cpu']:.0f} %",
            f"{row['bytes_over_plain']:.3f}",
            f"{row['worst_chunk']:.1f}, {row['plain_worst_chunk']:.1f}",
        )
        lines.append("| " + " | ".join(said) + " |")
    return lines


def where_time_goes(rows: Sequence[Row]) -> list[str]:
    """The phases of each run with the default band at preset 6, cold and warm."""
    head = ("film", "analysis", "trials", "of it the tail", "joined, checked", "slots filled", "cores kept busy")
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for row in rows:
        if "refused" in row or not is_default(row):
            continue
        spent = row["phases"]
        seconds = [f"{spent[k]:.0f} s" for k in ("analysis", "trials", "tail", "assemble_and_validate")]
        shares = [f"{100 * spent['slots_filled']:.0f} %", f"{100 * row['cores_kept_busy']:.0f} %"]
        lines.append("| " + " | ".join([f"{label(row)} ({column_of(row)})", *seconds, *shares]) + " |")
    return lines


def beside(rows: Sequence[Row], peers: Sequence[Row]) -> list[str]:
    """ab-av1's runs beside ours."""
    ours = {row["cell"]: row for row in rows}
    head = ("film", "", "wall over plain", "mean", "worst chunk", "bytes", "CRF")
    lines = ["| " + " | ".join(head) + " |", "| --- | --- |" + " ---: |" * (len(head) - 2)]
    for peer in peers:
        row = ours.get(peer["cell"])
        if row is None or "refused" in row:
            continue
        crfs = [chunk["crf"] for chunk in row["chunk_rows"]]
        size = sum(chunk["bytes"] for chunk in row["chunk_rows"])
        what = f"{row['film']} at {row['target']:g}, preset {row['preset']}"
        lines.append(
            f"| {what} | ours | {row['wall_over_plain']:.2f} ({row['wall_seconds'][0]:.0f} s) | "
            f"{row['mean_independent']:.2f} | {row['worst_chunk']:.1f} | 1.00 ({size / 1e6:.1f} MB) | "
            f"{min(crfs):g} to {max(crfs):g} |"
        )
        if "failed" in peer:
            said = peer["failed"].strip().splitlines()
            lines.append(f"| | ab-av1 | failed: {said[-1] if said else 'without a word'} | | | | |")
            continue
        lines.append(
            f"| | {peer['version']} | {peer['wall_over_plain']:.2f} ({peer['times']['wall']:.0f} s) | "
            f"{peer['mean']:.2f} | {peer['worst_chunk']:.1f} | {peer['bytes_over_ours']:.2f} | {peer['crf']:g} |"
        )
    return lines
