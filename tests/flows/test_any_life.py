"""Whatever happens to records, in whatever order: every committed state keeps the invariants (I1 to I6, I11)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any

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
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.record import RecordKey
from tests.databases import PostgresServer

from .conftest import Ready
from .real_time import arrival, contradictions, deleted, rebuilt, rows, state

# Few values, so that records meet, names collide, blocks overflow and values turn generic.
RECORD = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["pos", "erp"]),
        "source_record_id": st.sampled_from([f"{number:02}" for number in range(14)]),
        "given_name": st.sampled_from(["Maria", "Mary", "Jon", "John", "Wei", None]),
        "family_name": st.sampled_from(["Lopez", "Lopes", "Berg", "Chen", None]),
        "birth_date": st.sampled_from(["1980-05-01", "1980-01-05", "1999-12-31", None]),
        "email": st.sampled_from(["maria@lopez.example", "info@store.example", None]),
        "phone": st.sampled_from(["2125550142", "2125550100", "2125550143", None]),
        "city": st.sampled_from(["Boston", "Austin", None]),
        "loyalty_id": st.sampled_from(["L-77", "L-78", None, None]),
    }
)


ENDS = ("live", "empty")
WISH = Wish("ines")
PICK = st.integers(0, 999)
BROKEN = """select * from verdict v
    join crosswalk a on a.source = v.left_source and a.source_record_id = v.left_id and a.valid_to is null
    join crosswalk b on b.source = v.right_source and b.source_record_id = v.right_id and b.valid_to is null
    where v.withdrawn_at is null and (v.judgement = 'match') <> (a.golden_id = b.golden_id)"""


class Life(RuleBasedStateMachine):
    """Some records, told, changed, deleted; decided about by people, who take that back; decided again at any time;
    rebuilt as a whole at any time."""

    begin: Callable[[], AbstractContextManager[Service]]

    @initialize()
    def open(self) -> None:
        self._opened = self.begin()
        self.service = self._opened.__enter__()
        self.url = self.service.settings.database_url
        self.issued: set[str] = set()

    @rule(records=st.lists(RECORD, min_size=1, max_size=6))
    def tell(self, records: list[dict[str, Any]]) -> None:
        ingest(self.service.desk, [arrival(record) for record in records])

    @rule(source=st.sampled_from(["pos", "erp"]), number=st.integers(0, 13))
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

    @rule()
    def decide_again(self) -> None:
        drain(self.service.desk)
        assert state(self.url).differences(rebuilt(self.service)) == {}

    @rule()
    def rebuild(self) -> None:
        drain(self.service.desk)
        before, told = state(self.url), rows(self.url, "select count(*) from event")
        if before.people:
            rematch(self.service.workshop, Stages(), model=self.service.active_model())
        assert state(self.url).differences(before) == {}
        assert rows(self.url, "select count(*) from event") == told

    @invariant()
    def what_people_decided_holds(self) -> None:
        assert rows(self.url, BROKEN) == []

    @invariant()
    def one_story(self) -> None:
        assert contradictions(self.url) == {}

    @invariant()
    def every_id_ever_issued_resolves(self) -> None:
        """To itself while it is live, in one hop to a live one, or to a profile that has come to its end."""
        known = dict(rows(self.url, "select golden_id, status from golden_profile"))
        assert known.keys() >= self.issued
        self.issued = set(known)
        redirects = dict(rows(self.url, "select retired, survivor from redirect"))
        for golden_id, status in known.items():
            assert status in ENDS or known[redirects[golden_id]] in ENDS

    def teardown(self) -> None:
        if hasattr(self, "service"):
            self.decide_again()
            self._opened.__exit__(None, None, None)


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


def test_any_life_on_sqlite(
    ready: Ready, rules: Path | None, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @contextmanager
    def begin() -> Iterator[Service]:
        file = tmp_path_factory.mktemp("life") / "identity.db"
        file.write_bytes(migrated_file.read_bytes())
        service = ready(f"sqlite:///{file}", rules)
        yield service
        service.store.close()

    live(begin, lives=20)


@pytest.mark.postgresql
def test_any_life_on_postgresql(
    ready: Ready, rules: Path | None, postgresql: PostgresServer, migrated_postgresql: str
) -> None:
    @contextmanager
    def begin() -> Iterator[Service]:
        with postgresql.database(like=migrated_postgresql) as url:
            service = ready(url, rules)
            yield service
            service.store.close()

    live(begin, lives=5)
