"""Which frames a contact sheet shows, which chunks are looked at first, and how much pictures may take."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dossiers import dossier
from reelwright.app.chunk_pictures import make_room
from reelwright.report.story import chunk_stories, ranked
from reelwright.sequences.contact import spread


@given(st.integers(0, 10_000), st.integers(0, 5_000), st.integers(2, 40))
def test_a_contact_sheet_has_both_ends_and_nothing_twice(first: int, more: int, most: int) -> None:
    found = spread(first, first + more, most)
    assert found[0] == first
    assert found[-1] == first + more
    assert list(found) == sorted(set(found))
    assert len(found) == min(most, more + 1)


def test_every_chunk_is_ranked_by_its_score_and_shown_at_its_lowest_frame() -> None:
    chunks = chunk_stories(dossier())
    shots = ranked(chunks)
    accepted = {chunk.index: chunk.accepted for chunk in chunks if chunk.accepted}
    assert {shot.chunk for shot in shots} == set(accepted)
    means = [accepted[shot.chunk].score.mean for shot in shots]
    assert means == sorted(means)
    assert all(shot.score == min(accepted[shot.chunk].frame_scores) for shot in shots)


def test_the_oldest_pictures_go_first_and_no_more(tmp_path: Path) -> None:
    for age in range(6):
        place = tmp_path / f"job-{age // 2}" / f"{age}.webp"
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(bytes(100))
        os.utime(place, (1000 - age, 1000 - age))
    make_room(tmp_path, 350)
    assert sorted(one.name for one in tmp_path.glob("*/*")) == ["0.webp", "1.webp", "2.webp"]
    assert not (tmp_path / "job-2").exists()
