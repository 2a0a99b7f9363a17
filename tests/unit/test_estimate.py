"""What an encode would cost, and what would change a decision."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import RICH, film, info, plan, sound, stream
from reelwright.media.model import DolbyVision, MediaInfo, StreamKind
from reelwright.planning.decision import Verdict, decide
from reelwright.planning.estimate import Estimate, TrialFact, estimate, size_class, work
from reelwright.planning.explanation import changes


def fact(**changed: object) -> TrialFact:
    values = {
        "source_id": "a",
        "curve_key": "a0",
        "width": 1920,
        "height": 1080,
        "frames": 100,
        "size_bytes": 1_000_000,
        "score": 93.0,
        "seconds": 20.0,
    }
    return TrialFact(**{**values, **changed})  # type: ignore[arg-type]


def cost(*facts: TrialFact, **changed: object) -> Estimate:
    asked = {"width": 1920, "height": 1080, "frames": 1000, "preset": 6, "target": 93.0, "parallel": 2, "search": True}
    return estimate(facts, **{**asked, **changed})  # type: ignore[arg-type]


def test_a_film_like_the_known_one_costs_what_that_cost() -> None:
    # Ten times the frames, two encodes a chunk, two at once: ten times one trial's time and bytes.
    found = cost(fact(score=97, size_bytes=9), fact())
    assert found.seconds.likely == pytest.approx(200)
    assert found.bytes.likely == pytest.approx(10_000_000)
    assert (found.trials, found.films, found.rough) == (2, 1, False)


def test_each_film_weighs_the_same_and_several_narrow_the_range() -> None:
    one = cost(fact())
    known = [fact(source_id=f"{k}", curve_key=f"{k}", seconds=20.0 + k) for k in range(3)]
    many = cost(*known)
    assert many.films == 3
    assert many.seconds.likely == pytest.approx(105)
    assert many.seconds.high / many.seconds.low < one.seconds.high / one.seconds.low


def test_the_trial_nearest_to_the_target_tells_the_size() -> None:
    facts = (fact(score=90.0, size_bytes=500_000), fact(score=95.0, size_bytes=2_000_000))
    assert cost(*facts, target=90.0).bytes.likely == pytest.approx(5_000_000)
    assert cost(*facts, target=95.0).bytes.likely == pytest.approx(20_000_000)


def test_films_of_another_size_tell_nothing() -> None:
    assert cost(fact(width=640, height=360)).rough
    assert size_class(1920, 800) == size_class(3840, 2160) != size_class(1280, 720) != size_class(640, 360)


def test_without_a_search_there_is_one_encode_a_chunk() -> None:
    assert cost(fact(), fact(), search=False).seconds.likely == pytest.approx(cost(fact()).seconds.likely)
    assert cost(search=False).seconds.likely < cost().seconds.likely


def test_rough_figures_grow_with_slower_presets_and_shrink_with_more_at_once() -> None:
    assert cost(preset=4).seconds.likely > cost(preset=6).seconds.likely > cost(preset=8).seconds.likely
    assert cost(parallel=4).seconds.likely == pytest.approx(cost(parallel=2).seconds.likely / 2)
    assert cost().rough


def test_small_pictures_are_scored_scaled_up_which_takes_its_time() -> None:
    assert work(640, 360, 10) > 640 * 360 * 10 / 1e6
    assert work(1920, 1080, 10) == pytest.approx(1920 * 1080 * 10 / 1e6)


facts = st.lists(
    st.builds(
        fact,
        source_id=st.sampled_from("abc"),
        curve_key=st.sampled_from("xyz"),
        frames=st.integers(1, 500),
        size_bytes=st.integers(1, 10**9),
        score=st.floats(0, 100),
        seconds=st.floats(0.01, 1e5),
        width=st.sampled_from([160, 1280, 1920]),
    ),
    max_size=8,
)


@given(
    known=facts,
    frames=st.integers(1, 10**6),
    target=st.floats(1, 99),
    parallel=st.integers(1, 64),
    search=st.booleans(),
)
def test_a_range_is_in_order_and_positive(
    known: list[TrialFact], frames: int, target: float, parallel: int, *, search: bool
) -> None:
    found = cost(*known, frames=frames, target=target, parallel=parallel, search=search)
    for span in (found.seconds, found.bytes):
        assert 0 < span.low <= span.likely <= span.high


@pytest.mark.parametrize(
    ("of", "rule", "says"),
    [
        (info(replace(film(), codec="av1")), "av1-already", "No flag does"),
        (info(film(dolby_vision=DolbyVision(seen=5))), "dolby-vision", "release of profile 8"),
        (info(film(dolby_vision=DolbyVision(profile=7))), "dolby-vision", "dovi_tool"),
        (info(film(dolby_vision=DolbyVision(metadata=True))), "dolby-vision", "left as it is"),
        (info(replace(film(dolby_vision=DolbyVision(profile=10)), codec="av1")), "av1-already", "--strategy direct"),
        (info(replace(film(hdr10plus=True), codec="vp9")), "hdr10plus", "encoded as HDR10"),
        (info(film(interlaced=True)), "interlaced", "--deinterlace bwdif"),
        (info(film(), sound(1, codec=None)), "sound-without-place", "Convert the sound"),
        (info(sound(0)), "no-film", "no picture"),
        (info(film(pix_fmt=None)), "undecodable", "complete?"),
        (info(stream(0, StreamKind.DATA, None)), "no-film", "no picture"),
    ],
)
def test_each_rule_says_what_would_change_it(of: MediaInfo, rule: str, says: str) -> None:
    decision = decide(of)
    assert (decision.rule, decision.verdict is Verdict.ENCODE) == (rule, False)
    (said,) = changes(of, decision, None, output_exists=False, job=None)
    assert says in said


@pytest.mark.parametrize(
    ("exists", "job", "crf", "says", "not_said"),
    [
        (False, None, None, "--target-vmaf", "--overwrite"),
        (True, None, None, "--overwrite", "done before"),
        (True, "open", None, "--overwrite", "done before"),
        (True, "done", None, "done before", "--overwrite"),
        (False, None, 30.0, "Without --crf", "--target-vmaf"),
    ],
)
def test_of_a_film_to_encode_the_flags_that_matter_are_named(
    *, exists: bool, job: str | None, crf: float | None, says: str, not_said: str
) -> None:
    said = " ".join(changes(RICH, decide(RICH), plan(crf=crf), output_exists=exists, job=job))
    assert says in said
    assert not_said not in said


def test_of_a_film_in_one_piece_the_strategy_is_named() -> None:
    dolby = info(film(dolby_vision=DolbyVision(profile=8, compatibility=1)))
    said = " ".join(changes(dolby, decide(dolby), plan(dolby), output_exists=False, job=None))
    assert "--strategy chunked searches" in said
    assert "--target-vmaf" not in said
