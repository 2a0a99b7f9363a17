"""Alignment: films that belong together are told from films that are off, whatever the encoder did to the pictures."""

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import index
from reelwright.media.timing import FrameIndex, Timing
from reelwright.planning.alignment import Reading, align, alignment_notes, evenly
from reelwright.planning.decision import Decision, Verdict
from reelwright.planning.offsets import (
    Blocks,
    Window,
    are_different,
    missing_piece,
    moved_windows,
    swapped_frames,
    windows_of,
)
from reelwright.quality.comparison import Alignment, Proof

CELLS = 16
Pictures = list[Blocks]


def moving(count: int, seed: int = 1, step: float = 2.0) -> Pictures:
    """A film in which something moves all the time: block means wander, a cut now and then."""
    source = random.Random(seed)
    now = [source.uniform(40, 200) for _ in range(CELLS)]
    slopes = [source.uniform(-step, step) for _ in range(CELLS)]
    frames = []
    for frame in range(count):
        if frame % 40 == 39:
            now = [source.uniform(40, 200) for _ in range(CELLS)]
        slopes = [slope * 0.8 + source.uniform(-step, step) * 0.4 for slope in slopes]
        now = [value + slope for value, slope in zip(now, slopes, strict=True)]
        frames.append(tuple(now))
    return frames


def still(count: int, level: float = 90.0) -> Pictures:
    return [(level,) * CELLS] * count


def noisy(pictures: Sequence[Blocks], amount: float, seed: int = 2) -> Pictures:
    """What an encoder leaves of block means: nearly the same."""
    source = random.Random(seed)
    return [tuple(value + source.gauss(0, amount) for value in picture) for picture in pictures]


def reading(pictures: Sequence[Blocks], of: FrameIndex | None = None, name: str = "1-a") -> Reading:
    made = of or index(range(0, 40 * len(pictures), 40))
    return Reading(index=replace(made, source_id=name), pictures=pictures)


def aligned(one: Sequence[Blocks], other: Sequence[Blocks]) -> Alignment | Decision:
    return align(reading(one), reading(other, name="2-b"))


def proof_of(found: Alignment | Decision) -> Alignment:
    assert isinstance(found, Alignment), found
    return found


def refusal_of(found: Alignment | Decision) -> str:
    assert isinstance(found, Decision), found
    assert found.verdict is Verdict.REFUSE
    assert found.hint
    return found.reasons[0]


lengths = st.integers(24, 160)
seeds = st.integers(0, 10_000)


@settings(deadline=None)
@given(lengths, seeds, st.floats(0, 0.4))
def test_an_encode_of_a_moving_film_is_proven(count: int, seed: int, noise: float) -> None:
    film = moving(count, seed)
    found = proof_of(aligned(film, noisy(film, noise)))
    assert found.proof is Proof.PICTURES
    assert 0 < found.windows_proven <= found.windows
    assert (found.reference_frames, found.distorted_frames) == (count, count)


@settings(deadline=None)
@given(lengths, seeds, st.sampled_from([-5, -3, -2, -1, 1, 2, 3, 5]), st.floats(0, 0.3))
def test_a_film_that_is_off_by_a_few_frames_is_found_and_told_by_how_many(
    count: int, seed: int, offset: int, noise: float
) -> None:
    whole = moving(count + abs(offset), seed)
    one, other = whole[abs(offset) :], whole[: len(whole) - abs(offset)]
    late, early = noisy(other, noise), noisy(one, noise)
    said = refusal_of(aligned(one, late) if offset > 0 else aligned(other, early))
    frames = f"{abs(offset)} frame{'s' if abs(offset) > 1 else ''}"
    assert f"{frames} {'late' if offset > 0 else 'early'} near frame" in said


@settings(deadline=None)
@given(st.integers(60, 160), seeds, st.data())
def test_a_frame_lost_in_the_middle_and_made_up_for_at_the_end_is_found(
    count: int, seed: int, data: st.DataObject
) -> None:
    film = moving(count, seed)
    lost = data.draw(st.integers(1, count - 24))
    spoiled = noisy([*film[:lost], *film[lost + 1 :], film[-1]], 0.1)
    assert "1 frame early" in refusal_of(aligned(film, spoiled))


@settings(deadline=None)
@given(st.integers(60, 160), seeds, st.data())
def test_a_frame_shown_twice_and_one_lost_at_the_end_is_found(count: int, seed: int, data: st.DataObject) -> None:
    film = moving(count, seed)
    twice = data.draw(st.integers(1, count - 24))
    spoiled = noisy([*film[: twice + 1], *film[twice:-1]], 0.1)
    assert "1 frame late" in refusal_of(aligned(film, spoiled))


