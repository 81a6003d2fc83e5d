"""Long work over HTTP: files in, files out, by workers that may die."""

from __future__ import annotations

import io
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from api.scopes import Scope
from identity.bootstrap import SystemClock
from identity.commands import work_off as working
from identity.commands.work_off import spool_of, upload_name, work_off
from identity.model.job import JobStatus
from tests.api.conftest import Api
from tests.api.test_routes import BERT, INES

KEYS = {"source", "source_record_id"}


def lines(*rows: dict[str, Any] | str) -> bytes:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows).encode()


def send(api: Api, content: bytes, **headers: str) -> Any:
    asked = {**api.headers(), "Content-Type": "application/x-ndjson", **headers}
    return api.http.post("/v1/uploads?source=pos", content=content, headers=asked)


def finished(api: Api, answer: Any) -> Any:
    assert answer.status_code == 202, answer.text
    work_off(api.service)
    return api.get(answer.headers["location"]).json()


def test_a_file_is_taken_in_and_every_row_accounted_for(api: Api) -> None:
    consents = {"marketing.email": {"status": "granted"}}
    file = lines(
        {"source_record_id": "1", **INES, "consents": consents},
        {"source_record_id": "2", **BERT},
        {"source_record_id": "", **BERT},
        '{"source_record_id": "4", "family_name": ',
        {"source": "ecommerce", "source_record_id": "5", **BERT},
    )
    answer = send(api, file)
    assert (answer.json()["status"], answer.headers["location"]) == (
        "queued",
        f"/v1/jobs/{answer.json()['job_id']}",
    )
    job = finished(api, answer)
    assert (job["status"], job["problem"], job["attempts"]) == ("done", None, 1)
    report = job["report"]
    assert (report["rows"], report["accepted"], report["quarantined"], report["rejected"]) == (5, 3, 2, 0)
    assert sum(report["codes"].values()) == 2
    found = [api.post("/v1/lookup", {"email": who["email"]}).json() for who in (INES, BERT)]
    assert [each["status"] for each in found] == ["live", "live"]
    profile = api.get(f"/v1/profiles/{found[0]['golden_ids'][0]}").json()
    assert profile["consents"] == {"marketing.email": "granted"}
    assert not list(spool_of(api.service).folder.iterdir()), "what is worked off is kept nowhere"


def test_an_uploaded_record_is_the_same_as_one_told(api: Api) -> None:
    """Told one by one afterwards, nothing is new."""
    rows = [{"source_record_id": "1", **INES}, {"source_record_id": "2", **BERT}]
    finished(api, send(api, lines(*rows)))
    for row in rows:
        assert api.tell("pos", row["source_record_id"], **{k: v for k, v in row.items() if k not in KEYS})[
            "outcome"
        ] in ("unchanged", "accepted")


def test_what_was_set_aside_is_told_page_by_page_and_in_clear_to_whom_may_see_it(api: Api) -> None:
    job = finished(api, send(api, lines(*(f'{{"given_name": "Ines{n}"' for n in range(5)))))
    told, cursor = [], 0
    while cursor is not None:
        page = api.get(f"/v1/jobs/{job['job_id']}/quarantine?limit=2&cursor={cursor}").json()
        told += page["rows"]
        cursor = page["next_cursor"]
    assert [row["row"] for row in told] == [1, 2, 3, 4, 5]
    assert all(row["raw"].startswith('{"given_name": "Ines') for row in told)
    blind = api.http.get(f"/v1/jobs/{job['job_id']}/quarantine", headers=api.headers(Scope.JOBS_READ))
    assert "Ines" not in blind.text
    assert str(spool_of(api.service).folder) not in blind.text


def test_a_file_that_cannot_be_read_fails_its_job_and_says_why(api: Api) -> None:
    answer = send(api, lines({"source_record_id": "1", **INES}))
    spool_of(api.service).upload(answer.json()["job_id"]).unlink()
    job = finished(api, answer)
    assert (job["status"], job["report"]) == ("failed", None)
    assert job["problem"]["code"].startswith("E2")
    assert str(spool_of(api.service).folder) not in str(job)


