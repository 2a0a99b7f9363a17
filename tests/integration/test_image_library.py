"""What `doctor` says of the libraries for image sequences."""

import asyncio

import pytest

from reelwright.doctor import picture_rows
from reelwright.sequences.deliverable import CONFIG
from reelwright.tools import oiiotool


def test_doctor_names_versions_formats_and_built_in_configurations() -> None:
    pictures, colors = asyncio.run(picture_rows())
    assert pictures.works is True
    assert colors.works is True
    assert "openexr" in pictures.found
    assert "oiiotool at" in pictures.found
    assert CONFIG.removeprefix("ocio://") in colors.found
    assert "studio-config-v1.0.0_aces-v1.3_ocio-v2.1" in colors.found


def test_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oiiotool.importlib.util, "find_spec", lambda _: None)
    (row,) = asyncio.run(picture_rows())
    assert row.works is False
    assert row.optional
    assert "pip install" in row.advice
