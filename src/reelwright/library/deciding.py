"""What becomes of each file of a library: the owner's word, else the rules."""

from collections.abc import Container, Sequence

from reelwright.library.catalog import Catalog, FileState, Library, LibraryFile
from reelwright.library.facts import Facts, OnDisk, disk_facts
from reelwright.library.rules import REFUSED, Action, Choice, Rule, choose

#: Files whose decisions are committed together.
BATCH = 2000
OWNER = "owner"
OURS = "ours"
#: States in which nothing is decided anew: work is being done, or was.
_SETTLED = (FileState.QUEUED, FileState.RUNNING, FileState.DONE)


OUR_OUTPUT = Choice(action=Action.SKIP, rule=OURS, reasons=("It is an output of ours.",))


def facts_of(file: LibraryFile, now: float) -> Facts:
    """All facts of a file: those of the file system as they are now, those of the film as they were probed.

    Args:
        file: as the catalog has it.
        now: seconds since 1970.
    """
    disk = OnDisk(
        library=file.library, path=file.path, size=file.size, age=max(0.0, now - file.mtime_ns / 1e9),
        hard_links=file.hard_links, symlink=file.symlink,
    )  # fmt: skip
    return {**disk_facts(disk), **(file.facts or {})}


def choice_for(file: LibraryFile, rules: Sequence[Rule], now: float) -> Choice:
    """What becomes of a file. The owner's word goes before the rules, and a refusal before both."""
    if file.owner is None:
        return choose(rules, facts_of(file, now), refusal=file.refusal)
    if file.refusal and file.owner is not Action.SKIP:
        return Choice(action=Action.SKIP, rule=REFUSED, reasons=(*file.refusal, f"You said {file.owner}."))
    settings = choose(rules, facts_of(file, now)).settings if file.owner is Action.ENCODE else {}
    return Choice(action=file.owner, rule=OWNER, reasons=("You said so.",), settings=settings)


def decide_all(
    catalog: Catalog, library: Library, rules: Sequence[Rule], now: float, *, ours: Container[str] = ()
) -> int:
    """Decide every probed file that no work is being done for; returns how many decisions changed.

    Args:
        catalog: where the files are, and where decisions go.
        library: whose files.
        rules: in order.
        now: seconds since 1970.
        ours: paths below the root at which our own outputs are: they are left alone, unless their owner says otherwise.
    """
    changed, last = 0, 0
    states = [state for state in FileState if state not in _SETTLED]
    while files := catalog.files(library.id, states, after=last, limit=BATCH):
        last = files[-1].id
        wanted = {
            file.id: OUR_OUTPUT if file.owner is None and file.path in ours else choice_for(file, rules, now)
            for file in files
            if file.facts is not None
        }
        known = {file.id: file.choice for file in files}
        new = {key: choice for key, choice in wanted.items() if choice != known[key]}
        catalog.write_choices(new)
        changed += len(new)
    return changed
