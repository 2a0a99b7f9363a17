"""The four keys: stable for ever, and different exactly where the bytes or numbers are."""

import hashlib
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import chunk, constant, plan
from reelwright.engine.film import Film
from reelwright.engine.jobs import SourceStamp
from reelwright.engine.workspace import Workspace
from reelwright.planning import identity
from reelwright.planning.plan import EncodePlan
from reelwright.tools.capabilities import Capabilities

TOOLS = Capabilities(
    ffmpeg="/bin/ffmpeg", version="9.0", major=9, svt_version="4.2", encoders=frozenset(), filters=frozenset()
)


def film(of: EncodePlan | None = None, tools: Capabilities = TOOLS, source_id: str = "s") -> Film:
    return Film(
        runner=None,  # type: ignore[arg-type] - keys are made without starting anything
        tools=tools,
        source=Path("/films/a.mkv"),
        stamp=SourceStamp(path="/films/a.mkv", device=1, inode=2, size_bytes=3, mtime_ns=4),
        info=None,  # type: ignore[arg-type]
        plan=of or plan(),
        index=replace(constant(100), source_id=source_id),
        chunks=(),
        workspace=Workspace(root=Path("/work")),
        output=Path("/out/a.mkv"),
        job_id="j",
        threads=2,
    )


def key(of: Film | None = None, *, start: int = 0, end: int = 50, crf: float = 30.0) -> str:
    return identity.trial_key((of or film()).curve_key(chunk(0, start, end)), crf)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (identity.digest({}), "2afb9b83f9314e5d029766197f539792"),
        (identity.digest({"b": [1, "é"], "a": None}), "a56edd4bae1914c1a12dbd3956f84c13"),
        (identity.source_id(5, "abc"), "6e63f03a51ab32f69baf8e08d8e16424"),
        (identity.job_id("s", {"crf": "30"}, "/out/\udce9.mkv"), "894ff5c57c3a67b985edf592eaa6079e"),
        (identity.curve_key("s", 0, 50, {"preset": 6}), "bd114fe8cebfad58052678f1072afb5b"),
        (identity.trial_key("c", 30.25), "a84f877e5d3709c451c8dfe5dd920d22"),
        (identity.score_key("t", {"model": "m"}), "ce51cccc5f7e8fb56ccb8c92184d54e4"),
    ],
)
def test_keys_are_what_they_were_when_ledgers_were_written_with_them(made: str, expected: str) -> None:
    assert made == expected


def test_target_and_band_are_in_no_trial_key() -> None:
    other = plan(target_vmaf=95.0, band_low=94.5, band_high=95.5, min_crf=20.0, max_crf=40.0, deterministic=True)
    assert key(film(other)) == key()


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("another film", key(film(source_id="t"))),
        ("another first frame", key(start=1)),
        ("another last frame", key(end=51)),
        ("another CRF", key(crf=30.25)),
        ("another preset", key(film(plan(preset=5)))),
        ("another parameter", key(film(plan(svt=(("tune", "0"),))))),
        ("another FFmpeg", key(film(tools=replace(TOOLS, version="9.1")))),
        ("another encoder", key(film(tools=replace(TOOLS, svt_version="4.3")))),
        ("other filters", key(film(replace(plan(), filters=("null",))))),
        ("another format", key(film(replace(plan(), pix_fmt="yuv420p")))),
    ],
)
def test_whatever_changes_the_bytes_changes_the_trial_key(what: str, other: str) -> None:
    assert other != key(), what


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("another index of the same chunk", identity.trial_key(film().curve_key(chunk(7, 0, 50)), 30.0)),
        ("other threads", key(replace(film(), threads=8))),
        ("another place", key(replace(film(), output=Path("/elsewhere.mkv")))),
        ("another path of FFmpeg", key(film(tools=replace(TOOLS, ffmpeg="/opt/ffmpeg")))),
        ("a CRF that a float blurs", key(crf=30.000000001)),
    ],
)
def test_whatever_leaves_the_bytes_alone_leaves_the_trial_key(what: str, other: str) -> None:
    assert other == key(), what


@pytest.mark.parametrize(
    "changes",
    [{"model": "vmaf_4k_v0.6.1"}, {"scaled_to": None}, {"scaled_to": (1440, 1080)}],
)
def test_whatever_gives_a_number_its_meaning_changes_the_score_key(changes: dict[str, Any]) -> None:
    other = film(replace(plan(), scoring=replace(plan().scoring, **changes)))
    assert other.score_key("t", {}, 1) != film().score_key("t", {}, 1)


def test_so_do_the_step_the_build_and_the_trial() -> None:
    key = film().score_key("t", {}, 1)
    assert film().score_key("t", {}, 5) != key
    assert film(tools=replace(TOOLS, version="9.1")).score_key("t", {}, 1) != key
    assert film().score_key("u", {}, 1) != key


@given(
    st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers()))),
    st.data(),
)
def test_a_digest_does_not_depend_on_the_order_of_a_mapping(parts: dict[str, Any], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(list(parts.items())))
    assert identity.digest(dict(shuffled)) == identity.digest(parts)


def test_a_digest_is_blake2b_of_plain_json() -> None:
    expected = hashlib.blake2b(b'{"a":null,"b":[1,"\\u00e9"]}', digest_size=16).hexdigest()
    assert identity.digest({"b": [1, "é"], "a": None}) == expected


def test_keys_of_different_kinds_never_meet() -> None:
    same: dict[str, Any] = {}
    keys = [
        identity.source_id(0, "x"),
        identity.job_id("x", same, ""),
        identity.curve_key("x", 0, 0, same),
        identity.trial_key("x", 0),
        identity.score_key("x", same),
    ]
    assert all(a != b for a, b in combinations(keys, 2))
    assert all(len(k) == 32 for k in keys)
