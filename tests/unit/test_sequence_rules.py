"""The five rejections: the table, and sixteen properties that hold for any names."""

import re
import tracemalloc
from collections import Counter
from functools import partial
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reelwright.sequences import harvest as harvesting
from reelwright.sequences import rules
from reelwright.sequences.harvest import broken_rules, harvest, masks
from reelwright.sequences.layouts import Layout, Wanted
from reelwright.sequences.rules import Padding, by_extension, by_integer, by_integers_only, by_name, by_padding

# Whoever else works on this machine may take the time of a test.
patient = settings(deadline=None)

ROW = Wanted(name="name", padding=4, extension="exr")
RULES = ROW.rules
LAYOUTS = tuple(Layout)

#: What stands here passes or fails for a reason: rules 1 to 5, K kept and R rejected.
TABLE = [
    ("name.0001.exr", "KKKKK"),
    ("name.9999.exr", "KKKKK"),
    ("name.10000.exr", "KKKKK"),
    ("name.01000.exr", "KKKRK"),
    ("name.999.exr", "KKKRK"),
    ("name..exr", "KRRRK"),
    ("name.exr", "KRRRK"),
    ("name.v001.0001.exr", "KKRKK"),
    (".name.0001.exr", "KKRKR"),
    ("name.1 2.exr", "KKRRK"),
    ("name.1_2.exr", "KKRRK"),
    ("name.+001.exr", "KKRRK"),
    ("name.1e03.exr", "KKRRK"),
    ("name. 0001.exr", "KKRKK"),
    ("name.a0001.exr", "KKRKK"),
    ("name.-0001.exr", "KKRKK"),
    ("name.-001.exr", "KKRRK"),
    ("name.0001a.exr", "KRRRK"),
    ("name.0001..exr", "KRRRK"),
    ("name.0001.EXR", "RKKKK"),
    ("name.0001.jpg", "RKKKK"),
    ("name.0001.exr~", "RKKKK"),
    ("name.0001.exr ", "RKKKK"),
    ("name.0001.exr\n", "RKKKK"),
    ("name.0001.exr.tmp", "RRRRK"),
    ("name_b.0001.exr", "KKKKR"),
    ("nameb.0001.exr", "KKKKR"),
    ("Name.0001.exr", "KKKKR"),
    ("na me.0001.exr", "KKKKR"),
    ("name_0001.exr", "KKRKR"),
    ("0001.exr", "KKRKR"),
    (".0001.exr", "KKKKR"),
    ("name.²001.exr", "KKRRK"),
    ("name.\u0660\u0660\u0660\u0661.exr", "KRRRK"),
    ("", "RRRRR"),
    (".", "RRRRR"),
    ("..", "RRRRR"),
    ("exr", "RRRRR"),
    (".exr", "KRRRR"),
    ("name.0001.", "RKKKK"),
]


@pytest.mark.parametrize(("name", "verdicts"), TABLE, ids=repr)
def test_each_rule_says_of_each_name_what_the_table_says(name: str, verdicts: str) -> None:
    assert "".join("K" if rule([name])[0] else "R" for rule in RULES) == verdicts


@pytest.mark.parametrize(
    ("padding", "kept", "rejected"),
    [
        (0, ["0", "7", "10", "123"], ["00", "07"]),
        (1, ["0", "7", "10", "123"], ["00", "07"]),
        (2, ["00", "07", "10", "123"], ["0", "7", "007"]),
        (5, ["00001", "99999", "100000"], ["1000", "010000"]),
    ],
)
def test_padding_keeps_its_own_length_and_what_overflows_it(padding: int, kept: list[str], rejected: list[str]) -> None:
    names = [f"a.{digits}.exr" for digits in [*kept, *rejected]]
    assert by_padding(names, Padding(padding, "exr")) == (names[: len(kept)], names[len(kept) :])


def test_an_extension_may_hold_periods() -> None:
    row = Wanted(name="cache", padding=3, extension="tar.gz")
    assert row.keeps("cache.001.tar.gz")
    for name in ("cache.001.gz", "cache.001.tar.gz.gz", "cache.v1.001.tar.gz", "cache.x.tar.gz", "cache.01.tar.gz"):
        assert not row.keeps(name)
    # A name with another extension is looked at from its last period: each rule works alone.
    assert by_integer(["a.001.tgz"], "tar.gz") == (["a.001.tgz"], [])
    assert by_integers_only(["a.001.tgz"], "tar.gz") == (["a.001.tgz"], [])


