"""Encoders as data and as arguments: what is asked of each, on one scale, and what cannot be asked."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from examples import film, index, info, plan, video
from reelwright.cli.doctor import mark
from reelwright.config import settings_from
from reelwright.doctor import told_of
from reelwright.encoders import AOM, DEFAULT, ENCODERS, NAMES, NVENC, Encoder, find
from reelwright.engine.aims import aim_of
from reelwright.errors import ToolError, UsageError
from reelwright.media.model import DolbyVision
from reelwright.planning import identity
from reelwright.planning.dolby_vision import objection
from reelwright.planning.encoding import check_encoder, steps
from reelwright.planning.plan import Request, parameters
from reelwright.tools.capabilities import Capabilities, require
from reelwright.tools.devices import Tried, first_complaint, trial_args, unusable
from reelwright.tools.encoders import PORTS, Order, port_for
from reelwright.tools.ffmpeg import encode_args
from reelwright.tools.frames import film_frames

KEYED = index(range(0, 4000, 40), key_pts=(0, 1000, 2000, 3000))
TOOLS = Capabilities(
    ffmpeg="/bin/ffmpeg",
    version="9.0",
    major=9,
    svt_version="4.2",
    encoders=frozenset({"libsvtav1"}),
    filters=frozenset({"libvmaf", "scale", "trim", "tpad", "setparams"}),
)
P81 = DolbyVision(profile=8, compatibility=1, seen=8, metadata=True, record=True)
EVERY = pytest.mark.parametrize("encoder", ENCODERS.values(), ids=NAMES)
HARDWARE = [e for e in ENCODERS.values() if e.device]


def after(args: list[str] | tuple[str, ...], flag: str) -> str:
    return args[args.index(flag) + 1]


def encode(name: str, *, crf: float = 30.0, threads: int = 2, **changes: Any) -> list[str]:
    frames = film_frames("/films/a.mkv", 0, KEYED)(60, 80, 0)
    return encode_args("ffmpeg", frames, plan(encoder=name, **changes), crf=crf, threads=threads, out="/trials/b.part")


def order(encoder: Encoder, crf: float = 30.0, preset: int = 6, threads: int = 2) -> Order:
    return Order(crf=crf, preset=preset, threads=threads, parameters=encoder.fixed)


def test_svt_av1s_command_is_to_the_last_byte_what_it_was_when_it_was_the_only_encoder() -> None:
    args = encode("svt-av1", crf=30.25, svt=(("tune", "0"), ("film-grain", "8")))
    chain = (
        "trim=start_pts=2400:end_pts=3200,settb=1/1000,setpts=N*40,fps=25,"
        "setparams=color_primaries=unknown:color_trc=unknown:chroma_location=unknown:colorspace=unknown,"
        "scale=in_range=limited:out_range=limited:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p10le,"
        "setparams=range=tv:color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc"
    )
    start = "ffmpeg -nostdin -hide_banner -nostats -loglevel level+warning -y -progress pipe:1 -stats_period 0.5"
    assert args[: len(start.split())] == start.split()
    assert args[args.index("-map") :] == [
        *["-map", "0:0", "-map_metadata", "-1", "-map_chapters", "-1", "-an", "-sn", "-dn"],
        *("-vf", chain, "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-c:v", "libsvtav1", "-preset", "6"),
        *("-svtav1-params", "crf=30.25:lp=2:film-grain=8:keyint=-1:scd=0:tune=0"),
        *["-fflags", "+bitexact", "-flags:v", "+bitexact", "-f", "matroska", "file:/trials/b.part"],
    ]
    assert PORTS["svt-av1"].environment == {"SVT_LOG": "2"}


def test_svt_av1s_keys_do_not_change_unnoticed_so_that_its_trials_stay_good() -> None:
    of = plan(svt=(("tune", "0"), ("film-grain", "8")))
    build = {**TOOLS.encode_build(), "machine": "x86_64"}
    curve = identity.curve_key("5-abc", 60, 80, {**of.encode_identity(), "build": build})
    assert curve == "8c04ba80ddb3f04635a3ad184a6a0b34"
    assert identity.trial_key(curve, 30.25) == "c52b0eaaecf3bde0c24e26938f940886"
    assert identity.job_id("5-abc", of.request_identity(), "/out.mkv") == "081b3be22712aff7849364d5f1b38808"


@EVERY
def test_an_encoder_is_found_by_either_of_its_names_and_its_data_are_in_order(encoder: Encoder) -> None:
    assert find(encoder.name) is encoder
    assert PORTS[encoder.name].facts is encoder
    assert port_for(encoder.ffmpeg) is PORTS[encoder.name]
    assert list(encoder.fixed) == sorted(encoder.fixed)
    assert encoder.presets is None or len(encoder.presets) == 14
    assert plan(encoder=encoder.name).encoder == encoder.ffmpeg
    assert settings_from(None, {"encoding": {"encoder": encoder.name}}).encoding.encoder == encoder.name


@EVERY
def test_a_film_in_one_piece_has_key_frames_by_the_encoders_own_parameters(encoder: Encoder) -> None:
    usual, often = (dict(parameters(Request(encoder=encoder.name), keyint)) for keyint in (None, 240))
    assert tuple(usual.items()) == encoder.fixed
    assert {name for name in often if often[name] != usual[name]} == set(encoder.key_distance)
    assert {often[name] for name in encoder.key_distance} == {"240"}


@EVERY
def test_every_crf_of_an_encoder_is_another_quality_of_its_own_and_a_higher_crf_a_higher_one(encoder: Encoder) -> None:
    port = PORTS[encoder.name]
    own = [port.own_quality(crf) for crf in steps(encoder)]
    assert all(low < high for low, high in pairwise(own))
    arguments = [port.codec_args(order(encoder, crf)) for crf in steps(encoder)]
    assert len(set(arguments)) == len(arguments)
    assert steps(encoder)[0] == 1
    assert steps(encoder)[-1] == encoder.highest_crf


@pytest.mark.parametrize(
    ("name", "flag", "at"),
    [
        ("aom", "-crf", {1: "1", 30: "30", 63: "63"}),
        ("nvenc", "-qp", {1: "4", 30.25: "121", 63.75: "255"}),
        ("qsv", "-q:v", {30: "120"}),
        ("amf", "-qp_i", {30: "120"}),
        ("amf", "-qp_p", {30: "120"}),
        ("vaapi", "-global_quality", {30: "120"}),
        ("vulkan", "-qp", {30: "120"}),
    ],
)
def test_four_steps_of_av1s_quantiser_make_one_crf(name: str, flag: str, at: dict[float, str]) -> None:
    for crf, written in at.items():
        assert after(PORTS[name].codec_args(order(find(name), crf)), flag) == written


@pytest.mark.parametrize(
    ("name", "flag", "slow", "usual", "fast"),
    [
        ("svt-av1", "-preset", "0", "6", "13"),
        ("aom", "-cpu-used", "0", "6", "8"),
        ("nvenc", "-preset", "p7", "p4", "p1"),
        ("qsv", "-preset", "1", "4", "7"),
        ("amf", "-quality", "high_quality", "quality", "speed"),
    ],
)
def test_a_preset_becomes_the_encoders_own_slow_to_fast(name: str, flag: str, slow: str, usual: str, fast: str) -> None:
    said = [after(PORTS[name].codec_args(order(find(name), preset=preset)), flag) for preset in (0, 6, 13)]
    assert said == [slow, usual, fast]


@pytest.mark.parametrize("name", ["vaapi", "vulkan"])
def test_an_encoder_without_presets_says_so(name: str) -> None:
    port, encoder = PORTS[name], find(name)
    assert port.codec_args(order(encoder, preset=0)) == port.codec_args(order(encoder, preset=13))
    assert any("has no presets" in note for note in plan(encoder=name).notes)


@EVERY
def test_threads_change_no_parameter_of_the_picture(encoder: Encoder) -> None:
    one, four = (encode(encoder.name, threads=threads) for threads in (2, 4))
    changed = [(a, b) for a, b in zip(one, four, strict=True) if a != b]
    assert len(changed) <= 1
    assert [
        (a.replace("lp=2", "lp=4").replace("2", "4") if a == "2" else a.replace("lp=2", "lp=4")) for a, _ in changed
    ] == [b for _, b in changed]


def test_libaom_never_runs_on_one_thread_whose_bytes_would_be_others() -> None:
    assert [after(encode("aom", threads=n), "-threads") for n in (1, 2, 3)] == ["2", "2", "3"]


def test_libaom_gets_frames_without_hdr10plus_which_is_written_for_all_encoders_alike() -> None:
    chain = after(encode("aom"), "-vf").split(",")
    assert chain[-1] == "sidedata=mode=delete:type=DYNAMIC_HDR_PLUS"
    assert chain[-2].startswith("setparams=")


@pytest.mark.parametrize("encoder", HARDWARE, ids=lambda e: e.name)
def test_a_device_gets_its_frames_in_show_order_ten_bits_deep_and_after_the_colours_are_tagged(
    encoder: Encoder,
) -> None:
    args = encode(encoder.name)
    chain = after(args, "-vf").split(",")
    assert chain[-1 if "hwupload" not in chain else -2] == "format=p010le"
    assert chain.index("format=p010le") == max(k for k, part in enumerate(chain) if part.startswith("setparams")) + 1
    assert after(args, "-bf") == "0"
    assert ("-init_hw_device" in args) == ("hwupload" in chain)
    if "hwupload" in chain:
        assert args.index("-filter_hw_device") < args.index("-i")


def test_the_search_steps_as_finely_as_the_encoder_can_follow_and_no_higher() -> None:
    assert (aim_of(Request()).step, aim_of(Request()).max_crf) == (0.25, 50.0)
    assert aim_of(Request(max_crf=70.0)).max_crf == 70.0
    aom = aim_of(Request(encoder="aom", min_crf=12.25, max_crf=70.0))
    assert (aom.step, aom.first, aom.last) == (1.0, 13, 63)
    assert aim_of(Request(encoder="nvenc", max_crf=70.0)).last == 255


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"encoder": "aom", "svt": (("tune", "0"),)},
            "The parameter tune is SVT-AV1's, and the encoder asked for is aom.",
        ),
        ({"encoder": "nvenc", "zones": ("0-1:svt.tune=0",)}, "The parameter tune is SVT-AV1's"),
        ({"encoder": "aom", "crf": 30.25}, "The encoder aom has no CRF 30.25. Take a whole number up to 63."),
        ({"encoder": "nvenc", "crf": 64.0}, "Take a multiple of 0.25 up to 63.75."),
        ({"encoder": "aom", "zones": ("0-1:crf=30.5",)}, "The encoder aom has no CRF 30.5."),
        ({"encoder": "aom", "min_crf": 30.25, "max_crf": 30.75}, "no CRF from 30.25 to 30.75"),
        ({"encoder": "qsv", "min_crf": 64.0, "max_crf": 70.0}, "no CRF from 64 to 70"),
        ({"encoder": "vaapi", "film_grain": 8}, "The encoder vaapi synthesises no film grain."),
    ],
)
def test_what_an_encoder_cannot_do_is_wrong_usage(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_encoder(Request(**changes))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"svt": (("tune", "0"),), "crf": 30.25, "zones": ("0-1:crf=70,svt.tune=0",), "film_grain": 8},
        {"encoder": "aom", "crf": 63.0},
        {"encoder": "aom", "min_crf": 30.25, "max_crf": 31.0},
        {"encoder": "nvenc", "crf": 63.75, "zones": ("0-1:crf=12.25",)},
        {"encoder": "aom", "crf": 30.0, "min_crf": 66.0, "max_crf": 70.0},  # the bounds are of a search there is not
    ],
)
def test_what_an_encoder_can_do_passes(changes: dict[str, Any]) -> None:
    check_encoder(Request(**changes))


def test_a_wrong_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"encoding\.encoder = 'nvec' is wrong.*nvenc is the nearest"):
        settings_from(None, {"encoding": {"encoder": "nvec"}})


def test_an_encoders_version_is_part_of_what_decides_its_bytes_and_svt_av1s_is_where_it_was() -> None:
    other = replace(TOOLS, versions=(("aom", "libaom 3.15.1"),))
    assert TOOLS.encode_build() == {**other.encode_build("svt-av1")}
    assert TOOLS.encode_build()["svt"] == "4.2"
    assert other.encode_build("aom")["aom"] == "libaom 3.15.1"
    assert "svt" not in other.encode_build("aom")
    newer = replace(TOOLS, versions=(("aom", "libaom 3.16"),))
    assert newer.encode_build("aom") != other.encode_build("aom")


def test_only_the_encoder_asked_for_has_to_be_in_ffmpeg() -> None:
    assert require(TOOLS) is TOOLS
    with pytest.raises(ToolError, match="has no libaom-av1 encoder"):
        require(TOOLS, "aom")
    with pytest.raises(ToolError, match="has no libsvtav1 encoder"):
        require(replace(TOOLS, encoders=frozenset({"libaom-av1"})))
    assert require(replace(TOOLS, encoders=frozenset({"libaom-av1"})), "aom")


def test_the_plan_says_what_the_encoder_leaves_to_the_container_or_does_not_promise() -> None:
    assert not [note for note in plan().notes if "SVT-AV1" in note]
    assert any("stand in the container alone: libaom" in note for note in plan(encoder="aom").notes)
    sdr = info(film(mastering_display=None, content_light=None))
    assert not [note for note in plan(sdr, encoder="aom").notes if "libaom" in note]
    careful = plan(sdr, encoder="nvenc", deterministic=True).notes
    assert "NVENC does not promise equal bytes from run to run." in careful
    assert "NVENC does not promise equal bytes from run to run." not in plan(sdr, encoder="nvenc").notes


@EVERY
def test_dolby_vision_is_refused_with_an_encoder_that_would_lose_it(encoder: Encoder) -> None:
    found = objection(video(dolby_vision=P81), Request(encoder=encoder.name))
    said = found.reason if found else ""
    assert (f"the encoder {encoder.name} does not write its metadata" in said) != encoder.dolby_vision


@pytest.mark.parametrize(
    ("name", "works", "optional", "found", "advice"),
    [
        ("aom", True, True, "libaom 3.15", ""),
        ("aom", False, True, "gone", ""),
        ("nvenc", False, True, f"gone; it needs {NVENC.device}", ""),
        (
            "nvenc",
            False,
            False,
            f"gone; it needs {NVENC.device}",
            "Set encoding.encoder to svt-av1, or give it what it",
        ),
        ("svt-av1", False, False, "gone", "`pip install imageio-ffmpeg`"),
        ("svt-av1", False, True, "gone", ""),
    ],
)
def test_doctor_tells_what_an_encoder_lacks_and_what_to_do_where_it_is_the_one_that_is_set(
    *, name: str, works: bool, optional: bool, found: str, advice: str
) -> None:
    tried = Tried(name=name, works=works, version="libaom 3.15" if works else "", reason="" if works else "gone")
    row = told_of(find(name), tried, optional=optional)
    assert (row.name, row.works, row.kind, row.optional, row.found) == (name, works, "encoder", optional, found)
    assert row.advice.startswith(advice)
    assert bool(row.advice) == bool(advice)
    assert mark(row) == ("ok  " if works else "no  " if optional else "FAIL")


def test_encoders_make_other_work_and_other_trials() -> None:
    keys = {identity.digest(plan(encoder=name).encode_identity()) for name in NAMES}
    jobs = {identity.digest(plan(encoder=name).request_identity()) for name in NAMES}
    assert len(keys) == len(jobs) == len(NAMES)


@EVERY
def test_an_encoder_is_tried_with_what_it_will_be_given(encoder: Encoder) -> None:
    args = trial_args("ffmpeg", PORTS[encoder.name])
    assert after(args, "-c:v") == encoder.ffmpeg
    assert after(args, "-frames:v") == "1"
    assert args[-2:] == ["null", "-"]
    if encoder.name != DEFAULT:
        assert all(after(args, f"-{name}") == value for name, value in encoder.fixed)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            "[av1_nvenc @ 0x5619bb146800] [error] Cannot load libcuda.so.1\n[vost#0:0/av1_nvenc @ 0x1] [error] Error",
            "libcuda.so.1 is not there",
        ),
        (
            "implib-gen: libva-drm.so.2: failed to load library 'libva-drm.so.2' via dlopen\nffmpeg: Assertion",
            "libva-drm.so.2 is not there",
        ),
        ("[AMF @ 0x1] [error] DLL libamfrt64.so.1 failed to open", "libamfrt64.so.1 is not there"),
        (
            "[a @ 0x1] [verbose] x\n[Vulkan @ 0x1] [error] Unable to open the libvulkan library!\n[fatal] y",
            "Unable to open the libvulkan library",
        ),
        ("[av1_qsv @ 0x1] [error] Error creating a MFX session: -9.", "Error creating a MFX session: -9"),
        ("Segmentation fault", "Segmentation fault"),
        ("", "it says nothing"),
        ("[error] \x1b[31mred\x07", "\\x1b[31mred\\x07"),
    ],
)
def test_why_an_encoder_does_not_work_is_its_first_complaint(said: str, reason: str) -> None:
    assert first_complaint(said) == reason


def test_the_error_for_an_encoder_names_the_trouble_what_it_needs_and_what_works() -> None:
    error = unusable(find("nvenc"), "libcuda.so.1 is not there")
    assert error.exit_code == 5
    assert str(error) == (
        "The encoder nvenc does not work here: libcuda.so.1 is not there. It needs an NVIDIA graphics card that "
        "encodes AV1 (RTX 40 or newer) and its driver; --encoder svt-av1 runs anywhere."
    )
    assert not unusable(AOM, "x").hint


@pytest.mark.parametrize(
    ("name", "said", "version"),
    [
        ("svt-av1", "Svt[info]: SVT [version]:\tSVT-AV1 Encoder Lib v4.2.0-151-g5ed", "v4.2.0-151-g5ed"),
        ("aom", "[libaom-av1 @ 0x5601dca5fe40] [info] v3.15.1\n", "libaom 3.15.1"),
        ("aom", "[libaom-av1 @ 0x5601dca5fe40] [verbose] v3.15.1-2-gabc\n", "libaom 3.15.1-2-gabc"),
        (
            "nvenc",
            "[av1_nvenc @ 0x1] [verbose] Loaded Nvenc version 13.0\n[x] [ GPU #0 - < NVIDIA RTX 4090 > has SM 8.9 ]",
            "NVIDIA RTX 4090, 13.0",
        ),
        (
            "vaapi",
            "[AVHWDeviceContext @ 0x1] [verbose] VAAPI driver: Intel iHD driver - 24.1.0.",
            "Intel iHD driver - 24.1.0.",
        ),
        (
            "vulkan",
            "[Vulkan @ 0x1] [verbose] Device 0 selected: AMD Radeon (discrete) (0x744c)",
            "AMD Radeon (discrete) (0x744c)",
        ),
        ("nvenc", "nothing of use", ""),
    ],
)
def test_version_driver_and_device_are_read_from_the_log(name: str, said: str, version: str) -> None:
    assert PORTS[name].version(said) == version
