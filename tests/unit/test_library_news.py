"""What is told of libraries as wholes."""

from typing import Any

from reelwright.app.library_news import News
from reelwright.library.catalog import Counts, FileState


def counts(**states: int) -> dict[str, Counts]:
    return {"films": Counts(states={FileState(name): n for name, n in states.items()})}


def heard(news: News, **states: int) -> list[tuple[str, Any]]:
    return [(event.value, data) for event, _, data in news.told(counts(**states))]


def test_what_was_there_already_is_no_news() -> None:
    news = News()
    assert heard(news, asked=3, planned=2, queued=1) == []
    assert heard(news, asked=3, planned=2, queued=1) == []


def test_files_that_wait_for_their_owner_are_told_once() -> None:
    news = News()
    heard(news, asked=1)
    ((event, data),) = heard(news, asked=2, planned=1)
    assert (event, data["asked"], data["planned"]) == ("library_asks", 2, 1)
    assert data["reasons"] == [
        "2 files wait for an answer (`library answer`).",
        "1 file waits for a plan's approval (`library plan`).",
    ]
    assert heard(news, asked=2, planned=1) == []
    assert heard(news, asked=1) == []


def test_a_queue_that_ran_empty_is_told_once_with_what_came_of_it() -> None:
    news = News()
    heard(news, queued=2, running=1)
    assert heard(news, running=1, done=2) == []
    assert heard(news, done=2, failed=1) == [("library_done", {"done": 2, "failed": 1})]
    assert heard(news, done=2, failed=1) == []


def test_a_library_that_is_new_is_news() -> None:
    news = News()
    list(news.told({}))
    assert [event for event, _ in heard(news, asked=1)] == ["library_asks"]
