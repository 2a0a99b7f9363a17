"""The page as text: complete in itself, and no name in it is ever taken for markup."""

import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from dossiers import EVIL, JOB, NOON, dossier, pair
from reelwright.engine.jobs import JobStatus
from reelwright.errors import ToolError
from reelwright.report import page
from reelwright.report.headline import figures_of
from reelwright.report.page import MARKER, MARKER_WITHIN, packed, plotly_source, render
from reelwright.report.story import chunk_stories


def rendered(**changes: Any) -> str:
    one = dossier(**changes)
    chunks = chunk_stories(one)
    return render(one, chunks, figures_of(one, chunks))


class Outline(HTMLParser):
    """Tags with their attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self._script: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self._script = dict(attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "script":
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self.scripts.append((self._script, data))


@pytest.fixture(scope="module")
def text() -> str:
    return rendered(pairs=(pair("worst", b"before", b"after"),))


@pytest.fixture(scope="module")
def outline(text: str) -> Outline:
    return Outline(text)


def test_the_page_says_within_its_first_bytes_that_it_is_ours(text: str) -> None:
    assert MARKER.encode() in text.encode()[:MARKER_WITHIN]


def test_no_name_becomes_markup(text: str, outline: Outline) -> None:
    assert "<script>window.broken" not in text
    assert "onerror" not in {name for _, attributes in outline.tags for name in attributes}
    assert len(outline.scripts) == 3
    assert "\u202e" not in text
    text.encode("utf-8")


def test_the_numbers_survive_any_reason(outline: Outline) -> None:
    (data,) = [json.loads(code) for attributes, code in outline.scripts if attributes.get("id") == "data"]
    assert len(data["chunks"]) == 4
    assert data["line"]["vmaf"]
    assert (data["low"], data["target"], data["high"]) == (92.0, 93.0, 94.0)


def test_nothing_is_loaded_from_anywhere(outline: Outline) -> None:
    for tag, attributes in outline.tags:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, name, value)
    style = page.asset("page.css")
    assert "url(" not in style
    assert "@import" not in style


def test_the_policy_allows_the_pages_own_scripts_by_hash_and_no_network(outline: Outline) -> None:
    (policy,) = [a["content"] for t, a in outline.tags if t == "meta" and a.get("http-equiv")]
    assert policy is not None
    rules = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: blob:"
    assert "connect-src" not in rules
    assert "unsafe" not in rules["script-src"]
    (code,) = [code for attributes, code in outline.scripts if not attributes]
    (carried,) = [code for attributes, code in outline.scripts if attributes.get("id") == "plotly"]
    library = gzip.decompress(base64.b64decode(carried)).decode()
    for script in (code, library):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in rules["script-src"]


def test_pictures_have_words_for_those_who_cannot_see_them(outline: Outline) -> None:
    pictures = [attributes for tag, attributes in outline.tags if tag == "img"]
    assert len(pictures) == 2
    assert all("frame 55" in (p["alt"] or "") for p in pictures)
    assert base64.b64encode(b"before").decode() in (pictures[1]["src"] or "")


def test_every_id_is_used_once_and_every_label_points_at_one(outline: Outline) -> None:
    ids = [a["id"] for _, a in outline.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    pointed = {a["aria-labelledby"] for _, a in outline.tags if a.get("aria-labelledby")}
    assert pointed <= set(ids)


def test_a_job_that_is_not_done_gets_a_page_that_says_so() -> None:
    text = rendered(
        job=replace(JOB, status=JobStatus.OPEN), steps={}, outcomes=(), trials=(), events=(), source=None,
        missing=(f"There are no pictures: the output {EVIL} is not there yet.",),
    )  # fmt: skip
    assert "is not done" in text
    assert "There are no pictures" in text
    assert "&lt;/script&gt;" in text
    assert re.search(r"<script>window", text) is None


def test_the_same_job_gives_the_same_page(text: str) -> None:
    assert rendered(pairs=(pair("worst", b"before", b"after"),)) == text
    assert NOON.strftime("%Y") in text


def test_the_chart_library_is_packed_to_a_fraction() -> None:
    source = plotly_source()
    assert "plotly.js" in source[:200]
    assert len(packed(source)) < len(source) / 2


def test_a_missing_chart_library_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "find_spec", lambda _: None)
    with pytest.raises(ToolError, match="not installed"):
        plotly_source()
