"""Replacing a film on a modelled disk: what is refused, what fails, and that no film is lost."""

import errno
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePath

import pytest

from disk_faults import Points, PowerFailure, dying, failing
from disk_model import Abilities, ModelDisk
from films_replaced import (
    FOLDER,
    KINDS,
    ORIGINAL,
    OTHER,
    OUTPUT,
    SOURCE,
    WORK,
    Scene,
    check_present,
    check_settled,
    history,
    random_abilities,
    scene,
)
from reelwright.engine.quarantine import expire, savings
from reelwright.engine.replacing import QUARANTINE, Stage
from reelwright.errors import (
    ConflictError,
    ReelwrightError,
    RefusedError,
    ResourceError,
    SourceError,
    UsageError,
    ValidationFailedError,
)

EVERYTHING = Abilities()
HISTORIES, PROVEN_HISTORIES = 300, 2_000


def plain(kind: str = "same name", **abilities: bool) -> Scene:
    return scene(replace(EVERYTHING, **abilities), kind)


def failure(made: Scene, points: Points) -> ReelwrightError | None:
    """How a replacement failed; None where it did not."""
    try:
        made.replace(points)
    except ReelwrightError as error:
        return error
    return None


def lost_films(number: int, deaf: Callable[[int, str], bool] | None = None, *, stop: bool = False) -> tuple[int, int]:
    """Histories that broke a promise, and runs that ended."""
    broken = ended = 0
    for seed in range(number):
        rng = random.Random(seed)
        try:
            ended += history(rng, KINDS[seed % len(KINDS)], random_abilities(rng), deaf)
        except AssertionError:
            broken += 1
            if stop:
                break
            if deaf is None:
                raise
    return broken, ended


@pytest.mark.prove
def test_a_disk_that_tears_renames_and_has_no_links_loses_no_film_either() -> None:
    assert [seed for seed in range(PROVEN_HISTORIES) if breaks(seed, None)] == []


def test_no_history_of_failing_power_and_failing_calls_loses_a_film() -> None:
    assert lost_films(HISTORIES)[0] == 0


@pytest.mark.prove
def test_two_thousand_histories_lose_no_film() -> None:
    broken, ended = lost_films(PROVEN_HISTORIES)
    print(f"\n{PROVEN_HISTORIES} histories, {ended} runs ended, {broken} films lost")
    assert broken == 0


def site() -> tuple[str, int]:
    """Where in the engine a call was made."""
    frame = sys._getframe(1)
    while "engine" not in PurePath(frame.f_code.co_filename).parts or frame.f_code.co_name == "sync_folders":
        assert frame.f_back is not None
        frame = frame.f_back
    return PurePath(frame.f_code.co_filename).name, frame.f_lineno


@pytest.mark.prove
def test_without_any_one_of_its_syncs_a_film_or_a_promise_is_lost() -> None:
    sites: dict[tuple[str, int], int] = {}

    def count(_: int, told: str) -> bool:
        if told.startswith("sync"):
            sites[site()] = sites.get(site(), 0) + 1
        return False

    for seed in range(500):
        history(random.Random(seed), KINDS[seed % len(KINDS)], random_abilities(random.Random(seed)), count)
    unnoticed = []
    for one in sorted(sites):
        seeds = (seed for seed in range(12_000) if breaks(seed, one) and not breaks(seed, None))
        first = next(seeds, None)
        print(one, "NOT NOTICED" if first is None else f"noticed by history {first}")
        if first is None:
            unnoticed.append(one)
    assert not unnoticed


def breaks(seed: int, deaf_at: tuple[str, int] | None) -> bool:
    """Whether a promise is broken where one sync of the program does nothing, on a disk that tears renames."""
    rng = random.Random(seed)
    kind, spoils = KINDS[seed % len(KINDS)], seed % 5 == 4
    abilities = Abilities(links=seed % 8 < 4, exchange=seed % 16 < 8, torn=True, spoils=spoils)
    try:
        history(rng, kind, abilities, lambda _, told: told.startswith("sync") and site() == deaf_at)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("what", ["sync draft", "sync its folder"])
def test_a_disk_that_does_not_force_what_matters_is_found_to_lose(what: str) -> None:
    assert lost_films(HISTORIES, lambda _, told: told == what, stop=True)[0]


def test_a_copy_that_arrives_spoilt_is_noticed_by_reading_it_back() -> None:
    made = plain(spoils=True)
    with pytest.raises(ValidationFailedError):
        made.replace()
    check_settled(made)
    assert made.entry.stage is Stage.ROLLED_BACK


def test_without_the_reading_back_a_spoilt_copy_would_take_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    made = plain(spoils=True)
    true = made.disk.digest
    monkeypatch.setattr(made.disk, "digest", lambda p: made.order.content if p.endswith(".new") else true(p))
    made.replace()
    made.disk.power_failure(random.Random(1))
    with pytest.raises(AssertionError, match="the output is not in its place"):
        check_settled(made)


