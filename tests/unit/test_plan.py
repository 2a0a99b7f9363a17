"""The plan: filters, parameters, scoring and notes as values."""

from dataclasses import replace
from fractions import Fraction

import pytest

from examples import HDR, RICH, film, info, plan, sound, video
from reelwright.errors import SourceError
from reelwright.media.model import Color, Video
from reelwright.planning.colors import UNTAG, is_full_range, setparams
from reelwright.planning.plan import (
    Request,
    chunk_length,
    encode_filters,
    make_plan,
    parameters,
)
from reelwright.quality.score import light_notes
from reelwright.quality.steps import STEP
from reelwright.vmaf_models import KNOWN, OLD, looks_wide, model_for, models_of, near_model

LIMITED = "scale=in_range=limited:out_range=limited:flags=bicubic+accurate_rnd+full_chroma_int"
FULL = LIMITED.replace("limited", "full")


@pytest.mark.parametrize(
    ("color", "full", "text"),
    [
        (HDR, False, "range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"),
        (Color(), False, "range=tv"),  # nothing said is nothing tagged
        (Color(), True, "range=pc"),
        (Color(primaries="unknown", transfer="unspecified", matrix="reserved"), False, "range=tv"),
        (Color(matrix="bt709"), False, "range=tv:colorspace=bt709"),  # each tag by itself
        (Color(range="tv", transfer="bt709"), True, "range=pc:color_trc=bt709"),
    ],
)
def test_frames_are_tagged_with_what_the_source_says_and_no_more(color: Color, *, full: bool, text: str) -> None:
    assert setparams(color, full_range=full) == f"setparams={text}"


@pytest.mark.parametrize(
    ("picture", "full"),
    [
        (video(color=Color(range="pc")), True),
        (video(color=Color(range="tv")), False),
        (video(color=Color()), False),  # unsaid is limited
        (video(color=Color(), pix_fmt="yuvj420p"), True),  # the old way of saying full
        (video(color=Color(), pix_fmt=None), False),
    ],
)
def test_full_range_is_said_by_the_tag_or_the_format(picture: Video, *, full: bool) -> None:
    assert is_full_range(picture) is full


@pytest.mark.parametrize(
    ("picture", "chain"),
    [
        (video(color=Color()), (UNTAG, LIMITED, "format=yuv420p10le", "setparams=range=tv")),
        (video(color=Color(range="pc")), (UNTAG, FULL, "format=yuv420p10le", "setparams=range=pc")),
        (
            video(color=Color(), width=1279, height=719),
            (
                "pad=1280:720:0:0,fillborders=right=1:bottom=1:mode=smear",
                UNTAG,
                LIMITED,
                "format=yuv420p10le",
                "setparams=range=tv",
            ),
        ),
        (
            video(color=Color(), height=719),  # one odd side is padded alone
            (
                "pad=1280:720:0:0,fillborders=right=0:bottom=1:mode=smear",
                UNTAG,
                LIMITED,
                "format=yuv420p10le",
                "setparams=range=tv",
            ),
        ),
    ],
)
def test_the_filters_end_with_the_tags_and_pad_odd_sizes_first(picture: Video, chain: tuple[str, ...]) -> None:
    assert encode_filters(picture) == chain


@pytest.mark.parametrize(
    ("family", "width", "height", "model"),
    [
        ("v0.6.1", 1920, 1080, "vmaf_v0.6.1"),
        ("v0.6.1", 3840, 1600, "vmaf_4k_v0.6.1"),  # wide
        ("v0.6.1", 2880, 2160, "vmaf_4k_v0.6.1"),  # high
        ("v0.6.1", 3838, 2158, "vmaf_v0.6.1"),  # just below both
        ("vmaf_v0.6.1neg", 3840, 2160, "vmaf_v0.6.1neg"),  # named in full it is taken as it is
    ],
)
def test_the_4k_model_scores_4k_pictures(family: str, width: int, height: int, model: str) -> None:
    assert model_for(family, width, height) == model


