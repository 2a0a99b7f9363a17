"""A library of thirty real and hostile files goes from add to status on its own; each ends as its rule says."""

# Names that are no text are bytes here, which Path does not take.
# ruff: noqa: PTH118

import json
import os
import random
import shutil
import zipfile
from pathlib import Path

import pytest
from clips import PICTURE, TONE, Clips
from command import UNPRIVILEGED, Command, frames
from keeping import Keeper, keeper, settle
from test_bad_sources import cover_only

from dolby_vision import Flavor, Making
from dolby_vision import film as dolby_film

#: What `library files` says of each: its state, and the rule behind it.
Ends = dict[str, tuple[str, str]]


@pytest.fixture
def reelwright(encode: Command) -> Keeper:
    return keeper(encode)


def put(root: Path, name: str | bytes, content: Path) -> str:
    """A copy under any name; the name as a text."""
    shutil.copyfile(content, os.path.join(os.fsencode(root), os.fsencode(name)))
    return os.fsdecode(name)


def real_films(root: Path, clips: Clips) -> Ends:
    """What is encoded, whatever it is called."""
    mp4 = clips("film.mp4", "-i", str(clips.film()), "-c", "copy")
    names: list[tuple[str | bytes, Path]] = [
        ("film.mkv", clips.film()),
        ("a Matroska.avi", clips.film()),
        ("an MP4.mkv", mp4),
        (b"caf\xe9.mkv", clips.film()),
        ("new\nline \x1b[31m.mkv", clips.film()),
        ("🎬👨‍👩‍👧 فيلم.MKV", clips.film()),
    ]
    return {put(root, name, content): ("done", "encode") for name, content in names}


def done_films(root: Path, clips: Clips) -> Ends:
    """What is AV1 already, in six scripts and with names that mean something elsewhere."""
    av1 = clips("av1.mkv", *PICTURE, "-frames:v", "6", "-c:v", "libsvtav1", "-preset", "13")
    names = ("Фильм.mkv", "電影.mkv", "फ़िल्म.mkv", "ταινία.mkv", "סרט.mkv", "ภาพยนตร์.mkv", "-i $(id) 'x' \"y\";.mkv")
    return {put(root, name, av1): ("skipped", "av1-already") for name in names}


def no_films(root: Path, clips: Clips) -> Ends:
    """What is called a film and is none."""
    (root / "text.mkv").write_text("Dear diary, today nothing moved.\n" * 99)
    (root / "empty.mp4").touch()
    (root / "playlist.mkv").write_text("#EXTM3U\n#EXTINF:1,\nhttp://192.0.2.1/x.ts\n")
    (root / "script.mkv").write_text("ffconcat version 1.0\nfile /etc/passwd\n")
    (root / "sound.mkv").write_bytes(clips("tone.mkv", *TONE, "-c:a", "flac").read_bytes())
    cover_only(clips, root).rename(root / "cover.m4v")
    (root / "closed.mkv").write_bytes(clips.film().read_bytes())
    (root / "closed.mkv").chmod(0)
    (root / "beginning.mkv").write_bytes(clips.film().read_bytes()[:300])
    (root / "noise.ts").write_bytes(random.Random(5).randbytes(9000))
    with zipfile.ZipFile(root / "archive.mp4", "w") as archive:
        archive.writestr("film.mkv", clips.film().read_bytes())
    (root / "page.webm").write_text("<html><body>404: this film has moved</body></html>\n")
    (root / "zeros.mov").write_bytes(bytes(70_000))
    names = ("beginning.mkv", "noise.ts", "archive.mp4", "page.webm", "zeros.mov")
    names += ("text.mkv", "empty.mp4", "playlist.mkv", "script.mkv", "sound.mkv", "cover.m4v", "closed.mkv")
    return dict.fromkeys(names, ("skipped", "unusable"))


