"""Consents as JSON text: {"marketing.email": {"status": "granted", "captured_at": "2024-05-01T10:00:00Z"}}"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from identity.connectors.raw_rows import text_array
from identity.connectors.text_columns import Positions, by_distinct
from identity.features.moments import moment as moment_of
from identity.model.consent import dated
from identity.model.policy import CONSENT_STATUSES, ConsentColumn

__all__ = ["captured", "consent_texts", "consents_valid", "dated_texts", "statuses"]

_NAME = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_UNKNOWN = "unknown"


def statuses(values: pa.Array, column: ConsentColumn) -> tuple[pa.Array, Positions]:
    """Return each row's status, null where it says nothing, and where the spelling is none the rules know.

    An unknown spelling means `unknown`: what cannot be read must not permit anything.
    """
    meanings = {spelling.casefold(): status for spelling, status in column.meanings.items()}
    read = by_distinct(values, lambda text: meanings.get(text.casefold()))
    strange = np.flatnonzero(np.asarray(pc.and_(pc.is_valid(values), pc.is_null(read))))
    return pc.coalesce(
        read, pc.if_else(pc.is_valid(values), _UNKNOWN, meanings.get("")).cast(pa.string())
    ), strange


def consent_texts(consents: Mapping[str, tuple[pa.Array, pa.Array]], count: int) -> pa.Array:
    """Return one JSON text per row from (status, captured_at) columns by consent; null for no consent."""
    if not consents:
        return pa.nulls(count, pa.string())
    fragments = [
        [_fragment(name, *pair) for pair in zip(status.to_pylist(), captured.to_pylist(), strict=True)]
        for name, (status, captured) in consents.items()
    ]
    return text_array(_object(row) for row in zip(*fragments, strict=True))


def _fragment(name: str, status: str | None, captured_at: str | None) -> str:
    if status is None:
        return ""
    moment = f',"captured_at":"{captured_at}"' if captured_at else ""
    return f'"{name}":{{"status":"{status}"{moment}}}'


def _object(fragments: Iterable[str]) -> str | None:
    members = ",".join(filter(None, fragments))
    return f"{{{members}}}" if members else None


def consents_valid(text: str, readable: Callable[[str], bool]) -> bool:
    """True if the text is a JSON object of consents as written here; `readable` judges a moment."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return isinstance(found, dict) and all(_valid(name, consent, readable) for name, consent in found.items())


def captured(consents: Mapping[str, Mapping[str, object]]) -> dict[str, datetime]:
    """Return when each consent was captured, in UTC where no offset is told; what cannot be read is not told."""
    told = {name: moment_of(consent.get("captured_at")) for name, consent in consents.items()}
    return {name: moment for name, moment in told.items() if moment}


def dated_texts(text: str, at: datetime) -> str:
    """Return consents as JSON, none of them captured later than they are told."""
    told = orjson.loads(text)
    for name, moment in captured(told).items():
        if moment > at:
            known = dated(told[name]["status"], moment, at)
            del told[name]["captured_at"]
            told[name] |= {"captured_at": known.isoformat()} if known else {}
    return orjson.dumps(told).decode()


def _valid(name: str, consent: object, readable: Callable[[str], bool]) -> bool:
    if not (_NAME.fullmatch(name) and isinstance(consent, dict)):
        return False
    moment = consent.get("captured_at")
    return consent.get("status") in CONSENT_STATUSES and (
        moment is None or (isinstance(moment, str) and readable(moment))
    )