def test_an_empty_file_is_refused_and_leaves_nothing(api: Api) -> None:
    answer = send(api, b"")
    assert (answer.status_code, answer.json()["code"]) == (422, "INVALID_REQUEST")
    assert [each for each in spool_of(api.service).folder.rglob("*") if each.is_file()] == []


def test_one_key_is_one_job(api: Api) -> None:
    file = lines({"source_record_id": "1", **INES})
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: send(api, file, **{"Idempotency-Key": "k"}), range(8)))
    assert {answer.status_code for answer in told} == {202}
    assert len({answer.json()["job_id"] for answer in told}) == 1
    assert len(api.get("/v1/jobs").json()["jobs"]) == 1
    other = send(api, file + file, **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (409, "KEY_USED")
    assert len(list(spool_of(api.service).folder.iterdir())) == 1


def test_jobs_of_others_are_nobodys_business(api: Api) -> None:
    job = finished(api, send(api, lines({"source_record_id": "1", **INES})))
    others = api.headers(client="crm")
    assert api.http.get("/v1/jobs", headers=others).json() == {"jobs": []}
    for path in ("", "/quarantine", "/result"):
        answer = api.http.get(f"/v1/jobs/{job['job_id']}{path}", headers=others)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert api.get(f"/v1/jobs/{job['job_id']}/result").status_code == 404


@pytest.mark.parametrize("form", ["parquet", "ndjson"])
def test_everybody_is_exported_as_they_are(api: Api, form: str) -> None:
    api.tell("pos", "1", **INES, consents={"marketing.email": {"status": "granted"}})
    api.tell("ecommerce", "7", **INES)
    api.tell("pos", "2", **BERT)
    job = finished(api, api.post("/v1/exports", {"format": form}))
    assert (job["status"], job["report"]["profiles"]) == ("done", 2)
    result = api.get(f"/v1/jobs/{job['job_id']}/result")
    assert result.headers["cache-control"] == "no-store"
    assert result.headers["content-disposition"].startswith("attachment")
    rows = {row["email"]: row for row in read(result.content, form)}
    assert rows.keys() == {INES["email"], BERT["email"]}
    ines = rows[INES["email"]]
    assert dict(ines["consents"]) == {"marketing.email": "granted"}
    assert ines["records"] == [
        {"source": "ecommerce", "source_record_id": "7"},
        {"source": "pos", "source_record_id": "1"},
    ]


def read(content: bytes, form: str) -> list[dict[str, Any]]:
    if form == "parquet":
        return list(pq.read_table(io.BytesIO(content)).to_pylist())
    rows = [json.loads(line) for line in content.splitlines()]
    return [{**row, **row["values"]} for row in rows]


def test_an_export_shows_what_who_asked_for_it_may_see(api: Api) -> None:
    api.tell("pos", "1", **INES, consents={"marketing.email": {"status": "granted"}})
    api.tell("pos", "2", **BERT)
    scopes = [Scope.EXPORT, Scope.JOBS_READ, Scope.PURPOSE_MARKETING]
    seen = {}
    for purpose in (None, "marketing"):
        asked = {"format": "ndjson", "purpose": purpose}
        answer = api.http.post("/v1/exports", json=asked, headers=api.headers(*scopes))
        job = finished(api, answer)
        path = f"/v1/jobs/{job['job_id']}/result"
        seen[purpose] = read(api.http.get(path, headers=api.headers(*scopes)).content, "ndjson")
        assert job["report"]["withheld"] == (1 if purpose else 0)
    assert {row["email"] for row in seen[None]} == {"i***@e***", "b***@s***"}
    assert [row["email"] for row in seen["marketing"]] == [INES["email"]]
    refused = api.http.post("/v1/exports", json={"purpose": "fraud"}, headers=api.headers(*scopes))
    assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
    clear = finished(api, api.post("/v1/exports", {"format": "ndjson"}))
    blind = api.http.get(f"/v1/jobs/{clear['job_id']}/result", headers=api.headers(Scope.JOBS_READ))
    assert blind.status_code == 403


def test_a_result_is_there_when_it_is_whole_and_goes_after_two_days(api: Api) -> None:
    api.tell("pos", "1", **INES)
    answer = api.post("/v1/exports", {})
    path = f"/v1/jobs/{answer.json()['job_id']}/result"
    early = api.get(path)
    assert (early.status_code, early.json()["code"]) == (409, "NOT_DONE")
    finished(api, answer)
    assert api.get(path).status_code == 200
    (file,) = spool_of(api.service).folder.iterdir()
    then = time.time() - timedelta(hours=49).total_seconds()
    os.utime(file, (then, then))
    assert spool_of(api.service).forget(timedelta(hours=48)) == 1
    assert api.get(path).status_code == 404


def test_a_job_whose_worker_died_is_begun_anew_and_ends_the_same(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [{"source_record_id": str(n), "email": f"x{n}@example.com"} for n in range(600)]
    answer = send(api, lines(*rows, "{"))

    class Died(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Died

    monkeypatch.setattr(working._Beat, "reached", dies)
    with pytest.raises(Died):
        work_off(api.service)
    monkeypatch.undo()
    assert work_off(api.service) == 0, "it was heard of a moment ago"
    monkeypatch.setattr(working, "SILENT", timedelta(0))
    job = finished(api, answer)
    assert (job["status"], job["attempts"], job["report"]["accepted"]) == ("done", 2, 600)
    page = api.get(f"/v1/jobs/{job['job_id']}/quarantine").json()
    assert [row["row"] for row in page["rows"]] == [601]


def test_a_job_that_kills_its_workers_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = send(api, lines({"source_record_id": "1", **INES}))
    log = api.service.store.jobs(SystemClock())
    for _ in range(5):
        assert log.take(timedelta(seconds=-1))
    monkeypatch.setattr(working, "SILENT", timedelta(seconds=-1))
    job = finished(api, answer)
    assert (job["status"], job["problem"]["code"]) == ("failed", "GAVE_UP")


def test_who_was_taken_for_dead_stops_and_says_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = send(api, lines(*({"source_record_id": str(n), **INES} for n in range(3))))
    log, ends = api.service.store.jobs(SystemClock()), list[JobStatus]()

    def meanwhile(beat: Any, *_: Any) -> None:
        taken = log.take(timedelta(seconds=-1))
        assert taken
        assert not log.beat(beat.job, {})
        beat.kept = False
        ends.append(JobStatus.RUNNING)
        raise working._TakenOver

    monkeypatch.setattr(working._Beat, "reached", meanwhile)
    told: list[Any] = []
    monkeypatch.setattr(working, "_MOST_ATTEMPTS", 99)
    assert work_off(api.service, lambda _, report: told.append(report)) == 1
    assert told == [{"taken_over": True}]
    assert api.get(answer.headers["location"]).json()["status"] == "running"
    assert spool_of(api.service).upload(answer.json()["job_id"]).is_file(), "the other one needs it"


def test_files_are_for_their_owner_alone(lite: Api) -> None:
    answer = send(lite, lines({"source_record_id": "1", **INES}))
    folder = spool_of(lite.service).folder
    file = spool_of(lite.service).upload(answer.json()["job_id"])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert upload_name("x") == "upload:x"


def test_a_file_that_breaks_off_leaves_nothing(lite: Api) -> None:
    def broken() -> Any:
        yield lines({"source_record_id": "1", **INES})
        raise RuntimeError

    answer = lite.http.post("/v1/uploads", content=broken(), headers=lite.headers())
    assert answer.status_code == 500
    folder = spool_of(lite.service).folder
    assert not (folder.is_dir() and list(folder.iterdir()))
    assert lite.get("/v1/jobs").json() == {"jobs": []}


def test_a_full_disk_is_a_matter_of_later(lite: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = send(lite, lines({"source_record_id": "1", **INES}))
    assert (answer.status_code, answer.json()["code"]) == (503, "E222")
    assert "retry-after" in answer.headers
    assert not list(spool_of(lite.service).folder.iterdir())


def test_a_file_larger_than_is_taken_is_refused(at: Any, sqlite_url: str) -> None:
    api = at(sqlite_url, upload_limit=1_000, body_limit=100)
    assert send(api, b'{"source_record_id":"1"}\n' * 20).status_code == 202
    over = send(api, iter([b"x" * 600] * 2))  # type: ignore[arg-type]
    assert (over.status_code, over.json()["code"]) == (413, "TOO_LARGE")
    left = [each.name for each in Path(spool_of(api.service).folder).iterdir()]
    assert len(left) == 1
