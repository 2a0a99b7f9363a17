"""What there is to set of plugins."""

import re
from typing import Annotated

from pydantic import BeforeValidator

from reelwright.sections import Section


def words(value: object) -> object:
    """A list as it is; a text, as the environment has it, at its commas and spaces."""
    return tuple(re.findall(r"[^\s,]+", value)) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(words)]


class PluginSettings(Section):
    """Which of the installed plugins are used."""

    #: Names of distributions as pip has them; no code of any other is run.
    enabled: Words = ()
