"""How children open a source, and read its tags."""

from collections.abc import Mapping
from typing import Any

import av

from reelwright.tools.allow import INPUT_OPTIONS, file_url

#: Containers without a header, where a stream may begin long after the file does.
HEADERLESS = frozenset({"mpegts", "mpeg"})
#: How far such a file is looked into where its beginning leaves a stream unexplained: bytes and microseconds.
PATIENT = {"probesize": str(64 << 20), "analyzeduration": str(120 * 1_000_000)}


def open_source(path: str) -> Any:
    """Open a file nobody here made; one whose beginning leaves a stream unexplained is looked into further.

    Every child that names streams by number opens it so: what is found decides which streams there are.
    """
    container: Any = av.open(file_url(path), options=INPUT_OPTIONS, metadata_errors="surrogateescape")
    if container.format.name not in HEADERLESS or all(map(explained, container.streams)):
        return container
    container.close()
    options = {**INPUT_OPTIONS, **PATIENT}
    return av.open(file_url(path), options=options, metadata_errors="surrogateescape")


def explained(stream: Any) -> bool:
    """Whether it is known how a stream's packets are read. Subtitles say so in each."""
    context = getattr(stream, "codec_context", None)
    if stream.type == "audio":
        return context is None or bool(context.sample_rate)
    return stream.type != "video" or context is None or bool(context.width)


def read_tags(metadata: Mapping[str, str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Tags in order of their keys, and the keys of those whose bytes are no UTF-8."""
    tags, broken = [], []
    for key, value in titled(metadata).items():
        name, text = whole(key), whole(value)
        tags.append((name, text))
        if (name, text) != (key, value):
            broken.append(name)
    return sorted(tags), sorted(broken)


def titled(tags: Mapping[str, str]) -> Mapping[str, str]:
    """A stream's tags with its title under that name: MP4's demuxer calls it the track's name."""
    if "name" in tags and "title" not in tags:
        return {("title" if key == "name" else key): value for key, value in tags.items()}
    return tags


def whole(text: str) -> str:
    """Text without broken bytes: those of it that is no UTF-8 are taken for Windows-1252, as old programs wrote it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        data = text.encode("utf-8", "surrogateescape")
        try:
            return data.decode("cp1252")
        except UnicodeDecodeError:
            return data.decode("latin-1")
    return text