@pytest.mark.parametrize(
    ("width", "height", "rate", "model"),
    [
        (1920, 1080, Fraction(24), "vmaf_v1.0.16_3d0h"),
        (1920, 1080, None, "vmaf_v1.0.16_3d0h"),
        (3840, 1600, Fraction(25), "vmaf_v1.0.16_1d5h_2160"),
        (1920, 1080, Fraction(30), "vmaf_v1.0.16_3d0h"),
        (1920, 1080, Fraction(48000, 1001), "vmaf_v1.0.16_hfr_3d0h"),
        (1280, 720, Fraction(60), "vmaf_v1.0.16_hfr_3d0h"),
        (3840, 2160, Fraction(50), "vmaf_v1.0.16_hfr_1d5h_2160"),
    ],
)
def test_v1_has_models_for_4k_and_for_high_frame_rates(
    width: int, height: int, rate: Fraction | None, model: str
) -> None:
    assert model_for("v1", width, height, rate) == model
    assert model in models_of("v1")
    assert looks_wide(model) == ("hfr" in model)


def test_a_plan_names_its_model_in_full_and_fits_small_pictures_to_it() -> None:
    made = plan(info(film(average_rate=Fraction(60))), vmaf_model="v1").scoring
    assert (made.model, made.scaled_to) == ("vmaf_v1.0.16_hfr_3d0h", (1920, 1080))
    assert plan(info(film(width=3840, height=2160)), vmaf_model="v1").scoring.scaled_to is None


def test_every_model_is_near_itself_and_odd_names_are_near_none() -> None:
    assert all(near_model(name[:-1]) for name in KNOWN)
    assert near_model("v0.6") == "v0.6.1"
    assert near_model("4k_v0.6.1") == "vmaf_4k_v0.6.1"
    assert near_model("ssim") is None
    assert set(models_of("v0.6.1")) <= set(OLD)
    assert models_of("vmaf_v0.6.1neg") == ("vmaf_v0.6.1neg",)


def test_some_frames_come_first_unless_all_were_asked_for_or_a_percentile_needs_them() -> None:
    assert plan().scoring.n_subsample == STEP
    assert plan(scored_frames="every").scoring.n_subsample == 1
    assert plan(floor_p5=80.0).scoring.n_subsample == 1


def test_jobs_begun_when_every_frame_was_scored_keep_their_ids() -> None:
    assert plan().request_identity()["scoring"]["n_subsample"] == 1
    assert plan().request_identity() != plan(scored_frames="every").request_identity()


@pytest.mark.parametrize(
    ("width", "height", "scaled"),
    [
        (1280, 720, "1920x1080"),
        (1920, 1080, None),
        (3840, 2160, None),  # the 4K model has no fitting
        (1279, 719, "1920x1080"),  # sizes after padding decide
    ],
)
def test_small_pictures_are_scored_scaled(width: int, height: int, scaled: str | None) -> None:
    assert plan(info(film(width=width, height=height))).scoring.scale_name == scaled


def test_a_model_named_in_full_scores_pictures_as_they_are() -> None:
    assert plan(vmaf_model="vmaf_v0.6.1neg").scoring.scaled_to is None


def test_one_key_frame_a_chunk_and_the_users_parameters_sorted() -> None:
    asked = Request(svt=(("tune", "0"), ("film-grain", "8")))
    assert parameters(asked) == (("film-grain", "8"), ("keyint", "-1"), ("scd", "0"), ("tune", "0"))


