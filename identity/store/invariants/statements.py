"""What must be so in every committed state, as SQL that every database understands.

Nothing here is shared with what writes: a mistake there is not repeated here. Each invariant counts what it looks at,
and finds what breaks it: one text for each case, made of ids of ours and keys of records, never of values.
"""

from __future__ import annotations

from identity.store.invariants.rights import RIGHTS
from identity.store.invariants.statement import Invariant

__all__ = ["INVARIANTS", "Invariant"]


def _all(table: str, where: str = "") -> str:
    return f'SELECT count(*) FROM "{table}"' + (f" WHERE {where}" if where else "")


_LIVE = "mode = 'live' AND deleted_at IS NULL"
_R_LIVE = "r.mode = 'live' AND r.deleted_at IS NULL"
_SAME = "c.source = r.source AND c.source_record_id = r.source_record_id"
_PAIR = "v.left_source || ':' || v.left_id || ' ' || v.right_source || ':' || v.right_id"
_SIDES = (
    "JOIN crosswalk AS a ON a.source = v.left_source AND a.source_record_id = v.left_id AND a.valid_to IS NULL"
    " JOIN crosswalk AS b ON b.source = v.right_source AND b.source_record_id = v.right_id AND b.valid_to IS NULL"
)

_MEMBERS = (
    Invariant(
        "membership",
        "Every live record is in exactly one profile.",
        _all("source_record", _LIVE),
        "SELECT r.source || ':' || r.source_record_id AS found FROM source_record AS r"
        f" LEFT JOIN crosswalk AS c ON {_SAME} AND c.valid_to IS NULL"
        f" WHERE {_R_LIVE} GROUP BY r.source, r.source_record_id HAVING count(c.golden_id) <> 1",
    ),
    Invariant(
        "members_live",
        "Whatever is in a profile now is a live record.",
        _all("crosswalk", "valid_to IS NULL"),
        "SELECT c.source || ':' || c.source_record_id AS found FROM crosswalk AS c"
        f" LEFT JOIN source_record AS r ON {_SAME} AND {_R_LIVE} WHERE c.valid_to IS NULL AND r.source IS NULL",
    ),
    Invariant(
        "profile_live",
        "Whatever is in a profile now is in a live one.",
        _all("crosswalk", "valid_to IS NULL"),
        "SELECT DISTINCT c.golden_id AS found FROM crosswalk AS c LEFT JOIN golden_profile AS p"
        " ON p.golden_id = c.golden_id AND p.status = 'live' WHERE c.valid_to IS NULL AND p.golden_id IS NULL",
    ),
    Invariant(
        "record_count",
        "A profile counts the records that it has, and is live where it has any.",
        _all("golden_profile"),
        "SELECT p.golden_id AS found FROM golden_profile AS p"
        " LEFT JOIN crosswalk AS c ON c.golden_id = p.golden_id AND c.valid_to IS NULL"
        " GROUP BY p.golden_id, p.record_count, p.status HAVING count(c.golden_id) <> p.record_count"
        " OR (p.status = 'live') <> (p.record_count > 0)",
    ),
    Invariant(
        "history",
        "At no moment was a record in two profiles, and no membership ended before it began.",
        _all("crosswalk"),
        "SELECT a.source || ':' || a.source_record_id AS found FROM crosswalk AS a"
        " WHERE a.valid_to < a.valid_from OR EXISTS (SELECT 1 FROM crosswalk AS b"
        " WHERE b.source = a.source AND b.source_record_id = a.source_record_id AND b.id <> a.id"
        " AND a.valid_from >= b.valid_from AND (b.valid_to IS NULL OR a.valid_from < b.valid_to)"
        " AND (a.valid_to IS NULL OR a.valid_to > a.valid_from))",
    ),
)

