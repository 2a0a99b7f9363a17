"""What becomes Opus and how, what is copied and why, the step's place among others, and what its check catches."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from examples import chunk, film, index, info, sound
from reelwright.app.encode import request_for
from reelwright.cli.commands import EncodeJob
from reelwright.config import settings_from
from reelwright.engine.job_state import FilmStep, SoundStep, TrialStep
from reelwright.engine.scheduler import begin, next_steps
from reelwright.errors import UsageError
from reelwright.media.model import Audio, Framing, MediaInfo, Stream
from reelwright.planning.checks.evidence import Heard, Planned
from reelwright.planning.checks.sound import fault
from reelwright.planning.containers import Container
from reelwright.planning.decision import Verdict, decide
from reelwright.planning.once_read import once_read, with_sounds
from reelwright.planning.plan import EncodePlan, Request, make_plan
from reelwright.planning.sound import MOVED, OPUS_LAYOUTS, OpusRates, opus_plan, placed, why_copied
from reelwright.planning.stream_ledger import Subject
from reelwright.planning.streams import Fate, Input, Route, Rule, StreamPlan, carried
from reelwright.quality.controller import Point
from reelwright.tools.children.straight import Straight, TimesGoBackError

OPUS = Request(audio="opus")
#: Every channel of FFmpeg's layouts that are met in films.
CHANNELS = {
    "3.0(back)": "FL FR BC", "2.1": "FL FR LFE", "4.0": "FL FR FC BC", "quad(side)": "FL FR SL SR",
    "3.1": "FL FR FC LFE", "5.0(side)": "FL FR FC SL SR", "4.1": "FL FR FC LFE BC", "5.1(side)": "FL FR FC LFE SL SR",
    "6.0": "FL FR FC BC SL SR", "hexagonal": "FL FR FC BL BR BC", "6.1(back)": "FL FR FC LFE BL BR BC",
    "7.0": "FL FR FC BL BR SL SR", "7.1(wide)": "FL FR FC LFE BL BR FLC FRC", "octagonal": "FL FR FC BL BR BC SL SR",
    "5.1.2": "FL FR FC LFE SL SR TFL TFR", "downmix": "DL DR", "binaural": "BIL BIR",
    "22.2": "FL FR FC LFE BL BR FLC FRC BC SL SR TC TFL TFC TFR TBL TBC TBR LFE2 TSL TSR BFC BFL BFR",
}  # fmt: skip


def of(codec: str = "flac", layout: str | None = "stereo", channels: int = 2, **more: Any) -> Stream:
    """A sound."""
    audio = Audio(channels=channels, layout=layout, sample_rate=more.pop("sample_rate", 48_000), **more)
    return replace(sound(1), codec=codec, audio=audio)


def source(*sounds: Stream) -> MediaInfo:
    return info(film(), *(replace(s, index=k) for k, s in enumerate(sounds, start=1)))


def planned(*sounds: Stream, request: Request = OPUS) -> EncodePlan:
    return make_plan(source(*sounds), request)


def only(given: Stream, request: Request = OPUS) -> StreamPlan:
    return planned(given, request=request).streams[1]


@pytest.mark.parametrize(("channels", "kbps"), [(1, 64), (2, 128), (3, 144), (4, 192), (6, 256), (7, 336), (8, 384)])
def test_each_count_of_channels_has_its_rate(channels: int, kbps: int) -> None:
    assert OpusRates().of(channels) == kbps


@pytest.mark.parametrize("layout", [*OPUS_LAYOUTS, *CHANNELS])
def test_a_layout_is_held_with_every_channel_once_at_its_loudspeaker_or_not_at_all(layout: str) -> None:
    found = placed(layout)
    names = OPUS_LAYOUTS.get(layout) or tuple(CHANNELS[layout].split())
    if found is None:
        # None of Opus's layouts has these loudspeakers, "side" and "back" taken as one pair.
        same = [{n.replace("S", "B") for n in held} for held in OPUS_LAYOUTS.values() if len(held) == len(names)]
        assert {n.replace("S", "B") for n in names} not in same or len({n.replace("S", "B") for n in names}) < len(
            names
        )
        return
    target, order = found
    assert sorted(order) == list(range(len(names)))
    if layout not in {"downmix", "binaural"}:
        for name, source in zip(OPUS_LAYOUTS[target], order, strict=True):
            assert names[source] == name or names[source].translate(str.maketrans("SB", "BS")) == name


def test_every_layout_that_is_moved_is_one_of_opuss() -> None:
    assert {target for target, _ in MOVED.values()} <= set(OPUS_LAYOUTS)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (of("opus"), "it is Opus already"),
        (of("aac", bit_rate=128_000), "128 kb/s already, no more than the 128 kb/s"),
        (of("aac", bit_rate=96_000), "96 kb/s already"),
        (of("ac3", "5.1(side)", 6, bit_rate=192_000), "no more than the 256 kb/s"),
        (of("flac", "2.1", 3), "no layout that holds 2.1"),
        (of("flac", "7.1(wide)", 8), "no layout that holds 7.1(wide)"),
        (of("flac", "22.2", 24), "no layout that holds 22.2"),
        (of("flac", None, 5), "no layout that holds 5 channels"),
    ],
)
def test_what_opus_cannot_better_or_hold_is_copied_and_says_why(given: Stream, says: str) -> None:
    found = only(given)
    assert (found.fate, found.opus) == (Fate.COPY, None)
    assert says in found.reason
    assert any(says in note for note in planned(given).notes)


@pytest.mark.parametrize("given", [of("aac", None, 0), of("aac", sample_rate=None)])
def test_a_sound_that_says_nothing_of_itself_is_dropped_whatever_was_asked(given: Stream) -> None:
    found = only(given)
    assert (found.fate, found.rule) == (Fate.DROP, Rule.NO_PARAMETERS)
    assert found == only(given, Request())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (of("ac3", bit_rate=129_000), ["at 128 kb/s"]),
        (of("aac"), ["at 128 kb/s"]),
        (of("flac", "mono", 1), ["at 64 kb/s", "FLAC is lossless, Opus is not"]),
        (of("pcm_s24le", "5.1", 6), ["at 256 kb/s", "pcm_s24le is lossless"]),
        (of("alac"), ["ALAC is lossless"]),
        (of("dts", "5.1(side)", 6, profile="DTS-HD MA"), ["DTS-HD MA is lossless", "5.1(side) becomes 5.1"]),
        (of("truehd", "7.1", 8, profile="Dolby TrueHD + Dolby Atmos"),
         ["TrueHD is lossless", "objects of Dolby TrueHD + Dolby Atmos are lost, its 8 channels are kept"]),
        (of("flac", "6.1(back)", 7), ["336 kb/s", "6.1(back) becomes 6.1"]),
        (of("aac", sample_rate=44_100), ["44100 Hz become 48000"]),
    ],
)  # fmt: skip
def test_what_becomes_opus_names_all_that_is_not_as_it_was(given: Stream, says: list[str]) -> None:
    found = only(given)
    assert (found.fate, found.rule, found.route) == (Fate.ENCODE, Rule.TO_OPUS, Route.SOUND)
    assert (found.is_carried, found.codec_out) == (True, "opus")
    assert found.opus is not None
    assert all(words in found.reason for words in says)
    assert any(found.reason in note for note in planned(given).notes), "it is told before it is done"


def test_a_lossy_codec_is_not_called_lossless() -> None:
    for given in (of("aac"), of("dts", profile="DTS"), of("eac3"), of("mp3")):
        assert "lossless" not in only(given).reason


def test_without_opus_every_sound_is_copied_without_a_word() -> None:
    plan = planned(of("flac"), of("aac"), request=Request())
    assert [(s.fate, s.reason, s.opus) for s in plan.streams[1:]] == [(Fate.COPY, "", None)] * 2
    assert plan.notes == planned(request=Request()).notes


def test_rates_are_settings_and_make_other_work_only_where_opus_is_asked_for() -> None:
    def identity(**encoding: Any) -> dict[str, Any]:
        settings = settings_from(None, {"encoding": encoding})
        request = request_for(settings, EncodeJob(sources=(), output=None))
        return make_plan(info(film(), of()), request).request_identity()

    quiet = {"opus": {"stereo": 160}}
    assert identity(**quiet) == identity()
    assert identity(audio="opus", **quiet) != identity(audio="opus") != identity()
    settings = settings_from(None, {"encoding": {"audio": "opus", **quiet}})
    found = only(of(), request_for(settings, EncodeJob(sources=(), output=None)))
    assert found.opus is not None
    assert found.opus.kbps == 160


@pytest.mark.parametrize("wrong", [{"mono": 300}, {"stereo": 5}, {"per_channel": 0}, {"five": 200}])
def test_a_rate_opus_does_not_have_is_an_error_that_names_it(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"encoding\.opus\."):
        settings_from(None, {"encoding": {"opus": wrong}})


def counted(*sounds: Stream, **sizes: int) -> EncodePlan:
    """The plan once the film of ten seconds was read; sizes by stream."""
    read = replace(index(), stream_bytes=tuple((int(k[1:]), size) for k, size in sizes.items()))
    assert read.duration == 10
    return with_sounds(planned(*sounds), source(*sounds), read)


def test_a_sound_of_few_bits_is_found_out_once_the_film_is_read_and_copied() -> None:
    plan = planned(of("aac"), of("aac"))
    found = counted(of("aac"), of("aac"), s1=160_000, s2=160_001)
    assert [s.fate for s in found.streams[1:]] == [Fate.COPY, Fate.ENCODE]
    assert "128 kb/s already" in found.streams[1].reason
    assert sum("Stream 1 (audio)" in note for note in found.notes) == 1
    assert sum("Stream 2 (audio)" in note for note in found.notes) == 1
    assert found.request_identity() == plan.request_identity(), "it is the same work"


def test_what_a_header_says_is_believed_and_what_nobody_counted_is_encoded() -> None:
    sounds = of("ac3", bit_rate=192_000), of("aac")
    assert counted(*sounds, s1=1000) == planned(*sounds)


def test_the_stream_ledger_follows_a_sound_that_is_copied_after_all() -> None:
    tagged = replace(of("aac"), tags=(("BPS", "128000"), ("title", "Main")), dispositions=("default",))
    plan, found = planned(tagged, of("flac")), counted(tagged, of("flac"), s1=160_000)
    known = {(r.subject, r.stream, r.name): (r.fate, r.rule) for r in plan.ledger}
    now = {(r.subject, r.stream, r.name): (r.fate, r.rule) for r in found.ledger}
    assert known[Subject.STREAM, 1, "aac"] == (Fate.ENCODE, Rule.TO_OPUS)
    assert known[Subject.TAG, 1, "BPS"] == (Fate.DROP, Rule.STALE_STATISTICS)
    assert now[Subject.STREAM, 1, "aac"] == now[Subject.TAG, 1, "BPS"] == (Fate.COPY, None)
    assert list(now) == list(known), "each entry stays in its place"
    assert {k for k in now if now[k] != known[k]} == {(Subject.STREAM, 1, "aac"), (Subject.TAG, 1, "BPS")}
    assert [r.reason for r in found.ledger if r.subject is Subject.STREAM][1] == found.streams[1].reason


def test_framing_goes_whether_a_sound_is_copied_at_once_or_after_all() -> None:
    adts = replace(of("aac"), framing=Framing.ADTS)
    few = replace(of("aac", bit_rate=96_000), framing=Framing.ADTS)
    for found in (counted(adts, s1=160_000), planned(few)):
        stream = found.streams[1]
        assert (stream.fate, stream.rule, stream.framing) == (Fate.CONVERT, Rule.FRAMING, Framing.ADTS)
        assert "kb/s already" in stream.reason
        assert "the ADTS headers go" in stream.reason
        assert sum("Stream 1" in sentence for sentence in found.notes) == 1


def test_late_streams_and_settled_sounds_are_both_told_once_the_film_was_read() -> None:
    read = replace(index(), stream_bytes=((1, 160_000), (9, 5)))
    found = once_read(planned(of("aac")), source(of("aac")), read)
    assert found.streams[1].fate is Fate.COPY
    assert found.ledger[-1].rule is Rule.APPEARED_LATE
    assert len(set(found.notes)) == len(found.notes)
    assert {s.split(":")[0] for s in found.notes if s.startswith("Stream")} == {"Stream 1 (audio)", "Stream 9"}


def test_every_stream_keeps_its_place_whatever_becomes_of_it() -> None:
    plan = planned(of("flac"), of("wmav2", "7.1(wide)", 8), of("aac", bit_rate=9), of("adpcm_ms", "7.1(wide)", 8), of())
    assert [(s.index, *key) for s, key in carried(plan.streams)] == [
        (1, Input.SOUND, 1),
        (2, Input.CONVERTED, 0),
        (3, Input.SOURCE, 3),
        (4, Input.CONVERTED, 1),
        (5, Input.SOUND, 5),
    ]


def test_a_sound_without_a_place_in_the_container_becomes_opus_however_few_bits_it_has() -> None:
    given = of("amr_nb", "mono", 1, sample_rate=8000, bit_rate=12_200)
    refused = decide(info(film(), given), Request(container=Container.MP4))
    assert (refused.verdict, refused.rule) == (Verdict.REFUSE, "sound-without-place")
    assert "--audio opus" in refused.hint
    assert decide(info(film(), given), replace(OPUS, container=Container.MP4)).verdict is Verdict.ENCODE
    assert only(given).fate is Fate.ENCODE
    assert counted(given, s1=100).streams[1].fate is Fate.ENCODE, "nor is it copied once it was read"


@pytest.mark.parametrize("given", [of("pcm_bluray", sample_format="s16"), of("wmav2", sample_format="fltp")])
def test_a_sound_that_has_to_change_becomes_opus_where_that_is_asked_for_and_is_kept_without_loss_else(
    given: Stream,
) -> None:
    assert (only(given).rule, only(given).codec_out) == (Rule.TO_OPUS, "opus")
    kept = only(given, Request())
    assert kept.rule in {Rule.SAMPLES_KEPT, Rule.DECODED}
    assert kept.codec_out in {"pcm_s16le", "flac"}


def test_a_sound_that_opus_cannot_hold_is_kept_without_loss_and_says_why() -> None:
    found = only(of("pcm_bluray", "7.1(wide)", 8, sample_format="s32"))
    assert (found.fate, found.rule, found.codec_out) == (Fate.CONVERT, Rule.SAMPLES_KEPT, "pcm_s24le")
    assert "Opus has no layout that holds 7.1(wide)" in found.reason
    assert "copied" not in found.reason


def test_a_sound_that_neither_the_container_nor_opus_can_hold_is_refused_with_another_hint() -> None:
    decision = decide(info(film(), of("pcm_bluray", "7.1(wide)", 8)), replace(OPUS, container=Container.MP4))
    assert decision.verdict is Verdict.REFUSE
    assert "--audio opus" not in decision.hint


def test_a_plans_identity_holds_everything_that_decides_the_bytes() -> None:
    plan = opus_plan(of("flac", "5.1(side)", 6), OpusRates())
    assert plan is not None
    others = [replace(plan, kbps=128), replace(plan, layout="6.1"), replace(plan, order=(5, 4, 3, 2, 1, 0))]
    assert all(other.identity() != plan.identity() for other in others)
    assert why_copied(of(), OpusRates()) is None
    assert plan.least_bytes(Fraction(10)) == 160_000


# The step among others


def state(sounds: tuple[int, ...], *, settled: bool = False, chunks: int = 3) -> Any:
    points = {k: [Point(crf=40.0, score=93.0)] for k in range(chunks)} if settled else {}
    made = begin(Request(crf=40.0), (64, 48), [chunk(k, 9 * k, 9 * k + 9) for k in range(chunks)], points)
    return replace(made, sounds=sounds)


def test_a_sound_runs_beside_the_trials_one_at_a_time_and_first() -> None:
    steps = next_steps(state((1, 2)), (), 3)
    assert [type(s) for s in steps] == [SoundStep, TrialStep, TrialStep]
    assert steps[0] == SoundStep(index=1)
    assert [type(s) for s in next_steps(state((1, 2)), (0,), 2, sounding=(1,))] == [TrialStep, TrialStep]
    assert next_steps(state((1,)), (), 0) == []


def test_sounds_fill_every_place_once_the_trials_are_through_and_the_film_waits_for_all_of_them() -> None:
    assert next_steps(state((1, 2, 3), settled=True), (), 2) == [SoundStep(index=1), SoundStep(index=2)]
    assert next_steps(state((3,), settled=True), (), 2, sounding=(3,)) == []
    assert [type(s) for s in next_steps(state((), settled=True), (), 2)] == [FilmStep]


# The check


GOOD = Planned(
    index=1, kbps=256, layout="5.1", begin=Fraction("0.5"), samples=480_000, loudness=-23.0,
    levels=(-20.0, -21.0, -18.0, -30.0, -26.0, -75.0),
)  # fmt: skip
RIGHT = Heard(
    index=1, samples=480_000, rate=48_000, layout="5.1", begin=Fraction("0.5"), end=Fraction("10.5"), loudness=-23.2,
    levels=(-20.1, -21.1, -18.0, -44.0, -26.3, -120.0), channels=(0, 1, 2, 3, 4, 5), windows=1, told=1, late_ms=0,
)  # fmt: skip


def test_a_sound_that_is_the_sources_is_found_right() -> None:
    assert fault(GOOD, RIGHT) is None
    assert fault(GOOD, replace(RIGHT, late_ms=10, begin=Fraction("0.501"))) is None


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ({"layout": "5.0"}, "is 5.0 at 48000 Hz instead of 5.1"),
        ({"rate": 24_000}, "at 24000 Hz"),
        ({"samples": 470_400}, "lasts 9.800 s instead of 10.000 s"),
        ({"begin": Fraction("0.54"), "end": Fraction("10.54")}, "begins +0.040 s"),
        ({"end": Fraction("10.6")}, "ends +0.100 s"),
        ({"begin": None, "end": None}, "at an unknown time"),
        ({"late_ms": 40}, "is 40 ms late"),
        ({"late_ms": -40}, "is 40 ms early"),
        ({"channels": (1, 0, 2, 3, 4, 5)}, "has FR where FL belongs"),
        ({"channels": (0, 1, 2, 3, 5, 4)}, "has BR where BL belongs"),
        ({"levels": (-120.0, -21.0, -18.0, -30.0, -26.0, -75.0)}, "has FL at -120.0 dB instead of -20.0 dB"),
        ({"levels": (-20.0, -21.0, -18.0, -30.0, -26.0, -40.0)}, "has BR at -40.0 dB"),
        ({"loudness": -26.0}, "is at -26.0 LUFS"),
        ({"loudness": -22.4}, "is at -22.4 LUFS"),
        ({"loudness": -70.0}, "is at -70.0 LUFS"),
    ],
)
def test_each_way_of_spoiling_a_sound_is_told(spoilt: dict[str, Any], says: str) -> None:
    said = fault(GOOD, replace(RIGHT, **spoilt))
    assert said is not None
    assert says in said


def test_what_mp4_shows_beyond_the_end_is_less_than_a_packet() -> None:
    mp4 = replace(GOOD, beyond=960)
    longer = replace(RIGHT, samples=480_648, end=Fraction("10.5") + Fraction(648, 48_000))
    assert fault(GOOD, longer) is not None
    assert fault(mp4, longer) is None
    assert "lasts 10.021 s" in str(fault(mp4, replace(RIGHT, samples=481_000)))
    assert "lasts 9.980 s" in str(fault(mp4, replace(RIGHT, samples=479_040)))


def test_silence_and_sounds_too_short_for_a_loudness_are_held_by_their_levels() -> None:
    mute = replace(GOOD, loudness=-70.0, levels=(-120.0,) * 6)
    silent = replace(RIGHT, loudness=-70.0, levels=(-120.0,) * 6)
    assert fault(mute, silent) is None
    assert "LUFS" in str(fault(mute, replace(silent, loudness=-40.0)))
    click = replace(GOOD, loudness=-70.0)
    assert fault(click, replace(RIGHT, loudness=-70.0)) is None
    assert "has FL" in str(fault(click, replace(RIGHT, loudness=-70.0, levels=(-24.0, *RIGHT.levels[1:]))))


def test_an_empty_sound_stays_empty() -> None:
    empty = replace(GOOD, samples=0, begin=None, levels=(-120.0,) * 6, loudness=-70.0)
    none = replace(RIGHT, samples=0, rate=0, layout="", begin=None, end=None, loudness=-70.0, levels=(), channels=())
    assert fault(empty, replace(none, levels=(-120.0,) * 6)) is None


# Putting frames at their times


RATE = 1000


def put(*frames: tuple[int | None, int]) -> tuple[Straight, np.ndarray[Any, Any]]:
    """Frames, as position and length; each one's samples count on from 1."""
    made, out, count = Straight(rate=RATE, channels=1), [np.zeros((1, 0))], 1
    for position, length in frames:
        out += made.take(position, np.arange(count, count + length, dtype=np.float32)[None])
        count += length
    return made, np.concatenate([*out, *made.rest()], axis=1)[0]