def test_sizes_of_the_plan_are_even_and_those_of_the_source_padded_by_one() -> None:
    odd, even = plan(info(film(width=1279, height=719))), plan(info(film()))
    assert (odd.width, odd.height) == (even.width, even.height) == (1280, 720)


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"pix_fmt": "yuv422p10le"}, "Chroma of yuv422p10le becomes 4:2:0, sited left."),
        (
            {"bit_depth": 12},
            "12 bits a sample become 10, the most the encoder takes: each is rounded or dithered.",
        ),
        ({"pix_fmt": "gray"}, "gray becomes 4:2:0 with neutral chroma; its luma keeps its values."),
        (
            {"color": Color(chroma_location="center")},
            "Chroma sited center, which AV1 cannot say, is moved left.",
        ),
        (
            {"content_light": (0, 400)},
            "Its light level says a mean of 400 cd/m² and no peak; the encoder writes none.",
        ),
        ({"hdr10plus": True}, "HDR10+ is carried over frame by frame."),
        ({"width": 1279}, "One row or column is repeated at the edge: 4:2:0 needs even sizes."),
    ],
)
def test_what_does_not_arrive_as_it_was_is_noted(changes: dict[str, object], note: str) -> None:
    assert plan(info(film(**{"color": Color(), **changes}))).notes == (note,)


def test_rgb_is_noted_with_its_matrix_and_its_chroma() -> None:
    notes = plan(info(film(pix_fmt="gbrap12le", bit_depth=12, color=Color(primaries="bt2020")))).notes
    said = "".join(notes)
    assert "by the matrix bt2020nc" in said
    assert "Chroma of gbrap12le becomes 4:2:0, sited left." in notes
    assert "The transparency of gbrap12le is dropped" in said
    assert "12 bits a sample become 10" in said


@pytest.mark.parametrize(("transfer", "name"), [("smpte2084", "PQ"), ("arib-std-b67", "HLG"), ("bt709", "")])
def test_what_a_score_of_hdr_is_worth_is_said_in_one_sentence(transfer: str, name: str) -> None:
    notes = plan(info(film(color=Color(transfer=transfer)))).notes
    assert notes == light_notes(transfer)
    assert [f"trained on SDR: of these {name} pictures" in note for note in notes] == ([True] if name else [])


def test_converted_and_dropped_streams_are_noted_and_copies_are_not() -> None:
    notes = plan(RICH).notes
    assert [note.split(":")[0] for note in notes] == [
        "Stream 4 (subtitle)",
        "Stream 7 (data)",
        "VMAF's models were trained on SDR",
    ]
    assert plan(info(film(color=Color()), sound(1))).notes == ()


def test_a_file_without_a_film_cannot_be_planned() -> None:
    with pytest.raises(SourceError, match="no film"):
        make_plan(info(sound(0)), Request())


def test_the_chunk_length_is_exact() -> None:
    assert chunk_length(Request(chunk_seconds=0.1)) == Fraction(1, 10)  # and not the float nearest to it


@pytest.mark.parametrize(
    "changes",
    [
        {"preset": 5},
        {"svt": (("film-grain", "8"),)},
    ],
)
def test_what_changes_an_encodes_bytes_changes_its_identity(changes: dict[str, object]) -> None:
    assert plan(**changes).encode_identity() != plan().encode_identity()


@pytest.mark.parametrize(
    "changes",
    [
        {"target_vmaf": 95.0, "band_low": 94.0, "band_high": 96.0},
        {"band_low": 92.5},
        {"crf": 30.0},
        {"min_crf": 20.0},
        {"max_crf": 40.0},
        {"chunk_seconds": 5.0},
        {"vmaf_model": "vmaf_v0.6.1neg"},
    ],
)
def test_another_request_is_other_work_on_the_same_bytes(changes: dict[str, object]) -> None:
    assert plan(**changes).encode_identity() == plan().encode_identity()
    assert plan(**changes).request_identity() != plan().request_identity()


def test_in_which_order_trials_are_chosen_is_no_other_work() -> None:
    assert plan(deterministic=True).request_identity() == plan().request_identity()


@pytest.mark.parametrize(
    "changes",
    [
        {"color": replace(HDR, matrix="bt709")},
        {"color": replace(HDR, range="pc")},
        {"width": 1279},
    ],
)
def test_what_the_source_is_tagged_with_is_part_of_the_encode(changes: dict[str, object]) -> None:
    assert plan(info(film(**changes))).encode_identity() != plan(info(film())).encode_identity()
