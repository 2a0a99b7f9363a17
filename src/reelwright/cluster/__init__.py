"""Many machines: Celery carries hints between them. Nothing of it is imported before it is known to be installed."""

from importlib.util import find_spec

INSTALL = "Install it: pip install 'reelwright[cluster]'."


def is_installed() -> bool:
    """Whether Celery is."""
    return find_spec("celery") is not None
