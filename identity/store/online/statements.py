"""The SQL of the unit of work of real time. What bulk writes mean the same by is taken from `store/statements.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Boolean, Double, Integer
from sqlalchemy.types import TypeEngine

from identity import ports
from identity.model.record import CANONICAL_ATTRIBUTES
from identity.store import statements as bulk
from identity.store.dialect import Kind, Statement, UtcDateTime
from identity.store.tables import TABLES

_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (BigInteger, Kind.NUMBER),
    (Integer, Kind.NUMBER),
    (Boolean, Kind.FLAG),
    (Double, Kind.WEIGHT),
    (UtcDateTime, Kind.TIME),
)


def columns_of(table: str, *names: str) -> dict[str, Kind]:
    return {name: _kind(TABLES[table].c[name].type) for name in names}


def _kind(stored: TypeEngine[Any]) -> Kind:
    return next((kind for type_, kind in _KINDS if isinstance(stored, type_)), Kind.TEXT)


def _same(left: str, right: str, names: Iterable[str]) -> str:
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in names)


_RECORD_KEY = ("source", "source_record_id")
_KEYS = columns_of("source_record", *_RECORD_KEY)
_GOLDEN_IDS = columns_of("golden_profile", "golden_id")
_VALUES = columns_of("identifier", "value")
_REDIRECTS = columns_of("redirect", "retired", "survivor", "since", "change_id")

# What is in force

LATEST_CHANGE = Statement('SELECT max("at") FROM "change"')
SETTING = Statement("SELECT value FROM setting WHERE name = :name")
PUT_SETTING = Statement(
    "INSERT INTO setting (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING"
)
FORGET_SETTING = Statement("DELETE FROM setting WHERE name = :name")
IN_FORCE = Statement(
    "SELECT (SELECT value FROM setting WHERE name = :name), (SELECT version FROM match_model WHERE active)"
)
ACTIVE_MODEL = Statement("SELECT version, body FROM match_model WHERE active")

# Records

RECORD_COLUMNS = tuple(ports.RECORDS.names)
STORED_COLUMNS = (
    "number", "source", "source_record_id", "mode", "content_hash", "observed_at", "deleted_at", "features",
    "consents", "custom", *CANONICAL_ATTRIBUTES,
)  # fmt: skip
# Asked with every record: only where there are facts of consents are those asked for.
_ANY_FACTS = "EXISTS (SELECT 1 FROM consent_fact)"
STORED = Statement(
    f"SELECT {', '.join(f'r.{name}' for name in STORED_COLUMNS)}, {_ANY_FACTS} FROM {{rows}} AS s"
    f" JOIN source_record AS r ON {_same('r', 's', _RECORD_KEY)}",
    _KEYS,
)
FILED = Statement(
    "SELECT r.number, r.source, r.source_record_id, r.features FROM {rows} AS s"
    " JOIN source_record AS r ON r.number = s.number WHERE r.features IS NOT NULL",
    columns_of("source_record", "number"),
)
_TOLD = ("mode", "observed_at", *CANONICAL_ATTRIBUTES, "consents", "custom", "original")


def _told_again(column: str) -> str:
    # What a deleted record was last told as stays.
    told = f"excluded.{column}"
    if column in _TOLD:
        told = f"CASE WHEN excluded.deleted_at IS NULL THEN {told} ELSE source_record.{column} END"
    return f"{column} = {told}"


PUT = Statement(
    f"""{bulk.insert("source_record", RECORD_COLUMNS, "{rows}")}
    ON CONFLICT (source, source_record_id) DO UPDATE SET
        {", ".join(_told_again(name) for name in RECORD_COLUMNS if name not in _RECORD_KEY)}
    RETURNING source, source_record_id, number""",
    columns_of("source_record", *RECORD_COLUMNS),
)

# The index

MEMBERS = Statement(
    """SELECT s.block, (SELECT CAST({as_list}(f.record) AS text) FROM
        (SELECT record FROM filed WHERE block = s.block ORDER BY record LIMIT :most) AS f)
    FROM {rows} AS s""",
    columns_of("filed", "block"),
)
GENERIC = Statement("SELECT g.value FROM {rows} AS s JOIN generic_value AS g ON g.value = s.value", _VALUES)
NAMES = Statement(
    "SELECT i.value, count(DISTINCT i.name) FROM {rows} AS s JOIN identifier AS i ON i.value = s.value"
    " GROUP BY i.value",
    _VALUES,
)
HOLDERS = Statement(
    "SELECT i.value, i.record FROM {rows} AS s JOIN identifier AS i ON i.value = s.value"
    " ORDER BY i.value, i.record",
    _VALUES,
)
PUT_FEATURES = Statement(bulk.put_features("{rows}"), columns_of("source_record", "number", "features"))
FILE_INTO = Statement(
    bulk.add("filed", ("block", "record"), "{rows}", ("block", "record")),
    columns_of("filed", "block", "record"),
)
FILE_OUT = Statement(
    bulk.remove("filed", ("block", "record"), "{rows}"), columns_of("filed", "block", "record")
)
HOLD = Statement(
    bulk.upsert("identifier", ("value", "record", "name"), "{rows}", ("value", "record")),
    columns_of("identifier", "value", "record", "name"),
)
LET_GO = Statement(
    bulk.remove("identifier", ("value", "record"), "{rows}"), columns_of("identifier", "value", "record")
)
PUT_GENERIC = Statement(
    "INSERT INTO generic_value (value, since) SELECT s.value, :at FROM {rows} AS s WHERE TRUE"
    " ON CONFLICT (value) DO NOTHING",
    _VALUES,
)
DROP_GENERIC = Statement(bulk.remove("generic_value", ("value",), "{rows}"), _VALUES)

# Links

LINK_COLUMNS = tuple(ports.LINKS.names)
# Pairs first, then what is never null: rows sort without comparing a weight.
_LINKS_BY = (
    "SELECT l.left_source, l.left_id, l.right_source, l.right_id, l.judgement, l.blocked,"
    " l.match_weight FROM {{rows}} AS s"
    " JOIN link AS l ON l.{side}_source = s.source AND l.{side}_id = s.source_record_id"
)
LINKS = Statement(" UNION ALL ".join(_LINKS_BY.format(side=side) for side in ("left", "right")), _KEYS)
DROP_LINKS = Statement(bulk.remove("link", bulk.LINK_KEY, "{rows}"), columns_of("link", *bulk.LINK_KEY))
PUT_LINKS = Statement(bulk.put_links(LINK_COLUMNS, "{rows}"), columns_of("link", *LINK_COLUMNS))

# Memberships and profiles

MEMBERSHIPS = Statement(
    f"SELECT c.source, c.source_record_id, c.golden_id FROM {{rows}} AS s JOIN crosswalk AS c"
    f" ON {_same('c', 's', _RECORD_KEY)} WHERE c.valid_to IS NULL",
    _KEYS,
)
MEMBERS_OF = Statement(
    "SELECT c.golden_id, c.source, c.source_record_id FROM {rows} AS s JOIN crosswalk AS c"
    " ON c.golden_id = s.golden_id WHERE c.valid_to IS NULL",
    _GOLDEN_IDS,
)
FELLOWS = Statement(
    f"""SELECT m.golden_id, m.source, m.source_record_id FROM
        (SELECT DISTINCT c.golden_id FROM {{rows}} AS s JOIN crosswalk AS c
         ON {_same("c", "s", _RECORD_KEY)} WHERE c.valid_to IS NULL) AS h
    JOIN crosswalk AS m ON m.golden_id = h.golden_id WHERE m.valid_to IS NULL""",
    _KEYS,
)
HOMES = Statement(
    "SELECT i.value, c.golden_id FROM {rows} AS s JOIN identifier AS i ON i.value = s.value"
    " JOIN source_record AS r ON r.number = i.record"
    f" JOIN crosswalk AS c ON {_same('c', 'r', _RECORD_KEY)} AND c.valid_to IS NULL"
    " WHERE NOT EXISTS (SELECT 1 FROM generic_value AS g WHERE g.value = i.value)",
    _VALUES,
)
ANSWERING = Statement(
    "SELECT s.golden_id, p.golden_id, p.status FROM {rows} AS s"
    " LEFT JOIN redirect AS d ON d.retired = s.golden_id"
    " JOIN golden_profile AS p ON p.golden_id = coalesce(d.survivor, s.golden_id)",
    _GOLDEN_IDS,
)
PROFILES = Statement(
    "SELECT p.golden_id, p.version, p.status, p.fingerprint, p.created_at, p.consents FROM {rows} AS s"
    " JOIN golden_profile AS p ON p.golden_id = s.golden_id",
    _GOLDEN_IDS,
)
CLOSE_MOVED = Statement(bulk.close_moved("{rows}", ":at"), columns_of("crosswalk", *_RECORD_KEY, "golden_id"))
# Unlike in bulk, another unit may be moving the same record now: the index has to refuse the second of them.
OPEN_MOVED = Statement(
    f"""INSERT INTO crosswalk (source, source_record_id, golden_id, valid_from, change_id)
    SELECT s.source, s.source_record_id, s.golden_id, :at, :change_id FROM {{rows}} AS s
    WHERE s.golden_id IS NOT NULL AND NOT EXISTS
        (SELECT 1 FROM crosswalk AS c WHERE {_same("c", "s", _RECORD_KEY)} AND c.valid_to IS NULL
         AND c.golden_id = s.golden_id)""",
    columns_of("crosswalk", *_RECORD_KEY, "golden_id"),
)
PROFILE_COLUMNS = tuple(ports.PROFILES.names)
PUT_PROFILES = Statement(
    bulk.upsert("golden_profile", PROFILE_COLUMNS, "{rows}", ("golden_id",), kept=("created_at",)),
    columns_of("golden_profile", *PROFILE_COLUMNS),
)
UNREDIRECT = Statement(bulk.remove("redirect", ("retired",), "{rows}"), columns_of("redirect", "retired"))
REMEMBER_UNREDIRECTED = Statement(
    bulk.remember_unredirected("{rows}", ":at"), columns_of("golden_profile", "golden_id", "status")
)
# Who led to an id just before it was merged away, and has since led where that one led, leads to it again with it.
_LED_BACK = (
    "SELECT r.retired, s.golden_id FROM {rows} AS s JOIN redirect AS d ON d.retired = s.golden_id"
    " JOIN redirect AS r ON r.survivor = d.survivor"
    " JOIN redirect_past AS p ON p.retired = r.retired AND p.survivor = s.golden_id AND p.until ="
    " (SELECT max(c.valid_to) FROM crosswalk AS c WHERE c.golden_id = s.golden_id AND c.valid_to IS NOT NULL)"
)
LEAD_BACK = (
    Statement(
        "INSERT INTO redirect_past (retired, survivor, since, until, change_id)"
        " SELECT r.retired, r.survivor, r.since, :at, r.change_id FROM redirect AS r"
        f" WHERE r.retired IN (SELECT f.retired FROM ({_LED_BACK}) AS f)",
        _GOLDEN_IDS,
    ),
    Statement(
        "UPDATE redirect SET survivor = f.golden_id, since = :at, change_id = coalesce((SELECT min(c.change_id)"
        " FROM crosswalk AS c WHERE c.golden_id = f.golden_id AND c.valid_to IS NULL AND c.valid_from = :at),"
        f" change_id) FROM ({_LED_BACK}) AS f WHERE redirect.retired = f.retired",
        _GOLDEN_IDS,
    ),
)
SURVIVORS = Statement(bulk.STAGED_SURVIVORS.format(stage="{rows}"), columns_of("redirect", "survivor"))
RETIRE = tuple(
    Statement(sql("{rows}"), _REDIRECTS)
    for sql in (bulk.remember_repointed, bulk.repoint_redirects, bulk.put_redirects, bulk.mark_merged)
)

# What people decided

VERDICT_COLUMNS = (*bulk.LINK_KEY, "judgement", "operation_id")
_VERDICTS_BY = (
    f"SELECT {', '.join(f'v.{name}' for name in VERDICT_COLUMNS)} FROM {{{{rows}}}} AS s JOIN verdict AS v"
    " ON v.{side}_source = s.source AND v.{side}_id = s.source_record_id AND v.withdrawn_at IS NULL"
)
VERDICTS = Statement(" UNION ALL ".join(_VERDICTS_BY.format(side=side) for side in ("left", "right")), _KEYS)
PUT_VERDICTS = Statement(
    f"INSERT INTO verdict ({', '.join(VERDICT_COLUMNS)}, decided_at)"
    f" SELECT {', '.join(f's.{name}' for name in VERDICT_COLUMNS)}, :at FROM {{rows}} AS s",
    columns_of("verdict", *VERDICT_COLUMNS),
)
WITHDRAW = Statement(
    "UPDATE verdict SET withdrawn_at = :at, withdrawn_by = :by"
    " WHERE operation_id = :operation_id AND withdrawn_at IS NULL AND (:judgement = '' OR judgement = :judgement)"
)
IMAGES = Statement(
    "SELECT p.golden_id, p.version, p.status, p.attributes, p.consents FROM {rows} AS s"
    " JOIN golden_profile AS p ON p.golden_id = s.golden_id",
    _GOLDEN_IDS,
)
OPERATION = Statement(
    'SELECT o.operation_id, o.kind, c.actor, c.reason, c."at", o.before, o.after, c.correlation_id, o.status,'
    ' o.reverses, o.reversed_by FROM operation AS o JOIN "change" AS c ON c.change_id = o.operation_id'
    " WHERE o.operation_id = :operation_id"
)
PUT_OPERATION = Statement(
    "INSERT INTO operation (operation_id, kind, status, reverses, before, after)"
    " VALUES (:operation_id, :kind, :status, :reverses, :before, :after)"
)
REVERSE = Statement(
    "UPDATE operation SET status = 'reversed', reversed_by = :by WHERE operation_id = :operation_id"
)
LAST_LEFT = Statement(
    "SELECT max(valid_to) FROM crosswalk WHERE golden_id = :golden_id AND valid_to IS NOT NULL"
)
LED_TO = Statement(
    "SELECT survivor, change_id FROM redirect WHERE retired = :golden_id AND since = :since UNION ALL"
    " SELECT survivor, change_id FROM redirect_past WHERE retired = :golden_id AND since = :since"
)
SURVIVOR = Statement("SELECT survivor FROM redirect WHERE retired = :golden_id")
# A membership holds until before its end: who was here just before a moment is here until it or longer.
JUST_BEFORE = Statement(
    "SELECT source, source_record_id FROM crosswalk WHERE golden_id = :golden_id AND valid_from < :moment"
    " AND (valid_to IS NULL OR valid_to >= :moment)"
)
TOLD_SINCE = Statement(
    "SELECT r.source, r.source_record_id FROM {rows} AS s JOIN source_record AS r"
    f" ON {_same('r', 's', _RECORD_KEY)} WHERE r.loaded_at > :moment",
    _KEYS,
)
# History, and what is to be decided again

PUT_CHANGE = Statement(
    'INSERT INTO "change" (change_id, kind, actor, reason, correlation_id, "at", model_version)'
    " VALUES (:change_id, :kind, :actor, :reason, :correlation_id, :at, :model_version)"
)
EVENT_COLUMNS = (*ports.EVENTS.names, "traceparent")
APPEND_EVENTS = Statement(
    bulk.insert("event", EVENT_COLUMNS, "{rows}", order="ordinal"),
    columns_of("event", *EVENT_COLUMNS) | {"ordinal": Kind.NUMBER},
)
PUT_REDO = Statement(
    "INSERT INTO redo (kind, subject, reason, queued_at) SELECT s.kind, s.subject, s.reason, :at"
    " FROM {rows} AS s WHERE TRUE ON CONFLICT (kind, subject) DO NOTHING",
    columns_of("redo", "kind", "subject", "reason"),
)
# Chosen apart from the deletion: a query inside its condition may be run again, and then takes too many.
TAKE_REDO = Statement(
    """WITH oldest AS (
        SELECT kind, subject FROM redo ORDER BY queued_at, kind, subject LIMIT :most {passing_over}
    )
    DELETE FROM redo WHERE (kind, subject) IN (SELECT kind, subject FROM oldest)
    RETURNING queued_at, kind, subject, reason"""
)
