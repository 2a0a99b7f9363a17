"""The static files: where they are, and the address they have, which changes with their content."""

import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from reelwright.report.page import plotly_path

#: Addresses below the static one: the chart library, and what draws the charts of a film with it, as in reports.
CHARTS, CHARTED, CHART_STYLE = "charts/plotly.min.js", "charts/film.js", "charts/film.css"


def chart_script() -> Path:
    """What draws a film's charts: the report's own script."""
    return Path(str(files("reelwright.report").joinpath("templates", "page.js")))


def chart_style() -> Path:
    """How the sections of a film look: as in reports."""
    return Path(str(files("reelwright.report").joinpath("templates", "parts.css")))


def own_files() -> list[Path]:
    """Our files, which are few."""
    return sorted(Path(str(files("reelwright.web").joinpath("static", "web"))).iterdir())


@cache
def static_address() -> str:
    """Address of static files. It holds a digest of all of them, so that browsers may keep them for good."""
    digest = hashlib.sha256(f"{version('django-htmx')} {version('django-ninja')} {version('plotly')}".encode())
    for path in (chart_script(), chart_style(), *own_files()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"/static/{digest.hexdigest()[:12]}/"


__all__ = ["CHARTED", "CHARTS", "CHART_STYLE", "chart_script", "chart_style", "plotly_path", "static_address"]
