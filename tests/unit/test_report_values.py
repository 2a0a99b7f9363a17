"""What a report says: each chunk's search as it was, minima kept, and nothing made up where nothing is known."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import examples
from dossiers import CHUNKS, EVIL, FRAMES, JOB, NOON, OUTCOME, STEPS, TRIALS, dossier, told
from examples import sound
from reelwright.engine.jobs import JobStatus, StepKind
from reelwright.events import EventName
from reelwright.report.curves import chunk_rows, frame_line, thin
from reelwright.report.headline import aim_words, banner, figures_of, headline_context, title_of
from reelwright.report.story import chunk_stories, shots
from reelwright.report.tables import chunk_table, foresight, notes, run_table, setting_groups, stream_table, time_table

WHOLE = dossier()
STORIES = chunk_stories(WHOLE)
scores = st.lists(st.floats(0, 100), min_size=1, max_size=500)


@given(values=scores, most=st.integers(0, 120))
def test_thinning_keeps_the_lowest_value_and_the_order_and_no_more_than_wanted(values: list[float], most: int) -> None:
    kept = thin(values, most)
    assert kept == sorted(set(kept))
    assert min(values[k] for k in kept) == min(values)
    assert max(values[k] for k in kept) == max(values)
    assert len(kept) <= max(2, most)


def test_what_is_few_is_not_thinned() -> None:
    assert thin([3.0, 3.0, 3.0, 3.0], 4) == [0, 1, 2, 3]


def test_a_long_films_line_is_short_and_has_every_chunks_lowest_frame() -> None:
    line = frame_line(STORIES, None, most=40)
    assert len(line["vmaf"]) <= 40
    for story in STORIES:
        assert story.accepted is not None
        lowest = min(story.accepted.frame_scores)
        points = [v for v, k in zip(line["vmaf"], line["chunk"], strict=True) if k == story.index]
        assert min(points) == pytest.approx(lowest, abs=0.01)


def test_frames_are_placed_exactly_where_the_index_is_at_hand_and_evenly_otherwise() -> None:
    uneven = examples.index([*range(0, 96 * 40, 40), *range(96 * 40, 96 * 40 + 96 * 43, 43)])
    assert frame_line(STORIES, None)["time"][100] == pytest.approx(4 + 4 * 2 / FRAMES, abs=0.001)
    assert frame_line(STORIES, uneven)["time"][100] == pytest.approx((96 * 40 + 4 * 43) / 1000)
    assert frame_line(STORIES, uneven)["frame"] == list(range(4 * FRAMES))


def test_the_story_of_a_chunk_is_the_record_of_its_search() -> None:
    assert [s.accepted.trial_key for s in STORIES if s.accepted] == [c["trial"] for c in CHUNKS]
    assert [s.why for s in STORIES] == [c["why"] for c in CHUNKS]
    assert [s.within_band for s in STORIES] == [True, True, True, False]
    assert [[t.crf for t in s.trials] for s in STORIES] == [[30, 36], [30], [30, 20, 18], [30, 50]]
    assert [(s.begins, s.ends) for s in STORIES] == [(0, 2), (2, 4), (4, 6), (6, 8)]
    assert STORIES[0].kbps == pytest.approx(4_000_000 / 36 * 8 / 2 / 1000, rel=1e-3)


def test_trials_of_other_curves_are_another_works() -> None:
    foreign = replace(TRIALS[0], curve_key="other", trial_key="x", crf=31.0)
    assert chunk_stories(dossier(trials=(*TRIALS, foreign))) == STORIES


def test_before_the_assembly_the_events_say_what_was_accepted() -> None:
    ended = told(EventName.SEGMENT_COMPLETE, chunk=1, crf=30.0, within_band=True, why="it fits")
    steps = {StepKind.ANALYSE: STEPS[StepKind.ANALYSE]}
    stories = chunk_stories(dossier(steps=steps, events=(ended,)))
    assert [s.why for s in stories] == [None, "it fits", None, None]
    assert stories[1].accepted is not None
    assert [row["state"] for row in chunk_table(stories)] == ["open", "in", "open", "open"]
    figures = figures_of(dossier(steps=steps), stories)
    assert (figures.accepted, figures.chunks, figures.bytes_after, figures.saved) == (1, 4, None, None)
    assert figures.vmaf == pytest.approx(93.4, abs=0.01)
    line = frame_line(stories, None)
    assert line["vmaf"].count(None) == 3


def test_an_accepted_trial_that_is_gone_from_the_ledger_is_not_replaced_by_another() -> None:
    stories = chunk_stories(dossier(trials=[t for t in TRIALS if t.trial_key != "t1-30"]))
    assert stories[1].accepted is None
    assert chunk_rows(stories)[1]["crf"] is None


def test_a_job_that_was_never_analysed_has_a_page_without_chunks() -> None:
    empty = dossier(steps={}, trials=(), events=(), outcomes=(), source=None, job=replace(JOB, status=JobStatus.OPEN))
    stories = chunk_stories(empty)
    assert stories == ()
    figures = figures_of(empty, stories)
    assert (figures.vmaf, figures.seconds, figures.bytes_before, figures.finished) == (None, None, None, None)
    cards = headline_context(empty, figures)["cards"]
    assert [card["value"] for card in cards] == ["–", "–", "–", "0"]
    assert shots(stories) == ()
    assert frame_line(stories, None)["time"] == []


def test_pictures_show_the_worst_frame_of_the_worst_chunk_and_typical_frames_of_two_others() -> None:
    worst, median, best = shots(STORIES)
    assert (worst.kind, worst.chunk, worst.frame, worst.score) == ("worst", 2, 2 * FRAMES + 9, 87.0)
    assert (median.kind, median.chunk) == ("median", 1)
    assert median.score == pytest.approx(93.4, abs=0.2)
    assert (best.kind, best.chunk, best.start) == ("best", 3, 3 * FRAMES)
    assert best.frame != best.start + 10


@pytest.mark.parametrize(("count", "kinds"), [(1, ["worst"]), (2, ["worst", "best"]), (3, ["worst", "median", "best"])])
def test_no_chunk_is_shown_twice(count: int, kinds: list[str]) -> None:
    found = shots(STORIES[:count])
    assert [shot.kind for shot in found] == kinds
    assert len({shot.chunk for shot in found}) == count


def test_the_headline_has_the_figures_of_the_output() -> None:
    figures = figures_of(WHOLE, STORIES)
    assert (figures.bytes_before, figures.bytes_after, figures.saved) == (2_000_000, 600_000, pytest.approx(0.7))
    assert (figures.chunks, figures.within_band, figures.trials) == (4, 3, len(TRIALS))
    values = [v for s in STORIES if s.accepted for v in s.accepted.frame_scores]
    assert figures.vmaf == pytest.approx(sum(values) / len(values), abs=0.001)
    assert figures.lowest == min(values)
    cards = headline_context(WHOLE, figures)["cards"]
    assert [c["value"] for c in cards] == [f"{figures.vmaf:.2f}", "70.0 %", "3 of 4", str(len(TRIALS))]


def test_an_output_that_is_larger_is_called_so() -> None:
    outcome = replace(OUTCOME, bytes_before=500_000)
    card = headline_context(WHOLE, figures_of(dossier(outcomes=(outcome,)), STORIES))["cards"][1]
    assert card["label"] == "Larger than the source"
    assert card["value"] == "+20.0 %"


def test_a_later_run_that_found_the_job_done_does_not_hide_the_run_that_made_it() -> None:
    again = replace(OUTCOME, outcome="already_done", seconds=0.1, finished=NOON + dt.timedelta(days=1))
    told_twice = dossier(outcomes=(OUTCOME, again))
    assert figures_of(told_twice, STORIES).took == 75.0
    assert [row["outcome"] for row in run_table(told_twice.outcomes)] == ["encoded", "already done"]


def test_a_job_that_did_not_end_well_says_so_first() -> None:
    failed = replace(OUTCOME, outcome="failed", reasons=("The disk is full.",))
    said = banner(dossier(job=replace(JOB, status=JobStatus.FAILED), outcomes=(failed,)))
    assert said is not None
    assert said["kind"] == "bad"
    assert said["reasons"] == ["The disk is full."]
    stopped = replace(OUTCOME, outcome="interrupted", reasons=())
    said = banner(dossier(job=replace(JOB, status=JobStatus.OPEN), outcomes=(stopped,)))
    assert said is not None
    assert "stopped" in said["title"]
    assert banner(WHOLE) is None


def test_titles_are_the_films_own_or_its_files_name() -> None:
    assert title_of(dossier(source=replace(examples.RICH, tags=(("TITLE", " Nosferatu "),)))) == "Nosferatu"
    assert title_of(dossier(source=replace(examples.RICH, tags=(("title", " "),)))).startswith("<-script>")
    assert "\n" not in title_of(WHOLE)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(92, 94, "VMAF 93 ± 1"), (93, 94.5, "VMAF 93, from 93 to 94.5"), (92.9, 93.1, "VMAF 93 ± 0.1")],
)
def test_the_aim_is_said_as_it_was_given(low: float, high: float, words: str) -> None:
    assert aim_words({"crf": None, "target_vmaf": 93.0, "band_low": low, "band_high": high}) == words
    assert aim_words({"crf": 30.25, "target_vmaf": 93.0, "band_low": low, "band_high": high}) == "fixed CRF 30.25"


def test_every_trial_is_listed_with_what_was_expected_of_it() -> None:
    row = chunk_table(STORIES)[2]
    assert [(t["crf"], t["expected"], t["vmaf"], t["taken"]) for t in row["trials"]] == [
        ("30", "93.00", "85.00", False),
        ("20", "92.50", "91.00", False),
        ("18", "93.10", "93.00", True),
    ]
    assert row["trials"][0]["off"] == "−8.00"
    assert row["trials"][0]["encode"] == "2.0 s"
    rows = foresight(STORIES)
    assert [(r["label"], r["count"]) for r in rows] == [("First trials", "4"), ("Later trials", "4")]
    assert rows[0]["worst"] == "8.00"


def test_trials_from_before_expectations_were_kept_have_none() -> None:
    old = chunk_stories(dossier(trials=[replace(t, predicted=None) for t in TRIALS]))
    assert foresight(old) == []
    assert chunk_table(old)[0]["trials"][0]["expected"] == "–"
    assert chunk_table(old)[0]["trials"][0]["off"] == "–"


def test_streams_have_their_fates_with_or_without_the_source_at_hand() -> None:
    rows = stream_table(JOB.plan, examples.RICH)
    assert [row["fate"] for row in rows] == [
        "encode", "copy", "copy", "copy", "convert", "attach", "attach", "drop",
    ]  # fmt: skip
    assert rows[1]["words"] == "eng, Stereo"
    assert rows[7]["reason"]
    assert {row["words"] for row in stream_table(JOB.plan, None)} == {""}
    und = replace(examples.RICH, streams=(sound(0, language="und"),))
    assert stream_table(JOB.plan, und)[0]["words"] == ""


def test_times_add_the_trials_up_and_leave_unknown_what_is_not_known() -> None:
    rows = {row["name"]: row for row in time_table(WHOLE, STORIES)}
    assert rows["Trials: encoding"]["wall"] == f"{2.0 * len(TRIALS):.1f} s"
    assert rows["Trials: scoring"]["cpu"] == f"{1.5 * len(TRIALS):.1f} s"
    assert rows["Assembling"]["cpu"] == "–"
    assert rows["Trials: encoding"]["share"] == "100.0"
    assert time_table(dossier(steps={}, trials=()), ())[0]["wall"] == "–"


def test_settings_hold_every_parameter_filter_and_version() -> None:
    groups = {g["name"]: {r["name"]: r["value"] for r in g["rows"]} for g in setting_groups(WHOLE, TRIALS)}
    assert groups["Tools"]["SVT-AV1"] == "4.2.0"
    assert groups["Tools"]["Reelwright"] == "0.1.0"
    assert groups["Encoder"]["keyint"] == "-1"
    assert groups["Encoder"]["pixel format"] == "yuv420p10le"
    assert len(groups["Filters"]) == len(JOB.plan["filters"])
    assert groups["Asked for"]["target vmaf"] == "93"
    assert groups["Asked for"]["crf"] == "–"
    assert setting_groups(dossier(steps={}), ())[0]["rows"][0]["value"] == "–"


def test_notes_are_said_once_and_obey_nothing() -> None:
    twice = replace(OUTCOME, reasons=(*OUTCOME.reasons, *JOB.plan["notes"]))
    said = notes(dossier(outcomes=(twice,)))
    assert len(said) == len(set(said))
    assert "\n" not in said[0]
    assert EVIL not in said[0]
