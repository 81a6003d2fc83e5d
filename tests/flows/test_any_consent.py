"""Random lives of consent in a database: records, facts, merges, undoes, loads; always what a rebuild would say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

import pytest

from identity.bootstrap import Service
from identity.connectors.told import arrival_of
from identity.flows.consent import Said, Teller
from identity.flows.ingest import ingest
from identity.flows.judge import Wish, merge, undo
from identity.flows.lookup import ByGoldenId, ByIdentifier, ByRecord, Question
from identity.flows.redo import drain
from identity.model.cluster import GoldenId
from identity.model.errors import DecisionRefused
from identity.model.record import RecordKey

from .conftest import Ready
from .real_time import contradictions, deleted, rebuilt, rows, state

NAMES = (("Anna", "Okafor"), ("Bert", "Lindqvist"), ("Cleo", "Marsh"), ("Dora", "Quispe"))
MAILS = ("anna@shop.example", "home@mail.example", "dora@mail.example")
CONSENTS = ("marketing.email", "profiling.any")
STATUSES = ("granted", "granted", "granted", "denied", "withdrawn", "objected", "unknown")
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=30)
_NUMBERS = count()


class Life:
    def __init__(self, service: Service, chance: Random) -> None:
        self.service, self.chance = service, chance
        self.merges: list[str] = []

    def key(self) -> RecordKey:
        return RecordKey("pos", str(self.chance.randrange(6)))

    def moment(self) -> datetime:
        return START + timedelta(hours=self.chance.randrange(24 * 31))

    def homes(self) -> list[GoldenId]:
        found = rows(
            self.service.settings.database_url, "select golden_id from golden_profile where status = 'live'"
        )
        return sorted(GoldenId(golden_id) for (golden_id,) in found)

    def tell(self) -> None:
        key = self.key()
        given, family = NAMES[int(key.source_record_id) % 4]
        told = {"given_name": given, "family_name": family, "email": self.chance.choice(MAILS)}
        said: dict[str, dict[str, str]] = {}
        if self.chance.random() < 0.6:
            said = {self.chance.choice(CONSENTS): {"status": self.chance.choice(STATUSES)}}
            for each in said.values():
                if self.chance.random() < 0.5:
                    each["captured_at"] = self.moment().isoformat()
        ingest(self.service.desk, [arrival_of(key, told, self.moment(), said)])

    def say(self) -> None:
        homes = self.homes()
        about: list[Question] = [ByIdentifier("email", self.chance.choice(MAILS)), ByRecord(self.key())]
        if homes:
            about.append(ByGoldenId(self.chance.choice(homes)))
        purpose, channel = self.chance.choice(CONSENTS).split(".")
        status, whom = self.chance.choice(STATUSES), self.chance.choice(about)
        said = Said(whom, purpose, channel, status, self.moment())
        self.service.consents.tell([said], Teller("tests", f"said-{next(_NUMBERS)}"))

    def forget(self) -> None:
        ingest(self.service.desk, [deleted(self.key())])

    def merge(self) -> None:
        homes = self.homes()
        if len(homes) > 1:
            try:
                done = merge(self.service.desk, self.chance.sample(homes, 2), Wish("ann"))
                self.merges.append(done.operation.operation_id)
            except DecisionRefused:
                pass

    def undo(self) -> None:
        if self.merges:
            with suppress(DecisionRefused):
                undo(self.service.desk, self.merges.pop(), Wish("ann"))

    def step(self) -> None:
        steps: list[Callable[[], None]] = [
            self.tell, self.tell, self.say, self.say, self.say, self.merge, self.undo, self.forget,
        ]  # fmt: skip
        self.chance.choice(steps)()
        drain(self.service.desk)


@pytest.mark.parametrize("seed", range(3))
def test_what_holds_is_always_what_a_rebuild_says(ready: Ready, url: str, seed: int) -> None:
    service = ready(url)
    life = Life(service, Random(seed))
    for number in range(40):
        life.step()
        if number % 4 == 3:
            differences = state(url).differences(rebuilt(service))
            assert differences.get("people") is None, (seed, number, differences)
    assert contradictions(url) == {}
    told = rows(url, "select subject, version from event order by subject, version")
    versions: dict[str, list[int]] = {}
    for subject, version in told:
        versions.setdefault(subject, []).append(version)
    assert all(each == list(range(1, len(each) + 1)) for each in versions.values())
    assert {kind for (kind,) in rows(url, "select type from event")} >= {"customer.consent_changed"}
