"""Where a configuration file may lie. Nothing heavy is imported here: `probe` asks on its way."""

import os

FILE_NAMES = ("reelwright.toml", "reelwright.json")


def user_config_dir() -> str:
    """The folder with the user's configuration file.

    On Linux this is what platformdirs answers, without the 20 ms that importing it takes; a test compares the two.
    """
    home = os.environ.get("XDG_CONFIG_HOME", "").strip() or os.path.expanduser("~/.config")  # noqa: PTH111
    return os.path.join(home, "reelwright")  # noqa: PTH118
