"""Which files belong to a film, what they are called with it, and copies of them in another tree."""

import pytest

from disk_model import Abilities, ModelDisk
from reelwright.engine.sidecar_copies import copy_sidecars
from reelwright.errors import ValidationFailedError
from reelwright.planning.sidecars import companions, followers

THERE = [
    "heat.mkv", "heat.srt", "heat.en.forced.ass", "heat-poster.jpg", "heat.jpg", "heat.nfo", "heat.mkv.nfo",
    "heat-2.mkv", "heat-2.srt", "heat.extended.mkv", "heat.extended.en.srt", "heathers.srt", "heat.txt.part",
    "poster.jpg",
]  # fmt: skip


def test_sidecars_are_those_whose_names_begin_with_the_films_and_fit_no_other_film_better() -> None:
    assert companions("heat.mkv", THERE) == [
        "heat-poster.jpg", "heat.en.forced.ass", "heat.jpg", "heat.mkv.nfo", "heat.nfo", "heat.srt",
    ]  # fmt: skip
    assert companions("heat-2.mkv", THERE) == ["heat-2.srt"]


def test_only_what_names_the_old_extension_follows_a_new_one() -> None:
    assert followers("heat.mkv", "heat.mp4", THERE) == [("heat.mkv.nfo", "heat.mp4.nfo")]
    assert followers("heat.mkv", "heat.mkv", THERE) == []


def test_copies_take_the_outputs_name_and_go_over_nothing() -> None:
    disk = ModelDisk()
    for name in THERE:
        disk.put(f"/films/{name}", name.encode())
    disk.put("/out/heat.av1.mkv", b"output")
    disk.put("/out/heat.av1.srt", b"mine")
    made = copy_sidecars("/films/heat.mkv", "/out/heat.av1.mkv", disk)
    assert "/out/heat.av1.mkv.nfo" in made
    assert "/out/heat.av1.en.forced.ass" in made
    assert disk.read("/out/heat.av1.srt") == b"mine"
    assert disk.read("/out/heat.av1-poster.jpg") == b"heat-poster.jpg"
    assert len(made) == 5
    assert copy_sidecars("/films/heat.mkv", "/out/heat.av1.mkv", disk) == []
    assert not [path for path in disk.files() if "/." in path]


def test_a_sidecar_that_arrives_spoilt_is_no_sidecar() -> None:
    disk = ModelDisk(Abilities(spoils=True))
    disk.put("/films/heat.mkv", b"film")
    disk.put("/films/heat.srt", b"words")
    disk.put("/out/heat.mkv", b"output")
    with pytest.raises(ValidationFailedError):
        copy_sidecars("/films/heat.mkv", "/out/heat.mkv", disk)
    assert set(disk.files()) == {"/films/heat.mkv", "/films/heat.srt", "/out/heat.mkv"}
