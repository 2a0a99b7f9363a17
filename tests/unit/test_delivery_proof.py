"""What a manifest says of each picture."""

from typing import Any

import pytest

from reelwright.engine.delivery_proof import reason

OWN = {"number": 1003, "path": "/shots/a.1003.exr", "place": None}
NEXT = {"number": 1002, "path": "/shots/a.1002.exr", "place": None}
BACKUP = {"number": 1003, "path": "/backup/a.1003.exr", "place": "/backup"}
BROKEN = {"path": "/shots/a.1003.exr", "number": 1003, "why": "is cut off", "digest": None}


@pytest.mark.parametrize(
    ("decision", "file", "troubles", "said"),
    [
        ("source", OWN, [], "its own file"),
        ("held", NEXT, [], "there is no file of it; frame 1002 stands for it"),
        ("held", NEXT, [BROKEN], "a.1003.exr is cut off; frame 1002 stands for it"),
        ("retrieved", BACKUP, [], "there is no file of it; the same frame of /backup stands for it"),
        ("placeholder", None, [BROKEN], "a.1003.exr is cut off; a placeholder was drawn"),
        ("black", None, [], "there is no file of it; black was drawn"),
        ("checker", None, [], "there is no file of it; a checker was drawn"),
    ],
)
def test_each_picture_has_its_reason(decision: str, file: Any, troubles: list[Any], said: str) -> None:
    assert reason({"number": 1003, "decision": decision, "from": file, "troubles": troubles}) == said
