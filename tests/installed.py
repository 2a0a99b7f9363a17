"""Plugins as pip leaves them, made by hand: a module, and a dist-info folder that announces what it gives."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import copytree

TEMPLATE = Path(__file__).parents[1] / "templates" / "plugin"


def install(
    site: Path, name: str, entries: Mapping[str, Mapping[str, str]], code: str = "", version: str = "1.0"
) -> str:
    """Put a distribution with one module into a folder of packages; gives the module's name back.

    Args:
        site: the folder.
        name: of the distribution.
        entries: by group, the names with the attributes of the module that they stand for.
        code: of the module.
        version: of the distribution.
    """
    module = name.lower().replace("-", "_").replace(".", "_")
    (site / f"{module}.py").write_text(code)
    info = site / f"{module}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [
        line
        for group, things in entries.items()
        for line in (f"[{group}]", *(f"{thing} = {module}:{attribute}" for thing, attribute in things.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return module


def install_template(folder: Path) -> tuple[Path, Path]:
    """Build the template of plugins and install it, without fetching anything; its folder of packages, and its copy."""
    copy, site = folder / "plugin", folder / "site"
    copytree(TEMPLATE, copy)
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"),
        *("--disable-pip-version-check", "--target", str(site), str(copy)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return site, copy
