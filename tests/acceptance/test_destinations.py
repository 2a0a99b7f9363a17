import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from clips import LENGTH, PICTURE, X264, Clips
from command import QUICK, UNPRIVILEGED, Command, contents, digest, frames
from disks import mounted

#: Enough for the trial file of 4 KiB, too little for an output.
TIGHT = 8192
DENSE = ("--preset", "13", "--crf", "20")


@pytest.fixture
def source(clips: Clips, films: Path) -> Path:
    return Path(shutil.copy(clips.film(), films / "film.mkv"))


def test_a_folder_below_a_plain_file_cannot_be_written(encode: Command, films: Path, source: Path) -> None:
    (films / "plain").write_text("a file")
    before = contents(films)
    run = encode(source, "-o", "plain/out.mkv", *QUICK, "--json")
    run.assert_json_failed(2, str(source), str(films / "plain/out.mkv"), "cannot be written")
    assert contents(films) == before


@pytest.mark.usefixtures("root_only")
def test_a_read_only_folder_cannot_be_written(encode: Command, films: Path, source: Path) -> None:
    (films / "closed").mkdir(mode=0o555)
    before = contents(films)
    run = encode(source, "-o", "closed/out.mkv", *QUICK, "--json", before=UNPRIVILEGED)
    run.assert_json_failed(2, str(source), str(films / "closed/out.mkv"), "cannot be written: Permission denied")
    assert contents(films) == before


@pytest.fixture
def tiny_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A file system of two pages."""
    request.getfixturevalue("root_only")
    with mounted(tmp_path / "disk", TIGHT) as disk:
        yield disk


def test_a_disk_that_is_full_from_the_start_is_told_before_any_work(
    encode: Command, films: Path, source: Path, tiny_disk: Path
) -> None:
    (tiny_disk / "other").write_bytes(b"x" * TIGHT)
    before = contents(tiny_disk)
    run = encode(source, "-o", tiny_disk / "out.mkv", *QUICK, "--json")
    run.assert_json_failed(7, str(source), str(tiny_disk), "full", "Free space")
    assert "analysis_started" not in run.out
    assert contents(tiny_disk) == before
    assert list(films.iterdir()) == [source]


def test_a_disk_that_fills_up_while_the_film_is_joined_keeps_nothing_half_written(
    encode: Command, clips: Clips, films: Path, tiny_disk: Path
) -> None:
    big = Path(shutil.copy(clips.dense(), films))
    run = encode(big, "-o", tiny_disk / "out.mkv", *DENSE, "--json")
    run.assert_json_failed(7, str(big), str(tiny_disk), "full", "Free space")
    assert "encoding_complete" in run.out
    assert list(tiny_disk.iterdir()) == []
    assert digest(big) == digest(clips.dense())
    again = encode(big, "-o", "out.mkv", *DENSE, "--json")
    assert again.code == 0
    assert again.results[0]["data"]["trials"] == 0, "what was encoded before is used again"


def test_a_display_aspect_is_set_on_a_full_disk_no_better(
    encode: Command, clips: Clips, films: Path, tiny_disk: Path
) -> None:
    wide = clips("wide-dense.mkv", "-i", clips.dense(), "-c", "copy", "-aspect", "4:3")
    source = Path(shutil.copy(wide, films))
    run = encode(source, "-o", tiny_disk / "out.mkv", *DENSE, "--json")
    run.assert_json_failed(7, str(source), "disk", "ree some space")
    assert list(tiny_disk.iterdir()) == []


def test_a_full_work_disk_is_no_fault_of_the_film(encode: Command, films: Path, source: Path, tiny_disk: Path) -> None:
    (tiny_disk / "other").write_bytes(b"x" * TIGHT)
    before = contents(films)
    run = encode(source, "--work-dir", tiny_disk / "work", *QUICK, "--json")
    run.assert_json_failed(7, str(source), str(tiny_disk), "full")
    assert contents(films) == before


def test_a_work_folder_that_cannot_be_made_is_wrong_usage(encode: Command, films: Path, source: Path) -> None:
    (films / "plain").write_text("a file")
    run = encode(source, "--work-dir", "plain/work", *QUICK, "--json")
    run.assert_json_failed(2, str(source), "plain/work", "--work-dir")


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard", "dotted"])
def test_the_output_is_never_the_source(link: str, encode: Command, films: Path, source: Path) -> None:
    output = source if link == "itself" else films / "link.mkv"
    if link == "symbolic":
        output.symlink_to(source.name)
    elif link == "hard":
        output.hardlink_to(source)
    elif link == "dotted":
        output = films / "sub" / ".." / "film.mkv"
        (films / "sub").mkdir()
    before = contents(films)
    run = encode(source, "-o", output, "--overwrite", *QUICK, "--json")
    run.assert_json_failed(2, str(source), "source itself", "-o")
    assert contents(films) == before


def test_an_output_that_exists_is_replaced_only_when_asked(encode: Command, films: Path, source: Path) -> None:
    (films / "out.mkv").write_text("precious")
    before = contents(films)
    run = encode(source, "-o", "out.mkv", *QUICK, "--json")
    run.assert_json_failed(8, str(source), str(films / "out.mkv"), "exists", "--overwrite")
    assert contents(films) == before
    assert encode(source, "-o", "out.mkv", *QUICK, "--overwrite").code == 0
    assert frames(films / "out.mkv") == frames(source)
    assert sorted(contents(films)) == ["film.mkv", "out.mkv"]


def test_a_link_that_leads_nowhere_is_an_output_that_exists(encode: Command, films: Path, source: Path) -> None:
    (films / "out.mkv").symlink_to("gone.mkv")
    encode(source, "-o", "out.mkv", *QUICK, "--json").assert_json_failed(8, str(films / "out.mkv"), "exists")
    assert sorted(path.name for path in films.iterdir()) == ["film.mkv", "out.mkv"]
    assert (films / "out.mkv").is_symlink()


def test_only_matroska_and_mp4_are_written(encode: Command, films: Path, source: Path) -> None:
    run = encode(source, "-o", "out.mov", *QUICK, "--json")
    run.assert_json_failed(2, "out.mov", "Matroska", ".mkv", ".mp4")
    assert list(films.iterdir()) == [source]


@pytest.mark.parametrize("folder", ["made/on/the/way/", "there"])
def test_an_output_folder_takes_the_name_of_the_source(folder: str, encode: Command, films: Path, clips: Clips) -> None:
    (films / "there").mkdir()
    shutil.copy(clips("name.mp4", *PICTURE, *LENGTH, *X264), films)
    assert encode("name.mp4", "-o", folder, *QUICK, "--json").code == 0
    assert [path.name for path in (films / folder).iterdir()] == ["name.mkv"]
