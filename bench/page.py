"""Write docs/benchmarks.md and its plots from what the benchmarks have measured.

    python bench/page.py --build DIR --docs docs

Reads DIR/cells/*.json and DIR/peers/*.json (bench/encode.py), DIR/tool.json (bench/tool_speed.py) and
DIR/profiles.json (bench/profiles.py); what is not there is left out. The words between the tables come from
docs/benchmarks-notes.md, one section a heading.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import re
import subprocess
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import matplotlib as mpl

mpl.use("svg")
# The same numbers give the same file: no date, no random names of parts.
mpl.rcParams.update({"svg.hashsalt": "reelwright", "svg.fonttype": "none", "font.size": 10, "axes.spines.top": False})
mpl.rcParams.update({"axes.spines.right": False, "font.family": "sans-serif"})

from matplotlib import pyplot as plt  # noqa: E402 - after the choice of how it draws
from table import beside, every_cell, is_default, overview, where_time_goes  # noqa: E402 - beside this script

OURS, PLAIN, BAND = "#2f6fde", "#c0662b", "#2f6fde22"


def draw_film(row: dict[str, Any], path: Path) -> None:
    """VMAF and CRF of each chunk along the film, ours beside one plain encode of the same mean."""
    ends, place = [], 0
    for chunk in row["chunk_rows"]:
        ends.append((place, place + chunk["frames"], chunk))
        place += chunk["frames"]
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 4.6), sharex=True, height_ratios=(3, 2))
    target, band = row["target"], row["band"]
    above.axhspan(target - band, target + band, color=BAND, lw=0, label="band")
    for key, color, label in (("plain", PLAIN, f"one CRF ({row['plain_crf']:g})"), ("independent", OURS, "Reelwright")):
        for number, (start, end, chunk) in enumerate(ends):
            above.hlines(chunk[key], start, end, color=color, lw=2.5, label=label if number == 0 else None)
    above.set_ylabel("VMAF of the chunk")
    above.legend(loc="lower left", ncols=3, frameon=False)
    for start, end, chunk in ends:
        below.hlines(chunk["crf"], start, end, color=OURS, lw=2.5)
    below.axhline(row["plain_crf"], color=PLAIN, lw=1.5)
    below.set_ylabel("CRF")
    below.set_xlabel("frame")
    save(figure, path)


def draw_tool(rows: list[dict[str, Any]], path: Path) -> None:
    """How long the tool itself takes, as ratios, with the bound each is held to."""
    figure, axes = plt.subplots(figsize=(9, 0.5 * len(rows) + 1))
    names = [row["what"] for row in rows]
    axes.barh(names, [row["ratio"] for row in rows], color=OURS, height=0.5)
    for place, row in enumerate(rows):
        if row.get("bound"):
            axes.plot([row["bound"]] * 2, [place - 0.35, place + 0.35], color=PLAIN, lw=2)
        axes.annotate(f" {row['ratio']:.2f}", (row["ratio"], place), va="center")
    axes.invert_yaxis()
    axes.set_xlabel("times as long (the mark is the bound)")
    save(figure, path)


def draw_profiles(results: dict[str, Any], target: float, path: Path) -> None:
    """Each set of parameters: bytes against CPU, both over the default's, one colour a clip."""
    from profiles import DEFAULT, SETS, at_target  # noqa: PLC0415 - beside this script

    figure, axes = plt.subplots(figsize=(9, 5))
    for number, (clip, sets) in enumerate(results.items()):
        base = at_target(sets.get(DEFAULT, []), target)
        for name in SETS:
            here = at_target(sets.get(name, []), target)
            if base and here:
                x, y = here["cpu"] / base["cpu"], 100 * (here["bytes"] / base["bytes"] - 1)
                axes.plot(x, y, "o", color=f"C{number}", label=clip if name == DEFAULT else None)
                axes.annotate(f" {name}", (x, y), fontsize=7, color=f"C{number}")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("CPU time over the default's")
    axes.set_ylabel(f"bytes at VMAF {target:g}, % over the default's")
    axes.legend(frameon=False)
    save(figure, path)


