import pytest

from reelwright.errors import UsageError
from reelwright.sequences.channels import Chosen, Part, choose

RGBA = ("R", "G", "B", "A")
LAYERED = Part(channels=(*RGBA, "diffuse.R", "diffuse.G", "diffuse.B", "depth.Z", "N.X", "N.Y", "N.Z"))
STEREO = (
    Part(channels=RGBA, name="rgba.left", view="left"),
    Part(channels=RGBA, name="rgba.right", view="right"),
    Part(channels=("Z",), name="depth", view="left"),
)
MULTIVIEW = Part(
    channels=("R", "G", "B", "right.R", "right.G", "right.B", "diffuse.right.R", "diffuse.right.G", "diffuse.right.B"),
    views=("left", "right"),
)


@pytest.mark.parametrize(
    ("parts", "wanted", "view", "chosen"),
    [
        ((LAYERED,), "", "", Chosen(part=0, colors=("R", "G", "B"), alpha="A")),
        ((LAYERED,), "diffuse", "", Chosen(part=0, colors=("diffuse.R", "diffuse.G", "diffuse.B"))),
        ((LAYERED,), "B,G,R", "", Chosen(part=0, colors=("B", "G", "R"), alpha="A")),
        ((LAYERED,), "depth.Z", "", Chosen(part=0, colors=("depth.Z", "depth.Z", "depth.Z"))),
        ((LAYERED,), "N", "", Chosen(part=0, colors=("N.X", "N.Y", "N.Z"))),
        ((Part(channels=("Y",)),), "", "", Chosen(part=0, colors=("Y", "Y", "Y"))),
        ((Part(channels=("Y", "A")),), "", "", Chosen(part=0, colors=("Y", "Y", "Y"), alpha="A")),
        ((Part(channels=("beauty.R", "beauty.G", "beauty.B"), name="beauty"),), "", "",
         Chosen(part=0, colors=("beauty.R", "beauty.G", "beauty.B"))),
        (STEREO, "", "", Chosen(part=0, colors=("R", "G", "B"), alpha="A")),
        (STEREO, "", "right", Chosen(part=1, colors=("R", "G", "B"), alpha="A")),
        (STEREO, "rgba.right", "", Chosen(part=1, colors=("R", "G", "B"), alpha="A")),
        (STEREO, "depth", "", Chosen(part=2, colors=("Z", "Z", "Z"))),
        ((MULTIVIEW,), "", "left", Chosen(part=0, colors=("R", "G", "B"))),
        ((MULTIVIEW,), "", "right", Chosen(part=0, colors=("right.R", "right.G", "right.B"))),
        ((MULTIVIEW,), "diffuse", "right",
         Chosen(part=0, colors=("diffuse.right.R", "diffuse.right.G", "diffuse.right.B"))),
    ],
)  # fmt: skip
def test_the_picture_is_found(parts: tuple[Part, ...], wanted: str, view: str, chosen: Chosen) -> None:
    assert choose(parts, wanted, view=view) == chosen


def test_a_part_can_be_asked_for_by_its_number() -> None:
    assert choose(STEREO, part=1).part == 1
    with pytest.raises(UsageError, match="no part 3: they have 3"):
        choose(STEREO, part=3)


@pytest.mark.parametrize(
    ("wanted", "view", "said"),
    [
        ("specular", "", "no channel specular"),
        ("diffuse.R,diffuse.G,diffuse.C", "", "no channel diffuse.C"),
        ("", "right", "no view 'right': they name no views"),
    ],
)
def test_what_is_not_there_is_said(wanted: str, view: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        choose((LAYERED,), wanted, view=view)


def test_a_near_miss_and_the_views_there_are_are_named() -> None:
    with pytest.raises(UsageError) as caught:
        choose((LAYERED,), "difuse")
    assert caught.value.hint == "Did you mean diffuse?"
    with pytest.raises(UsageError, match="no view 'centre': they have left, right"):
        choose(STEREO, view="centre")
