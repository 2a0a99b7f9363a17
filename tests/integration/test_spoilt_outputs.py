"""A good output is spoilt in one way after another; each is caught by the checks that should, and by no other."""

import asyncio
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import spoil

from everything import FRAMES, HALF, make_everything, run
from reelwright.api import encode
from reelwright.config import Settings, settings_from
from reelwright.engine import runner as engine_runner
from reelwright.engine.film import Film
from reelwright.engine.finish import gather, validate
from reelwright.engine.jobs import StepRecord
from reelwright.engine.placement import temporary_path
from reelwright.errors import ValidationFailedError
from reelwright.planning.checks import run_checks
from reelwright.planning.checks.evidence import Check
from reelwright.tools.process import Runner
from reelwright.tools.sound import Encoded


@dataclass(frozen=True, kw_only=True)
class Good:
    """An output as it was before it was validated, and what it was validated with."""

    path: Path
    draft: spoil.Draft
    film: Film
    assembled: Mapping[str, Any]
    sounds: Mapping[int, Encoded]
    #: The film's frames encoded anew, one of them green.
    green: Path

    def judge(self, path: Path) -> list[Check]:
        """Every check of another file in the output's place."""

        async def look() -> list[Check]:
            async with Runner() as runner:
                film = replace(self.film, runner=runner)
                evidence, _, _ = await gather(film, path, self.assembled, self.sounds, lambda _: None)
                return list(run_checks(evidence))

        return asyncio.run(look())


def settings_in(folder: Path) -> Settings:
    """A ledger and a work folder of its own."""
    return settings_from(
        None,
        {
            "database": {"path": str(folder / "ledger.sqlite3")},
            "encoding": {"vmaf_model": "vmaf_v0.6.1neg"},  # scored at the picture's own size, which is small
            "processing": {"temp_dir": str(folder / "work"), "chunk_size": 1},
        },
    )


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Good:
    folder = tmp_path_factory.mktemp("spoilt")
    kept: dict[str, Any] = {}

    async def keeping(film: Film, assembled: StepRecord, sounds: Any, tell: Any) -> StepRecord:
        shutil.copy(temporary_path(film.output, film.job_id), folder / "good.mkv")
        kept.update(film=film, assembled=assembled.result, sounds=sounds)
        return await validate(film, assembled, sounds, tell)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_runner, "validate", keeping)
        source = make_everything(folder)
        encode(source, folder / "out.mkv", settings=settings_in(folder), preset=13, crf=45)
    path, green = folder / "good.mkv", folder / "green.mkv"
    box = f"drawbox=color=green:t=fill:enable='eq(n,{HALF + 5})',setsar=1"
    run(
        folder,
        *("-noautorotate", "-i", path, "-map", "0:v:0", "-vf", box, "-c:v", "libsvtav1", "-preset", "13"),
        *("-svtav1-params", f"crf=45:keyint={HALF}:scd=0", green),
    )
    return Good(path=path, draft=spoil.read(path), green=green, **kept)


def failed(checks: list[Check]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if not check.passed}


def test_the_good_output_passes_every_check(good: Good) -> None:
    assert failed(good.judge(good.path)) == {}
    assert len(good.draft.film) == FRAMES
    assert len(good.assembled["joined"]) > 2


def test_a_good_output_that_is_only_written_again_passes_every_check(good: Good, tmp_path: Path) -> None:
    spoil.write(good.draft, good.path, tmp_path / "again.mkv")
    assert failed(good.judge(tmp_path / "again.mkv")) == {}