def save(figure: Any, path: Path) -> None:
    """Write a plot, readable on light and dark pages alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None}, facecolor="white")
    plt.close(figure)


def machine() -> str:
    """The machine and the versions, in one sentence."""
    banner = subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-version"], capture_output=True, text=True, check=True)
    words = re.search(r"version (\S+)", banner.stdout)
    packages = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("av", "imageio-ffmpeg", "django"))
    cores, memory = len(os.sched_getaffinity(0)), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return (
        f"Machine: {cores} cores ({platform.machine()}), {memory} GiB. Python {platform.python_version()}, "
        f"FFmpeg {words[1] if words else '?'}, {packages}."
    )


def notes(path: Path) -> dict[str, str]:
    """The hand-written sections by heading."""
    parts = re.split(r"^## (.*)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {head.strip(): body.strip() for head, body in zip(parts[1::2], parts[2::2], strict=True)}


def section(title: str, lines: list[str], said: dict[str, str]) -> list[str]:
    """A section: what was measured, then what is said of it."""
    return ["", f"## {title}", "", *lines, *(["", said.pop(title)] if title in said else [])]


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """All results in a folder, in the order of their names."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def film_sections(build: Path, docs: Path, said: dict[str, str]) -> list[str]:
    """What was asked and reached, every cell, where the time goes, and ab-av1."""
    cells, peers = rows_of(build / "cells"), rows_of(build / "peers")
    if not cells:
        return []
    pictures = []
    for row in cells:
        if "refused" not in row and is_default(row) and not row["warm"]:
            name = f"film-{Path(row['film']).stem}-{row['target']:g}.svg"
            draw_film(row, docs / "images" / name)
            pictures += ["", f"![VMAF and CRF along {row['film']}](images/{name})"]
    lines = section("Films", [*overview(cells), *pictures], said)
    lines += section("Every cell", every_cell(cells), said)
    lines += section("Where the time goes", where_time_goes(cells), said)
    return lines + section("Beside ab-av1", beside(cells, peers) if peers else ["Not run here yet."], said)


def page(build: Path, docs: Path) -> str:
    """The whole page."""
    said = notes(docs / "benchmarks-notes.md")
    lines = ["# Benchmarks", "", said.pop("Opening"), "", machine(), "", "Made by `make bench`; the words are from"]
    lines[-1] += " [benchmarks-notes.md](benchmarks-notes.md), the figures and plots from the last run."
    lines += film_sections(build, docs, said)
    if (build / "tool.json").exists():
        rows = json.loads((build / "tool.json").read_text())
        draw_tool(rows, docs / "images" / "tool.svg")
        table = ["| what | against | times as long | bound |", "| --- | --- | --- | --- |"]
        table += [f"| {r['what']} | {r['against']} | {r['ratio']:.2f} | {r.get('bound') or ''} |" for r in rows]
        lines += section("The tool itself", [*table, "", "![Times as long](images/tool.svg)"], said)
    if (build / "profiles.json").exists():
        from profiles import table as profile_table  # noqa: PLC0415 - beside this script

        results = json.loads((build / "profiles.json").read_text())
        draw_profiles(results, 93, docs / "images" / "profiles.svg")
        picture = "![Bytes against CPU time](images/profiles.svg)"
        lines += section("Encoder settings", [*profile_table(results, 93), "", picture], said)
    for title in list(said):
        lines += section(title, [], said)
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--docs", type=Path, required=True)
    args = parser.parse_args()
    (args.docs / "benchmarks.md").write_text(page(args.build, args.docs), encoding="utf-8")
    print(f"{args.docs / 'benchmarks.md'} written")


if __name__ == "__main__":
    main()
