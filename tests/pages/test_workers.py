"""The page of workers: what each does, has, and is kept from; and what they do not have in common."""

import datetime as dt

from django.test import Client

from ledger_of_pages import World
from reelwright.engine.leases import Work, Worker


def beat(world: World, name: str, *labels: str, slots: int = 2, **about: object) -> Worker:
    """A worker that is alive."""
    me = Worker(id=name, host=f"{name}.example", pid=7, labels=frozenset(labels), slots=slots, about=about)
    world.leases.beat(me, [], dt.datetime.now(dt.UTC), lasts=dt.timedelta(hours=1))
    return me


def test_a_worker_that_encodes_is_shown_at_its_work(world: World, here: Client) -> None:
    encoder = beat(world, "e", "encode", "library:films", "build:1", "gpu", version="1.0", queue="encode", says=[])
    payload = {"path": "a/film.mkv", "chunk": 7, "crf": 30.5}
    world.leases.add_work([
        Work(id="j/1/x", kind="trial", owner="films/trials", payload=payload),
        Work(id="j/2/x", kind="trial", owner="films/trials", payload={**payload, "windows": [[0, 1]], "chunk": 8}),
    ])  # fmt: skip
    world.leases.claim(encoder, ["trial"], dt.datetime.now(dt.UTC), limit=2)
    (told,) = here.get("/api/workers").json()
    assert sorted(told["holds"]) == ["j/1/x", "j/2/x"]
    page = here.get("/workers").content.decode()
    assert "Encodes chunks: 2 of 2 slots taken" in page
    assert "chunk 7 at CRF 30.5 of films" in page
    assert "sample of chunk 8 at CRF 30.5 of films" in page
    assert "It does nothing" not in page
    for words in ("<dt>library</dt><dd>films</dd>", "<dt>build</dt><dd>1</dd>", "version 1.0"):
        assert words in page
    assert "at once" not in page


def test_what_keeps_a_worker_from_work_is_a_warning_in_words(world: World, here: Client) -> None:
    beat(world, "e", version="1.0", queue="encode", says=["No work at all: the disk is full.", "No work of <b>."])
    beat(world, "broken", version="1.0", queue="encode", says="no list")
    page = here.get("/workers").content.decode()
    assert '<p class="warn">No work at all: the disk is full.</p>' in page
    assert '<p class="warn">No work of &lt;b&gt;.</p>' in page
    assert "[&#x27;" not in page


def test_versions_and_builds_that_differ_are_named(world: World, here: Client) -> None:
    beat(world, "l", "files", version="1.0", queue="files")
    beat(world, "e", "build:1", version="1.0", queue="encode")
    assert "at once" not in here.get("/workers").content.decode()
    beat(world, "f", "build:2", version="1.1", queue="encode")
    page = here.get("/workers").content.decode()
    assert "Workers of Reelwright 1.0 and 1.1 are at work at once." in page
    assert "Workers have 2 builds" in page
    assert "Leads films" in page
