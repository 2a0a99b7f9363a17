"""Words in, a value or one sentence out; and words for people that are safe on a terminal."""

import argparse
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import RICH, sound
from reelwright.cli.arguments import band, pair, quarter
from reelwright.cli.commands import CheckRow, EncodeJob
from reelwright.cli.encode import job_from
from reelwright.cli.main import make_parser, run
from reelwright.cli.probe import describe
from reelwright.cli.text import duration, printable_path, share, size
from reelwright.engine.jobs import OutcomeRecord
from reelwright.errors import ReelwrightError, RefusedError, UsageError
from reelwright.media.model import MediaInfo


def parsed(*words: str) -> EncodeJob:
    return job_from(make_parser().parse_args(["encode", "a.mkv", *words]))


def outcome(code: int) -> OutcomeRecord:
    return OutcomeRecord(
        source_path="a", output_path=None, job_id=None, decision=None, outcome="x", exit_code=code, reasons=()
    )


class Stub:
    """A program that answers what it was told to."""

    def __init__(self, *codes: int, error: BaseException | None = None) -> None:
        self.codes = codes
        self.error = error
        self.jobs: list[EncodeJob] = []

    def encode(self, job: EncodeJob, _sink: object) -> list[OutcomeRecord]:
        self.jobs.append(job)
        if self.error:
            raise self.error
        return [outcome(code) for code in self.codes]

    def probe(self, _path: Path) -> MediaInfo:
        if self.error:
            raise self.error
        return RICH

    def doctor(self) -> list[CheckRow]:
        return [CheckRow(name="one", works=None, found="x")] + [
            CheckRow(name="two", works=not code, found="y", advice="do") for code in self.codes
        ]


def test_without_flags_the_settings_decide() -> None:
    job = parsed()
    assert job == EncodeJob(sources=(Path("a.mkv"),), output=None, flags={})


def test_every_flag_arrives() -> None:
    words = "b.mkv -o out/ --target-vmaf 95 --band 0.5,1.5 --preset 4 --svt tune=0 --svt film-grain=8 --crf 30.25"
    words += " --min-crf 20 --max-crf 40 --workers 3 --nice 7 --work-dir /w --overwrite --dry-run --deterministic"
    assert parsed(*words.split()) == EncodeJob(
        sources=(Path("a.mkv"), Path("b.mkv")),
        output="out/",
        flags={
            "encoding": {"target_vmaf": 95.0, "band": (0.5, 1.5), "preset": 4, "min_crf": 20.0, "max_crf": 40.0},
            "processing": {"parallel_jobs": 3, "nice": 7, "temp_dir": "/w"},
        },
        svt=(("tune", "0"), ("film-grain", "8")),
        crf=30.25,
        overwrite=True,
        dry_run=True,
        deterministic=True,
    )


@pytest.mark.parametrize(
    ("text", "widths"),
    [("1", (1.0, 1.0)), ("0.25", (0.25, 0.25)), ("0.5,1.5", (0.5, 1.5)), ("0,1", (0.0, 1.0)), ("1,0", (1.0, 0.0))],
)
def test_a_band_is_a_width_or_two(text: str, widths: tuple[float, float]) -> None:
    assert band(text) == widths


@pytest.mark.parametrize("text", ["", "x", "0", "0,0", "-1", "1,-1", "1,2,3", "1,", "nan", "inf", "1,inf", "nan,1"])
def test_what_is_no_band_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="neither a width"):
        band(text)


@given(st.integers(4, 280))
def test_every_quarter_from_1_to_70_is_a_crf(quarters: int) -> None:
    assert quarter(str(quarters / 4)) == quarters / 4


@pytest.mark.parametrize("text", ["31.3", "0.75", "70.25", "nan", "inf", "-5", "", "x"])
def test_what_is_no_quarter_step_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        quarter(text)


@pytest.mark.parametrize(
    ("text", "value"), [("tune=0", ("tune", "0")), ("film-grain=8", ("film-grain", "8")), ("a=b=c", ("a", "b=c"))]
)
def test_a_pair_is_a_key_and_its_value(text: str, value: tuple[str, str]) -> None:
    assert pair(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("tune", "=0", "tune=", "a=1:crf=9", "a=1,b=2", "a='1'", "a=\\1", "a=1\nb", "crf=9", "lp=1"),
        *("keyint=5", "CRF=9", "crf =9", " crf=9", "preset=1", "rc=1", "scd=1", "a= 1"),  # FFmpeg strips blanks
    ],
)  # fmt: skip
def test_a_pair_can_set_nothing_but_itself_and_nothing_of_ours(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        pair(text)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "COMMAND"),
        (["encode"], "SOURCE"),
        (["encoed"], "encoed"),
        (["encode", "a", "--nonsense"], "nonsense"),
        (["encode", "a", "--target-vmaf", "100"], "--target-vmaf"),
        (["encode", "a", "--target-vmaf", "nan"], "no number from 1 to 99.9"),
        (["encode", "a", "--preset", "14"], "no whole number from 0 to 13"),
        (["encode", "a", "--preset", "--5"], "--preset"),
        (["encode", "a", "--preset", "²"], "no whole number from 0 to 13"),
        (["encode", "a", "--preset", "6.0"], "no whole number"),
        (["encode", "a", "--workers", "0"], "no whole number from 1 to 1024"),
        (["encode", "a", "--nice", "20"], "no whole number from 0 to 19"),
        (["encode", "a", "--nice", "-1"], "no whole number from 0 to 19"),
        (["encode", "a", "--crf", "31.3"], "no quarter step"),
        (["encode", "a", "--band", "x"], "neither a width"),
        (["encode", "a", "--svt", "crf=9"], "crf is set by Reelwright itself"),
        (["encode", "a", "--min-crf", "40", "--max-crf", "30"], "--min-crf 40 is above --max-crf 30"),
        (["probe"], "FILE"),
    ],
)
def test_wrong_words_are_one_sentence_and_exit_code_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words, Stub(), {}) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.err.startswith("reelwright: ")
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(("codes", "worst"), [((), 0), ((0, 0), 0), ((0, 4, 3), 4), ((6, 0), 6)])
def test_the_worst_source_decides_the_exit_code(codes: tuple[int, ...], worst: int) -> None:
    assert run(["encode", "a", "--json"], Stub(*codes), {}) == worst


