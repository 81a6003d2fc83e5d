"""What people asked for and what was put right, against what is shown: SQL, and an account of golden values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, text

from identity.store.invariants.statement import Invariant

__all__ = ["OVERRIDDEN", "RESTRICTED", "RIGHTS", "shown_of_the_restricted", "shown_otherwise"]

_MARKED = "m.source || ':' || m.source_record_id"
_RECORD = "r.source = m.source AND r.source_record_id = m.source_record_id"

RIGHTS = (
    Invariant(
        "restrictions",
        "A record that is restricted is not used: it is not live, in no profile, and in no index.",
        "SELECT count(*) FROM restriction",
        f"SELECT DISTINCT {_MARKED} AS found FROM restriction AS m"
        f" LEFT JOIN source_record AS r ON {_RECORD}"
        " WHERE r.mode <> 'restricted' OR r.number IS NULL"
        " OR EXISTS (SELECT 1 FROM crosswalk AS c WHERE c.source = m.source"
        " AND c.source_record_id = m.source_record_id AND c.valid_to IS NULL)"
        " OR EXISTS (SELECT 1 FROM filed AS f WHERE f.record = r.number)"
        " OR EXISTS (SELECT 1 FROM identifier AS i WHERE i.record = r.number)",
    ),
    Invariant(
        "restricted_by",
        "Whatever is restricted, or marked as not to be reached, is so by a request that was carried out.",
        "SELECT (SELECT count(*) FROM source_record WHERE mode = 'restricted')"
        " + (SELECT count(*) FROM restriction_mark) + (SELECT count(*) FROM restriction)",
        "SELECT r.source || ':' || r.source_record_id AS found FROM source_record AS r"
        f" LEFT JOIN restriction AS m ON {_RECORD} WHERE r.mode = 'restricted' AND m.source IS NULL"
        " UNION SELECT r.source || ':' || r.source_record_id AS found FROM restriction_mark AS r"
        f" LEFT JOIN restriction AS m ON {_RECORD} WHERE m.source IS NULL"
        f" UNION SELECT {_MARKED} AS found FROM restriction AS m LEFT JOIN privacy_request AS q"
        " ON q.request_id = m.request_id AND q.kind = 'restriction' AND q.status = 'done'"
        " WHERE q.request_id IS NULL",
    ),
    Invariant(
        "overrides",
        "A value that somebody gave names records that are there, and the operation that tells who and why.",
        "SELECT count(*) FROM value_override",
        "SELECT o.override_id AS found FROM value_override AS o"
        " LEFT JOIN operation AS p ON p.operation_id = o.operation_id AND p.kind = 'override'"
        " WHERE p.operation_id IS NULL OR NOT EXISTS"
        " (SELECT 1 FROM value_override_record AS m WHERE m.override_id = o.override_id)"
        " OR (p.status = 'reversed') <> (o.ended_at IS NOT NULL)"
        " UNION SELECT m.override_id AS found FROM value_override_record AS m"
        f" LEFT JOIN source_record AS r ON {_RECORD}"
        " LEFT JOIN value_override AS o ON o.override_id = m.override_id"
        " WHERE r.number IS NULL OR o.override_id IS NULL",
    ),
)

# Golden values that are encrypted tell nothing: they are no object, and are left out here and where rows are counted.
_CLEAR = "p.status = 'live' AND p.attributes LIKE '{%'"
_ONCE_OF_THE_RESTRICTED = (
    "FROM golden_profile AS p JOIN crosswalk AS c ON c.golden_id = p.golden_id"
    " JOIN restriction AS m ON m.source = c.source AND m.source_record_id = c.source_record_id"
    " WHERE p.attributes LIKE '{%'"
)
RESTRICTED = f"SELECT count(DISTINCT p.golden_id) {_ONCE_OF_THE_RESTRICTED}"
_RESTRICTED = (
    f"SELECT DISTINCT p.golden_id, p.attributes, m.source, m.source_record_id {_ONCE_OF_THE_RESTRICTED}"
    " ORDER BY p.golden_id, m.source, m.source_record_id"
)
# A record's fields by name would be a query for each: the whole row of the few records that overrides name is read.
_GIVEN = (
    "FROM value_override AS o JOIN value_override_record AS m ON m.override_id = o.override_id"
    f" JOIN source_record AS r ON {_RECORD} JOIN crosswalk AS c ON c.source = m.source"
    " AND c.source_record_id = m.source_record_id AND c.valid_to IS NULL"
    f" JOIN golden_profile AS p ON p.golden_id = c.golden_id WHERE o.ended_at IS NULL AND {_CLEAR}"
    " AND o.value NOT LIKE 'enc1:%'"
)
OVERRIDDEN = f"SELECT count(DISTINCT o.override_id) {_GIVEN}"
_OVERRIDDEN = (
    "SELECT p.golden_id AS home, p.attributes AS shown, o.operation_id AS operation, o.attribute AS attribute,"
    f" o.value AS given, o.origin AS origin, o.at AS at, m.said AS said, r.* {_GIVEN}"
    " ORDER BY p.golden_id, o.attribute, o.at, o.operation_id"
)
_SHOWING = (
    f"SELECT p.golden_id AS home, p.attributes AS shown FROM golden_profile AS p WHERE {_CLEAR}"
    " AND p.attributes LIKE '%\"override\"%' ORDER BY p.golden_id"
)
_VALUE, _SOURCE, _KEY, _RULE = range(4)


def shown_of_the_restricted(look: Connection) -> Iterator[str]:
    """Return each profile that shows a value of a restricted record which was once in it, with the record."""
    for golden_id, shown, source, record in look.execute(text(_RESTRICTED)):
        if any((value[_SOURCE], value[_KEY]) == (source, record) for value in _values(shown).values()):
            yield f"{golden_id} {source}:{record}"


def shown_otherwise(look: Connection) -> Iterator[str]:
    """Return each profile and field in which an override holds and another value is shown, or none holds and one is."""
    holding: dict[tuple[str, str], tuple[str, str, str]] = {}
    rows = look.execute(text(_OVERRIDDEN)).mappings()
    for (home, attribute), given in groupby(rows, lambda row: (row["home"], row["attribute"])):
        if latest := _latest(given, attribute):
            holding[home, attribute] = latest["given"], latest["origin"], latest["operation"]
            shown = _values(latest["shown"]).get(attribute)
            if not shown or (*shown[:_RULE], shown[_RULE]) != (*holding[home, attribute], "override"):
                yield f"{home} {attribute}"
    for home, told in look.execute(text(_SHOWING)):
        for attribute, value in _values(told).items():
            if value[_RULE] == "override" and (home, attribute) not in holding:
                yield f"{home} {attribute}"


def _latest(given: Iterable[Mapping[Any, Any]], attribute: str) -> Mapping[Any, Any] | None:
    """Return the last of these whose record says yet what was put right."""
    return next(
        (row for row in reversed(list(given)) if _says(row, attribute) == (row["said"] or None)), None
    )


def _says(row: Mapping[Any, Any], attribute: str) -> str | None:
    told = row[attribute] if attribute in row else json.loads(row["custom"]).get(attribute)
    return told or None


def _values(shown: str) -> dict[str, list[Any]]:
    """Return value, source, record and rule of each field; one that is told alone has the rest of the one before."""
    found: dict[str, list[Any]] = {}
    reason: list[Any] = []
    for name, (value, *told) in json.loads(shown).items():
        reason = told or reason
        found[name] = [value, *reason]
    return found