@pytest.mark.parametrize("abilities", [{}, {"links": False}, {"exchange": False}, {"links": False, "exchange": False}])
@pytest.mark.parametrize("kind", KINDS)
def test_a_film_is_replaced_or_left_alone_whatever_its_disk_can(kind: str, abilities: dict[str, bool]) -> None:
    made = plain(kind, **abilities)
    if kind == "conflict":
        with pytest.raises(ConflictError) as told:
            made.replace()
        assert told.value.exit_code == 8
        assert made.disk.read(f"{WORK}/out.mkv") == OUTPUT
    else:
        assert made.replace().stage is Stage.DONE
        assert made.replace().stage is Stage.DONE, "the same order again"
    check_settled(made)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EXDEV, errno.EROFS])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_call_of_the_disk_may_fail_and_a_retry_succeeds(kind: str, code: int, *, after: bool) -> None:
    count = Points()
    failure(plain(kind), count)
    for number in range(len(count.names)):
        made = plain(kind)
        error = failure(made, Points(failing(number, code, after=after)))
        assert error is None or (error.exit_code in {2, 3, 7, 8} and error.message.endswith(".")), error
        check_present(made)
        made.recover()
        check_settled(made)
        if kind != "conflict":
            assert made.replace().stage is Stage.DONE, count.names[number]
            check_settled(made)


@pytest.mark.parametrize("kind", KINDS)
def test_a_disk_that_fails_from_some_call_on_is_put_right_at_the_next_start(kind: str) -> None:
    for number in range(30):
        made = plain(kind)
        error = failure(made, Points(failing(number, errno.EROFS, times=1000)))
        assert error is None or kind == "conflict" or "Read-only" in error.message, error
        check_present(made)
        made.recover()
        check_settled(made)


def test_a_film_with_other_hard_links_is_refused_unless_they_are_told_of() -> None:
    made = plain()
    made.disk.link(SOURCE, "/films/seeding.mkv")
    made.order = replace(made.order, ctime_ns=None)
    with pytest.raises(RefusedError, match="1 other hard link"):
        made.replace()
    made.order = replace(made.order, hard_links=True)
    entry = made.replace()
    assert (entry.stage, entry.other_links) == (Stage.DONE, 1)
    assert made.disk.read("/films/seeding.mkv") == ORIGINAL
    assert savings([entry]).promised == -len(OUTPUT)


@pytest.mark.parametrize("change", ["content", "touched", "gone", "another"])
def test_a_source_that_changed_since_its_encode_is_kept_and_so_is_the_output(change: str) -> None:
    made = plain()
    if change in {"gone", "another"}:
        made.disk.unlink(SOURCE)
    if change == "another":
        made.disk.put(SOURCE, OTHER)
    if change == "content":
        made.disk.overwrite(SOURCE, ORIGINAL)
    if change == "touched":
        made.order = replace(made.order, ctime_ns=1)
    with pytest.raises(SourceError if change == "gone" else ConflictError):
        made.replace()
    assert made.journal.entries() == []
    assert made.disk.read(f"{WORK}/out.mkv") == OUTPUT


def test_another_film_that_takes_the_name_in_the_very_moment_is_put_back() -> None:
    for kind in ("same name", "new extension"):
        made = plain(kind)

        def strike(_: int, name: str, when: str, made: Scene = made) -> None:
            if when == "before" and (name.startswith("exchange") or name == "rename_new heat.mkv draft"):
                made.disk.unlink(SOURCE)
                made.disk.put(SOURCE, OTHER)

        with pytest.raises(ConflictError):
            made.replace(Points(strike))
        assert made.disk.read(SOURCE) == OTHER
        assert made.disk.read(made.entry.kept) == ORIGINAL, "nobody else has it any more"
        assert made.entry.kept in made.entry.why


def test_names_that_differ_in_case_or_composition_are_one_name_where_the_disk_thinks_so() -> None:
    for final in ("heat.MKV", "HEAT.mkv"):
        made = plain(folds=True)
        made.order = replace(made.order, final=f"{FOLDER}/{final}")
        entry = made.replace()
        assert entry.same_name
        assert made.disk.read(f"{FOLDER}/heat.mkv") == OUTPUT
        assert made.disk.read(entry.kept) == ORIGINAL
    made = plain()
    made.disk.put(f"{FOLDER}/heat.MKV", OTHER)
    made.order = replace(made.order, final=f"{FOLDER}/heat.MKV")
    with pytest.raises(ConflictError, match="exists already"):
        made.replace()
    assert made.disk.read(f"{FOLDER}/heat.MKV") == OTHER


