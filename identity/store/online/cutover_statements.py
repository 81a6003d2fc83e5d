"""The SQL of going live and of going back."""

from __future__ import annotations

from identity.store import statements as bulk
from identity.store.dialect import Statement
from identity.store.online.statements import columns_of

_COLUMNS = ("cutover_id", "source", "country", "home", "status", "actor", "started_at", "ended_at")
_FORMER = ("system", "former_id", "source", "source_record_id")
_KEYS = columns_of("source_record", "source", "source_record_id")

CUTOVERS = Statement(f"SELECT {', '.join(_COLUMNS)} FROM cutover ORDER BY started_at, cutover_id")
PUT_CUTOVER = Statement(
    bulk.upsert("cutover", _COLUMNS, "{rows}", ("cutover_id",)), columns_of("cutover", *_COLUMNS)
)
IN_MODE = Statement(
    "SELECT number, source, source_record_id, country FROM source_record WHERE source = :source"
    " AND mode = :mode AND deleted_at IS NULL AND number > :after ORDER BY number LIMIT :most"
)
PUT_MODE = Statement(
    "UPDATE source_record SET mode = :mode, loaded_at = :at WHERE (source, source_record_id) IN"
    " (SELECT s.source, s.source_record_id FROM {rows} AS s)",
    _KEYS,
)
# Who is elsewhere has a membership that ended since: few do, and they have an index of their own.
ELSEWHERE = Statement(
    "SELECT DISTINCT c.source, c.source_record_id FROM crosswalk AS c JOIN crosswalk AS n"
    " ON n.source = c.source AND n.source_record_id = c.source_record_id AND n.valid_to IS NULL"
    " WHERE c.valid_to IS NOT NULL AND c.valid_to > :moment AND c.valid_from <= :moment"
    " AND n.golden_id <> c.golden_id"
    " AND (c.source > :source OR (c.source = :source AND c.source_record_id > :record))"
    " ORDER BY c.source, c.source_record_id LIMIT :most"
)
PUT_FORMER = Statement(bulk.add("former_id", _FORMER, "{rows}", _FORMER), columns_of("former_id", *_FORMER))
LIVING_ON = Statement(
    "SELECT DISTINCT f.system, f.former_id, c.golden_id FROM {rows} AS s JOIN former_id AS f"
    " ON f.system = s.system AND f.former_id = s.former_id JOIN crosswalk AS c ON c.source = f.source"
    " AND c.source_record_id = f.source_record_id AND c.valid_to IS NULL",
    columns_of("former_id", "system", "former_id"),
)