@settings(deadline=None)
@given(lengths, seeds, st.integers(1, 6), st.data())
def test_unequal_counts_are_refused_with_both_counts_and_the_piece_that_is_missing(
    count: int, seed: int, lost: int, data: st.DataObject
) -> None:
    film = moving(count, seed, step=6.0)
    place = data.draw(st.integers(0, count - lost))
    shorter = noisy([*film[:place], *film[place + lost :]], 0.05)
    said = refusal_of(aligned(film, shorter))
    assert f"{count} frames" in said
    assert f"has {count - lost}" in said
    assert "lacks" in said
    found = missing_piece(film, shorter)
    assert found is not None
    assert abs(found - place) <= 1
    back = refusal_of(aligned(shorter, film))
    assert "too many" in back


@pytest.mark.parametrize(
    ("place", "lost", "said"),
    [
        (0, 1, "lacks the first frame."),
        (0, 2, "lacks the first 2 frames."),
        (59, 1, "lacks the last frame."),
        (57, 3, "lacks the last 3 frames."),
        (20, 1, "lacks frame 20 (or one like it beside it)."),
        (20, 3, "lacks frames 20 to 22 (or frames like them beside them)."),
    ],
)
def test_the_missing_piece_is_named(place: int, lost: int, said: str) -> None:
    film = moving(60, 4, step=6.0)
    assert refusal_of(aligned(film, [*film[:place], *film[place + lost :]])).endswith(said)


def test_where_no_one_piece_explains_it_only_the_counts_are_named() -> None:
    film = moving(100, 5)
    pulled_down = [frame for k, frame in enumerate(film) for _ in range(2 if k % 4 == 0 else 1)]
    assert refusal_of(aligned(film, pulled_down)) == "The reference has 100 frames and the distorted film has 125."
    assert missing_piece(still(50), still(49)) is None


@settings(deadline=None)
@given(lengths, seeds, st.data())
def test_two_frames_that_changed_places_are_found(count: int, seed: int, data: st.DataObject) -> None:
    film = moving(count, seed, step=8.0)
    place = data.draw(st.integers(0, count - 2))
    swapped = [*film[:place], film[place + 1], film[place], *film[place + 2 :]]
    said = refusal_of(aligned(film, noisy(swapped, 0.1)))
    assert f"{place} and {place + 1} of the distorted film changed places" in said


def test_a_mark_in_the_picture_and_a_brighter_picture_are_no_offset() -> None:
    film = moving(200, 6)
    marked = [(min(255.0, picture[0] + 20), *picture[1:]) for picture in film]
    brighter = [tuple(value + 3 for value in picture) for picture in film]
    assert proof_of(aligned(film, marked))
    assert proof_of(aligned(film, brighter))


def test_where_nothing_moves_nothing_is_claimed() -> None:
    found = proof_of(aligned(still(48), noisy(still(48), 0.01)))
    assert found.proof is Proof.NOTHING_MOVES
    assert found.windows_proven == 0
    assert alignment_notes(found, index(), index())[0].startswith("Not proven: nothing moves.")


@settings(deadline=None)
@given(st.floats(0, 2.0), seeds)
def test_a_still_film_is_never_refused_for_its_noise(noise: float, seed: int) -> None:
    assert proof_of(aligned(still(96), noisy(still(96), noise, seed)))


def test_one_moving_scene_between_titles_proves_a_film() -> None:
    film = [*still(40), *moving(24, 7), *still(40)]
    found = proof_of(aligned(film, noisy(film, 0.1)))
    assert found.proof is Proof.PICTURES
    late = [film[0], *film[:-1]]
    assert "1 frame late near frame" in refusal_of(aligned(film, noisy(late, 0.02)))


def standing(pictures: Sequence[Blocks], amount: float) -> Pictures:
    """A film that differs from another in every block, all the time: another scaler, another brightness."""
    source = random.Random(3)
    marks = [source.uniform(-amount, amount) for _ in range(CELLS)]
    return [tuple(value + mark for value, mark in zip(picture, marks, strict=True)) for picture in pictures]


@settings(deadline=None)
@given(st.integers(96, 160), seeds)
def test_a_difference_that_stands_hides_no_movement(count: int, seed: int) -> None:
    film = moving(count, seed)
    other = noisy(standing(film, 12.0), 0.1)
    assert proof_of(aligned(film, other)).proof is Proof.PICTURES
    late = noisy(standing([*film[:2], *film[:-2]], 12.0), 0.1)
    assert isinstance(aligned(film, late), Decision)


def test_steady_movement_under_a_standing_difference_is_not_called_proven() -> None:
    """Both could be the same film a frame later: what stands and what moves evenly cannot be told apart."""
    steady = [tuple(60.0 + 0.5 * k + c for c in range(CELLS)) for k in range(48)]
    found = aligned(steady, standing(steady, 12.0))
    assert not isinstance(found, Alignment) or found.proof is not Proof.PICTURES


def test_a_film_that_moves_clearly_and_fits_nowhere_is_refused() -> None:
    film = moving(38, 14, step=4.0)  # without a cut, which would show through any noise
    source = random.Random(15)
    other = [tuple(value + source.gauss(0, 25) for value in picture) for picture in film]
    assert "cannot be proven" in refusal_of(aligned(film, other))
    assert proof_of(aligned(film, film)).proof is Proof.PICTURES


