from hypothesis import given
from hypothesis import strategies as st

from reelwright.tools.output import Lines, News, Tail

CHUNKS = st.lists(st.text(alphabet="ab\n\r", max_size=12).map(str.encode), max_size=12)


def all_lines(lines: Lines, chunks: list[bytes]) -> list[bytes]:
    return [line for chunk in chunks for line in lines.feed(chunk)] + lines.rest()


@given(CHUNKS)
def test_lines_do_not_depend_on_how_they_were_read(chunks: list[bytes]) -> None:
    whole = b"".join(chunks)
    expected = whole.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert all_lines(Lines(1000), chunks) == expected


@given(CHUNKS, st.integers(1, 5))
def test_of_a_long_line_the_beginning_is_kept(chunks: list[bytes], limit: int) -> None:
    assert all_lines(Lines(limit), chunks) == [line[:limit] for line in all_lines(Lines(1000), chunks)]


def test_a_carriage_return_ends_a_line_where_it_is_asked_to() -> None:
    assert all_lines(Lines(returns=True), [b"1%\r2%\r", b"done"]) == [b"1%", b"2%", b"done"]
    assert all_lines(Lines(), [b"1%\r2%\n"]) == [b"1%\r2%"]


@given(st.lists(st.text(alphabet="abc", max_size=9).map(str.encode), max_size=60), st.integers(10, 40))
def test_the_tail_is_the_end_of_what_was_said_in_whole_lines(lines: list[bytes], limit: int) -> None:
    tail = Tail(limit)
    for line in lines:
        tail.add([line])
        assert len(tail._kept) <= 2 * limit + 10
    said = [line.decode() for line in lines if line]
    kept = tail.text().splitlines()
    assert kept == said[len(said) - len(kept) :]
    room = sum(len(line) + 1 for line in said[len(said) - len(kept) - 1 :])
    assert len(kept) == len(said) or room > limit


def test_the_same_progress_again_is_no_news() -> None:
    news = News()
    block = ["frame=5", "fps=2.0", "total_size=48", "out_time=00:00:01", "speed=1x", "progress=continue"]
    assert any(list(map(news.in_line, block)))
    assert not any(list(map(news.in_line, block)))


def test_a_rate_that_drifts_is_no_news_but_a_frame_is() -> None:
    news = News()
    news.in_line("frame=5")
    assert not news.in_line("fps=1.9")
    assert not news.in_line("bitrate=3.2kbits/s")
    assert not news.in_line("progress=end")
    assert news.in_line("frame=6")


def test_what_is_no_progress_is_news_each_time() -> None:
    news = News()
    assert [news.in_line('{"a": "b=c"}') for _ in range(2)] == [True, True]


def test_news_does_not_remember_without_end() -> None:
    news = News()
    for number in range(1000):
        news.in_line(f"key{number}=1")
    assert len(news._last) <= 64