_IDS = (
    Invariant(
        "ids_known",
        "Every id that was ever given to a record has a profile that says what became of it.",
        _all("crosswalk"),
        "SELECT DISTINCT c.golden_id AS found FROM crosswalk AS c"
        " LEFT JOIN golden_profile AS p ON p.golden_id = c.golden_id WHERE p.golden_id IS NULL",
    ),
    Invariant(
        "ids_once",
        "No id was given out twice: it is created once, first of all, and nothing follows its erasure.",
        _all("event"),
        "SELECT e.subject AS found FROM event AS e GROUP BY e.subject"
        " HAVING sum(CASE WHEN e.type = 'customer.created' THEN 1 ELSE 0 END) > 1"
        " OR max(CASE WHEN e.type = 'customer.created' THEN e.version ELSE 1 END) > 1"
        " OR min(CASE WHEN e.type = 'customer.erased' THEN e.version END) < max(e.version)",
    ),
    Invariant(
        "redirects",
        "A merged id leads to one that is not, in one hop.",
        _all("golden_profile", "status = 'merged'"),
        "SELECT p.golden_id AS found FROM golden_profile AS p LEFT JOIN redirect AS r ON r.retired = p.golden_id"
        " LEFT JOIN golden_profile AS s ON s.golden_id = r.survivor AND s.status <> 'merged'"
        " WHERE p.status = 'merged' AND s.golden_id IS NULL",
    ),
    Invariant(
        "redirects_of_merged",
        "Only merged ids lead elsewhere; none leads to one that does, or to itself.",
        _all("redirect"),
        "SELECT r.retired AS found FROM redirect AS r LEFT JOIN golden_profile AS p ON p.golden_id = r.retired"
        " LEFT JOIN redirect AS n ON n.retired = r.survivor"
        " WHERE p.golden_id IS NULL OR p.status = 'live' OR n.retired IS NOT NULL",
    ),
)

_LOG = (
    Invariant(
        "versions",
        "The versions of a profile are 1, 2, 3 without a gap, each with one event.",
        _all("golden_profile"),
        "SELECT p.golden_id AS found FROM golden_profile AS p LEFT JOIN event AS e ON e.subject = p.golden_id"
        " GROUP BY p.golden_id, p.version HAVING count(DISTINCT e.version) <> p.version"
        " OR count(e.version) <> p.version OR min(e.version) <> 1 OR max(e.version) <> p.version",
    ),
    Invariant(
        "events_of_profiles",
        "Every event is of a profile.",
        _all("event"),
        "SELECT e.event_id AS found FROM event AS e LEFT JOIN golden_profile AS p ON p.golden_id = e.subject"
        " WHERE p.golden_id IS NULL",
    ),
    Invariant(
        "followers",
        "Nobody has been told more than there is.",
        "SELECT (SELECT count(*) FROM subscriber) + (SELECT count(*) FROM consumer)",
        "SELECT f.name AS found FROM (SELECT name, position FROM subscriber"
        " UNION ALL SELECT name, position FROM consumer) AS f"
        " WHERE f.position > (SELECT COALESCE(max(position), 0) FROM event)",
    ),
    Invariant(
        "inbox",
        "What a consumer has dealt with has happened.",
        _all("inbox"),
        "SELECT i.consumer || ' ' || i.event_id AS found FROM inbox AS i"
        " LEFT JOIN event AS e ON e.event_id = i.event_id WHERE e.event_id IS NULL",
    ),
)

_DECIDED = (
    Invariant(
        "kept_apart",
        "Records that a person keeps apart are in two profiles.",
        _all("verdict", "withdrawn_at IS NULL AND judgement = 'no_match'"),
        f"SELECT {_PAIR} AS found FROM verdict AS v {_SIDES}"
        " WHERE v.withdrawn_at IS NULL AND v.judgement = 'no_match' AND a.golden_id = b.golden_id",
    ),
    Invariant(
        "kept_together",
        "Records that a person keeps together are in one profile.",
        _all("verdict", "withdrawn_at IS NULL AND judgement = 'match'"),
        f"SELECT {_PAIR} AS found FROM verdict AS v {_SIDES}"
        " WHERE v.withdrawn_at IS NULL AND v.judgement = 'match' AND a.golden_id <> b.golden_id",
    ),
    Invariant(
        "one_word",
        "Of a pair a person has said one thing.",
        _all("verdict", "withdrawn_at IS NULL"),
        f"SELECT {_PAIR} AS found FROM verdict AS v WHERE v.withdrawn_at IS NULL"
        " GROUP BY v.left_source, v.left_id, v.right_source, v.right_id HAVING count(DISTINCT v.judgement) > 1",
    ),
    Invariant(
        "operations",
        "Every operation tells who and when; one that was taken back names what took it back.",
        _all("operation"),
        "SELECT o.operation_id AS found FROM operation AS o LEFT JOIN change AS c ON c.change_id = o.operation_id"
        " WHERE c.change_id IS NULL OR (o.status = 'reversed') <> (o.reversed_by IS NOT NULL)",
    ),
    Invariant(
        "links",
        "What is linked is there.",
        _all("link"),
        "SELECT l.left_source || ':' || l.left_id || ' ' || l.right_source || ':' || l.right_id AS found"
        " FROM link AS l LEFT JOIN source_record AS a ON a.source = l.left_source AND a.source_record_id = l.left_id"
        " LEFT JOIN source_record AS b ON b.source = l.right_source AND b.source_record_id = l.right_id"
        " WHERE a.source IS NULL OR b.source IS NULL",
    ),
    Invariant(
        "index",
        "What is found in the index is there.",
        "SELECT (SELECT count(*) FROM filed) + (SELECT count(*) FROM identifier)",
        "SELECT DISTINCT 'record ' || CAST(f.record AS TEXT) AS found FROM (SELECT record FROM filed"
        " UNION SELECT record FROM identifier) AS f LEFT JOIN source_record AS r ON r.number = f.record"
        " WHERE r.number IS NULL",
    ),
    Invariant(
        "model",
        "One model judges at most.",
        _all("match_model"),
        "SELECT min(version) AS found FROM match_model WHERE active HAVING count(*) > 1",
    ),
)

