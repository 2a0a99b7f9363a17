"""Sounds of every kind become Opus at their very times; spoilt ones are heard to be."""

import asyncio
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import imageio_ffmpeg
import numpy as np
import pytest

from examples import sound
from reelwright.errors import SourceError
from reelwright.media.model import Audio
from reelwright.planning.checks.evidence import Heard, Planned
from reelwright.planning.checks.sound import fault
from reelwright.planning.sound import OPUS_LAYOUTS, RATE, OpusPlan, OpusRates, opus_plan
from reelwright.tools.children.hearing import Reader, levels
from reelwright.tools.children.sound import Encoder
from reelwright.tools.process import Runner
from reelwright.tools.sound import Encoded, SoundJob, encode_sound, listen, recall_sound

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
#: When the clicks are, in seconds: bells of 0.4 ms, which every rate can hold.
CLICKS = (0.3, 0.9, 1.3)
BELLS = "+".join(f"exp(-(t-{t})*(t-{t})/(2*0.0004*0.0004))" for t in CLICKS)
COUNTS = {"mono": 1, "stereo": 2, "5.1": 6, "5.1(side)": 6, "6.1(back)": 7, "7.1": 8}
#: Clicks are looked for so many samples before and after where they are expected.
REACH = 800
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=32x32:rate=10:duration=1.5")


def voices(layout: str, rate: int = RATE, seconds: float = 1.5) -> tuple[str, ...]:
    """Clicks in every channel, and between them in each a tone of its own at a time of its own."""
    each = "|".join(
        f"0.3*({BELLS})+0.2*sin({200 + 90 * k}*2*PI*t)"
        f"*(between(t\\,{0.35 + 0.05 * k:.2f}\\,{0.45 + 0.05 * k:.2f})"
        f"+between(t\\,{0.95 + 0.03 * k:.2f}\\,{1 + 0.03 * k:.2f}))"
        for k in range(COUNTS[layout])
    )
    return ("-f", "lavfi", "-i", f"aevalsrc={each}:c={layout}:s={rate}:d={seconds}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sounds")


def make(folder: Path, name: str, *args: str) -> Path:
    path = folder / name
    if not path.exists():
        said = [FFMPEG, "-nostdin", "-v", "error", "-y", *args, "-strict", "-2", str(path)]
        subprocess.run(said, check=True, cwd=folder, stdin=subprocess.DEVNULL)
    return path


def with_runner(work: Callable[[Runner], Any]) -> Any:
    async def begin() -> Any:
        async with Runner() as runner:
            return await work(runner)

    return asyncio.run(begin())


