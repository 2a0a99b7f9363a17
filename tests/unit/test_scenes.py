"""Scene lists: ours, Av1an's and PySceneDetect's, read with care and written so that they read back."""

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import constant, index, plan
from reelwright.engine.scenes import load_scenes, save_scenes
from reelwright.errors import ConflictError, UsageError
from reelwright.planning.chunking import find_cuts, make_chunks
from reelwright.planning.division import cuts_of, divide
from reelwright.planning.plan import Request
from reelwright.planning.scenes import Scenes, form_of, read_scenes, timecode, write_scenes
from reelwright.planning.zones import Zone, parse_zone

#: As Av1an wrote it before, and as it does now.
OLD_AV1AN = '{"frames":90,"scenes":[{"start_frame":0,"end_frame":48},{"start_frame":48,"end_frame":90}]}'
AV1AN = json.dumps(
    {
        "scenes": [{"start_frame": 0, "end_frame": 48, "zone_overrides": None}, {"start_frame": 48, "end_frame": 90}],
        "split_scenes": [
            {"start_frame": 0, "end_frame": 24, "zone_overrides": None},
            {"start_frame": 24, "end_frame": 48, "zone_overrides": None},
            {"start_frame": 48, "end_frame": 90, "zone_overrides": None},
        ],
        "frames": 90,
    }
)
#: As PySceneDetect 0.6 writes it: the first frame is 1, the last one is included.
COLUMNS = (
    "Scene Number,Start Frame,Start Timecode,Start Time (seconds),End Frame,End Timecode,End Time (seconds),"
    "Length (frames),Length (timecode),Length (seconds)"
)
ROWS = """1,1,00:00:00.000,0.000,48,00:00:02.000,2.000,48,00:00:02.000,2.000
2,49,00:00:02.000,2.000,90,00:00:03.750,3.750,42,00:00:01.750,1.750
"""
OURS = '{"format": "reelwright-scenes", "frames": 90, "scenes": [{"start": 0, "end": 48}, {"start": 48, "end": 90}]}'


@pytest.mark.parametrize(
    "text",
    [
        OURS,
        OLD_AV1AN,
        AV1AN,
        f"\n  {AV1AN}",
        f"{COLUMNS}\n{ROWS}",
        f"Timecode List:,00:00:02.000\n{COLUMNS}\n{ROWS}",
        f"00:00:02.000\n{COLUMNS}\n{ROWS}",  # so it writes without a cut list
        f"{COLUMNS}\r\n{ROWS}\n".replace("\n", "\r\n"),
    ],
)
def test_every_form_says_the_same(text: str) -> None:
    assert read_scenes(text) == Scenes(cuts=(0, 48), frames=90)


def test_scenes_that_were_only_split_are_read_as_well() -> None:
    value = {**json.loads(AV1AN), "scenes": []}
    assert read_scenes(json.dumps(value)).cuts == (0, 24, 48)


