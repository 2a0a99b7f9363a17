"""The plugin keeps the ports' contracts, and does what it says. The contracts come with Reelwright."""

from pathlib import Path

import numpy as np
from reelwright_example.encoder import RAV1E
from reelwright_example.matcher import TITLE_YEAR
from reelwright_example.notifier import LOG
from reelwright_example.raster_step import VIGNETTE

from reelwright.testing import check_encoder, check_matcher, check_notifier, check_raster_step


def test_the_matcher_keeps_its_contract() -> None:
    metropolis = {"name": "Metropolis (1927).mkv"}
    check_matcher(
        TITLE_YEAR,
        holds=[
            (1927, metropolis, True),
            ("1900..1959", metropolis, True),
            ("1960..1999", metropolis, False),
            (1927, {"name": "holiday.mkv"}, None),
            (2001, {"name": "2001 (1968) (2001).mkv"}, True),
        ],
        wrong=["old", True, "19", ["1927"]],
    )


def test_the_encoder_keeps_its_contract() -> None:
    check_encoder(RAV1E)


def test_the_raster_step_keeps_its_contract() -> None:
    check_raster_step(
        VIGNETTE,
        examples=["example.vignette:strength=0", "example.vignette:strength=0.4", "example.vignette:strength=1"],
        wrong=["example.vignette", "example.vignette:strength=2", "example.vignette:size=3"],
    )


def test_a_vignette_darkens_the_corners_and_leaves_the_middle() -> None:
    done = VIGNETTE.apply(np.ones((5, 5, 3), np.float32), {"strength": 0.5})
    assert done[2, 2].tolist() == [1, 1, 1]
    assert done[0, 0].tolist() == [0.5, 0.5, 0.5]


def test_the_notifier_keeps_its_contract(tmp_path: Path) -> None:
    check_notifier(
        LOG,
        settings={"path": str(tmp_path / "log.txt")},
        wrong=[{}, {"path": ""}, {"path": "x", "colour": "red"}],
        failing={"path": str(tmp_path / "nowhere" / "log.txt")},
    )
    assert "The disk is full." in (tmp_path / "log.txt").read_text()
