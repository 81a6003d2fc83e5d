"""The SQL of erasure. Texts are looked for by `replace`, which both databases know and no character is special to."""

from __future__ import annotations

from identity.store.dialect import Statement
from identity.store.online.statements import columns_of as _columns

_KEY = ("source", "source_record_id")
_KEYS = _columns("source_record", *_KEY)
_IDS = _columns("golden_profile", "golden_id")
_NUMBERS = _columns("source_record", "number")
_MARKS = _columns("suppression", "mark")
_HELD = ("IS NULL", "IS NOT NULL")
"""Memberships that hold now and those that ended have an index each: each is named."""


def _by_key(table: str, *columns: str, held: str = "") -> Statement:
    """Return what removes the rows of a table that name one of these records."""
    source, record = columns or _KEY
    return Statement(
        f"DELETE FROM {table} WHERE ({source}, {record}) IN (SELECT s.source, s.source_record_id FROM {{rows}} AS s)"
        f"{held and f' AND valid_to {held}'}",
        _KEYS,
    )


def _holds(column: str, name: str) -> str:
    return f"replace({column}, s.{name}, '') <> {column}"


ANYBODY = Statement("SELECT 1 FROM suppression LIMIT 1")
SUPPRESSED = Statement("SELECT p.mark FROM {rows} AS s JOIN suppression AS p ON p.mark = s.mark", _MARKS)
SUPPRESS = Statement(
    "INSERT INTO suppression (mark, erasure_id, since) SELECT s.mark, s.erasure_id, :at FROM {rows} AS s"
    " WHERE NOT EXISTS (SELECT 1 FROM suppression AS p WHERE p.mark = s.mark)",
    _columns("suppression", "mark", "erasure_id"),
)

ERASURES = Statement(
    "SELECT erasure_id FROM suppression UNION"
    " SELECT request_id FROM privacy_request WHERE kind = 'erasure' AND status = 'done'"
)
EVERY_KEY = Statement("SELECT source, source_record_id FROM source_record")

# Whose traces

RETIRED_INTO = Statement("SELECT retired FROM redirect WHERE survivor = :golden_id")
EVER_UNDER = Statement(
    " UNION ".join(
        "SELECT c.source, c.source_record_id FROM {rows} AS s"
        f" JOIN crosswalk AS c ON c.golden_id = s.golden_id AND c.valid_to {held}"
        for held in _HELD
    ),
    _IDS,
)
NOW_UNDER = Statement(
    "SELECT c.source, c.source_record_id, c.golden_id FROM {rows} AS s JOIN crosswalk AS c"
    " ON c.source = s.source AND c.source_record_id = s.source_record_id AND c.valid_to IS NULL",
    _KEYS,
)
NUMBERS = Statement(
    "SELECT r.number FROM {rows} AS s JOIN source_record AS r"
    " ON r.source = s.source AND r.source_record_id = s.source_record_id",
    _KEYS,
)

# What is forgotten

