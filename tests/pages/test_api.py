"""The JSON API: what it answers, part by part, and what it does."""

from pathlib import Path

import pytest
from django.test import Client

from ledger_of_pages import DONE, JOB, NAME, World
from reelwright.engine.jobs import Job, JobStatus


def test_jobs_come_in_parts_each_once_and_the_newest_first(world: World, here: Client) -> None:
    for number in range(23):
        key = f"{number:064x}"
        world.store.open_job(
            Job(id=key, source_id="s", source_path=f"/f/{number}.mkv", output_path=f"/o/{number}.mkv", plan={})
        )
        world.store.finish_job(key, JobStatus.DONE if number % 2 else JobStatus.FAILED)
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        answer = here.get("/api/jobs", {"limit": 5, "after": after}).json()
        assert len(answer["items"]) <= 5
        seen += [job["id"] for job in answer["items"]]
        after = answer["next"]
    assert seen == [f"{number:064x}" for number in reversed(range(23))]
    failed = here.get("/api/jobs", {"state": "failed"}).json()
    assert [job["state"] for job in failed["items"]] == ["failed"] * 12
    assert failed["next"] is None


def test_a_job_is_known_by_the_beginning_of_its_id_with_all_there_is(world: World, here: Client) -> None:
    world.fill()
    job = here.get(f"/api/jobs/{DONE[:8]}").json()
    assert (job["id"], job["state"], job["bytes_before"], job["vmaf"]["mean"]) == (DONE, "done", 2_000_000, 93.1)
    assert job["source"].endswith(f"{NAME}.mkv")
    events = here.get(f"/api/jobs/{DONE}/events", {"limit": 1}).json()
    assert [event["event"] for event in events["items"]] == ["file_discovered"]
    rest = here.get(f"/api/jobs/{DONE}/events", {"after": events["next"]}).json()
    assert ([event["event"] for event in rest["items"]], rest["next"]) == (["error_occurred"], None)
    assert here.get(f"/api/jobs/{DONE}/trials").json() == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/jobs/ffff", 404), ("/api/jobs/xyz", 422), ("/api/jobs?limit=0", 422), ("/api/jobs?limit=1001", 422),
        ("/api/jobs?after=nonsense", 422), ("/api/jobs?state=odd", 422), ("/api/libraries/none", 404),
        ("/api/libraries/films/files/999", 404), ("/api/libraries/films/files/99999999999999999999", 422),
        ("/api/libraries/films/files?after=x", 422), ("/api/libraries/films/files?text=%00", 422),
        ("/api/libraries/films/plan", 404), ("/api/sequences/0123456789abcdef", 404), ("/api/nothing", 404),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(world: World, here: Client, address: str, status: int) -> None:
    world.fill()
    answer = here.get(address)
    assert answer.status_code == status, answer.content
    if address != "/api/nothing":
        assert isinstance(answer.json()["detail"], str)
        assert answer.json()["detail"]


def test_files_of_a_library_are_found_by_state_rule_and_text(world: World, here: Client) -> None:
    world.fill()
    every = here.get("/api/libraries/films/files").json()["items"]
    assert [file["state"] for file in every] == ["planned", "asked", "skipped"]
    assert every[2]["path"] == "plain \\xff.mkv"
    first = here.get("/api/libraries/films/files", {"limit": 2}).json()
    rest = here.get("/api/libraries/films/files", {"limit": 2, "after": first["next"]}).json()
    assert [file["id"] for file in (*first["items"], *rest["items"])] == [file["id"] for file in every]
    asked = here.get("/api/libraries/films/files?state=asked&state=skipped").json()["items"]
    assert [file["state"] for file in asked] == ["asked", "skipped"]
    assert [file["id"] for file in here.get("/api/libraries/films/files?text=SEASON").json()["items"]] == [
        every[1]["id"]
    ]
    assert len(here.get("/api/libraries/films/files", {"rule": every[0]["rule"]}).json()["items"]) == 3
    assert here.get("/api/libraries/films").json()["states"] == {"planned": 1, "asked": 1, "skipped": 1}
    assert here.get(f"/api/libraries/films/files/{every[0]['id']}").json() == every[0]


def test_queue_workers_quarantine_savings_and_settings_are_told(world: World, here: Client) -> None:
    world.fill()
    queue = here.get("/api/queue").json()
    assert queue["counts"] == {"films": {"leased": 1}}
    assert [item["state"] for item in queue["items"]] == ["leased"]
    (worker,) = here.get("/api/workers").json()
    assert (worker["slots"], worker["alive"], worker["holds"]) == (3, True, [queue["items"][0]["id"]])
    kept = here.get("/api/quarantine").json()
    assert (kept["quarantined"], kept["promised"], len(kept["items"])) == (2_000_000, 1_500_000, 1)
    saved = here.get("/api/savings").json()
    assert saved["films"] == 1
    assert (saved["before"], saved["saved"], saved["share"]) == (2_000_000, 0, 0)  # the original is in quarantine
    keys = {row["key"] for row in here.get("/api/settings").json()}
    assert {"encoding.preset", "web.port", "database.url"} <= keys
    assert here.get("/api/doctor").json()["running"] is False
    assert here.get(f"/api/jobs/{JOB}").json()["state"] == "failed"


def test_sequences_are_those_that_were_configured(tmp_path: Path, world: World, here: Client) -> None:
    folder = world.add_frames()
    assert here.get("/api/sequences").json() == []
    world.asked._settings = world.settings.model_copy(
        update={"web": world.settings.web.model_copy(update={"sequences": (str(folder),)})}
    )
    (sheet,) = here.get("/api/sequences").json()
    found = {row["name"]: row for row in here.get(f"/api/sequences/{sheet['id']}").json()}
    shot = next(row for name, row in found.items() if "shot" in name)
    assert (shot["frames"], shot["missing"]) == ("1001-1010,1014-1019,1030", "1011-1013,1020-1029")
    page = here.get(f"/sequences/{sheet['id']}").content.decode()
    assert "<title>1011–1013: missing</title>" in page
    assert 'aria-label="Frames 1001 to 1030: 17 there, 13 missing"' in page


def test_prometheus_reads_figures(world: World, here: Client) -> None:
    world.fill()
    answer = here.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain")
    lines = dict(
        line.rsplit(" ", 1) for line in answer.content.decode().splitlines() if line and not line.startswith("#")
    )
    assert lines['reelwright_jobs{state="failed"}'] == "1.0"
    assert lines['reelwright_jobs{state="done"}'] == "1.0"
    assert lines["reelwright_saved_bytes"] == "0.0"
    assert lines['reelwright_queue{library="films",state="leased"}'] == "1.0"
    assert lines["reelwright_workers_alive"] == "1.0"
    assert lines["reelwright_worker_slots"] == "3.0"
    assert float(lines["reelwright_work_disk_free_bytes"]) > 0
    assert any(name.startswith("reelwright_build_info{version=") for name in lines)


def test_the_openapi_page_needs_nobody_else(here: Client) -> None:
    page = here.get("/api/docs").content.decode()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    described = here.get("/api/openapi.json").json()
    assert "/api/jobs/{job_id}/cancel" in described["paths"]
    for address, ways in described["paths"].items():
        for way in ways.values():
            for parameter in way.get("parameters", []):
                assert "path" not in parameter["name"].split("_"), (address, parameter)
