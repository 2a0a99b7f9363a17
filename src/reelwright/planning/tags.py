"""What becomes of each tag, by named rules, and how tags are told apart in what is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reelwright.planning.containers import Container, holdings
from reelwright.planning.fates import Fate, Rule


class Bearer(StrEnum):
    """What carries a tag."""

    FILE = "file"
    #: The film, and every stream whose packets are made anew.
    ENCODED = "encoded"
    COPIED = "copied"
    ATTACHED = "attached"
    CHAPTER = "chapter"


@dataclass(frozen=True, kw_only=True, slots=True)
class TagFate:
    """One tag and what becomes of it."""

    key: str
    value: str
    fate: Fate
    rule: Rule | None = None

    @property
    def kept(self) -> bool:
        """Whether it is written."""
        return self.fate is not Fate.DROP


BRANDS = frozenset({"MAJOR_BRAND", "MINOR_VERSION", "COMPATIBLE_BRANDS"})
#: Counts of what a stream held, as mkvmerge writes them.
STATISTICS = ("BPS", "NUMBER_OF_FRAMES", "NUMBER_OF_BYTES", "_STATISTICS")
#: Keys that Matroska's readers take for one another.
ALIASES = {"LEAD_PERFORMER": "PERFORMER", "PART_NUMBER": "TRACK"}
#: Said by other means than a tag: names and types of attached files.
SAID_ELSEWHERE = frozenset({"FILENAME", "MIMETYPE"})


def canonical(key: str) -> str:
    """A key as Matroska writes it: upper case without spaces; two keys of one form cannot both be kept."""
    text = "".join(c.upper() if c.isascii() else c for c in key.replace(" ", "_"))
    return ALIASES.get(text, text)


def base_of(form: str) -> str:
    """A canonical key without the language at its end."""
    base, dash, language = form.rpartition("-")
    return base if dash and len(language) in {2, 3} and language.isalpha() else form


def drop_rule(form: str, bearer: Bearer, container: Container) -> Rule | None:
    """The rule that drops a tag; None where it is kept."""
    base, anew = base_of(form), bearer is Bearer.ENCODED
    if base in BRANDS and bearer is Bearer.FILE:
        return Rule.CONTAINER_BRAND
    if base.startswith(STATISTICS) and anew:
        return Rule.STALE_STATISTICS
    if base == "DURATION" or (base in {"ENCODER", "ENCODER_OPTIONS"} and (anew or bearer is Bearer.FILE)):
        return Rule.WRITTEN_ANEW
    return None if holdings(container).tag(base, of_file=bearer is Bearer.FILE) else Rule.NO_PLACE


def tag_fates(
    tags: Iterable[tuple[str, str]], bearer: Bearer, container: Container, broken: Sequence[str] = ()
) -> tuple[TagFate, ...]:
    """What becomes of each tag of one bearer, in its order.

    Args:
        tags: keys and values.
        bearer: what carries them.
        container: where they go.
        broken: keys of those that were no UTF-8.
    """
    met: set[str] = set()
    found = []
    for key, value in tags:
        form = canonical(key)
        if bearer is Bearer.ATTACHED and form in SAID_ELSEWHERE:
            continue
        rule = drop_rule(form, bearer, container) or (Rule.SAME_KEY if form in met else None)
        met.add(form)
        if rule is not None:
            found.append(TagFate(key=key, value=value, fate=Fate.DROP, rule=rule))
        elif key in broken:
            found.append(TagFate(key=key, value=value, fate=Fate.CONVERT, rule=Rule.BROKEN_TEXT))
        else:
            found.append(TagFate(key=key, value=value, fate=Fate.COPY))
    return tuple(found)


def kept(fates: Iterable[TagFate]) -> tuple[tuple[str, str], ...]:
    """Keys and values of the tags that are written."""
    return tuple((fate.key, fate.value) for fate in fates if fate.kept)


#: What a writer adds by itself, and what this program says of how the film was made.
OURS = frozenset({"ENCODER", "ENCODER_OPTIONS", "DURATION"})


def differing(
    want: Iterable[tuple[str, str]], got: Iterable[tuple[str, str]], *, ours: frozenset[str] = OURS
) -> tuple[str, ...]:
    """Keys of tags that are missing, changed or new; what the writer adds by itself is none of them."""
    wanted = {canonical(key): value for key, value in want}
    found = {canonical(key): value for key, value in got}
    wrong = []
    for form, value in wanted.items():
        # An empty language is none; a writer turns languages of two letters into three and chooses among synonyms.
        like = [k for k in found if k == form or (base_of(form) != form and base_of(k) == base_of(form) != k)]
        match = next((k for k in like if found[k] == value), None)
        if match is None:
            wrong.append(form)
        else:
            del found[match]
    wrong += [form for form in found if form not in wanted and base_of(form) not in ours]
    return tuple(dict.fromkeys(wrong))
