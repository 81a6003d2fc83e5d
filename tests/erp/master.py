"""A master whose people have accounts in a real ERP, and who follows the log for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from erp import Erp
from identity.bootstrap import Service
from identity.connectors.told import arrival_of, deletion_of
from identity.consumers.erp import ErpFollower
from identity.consumers.feeds import LogFeed
from identity.consumers.following import Following
from identity.flows.judge import Wish
from identity.flows.lookup import ByRecord
from identity.model.cluster import GoldenId
from identity.model.erp import ErpPolicy
from identity.model.record import RecordKey
from identity.ports.erp import ErpAccounts
from tests.consumers.world import MovingClock
from tests.erp.shop import Clerk, tryton

__all__ = ["POLICY", "People", "following"]

POLICY = ErpPolicy(attributes=("email", "phone"))


@dataclass
class People:
    """Records of the ERP's source, told as their accounts are; each a person of their own at first."""

    service: Service
    clerk: Clerk
    clock: MovingClock = field(default_factory=MovingClock)

    def open(self, name: str, **told: str) -> str:
        """An account there and its record here; its number."""
        number = self.clerk.open(name)
        self.tell(number, full_name=name, **told)
        return number

    def tell(self, number: str, **told: str) -> None:
        arrival = arrival_of(RecordKey("erp", number), told, self.clock.now(), {})
        self.service.ingest([arrival])

    def forget(self, number: str) -> None:
        self.service.ingest([deletion_of(RecordKey("erp", number), "live", self.clock.now())])

    def home(self, number: str) -> GoldenId:
        (answer,) = self.service.lookup([ByRecord(RecordKey("erp", number))])
        assert len(answer.golden_ids) == 1
        return answer.golden_ids[0]

    def merge(self, *numbers: str) -> str:
        """By a person; the operation."""
        ids = list(dict.fromkeys(self.home(number) for number in numbers))
        return str(self.service.decisions.merge(ids, Wish("tests", "one person")).operation.operation_id)

    def split(self, *numbers: str) -> str:
        keys = [RecordKey("erp", number) for number in numbers]
        decided = self.service.decisions.split(self.home(numbers[0]), keys, Wish("tests", "two"))
        return str(decided.operation.operation_id)

    def undo(self, operation_id: str) -> None:
        self.service.decisions.undo(operation_id, Wish("tests", "back"))

    def borne(self, *numbers: str) -> list[list[str]]:
        """The identifiers that stand on accounts, as a person there sees them."""
        return [self.clerk.identifiers(number) for number in numbers]

    def as_here(self, *numbers: str) -> list[list[str]]:
        return [[f"golden:{self.home(number)}"] for number in numbers]


@contextmanager
def following(
    people: People, erp: Erp, policy: ErpPolicy = POLICY, url: str = "", **told: Any
) -> Iterator[Following]:
    with tryton(erp, policy, url, **told) as accounts:
        yield _following(people, accounts, policy)


def _following(people: People, accounts: ErpAccounts, policy: ErpPolicy) -> Following:
    service = people.service
    consumers = service.store.consumers(people.clock)
    follower = ErpFollower(accounts, service.store.erp_book, policy, lambda told: str(hash(told)))
    return Following(
        consumers, follower, LogFeed(consumers), people.clock, "tests", lambda e: e.event_id,
        pause=0.02, chance=lambda: 0.0,
    )  # fmt: skip
