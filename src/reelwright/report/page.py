"""The page: one HTML file that needs nothing else and asks no network for anything."""

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from reelwright.engine.jobs import StepKind
from reelwright.errors import ToolError
from reelwright.report.curves import chunk_rows, frame_line
from reelwright.report.dossier import Dossier, Pair
from reelwright.report.headline import Figures, headline_context, moment
from reelwright.report.story import ChunkStory
from reelwright.report.tables import (
    FATES,
    check_table,
    chunk_table,
    foresight,
    ledger_table,
    notes,
    run_table,
    setting_groups,
    stream_table,
    time_table,
)
from reelwright.version import VERSION
from reelwright.words import printable_path, timecode

#: Says that a file is one of ours, within its first bytes: only such a file is replaced unasked.
MARKER = '<meta name="generator" content="Reelwright report'
MARKER_WITHIN = 512
SEARCHES = {
    "uniform": "Each chunk was encoded at one CRF after another until its score was within the band.",
    "min-size": "Each chunk was encoded where a point of VMAF costs as many bytes a frame as everywhere in the film.",
}
SHOWS = {
    "worst": "the lowest frame of the lowest-scored chunk",
    "median": "a typical frame of the middle chunk",
    "best": "a typical frame of the highest-scored chunk",
}


def request_of(dossier: Dossier) -> Mapping[str, Any]:
    """What was asked for."""
    request: Mapping[str, Any] = dossier.job.plan.get("request", {})
    return request


def render(dossier: Dossier, chunks: Sequence[ChunkStory], figures: Figures) -> str:
    """The whole page as HTML.

    Raises:
        ToolError: the chart library is not installed.
    """
    plotly, script = plotly_source(), asset("page.js")
    trials = [t for c in chunks for t in c.trials]
    context = {
        **headline_context(dossier, figures),
        "job": dossier.job.id,
        "policy": policy(script, plotly),
        "style": asset("parts.css") + asset("page.css"),
        "script": script,
        "plotly": packed(plotly),
        "charts": charts(dossier, chunks),
        "search": SEARCHES[request_of(dossier).get("objective", "uniform")],
        "chunks": chunk_table(chunks),
        "foresight": foresight(chunks),
        "pairs": [pair_context(pair) for pair in dossier.pairs],
        "missing": [printable_path(text) for text in dossier.missing],
        "streams": [
            {**row, "said": FATES.get(row["fate"], row["fate"])}
            for row in stream_table(dossier.job.plan, dossier.source, dossier.ledger)
        ],
        "besides": ledger_table(dossier.ledger),
        "checks": check_table(dossier),
        "times": time_table(dossier, chunks),
        "runs": run_table(dossier.outcomes),
        "groups": setting_groups(dossier, trials),
        "notes": notes(dossier),
        "version": VERSION,
        "made": moment(dossier.made),
    }
    return _engine().get_template("page.html").render(Context(context, use_l10n=False, use_tz=False))


@cache
def _engine() -> Engine:
    return Engine(dirs=[str(files("reelwright.report").joinpath("templates"))], autoescape=True)


def asset(name: str) -> str:
    """A file that goes into the page as it is."""
    return files("reelwright.report").joinpath("templates", name).read_text(encoding="utf-8")


def plotly_source() -> str:
    """The chart library's text.

    Raises:
        ToolError: the package is not there.
    """
    return plotly_path().read_text(encoding="utf-8")


def plotly_path() -> Path:
    """The chart library, as the `plotly` package carries it; its Python is never imported.

    Raises:
        ToolError: the package is not there.
    """
    spec = find_spec("plotly")
    folders = spec.submodule_search_locations if spec else None
    path = Path(next(iter(folders))) / "package_data" / "plotly.min.js" if folders else None
    if path is None or not path.is_file():
        raise ToolError("The chart library is not installed.", hint="`pip install plotly` brings it.")
    return path


def packed(text: str) -> str:
    """Text as the page unpacks it: gzip in base64, a third of its size. The same text gives the same bytes."""
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=9, mtime=0)).decode("ascii")


def policy(*scripts: str) -> str:
    """The page's Content-Security-Policy: these scripts by their hashes, pictures out of the page, and no network."""
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def charts(dossier: Dossier, chunks: Sequence[ChunkStory]) -> dict[str, Any]:
    """The numbers of the charts."""
    request = request_of(dossier)
    analysed = dossier.steps.get(StepKind.ANALYSE)
    return {
        "target": request.get("target_vmaf"),
        "low": request.get("band_low"),
        "high": request.get("band_high"),
        "fixed": request.get("crf") is not None,
        "seconds": analysed.result["seconds"] if analysed else None,
        "line": frame_line(chunks, dossier.index),
        "chunks": chunk_rows(chunks),
    }


def pair_context(pair: Pair) -> dict[str, Any]:
    """Two pictures of one frame."""
    shot = pair.shot
    return {
        "kind": shot.kind,
        "shows": SHOWS[shot.kind],
        "chunk": shot.chunk,
        "frame": shot.frame,
        "time": timecode(pair.seconds),
        "score": f"{shot.score:.2f}",
        "width": pair.width,
        "height": pair.height,
        "source": base64.b64encode(pair.source).decode("ascii"),
        "output": base64.b64encode(pair.output).decode("ascii"),
    }
