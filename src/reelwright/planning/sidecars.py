"""Which files beside a film belong to it: subtitles, artwork, descriptions. Names only."""

from collections.abc import Iterable

#: Endings of files that are something about a film and no film.
ENDINGS = frozenset({
    "ass", "bif", "bmp", "cue", "edl", "gif", "idx", "jpeg", "jpg", "json", "lrc", "md5", "mks", "nfo", "png", "sfv",
    "smi", "srt", "ssa", "sub", "sup", "tbn", "ttml", "txt", "vtt", "webp", "xml",
})  # fmt: skip
#: What stands between a film's name and the rest of a sidecar's.
SEPARATORS = (".", "-")


def split(name: str) -> tuple[str, str]:
    """A name in two: what comes before its last period, and the rest with it."""
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


def is_sidecar(name: str) -> bool:
    """Whether a file is, by its ending, something about a film."""
    return split(name)[1].lower().removeprefix(".") in ENDINGS


def companions(film: str, names: Iterable[str]) -> list[str]:
    """The sidecars of a film among the names of its folder, by name.

    NAME.srt, NAME.en.ass, NAME-poster.jpg and NAME.mkv.nfo belong to NAME.mkv, unless there is another film whose
    name fits them better: NAME-2.srt belongs to NAME-2.mkv where that is there.
    """
    there = sorted(names)
    stems = {split(name)[0] for name in there if not is_sidecar(name) and name != film}
    ours = split(film)[0]
    return [
        name
        for name in there
        if name != film and is_sidecar(name) and _fits(name, ours)
        and not any(len(stem) > len(ours) and _fits(name, stem) for stem in stems)
    ]  # fmt: skip


def _fits(name: str, stem: str) -> bool:
    return name.startswith(tuple(stem + separator for separator in SEPARATORS))


def renamed(sidecar: str, film: str, new: str) -> str:
    """What a sidecar is called when its film gets another name.

    The film's whole name in front (NAME.mkv.nfo) becomes the new one's; otherwise the stem does, which a change of
    the extension alone leaves as it is.
    """
    if sidecar.startswith(tuple(film + separator for separator in SEPARATORS)):
        return new + sidecar[len(film) :]
    old, now = split(film)[0], split(new)[0]
    return now + sidecar[len(old) :]


def followers(film: str, new: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """The sidecars that get another name with the film, as (before, after)."""
    pairs = [(name, renamed(name, film, new)) for name in companions(film, names)]
    return [(before, after) for before, after in pairs if before != after]
