"""What children write, taken in without trusting them: bounded lines, a bounded tail, news or not."""

LINE_LIMIT = 4096
TAIL_LIMIT = 256 * 1024
_KEYS_KEPT = 64
# These follow from the clock: they drift while ffmpeg hangs, or say only that it is not over.
_NO_NEWS = frozenset({"fps", "bitrate", "speed", "elapsed", "progress"})


class Lines:
    """Cuts a stream of bytes into lines; of a line longer than the limit the beginning is kept.

    Args:
        limit: The most bytes kept of one line.
        returns: Whether a carriage return ends a line too, as it does on a terminal.
    """

    def __init__(self, limit: int = LINE_LIMIT, *, returns: bool = False) -> None:
        self._limit = limit
        self._returns = returns
        self._open = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Takes what was read and gives back the lines that it finished."""
        if self._returns:
            data = data.replace(b"\r", b"\n")
        lines = data.split(b"\n")
        lines[0] = self._open + lines[0][: self._limit - len(self._open)]
        self._open = lines.pop()[: self._limit]
        return [line[: self._limit] for line in lines]

    def rest(self) -> list[bytes]:
        """Gives back the last line where nothing ended it."""
        last, self._open = self._open, b""
        return [last] if last else []


class Tail:
    """Keeps the end of a stream of lines, however long the stream is."""

    def __init__(self, limit: int = TAIL_LIMIT) -> None:
        self._limit = limit
        self._kept = bytearray()

    def add(self, lines: list[bytes]) -> None:
        """Takes lines; blank ones say nothing and are left out."""
        for line in lines:
            if line:
                self._kept += line
                self._kept += b"\n"
        if len(self._kept) > 2 * self._limit:  # twice, so that not every line moves the whole tail
            del self._kept[: -self._limit - 1]

    def text(self) -> str:
        """The last lines, whole ones only."""
        kept = bytes(self._kept)
        if len(kept) > self._limit:
            # From one byte earlier, which tells whether the first line in reach is a whole one.
            kept = kept[-self._limit - 1 :].partition(b"\n")[2]
        return kept.decode(errors="replace")


class News:
    """Tells a child that gets on from one that repeats itself.

    `ffmpeg -progress` writes the same block of `key=value` lines every period, also while it
    hangs: such a line is news only when its value is another one than before.
    """

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def in_line(self, line: str) -> bool:
        """Whether the line says something that the lines before did not."""
        key, separator, value = line.partition("=")
        if not separator or not key.isidentifier():
            return True
        if key in _NO_NEWS or self._last.get(key) == value:
            return False
        if key in self._last or len(self._last) < _KEYS_KEPT:
            self._last[key] = value
        return True
