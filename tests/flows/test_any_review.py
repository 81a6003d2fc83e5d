"""Whatever happens to records: the open review tasks are those that a look at everybody would open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, keep_apart, keep_together, merge, split, undo
from identity.flows.redo import drain
from identity.flows.rematch import rematch
from identity.flows.review import defer, refresh_reviews
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.record import RecordKey
from tests.databases import PostgresServer

from .conftest import Ready
from .real_time import arrival, deleted, rows

RECORD = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["pos", "erp"]),
        "source_record_id": st.sampled_from([f"{number:02}" for number in range(10)]),
        "given_name": st.sampled_from(["Maria", "Mary", "Jon", "John", "Wei", None]),
        "family_name": st.sampled_from(["Lopez", "Lopes", "Berg", "Chen", None]),
        "birth_date": st.sampled_from(["1980-05-01", "1980-01-05", "1999-12-31", None]),
        "email": st.sampled_from(["maria@lopez.example", "info@store.example", None]),
        "phone": st.sampled_from(["2125550142", "2125550100", "2125550143", None]),
        "city": st.sampled_from(["Boston", "Austin", None]),
        "loyalty_id": st.sampled_from(["L-77", "L-78", None, None]),
    }
)
WISH = Wish("ines")
PICK = st.integers(0, 999)
OPEN = """select subject, kind, status, priority, impact, uncertainty, match_weight, details
    from review_task where closed_at is null order by subject"""
LOST = """select t.task_id from review_task t left join review_subject s on s.task_id = t.task_id
    where (t.closed_at is null) <> (s.task_id is not null)"""
SPOKEN_OF = """select s.golden_id from review_subject s left join golden_profile p
    on p.golden_id = s.golden_id and p.status = 'live' where p.golden_id is null"""


class Life(RuleBasedStateMachine):
    """Some records, told, changed, deleted, decided about; what is to be looked at is known at any time."""

    begin: Callable[[], AbstractContextManager[Service]]

    @initialize()
    def open(self) -> None:
        self._opened = self.begin()
        self.service = self._opened.__enter__()
        self.url = self.service.settings.database_url

    @rule(records=st.lists(RECORD, min_size=3, max_size=12))
    def tell(self, records: list[dict[str, Any]]) -> None:
        ingest(self.service.desk, [arrival(record) for record in records])

    @rule(source=st.sampled_from(["pos", "erp"]), number=st.integers(0, 9))
    def delete(self, source: str, number: int) -> None:
        ingest(self.service.desk, [deleted(RecordKey(source, f"{number:02}"))])

    def _profiles(self) -> list[GoldenId]:
        found = rows(self.url, "select golden_id from golden_profile where status = 'live' order by 1")
        return [GoldenId(golden_id) for (golden_id,) in found]

    def _records(self) -> list[RecordKey]:
        found = "select source, source_record_id from crosswalk where valid_to is null order by 1, 2"
        return [RecordKey(*row) for row in rows(self.url, found)]

    @rule(one=PICK, other=PICK)
    def merge(self, one: int, other: int) -> None:
        if live := self._profiles():
            with suppress(DecisionRefused):
                merge(self.service.desk, [live[one % len(live)], live[other % len(live)]], WISH)

    @rule(which=PICK, some=st.sets(st.integers(0, 5), min_size=1, max_size=3))
    def split(self, which: int, some: set[int]) -> None:
        if live := self._profiles():
            golden_id = live[which % len(live)]
            members = self.service.store.views.members(golden_id)
            with suppress(DecisionRefused):
                split(self.service.desk, golden_id, {members[place % len(members)] for place in some}, WISH)

    @rule(one=PICK, other=PICK, same=st.booleans())
    def judge(self, one: int, other: int, same: bool) -> None:
        if records := self._records():
            with suppress(DecisionRefused):
                (keep_together if same else keep_apart)(
                    self.service.desk, records[one % len(records)], records[other % len(records)], WISH
                )

    @rule(which=PICK)
    def take_back(self, which: int) -> None:
        done = rows(self.url, "select operation_id from operation order by operation_id")
        done += rows(self.url, "select retired from redirect order by retired")
        if done:
            with suppress(DecisionRefused):
                undo(self.service.desk, done[which % len(done)][0], WISH)

    @rule(which=PICK)
    def put_off(self, which: int) -> None:
        if waiting := rows(self.url, "select task_id from review_task where closed_at is null order by 1"):
            defer(
                self.service.desk,
                waiting[which % len(waiting)][0],
                datetime.now(UTC) + timedelta(days=1),
                "ines",
                "on holiday",
            )

    @rule()
    def decide_again(self) -> None:
        drain(self.service.desk)

    @rule()
    def rebuild(self) -> None:
        drain(self.service.desk)
        rematch(self.service.workshop, Stages(), model=self.service.active_model())
        refresh_reviews(self.service.review_room)

    @invariant()
    def a_look_at_everybody_finds_the_same(self) -> None:
        before = rows(self.url, OPEN)
        refreshed = refresh_reviews(self.service.review_room)
        assert (refreshed.opened, refreshed.restated, refreshed.closed) == (0, 0, 0), (
            before,
            rows(self.url, OPEN),
        )

    @invariant()
    def every_open_task_is_about_live_profiles(self) -> None:
        assert rows(self.url, LOST) == []
        assert rows(self.url, SPOKEN_OF) == []
        for (details,) in rows(self.url, "select details from review_task"):
            assert orjson.loads(details).keys() <= ALLOWED

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self._opened.__exit__(None, None, None)


ALLOWED = {"records", "sources", "left", "right", "judgement", "operation_id", "deferred"}


@pytest.fixture(params=["shipped", "tight"])
def rules(request: pytest.FixtureRequest, tight_rules: Path) -> Path | None:
    return tight_rules if request.param == "tight" else None


def live(begin: Callable[[], AbstractContextManager[Service]], lives: int) -> None:
    machine = type("Life", (Life,), {"begin": staticmethod(begin)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=lives,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_life_leaves_the_tasks_of_a_look_at_everybody_on_sqlite(
    ready: Ready, rules: Path | None, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @contextmanager
    def begin() -> Iterator[Service]:
        file = tmp_path_factory.mktemp("life") / "identity.db"
        file.write_bytes(migrated_file.read_bytes())
        service = ready(f"sqlite:///{file}", rules)
        yield service
        service.store.close()

    live(begin, lives=12)


@pytest.mark.postgresql
def test_any_life_leaves_the_tasks_of_a_look_at_everybody_on_postgresql(
    ready: Ready, rules: Path | None, postgresql: PostgresServer, migrated_postgresql: str
) -> None:
    @contextmanager
    def begin() -> Iterator[Service]:
        with postgresql.database(like=migrated_postgresql) as url:
            service = ready(url, rules)
            yield service
            service.store.close()

    live(begin, lives=4)
