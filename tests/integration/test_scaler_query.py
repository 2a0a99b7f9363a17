"""How many encoders a manifest asks for, counted in the real schema by the role that counts."""

import datetime as dt
from pathlib import Path

import psycopg
import yaml

from leasing import work, worker
from postgres import PASSWORD, empty_ledger_there, the_server
from reelwright.store import connection
from reelwright.store.database import open_ledger
from reelwright.store.roles import grant_to_encoder

PLACE = Path(__file__).parents[2] / "deploy" / "kubernetes" / "encoder.yaml"


def query() -> str:
    """Of the scaler."""
    (scaler,) = [one for one in yaml.safe_load_all(PLACE.read_text()) if one["kind"] == "ScaledObject"]
    found: str = scaler["spec"]["triggers"][0]["metadata"]["query"]
    return found


def test_rows_that_wait_double_what_is_asked_for_and_what_is_under_way_keeps_it() -> None:
    place = empty_ledger_there()
    grant_to_encoder(place, "scaler", PASSWORD)
    open_ledger(place).close()
    from reelwright.store.leases import DjangoLeaseStore  # noqa: PLC0415 -- models load once Django is set up

    store = DjangoLeaseStore(place)
    now = dt.datetime.now(dt.UTC)

    def wanted() -> int:
        with psycopg.connect(
            host=place.host, port=place.port, dbname=place.name, user="scaler", password=PASSWORD
        ) as plain:
            ((found,),) = plain.execute(query().encode()).fetchall()
            return int(found)

    def aged() -> None:
        the_server().ask("UPDATE store_workitem SET updated = updated - interval '6 seconds'", place.name)

    try:
        assert wanted() == 0
        store.add_work([work(f"t{k}", kind="trial", owner="films/trials") for k in range(3)])
        store.add_work([work("f", kind="film", owner="films")])
        assert wanted() == 0  # just posted: whoever is free takes it
        aged()
        assert wanted() == 3
        me = worker("w", slots=2)
        store.beat(me, [], now, lasts=dt.timedelta(hours=1))
        leases = store.claim(me, ["trial"], now, limit=2)
        assert len(leases) == 2
        assert wanted() == 2 * 2 + 1
        store.pause("films/trials", paused=True)
        assert wanted() == 2
        store.pause("films/trials", paused=False)
        store.ask_cancel(["t2"])
        assert wanted() == 2
        for lease in leases:
            assert store.finish(lease, {})
        assert wanted() == 0
    finally:
        store.close()
        connection.hang_up()
