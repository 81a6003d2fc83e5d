"""Privacy requests as they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from identity.model.audit import AuditEntry
from identity.model.privacy import PrivacyKind, PrivacyRequest, PrivacyStatus, Receipt
from identity.model.record import RecordKey
from identity.store.audit import Sealing
from identity.store.dialect import Database, Statement
from identity.store.errands import receipts_of
from identity.store.fields import Fields
from identity.store.mapping import request_of
from identity.store.tables import TABLES

__all__ = ["PrivacyLog"]

_REQUEST = TABLES["privacy_request"].c
_RECEIPT = TABLES["privacy_receipt"].c
_RESTRICTION = TABLES["restriction"].c
_SUPPRESSION = TABLES["suppression"].c
_PUT_RECEIPT = Statement(
    "INSERT INTO privacy_receipt (request_id, consumer, status, at) VALUES (:request_id, :consumer, :status, :at)"
    " ON CONFLICT (request_id, consumer) DO UPDATE SET status = excluded.status, at = excluded.at"
)
_RELEASE = Statement("DELETE FROM suppression WHERE erasure_id = :erasure_id RETURNING mark")


class PrivacyLog:
    def __init__(self, database: Database, sealing: Callable[[], Sealing], fields: Fields) -> None:
        self._database = database
        self._sealing = sealing
        self._fields = fields

    def request(self, request_id: str) -> PrivacyRequest | None:
        found = self._found(_REQUEST.request_id == request_id, 1)
        return found[0] if found else None

    def requests(
        self, status: PrivacyStatus | None = None, golden_id: str | None = None, limit: int = 100
    ) -> list[PrivacyRequest]:
        """Return requests, those that are due first before the others."""
        wanted = [_REQUEST.status == status.value] if status else []
        wanted += [_REQUEST.golden_id == golden_id] if golden_id else []
        return self._found(*wanted, limit)

    def _found(self, *told: Any) -> list[PrivacyRequest]:
        *wanted, limit = told
        asked = select(*_REQUEST).where(*wanted).order_by(_REQUEST.due_at, _REQUEST.request_id).limit(limit)
        receipts: defaultdict[str, list[Receipt]] = defaultdict(list)
        with self._database.read() as look:
            rows = look.execute(asked).all()
            ids = [row.request_id for row in rows]
            for row in look.execute(select(*_RECEIPT).where(_RECEIPT.request_id.in_(ids))):
                receipts[row.request_id].append(Receipt(row.consumer, row.status, row.at))
            for request_id, receipt in receipts_of(look, ids):
                receipts[request_id].append(receipt)
        return [
            replace(request_of(row._asdict(), self._fields), receipts=tuple(receipts[row.request_id]))
            for row in rows
        ]

    def restricted(self, golden_id: str) -> tuple[RecordKey, ...]:
        """Return the records that were under a golden id when their person asked that they be kept and not used."""
        asked = select(_RESTRICTION.source, _RESTRICTION.source_record_id).distinct()
        with self._database.read() as look:
            found = look.execute(asked.where(_RESTRICTION.golden_id == golden_id))
            return tuple(sorted(RecordKey(*row) for row in found))

    def request_ids(self) -> frozenset[str]:
        """Return the id of every request that was ever made."""
        with self._database.read() as look:
            return frozenset(look.execute(select(_REQUEST.request_id)).scalars())

    def put_receipt(self, request_id: str, receipt: Receipt) -> None:
        told = {"consumer": receipt.consumer, "status": receipt.status, "at": receipt.at}
        with self._database.write() as connection:
            connection.execute(_PUT_RECEIPT.of(request_id=request_id, **told))

    def erasures(self) -> list[str]:
        """Return the ids of the erasures that were carried out and not released."""
        kept = select(_REQUEST.request_id).where(_REQUEST.kind == PrivacyKind.ERASURE.value)
        done = kept.where(_REQUEST.status == PrivacyStatus.DONE.value)
        with self._database.read() as look:
            return list(look.execute(done.order_by(_REQUEST.decided_at)).scalars())

    def marks(self, erasure_id: str) -> frozenset[int]:
        """Return the marks that are kept of an erasure."""
        asked = select(_SUPPRESSION.mark).where(_SUPPRESSION.erasure_id == erasure_id)
        with self._database.read() as look:
            return frozenset(look.execute(asked).scalars())

    def release(self, erasure_id: str, entry: AuditEntry, at: datetime) -> int:
        """Let come back who was erased: they have come by their own will. Return how many marks that were."""
        sealing = self._sealing()
        with self._database.write() as connection:
            marks = len(connection.ask(_RELEASE.of(erasure_id=erasure_id))())
            head = sealing.append(connection, [entry], at)
        sealing.told(head)
        return marks