def own(*scenes: tuple[object, object], frames: object = 90, **more: object) -> str:
    rows = [{"start": a, "end": b} for a, b in scenes]
    return json.dumps({"format": "reelwright-scenes", "frames": frames, "scenes": rows, **more})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "neither JSON nor a CSV file"),
        ("a film\nand another\n", "neither JSON nor a CSV file"),
        ("{", "it is no JSON"),
        ("[1, 2]", 'there is no "scenes"'),
        ('{"scenes": 5}', 'there is no "scenes"'),
        ('{"scenes": [], "frames": 5}', "there is no scene in it"),
        (COLUMNS, "there is no scene in it"),
        ('{"scenes": [5], "frames": 5}', "scene 1 is no object"),
        (own((0, 48), (48, True)), "end of scene 2 is no frame number"),
        (own((0, 48.0)), "end of scene 1 is no frame number"),
        (own((0, 48), (-3, 90)), "start of scene 2 is no frame number"),
        (own((0, 90), frames=None), "frames is no frame number"),
        (own((0, 90), frames=91), '"frames" is 91, but scene 1 ends before frame 90'),
        (own((5, 90)), "scene 1 starts at frame 5, not at the film's first frame"),
        (own((0, 48), (50, 90)), "scene 2 starts at frame 50, but scene 1 ends before frame 48"),
        (own((0, 48), (40, 90)), "scene 2 starts at frame 40, but scene 1 ends before frame 48"),
        (own((0, 48), (48, 48), (48, 90)), "scene 2 ends before frame 48 and starts at frame 48: it has no frame"),
        (AV1AN.replace("null", '{"encoder": "svt"}', 1), "scene 1 has zone_overrides"),
        (f"{COLUMNS}\n{ROWS}x,y,z\n", "line 4: Start Frame is 'y', no frame number"),
        (f"T,1\n{COLUMNS}\n{ROWS}3,95,,,99\n", "line 5 starts at frame 94, but line 4 ends before frame 90"),
        (f"{COLUMNS}\n1,10\n", "line 2: End Frame is '', no frame number"),
        (f"{COLUMNS}\n1,0,,,10\n", "line 2 starts at frame -1, not at the film's first frame"),
        (own((0, 90), zones=[5]), "zone 1 is no object"),
        (own((0, 90), zones=[{"start": 0, "end": 9}]), "'zone 1' needs a setting"),
        (own((0, 90), zones=[{"start": 0, "end": 9, "crf": 20, "tune": 0}]), "tune is none of"),
        (own((0, 90), zones=[{"start": None, "end": 9, "crf": 20}]), "neither a frame number nor a time"),
        (own((0, 90), zones=[{"start": 0, "end": 9, "svt": 5}]), "zone 1 is no object"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        read_scenes(text)


def test_zones_of_a_file_are_read() -> None:
    zones = [
        {"start": 24, "end": "end", "target": 95, "svt": {"tune": 0}},
        {"start": "0:00.5", "end": 20, "crf": 20.25, "preset": 4},
    ]
    assert read_scenes(own((0, 90), zones=zones)).zones == (
        Zone(start="24f", end="end", target=95, svt=(("tune", "0"),)),
        Zone(start="0.5", end="20f", crf=20.25, preset=4),
    )


CUTS = st.sets(st.integers(1, 299)).map(lambda inner: (0, *sorted(inner)))
ZONES = st.sampled_from([(), (parse_zone("2-4:target=95"), parse_zone("200f-end:crf=20.5,preset=3,svt.tune=0"))])


@given(CUTS, ZONES, st.sampled_from(["json", "av1an", "csv"]))
def test_what_is_written_reads_back(cuts: tuple[int, ...], zones: tuple[Zone, ...], form: str) -> None:
    text = write_scenes(form, cuts, zones, constant(300))
    assert read_scenes(text) == Scenes(cuts=cuts, frames=300, zones=zones if form == "json" else ())


@given(st.sets(st.integers(1, 299)))
def test_the_films_own_cuts_written_and_given_make_the_same_chunks(inner: set[int]) -> None:
    film = constant(300, cuts=tuple(sorted(inner)))
    read = read_scenes(write_scenes("json", cuts_of(film, Request()), (), film))
    given_ = Request(cuts=read.cuts, cuts_frames=read.frames)
    assert read.cuts == find_cuts(film.difference)
    assert divide(film, given_) == divide(film, Request()) == make_chunks(film, Fraction(10))


@given(CUTS)
def test_given_cuts_keep_the_rules_on_length(cuts: tuple[int, ...]) -> None:
    film = constant(300)
    chunks = divide(film, Request(cuts=cuts, cuts_frames=300, chunk_seconds=3))
    assert [k for c in chunks for k in range(c.start, c.end)] == list(range(300))
    assert all(1 <= film.seconds(c.end) - film.seconds(c.start) <= 3 for c in chunks)


def test_cuts_of_another_film_are_wrong_usage() -> None:
    with pytest.raises(UsageError, match="a film with 90 frames; this one has 300"):
        divide(constant(300), Request(cuts=(0, 48), cuts_frames=90))


def test_given_cuts_make_another_job_and_are_told() -> None:
    ours = plan(cuts=(0, 48), cuts_frames=250)
    assert ours.request_identity() != plan().request_identity()
    assert ours.encode_identity() == plan().encode_identity()
    assert "Cuts are those of the scene list given: 2 scenes." in ours.notes


def test_csv_has_the_times_of_the_frames() -> None:
    film = index([0, 40, 1040, 3_723_500], last=40)
    lines = write_scenes("csv", (0, 2), (), film).splitlines()
    assert lines[0] == COLUMNS
    assert lines[2] == "2,3,00:00:01.040,1.040,4,01:02:03.540,3723.540,2,01:02:02.500,3722.500"
    assert timecode(Fraction(36_000)) == "10:00:00.000"


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.json", "json"), ("A.JSON", "json"), ("x.av1an.json", "av1an"), ("s.csv", "csv"), ("s.txt", None), ("", None)],
)
def test_the_name_says_the_form(name: str, form: str | None) -> None:
    assert form_of(name) == form


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\x00" * 100, b'{"scenes": ' + b"[" * 100_000])
def test_a_file_that_is_no_scene_list_is_wrong_usage(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"The scenes .*s\.json: "):
        load_scenes(path)


def test_a_byte_order_mark_is_no_matter(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(f"{COLUMNS}\n{ROWS}", encoding="utf-8-sig")
    assert load_scenes(path).cuts == (0, 48)


def test_a_scene_list_is_never_written_over_another_file(tmp_path: Path) -> None:
    film, path, source = constant(300), tmp_path / "new" / "s.json", tmp_path / "film.csv"
    source.write_bytes(b"film")

    def save(to: Path, *, overwrite: bool = False, zones: tuple[str, ...] = ()) -> None:
        save_scenes(to, source, tmp_path / "o.mkv", Request(zones=zones), film, overwrite=overwrite)

    save(path)
    save(path)  # it says the same already
    before = path.read_bytes()
    with pytest.raises(ConflictError, match="says something else"):
        save(path, zones=("0-1:crf=20",))
    assert path.read_bytes() == before
    save(path, zones=("0-1:crf=20",), overwrite=True)
    assert load_scenes(path).zones
    with pytest.raises(UsageError, match="cannot be written over"):
        save(source, overwrite=True)
    assert source.read_bytes() == b"film"
    assert sorted(p.name for p in path.parent.iterdir()) == ["s.json"]
    with pytest.raises(UsageError, match="cannot be written"):
        save(source / "below.json")