_GONE = "FROM golden_profile AS p WHERE p.status = 'erased'"
# Encrypted, nothing is forty characters behind the name of the key, which ends with the last colon.
_NOTHING = (
    "p.attributes = '{}' OR (p.attributes LIKE 'enc1:%'"
    " AND substr(p.attributes, length(p.attributes) - 40, 1) = ':')"
)
# What tells others of the erasure waits until they have heard it, and is no trace of the person: it names an id only.
_WAITS_OF_THE_ERASED = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} AS t LEFT JOIN event AS e ON e.position = t.position"
    " WHERE t.subject = p.golden_id AND (e.type IS NULL OR e.type <> 'customer.erased'))"
    for table in ("held_event", "dead_letter")
)
_KEPT_OF_THE_ERASED = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} AS t WHERE t.{column} = p.golden_id)"
    for table, column in (
        ("crosswalk", "golden_id"),
        ("erp_written", "golden_id"),
        ("loyalty_merge", "golden_id"),
        ("review_subject", "golden_id"),
    )
)


_PEOPLE = (
    Invariant(
        "erased",
        "Of who was erased nothing is left but the id and what happened.",
        _all("golden_profile", "status = 'erased'"),
        f"SELECT p.golden_id AS found {_GONE} AND (NOT ({_NOTHING}) OR p.consents <> '{{}}'"
        f" OR p.record_count <> 0 OR {_KEPT_OF_THE_ERASED} OR {_WAITS_OF_THE_ERASED})",
    ),
    Invariant(
        "erased_letters",
        "What could not be told of an erasure names no record.",
        _all("dead_letter", "subject IN (SELECT golden_id FROM golden_profile WHERE status = 'erased')"),
        "SELECT d.event_id AS found FROM dead_letter AS d JOIN golden_profile AS p ON p.golden_id = d.subject"
        " WHERE p.status = 'erased' AND replace(d.payload, '\"record', '') <> d.payload",
    ),
    Invariant(
        "erased_events",
        "What happened to who was erased names no record.",
        _all("event", "subject IN (SELECT golden_id FROM golden_profile WHERE status = 'erased')"),
        "SELECT e.event_id AS found FROM event AS e JOIN golden_profile AS p ON p.golden_id = e.subject"
        " WHERE p.status = 'erased' AND replace(e.body, '\"record', '') <> e.body",
    ),
    Invariant(
        "erasures",
        "Who asked to be erased, and was told so, is.",
        _all("privacy_request", "kind = 'erasure' AND status = 'done'"),
        "SELECT q.request_id AS found FROM privacy_request AS q LEFT JOIN golden_profile AS p"
        " ON p.golden_id = q.golden_id WHERE q.kind = 'erasure' AND q.status = 'done'"
        " AND (p.status IS NULL OR p.status <> 'erased')",
    ),
    Invariant(
        "facts",
        "Whatever a fact of consent is about is a record or an identifier.",
        _all("consent_fact"),
        "SELECT f.fact_id AS found FROM consent_fact AS f WHERE f.value IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM consent_record AS c WHERE c.fact_id = f.fact_id)"
        " UNION SELECT c.fact_id AS found FROM consent_record AS c"
        " LEFT JOIN consent_fact AS f ON f.fact_id = c.fact_id WHERE f.fact_id IS NULL",
    ),
    Invariant(
        "rows",
        "Every row of a file that was taken in is accounted for.",
        _all("load", "finished_at IS NOT NULL"),
        'SELECT load_id AS found FROM "load" WHERE finished_at IS NOT NULL'
        ' AND (accepted + quarantined + rejected <> "rows" OR unchanged > accepted)',
    ),
)

INVARIANTS = (*_MEMBERS, *_IDS, *_LOG, *_DECIDED, *_PEOPLE, *RIGHTS)