def evenly(*starts: int | None, length: int = 50) -> list[tuple[int | None, int]]:
    return [(start, length) for start in starts]


def test_frames_that_follow_each_other_pass_as_they_are() -> None:
    made, out = put(*evenly(*range(700, 1700, 50)))
    assert (made.begin, made.holes, made.cuts) == (700, [], [])
    assert out.tolist() == list(range(1, 1001))


def test_a_hole_is_silent_and_what_follows_stays_at_its_time() -> None:
    made, out = put(*evenly(*range(0, 500, 50), *range(1000, 1500, 50)))
    assert made.holes == [(500, 500)]
    assert out.tolist() == [*range(1, 501), *[0.0] * 500, *range(501, 1001)]


def test_holes_at_the_very_end_and_one_after_the_other_are_found() -> None:
    made, out = put(*evenly(*range(0, 500, 50), 600, 750, 800))
    assert made.holes == [(500, 100), (650, 100)]
    assert len(out) == 850


def test_timestamps_that_jitter_move_nothing() -> None:
    rng = np.random.default_rng(5)
    jitter = rng.integers(-20, 21, 60)
    made, out = put(*[(max(0, int(50 * k + jitter[k])) if k else 0, 50) for k in range(60)])
    assert (made.holes, made.cuts) == ([], [])
    assert len(out) == 3000


