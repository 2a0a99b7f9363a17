"""Settings as TOML that can be pasted into a configuration file."""

import json
import re
from collections.abc import Mapping
from typing import Any


def toml_value(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    # A word in JSON is one in TOML, but for pairs of surrogates; and no terminal is to obey one.
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - what four digits can say


def toml_key(key: str) -> str:
    """A key as TOML writes it."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def toml_lines(tree: Mapping[str, Any], section: str = "") -> list[str]:
    """A tree as tables; values come before the tables inside."""
    values = {key: value for key, value in tree.items() if not (isinstance(value, Mapping) and value)}
    lines = [f"[{section}]"] if section and values else []
    lines += [f"{toml_key(key)} = {toml_value(value)}" for key, value in values.items()]
    for key, value in tree.items():
        if key not in values:
            lines += toml_lines(value, f"{section}.{toml_key(key)}" if section else toml_key(key))
    return lines
