"""The end of the demonstration: two shoppers become one, and come apart again, in the systems that follow as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from identity.accounts import erp_of
from identity.bootstrap import Service, SystemClock
from identity.commands.following import consume_report
from identity.commands.neighbours import Absent, erp_server, loyalty_platform
from identity.connectors.erp import TrytonSession, TrytonSettings
from identity.connectors.erp.settings import ErpSettings
from identity.connectors.remote import Remote, RemoteSettings
from identity.connectors.told import arrival_of
from identity.flows.judge import Wish
from identity.flows.lookup import ByRecord
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.settings import ConsumerSettings

__all__ = ["street"]

_POINTS = (1_200, 340)
_PROGRAM = {
    "program": "rewards",
    "name": "Rewards",
    "tiers": [
        {"name": name, "from_points": points}
        for name, points in (("basic", 0), ("silver", 1_000), ("gold", 5_000), ("platinum", 20_000))
    ],
}


@dataclass(frozen=True, slots=True)
class _Shopper:
    """A person's loyalty member and ERP account, by their numbers."""

    member: str
    account: str

    @property
    def keys(self) -> tuple[RecordKey, RecordKey]:
        return RecordKey("loyalty", self.member), RecordKey("erp", self.account)


@dataclass(frozen=True, slots=True)
class _Street:
    """Two shoppers, a master of their own, and the systems that follow it."""

    service: Service
    shoppers: tuple[_Shopper, _Shopper]
    loyalty: Remote

    def home(self, shopper: _Shopper) -> GoldenId:
        (answer,) = self.service.lookup([ByRecord(shopper.keys[0])])
        return answer.golden_ids[0]

    def seen(self, when: str) -> dict[str, Any]:
        """Have everybody follow, and tell how the two stand."""
        consume_report(self.service)
        return {"when": when, "shoppers": [self._one(shopper) for shopper in self.shoppers]}

    def _one(self, shopper: _Shopper) -> dict[str, Any]:
        member = self.loyalty.call("GET", f"/v1/programs/rewards/members/{shopper.member}")
        own = member["number"] == shopper.member
        return {
            "member": shopper.member,
            "points": member["points"] if own else 0,
            "now": None if own else member["number"],
            "account": shopper.account,
            "golden_id": self.home(shopper),
            "reference": self._reference(shopper.account),
        }

    def _reference(self, account: str) -> str | None:
        if not self.service.settings.consumers.erp.url:
            return None
        with erp_of(self.service) as (accounts, _):
            return accounts.reference_of(account)


def street(service: Service, folder: Path, database_url: str) -> dict[str, Any]:
    """Return how two shoppers of a loaded database stand before, after a merge, and after it was taken back.

    They get an empty database of their own, and the platform keeps its own in `folder`.
    """
    pair = _pair(service, folder / "truth.parquet")
    if pair is None:
        return {"missing": "No two shoppers have a loyalty member and an ERP account each."}
    try:
        with _opened(service, folder, database_url, pair) as (opened, missing):
            moments = list(_moments(opened))
    except Absent as problem:
        return {"missing": str(problem)}
    return {"missing": missing, "moments": moments}


def _moments(opened: _Street) -> Iterator[dict[str, Any]]:
    yield opened.seen("before")
    ids = [opened.home(shopper) for shopper in opened.shoppers]
    merged = opened.service.decisions.merge(ids, Wish("demo", "one shopper, two names"))
    yield opened.seen("after a merge")
    opened.service.decisions.undo(merged.operation.operation_id, Wish("demo", "it was wrong"))
    yield opened.seen("after its undo")


def _pair(service: Service, truth: Path) -> tuple[_Shopper, _Shopper] | None:
    """Return two shoppers; if there are such, two who are one person that nobody has noticed."""
    with service.store.begin(SystemClock()) as work:
        members = work.memberships().to_pylist()
    homes: dict[str, dict[str, str]] = {}
    for row in sorted(members, key=lambda row: (row["golden_id"], row["source"], row["source_record_id"])):
        homes.setdefault(row["golden_id"], {}).setdefault(row["source"], row["source_record_id"])
    shoppers = [
        _Shopper(of["loyalty"], of["erp"]) for of in homes.values() if {"loyalty", "erp"} <= of.keys()
    ]
    people = {
        RecordKey(row["source"], row["source_record_id"]): row["person_id"]
        for row in pq.read_table(truth).to_pylist()
    }
    seen: dict[str, _Shopper] = {}
    for shopper in shoppers:
        person = people.get(shopper.keys[0], shopper.member)
        if person in seen:
            return seen[person], shopper
        seen[person] = shopper
    return (shoppers[0], shoppers[1]) if len(shoppers) > 1 else None


@contextmanager
def _opened(
    service: Service, folder: Path, database_url: str, pair: tuple[_Shopper, _Shopper]
) -> Iterator[tuple[_Street, str | None]]:
    """Open the systems, and a master in which these two are two; with the reason why one of them is missing."""
    missing, erp = None, ErpSettings()
    for old in folder.glob("loyalty-platform.db*"):
        old.unlink()
    with ExitStack() as stack:
        url = stack.enter_context(loyalty_platform(folder / "loyalty-platform.db"))
        try:
            erp = stack.enter_context(erp_server())
        except Absent as problem:
            missing = str(problem)
        settings = replace(
            service.settings,
            database_url=database_url,
            consumers=ConsumerSettings(loyalty_url=url, erp=erp),
        )
        remote = stack.enter_context(Remote(RemoteSettings(url, "the loyalty platform")))
        opened = _Street(Service(settings), pair, remote)
        stack.callback(opened.service.store.close)
        _furnish(opened, service)
        yield opened, missing


def _furnish(opened: _Street, service: Service) -> None:
    keys = [key for shopper in opened.shoppers for key in shopper.keys]
    with service.store.look() as look:
        stored = look.stored(keys)
    arrivals = [
        arrival_of(key, stored[key].record.attributes, stored[key].record.observed_at, {}) for key in keys
    ]
    opened.service.ingest(arrivals)
    for shopper in opened.shoppers:
        opened.service.decisions.keep_together(*shopper.keys, Wish("demo", "known to be one"))
    opened.loyalty.call("POST", "/v1/programs", _PROGRAM, headers={"idempotency-key": "program"})
    for shopper, points in zip(opened.shoppers, _POINTS, strict=True):
        _enrol(opened.loyalty, shopper.member, points)
    erp = opened.service.settings.consumers.erp
    if erp.url:
        _open_accounts(
            erp, {each.account: stored[each.keys[1]].record.attributes for each in opened.shoppers}
        )


def _enrol(loyalty: Remote, member: str, points: int) -> None:
    address = "/v1/programs/rewards/members"
    loyalty.call("POST", address, {"number": member}, headers={"idempotency-key": f"enrol-{member}"})
    earning = {"idempotency-key": f"earn-{member}"}
    loyalty.call("POST", f"{address}/{member}/earn", {"points": points}, headers=earning)


def _open_accounts(erp: ErpSettings, accounts: Mapping[str, Mapping[str, str]]) -> None:
    login = TrytonSettings(erp.database, erp.user, erp.password)
    parties = [{"code": number, "name": told.get("full_name", "")} for number, told in accounts.items()]
    with Remote(RemoteSettings(erp.url, "the ERP")) as remote:
        TrytonSession(remote, login).call("model.party.party.create", parties, {})