# Names near to a frame's, names of the right pieces in any order, and any names at all.
PIECES = [
    *("name", "Name", "nam", ".", ".", "..", "_", "-", " ", "0001", "1001", "10000", "01", "7", "exr", "EXR", "ex"),
    *(".exr", "\n", "²", "\u0660\u0660\u0660\u0661", "é", "e\u0301", "\udcff", "tmp", "~", "+", "%", "v001"),
]
pieced = st.lists(st.sampled_from(PIECES), max_size=9).map("".join)
near = st.builds(
    "name.{}{}.exr{}".format,
    st.sampled_from(["", "v001.", "x"]),
    st.text("0123456789", min_size=1, max_size=6),
    st.sampled_from(["", "", "", "~", ".tmp"]),
)
raw_bytes = st.binary(max_size=40).filter(lambda data: b"\0" not in data and b"/" not in data)
hostile = raw_bytes.map(lambda data: data.decode("utf-8", "surrogateescape"))
any_name = st.one_of(near, near, pieced, hostile)
any_names = st.lists(any_name, max_size=10)
any_layout = st.sampled_from(LAYOUTS)
wanted = st.builds(
    Wanted,
    name=st.sampled_from(["name", "Name", "na", "é"]),
    padding=st.integers(0, 6),
    extension=st.sampled_from(["exr", "EXR", "ex", "exr.tmp"]),
    layout=any_layout,
)


@patient
@given(names=any_names, row=wanted)
def test_1_kept_and_rejected_are_what_came_in(names: list[str], row: Wanted) -> None:
    for rule in row.rules:
        kept, rejected = rule(names)
        assert Counter(kept) + Counter(rejected) == Counter(names)


@patient
@given(names=any_names, row=wanted)
def test_2_what_comes_in_is_left_alone_and_answers_do_not_change(names: list[str], row: Wanted) -> None:
    for rule in row.rules:
        before = list(names)
        first = rule(names)
        assert names == before
        assert rule(names) == first


@patient
@given(one=any_names, other=any_names, row=wanted)
def test_3_a_name_is_judged_alone(one: list[str], other: list[str], row: Wanted) -> None:
    for rule in row.rules:
        (kept, rejected), (kept_too, rejected_too) = rule(one), rule(other)
        assert rule(one + other) == (kept + kept_too, rejected + rejected_too)


@patient
@given(names=any_names, row=wanted)
def test_4_a_second_time_changes_nothing(names: list[str], row: Wanted) -> None:
    for rule in row.rules:
        kept, rejected = rule(names)
        assert rule(kept) == (kept, [])
        assert rule(rejected) == ([], rejected)


@patient
@given(names=st.lists(any_name, max_size=6), row=wanted)
def test_5_any_order_of_the_rules_keeps_the_same_names_in_the_same_order(names: list[str], row: Wanted) -> None:
    expected = list(harvest(names, row).kept)
    for order in permutations(row.rules):
        kept = names
        for rule in order:
            kept, _ = rule(kept)
        assert kept == expected


@patient
@given(names=any_names, row=wanted, chosen=st.sets(st.integers(0, 4)))
def test_6_fewer_rules_keep_no_fewer_names(names: list[str], row: Wanted, chosen: set[int]) -> None:
    kept = names
    for number in chosen:
        kept, _ = row.rules[number](kept)
    assert Counter(harvest(names, row).kept) <= Counter(kept)


@patient
@given(names=any_names, row=wanted)
def test_7_the_order_of_names_is_the_listings(names: list[str], row: Wanted) -> None:
    tagged = [f"{name}" for name in dict.fromkeys(names)]
    places = {name: place for place, name in enumerate(tagged)}
    for rule in row.rules:
        for side in rule(tagged):
            assert [places[name] for name in side] == sorted(places[name] for name in side)


@patient
@given(names=any_names, row=wanted)
def test_8_a_mask_is_what_each_rule_says_alone(names: list[str], row: Wanted) -> None:
    found = masks(names, row.rules)
    kept = harvest(names, row).kept
    for name, mask in zip(names, found, strict=True):
        assert (mask == 0) == (name in kept)
        assert broken_rules(mask) == tuple(k for k, rule in enumerate(row.rules, 1) if rule([name]) == ([], [name]))


def oracle(row: Wanted, name: str) -> bool:
    """The rules of the strict layout as one expression."""
    digits = max(row.padding, 1)
    pattern = rf"(?:[0-9]{{{digits}}}|[1-9][0-9]{{{digits},}})"
    return re.fullmatch(rf"{re.escape(row.name)}\.{pattern}\.{re.escape(row.extension)}", name) is not None


@patient
@given(names=any_names, padding=st.integers(0, 6))
def test_9_all_five_are_one_expression(names: list[str], padding: int) -> None:
    row = Wanted(name="name", padding=padding, extension="exr")
    assert list(harvest(names, row).kept) == [name for name in names if oracle(row, name)]


@patient
@given(frames=st.lists(st.integers(0, 10**8), unique=True), row=wanted)
def test_10_every_frame_that_is_named_rightly_is_kept(frames: list[int], row: Wanted) -> None:
    assume(row.extension != "exr.tmp")
    names = [row.file_name(frame) for frame in frames]
    assert len(set(names)) == len(names)
    assert harvest(names, row).kept == tuple(names)


