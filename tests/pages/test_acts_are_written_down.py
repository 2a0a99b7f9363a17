"""Every act that changes something leaves an audit line: a new address cannot be left out."""

import pytest
from django.test import Client
from visitors import addresses

from ledger_of_pages import World

#: What is sent to and changes nothing that anybody could lose: a look at the house, a plan that is only made.
NO_ACT = {"/login", "/settings/doctor/anew", "/library/of/films/plan/make", "/api/doctor", "/api/libraries/films/plan",
          "/api/docs", "/api/openapi.json"}  # fmt: skip
BODIES = {"answer": {"word": "skip"}, "approve": {"plan": "0" * 32}}


def lines() -> list[tuple[str, str]]:
    from reelwright.web.models import AuditLine  # noqa: PLC0415 -- models load once Django is set up

    return list(AuditLine.objects.order_by("pk").values_list("act", "subject"))


@pytest.mark.parametrize("side", ["pages", "api"])
def test_whatever_is_done_is_written_down(world: World, here: Client, side: str) -> None:
    world.fill()
    asked, before = set(), 0
    for address in (one.replace("/files/0", "/files/1") for one, _ in addresses()):
        if address.startswith("/api/") != (side == "api") or address in NO_ACT:
            continue
        body = BODIES.get(address.rpartition("/")[2], {})
        answer = here.post(address, body, **({"content_type": "application/json"} if side == "api" else {}))
        if answer.status_code == 405 or address == "/alive":  # it is only looked at
            continue
        asked.add(address)
        found = lines()
        # What the API refused was not done; pages write down that somebody tried.
        refused = answer.status_code in ({404, 409, 422, 503} if side == "api" else {404})
        assert refused or len(found) == before + 1, (address, answer.status_code)
        before = len(found)
    acts = {act for act, _ in lines()}
    if side == "api":
        assert acts >= {"cancel", "answer", "pause", "resume"}
    else:
        assert acts >= {"cancel", "retry", "answer skip", "restore", "logout"}
    assert len(asked) >= 5