def doubtful_films(root: Path, clips: Clips) -> Ends:
    """What the owner has to say something to, what another place has, and what is broken further in."""
    dolby_film(root, "dolby five.mkv", Making(flavor=Flavor(profile=5, compatibility=0)))
    fields = clips("fields.mkv", *PICTURE, "-frames:v", "6", "-c:v", "mpeg2video", "-flags", "+ildct+ilme")
    put(root, "fields.mkv", fields)
    put(root, "one name.mkv", clips.film())
    os.link(root / "one name.mkv", root / "another name.mkv")
    whole = clips.long(".mkv").read_bytes()
    (root / "cut off.mkv").write_bytes(whole[: len(whole) * 2 // 3])
    return {
        "dolby five.mkv": ("asked", "dolby-vision"),
        "fields.mkv": ("asked", "interlaced"),
        "one name.mkv": ("skipped", "hard-links"),
        "another name.mkv": ("skipped", "hard-links"),
        "cut off.mkv": ("failed", "encode"),
    }


def unseen(root: Path, clips: Clips) -> list[Path]:
    """What no scan takes: hidden, other kinds of files, links, and what is still being written."""
    (root / ".hidden.mkv").write_bytes(clips.film().read_bytes())
    (root / ".reelwright-0123456789abcdef.tmp").write_bytes(clips.film().read_bytes())
    (root / "notes.txt").write_text("none")
    (root / "link.mkv").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe.mkv")
    (root / "folder.mkv").mkdir()
    (root / "growing.mkv").write_bytes(clips.film().read_bytes()[:-100])
    return [path for path in root.iterdir() if path.name == "growing.mkv"]


def test_thirty_files_end_as_their_rules_say(reelwright: Keeper, clips: Clips, films: Path, tmp_path: Path) -> None:
    wanted = real_films(films, clips) | done_films(films, clips) | no_films(films, clips) | doubtful_films(films, clips)
    growing = unseen(films, clips)
    assert len(wanted) >= 30
    settle(films)
    for path in growing:
        os.utime(path)
    before = {path: path.read_bytes() for path in films.iterdir() if path.is_file() and path.name != "closed.mkv"}
    # The rules that come with it, for films that are small because they are a test's.
    rules = reelwright.state / "rules.toml"
    rules.write_text(reelwright("library", "rules").out.replace('size = "<50MB"', 'size = "<1kB"'))
    # Root may read what is closed to everybody.
    plain = UNPRIVILEGED if os.geteuid() == 0 else ()
    plan = reelwright.state / "plan.json"
    for words in (
        ("add", "films", films, "--rules", rules, "--output-dir", tmp_path / "out"),
        ("scan",),
        ("plan", "films", "-o", plan, "--no-samples"),
        ("apply", plan),
    ):
        done = reelwright("library", *words, before=plain if words == ("scan",) else ())
        assert done.code == 0, (words, done.err)
        assert "Traceback" not in done.err
    done = reelwright("library", "run", "--json")
    assert done.code == 4, done.err  # the one that is cut off
    assert "Traceback" not in done.err
    found = {path: (file["state"], file["rule"]) for path, file in reelwright.files().items()}
    assert found == wanted
    status = reelwright.data("library", "status")
    counts = {
        state: sum(end[0] == state for end in wanted.values()) for state in ("done", "skipped", "asked", "failed")
    }
    assert {state: status[state] for state in counts} == counts
    assert status["sources"] == len(wanted) == sum(counts.values())
    outputs = sorted((tmp_path / "out").iterdir())
    assert len(outputs) == counts["done"]
    assert [frames(output) for output in outputs] == [6] * len(outputs)
    assert {path: path.read_bytes() for path in before} == before
    reasons = {path: " ".join(file["reasons"]) for path, file in reelwright.files().items()}
    assert all(reasons.values())
    assert "permission denied" in reasons["closed.mkv"]
    exported = json.loads(reelwright("library", "export").out)
    (failed,) = [row for row in exported["outcomes"] if row["outcome"] == "failed"]
    assert failed["exit_code"] == 4