def test_one_frame_with_a_wrong_time_moves_nothing() -> None:
    times = list(range(0, 2000, 50))
    times[20] += 400
    made, out = put(*evenly(*times))
    assert (made.holes, len(out)) == ([], 2000)


def test_sound_that_drifts_is_never_further_off_than_the_tolerance() -> None:
    made, out = put(*[(51 * k, 50) for k in range(100)])  # two per cent slow
    assert abs(len(out) - 51 * 99 - 50) <= 10
    assert len(made.holes) > 10


def test_sound_that_is_there_twice_is_heard_once() -> None:
    made, out = put(*evenly(*range(0, 500, 50), *range(420, 920, 50)))
    assert made.cuts == [(500, 50), (500, 30)]
    assert len(out) == 920
    assert out[499:501].tolist() == [500.0, 581.0]


def test_timestamps_that_go_back_far_are_an_error_and_not_a_cut() -> None:
    with pytest.raises(TimesGoBackError, match=r"go back by 0\.900 s at 1\.000 s"):
        put(*evenly(*range(0, 1000, 50), *range(100, 1100, 50)))


def test_frames_without_a_time_follow_on() -> None:
    made, out = put(*evenly(300, None, None, 450, None, *range(550, 1000, 50)))
    assert (made.begin, made.holes, len(out)) == (300, [], 700)


def test_a_long_hole_is_filled_in_pieces() -> None:
    made = Straight(rate=RATE, channels=2)
    frames = [(0, 400), *((40_000 + 100 * k, 100) for k in range(6))]
    pieces = [p for at, n in frames for p in made.take(at, np.ones((2, n), dtype=np.float32))]
    pieces += list(made.rest())
    assert made.holes == [(400, 39_600)]
    assert max(p.shape[1] for p in pieces) <= 10 * RATE
    assert sum(p.shape[1] for p in pieces) == 40_600