@patient
@given(
    frame=st.integers(0, 99_999),
    place=st.integers(0, 13),
    letter=st.sampled_from([*".0123456789_-+ \nnamexrEX~²٠é", "", "\udc80"]),
    instead=st.booleans(),
)
def test_11_one_letter_more_less_or_other_is_judged_as_the_expression_does(
    *, frame: int, place: int, letter: str, instead: bool
) -> None:
    name = ROW.file_name(frame)
    changed = name[:place] + letter + name[place + instead :]
    assert ROW.keeps(changed) == oracle(ROW, changed)


@patient
@given(names=st.lists(hostile, max_size=8), row=wanted)
def test_12_any_bytes_that_may_be_a_name_are_judged(names: list[str], row: Wanted) -> None:
    found = harvest([*names, "", ".", "..", "\n", "x" * 255, "é", "e\u0301", "\u202e.0001.exr"], row)
    assert len(found.kept) + sum(map(len, found.rejected)) == len(names) + 8


@patient
@given(names=any_names, padding=st.integers(0, 6), extension=st.sampled_from(["exr", "EXR", "exr.tmp"]))
def test_13_the_third_and_the_fourth_rule_imply_the_second(names: list[str], padding: int, extension: str) -> None:
    second = set(by_integer(names, extension)[0])
    assert set(by_integers_only(names, extension)[0]) <= second
    assert set(by_padding(names, Padding(padding, extension))[0]) <= second


@patient
@given(row=wanted)
def test_14_nothing_in_nothing_out(row: Wanted) -> None:
    assert all(rule([]) == ([], []) for rule in row.rules)


@patient
@given(digits=st.integers(1, 250), mark=st.sampled_from("._1 a"), row=wanted)
def test_15_no_name_takes_long_and_memory_grows_with_the_names(digits: int, mark: str, row: Wanted) -> None:
    # What would make a backtracking expression slow is one pass of rstrip and rpartition here.
    for name in (mark * 255, "1" * digits + mark * (255 - digits), (f"1{mark}" * 128)[:255]):
        assert not row.keeps(name + "!")


def test_15_memory_is_a_list_of_what_is_kept_and_rejected() -> None:
    names = [f"name.{frame:04d}.exr" for frame in range(20_000)]
    tracemalloc.start()
    for rule in RULES:
        rule(names)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40 * len(names)  # a reference each, with room to grow, and no name twice


@patient
@given(names=any_names, row=wanted)
def test_16_the_harvest_is_the_listing(names: list[str], row: Wanted) -> None:
    found = harvest(names, row)
    assert Counter(found.kept) + sum((Counter(side) for side in found.rejected), Counter()) == Counter(names)
    assert [len(side) for side in found.rejected] == [len(side) for side in found.masks]
    for number, side in enumerate(found.masks, 1):
        assert all(broken_rules(mask)[0] == number for mask in side)


def test_the_rules_module_holds_the_rules_alone() -> None:
    public = {name for name in vars(rules) if name.startswith("by_")}
    assert public == {"by_extension", "by_integer", "by_integers_only", "by_padding", "by_name"}
    source = Path(rules.__file__).read_text(encoding="utf-8")
    assert not re.search(r"\bdict\b|\{\w+:|sorted|\.sort|global|import re\b|cache", source.partition('"""\n')[2])


@pytest.mark.parametrize(
    ("row", "kept", "rejected"),
    [
        (
            Wanted(name="a_v2", padding=4, extension="exr", layout=Layout.UNDERSCORE),
            ["a_v2_0001.exr", "a_v2_10000.exr"],
            ["a_v2.0001.exr", "a_v2_v3_0001.exr", "a_v2_01.exr", "a_v20001.exr", "a_0001.exr", "a_v2_0001.EXR"],
        ),
        (
            Wanted(name="a", padding=4, extension="exr", layout=Layout.UNDERSCORE),
            ["a_0001.exr"],
            ["a_v2_0001.exr", "a.b_0001.exr", "a__0001.exr"],
        ),
        (
            Wanted(name="a.v2", padding=4, extension="exr", layout=Layout.DOTTED),
            ["a.v2.0001.exr", "a.v2.10000.exr"],
            ["a.0001.exr", "a.v2_0001.exr", "a.v2.v3.0001.exr", "a.v2..0001.exr", "a.v2.01.exr"],
        ),
    ],
)
def test_the_other_layouts_take_the_whole_name(row: Wanted, kept: list[str], rejected: list[str]) -> None:
    assert harvest(kept + rejected, row).kept == tuple(kept)


def test_single_rules_take_their_one_value() -> None:
    assert by_extension(["a.exr", "a.xexr"], "exr") == (["a.exr"], ["a.xexr"])
    assert by_name(["a.1.exr", "ab.1.exr"], "a") == (["a.1.exr"], ["ab.1.exr"])
    assert partial(by_name, name="a")([]) == ([], [])


def test_names_that_come_in_pieces_are_harvested_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [name for name, _ in TABLE] * 3
    whole = harvest(names, ROW)
    monkeypatch.setattr(harvesting, "BLOCK", 7)
    assert harvest(names, ROW) == whole
