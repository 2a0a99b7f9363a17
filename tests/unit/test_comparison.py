"""Comparing pictures: which filters bring two films together, what is refused, and how scenes are pooled."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import cover, film, index, info, plan, sound
from reelwright.errors import SourceError, UsageError
from reelwright.media.model import Color, DolbyVision
from reelwright.planning.colors import UNTAG
from reelwright.planning.comparison import Comparison, compare, interlaced, woven
from reelwright.planning.decision import Decision
from reelwright.quality.comparison import Crop, Fit, SceneScore, ScoreOptions, score_scenes, worst_scenes
from reelwright.quality.score import light_notes

SDR = Color(range="tv", primaries="bt709", transfer="bt709", matrix="bt709")
FULL = replace(SDR, range="pc")
LIMITED_CHAIN = (
    UNTAG,
    "scale=in_range=limited:out_range=limited:flags=bicubic+accurate_rnd+full_chroma_int",
    "format=yuv420p10le",
)


def picture(**changes: Any) -> dict[str, Any]:
    return {"width": 1920, "height": 1080, "color": SDR, "mastering_display": None, "content_light": None, **changes}


def found(one: dict[str, Any], other: dict[str, Any], **options: Any) -> Comparison | Decision:
    return compare(info(film(**one)), info(film(**other)), ScoreOptions(**options), "v0.6.1")


def compared(one: dict[str, Any] | None = None, other: dict[str, Any] | None = None, **options: Any) -> Comparison:
    result = found(one or picture(), other or picture(), **options)
    assert isinstance(result, Comparison), result
    return result


def refused(one: dict[str, Any], other: dict[str, Any], **options: Any) -> Decision:
    result = found(one, other, **options)
    assert isinstance(result, Decision), result
    return result


def test_like_pictures_are_brought_to_ten_bits_and_nothing_is_said() -> None:
    result = compared()
    assert result.reference_filters == result.distorted_filters == LIMITED_CHAIN
    assert result.notes == ()
    assert result.scoring.scaled_to is None
    assert result.scoring.n_subsample == 1


@pytest.mark.parametrize("size", [(160, 90), (853, 480), (1280, 720), (1920, 1080), (3840, 2160), (3840, 1600)])
def test_a_film_is_scored_as_its_encode_is(size: tuple[int, int]) -> None:
    shown = picture(width=size[0], height=size[1])
    made = plan(info(film(**shown)), scored_frames="every")
    coded = picture(width=made.width, height=made.height)
    result = compared(shown, coded)
    assert result.scoring == made.scoring
    assert result.reference_filters == made.filters[:-1]
    assert result.notes == ()


def test_another_range_is_converted_to_the_references_and_said() -> None:
    result = compared(picture(), picture(color=FULL))
    assert result.distorted_filters[1].startswith("scale=in_range=full:out_range=limited:")
    assert result.reference_filters == LIMITED_CHAIN
    assert result.notes == ("The distorted film's full range was converted to the reference's limited range.",)
    back = compared(picture(color=FULL), picture(color=replace(SDR, range=None)))
    assert back.distorted_filters[1].startswith("scale=in_range=limited:out_range=full:")
    assert back.reference_filters[1].startswith("scale=in_range=full:out_range=full:")


def test_another_size_is_scaled_to_the_references_and_said() -> None:
    result = compared(picture(), picture(width=1280, height=720))
    assert result.scoring.scaled_to == (1920, 1080)
    assert result.notes == (
        "The distorted film's 1280x720 pictures were scaled to 1920x1080; the reference has 1920x1080.",
    )
    assert compared(picture(width=640, height=360), picture(width=320, height=180)).scoring.scaled_to == (1920, 1080)


@pytest.mark.parametrize(("scale", "size"), [(Fit.AUTO, (1920, 1080)), (Fit.NONE, None), ((640, 360), (640, 360))])
def test_the_size_for_scoring_can_be_said(scale: Fit | tuple[int, int], size: tuple[int, int] | None) -> None:
    small = picture(width=1280, height=720)
    assert compared(small, small, scale=scale).scoring.scaled_to == size
    smaller = picture(width=640, height=360)
    assert compared(small, smaller, scale=Fit.NONE).scoring.scaled_to == (1280, 720)


def test_the_model_is_chosen_by_size_or_named() -> None:
    large = picture(width=3840, height=1600)
    assert compared(large, large).scoring.model == "vmaf_4k_v0.6.1"
    assert compared(large, picture(width=1920, height=800)).scoring.model == "vmaf_4k_v0.6.1"
    assert compared(model="vmaf_v0.6.1neg").scoring.model == "vmaf_v0.6.1neg"


def test_a_crop_is_applied_to_the_reference_first() -> None:
    crop = Crop(width=1920, height=800, x=0, y=140)
    result = compared(picture(), picture(height=800), crop=crop)
    assert result.reference_filters == ("crop=1920:800:0:140", *LIMITED_CHAIN)
    assert result.distorted_filters == LIMITED_CHAIN
    assert result.notes == ("The reference was cropped to 1920:800:0:140.",)


def test_a_crop_outside_the_reference_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="does not lie within the reference's 1920x1080"):
        compared(crop=Crop(width=1920, height=1000, x=0, y=100))


@pytest.mark.parametrize(
    ("one", "other", "hint"),
    [
        ((1920, 1080), (1920, 800), "--crop 1920:800:0:140"),  # black bars taken off
        ((1920, 1088), (1920, 1080), "--crop 1920:1080:0:4"),  # within the tolerance of shapes, and still a crop
        ((1920, 1080), (1440, 1080), "--crop 1440:1080:240:0"),
        ((1920, 1080), (1280, 534), "--crop 1280:534"),  # cropped and scaled
        ((1920, 800), (1920, 1080), "shows as much"),
    ],
)
def test_another_shape_is_refused_with_the_crop_that_would_explain_it(
    one: tuple[int, int], other: tuple[int, int], hint: str
) -> None:
    result = refused(picture(width=one[0], height=one[1]), picture(width=other[0], height=other[1]))
    assert f"{one[0]}x{one[1]}" in result.reasons[0]
    assert f"{other[0]}x{other[1]}" in result.reasons[0]
    assert hint in result.hint


def test_sample_aspects_explain_another_shape() -> None:
    wide = picture(width=720, height=576, sample_aspect=Fraction(64, 45))
    square = picture(width=1024, height=576)
    assert compared(wide, square).scoring.scaled_to == (1350, 1080)
    assert "were scaled to" in compared(wide, square).notes[0]
    lost = compared(wide, picture(width=720, height=576))
    assert lost.notes == ("The sample aspects differ; pictures were compared as they are stored.",)


def test_odd_sizes_are_padded_on_both_sides() -> None:
    result = compared(picture(width=853, height=479), picture(width=853, height=479))
    assert result.reference_filters == result.distorted_filters
    assert result.distorted_filters[0].startswith("pad=854:480:0:0")


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ("bt709", "smpte2084", "SDR and the distorted film HDR (PQ)"),
        (None, "arib-std-b67", "SDR and the distorted film HDR (HLG)"),
        ("smpte2084", "arib-std-b67", "HDR (PQ) and the distorted film HDR (HLG)"),
        ("smpte2084", None, "HDR (PQ) and the distorted film SDR"),
    ],
)
def test_sdr_and_hdr_are_not_compared(one: str | None, other: str | None, said: str) -> None:
    result = refused(picture(color=replace(SDR, transfer=one)), picture(color=replace(SDR, transfer=other)))
    assert said in result.reasons[0]


def test_hdr_against_hdr_is_scored_and_its_limit_said() -> None:
    pq = picture(color=replace(SDR, transfer="smpte2084"))
    assert compared(pq, pq).notes == (*light_notes("smpte2084"),)


def test_colours_that_differ_are_named_and_those_unsaid_are_not() -> None:
    other = replace(SDR, matrix="smpte170m", primaries=None)
    assert compared(picture(), picture(color=other)).notes == (
        "The matrices differ (bt709 and smpte170m) and were not converted.",
    )


def test_interlaced_films_are_refused_before_and_after_reading() -> None:
    assert "The reference is interlaced" in refused(picture(interlaced=True), picture()).reasons[0]
    assert "The distorted film is interlaced" in refused(picture(), picture(interlaced=True)).reasons[0]
    both = woven(3, 4)
    assert both is not None
    assert "Both films are interlaced" in both.reasons[0]
    assert interlaced(index(), index()) is None
    assert interlaced(index(), index(interlaced_frames=1)) is not None


def test_films_that_are_turned_differently_are_refused() -> None:
    assert "turned by 90 degrees" in refused(picture(rotation=90), picture()).reasons[0]
    assert compared(picture(rotation=-90), picture(rotation=270)).notes == ()


def test_what_else_limits_a_score_is_said() -> None:
    notes = compared(picture(dolby_vision=DolbyVision(profile=8, compatibility=1)), picture(), n_subsample=3).notes
    assert notes[0].startswith("Dolby Vision's metadata")
    assert notes[1].startswith("One frame in 3 was scored")


def test_a_file_without_a_film_cannot_be_compared() -> None:
    with pytest.raises(SourceError, match="audio only"):
        compare(info(film()), info(sound(0)), ScoreOptions(), "v0.6.1")
    with pytest.raises(SourceError, match="cover art"):
        compare(info(cover(0)), info(film()), ScoreOptions(), "v0.6.1")


def test_the_film_is_chosen_in_each_file() -> None:
    one = info(cover(0), replace(film(**picture()), index=1))
    two = info(replace(film(**picture()), index=3))
    result = compare(one, two, ScoreOptions(), "v0.6.1")
    assert isinstance(result, Comparison)
    assert (result.reference_index, result.distorted_index) == (1, 3)


def scene(number: int, mean: float | None) -> SceneScore:
    return SceneScore(
        scene=number, start=0, end=1, start_seconds=0, end_seconds=1, scored=1, mean=mean, p5=mean, min=mean
    )


def test_scenes_are_pooled_each_by_itself() -> None:
    scores = {k: float(50 + k) for k in range(10)}
    one, two = score_scenes([(0, 4), (4, 10)], scores, [Fraction(0), Fraction(1, 6), Fraction(5, 12)])
    assert (one.mean, one.min, one.scored) == (51.5, 50, 4)
    assert one.p5 == pytest.approx(50.15)
    assert (two.scene, two.start, two.end, two.mean, two.min) == (1, 4, 10, 56.5, 54)
    assert (one.start_seconds, one.end_seconds, two.end_seconds) == (0, 0.167, 0.417)


def test_a_scene_between_scored_frames_has_no_score() -> None:
    (one,) = score_scenes([(1, 3)], {0: 90.0, 3: 91.0}, [Fraction(0), Fraction(1)])
    assert (one.scored, one.mean, one.p5, one.min) == (0, None, None, None)


def test_the_worst_scenes_come_first_and_those_without_a_score_not_at_all() -> None:
    scenes = [scene(0, 90), scene(1, None), scene(2, 80), scene(3, 85)]
    assert [s.scene for s in worst_scenes(scenes, 2)] == [2, 3]


@given(st.dictionaries(st.integers(0, 50), st.floats(0, 100), min_size=1), st.integers(1, 50))
def test_the_scenes_means_weighted_by_their_frames_are_the_films_mean(scores: dict[int, float], cut: int) -> None:
    scenes = score_scenes([(0, cut), (cut, 51)], scores, [Fraction(0), Fraction(1), Fraction(2)])
    total = sum((s.mean or 0) * s.scored for s in scenes)
    assert total / len(scores) == pytest.approx(sum(scores.values()) / len(scores))