MILLION = 1_000_000
DRAFTS: dict[str, tuple[spoil.Change, set[str]]] = {
    "a frame is dropped": (spoil.drop_frame(30), {"frames", "times", "pictures"}),
    "a frame is doubled": (spoil.duplicate_frame, {"frames", "times", "pictures"}),
    "two chunks change places": (spoil.swap_chunks, {"pictures"}),
    "sound is 40 ms late": (spoil.shift("audio", 40), {"copies", "offset"}),
    "the film is 40 ms late": (spoil.shift("video", 40), {"times", "offset"}),
    "a subtitle is dropped": (spoil.drop_track("subtitle", 1), {"streams", "copies", "tags"}),
    "one packet of a text is dropped": (spoil.drop_packet("subtitle", 1, 0), {"copies"}),
    "a byte of a sound differs": (spoil.change_packet("audio", 1), {"copies"}),
    "a font is dropped": (spoil.drop_file("one.ttf"), {"attachments"}),
    "a byte of a font differs": (spoil.change_file("two.otf", data=b"and of another onf"), {"attachments"}),
    "a font is of another type": (spoil.change_file("one.ttf", mimetype="font/otf"), {"attachments"}),
    "a chapter is dropped": (spoil.drop_chapter, {"chapters"}),
    "a chapter begins elsewhere": (spoil.chapter(1, start=1001 * MILLION), {"chapters"}),
    "a chapter has lost its tags": (spoil.chapter(1, metadata={"title": "Two"}), {"chapters"}),
    "a sound is in another language": (spoil.tag("audio", 1, "language", "eng"), {"streams", "tags"}),
    "a tag of a sound differs": (spoil.tag("audio", 0, "SOURCE", "tape"), {"tags"}),
    "a tag of the file differs": (spoil.file_tag("COMMENT", "of another"), {"tags"}),
    "a default disposition is lost": (spoil.disposition("audio", 0, "default"), {"streams"}),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_each_way_of_spoiling_an_output_is_caught_by_the_check_that_should(
    name: str, good: Good, tmp_path: Path
) -> None:
    change, caught = DRAFTS[name]
    draft = spoil.read(good.path)
    change(draft)
    spoil.write(draft, good.path, tmp_path / "spoilt.mkv")
    found = failed(good.judge(tmp_path / "spoilt.mkv"))
    assert set(found) == caught, found


def test_one_green_frame_in_the_middle_is_caught_though_every_frame_decodes(good: Good, tmp_path: Path) -> None:
    draft = spoil.read(good.path)
    spoil.frames_of(good.green)(draft)
    spoil.write(draft, good.path, tmp_path / "green.mkv")
    assert set(failed(good.judge(tmp_path / "green.mkv"))) == {"pictures"}


#: Elements by id (RFC 9559): the first of each is the film's.
PATCHES: dict[str, tuple[spoil.Patch, set[str]]] = {
    "the transfer function": (spoil.element("55ba", b"\x10"), {"colour"}),
    "the rotation": (spoil.element("7675", bytes(8)), {"picture", "side data"}),
    "the sample aspect": (spoil.element("54b0", b"\x40"), {"picture"}),
}


@pytest.mark.parametrize("name", PATCHES)
def test_what_is_said_of_the_picture_is_caught_where_it_is_changed(name: str, good: Good, tmp_path: Path) -> None:
    patch, caught = PATCHES[name]
    path = tmp_path / "spoilt.mkv"
    path.write_bytes(patch(good.path.read_bytes()))
    found = failed(good.judge(path))
    assert set(found) == caught, found


@pytest.mark.parametrize(
    ("cut", "caught"),
    [
        (spoil.damage_last, {"pictures", "decode", "frames", "times"}),
        (spoil.cut_last, {"pictures", "decode", "frames", "times", "copies"}),
        (spoil.copied_by_ffmpeg, {"streams", "attachments"}),
    ],
)
def test_a_file_that_is_cut_off_or_copied_carelessly_is_caught(
    cut: Callable[[Path], bytes], caught: set[str], good: Good, tmp_path: Path
) -> None:
    path = tmp_path / "spoilt.mkv"
    path.write_bytes(cut(good.path))
    found = failed(good.judge(path))
    assert set(found) == caught, found


def test_a_job_whose_output_is_spoilt_ends_with_exit_code_6_and_nothing_is_placed(
    tmp_path: Path, good: Good, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def spoilt(film: Film, assembled: StepRecord, sounds: Any, tell: Any) -> StepRecord:
        draft = spoil.read(path := temporary_path(film.output, film.job_id))
        shutil.copy(path, tmp_path / "like.mkv")
        spoil.drop_packet("subtitle", 1, 0)(draft)
        spoil.write(draft, tmp_path / "like.mkv", path)
        return await validate(film, assembled, sounds, tell)

    monkeypatch.setattr(engine_runner, "validate", spoilt)
    output = good.path.with_name("another.mkv")
    with pytest.raises(ValidationFailedError, match=r"copies: stream 5 differs.*; nothing was placed") as said:
        # In the same ledger, so that its chunks are there.
        encode(good.film.source, output, settings=settings_in(good.path.parent), preset=13, crf=45)
    assert said.value.exit_code == 6
    assert not output.exists()
