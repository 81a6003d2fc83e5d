"""How far decisions came at consumers: kept as it was heard, and told with what was taken back since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from identity.model.errors import LookupFailed
from identity.model.following import Propagated, PropagationStatus
from identity.store.dialect import Kind, Statement
from identity.store.tables import TABLES

__all__ = ["PUT_REACHED", "propagation"]

_ROW = TABLES["propagation"].c
_CONSUMER = TABLES["consumer"].c
_OPERATION = TABLES["operation"].c
_REDIRECT = TABLES["redirect"].c

# What failed stays so until it is acknowledged: that it is tried again does not make it pending.
PUT_REACHED = Statement(
    'INSERT INTO propagation (causation, consumer, status, code, "at")'
    " SELECT s.causation, :name, s.status, s.code, :now FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (causation, consumer) DO UPDATE SET status = CASE WHEN excluded.status = 'pending'"
    " AND propagation.status <> 'pending' THEN propagation.status ELSE excluded.status END,"
    ' code = excluded.code, "at" = excluded."at"',
    {"causation": Kind.TEXT, "status": Kind.TEXT, "code": Kind.TEXT},
)


def propagation(look: Connection, causation: str) -> tuple[Propagated, ...]:
    """Return how far a decision came at each consumer that is known. What was acknowledged, and whose reversal was
    acknowledged too, is compensated; that needs no order in which the two are heard. LookupFailed E504."""
    asked = select(_OPERATION.operation_id).where(
        _OPERATION.reverses == causation, _OPERATION.status == "done"
    )
    reversals = list(look.execute(asked).scalars())
    rows = _rows(look, [causation, *reversals])
    if not rows and not reversals and not _is_known(look, causation):
        raise LookupFailed("E504", "No operation and no golden id that was merged away is known by this.")
    names = look.execute(select(_CONSUMER.name).order_by(_CONSUMER.name)).scalars()
    return tuple(
        _told(name, rows.get((causation, name)), [rows.get((by, name)) for by in reversals]) for name in names
    )


def _is_known(look: Connection, causation: str) -> bool:
    operation = select(_OPERATION.operation_id).where(_OPERATION.operation_id == causation)
    retired = select(_REDIRECT.retired).where(_REDIRECT.retired == causation)
    return look.execute(operation.union_all(retired)).first() is not None


def _rows(look: Connection, causations: list[str]) -> Mapping[tuple[str, str], Any]:
    found = look.execute(select(*_ROW).where(_ROW.causation.in_(causations)))
    return {(row.causation, row.consumer): row for row in found}


def _told(name: str, row: Any | None, reversals: list[Any | None]) -> Propagated:
    if row is None:
        return Propagated(name, PropagationStatus.PENDING)
    status = PropagationStatus(row.status)
    back = next((each for each in reversals if each is not None), None)
    if back is not None and back.status == PropagationStatus.ACKNOWLEDGED:
        return Propagated(name, PropagationStatus.COMPENSATED, "", back.at)
    if back is not None and back.status == PropagationStatus.FAILED:
        return Propagated(name, PropagationStatus.FAILED, back.code, back.at)
    return Propagated(name, status, row.code, row.at)
