"""What `identity poll erp` does: the ERP tells nobody what changes, so it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Event
from typing import Any

from identity.bootstrap import Service, SystemClock
from identity.commands.stopping import until_stopped
from identity.connectors.erp.records import changes
from identity.connectors.one_by_one import refused_rows
from identity.connectors.remote import Unavailable
from identity.flows.ingest import Ingested
from identity.flows.intake import take
from identity.ids import new_id
from identity.model.erp import ErpAccount, ErpPolicy
from identity.model.record import RecordKey
from identity.ports import Load, LoadCounts
from identity.ports.erp import ErpAccounts

__all__ = ["OVERLAP", "poll_again", "poll_erp"]

OVERLAP = timedelta(minutes=15)
"""A change bears the moment at which its transaction began, and is seen when that ends: so far back is looked again."""

_AT_ONCE = 100
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Round:
    accounts: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: list[Ingested] = field(default_factory=list)
    latest: datetime = _NEVER


def poll_erp(
    service: Service, accounts: ErpAccounts, policy: ErpPolicy, overlap: timedelta = OVERLAP
) -> dict[str, Any]:
    """Take what has changed in the ERP since the last time; the first time, everything.

    How far it came is kept when all of it is taken: killed half-way it is done again, with the same end. Unavailable,
    Refused.
    """
    book, name = service.store.intake, f"erp:{policy.source}"
    cursor = _moment(book.cursor(name))
    since = cursor - overlap if cursor else None
    told = _Round()
    for batch in _batches(accounts.accounts(since=since)):
        _take(service, policy, batch, told)
    _quarantine(service, policy, told)
    now = SystemClock().now()
    if told.accounts:
        # A clock over there that is ahead must not hide what comes in between.
        cursor = min(max(told.latest, cursor or told.latest), now)
        book.put_cursor(name, cursor.isoformat(), now)
    return {
        "accounts": told.accounts,
        "outcomes": dict(sorted(told.outcomes.items())),
        "since": since,
        "cursor": cursor,
    }


def poll_again(
    poll: Callable[[], dict[str, Any]], every: float, tell: Callable[[dict[str, Any]], None]
) -> None:
    """Ask again and again until this process is asked to end. An ERP that is away is asked again later."""

    def rounds(stop: Event) -> None:
        while not stop.is_set():
            try:
                tell(poll())
            except Unavailable as problem:
                tell({"code": problem.code, "message": problem.message})
            stop.wait(every)

    until_stopped(rounds)


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _batches(accounts: Iterable[ErpAccount]) -> Iterator[list[ErpAccount]]:
    waiting = iter(accounts)
    while batch := list(islice(waiting, _AT_ONCE)):
        yield batch


def _take(service: Service, policy: ErpPolicy, batch: list[ErpAccount], told: _Round) -> None:
    known = service.sources.get(policy.source)
    mode = str(known.mode) if known else "live"
    keys = [RecordKey(policy.source, account.number) for account in batch]
    with service.store.look() as look:
        stored = look.stored(keys)
    news = changes(batch, stored, policy.source, mode)
    done = take(service.desk, service.store.intake, news)
    told.accounts += len(batch)
    told.outcomes.update(each.outcome.value for each in done)
    told.outcomes["unchanged"] += len(batch) - len(done)
    told.refused += [each for each in done if each.problem]
    told.latest = max(told.latest, *(account.changed_at for account in batch))


def _quarantine(service: Service, policy: ErpPolicy, told: _Round) -> None:
    refused = [(each.key, each.problem) for each in told.refused if each.problem]
    if not refused:
        return
    with service.store.begin(SystemClock()) as work:
        load = Load(new_id(), f"poll/{policy.source}", "", policy.source, work.at)
        work.start_load(load)
        work.put_quarantine(refused_rows(load, refused, work.at))
        counts = LoadCounts(told.accounts, told.accounts - len(refused), len(refused), 0)
        work.finish_load(load.load_id, counts, work.at)
