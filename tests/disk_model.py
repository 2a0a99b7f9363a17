"""A file system in memory that forgets, when its power fails, whatever was not forced to the disk.

What is seen and what is durable are kept apart. Every change of a name waits until its folder is synced, every byte
until its file is. A power failure keeps any subset of what waits, and, where the disk is `torn`, any half of a rename:
a disk that does the worst POSIX allows it to.
"""

import errno
import hashlib
import os
import random
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from reelwright.engine.disk import FileFacts, FileKind

Edit = tuple[int, str, int | None]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is said of a file, besides its content."""

    owner: tuple[int, int] = (1000, 1000)
    mode: int = 0o644
    attributes: tuple[tuple[str, bytes], ...] = ()
    mtime_ns: int = 0


@dataclass(kw_only=True)
class Node:
    """A file or a folder."""

    kind: FileKind
    device: int
    content: bytes = b""
    #: What a power failure leaves of the content for certain; None: nothing of it is certain.
    durable: bytes | None = None
    #: Whether all of the content was forced to the disk.
    clean: bool = False
    #: Of a folder, what is seen and what is durable.
    names: dict[str, int] = field(default_factory=dict)
    durable_names: dict[str, int] = field(default_factory=dict)
    ctime_ns: int = 0
    facts: Facts = Facts()
    #: What a power failure leaves of them for certain.
    durable_facts: Facts = Facts()


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """What the file system can do."""

    links: bool = True
    exchange: bool = True
    #: Letter case and composition of a name do not matter.
    folds: bool = False
    #: A power failure may keep one half of a rename.
    torn: bool = False
    #: Owners can be given away, as root can.
    owners: bool = True
    #: What is forced to the disk arrives there with a wrong bit, which whoever reads it from memory does not see.
    spoils: bool = False


class ModelDisk:
    """The port `Disk`; `/` and every folder below it is on device 1 unless it was mounted."""

    def __init__(self, abilities: Abilities | None = None, free: int = 1 << 40) -> None:
        self.can = abilities or Abilities()
        self.room = free
        self.clock = 1_000
        self.nodes: dict[int, Node] = {2: Node(kind=FileKind.FOLDER, device=1)}
        self.waiting: list[tuple[Edit, ...]] = []
        self._next = 3

    # How tests set it up and look at it.

    def put(self, path: str, content: bytes, facts: Facts | None = None) -> None:
        """A file that has long been there, with the folders above it."""
        folder, name = self._folder_made(str(PurePath(path).parent)), PurePath(path).name
        number = self._new(FileKind.FILE, self.nodes[folder].device)
        node = self.nodes[number]
        node.content = node.durable = content
        node.facts = node.durable_facts = facts or node.facts
        for names in (self.nodes[folder].names, self.nodes[folder].durable_names):
            names[name] = number

    def mount(self, path: str, device: int) -> None:
        """An empty folder on another device."""
        self.nodes[self._folder_made(path)].device = device

    def overwrite(self, path: str, content: bytes) -> None:
        """Another program writes into a file, and syncs it."""
        node = self.nodes[self._at(path)]
        node.content = node.durable = content
        node.ctime_ns = self._tick()
        node.facts = node.durable_facts = replace(node.facts, mtime_ns=node.ctime_ns)

    def read(self, path: str) -> bytes | None:
        """What is seen at a name; None: nothing, or a folder."""
        try:
            node = self.nodes[self._at(path)]
        except FileNotFoundError:
            return None
        return node.content if node.kind is FileKind.FILE else None

    def facts(self, path: str) -> Facts:
        """What is said of a file."""
        return self.nodes[self._at(path)].facts

    def files(self) -> dict[str, bytes]:
        """Every file that is seen, by path."""
        return dict(self._walk("", 2))

    def power_failure(self, rng: random.Random) -> None:
        """Forget what was not forced to the disk, or part of it, and start again."""
        for edits in self.waiting:
            kept = rng.random() < 0.5
            for edit in edits:
                if (rng.random() < 0.5) if self.can.torn else kept:
                    _apply(edit, self.nodes[edit[0]].durable_names)
        self.waiting = []
        for node in self.nodes.values():
            node.names = dict(node.durable_names)
            if node.kind is FileKind.FILE and node.content != node.durable:
                left = node.durable if node.clean and node.durable is not None else _what_is_left(node, rng)
                node.content = node.durable = left
            if rng.random() < 0.5:
                node.facts = node.durable_facts
        seen = self._reachable()
        self.nodes = {number: node for number, node in self.nodes.items() if number in seen}

    # The port.

    def look(self, path: str) -> FileFacts | None:
        try:
            number = self._at(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        node = self.nodes[number]
        return FileFacts(
            kind=node.kind, device=node.device, inode=number, size=len(node.content), mtime_ns=node.facts.mtime_ns,
            ctime_ns=node.ctime_ns, links=self._links(number),
        )  # fmt: skip

    def real(self, path: str) -> str:
        return path

    def names(self, folder: str) -> list[str]:
        return list(self.nodes[self._at(folder)].names)

    def free(self, folder: str) -> int:
        self._at(folder)
        return self.room

    def copy(self, source: str, target: str) -> str:
        content = self.nodes[self._file(source)].content
        folder, name = self._place(target)
        self._must_be_free(folder, name)
        number = self._new(FileKind.FILE, self.nodes[folder].device)
        self._change((folder, name, number))
        self.nodes[number].content = content
        return _hash(content)

    def digest(self, path: str) -> str:
        node = self.nodes[self._file(path)]
        if node.clean and node.durable is not None:
            node.content = node.durable  # what is in memory and on the disk alike may be forgotten, and is read anew
        return _hash(node.content)

    def carry(self, source: str, target: str) -> None:
        of, to = self.nodes[self._file(source)], self.nodes[self._file(target)]
        if of.facts.owner != to.facts.owner and not self.can.owners:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), target)
        to.facts = of.facts
        to.ctime_ns = self._tick()

    def sync(self, path: str) -> None:
        number = self._at(path)
        node = self.nodes[number]
        if node.kind is FileKind.FILE:
            if not node.clean:
                node.durable = bytes([node.content[0] ^ 4]) + node.content[1:] if self.can.spoils else node.content
            node.clean, node.durable_facts = True, node.facts
            return
        forced: list[Edit] = []
        left: list[tuple[Edit, ...]] = []
        for edits in reversed(self.waiting):
            names = {edit[:2] for edit in forced}
            # What was done to a name is done in order: what is forced takes what came before it along.
            whole = not self.can.torn and any(edit[0] == number or edit[:2] in names for edit in edits)
            now = [edit for edit in edits if whole or edit[0] == number or edit[:2] in names]
            forced = [*now, *forced]
            if rest := tuple(edit for edit in edits if edit not in now):
                left.insert(0, rest)
        for edit in forced:
            _apply(edit, self.nodes[edit[0]].durable_names)
        self.waiting = left

    def make_folder(self, folder: str) -> None:
        above, name = self._place(folder)
        self._must_be_free(above, name)
        self._change((above, name, self._new(FileKind.FOLDER, self.nodes[above].device)))

    def remove_folder(self, folder: str) -> None:
        above, name = self._place(folder)
        if self.nodes[self._at(folder)].names:
            raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY), folder)
        self._change((above, self._spelled(above, name), None))

    def link(self, source: str, target: str) -> None:
        number = self._file(source)
        folder, name = self._place(target)
        self._must_be_free(folder, name)
        if not self.can.links:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), source)
        self._one_device(number, folder, source)
        self._change((folder, name, number))
        self.nodes[number].ctime_ns = self._tick()

    def rename(self, source: str, target: str) -> None:
        number = self._at(source)
        (old_folder, old_name), (folder, name) = self._place(source), self._place(target)
        self._one_device(number, folder, source)
        if self._find(folder, name) == number:
            return  # two names of one file: POSIX leaves both
        self._change(
            (old_folder, self._spelled(old_folder, old_name), None), (folder, self._spelled(folder, name), number)
        )

    def rename_new(self, source: str, target: str) -> None:
        self._at(source)
        self._must_be_free(*self._place(target))
        self.rename(source, target)

    def exchange(self, one: str, other: str) -> None:
        if not self.can.exchange:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), one)
        first, second = self._at(one), self._at(other)
        (folder, name), (other_folder, other_name) = self._place(one), self._place(other)
        self._one_device(first, other_folder, one)
        self._change(
            (folder, self._spelled(folder, name), second),
            (other_folder, self._spelled(other_folder, other_name), first),
        )

    def unlink(self, path: str) -> None:
        self._file(path)
        folder, name = self._place(path)
        self._change((folder, self._spelled(folder, name), None))

    @contextmanager
    def hold(self, folder: str, *, wait: bool = True) -> Iterator[None]:
        del wait
        self._at(folder)
        yield

    # Inside.

    def _tick(self) -> int:
        self.clock += 1
        return self.clock

    def _new(self, kind: FileKind, device: int) -> int:
        number, self._next = self._next, self._next + 1
        now = Facts(mtime_ns=self._tick())
        self.nodes[number] = Node(kind=kind, device=device, ctime_ns=self.clock, facts=now, durable_facts=now)
        return number

    def _change(self, *edits: Edit) -> None:
        for edit in edits:
            _apply(edit, self.nodes[edit[0]].names)
        self.waiting.append(edits)

    def _links(self, number: int) -> int:
        return sum(found == number for node in self.nodes.values() for found in node.names.values())

    def _spelled(self, folder: int, name: str) -> str:
        """The name as it is written in the folder."""
        names = self.nodes[folder].names
        if name in names or not self.can.folds:
            return name
        return next((other for other in names if _folded(other) == _folded(name)), name)

    def _find(self, folder: int, name: str) -> int | None:
        if self.nodes[folder].kind is not FileKind.FOLDER:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), name)
        return self.nodes[folder].names.get(self._spelled(folder, name))

    def _at(self, path: str) -> int:
        number = 2
        for name in PurePath(path).parts[1:]:
            found = self._find(number, name)
            if found is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
            number = found
        return number

    def _file(self, path: str) -> int:
        number = self._at(path)
        if self.nodes[number].kind is not FileKind.FILE:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        return number

    def _place(self, path: str) -> tuple[int, str]:
        name = PurePath(path).name
        if len(os.fsencode(name)) > 255:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
        return self._at(str(PurePath(path).parent)), name

    def _must_be_free(self, folder: int, name: str) -> None:
        if self._find(folder, name) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)

    def _one_device(self, number: int, folder: int, path: str) -> None:
        if self.nodes[number].device != self.nodes[folder].device:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), path)

    def _folder_made(self, path: str) -> int:
        number = 2
        for name in PurePath(path).parts[1:]:
            node = self.nodes[number]
            if name not in node.names:
                made = self._new(FileKind.FOLDER, node.device)
                node.names[name] = node.durable_names[name] = made
            number = node.names[name]
        return number

    def _walk(self, path: str, number: int) -> Iterator[tuple[str, bytes]]:
        for name, below in self.nodes[number].names.items():
            node = self.nodes[below]
            if node.kind is FileKind.FOLDER:
                yield from self._walk(f"{path}/{name}", below)
            else:
                yield f"{path}/{name}", node.content

    def _reachable(self) -> set[int]:
        seen, folders = {2}, [2]
        while folders:
            for below in self.nodes[folders.pop()].names.values():
                if below not in seen:
                    seen.add(below)
                    folders.append(below)
        return seen


def _apply(edit: Edit, names: dict[str, int]) -> None:
    _, name, number = edit
    if number is None:
        names.pop(name, None)
    else:
        names[name] = number


def _what_is_left(node: Node, rng: random.Random) -> bytes:
    """Of content that was not forced to the disk: nothing, some, zeros, or all."""
    length = len(node.content)
    return rng.choice([node.durable or b"", node.content[: rng.randrange(length + 1)], bytes(length), node.content])


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()
