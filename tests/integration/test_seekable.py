"""Films without stamps of their own are copied to where ranges of them can be found, and every range is exact there."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from test_frames import FRAMES, LOOK, X264, read, shown

import reelwright
from reelwright.engine import seekable
from reelwright.errors import SourceError
from reelwright.media.timing import Timing
from reelwright.tools.frames import film_frames
from reelwright.tools.process import Runner
from reelwright.tools.seekable import CopyOrder, copy_pictures, index_of_copy
from zoo.builders import ZOO
from zoo.formats import bare_h264
from zoo.proof import has_arrived, in_chunks, settings_in
from zoo.studio import Studio

X265 = "keyint=24:open-gop=1:bframes=3:log-level=error"
FILMS = {
    "mpeg2.vob": ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-q:v", "3"),
    "mpeg2.m2v": ("-c:v", "mpeg2video", "-bf", "2", "-g", "12", "-q:v", "3"),
    "h264.avi": (*X264, "-g", "24"),
    "open.264": (*X264, "-g", "24", "-x264-params", "open-gop=1"),
    "open.hevc": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", X265),
}


@pytest.mark.parametrize("name", FILMS)
def test_any_range_of_a_copy_is_what_a_decode_of_the_whole_film_shows(name: str, tmp_path: Path) -> None:
    path, out = tmp_path / name, tmp_path / "copy.mkv"
    asked = ("-f", "lavfi", "-i", LOOK, "-frames:v", str(FRAMES), *FILMS[name])
    Studio(tmp_path).ffmpeg(*asked, path)
    index = asyncio.run(read(path, tmp_path / "index"))
    assert index.timing is Timing.COUNTED
    order = CopyOrder(source=path, video_index=0, index=tmp_path / "index", out=out)

    async def made() -> dict[str, Any]:
        async with Runner() as runner:
            return (await copy_pictures(runner, order, lambda _: None)).result

    said = asyncio.run(made())
    copy = index_of_copy(index, start=said["start"], keys=tuple(said["keys"]))
    assert len(copy.key_pts) > 5
    whole = shown("-i", f"file:{path}", "-map", "0:v:0")
    assert len(whole) == FRAMES
    random_places = random.Random(name)
    bounds = [sorted(random_places.sample(range(FRAMES + 1), 2)) for _ in range(3)] + [[FRAMES - 3, FRAMES]]
    frames = film_frames(str(out), 0, copy)
    for start, end in bounds:
        command = frames(start, end, 0)
        # It does not begin at the film's beginning, but at the key frame before the range.
        assert ("-ss" in command.input_args) == (start >= said["keys"][1])
        assert shown(*command.input_args, "-vf", ",".join(command.filters)) == whole[start:end], (start, end)


def test_a_film_that_cannot_be_copied_is_counted_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two frames in one packet, or a codec that Matroska has no place for: no such film is quickly made."""

    async def no_copy(*_: object, **__: object) -> None:
        raise SourceError("2 packets hold the film's 3 frames.")

    monkeypatch.setattr(seekable, "copy_pictures", no_copy)
    film = ZOO[bare_h264.__name__].build(Studio(tmp_path))
    out = tmp_path / "out.mkv"
    reelwright.encode(film.path, out, settings=settings_in(tmp_path / "state"), **in_chunks(film, 5, 11))
    has_arrived(film, out)


def test_a_copy_is_committed_as_a_step_and_gone_when_the_film_is_placed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[Any] = []
    commit = seekable.commit

    async def noted(film: Any, made: Any, *rest: Any) -> None:
        steps.append((seekable.recall(seekable.copy_path(film)) == made, film.chunks))
        await commit(film, made, *rest)

    monkeypatch.setattr(seekable, "commit", noted)
    film = ZOO["disc_with_ac3"].build(Studio(tmp_path))
    settings = settings_in(tmp_path / "state")
    reelwright.encode(film.path, tmp_path / "out.mkv", settings=settings, **in_chunks(film, 5, 11))
    has_arrived(film, tmp_path / "out.mkv")
    assert [same for same, _ in steps] == [True]
    assert list((tmp_path / "state").rglob("copy-*")) == []
    # Where every trial is known, nothing is decoded from the film any more.
    reelwright.encode(film.path, tmp_path / "again.mkv", settings=settings, **in_chunks(film, 5, 11))
    assert len(steps) == 1
