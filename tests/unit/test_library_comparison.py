"""What changed between two scans: nothing is taken for new that was known, and nothing for known that is new."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelwright.library.comparison import Changes, Remembered, Seen, settle, sort_out


def row(number: int, path: str, **changes: int) -> Remembered:
    plain = Remembered(
        id=number, path=path, size=100 + number, mtime_ns=1000 + number, inode=number, fingerprint=f"f{number}"
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def seen(known: Remembered, **changes: object) -> Seen:
    plain = Seen(path=known.path, size=known.size, mtime_ns=known.mtime_ns, inode=known.inode)
    return replace(plain, **changes)  # type: ignore[arg-type]


def compare(known: list[Remembered], met: list[Seen], content: dict[str, str] | None = None) -> Changes:
    """Compare; the content is told only of files that are asked for."""
    found = sort_out(known, met)
    asked = {s.path for s in found.to_read}
    return settle(found, {path: text for path, text in (content or {}).items() if path in asked})


A, B, C = row(1, "a.mkv"), row(2, "b.mkv"), row(3, "c.mkv")


def test_what_is_as_it_was_is_unchanged_and_no_content_is_read() -> None:
    found = sort_out([A, B], [seen(A), seen(B)])
    assert found.to_read == []
    assert settle(found, {}) == Changes(same=(), changed=(), new=(), gone=(), unchanged=2)


def test_a_rename_is_told_by_inode_size_and_time_without_reading() -> None:
    found = sort_out([A, B], [seen(A, path="x/new name.mkv"), seen(B)])
    assert found.to_read == []
    assert settle(found, {}).same == ((A, seen(A, path="x/new name.mkv")),)


def test_a_remount_that_changes_all_inodes_changes_nothing_else() -> None:
    met = [seen(A, inode=77), seen(B, inode=78)]
    assert compare([A, B], met) == Changes(
        same=tuple(zip((A, B), met, strict=True)), changed=(), new=(), gone=(), unchanged=0
    )


def test_a_copy_to_another_name_after_the_old_one_has_gone_is_told_by_content() -> None:
    copied = seen(A, path="copy.mkv", inode=99, mtime_ns=5)
    found = sort_out([A], [copied])
    assert found.to_read == [copied]
    assert settle(found, {"copy.mkv": "f1"}).same == ((A, copied),)
    other = settle(found, {"copy.mkv": "other"})
    assert other.new == (copied,)
    assert other.gone == (A,)


def test_a_touch_is_told_by_content() -> None:
    touched = seen(A, mtime_ns=5)
    assert compare([A], [touched], {"a.mkv": "f1"}).same == ((A, touched),)
    assert compare([A], [touched], {"a.mkv": "else"}).changed == ((A, touched),)
    assert compare([replace(A, fingerprint=None)], [touched]).changed == ((replace(A, fingerprint=None), touched),)


def test_another_size_is_another_content_and_is_not_read() -> None:
    grown = seen(A, size=5000)
    found = sort_out([A], [grown])
    assert found.to_read == []
    assert settle(found, {}).changed == ((A, grown),)


def test_a_copy_beside_the_original_is_new() -> None:
    copied = seen(A, path="copy.mkv", inode=99)
    assert compare([A], [seen(A), copied], {"copy.mkv": "f1"}).new == (copied,)


def test_names_that_were_exchanged_are_known_again() -> None:
    met = [seen(A, path="b.mkv"), seen(B, path="a.mkv")]
    found = compare([A, B], met)
    assert {(r.id, s.path) for r, s in found.same} == {(1, "b.mkv"), (2, "a.mkv")}
    assert not found.new
    assert not found.changed
    assert not found.gone


def test_a_name_that_was_taken_over_keeps_both_rows() -> None:
    # a became c, and b became a.
    found = compare([A, B], [seen(A, path="c.mkv"), seen(B, path="a.mkv")])
    assert {(r.id, s.path) for r, s in found.same} == {(1, "c.mkv"), (2, "a.mkv")}
    assert not found.gone


def test_a_new_film_under_the_name_of_one_that_moved_is_new() -> None:
    new = Seen(path="a.mkv", size=7, mtime_ns=7, inode=7)
    found = compare([A], [seen(A, path="old/a.mkv"), new])
    assert found.same == ((A, seen(A, path="old/a.mkv")),)
    assert found.new == (new,)


def test_a_change_of_case_is_a_rename() -> None:
    assert compare([A], [seen(A, path="A.MKV")]).same == ((A, seen(A, path="A.MKV")),)


def test_what_is_gone_is_told_once_and_comes_back_with_its_row() -> None:
    assert compare([A], []).gone == (A,)
    gone = replace(A, gone=True)
    assert compare([gone], []).gone == ()
    assert compare([gone], [seen(A)]).same == ((gone, seen(A)),)
    assert compare([gone], [seen(A, path="b/a.mkv")]).same == ((gone, seen(A, path="b/a.mkv")),)


def test_two_rows_with_one_inode_are_no_proof_of_a_rename() -> None:
    twins = [replace(A, fingerprint=None), replace(A, id=9, path="z.mkv", fingerprint=None)]
    assert compare(twins, [seen(A, path="new.mkv")]).new == (seen(A, path="new.mkv"),)


def test_another_name_of_the_same_file_is_noted_without_a_change_of_content() -> None:
    linked = seen(A, hard_links=2)
    assert compare([A], [linked]).same == ((A, linked),)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Remembered], list[Seen], dict[str, str]]:
    """A library, and what became of it by renames, touches, remounts, losses and additions."""
    count = draw(st.integers(0, 8))
    known = [row(n, f"{n}.mkv", size=100 + n % 3) for n in range(1, count + 1)]
    known = [
        replace(r, gone=draw(st.booleans()), fingerprint=r.fingerprint if draw(st.booleans()) else None) for r in known
    ]
    names = draw(st.permutations([r.path for r in known] + ["x.mkv", "y.mkv"]))
    offset = draw(st.sampled_from([0, 1000]))
    met, content = [], {}
    for r, name in zip(known, names, strict=False):
        if draw(st.booleans()):
            met.append(
                seen(r, path=name, inode=r.inode + offset, mtime_ns=r.mtime_ns + draw(st.sampled_from([0, 0, 7])))
            )
            content[name] = f"f{r.id}"
    if draw(st.booleans()):
        met.append(Seen(path="brand new.mkv", size=101, mtime_ns=1, inode=1))
        content["brand new.mkv"] = "never seen"
    return known, met, content


@given(worlds())
def test_each_file_and_each_row_is_told_exactly_once(
    world: tuple[list[Remembered], list[Seen], dict[str, str]],
) -> None:
    known, met, content = world
    found = sort_out(known, met)
    changes = settle(found, content)
    told = [s.path for _, s in (*changes.same, *changes.changed)] + [s.path for s in changes.new]
    assert sorted(told + [r.path for r in found.unchanged]) == sorted(s.path for s in met)
    rows = [r.id for r, _ in (*changes.same, *changes.changed)] + [r.id for r in found.unchanged]
    assert len(rows) == len(set(rows))
    silent = {r.id for r in known if r.gone}
    assert {r.id for r in known} - silent <= {*rows, *(r.id for r in changes.gone)}
    assert not {r.id for r in changes.gone} & {*rows, *silent}


@given(worlds())
def test_no_row_is_given_to_other_content(world: tuple[list[Remembered], list[Seen], dict[str, str]]) -> None:
    known, met, content = world
    changes = settle(sort_out(known, met), content)
    for remembered, file in changes.same:
        assert content[file.path] == f"f{remembered.id}"


@given(worlds())
def test_a_second_scan_finds_nothing(world: tuple[list[Remembered], list[Seen], dict[str, str]]) -> None:
    known, met, content = world
    found = sort_out(known, met)
    changes = settle(found, content)
    after = [
        replace(r, path=s.path, size=s.size, mtime_ns=s.mtime_ns, inode=s.inode, hard_links=s.hard_links, gone=False)
        for r, s in (*changes.same, *changes.changed)
    ]
    after += list(found.unchanged) + [replace(r, gone=True) for r in changes.gone]
    after += [
        Remembered(id=100 + n, path=s.path, size=s.size, mtime_ns=s.mtime_ns, inode=s.inode)
        for n, s in enumerate(changes.new)
    ]
    again = compare(after, met, content)
    assert (again.same, again.changed, again.new, again.gone) == ((), (), (), ())
    assert again.unchanged == len(met)


@pytest.mark.parametrize("count", [20_000])
def test_a_large_library_that_did_not_change_is_compared_by_one_look_at_each(count: int) -> None:
    known = [row(n, f"{n}.mkv") for n in range(count)]
    assert compare(known, [seen(r) for r in known]).unchanged == count
