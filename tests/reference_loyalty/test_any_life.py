"""Whatever happens to members, no point is made or lost, and none changes its expiry date."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.reference_loyalty.serving import Shop, merging, open_program

NUMBERS = st.integers(0, 3)
POINTS = st.integers(1, 60)
DAYS = st.sampled_from([None, "2997-01-01", "2998-01-01", "2999-01-01"])
REFUSALS = {
    "NOT_ENOUGH_POINTS",
    "ALREADY_MERGED",
    "SAME_MEMBER",
    "POINTS_SPENT",
    "MERGE_SUPERSEDED",
    "ALREADY_REVERSED",
}


class Lives(RuleBasedStateMachine):
    """Four members, and a model that knows only what was earned and spent of each expiry date."""

    platform: Shop
    lives = 0

    @initialize()
    def begin(self) -> None:
        type(self).lives += 1
        self.shop = Shop(
            self.platform.url,
            self.platform.client,
            self.platform.database,
            f"life{self.lives}",
            self.platform.keys,
        )
        open_program(self.shop.client, self.shop.program)
        self.numbers = [f"life{self.lives}-{at}" for at in range(4)]
        for number in self.numbers:
            self.shop.enrol(number)
        self.there: Counter[str | None] = Counter()
        self.merges: list[str] = []

    def attempt(self, path: str, body: Any = None) -> Any:
        reply = self.shop.call("POST", self.shop.at(path), body, f"life-{next(self.shop.keys)}")
        assert reply.is_success or reply.json()["code"] in REFUSALS, reply.text
        return reply.json() if reply.is_success else None

    @rule(at=NUMBERS, points=POINTS, day=DAYS)
    def earn(self, at: int, points: int, day: str | None) -> None:
        self.shop.earn(self.numbers[at], points, day)
        self.there[day] += points

    @rule(at=NUMBERS, points=POINTS)
    def redeem(self, at: int, points: int) -> None:
        reply = self.attempt(f"members/{self.numbers[at]}/redeem", {"points": points})
        if reply:
            spent = [each for each in self.shop_entries() if each["entry"] in reply["ledger_entries"]]
            assert -sum(each["points"] for each in spent) == points
            for each in spent:
                self.there[each["expires_on"]] += each["points"]

    @rule(one=NUMBERS, other=NUMBERS, points=POINTS | st.none())
    def transfer(self, one: int, other: int, points: int | None) -> None:
        body = {"from": self.numbers[one], "to": self.numbers[other], "points": points}
        self.attempt("transfers", body)

    @rule(one=NUMBERS, other=NUMBERS)
    def merge(self, one: int, other: int) -> None:
        reply = self.attempt("member-merges", merging(self.numbers[one], self.numbers[other]))
        if reply:
            self.merges.append(reply["merge_id"])

    @precondition(lambda self: self.merges)
    @rule(choice=st.integers(0, 99))
    def unmerge(self, choice: int) -> None:
        self.attempt(f"member-merges/{self.merges[choice % len(self.merges)]}/unmerge")

    def shop_entries(self) -> list[Any]:
        return [entry for number in self.numbers for entry in self.shop.ledger(number)]

    @invariant()
    def points_are_conserved(self) -> None:
        entries = self.shop_entries()
        booked: Counter[str | None] = Counter()
        for entry in entries:
            booked[entry["expires_on"]] += entry["points"]
        shown: Counter[str | None] = Counter()
        for member in self.shop.get("members")["members"]:
            assert member["points"] == sum(lot["points"] for lot in member["lots"])
            assert not member["points"] or member["status"] != "MERGED"
            for lot in member["lots"]:
                shown[lot["expires_on"]] += lot["points"]
        assert +booked == +shown == +self.there


@pytest.mark.parametrize("length", [12])
def test_points_are_conserved_whatever_happens(platform: Shop, length: int) -> None:
    Lives.platform = platform
    budget = settings(
        max_examples=25,
        stateful_step_count=length,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    run_state_machine_as_test(Lives, settings=budget)
