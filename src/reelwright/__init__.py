"""Reelwright: films in, finished video out, with measured quality and safe originals.

`encode`, `probe`, `plan`, `score` and what they return are described in `reelwright.api`, and imported when first used.
"""

from reelwright.version import VERSION

TYPE_CHECKING = False  # as in typing, which takes as long to import as Python to start
if TYPE_CHECKING:
    from typing import Any

    from reelwright.api import Planned as Planned
    from reelwright.api import ScoreOptions as ScoreOptions
    from reelwright.api import ScoreResult as ScoreResult
    from reelwright.api import encode as encode
    from reelwright.api import encode_async as encode_async
    from reelwright.api import plan as plan
    from reelwright.api import plan_async as plan_async
    from reelwright.api import probe as probe
    from reelwright.api import probe_async as probe_async
    from reelwright.api import score as score
    from reelwright.api import score_async as score_async
    from reelwright.config import Settings as Settings
    from reelwright.config import load_settings as load_settings
    from reelwright.errors import ReelwrightError as ReelwrightError

__version__ = VERSION

#: Where each public name lives.
_HOMES = {
    "Planned": "reelwright.api",
    "ReelwrightError": "reelwright.errors",
    "ScoreOptions": "reelwright.api",
    "ScoreResult": "reelwright.api",
    "Settings": "reelwright.config",
    "encode": "reelwright.api",
    "encode_async": "reelwright.api",
    "load_settings": "reelwright.config",
    "plan": "reelwright.api",
    "plan_async": "reelwright.api",
    "probe": "reelwright.api",
    "probe_async": "reelwright.api",
    "score": "reelwright.api",
    "score_async": "reelwright.api",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - they are names


def __getattr__(name: str) -> "Any":
    from importlib import import_module  # noqa: PLC0415 - as above

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
