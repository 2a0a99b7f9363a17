"""Encoding at another size: sizes as written, the size that follows, the shape on the screen, and what is scored."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import film, info, plan, video
from reelwright.planning.scale import SAME_SHAPE, parse_scale, sample_aspect, scaled_size
from reelwright.tools.mux import display_aspect
from reelwright.tools.vmaf import Look, Pairing, score_args

SIDES = st.integers(16, 5000)


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("1280x720", (1280, 720)),
        ("1280x", (1280, 0)),
        ("x720", (0, 720)),
        ("1280x-2", (1280, 0)),
        ("-2x720", (0, 720)),
    ],
)
def test_sizes_are_read(text: str, scale: tuple[int, int]) -> None:
    assert parse_scale(text) == scale


@pytest.mark.parametrize(
    "text", ["", "x", "-2x-2", "720", "1280*720", "1281x720", "x721", "0x720", "14x", "20000x", "-1x720", "1280x720x2"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size of even sides"):
        parse_scale(text)


@pytest.mark.parametrize(
    ("scale", "size"),
    [
        ((640, 360), (640, 360)),
        ((640, 0), (640, 360)),
        ((0, 360), (640, 360)),
        ((0, 482), (856, 482)),
        ((1280, 0), None),  # it is as large already
        ((0, 1080), None),  # one side never enlarges
        ((1920, 1080), (1920, 1080)),  # two do
        ((640, 640), (640, 640)),
    ],
)
def test_the_other_side_follows_and_only_both_enlarge(scale: tuple[int, int], size: tuple[int, int] | None) -> None:
    assert scaled_size(video(), scale) == size


@given(SIDES, SIDES, SIDES.map(lambda n: 2 * n), st.booleans())
def test_a_side_that_follows_is_even_and_keeps_the_shape_to_a_pixel(
    width: int,
    height: int,
    side: int,
    wide: bool,  # noqa: FBT001 - hypothesis gives it
) -> None:
    picture = video(width=width, height=height)
    found = scaled_size(picture, (side, 0) if wide else (0, side))
    if found is None:
        assert side >= (width if wide else height)
        return
    assert found[0] % 2 == found[1] % 2 == 0
    exact = Fraction(height * side, width) if wide else Fraction(width * side, height)
    assert abs(found[1 if wide else 0] - exact) <= 1 or exact < 16


@given(SIDES, SIDES, st.sampled_from([None, Fraction(64, 45), Fraction(8, 9)]), SIDES, SIDES)
def test_the_picture_on_the_screen_keeps_its_shape(
    width: int, height: int, sample: Fraction | None, to_width: int, to_height: int
) -> None:
    picture = video(width=width, height=height, sample_aspect=sample)
    after = sample_aspect(picture, (to_width, to_height)) or Fraction(1)
    shown = Fraction(width, height) * (sample or 1)
    assert abs(Fraction(to_width, to_height) * after / shown - 1) <= 2 * SAME_SHAPE


def test_a_scaled_film_is_encoded_small_and_scored_against_the_original_as_large_as_that_is() -> None:
    large = info(film(width=3840, height=2160))
    there = plan(large, scale=(0, 1080))
    assert (there.width, there.height) == (1920, 1080)
    assert there.filters[1].startswith("scale=1920:1080:")
    assert there.filters[1].endswith("flags=lanczos+accurate_rnd+full_chroma_int")
    assert there.scoring.model == plan(large).scoring.model == "vmaf_4k_v0.6.1"
    assert there.scoring.scale_name == "3840x2160"
    assert not any("1920" in part for part in there.reference)
    assert (
        "The picture is scaled from 3840x2160 to 1920x1080; VMAF compares it, scaled to 3840x2160, with the original."
        in there.notes
    )
    pairing = Pairing(
        chunk_path="c.mkv",
        reference_input=("-i", "f.mkv"),
        video_index=0,
        choose=("trim=start_pts=0",),
        preroll=0,
        look=Look(frames=5),
    )
    graph = score_args("ffmpeg", pairing, there, threads=1, log_name="l.json")
    graph_text = graph[graph.index("-filter_complex") + 1]
    assert graph_text.count("scale=3840:2160:flags=bicubic") == 2
    assert "1920" not in graph_text


def test_a_small_film_is_scored_at_the_size_it_is_scored_at_unscaled() -> None:
    small = info(film(width=854, height=480))
    assert plan(small, scale=(640, 0)).scoring == plan(small).scoring
    assert plan(small, scale=(640, 0)).reference == plan(small).reference == plan(small).filters[:-1]


def test_the_size_is_in_the_identity_of_trials_and_jobs() -> None:
    assert plan(scale=(640, 0)).encode_identity() != plan().encode_identity()
    assert plan(scale=(640, 0)).request_identity() != plan().request_identity()
    # What stays as large is encoded by the same trials.
    assert plan(scale=(0, 2160)).encode_identity() == plan().encode_identity()


def test_an_odd_picture_is_scaled_without_padding() -> None:
    odd = plan(info(film(width=1279, height=719)), scale=(640, 360))
    assert not any(part.startswith("pad") for part in (*odd.filters, *odd.reference))
    assert not any("repeated at the edge" in note for note in odd.notes)


def test_what_is_not_enlarged_says_so_and_what_is_too() -> None:
    assert "The picture stays at 1280x720: only a size with both sides makes it larger." in plan(scale=(0, 1080)).notes
    assert any("is enlarged from 1280x720 to 1920x1080" in note for note in plan(scale=(1920, 1080)).notes)


def test_samples_that_are_not_square_any_more_are_said_to_the_container() -> None:
    squeezed = plan(scale=(640, 720))
    assert squeezed.sample_aspect == 2
    assert display_aspect(squeezed) == Fraction(16, 9)
    assert display_aspect(plan(scale=(640, 360))) is None
