"""`reelwright report`: a page about what was really encoded, whatever has become of the files since."""

import base64
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from clips import Clips
from command import Command, Run

from reelwright.report.page import MARKER
from warm import PROGRAM, run_program

PLAIN = ("--preset", "13", "--crf", "45")


def report(
    of: Command, *args: str | bytes | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Run:
    """Run `reelwright report`."""
    done = run_program(
        [*PROGRAM, "report", *args],
        cwd=cwd or of.folder,
        env=of.variables(env),
    )
    return Run(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def data_of(page: Path) -> dict[str, Any]:
    """The numbers of a page's charts."""
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    value: dict[str, Any] = json.loads(found[1])
    return value


@pytest.fixture(scope="module")
def made(clips: Clips, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A folder with a film that was encoded by a real search, its ledger, and what the run said."""
    home = tmp_path_factory.mktemp("encoded")
    (home / "films").mkdir()
    (home / "state").mkdir()
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:duration=2")
    first, second = "testsrc2=size=160x90:rate=10:duration=1.2", "mandelbrot=size=160x90:rate=10,trim=duration=1.2"
    scenes = f"{first}[a];{second},format=yuv420p[b];[a][b]concat[v]"
    args = ("-filter_complex", scenes, "-map", "[v]", "-map", "0:a", "-c:v", "libx264", "-qp", "4", "-g", "10")
    film = clips("scenes.mkv", *tone, *args, "-c:a", "aac", "-metadata:s:a:0", "language=deu")
    shutil.copy(film, home / "films" / "film.mkv")
    command = Command(folder=home / "films", state=home / "state")
    run = command("film.mkv", "--preset", "13", "--json")
    assert run.code == 0, run.err
    return home, run


@pytest.fixture
def done(made: tuple[Path, Run], tmp_path: Path) -> Iterator[Command]:
    """The encoded film's own ledger and folders, to be spoiled; what was spoiled is put right afterwards."""
    home, _ = made
    kept = tmp_path / "kept"
    shutil.copytree(home, kept)
    yield Command(folder=home / "films", state=home / "state")
    shutil.rmtree(home)
    shutil.copytree(kept, home)


def job_of(run: Run) -> str:
    return str(run.results[-1]["job"])


def test_the_page_tells_what_was_encoded(made: tuple[Path, Run], done: Command) -> None:
    ran = report(done, "film.av1.mkv", "--json")
    assert ran.code == 0, ran.err
    (line,) = ran.events
    said, told = line["data"], made[1].results[-1]["data"]
    page = done.folder / "film.av1.report.html"
    assert said["report"] == str(page)
    assert said["job"] == line["job"] == job_of(made[1])
    assert (said["bytes_before"], said["bytes_after"]) == (told["bytes_before"], told["bytes_after"])
    assert said["vmaf"] == told["vmaf"]["mean"]
    assert said["trials"] == told["trials"]
    assert said["missing"] == []
    assert said["pictures"] == 2
    text = page.read_text("utf-8")
    assert f"{said['vmaf']:.2f}" in text
    assert text.count('<details data-chunk="') == said["chunks"] == 2
    assert "deu" in text
    assert text.count('class="num good"') == len(told["checks"])


def test_the_charts_hold_every_trial_with_what_was_expected_of_it(made: tuple[Path, Run], done: Command) -> None:
    assert report(done, "film.mkv").code == 0
    chunks = data_of(done.folder / "film.av1.report.html")["chunks"]
    events = [e["data"] for e in made[1].events if e["event"] == "trial_complete"]
    assert sum(len(c["trials"]) for c in chunks) == len(events)
    for k, chunk in enumerate(chunks):
        own = [e for e in events if e["chunk"] == k]
        assert [t["crf"] for t in chunk["trials"]] == [e["crf"] for e in own]
        assert [t["expected"] for t in chunk["trials"]] == [round(e["predicted"], 2) for e in own]
        assert 92 < own[0]["predicted"] < 94, "an aim within the band"
        (taken,) = [t for t in chunk["trials"] if t["taken"]]
        ended = [e["data"] for e in made[1].events if e["event"] == "segment_complete" and e["data"]["chunk"] == k]
        assert taken["crf"] == ended[-1]["crf"] == chunk["crf"]
        assert ended[-1]["why"] in (done.folder / "film.av1.report.html").read_text("utf-8")


def test_progress_goes_to_standard_error_and_the_page_is_named_on_standard_output(done: Command) -> None:
    ran = report(done, "film.av1.mkv", "-o", "page.html")
    assert ran.code == 0, ran.err
    assert "fetching pictures, 1 of 2" in ran.err
    assert ran.out.startswith(f"report  {done.folder / 'page.html'}\n")


def test_a_job_is_found_by_its_id_and_by_the_beginning_of_it(made: tuple[Path, Run], done: Command) -> None:
    job = job_of(made[1])
    for what in (job, job[:4].upper()):
        ran = report(done, what, "-o", "x.html", "--json")
        assert ran.code == 0, ran.err
        assert ran.results[0]["job"] == job


def test_unknown_jobs_and_files_are_one_sentence_each(done: Command) -> None:
    (done.folder / "other.mkv").write_bytes(b"x")
    report(done, "ffffffff").assert_failed(2, "no job called ffffffff")
    report(done, "fff").assert_failed(2, "too short")
    report(done, "nonsense").assert_failed(2, "no job called nonsense")
    report(done, "other.mkv").assert_failed(2, "other.mkv", "no job that made or read")
    report(done, "gone.mkv").assert_failed(4, "There is no file", "gone.mkv")
    report(done, "gone.mkv", "--json").assert_json_failed(4, "There is no file")
    report(done, b"\xff\n.mkv").assert_failed(4, "\\xff\\n.mkv")
    assert not list(done.folder.glob("*.html"))


def test_without_a_ledger_no_ledger_is_made(done: Command, tmp_path: Path) -> None:
    elsewhere = tmp_path / "no.sqlite3"
    ran = report(done, "film.av1.mkv", env={"REELWRIGHT_DATABASE__PATH": str(elsewhere)})
    ran.assert_failed(2, "no ledger")
    assert not elsewhere.exists()


@pytest.mark.parametrize(
    ("what", "spoil", "said"),
    [
        pytest.param("source", "remove", "is gone", marks=pytest.mark.prove),
        ("source", "change", "has changed"),
        ("output", "remove", "is gone"),
        pytest.param("output", "change", "is not what was placed", marks=pytest.mark.prove),
    ],
)
def test_a_file_that_is_not_what_it_was_costs_the_pictures_alone(
    done: Command, what: str, spoil: str, said: str
) -> None:
    path = done.folder / {"source": "film.mkv", "output": "film.av1.mkv"}[what]
    if spoil == "remove":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    ran = report(done, str(done.folder / "film.av1.mkv"), "--json")
    assert ran.code == 0, ran.err
    result = ran.results[0]["data"]
    assert result["pictures"] == 0
    assert len(result["missing"]) == 1
    assert said in result["missing"][0]
    assert said in Path(result["report"]).read_text("utf-8")
    assert data_of(Path(result["report"]))["line"]["vmaf"]


def test_a_source_that_was_only_touched_or_moved_into_place_again_is_still_the_same(done: Command) -> None:
    os.utime(done.folder / "film.mkv")
    shutil.rmtree(done.state / "work")
    ran = report(done, "film.av1.mkv", "--json")
    assert ran.code == 0, ran.err
    assert ran.results[0]["data"]["pictures"] == 2


def test_the_pictures_are_pairs_of_the_same_frame(done: Command) -> None:
    assert report(done, "film.av1.mkv").code == 0
    text = (done.folder / "film.av1.report.html").read_text("utf-8")
    pictures = [base64.b64decode(p) for p in re.findall(r"data:image/webp;base64,([A-Za-z0-9+/=]+)", text)]
    assert len(pictures) == 4
    assert all(p[:4] == b"RIFF" and p[8:12] == b"WEBP" for p in pictures)
    for output, source in (pictures[:2], pictures[2:]):
        assert output != source


def test_an_earlier_report_is_replaced_and_nothing_else_is(done: Command) -> None:
    page = done.folder / "page.html"
    page.write_text(f'<html>{MARKER}">an earlier one', encoding="utf-8")
    assert report(done, "film.av1.mkv", "-o", "page.html").code == 0
    assert "an earlier one" not in page.read_text("utf-8")

    foreign = done.folder / "letter.html"
    foreign.write_text("<html>Dear Sir", encoding="utf-8")
    report(done, "film.av1.mkv", "-o", "letter.html").assert_failed(8, "letter.html", "no report of ours")
    assert foreign.read_text("utf-8") == "<html>Dear Sir"
    assert report(done, "film.av1.mkv", "-o", "letter.html", "--overwrite").code == 0
    assert MARKER in foreign.read_text("utf-8")
    assert not list(done.folder.glob(".reelwright-*"))


def test_the_film_itself_is_never_replaced(done: Command) -> None:
    before = {name: (done.folder / name).read_bytes() for name in ("film.mkv", "film.av1.mkv")}
    for name in before:
        report(done, "film.av1.mkv", "-o", name, "--overwrite").assert_failed(2, "would replace the film")
    (done.folder / "link.html").symlink_to("film.mkv")
    report(done, "film.av1.mkv", "-o", "link.html", "--overwrite").assert_failed(2, "would replace the film")
    assert {name: (done.folder / name).read_bytes() for name in before} == before


def test_places_that_cannot_take_a_page_are_named(done: Command) -> None:
    report(done, "film.av1.mkv", "-o", "none/page.html").assert_failed(2, "no folder")
    os.mkfifo(done.folder / "pipe.html")
    report(done, "film.av1.mkv", "-o", "pipe.html", "--overwrite").assert_failed(2, "not a plain file")
    (done.folder / "pages").mkdir()
    assert report(done, "film.av1.mkv", "-o", "pages").code == 0
    assert (done.folder / "pages" / "film.av1.report.html").is_file()


def test_where_the_outputs_folder_is_gone_the_page_goes_into_the_current_one(
    encode: Command, films: Path, clips: Clips, tmp_path: Path
) -> None:
    shutil.copy(clips.film(), films / "film.mkv")
    out = tmp_path / "out"
    out.mkdir()
    assert encode("film.mkv", "-o", str(out / "x.mkv"), *PLAIN).code == 0
    shutil.rmtree(out)
    ran = report(encode, str(out / "x.mkv"))
    assert ran.code == 0, ran.err
    assert (films / "x.report.html").is_file()


def test_a_fixed_crf_and_an_odd_name_make_a_whole_page(encode: Command, films: Path, clips: Clips) -> None:
    name = os.fsencode("<b>&\"'é ").replace(b" ", b"\xff\n") + b"</script>"[:2] + b".mkv"
    name = name.replace(b"/", b"-")
    shutil.copy(os.fsencode(clips.film()), os.path.join(os.fsencode(films), name))  # noqa: PTH118
    assert encode(name, *PLAIN).code == 0
    ran = report(encode, name, "-o", "page.html", "--json")
    assert ran.code == 0, ran.err
    text = (films / "page.html").read_text("utf-8")
    assert '<b>&"' not in text
    assert "&lt;b&gt;&amp;" in text
    assert "fixed CRF 45" in text
    assert data_of(films / "page.html")["fixed"] is True


def test_a_job_that_failed_or_was_stopped_has_a_page_of_what_is_known(
    encode: Command, films: Path, clips: Clips
) -> None:
    film = films / "film.mkv"
    shutil.copy(clips.long(".mkv"), film)
    process = encode.begin("film.mkv", "--preset", "13", "--json")
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "trial_complete" and event["data"]["kind"] == "trial":
            break
    process.terminate()
    process.communicate(timeout=300)
    ran = report(encode, "film.mkv", "--json")
    assert ran.code == 0, ran.err
    data = ran.results[0]["data"]
    assert data["status"] == ran.results[0]["status"] == "open"
    assert data["trials"] >= 1
    assert data["bytes_after"] is None
    text = Path(data["report"]).read_text("utf-8")
    assert "This job was stopped before it was done" in text
    assert "the output is not there yet" in text
    human = report(encode, "film.mkv")
    assert "the job is open" in human.out