def test_a_quarantine_on_another_file_system_is_not_used() -> None:
    made = plain("cross-device")
    assert made.replace().kept.startswith(f"{FOLDER}/{QUARANTINE}/")
    assert not any(path.startswith("/elsewhere") for path in made.disk.files())


def test_a_full_disk_a_foreign_owner_and_another_folder_are_told_before_anything_is_touched() -> None:
    made = plain()
    made.disk.room = int(len(OUTPUT) * 1.04)
    with pytest.raises(ResourceError, match="full"):
        made.replace()
    check_settled(made)
    made = plain(owners=False)
    with pytest.raises(RefusedError, match="owner"):
        made.replace()
    check_settled(made)
    made = plain()
    made.order = replace(made.order, final="/films/heat.mkv")
    with pytest.raises(UsageError, match="another folder"):
        made.replace()


def test_a_name_of_255_bytes_is_replaced_and_a_longer_one_is_refused() -> None:
    name = "é" * 125 + "x.mkv"
    made = plain()
    made.disk.put(f"{FOLDER}/{name}", ORIGINAL)
    found = made.disk.look(f"{FOLDER}/{name}")
    assert found is not None
    source = replace(made.order.source, path=f"{FOLDER}/{name}", inode=found.inode, mtime_ns=found.mtime_ns)
    made.order = replace(made.order, source=source, final=source.path, ctime_ns=None)
    assert made.replace().stage is Stage.DONE
    assert made.disk.read(source.path) == OUTPUT
    again = plain()
    again.order = replace(again.order, final=f"{FOLDER}/{'x' * 252}.mkv")
    with pytest.raises(UsageError, match="too long"):
        again.replace()


def test_an_original_is_taken_back_with_its_sidecars_but_never_over_something_else() -> None:
    made = plain("new extension")
    made.replace()
    assert made.disk.read(f"{FOLDER}/heat.mp4.nfo") == b"heat.mkv.nfo"
    made.disk.put(SOURCE, OTHER)
    with pytest.raises(ConflictError) as told:
        made.restore()
    assert told.value.exit_code == 8
    assert made.disk.read(SOURCE) == OTHER
    made.disk.unlink(SOURCE)
    made.restore()
    check_settled(made)
    assert made.entry.stage is Stage.RESTORED
    assert made.disk.read(f"{FOLDER}/heat.mkv.nfo") == b"heat.mkv.nfo"


def test_an_original_that_has_decayed_in_quarantine_is_not_put_back() -> None:
    made = plain()
    made.replace()
    made.disk.nodes[made.disk._at(made.entry.kept)].content = b"X" + ORIGINAL[1:]
    with pytest.raises(ValidationFailedError):
        made.restore()
    assert made.disk.read(SOURCE) == OUTPUT


def test_an_original_is_deleted_when_its_time_is_over_and_only_where_the_output_is_whole() -> None:
    made = plain()
    made.replace()
    assert savings(made.journal.entries()).saved == 0
    assert savings(made.journal.entries()).quarantined == len(ORIGINAL)
    assert expire(made.journal, made.disk, now=made.now) == [], "its time is not over"
    made.time = made.time.replace(year=2027)
    whole = made.disk.read(SOURCE)
    made.disk.overwrite(SOURCE, b"x" * len(OUTPUT))
    (stays,) = expire(made.journal, made.disk, now=made.now)
    assert "is not what was placed there" in stays.stays
    assert made.disk.read(made.entry.kept) == ORIGINAL
    made.disk.overwrite(SOURCE, whole or b"")
    (went,) = expire(made.journal, made.disk, now=made.now)
    assert went.freed == len(ORIGINAL)
    assert made.entry.stage is Stage.EXPIRED
    assert savings(made.journal.entries()).saved == len(ORIGINAL) - len(OUTPUT)
    with pytest.raises(UsageError, match="was deleted"):
        made.restore()


def test_an_original_that_its_owner_took_away_before_it_was_touched_leaves_nothing_of_ours_behind() -> None:
    made = plain()
    with pytest.raises(PowerFailure):
        made.replace(Points(dying(4)))
    made.disk.unlink(SOURCE)
    made.recover()
    assert made.entry.stage is Stage.ROLLED_BACK
    assert not [path for path in made.disk.files() if "/.reelwright" in path]


def test_a_disk_that_is_away_changes_nothing_that_is_known() -> None:
    made = plain()
    made.replace()
    made.journal.write(replace(made.entry, stage=Stage.KEPT))
    here, made.disk = made.disk, ModelDisk()
    made.recover()
    assert made.entry.stage is Stage.KEPT
    made.disk.mount(FOLDER, 9)
    made.recover()
    assert made.entry.stage is Stage.KEPT, "the folder is there, and empty"
    made.disk = here
    made.recover()
    assert made.entry.stage is Stage.DONE
