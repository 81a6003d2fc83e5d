"""Accounts of the ERP as records of its source. What this service has told an account is no word of the ERP's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from identity.connectors.told import arrival_of, deletion_of
from identity.model.erp import ErpAccount
from identity.model.record import RecordKey
from identity.ports import Arrival, StoredRecord

__all__ = ["changes"]


def changes(
    accounts: Iterable[ErpAccount],
    stored: Mapping[RecordKey, StoredRecord],
    source: str,
    mode: str,
) -> list[Arrival]:
    """Return what the accounts tell that is not stored. One that is out of use tells nothing any more.

    An account changes also when a reference is written to it: that its attributes are as they are stored is no news,
    and makes them no fresher.
    """
    found = [(RecordKey(source, account.number), account) for account in accounts]
    return [_told(key, each, mode) for key, each in found if _news(each, stored.get(key), mode)]


def _news(account: ErpAccount, known: StoredRecord | None, mode: str) -> bool:
    there = known is not None and known.deleted_at is None
    if not account.active or known is None or not there:
        return account.active != there
    return (dict(known.record.attributes), known.mode) != (dict(account.attributes), mode)


def _told(key: RecordKey, account: ErpAccount, mode: str) -> Arrival:
    if not account.active:
        return deletion_of(key, mode, account.changed_at)
    told = arrival_of(key, account.attributes, account.changed_at, {}, mode)
    return replace(told, ordered=True)