def test_grain_alone_is_too_little_to_prove_anything_and_is_not_refused() -> None:
    grainy = noisy(still(96), 0.3)
    found = proof_of(aligned(grainy, still(96)))
    assert found.proof is Proof.LITTLE_MOVES
    assert alignment_notes(found, index(), index())[0].startswith("Not proven: too little moves.")


def test_a_picture_that_comes_back_every_other_frame_proves_nothing() -> None:
    blinking = [(40.0 + 100 * (k % 2),) * CELLS for k in range(48)]
    assert proof_of(aligned(blinking, noisy(blinking, 0.1))).proof is Proof.NOTHING_MOVES


@pytest.mark.parametrize("offset", [7, 12])
def test_what_is_off_by_more_than_is_tried_is_refused_without_an_offset(offset: int) -> None:
    whole = moving(38, 16, step=4.0)
    found = aligned(whole[offset:], whole[: len(whole) - offset])
    assert "frames late" not in refusal_of(found)


def test_different_films_are_refused() -> None:
    assert refusal_of(aligned(moving(80, 8), moving(80, 9))) == "The two films show different pictures."
    assert are_different(still(10, 20.0), still(10, 200.0))
    assert not are_different([], [])


def test_the_same_bytes_need_no_proof() -> None:
    film = reading(still(48))
    assert proof_of(align(film, film)).proof is Proof.SAME_FILE


def test_times_may_differ_where_pictures_prove_it_and_it_is_said() -> None:
    film = moving(48, 10)
    slower = index(range(0, 48 * 50, 50), last=50)
    found = proof_of(align(reading(film), reading(noisy(film, 0.1), slower, "2-b")))
    assert found.largest_time_difference == pytest.approx(0.47)
    notes = alignment_notes(found, index(range(0, 48 * 40, 40)), slower)
    assert len(notes) == 1
    assert "differ by up to 0.470 s" in notes[0]


def test_times_that_differ_are_refused_where_nothing_moves() -> None:
    slower = index(range(0, 48 * 50, 50), last=50)
    said = refusal_of(align(reading(still(48)), reading(still(48), slower, "2-b")))
    assert "times differ by up to 0.470 s" in said


def test_rounding_of_times_and_a_later_start_are_no_difference() -> None:
    exact = index(range(48), base=Fraction(1001, 24000), last=1)
    rounded = index([1000 + round(k * 1001 / 24) for k in range(48)], last=42)
    found = proof_of(align(reading(still(48), exact), reading(still(48), rounded, "2-b")))
    assert found.largest_time_difference is not None
    assert found.largest_time_difference <= 0.001
    assert alignment_notes(found, exact, rounded) == (
        "Not proven: nothing moves. The frames' counts and times agree; no picture could show an offset.",
    )


def test_a_film_without_timestamps_is_paired_by_number_and_it_is_said() -> None:
    counted = index(range(48), base=Fraction(1, 24), last=1, timing=Timing.COUNTED)
    film = moving(48, 11)
    found = proof_of(align(reading(film), reading(noisy(film, 0.1), counted, "2-b")))
    assert found.largest_time_difference is None
    assert any("without timestamps" in note for note in alignment_notes(found, index(), counted))


def test_a_varying_rate_is_told_from_rounded_times() -> None:
    assert evenly(index([round(k * 1000 / 24) for k in range(100)]))
    assert evenly(index([0]))
    assert not evenly(index([0, 40, 80, 200, 240]))


def test_frames_too_few_for_a_window_still_count() -> None:
    film = moving(6, 12, step=8.0)
    assert proof_of(aligned(film, noisy(film, 0.05))).proof is Proof.PICTURES
    assert proof_of(aligned(film[:1], film[:1])).proof is Proof.NOTHING_MOVES


def test_windows_cover_every_frame() -> None:
    for count in (1, 7, 8, 9, 24, 29):
        film = moving(count, 13)
        windows = windows_of(film, film)
        assert {k for w in windows for k in range(w.start, w.end)} == set(range(count))


def windows(*offsets: int | None) -> list[Window]:
    return [Window(start=8 * k, end=8 * k + 8, offset=offset) for k, offset in enumerate(offsets)]


@pytest.mark.parametrize(
    ("offsets", "moved"),
    [
        ((0, 0, 0, 0, 0, 0, 1), []),  # one of seven: an accident
        ((0, 0, 0, 1, 0), [3]),  # a fifth
        ((None, 1, None), [1]),  # the only one that speaks
        ((0,) * 20 + (1, None, 1), [20, 22]),  # two that speak one after another
        ((0,) * 20 + (1, -1), []),  # that do not agree
        ((None, None), []),
    ],
)
def test_one_window_may_err_but_two_in_a_row_do_not(offsets: tuple[int | None, ...], moved: list[int]) -> None:
    assert [w.start // 8 for w in moved_windows(windows(*offsets))] == moved


def test_frames_alike_are_not_swapped() -> None:
    assert swapped_frames(still(10), noisy(still(10), 0.3)) == []
