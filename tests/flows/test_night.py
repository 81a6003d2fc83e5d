"""The nightly re-match proposes, keeps to its limits, asks beyond them, and gets on with writers (I2, I4, I6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from identity.bootstrap import Service, SystemClock
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, keep_apart, merge, split, undo
from identity.flows.models import compare_models
from identity.flows.night import Night, full, incremental
from identity.flows.night.full import By
from identity.flows.night.running import Options, Told, drained
from identity.flows.redo import drain
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused, LookupFailed, StoreError
from identity.model.match import MatchModel
from identity.model.record import RecordKey
from identity.model.run import RematchLimits, Run, RunKind, RunStatus
from identity.ports import BatchEngine, Resolution, StageTimer, StoredModel
from matching_rules.model_file import model_to_json

from .conftest import Person, Ready
from .real_time import arrival, contradictions, deleted, ingest_all, rebuilt, rows, state
from .test_any_life import BROKEN

WISH = Wish("ines")
ANYTHING = RematchLimits(profiles_changed=1, loyalty_accounts_moved=1, largest_profile=10_000, at_least=10**6)
NOTHING = RematchLimits(profiles_changed=0, loyalty_accounts_moved=0, largest_profile=0, at_least=0)


def some(sampled: Sequence[Person], people: int, seed: int = 1) -> list[Person]:
    """All records of some people."""
    chosen = set(Random(seed).sample(sorted({record["person_id"] for record in sampled}), people))
    return [dict(record) for record in sampled if record["person_id"] in chosen]


def night(service: Service, limits: RematchLimits = ANYTHING, **other: Any) -> Night:
    return replace(service.night, limits=limits, **other)


def homes(service: Service) -> dict[tuple[str, str], GoldenId]:
    asked = "select source, source_record_id, golden_id from crosswalk where valid_to is null"
    return {
        (source, record): GoldenId(home)
        for source, record, home in rows(service.settings.database_url, asked)
    }


def sound(service: Service) -> None:
    url = service.settings.database_url
    drain(service.desk)
    assert contradictions(url) == {}
    assert rows(url, BROKEN) == []
    assert state(url).differences(rebuilt(service)) == {}


def count(service: Service, table: str) -> int:
    return int(rows(service.settings.database_url, f"select count(*) from {table}")[0][0])


def another(model: MatchModel, threshold_like: float) -> MatchModel:
    """A model that believes in fewer or more matches."""
    version = f"{model.version}-{threshold_like:g}"
    return replace(model, version=version, prior_match=model.prior_match * threshold_like)


def put(service: Service, model: MatchModel) -> MatchModel:
    with service.store.begin(SystemClock()) as work:
        work.keep_model(StoredModel(model.version, model_to_json(model).decode()), work.at)
    return model


class Interloper:
    """An engine beside which somebody writes: after everything was weighed, before anything is stored."""

    def __init__(self, engine: BatchEngine, meanwhile: Callable[[], object]) -> None:
        self._engine, self._meanwhile = engine, meanwhile

    def resolve(
        self,
        records: pa.Table,
        stages: StageTimer,
        model: MatchModel | None = None,
        verdicts: pa.Table | None = None,
        *,
        adaptable: bool = False,
    ) -> Resolution:
        found = self._engine.resolve(records, stages, model, verdicts, adaptable=adaptable)
        self._meanwhile()
        return found


def beside(service: Service, meanwhile: Callable[[], object]) -> Night:
    engine = Interloper(service.workshop.engine, meanwhile)
    return night(service, shop=replace(service.workshop, engine=engine))


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url)


def test_unchanged_data_changes_no_id_and_tells_nothing(service: Service, sampled: list[Person]) -> None:
    ingest_all(service, some(sampled, 120))
    before, told = homes(service), count(service, "event")
    for run in (full(night(service, NOTHING), Stages()), incremental(night(service, NOTHING), Stages())):
        assert run.status is RunStatus.APPLIED
        assert run.report["impact"]["records_moved"] == 0
        assert run.report["decided_again"] == 0
    assert (homes(service), count(service, "event")) == (before, told)


def test_new_records_change_only_the_profiles_they_touch(service: Service, sampled: list[Person]) -> None:
    records = some(sampled, 120)
    ingest_all(service, records[5:])
    full(night(service, NOTHING), Stages())
    before = homes(service)
    ingest_all(service, records[:5])
    fresh = homes(service)
    touched = {fresh[key] for key in fresh.keys() - before.keys()}
    assert {fresh[key] for key in before if fresh[key] != before[key]} <= touched
    run = incremental(night(service, NOTHING), Stages())
    assert run.report["records_looked_at"] == 5
    assert homes(service) == fresh
    full(night(service, NOTHING), Stages())
    assert homes(service) == fresh
    sound(service)


def test_what_waits_is_rehearsed_then_decided_again(service: Service) -> None:
    crowd = [
        {"source": "pos", "source_record_id": f"{n:02}", "given_name": chr(65 + n) * 4, "family_name": chr(97 + n) * 5,
         "phone": "2125550100", "city": "Boston", "email": f"{n // 2}x{n // 2}@acme.example"}
        for n in range(16)
    ]  # fmt: skip
    for few in (crowd[:10], crowd[10:]):
        ingest(service.desk, [arrival(person) for person in few], inline=0)
    assert count(service, "redo") > 0
    dry = incremental(night(service), Stages(), Options(dry=True))
    assert dry.status is RunStatus.DRY
    assert count(service, "redo") > 0
    run = incremental(night(service), Stages())
    assert run.status is RunStatus.APPLIED
    assert run.report["impact"] == dry.report["impact"]
    assert count(service, "redo") == 0
    sound(service)


def test_over_a_limit_it_waits_and_says_why(
    service: Service, sampled: list[Person], model: MatchModel
) -> None:
    ingest_all(service, some(sampled, 120))
    strict = put(service, another(model, 1e-6))
    before, told = homes(service), count(service, "event")
    run = full(night(service, NOTHING), Stages(), by=By(model=strict))
    assert run.status is RunStatus.WAITING
    assert "profiles_changed" in {breach["limit"] for breach in run.report["breaches"]}
    assert service.runs.moves(run.run_id).num_rows == run.report["impact"]["records_moved"] > 0
    assert (homes(service), count(service, "event")) == (before, told)
    assert service.active_model().version == model.version


def test_what_a_person_approved_is_carried_out_and_nothing_else(
    service: Service, sampled: list[Person], model: MatchModel
) -> None:
    ingest_all(service, some(sampled, 120))
    strict = put(service, another(model, 1e-6))
    waiting = full(night(service, NOTHING), Stages(), by=By(model=strict))
    moves = {(m["source"], m["source_record_id"]) for m in service.runs.moves(waiting.run_id).to_pylist()}
    before = homes(service)
    done = full(
        night(service, NOTHING), Stages(), Options(approved=waiting.run_id, actor="ines"), By(model=strict)
    )
    assert done.status is RunStatus.APPLIED
    after = homes(service)
    assert {key for key in before if before[key] != after[key]} == moves
    decided = service.runs.run(waiting.run_id)
    assert decided is not None
    assert (decided.status, decided.decided_by) == (RunStatus.APPLIED, "ines")
    assert service.active_model().version == strict.version
    sound(service)
    with pytest.raises(DecisionRefused):
        full(night(service, NOTHING), Stages(), Options(approved=waiting.run_id), By(model=strict))


def test_an_approval_does_not_cover_what_came_after_it(
    service: Service, sampled: list[Person], model: MatchModel
) -> None:
    records = some(sampled, 160)
    strict = put(service, another(model, 1e-6))
    ingest_all(service, records[: len(records) // 2])
    waiting = full(night(service, NOTHING), Stages(), by=By(model=strict))
    ingest_all(service, records[len(records) // 2 :])
    again = full(night(service, NOTHING), Stages(), Options(approved=waiting.run_id), By(model=strict))
    assert again.status is RunStatus.WAITING
    assert service.active_model().version == model.version


def test_a_dry_run_changes_nothing(service: Service, sampled: list[Person], model: MatchModel) -> None:
    ingest_all(service, some(sampled, 60))
    before = (state(service.settings.database_url), homes(service), count(service, "event"))
    run = full(night(service), Stages(), Options(dry=True), By(model=put(service, another(model, 1e-6))))
    assert run.status is RunStatus.DRY
    assert run.report["impact"]["records_moved"] > 0
    after = (state(service.settings.database_url), homes(service), count(service, "event"))
    assert after == before
    assert service.active_model().version == model.version


@pytest.mark.parametrize("seed", range(4))
def test_another_model_takes_over_beside_writers(
    service: Service, sampled: list[Person], model: MatchModel, seed: int
) -> None:
    random, records = Random(seed), some(sampled, 120, seed)
    random.shuffle(records)
    early, late = records[:200], records[200:]
    for record in records:
        if random.random() < 0.1:
            record["phone"] = "2125550100"
    ingest_all(service, early)

    def meanwhile() -> None:
        ingest(service.desk, [arrival(record) for record in late])
        changed = [
            dict(record, city="Springfield", phone="3125550" + f"{n:03}")
            for n, record in enumerate(early[:20])
        ]
        ingest(service.desk, [arrival(record) for record in changed])
        ingest(service.desk, [deleted(RecordKey(r["source"], r["source_record_id"])) for r in early[30:40]])
        found = sorted(set(homes(service).values()))
        merge(service.desk, found[:2], WISH)
        keep_apart(service.desk, found[3], found[4], WISH)

    loose = put(service, another(model, 50.0 if seed % 2 else 1e-4))
    run = full(beside(service, meanwhile), Stages(), by=By(model=loose))
    assert run.status is RunStatus.APPLIED
    assert service.active_model().version == loose.version
    sound(service)


def test_an_audit_beside_writers_finds_nothing_of_its_own_to_change(
    service: Service, sampled: list[Person]
) -> None:
    records = some(sampled, 120)
    ingest_all(service, records[:200])
    run = full(beside(service, lambda: ingest_all(service, records[200:])), Stages())
    assert run.status is RunStatus.APPLIED
    assert run.report["queued"] == 0
    sound(service)


def test_a_flaw_in_what_is_stored_is_found_and_mended(service: Service, sampled: list[Person]) -> None:
    from .whole import spoil

    ingest_all(service, some(sampled, 60))
    before = state(service.settings.database_url)
    spoil(service.settings.database_url, "delete from link where match_weight > 8")
    run = full(night(service, NOTHING), Stages())
    assert run.report["queued"] > 0
    assert state(service.settings.database_url).differences(before) == {}
    sound(service)


def test_a_drain_that_changes_more_than_expected_stops(service: Service) -> None:
    people = [
        {"source": "pos", "source_record_id": f"{n:02}", "given_name": f"{chr(65 + n)}nna", "family_name": "Kowalczyk",
         "phone": f"21255501{n:02}", "email": f"a{n}@acme.example", "birth_date": f"19{40 + n}-01-02"}
        for n in range(60)
    ]  # fmt: skip
    ingest(service.desk, [arrival(person) for person in people], inline=0)
    told = Told(Run("r", RunKind.INCREMENTAL, RunStatus.RUNNING, SystemClock().now(), SystemClock().now()))
    with service.store.online(SystemClock()) as work:
        from identity.ports import Redo, RedoKind

        work.put_redo([Redo(RedoKind.RECORD, n, "test") for n in range(1, 61)])
    from .whole import spoil

    spoil(service.settings.database_url, "update golden_profile set fingerprint = 'another'")
    done = drained(night(service, NOTHING), told, profiles=60, expected=0)
    assert done["stopped"]
    assert count(service, "redo") > 0


def test_one_rematch_at_a_time(service: Service, sampled: list[Person]) -> None:
    ingest_all(service, some(sampled, 20))
    now = SystemClock().now()
    service.runs.begin(Run("stuck", RunKind.FULL, RunStatus.RUNNING, now, now))
    with pytest.raises(StoreError, match="E413"):
        full(night(service), Stages())
    service.runs.decide("stuck", RunStatus.INTERRUPTED, "ines", now)
    assert full(night(service), Stages()).status is RunStatus.APPLIED


def test_a_run_that_fell_silent_is_given_up_and_one_told_again_goes_on(
    service: Service, sampled: list[Person]
) -> None:
    ingest_all(service, some(sampled, 20))
    long_ago = SystemClock().now() - timedelta(hours=1)
    service.runs.begin(Run("silent", RunKind.FULL, RunStatus.RUNNING, long_ago, long_ago))
    assert incremental(night(service), Stages()).status is RunStatus.APPLIED
    silent = service.runs.run("silent")
    assert silent is not None
    assert silent.status is RunStatus.INTERRUPTED
    now = SystemClock().now()
    service.runs.begin(Run("killed", RunKind.FULL, RunStatus.RUNNING, now, now))
    again = full(night(service), Stages(), Options(run_id="killed"))
    assert (again.run_id, again.status) == ("killed", RunStatus.APPLIED)


def test_a_run_that_fails_says_so_and_lets_others_begin(service: Service, sampled: list[Person]) -> None:
    ingest_all(service, some(sampled, 20))

    def fail() -> None:
        raise StoreError("E407", "The database refused: it is full; nothing of this change was kept.")

    with pytest.raises(StoreError, match="E407"):
        full(beside(service, fail), Stages())
    (run,) = service.runs.runs()
    assert (run.status, run.report["failure"]) == (RunStatus.FAILED, "E407")
    assert full(night(service), Stages()).status is RunStatus.APPLIED


def test_an_unknown_run_cannot_be_approved(service: Service, sampled: list[Person]) -> None:
    ingest_all(service, some(sampled, 20))
    with pytest.raises(LookupFailed, match="E505"):
        full(night(service), Stages(), Options(approved="nobody"))


def test_models_are_compared_promoted_and_rolled_back(
    service: Service, sampled: list[Person], model: MatchModel
) -> None:
    ingest_all(service, some(sampled, 120))
    before = homes(service)
    strict = put(service, another(model, 1e-6))
    found = compare_models(service.workshop, Stages(), model, strict)
    assert found.contrast.split > 0
    assert found.first.clusters < found.second.clusters
    assert found.contrast.pairs_in_second_only == 0
    assert len(found.examples) > 0
    full(night(service), Stages(), by=By(model=strict))
    assert len(set(homes(service).values())) == found.second.clusters
    full(night(service), Stages(), by=By(model=model))
    assert homes(service) == before
    assert [each.version for each in service.store.views.activations()][:2] == [model.version, strict.version]
    sound(service)


def test_thirty_nights_never_break_a_stewards_decision(
    service: Service, sampled: list[Person], model: MatchModel
) -> None:
    random, records = Random(7), some(sampled, 90, 7)
    random.shuffle(records)
    models = [model, put(service, another(model, 30.0)), put(service, another(model, 1e-5))]
    done: list[str] = []
    for turn in range(30):
        day, records = records[:6], records[6:]
        ingest_all(service, day)
        live = sorted(set(homes(service).values()))
        for _ in range(2):
            try:
                match random.randrange(4):
                    case 0:
                        done.append(merge(service.desk, random.sample(live, 2), WISH).operation.operation_id)
                    case 1:
                        whole = random.choice(live)
                        members = service.store.views.members(whole)
                        split(service.desk, whole, members[: len(members) // 2], WISH)
                    case 2:
                        one, other = random.sample(live, 2)
                        keep_apart(service.desk, one, other, WISH)
                    case _ if done:
                        undo(service.desk, done.pop(), WISH)
            except DecisionRefused:
                pass
        if turn % 3 == 2:
            full(night(service), Stages(), by=By(model=models[turn // 3 % 3]))
        else:
            incremental(night(service), Stages())
        assert rows(service.settings.database_url, BROKEN) == []
    sound(service)
