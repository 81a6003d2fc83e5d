"""What a record or a golden id meant at any past instant is what it was seen to mean while it happened (I3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from identity.bootstrap import Service
from identity.engines.stages import Stages
from identity.flows.ingest import ingest
from identity.flows.judge import keep_apart, keep_together, merge, split, undo
from identity.flows.lookup import Answer, ByGoldenId, ByRecord, Question
from identity.flows.rematch import rematch
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import deleted, rows
from .test_judge import WISH, anna, bert, cleo, homes, key, told

DORA = {"source": "pos", "source_record_id": "d1", "given_name": "Dora", "email": "dora@mail.example"}
INSTANT = timedelta(microseconds=1)
NEVER = Answer((), "unknown")


@pytest.fixture
def service(ready: Ready, url: str) -> Service:
    return ready(url)


class Witness:
    """Looks at everything after each step, and remembers when."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._seen: list[tuple[datetime, dict[str, Answer]]] = []

    def after(self, step: Callable[[], object]) -> None:
        step()
        self._seen.append((self._last_change(), self._everything()))

    def _last_change(self) -> datetime:
        ((at,),) = rows(self._service.settings.database_url, 'select max("at") from change')
        return (at if isinstance(at, datetime) else datetime.fromisoformat(at)).astimezone(UTC)

    def _everything(self) -> dict[str, Answer]:
        """What every id and every record means now, told by what is in force."""
        url, service = self._service.settings.database_url, self._service
        ids = [GoldenId(row[0]) for row in rows(url, "select golden_id from golden_profile")]
        keys = [RecordKey(*row) for row in rows(url, "select source, source_record_id from source_record")]
        answers = service.lookup([*map(ByGoldenId, ids), *map(ByRecord, keys)])
        return {
            str(name): replace(
                answer,
                records=service.store.views.members(answer.golden_ids[0]) if answer.golden_ids else (),
            )
            for name, answer in zip([*ids, *keys], answers, strict=True)
        }

    def agrees(self) -> bool:
        """Every moment is told as it was seen, up to the instant before the next one."""
        names = list(self._seen[-1][1])
        ends = [at for at, _ in self._seen[1:]] + [datetime.now(UTC) + timedelta(days=1)]
        assert self._told(names, self._seen[0][0] - INSTANT) == dict.fromkeys(names, NEVER)
        for (begin, seen), end in zip(self._seen, ends, strict=True):
            expected = {name: seen.get(name, NEVER) for name in names}
            assert self._told(names, begin) == expected
            assert self._told(names, end - INSTANT) == expected
        return True

    def _told(self, names: list[str], moment: datetime) -> dict[str, Answer]:
        asked = [
            ByRecord(RecordKey(*name.split(":")), moment)
            if ":" in name
            else ByGoldenId(GoldenId(name), moment)
            for name in names
        ]
        return dict(zip(names, self._service.lookup(asked), strict=True))


def test_every_moment_of_a_life_is_told_as_it_was(service: Service) -> None:
    desk, seen = service.desk, Witness(service)
    for record in (anna("a1"), anna("a2"), bert("b1"), cleo("c1"), cleo("c2"), cleo("c3"), DORA):
        seen.after(lambda record=record: told(service, record))  # type: ignore[misc]
    ann, ben, cle = homes(service, "a1", "b1", "c1")
    first = merge(desk, [ann, ben], WISH)
    seen.after(lambda: None)
    second = merge(desk, [ann, cle], WISH, into=cle)
    seen.after(lambda: None)
    seen.after(lambda: undo(desk, second.operation.operation_id, WISH))
    seen.after(lambda: undo(desk, first.operation.operation_id, WISH))
    seen.after(lambda: split(desk, cle, [key("c3")], WISH))
    seen.after(lambda: keep_together(desk, key("c3"), key("d1"), WISH))
    seen.after(lambda: keep_apart(desk, key("a1"), key("a2"), WISH))
    seen.after(lambda: ingest(desk, [deleted(key("b1"))]))
    seen.after(lambda: ingest(desk, [deleted(key("c3"))]))
    seen.after(lambda: told(service, bert("b1", city="Boston")))
    seen.after(lambda: told(service, anna("c2", city="Boston")))
    seen.after(lambda: rematch(service.workshop, Stages(), model=service.active_model()))
    assert seen.agrees()


def test_an_id_that_was_merged_away_and_came_back_meant_three_things(service: Service) -> None:
    told(service, anna("a1"))
    told(service, bert("b1"))
    ann, ben = homes(service, "a1", "b1")
    before = datetime.now(UTC)
    done = merge(service.desk, [ann, ben], WISH, into=ann)
    merged = datetime.now(UTC)
    undo(service.desk, done.operation.operation_id, WISH)
    asked = [ByGoldenId(ben, moment) for moment in (before, merged, None)]
    assert service.lookup(asked) == [
        Answer((ben,), "live", records=(key("b1"),)),
        Answer((ann,), "live", redirected=True, records=(key("a1"), key("b1"))),
        Answer((ben,), "live"),
    ]


def test_what_nobody_was_given_meant_nothing_at_any_moment(service: Service) -> None:
    told(service, anna("a1"))
    now = datetime.now(UTC)
    asked: list[Question] = [
        ByGoldenId(GoldenId("g-unknown"), now),
        ByRecord(key("nobody"), now),
        ByRecord(key("\0"), now),
    ]
    assert service.lookup(asked) == [NEVER] * 3