FORGET_KEYS = (
    _by_key("quarantine"),
    *(_by_key("crosswalk", held=held) for held in _HELD),
    *(
        _by_key(table)
        for table in (
            "consent_record",
            "rematch_move",
            "told_deletion",
            "former_id",
            "restriction",
            "restriction_mark",
            "value_override_record",
        )
    ),
    *(
        _by_key(table, f"{side}_source", f"{side}_id")
        for table in ("link", "verdict", "label")
        for side in ("left", "right")
    ),
    _by_key("source_record"),
)
# What a record is filed under goes when it is taken out, or when it was deleted: nothing is left to look for.
FORGET_REDO = Statement(
    "DELETE FROM redo WHERE kind = 'record' AND subject IN (SELECT s.number FROM {rows} AS s)", _NUMBERS
)
FORGET_SUBJECTS = (
    # First: whoever keeps something of them at this moment (store/meanwhile.py) is waited for, and found by the rest.
    Statement(
        "UPDATE golden_profile SET attributes = '{{}}', consents = '{{}}', fingerprint = '' WHERE golden_id IN"
        " (SELECT s.golden_id FROM {rows} AS s)",
        _IDS,
    ),
    # Somebody who was taken for them once, until that was taken back, has been under their id.
    Statement(
        "DELETE FROM crosswalk WHERE valid_to IS NOT NULL AND golden_id IN (SELECT s.golden_id FROM {rows} AS s)",
        _IDS,
    ),
    *(
        Statement(f"DELETE FROM {table} WHERE subject IN (SELECT s.golden_id FROM {{rows}} AS s)", _IDS)
        for table in ("held_event", "dead_letter")
    ),
    Statement("DELETE FROM erp_written WHERE golden_id IN (SELECT s.golden_id FROM {rows} AS s)", _IDS),
    Statement(
        "UPDATE loyalty_merge SET golden_id = '' WHERE golden_id IN (SELECT s.golden_id FROM {rows} AS s)",
        _IDS,
    ),
)
FORGET_OVERRIDES = Statement(
    "DELETE FROM value_override WHERE NOT EXISTS (SELECT 1 FROM value_override_record AS r"
    " WHERE r.override_id = value_override.override_id)"
)
FORGET_WANTED = Statement(
    "UPDATE privacy_request SET wanted = '{{}}' WHERE golden_id IN (SELECT s.golden_id FROM {rows} AS s)",
    _IDS,
)
MERGES_OF = Statement(
    "SELECT DISTINCT m.number, m.status, o.member FROM {rows} AS s JOIN loyalty_merged AS d ON d.member = s.member"
    " JOIN loyalty_merge AS m ON m.number = d.merge JOIN loyalty_merged AS o ON o.merge = d.merge",
    _columns("loyalty_merged", "member"),
)
FORGET_MERGES = tuple(
    Statement(
        f"DELETE FROM {table} WHERE {column} IN (SELECT s.merge FROM {{rows}} AS s)",
        _columns("loyalty_merged", "merge"),
    )
    for table, column in (("loyalty_merged", "merge"), ("loyalty_merge", "number"))
)
FACTS_OF = Statement(
    "SELECT DISTINCT c.fact_id FROM {rows} AS s JOIN consent_record AS c"
    " ON c.source = s.source AND c.source_record_id = s.source_record_id",
    _KEYS,
)
FORGET_FACTS = Statement(
    "DELETE FROM consent_fact WHERE fact_id IN (SELECT s.fact_id FROM {rows} AS s)"
    " AND NOT EXISTS (SELECT 1 FROM consent_record AS c WHERE c.fact_id = consent_fact.fact_id)",
    _columns("consent_fact", "fact_id"),
)
FORGET_WISHES = Statement(
    "UPDATE privacy_wish SET source_record_id = NULL, closed_at = COALESCE(closed_at, :at)"
    " WHERE (source, source_record_id) IN"
    " (SELECT s.source, s.source_record_id FROM {rows} AS s)",
    _KEYS,
)
# Texts are gone through once, for all of them.
TASKS_NAMING = Statement(
    "SELECT DISTINCT t.task_id FROM review_task AS t, {rows} AS s"
    f" WHERE {_holds('t.details', 'subject')} OR {_holds('t.subject', 'subject')}",
    _columns("review_task", "subject"),
)
FORGET_TASKS = tuple(
    Statement(
        f"DELETE FROM {table} WHERE task_id IN (SELECT s.task_id FROM {{rows}} AS s)",
        _columns("review_task", "task_id"),
    )
    for table in ("review_subject", "review_desk", "review_note", "review_task")
)
FORGET_REPLIES = Statement(
    "UPDATE idempotency SET status = 410, reply = :reply WHERE (client, request_key) IN"
    f" (SELECT i.client, i.request_key FROM idempotency AS i, {{rows}} AS s WHERE {_holds('i.reply', 'reply')})",
    _columns("idempotency", "reply"),
)
FORGET_RAW = Statement(
    "DELETE FROM quarantine WHERE id IN (SELECT q.id FROM quarantine AS q, {rows} AS s"
    f" WHERE {_holds('lower(q.raw)', 'raw')})",
    _columns("quarantine", "raw"),
)
SEALED_ROWS = Statement("SELECT id, raw FROM quarantine WHERE substr(raw, 1, 5) = 'enc1:'")
FORGET_ROWS = Statement(
    "DELETE FROM quarantine WHERE id IN (SELECT s.id FROM {rows} AS s)", _columns("quarantine", "id")
)

# What is kept without what it told

_BEFORE, _AFTER = 'o."before"', 'o."after"'

OPERATIONS_OF = Statement(
    'SELECT DISTINCT o.operation_id, o."before", o."after" FROM {rows} AS s JOIN operation AS o'
    f" ON {_holds(_BEFORE, 'golden_id')} OR {_holds(_AFTER, 'golden_id')}",
    _IDS,
)
SCRUB_OPERATION = Statement(
    'UPDATE operation SET "before" = :before, "after" = :after WHERE operation_id = :operation_id'
)
EVENTS_OF = Statement(
    "SELECT e.position, e.body FROM {rows} AS s JOIN event AS e ON e.subject = s.golden_id", _IDS
)
EVER_AT = Statement(
    " UNION ".join(
        "SELECT c.golden_id FROM {rows} AS s JOIN crosswalk AS c ON c.source = s.source"
        f" AND c.source_record_id = s.source_record_id AND c.valid_to {held}"
        for held in _HELD
    ),
    _KEYS,
)
SCRUB_EVENTS = Statement(
    "UPDATE event SET body = (SELECT s.body FROM {rows} AS s WHERE s.position = event.position)"
    " WHERE position IN (SELECT s.position FROM {rows} AS s)",
    _columns("event", "position", "body"),
)

# What was asked

REQUEST = (
    "request_id", "kind", "golden_id", "status", "received_at", "due_at", "actor", "check", "reason", "decided_at",
    "report", "wanted",
)  # fmt: skip
REQUESTS = Statement(
    "SELECT "
    + ", ".join(f'q."{name}"' for name in REQUEST)
    + " FROM {rows} AS s JOIN privacy_request AS q ON q.request_id = s.request_id",
    _columns("privacy_request", "request_id"),
)
PUT_REQUEST = Statement(
    'INSERT INTO privacy_request (request_id, kind, golden_id, status, received_at, due_at, actor, "check", reason,'
    " decided_at, report, wanted) VALUES (:request_id, :kind, :golden_id, :status, :received_at, :due_at, :actor,"
    " :check, :reason, :decided_at, :report, :wanted) ON CONFLICT (request_id) DO UPDATE SET status = excluded.status,"
    ' "check" = excluded."check", decided_at = excluded.decided_at, report = excluded.report,'
    " reason = excluded.reason"
)
