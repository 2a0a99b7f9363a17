"""Whether a film's colours are the same to its end, told from its frames."""

from types import SimpleNamespace
from typing import Any

import pytest

from reelwright.tools.children.colors import ColorChanges


def data(name: str, payload: bytes) -> Any:
    class Data(bytes):
        type = SimpleNamespace(name=name)

    return Data(payload)


def frame(*, primaries: int = 1, transfer: int = 1, matrix: int = 1, span: int = 1, side: tuple[Any, ...] = ()) -> Any:
    return SimpleNamespace(
        color_primaries=primaries, color_trc=transfer, colorspace=matrix, color_range=span, side_data=side
    )


def told(*frames: Any) -> tuple[list[str], list[str]]:
    changes = ColorChanges()
    for one in frames:
        changes.frame(one)
    return changes.conflicts(), changes.remarks()


def test_a_film_of_one_colour_description_is_nothing_to_speak_of() -> None:
    assert told(frame(), frame(), frame()) == ([], [])
    assert told() == ([], [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"primaries": 9}, "primaries from bt709 to bt2020 at frame 2"),
        ({"transfer": 16}, "transfer from bt709 to smpte2084 at frame 2"),
        ({"matrix": 6}, "matrix from bt709 to smpte170m at frame 2"),
        ({"span": 2}, "range from tv to pc at frame 2"),
    ],
)
def test_two_descriptions_cannot_both_be_kept(change: dict[str, int], said: str) -> None:
    conflicts, remarks = told(frame(), frame(), frame(**change), frame())
    assert conflicts == [f"its colours change on the way ({said})"]
    assert remarks == []


@pytest.mark.parametrize("frames", [(frame(primaries=2), frame()), (frame(), frame(primaries=2))])
def test_frames_that_say_nothing_are_taken_for_the_others(frames: tuple[Any, ...]) -> None:
    remark = "Not all of its frames say their primaries; those that do say bt709."
    assert told(*frames) == ([], [remark])


def test_a_mastering_display_that_changes_is_remarked() -> None:
    first, second = (data("MASTERING_DISPLAY_METADATA", payload) for payload in (b"1", b"2"))
    conflicts, remarks = told(frame(side=(first,)), frame(side=(first,)), frame(side=(second,)))
    assert conflicts == []
    assert remarks == ["Its mastering display changes at frame 2; the container says the first."]
