"""The stream ledger in words, and the parts of FFmpeg's banner that feed it."""

from dataclasses import asdict
from typing import Any

from dossiers import dossier
from examples import RICH, plan
from reelwright.cli.ledgertext import ledger_lines
from reelwright.engine.outcome import plain_ledger
from reelwright.planning.fates import Fate, Rule
from reelwright.planning.stream_ledger import Entry, Subject
from reelwright.report.headline import figures_of
from reelwright.report.page import render
from reelwright.report.story import chunk_stories
from reelwright.report.tables import ledger_table, stream_table
from reelwright.tools.facts import parse_side_data, with_side_data


def lines(*rows: Entry) -> list[str]:
    return ledger_lines(plain_ledger(rows))


def row(subject: Subject, name: str, fate: Fate, **more: Any) -> Entry:
    return Entry(subject=subject, name=name, fate=fate, **{"stream": None, **more})


def test_each_stream_has_a_line_and_what_is_lost_of_it_lines_below() -> None:
    found = lines(
        row(Subject.TAG, "major_brand", Fate.DROP, value="isom", rule=Rule.CONTAINER_BRAND, reason="of before"),
        row(Subject.STREAM, "h264", Fate.ENCODE, stream=0, value="video"),
        row(Subject.TAG, "title", Fate.COPY, stream=0),
        row(Subject.TAG, "BPS", Fate.DROP, stream=0, value="1", rule=Rule.STALE_STATISTICS, reason="it counts"),
        row(Subject.SIDE_DATA, "Display Matrix", Fate.COPY, stream=0),
        row(Subject.STREAM, "tmcd", Fate.DROP, stream=1, rule=Rule.DATA_STREAM, reason="for machines"),
        row(Subject.CHAPTER, "1", Fate.COPY, chapter=1),
        row(Subject.TAG, "title", Fate.COPY, chapter=1),
    )
    assert found == [
        "file",
        "   tag major_brand (isom): drop, by rule container-brand: of before",
        "0  video, h264: encode  (1 tag, 1 side data kept)",
        "   tag BPS (1): drop, by rule stale-statistics: it counts",
        "1  tmcd: drop, by rule data-stream: for machines",
        "chapters  (1 chapter, 1 tag kept)",
    ]


def test_words_from_the_file_cannot_move_the_cursor() -> None:
    bad = row(Subject.TAG, "a\x1b[2J", Fate.DROP, value="x\ny" * 99, rule=Rule.SAME_KEY, reason="r", stream=0)
    (_, told) = lines(row(Subject.STREAM, "h264", Fate.ENCODE, stream=0), bad)
    assert told.isprintable()
    assert len(told) < 160


def test_every_row_of_a_plan_can_be_told() -> None:
    assert len(ledger_lines(plain_ledger(plan().ledger))) >= len(RICH.streams)
    assert [set(entry) for entry in plain_ledger(plan().ledger)] == [set(asdict(plan().ledger[0]))] * len(plan().ledger)


def test_the_report_shows_what_became_of_each_stream_with_the_rule() -> None:
    known = dossier(ledger=plan().ledger)
    table = stream_table(known.job.plan, known.source, known.ledger)
    assert [entry["rule"] for entry in table][4] == "text-converted"
    assert table[1]["kept"] == "1 disposition"
    assert {group["name"] for group in ledger_table(known.ledger)} == {"Chapters"}
    chunks = chunk_stories(known)
    page = render(known, chunks, figures_of(known, chunks))
    assert "(rule data-stream)" in page
    assert "2 chapters kept" in page


def test_a_job_from_before_there_was_a_ledger_is_shown_without() -> None:
    assert ledger_table(()) == []
    assert stream_table(dossier().job.plan, None)[0]["changed"] == []


BANNER = """Input #0, matroska,webm, from 'Side data:.mkv':
  Metadata:
    title           : Stream #0:5
  Stream #0:0(jpn): Video: h264 (Main), yuv420p, 64x48
    Metadata:
      title           : Side data:
    Side data:
      Display Matrix: rotation of -180.00 degrees
      Content Light Level Metadata, MaxCLL=1000, MaxFALL=400
      Stereo 3D: side by side, view: packed
        inverted
  Stream group #0:0[0x3]: Track Reference:
    Stream #0:1[0x1]: Audio: aac
      Side data:
        replaygain: track gain - 3
Stream mapping:
  Stream #0:0 -> #0:0 (copy)
Output #0, null, to 'pipe:':
  Stream #0:0: Video: h264
    Side data:
      CPB properties: bitrate
"""


def test_side_data_is_read_off_ffmpegs_banner_stream_by_stream() -> None:
    assert parse_side_data(BANNER) == {
        0: (
            ("Display Matrix", "rotation of -180.00 degrees"),
            ("Content Light Level Metadata", "MaxCLL=1000, MaxFALL=400"),
            ("Stereo 3D", "side by side, view: packed"),
        ),
        1: (("replaygain", "track gain - 3"),),
    }
    assert with_side_data(RICH, BANNER).streams[1].side_data == (("replaygain", "track gain - 3"),)
    assert with_side_data(RICH, "") == RICH
