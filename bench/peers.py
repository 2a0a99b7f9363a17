"""ab-av1 on the same films: one CRF for the whole film, found from samples, then one encode.

Needs `ab-av1` on the PATH (`cargo install ab-av1`). It is given our FFmpeg, by a link in a folder of its own, and where
there is no `ffprobe`, a stand-in that answers the questions it asks.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from cells import Cell
from measuring import FFMPEG, mean, timed, whole_film_scores, write

NO_PEER = "ab-av1 is not on the PATH: its figures are left out (cargo install ab-av1)"


def tool_folder(folder: Path) -> Path:
    """A folder with the programs ab-av1 calls, for the front of the PATH."""
    (folder / "ffmpeg").symlink_to(FFMPEG)
    if shutil.which("ffprobe") is None:
        stand_in = folder / "ffprobe"
        script = Path(__file__).resolve().parent / "ffprobe.py"
        stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n', encoding="utf-8")
        stand_in.chmod(0o755)
    return folder


def command_of(film: Path, cell: Cell, output: Path) -> list[str]:
    """What a user of ab-av1 would type for the same wish."""
    encode = ["ab-av1", "auto-encode", "-i", str(film), "-o", str(output)]
    return [*encode, "--preset", str(cell.preset), "--min-vmaf", f"{cell.target:g}"]


def measure(film: Path, cell: Cell, build: Path) -> dict[str, Any]:
    """One run, scored as ours is; its chunks are ours, so that the worst scene is comparable."""
    ours = json.loads((build / "cells" / f"{cell.name}.json").read_text())
    with tempfile.TemporaryDirectory(dir=build) as folder:
        tools = Path(folder) / "tools"
        tools.mkdir()
        output = Path(folder) / "theirs.mkv"
        # Its samples would lie beside the film.
        command = [*command_of(film, cell, output), "--temp-dir", folder]
        path = f"{tool_folder(tools)}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(Path(folder) / "cache"), "SVT_LOG": "1"}
        done = timed(command, env=environment, cwd=folder, stderr=subprocess.STDOUT)
        rows = ours["chunk_rows"]
        scale = ours["scaled_to"]
        scores = whole_film_scores(film, output, Path(folder) / "vmaf.json", scale=scale, model=ours["model"])
        size = video_bytes(output, Path(folder))
    start, chunks = 0, []
    for row in rows:
        chunks.append(round(fmean(scores[start : start + row["frames"]]), 3))
        start += row["frames"]
    found = re.findall(r"crf (\d+(?:\.\d+)?)", done.stdout)
    return {
        "cell": cell.name,
        "film": film.name,
        "preset": cell.preset,
        "target": cell.target,
        "version": version(),
        "command": " ".join(command_of(Path(film.name), cell, Path("out.mkv"))),
        "crf": float(found[-1]) if found else None,
        "times": done.row(),
        "busy": done.busy,
        "mean": mean(scores),
        "worst_chunk": min(chunks),
        "chunks": chunks,
        "bytes": size,
        "wall_over_plain": done.wall / ours["wall_seconds"][1],
        "bytes_over_ours": size / sum(row["bytes"] for row in rows),
    }


def video_bytes(film: Path, folder: Path) -> int:
    """Bytes of the film alone, without sound."""
    bare = folder / "bare.mkv"
    copy = [FFMPEG, "-nostdin", "-v", "error", "-y", "-i", str(film), "-map", "0:v:0", "-c", "copy", str(bare)]
    subprocess.run(copy, check=True)
    return bare.stat().st_size


def version() -> str:
    """What ab-av1 says of itself."""
    program = shutil.which("ab-av1") or "ab-av1"
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def measure_all(films: dict[str, Path], cells: Sequence[Cell], build: Path, *, force: bool) -> None:
    """Beside each cell with our defaults that was measured, unless that is there."""
    if shutil.which("ab-av1") is None:
        print(NO_PEER, flush=True)
        return
    for cell in cells:
        path = build / "peers" / f"{cell.name}.json"
        plain_wish = cell == Cell(film=cell.film, preset=cell.preset, target=cell.target)
        if not plain_wish or (path.exists() and not force) or not (build / "cells" / f"{cell.name}.json").exists():
            continue
        print(f"ab-av1: {cell.name}", flush=True)
        try:
            row = measure(films[cell.film], cell, build)
        except subprocess.CalledProcessError as error:
            row = {"cell": cell.name, "failed": (error.stdout or "")[-500:]}
        write(path, row)
        print("  " + ", ".join(f"{k} {v}" for k, v in row.items() if k != "chunks"), flush=True)