@pytest.mark.parametrize(
    ("error", "code"),
    [(RefusedError("No."), 3), (UsageError("Wrong."), 2), (KeyboardInterrupt(), 130), (BrokenPipeError(), 0)],
)
def test_an_error_ends_with_its_exit_code(error: BaseException, code: int) -> None:
    assert run(["encode", "a", "--json"], Stub(error=error), {}) == code


def test_an_error_in_json_mode_is_a_result_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    run(["encode", "a", "--json"], Stub(error=RefusedError("No \udce9.", hint="Leave it.")), {})
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert (found["event"], found["data"]["exit_code"]) == ("result", 3)
    assert said.err == "reelwright: No \\xe9. Leave it.\n"


def test_a_defect_of_ours_says_where_its_details_are_whatever_name_was_in_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert run(["encode", "a"], Stub(error=ZeroDivisionError("caf\udce9")), {}) == 1
    said = capsys.readouterr().err
    (log,) = tmp_path.iterdir()
    assert str(log) in said
    assert "Traceback" not in said
    assert "ZeroDivisionError: caf\\udce9" in log.read_text()


@pytest.mark.parametrize(("codes", "code"), [((0,), 0), ((0, 1), 5)])
def test_doctor_fails_where_an_encode_could_not_run(
    codes: tuple[int, ...], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor"], Stub(*codes), {}) == code
    assert "look  one" in capsys.readouterr().out
    assert run(["doctor", "--json"], Stub(*codes), {}) == code
    assert len(json.loads(capsys.readouterr().out)["data"]["checks"]) == len(codes) + 1


def test_probe_shows_every_stream_and_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", "caf\udce9.mkv"], Stub(), {}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("caf\\xe9.mkv")
    assert len([line for line in lines if line.startswith("  ")]) == len(RICH.streams)
    assert run(["probe", "a.mkv", "--json"], Stub(), {}) == 0
    assert len(json.loads(capsys.readouterr().out)["data"]["streams"]) == len(RICH.streams)


def test_a_probe_that_fails_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["probe", "a\n.mkv"], Stub(error=RefusedError("No.")), {}) == 3
    assert capsys.readouterr().err == "reelwright: a\\n.mkv: No.\n"


def test_a_streams_own_words_are_made_safe() -> None:
    words = describe(sound(1, language="e\x1b[31m", title="a\nb", dispositions=("default",)))
    assert words == "audio, ac3, stereo, 48000 Hz, e\\x1b[31m, a\\nb, default"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("film.mkv", "film.mkv"),
        ("映画 é.mkv", "映画 é.mkv"),
        ("a\nb\tc\x1b[31m", "a\\nb\\tc\\x1b[31m"),
        ("caf\udce9", "caf\\xe9"),
        ("a\u202eb", "a\\u202eb"),  # would turn the text around
        ("", ""),
    ],
)
def test_names_are_printed_without_what_a_terminal_obeys(name: str, text: str) -> None:
    assert printable_path(name) == text


@given(st.binary(max_size=40))
def test_any_bytes_of_a_name_can_be_printed(name: bytes) -> None:
    text = printable_path(name.decode("utf-8", "surrogateescape"))
    assert text.isprintable()
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "?"),
        (0, "0 B"),
        (999, "999 B"),
        (999.7, "1 kB"),
        (1000, "1 kB"),
        (1500, "1.5 kB"),
        (999_499, "999 kB"),
        (999_999, "1 MB"),  # and not "1e+03 kB"
        (4_700_000_000, "4.7 GB"),
        (999_999_999_999, "1 TB"),
        (1_234_000_000_000_000, "1234 TB"),
    ],
)
def test_bytes_are_said_in_the_unit_that_fits(count: float | None, text: str) -> None:
    assert size(count) == text


@given(st.integers(0, 10**18))
def test_no_size_is_said_in_powers_of_ten(count: int) -> None:
    assert "e" not in size(count)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "?"), (0, "0s"), (59.4, "59s"), (59.6, "1m00s"), (725, "12m05s"), (3599.7, "1h00m"), (12_000, "3h20m")],
)
def test_times_are_said_in_two_units(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(1, 4, "25.0 %"), (0, 4, "0.0 %"), (None, 4, "?"), (1, None, "?"), (1, 0, "?")]
)
def test_a_share_is_said_in_percent(part: float | None, whole: float | None, text: str) -> None:
    assert share(part, whole) == text


def test_every_kind_of_error_has_an_exit_code_of_its_own() -> None:
    kinds = [ReelwrightError, *ReelwrightError.__subclasses__()]
    here = [c for c in kinds if c.__module__ == "reelwright.errors"]
    assert len({c.exit_code for c in here}) == len(here) == 9