def planned(path: Path) -> tuple[int, OpusPlan]:
    """How the first sound of a file becomes Opus, whatever few bits it has."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        layout, rate = stream.codec_context.layout, stream.codec_context.sample_rate
        audio = Audio(channels=layout.nb_channels, layout=layout.name, sample_rate=rate)
        plan = opus_plan(replace(sound(stream.index), codec="flac", audio=audio), OpusRates())
        assert plan is not None
        return stream.index, plan


def encode(path: Path, out: Path, *, window: tuple[Fraction, Fraction] | None = None) -> tuple[Encoded, SoundJob]:
    """The first sound of a file as Opus."""
    out.mkdir(exist_ok=True)

    async def work(runner: Runner) -> tuple[Encoded, SoundJob]:
        index, plan = planned(path)
        job = SoundJob(source=path, index=index, plan=plan, window=window, key="key", folder=out)
        return (await encode_sound(runner, job, lambda _: None))[0], job

    return with_runner(work)


def decoded(path: Path) -> np.ndarray[Any, np.dtype[np.float32]]:
    read = Reader()
    with av.open(str(path)) as container:
        return np.concatenate([read(frame) for frame in container.decode(audio=0)], axis=1)


def click_errors(samples: np.ndarray[Any, Any], begin: Fraction, clicks: tuple[float, ...] = CLICKS) -> list[float]:
    """By how many samples each click is late."""
    found = []
    for seconds in clicks:
        expected = (seconds - float(begin)) * RATE
        near = round(expected)
        part = np.maximum(samples[near - REACH : near + REACH] - 0.05, 0)
        found.append(float((part * np.arange(near - REACH, near + REACH)).sum() / part.sum()) - expected)
    return found


#: Name, layout, rate, encoder; what the container rounds times to, in samples at 48 kHz.
KINDS = [
    ("a.mkv", "mono", 48_000, "flac", 0), ("b.mkv", "stereo", 44_100, "flac", 0), ("c.mkv", "5.1", 48_000, "flac", 0),
    ("d.mkv", "5.1(side)", 48_000, "flac", 0), ("e.mov", "7.1", 48_000, "pcm_s16le", 0),
    ("f.mkv", "stereo", 96_000, "pcm_s24le", 0), ("g.mp4", "stereo", 44_100, "aac", 0),
    ("h.mkv", "5.1(side)", 48_000, "truehd", 0), ("i.mkv", "6.1(back)", 48_000, "flac", 0),
    ("n.mkv", "5.1", 48_000, "pcm_s16le", 0),  # without a layout
    ("k.mkv", "5.1(side)", 48_000, "ac3", 8),
    ("l.mkv", "stereo", 32_000, "pcm_u8", 0), ("m.mkv", "stereo", 48_000, "libvorbis", 24),
]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=[f"{k[3]} {k[1]}" for k in KINDS])
def test_every_kind_of_sound_keeps_its_samples_at_their_times(
    folder: Path, tmp_path: Path, kind: tuple[str, str, int, str, int]
) -> None:
    name, layout, rate, codec, slack = kind
    path = make(folder, name, *voices(layout, rate), "-c:a", codec)
    found, job = encode(path, tmp_path)
    samples = decoded(job.file)
    assert samples.shape == (COUNTS[layout], found.samples)
    assert found.begin is not None
    for row in range(samples.shape[0]):
        assert all(abs(error) <= slack + 1 for error in click_errors(samples[row], found.begin)), row
    assert abs(found.samples - 1.5 * RATE) <= 0.05 * RATE
    assert (found.holes, found.cuts) == ((), ())
    said = heard(job.file, job)
    assert fault(of(found, job), said) is None
    assert said.told == 1


@pytest.mark.parametrize("layout", OPUS_LAYOUTS)
def test_each_channel_of_each_layout_comes_out_in_its_own_place(tmp_path: Path, layout: str) -> None:
    names = OPUS_LAYOUTS[layout]
    tone = np.sin(2 * np.pi * 60 * np.arange(RATE // 2) / RATE)
    given = np.stack([0.05 * (k + 1) * tone for k in range(len(names))]).astype(np.float32)
    encoder = Encoder(str(tmp_path / "tones.mka"), {"layout": layout, "kbps": 64 * len(names)}, RATE)
    encoder.add(given)
    encoder.close()
    found = decoded(tmp_path / "tones.mka")
    assert levels(found**2) == pytest.approx(levels(given**2), abs=0.3)


def of(found: Encoded, job: SoundJob) -> Planned:
    return Planned(
        index=found.index, kbps=job.plan.kbps, layout=job.plan.layout, begin=found.begin, samples=found.samples,
        loudness=found.loudness, levels=found.levels,
    )  # fmt: skip


def heard(path: Path, job: SoundJob) -> Heard:
    """What is heard in a file that holds the sound alone, on the clock of its own first sample."""
    begin = encode_begin(job)
    (found,), _ = with_runner(lambda runner: listen(runner, path, [(0, job)], -begin, job.folder))
    return found


def encode_begin(job: SoundJob) -> Fraction:
    known = recall_sound(job)
    assert known is not None
    return known.begin or Fraction(0)


def test_a_late_sound_begins_when_it_did(folder: Path, tmp_path: Path) -> None:
    late = ("-itsoffset", "0.712", *voices("stereo"))
    path = make(folder, "late.mkv", *PICTURE, *late, "-c:v", "libx264", "-c:a", "flac")
    found, job = encode(path, tmp_path)
    assert found.begin == Fraction("0.712")
    moved = tuple(t + 0.712 for t in CLICKS)
    assert all(abs(error) <= 1 for error in click_errors(decoded(job.file)[0], found.begin, moved))


@pytest.mark.parametrize("suffix", [".mkv", ".ts", ".mp4"])
def test_a_hole_in_the_timestamps_stays_where_it_was(folder: Path, tmp_path: Path, suffix: str) -> None:
    whole = make(folder, f"whole{suffix}", *PICTURE, *voices("stereo"), "-c:v", "libx264", "-c:a", "ac3")
    # Sixteen packets of 32 ms, from 0.48 s on.
    lacking = ("-c", "copy", "-copyts", "-bsf:a", "noise=drop=gte(n\\,15)*lt(n\\,31)")
    path = make(folder, f"hole{suffix}", "-i", str(whole), *lacking)
    before, clean = encode(whole, tmp_path / "whole")
    found, job = encode(path, tmp_path / "hole")
    assert found.begin is not None
    assert before.begin is not None
    samples = decoded(job.file)[0]
    (hole,) = found.holes
    assert hole[1] == pytest.approx(0.512, abs=0.001)
    assert hole[0] - float(found.begin) == pytest.approx(0.48, abs=0.006)  # the encoder's delay comes first
    around = CLICKS[0], CLICKS[2]
    was, now = (click_errors(side, Fraction(0), around) for side in (decoded(clean.file)[0], samples))
    assert now == pytest.approx(was, abs=48 if suffix == ".mkv" else 1)  # a millisecond, as the container counts
    quiet = samples[round(0.5 * RATE) : round(0.97 * RATE)]
    assert float(np.abs(quiet).max()) < 0.01
    assert fault(of(found, job), heard(job.file, job)) is None


def test_an_excerpt_holds_the_samples_of_its_window_and_no_other(folder: Path, tmp_path: Path) -> None:
    path = make(folder, "long.mkv", *voices("stereo", seconds=9), "-c:a", "ac3")
    window = Fraction("0.7"), Fraction("1.44")
    found, job = encode(path, tmp_path, window=window)
    assert found.begin == window[0]
    assert found.samples == round((window[1] - window[0]) * RATE)
    assert all(abs(error) <= 1 for error in click_errors(decoded(job.file)[0], found.begin, CLICKS[1:]))
    assert fault(of(found, job), heard(job.file, job)) is None
    late, job = encode(path, tmp_path / "late", window=(Fraction(7), Fraction(8)))
    assert (late.begin, late.samples) == (7, RATE)
    beyond, job = encode(path, tmp_path / "beyond", window=(Fraction(20), Fraction(21)))
    assert (beyond.begin, beyond.samples) == (None, 0)


def spoilt(folder: Path, job: SoundJob, name: str, filters: str) -> Path:
    """The encoded sound decoded, spoilt, and encoded again; what FFmpeg writes begins where the clean one does."""
    wanted = ("-af", filters, "-c:a", "libopus", "-b:a", f"{job.plan.kbps}k")
    return make(folder, name, "-i", str(job.file), *wanted)


SPOILT = [
    ("untouched", "anull", None),
    ("40 ms late", "adelay=40:all=1,atrim=end=1.5", "40 ms late"),
    ("40 ms early", "atrim=start=0.04,asetpts=PTS-STARTPTS,apad=whole_dur=1.5", "40 ms early"),
    ("two channels changed places", "channelmap=FR-FL|FL-FR|FC-FC|LFE-LFE|BL-BL|BR-BR:5.1", "has FR where FL belongs"),
    ("the centre in the back", "channelmap=FL-FL|FR-FR|BL-FC|LFE-LFE|FC-BL|BR-BR:5.1", "has BL where FC belongs"),
    ("3 dB quieter", "volume=-3dB", " dB instead of "),
    ("one channel mute", "pan=5.1|FL=FL|FR=FR|FC=FC|LFE=LFE|BL=BL|BR=0*BR", "has BR at"),
    ("0.2 s short", "atrim=end=1.3", "lasts 1.300 s instead of 1.500 s"),
    ("a hole closed", "aselect=not(between(t\\,0.4\\,0.6)),asetpts=N/SR/TB,apad=whole_dur=1.5", "early"),
    ("mixed to stereo", "aformat=channel_layouts=stereo", "is stereo at 48000 Hz instead of 5.1"),
]


@pytest.fixture(scope="module")
def clean(folder: Path) -> tuple[Encoded, SoundJob]:
    """A sound that is encoded well."""
    return encode(make(folder, "d.mkv", *voices("5.1(side)"), "-c:a", "flac"), folder / "clean")


@pytest.mark.parametrize(("name", "filters", "says"), SPOILT, ids=[row[0] for row in SPOILT])
def test_what_is_spoilt_is_heard(
    folder: Path, clean: tuple[Encoded, SoundJob], name: str, filters: str, says: str | None
) -> None:
    found, job = clean
    bad = spoilt(folder, job, f"{name}.mka", filters)
    said = fault(of(found, job), heard(bad, job))
    assert (said is None) == (says is None), said
    assert (says or "") in (said or "")


#: Sounds whose envelopes tell little.
HARD = {
    "silence": "anullsrc=r=48000:cl=stereo:d=1",
    "white noise": "anoisesrc=a=0.5:d=2:seed=1",
    "pink noise, both alike": "anoisesrc=a=0.5:c=pink:d=2:seed=2,aformat=channel_layouts=stereo",
    "one tone": "sine=440:d=2",
    "a tenth of a second": "sine=440:d=0.1",
    "five milliseconds": "sine=3000:r=48000:d=0.005",
    "hiss below hearing": "anoisesrc=a=0.0003:d=1:seed=3",
    "clipped": "sine=300:d=1,volume=40dB,alimiter=limit=1:level=0",
    "telephone": "anoisesrc=a=0.3:r=8000:c=pink:d=1:seed=4",
}


@pytest.mark.parametrize("source", HARD.values(), ids=HARD)
def test_no_sound_is_found_wrong_for_being_hard_to_tell(folder: Path, tmp_path: Path, source: str) -> None:
    name = f"hard-{list(HARD.values()).index(source)}.mkv"
    found, job = encode(make(folder, name, "-f", "lavfi", "-i", source, "-c:a", "flac"), tmp_path)
    assert fault(of(found, job), heard(job.file, job)) is None


def test_a_damaged_packet_is_an_error_that_says_where_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    whole = make(folder, "a.mkv", *voices("mono"), "-c:a", "flac")
    with av.open(str(whole)) as container:
        packet = max((bytes(p) for p in container.demux(audio=0)), key=len)
    data = whole.read_bytes()
    path = folder / "damaged.mkv"
    path.write_bytes(data.replace(packet, packet[:20] + bytes(len(packet) - 20)))
    with pytest.raises(SourceError, match=r"stream 0 cannot become Opus: it is damaged: .* at 0\.\d+ s") as error:
        encode(path, tmp_path)
    assert "--audio copy" in error.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_sound_that_changes_on_the_way_is_an_error_that_says_how(folder: Path, tmp_path: Path) -> None:
    first = make(folder, "s.ts", *voices("stereo"), "-c:a", "ac3")
    second = make(folder, "t.ts", "-itsoffset", "1.5", *voices("5.1(side)"), "-c:a", "ac3")
    path = folder / "both.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(SourceError, match=r"changes from stereo at 48000 Hz to 5\.1\(side\) at 48000 Hz"):
        encode(path, tmp_path)


def test_a_finished_sound_is_found_again_only_while_its_files_are_what_they_were(folder: Path, tmp_path: Path) -> None:
    found, job = encode(make(folder, "a.mkv", *voices("mono"), "-c:a", "flac"), tmp_path)
    assert recall_sound(job) == found
    for path in (job.file, job.envelope, job.note):
        kept = path.read_bytes()
        path.write_bytes(kept[:-9])
        assert recall_sound(job) is None, path
        path.unlink()
        assert recall_sound(job) is None, path
        path.write_bytes(kept)
    assert recall_sound(job) == found
    assert recall_sound(replace(job, key="other")) is None


def test_the_same_sound_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    path = make(folder, "b.mkv", *voices("stereo", 44_100), "-c:a", "flac")
    first, second = (encode(path, tmp_path / name)[0] for name in ("one", "two"))
    assert first == second
