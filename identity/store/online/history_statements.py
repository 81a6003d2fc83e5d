"""The SQL that asks the past. Memberships that hold now and those that ended have an index each: each is named."""

from __future__ import annotations

from identity.store.dialect import Kind, Statement

_KEYS = {"source": Kind.TEXT, "source_record_id": Kind.TEXT}
_GOLDEN_IDS = {"golden_id": Kind.TEXT}

_SAME_RECORD = "{one}.source = {other}.source AND {one}.source_record_id = {other}.source_record_id"
_HELD = ("IS NULL", "IS NOT NULL")
_HERE = ("c.valid_to IS NULL", "c.valid_to IS NOT NULL AND c.valid_to > :moment")


def _at_moment(joined: str) -> str:
    """Return who was under which golden id at a moment."""
    return " UNION ALL ".join(
        "SELECT c.source, c.source_record_id, c.golden_id FROM {rows} AS s JOIN crosswalk AS c"
        f" ON {joined} WHERE {held} AND c.valid_from <= :moment"
        for held in _HERE
    )


MEMBERSHIPS_AT = Statement(_at_moment(_SAME_RECORD.format(one="c", other="s")), _KEYS)
MEMBERS_AT = Statement(_at_moment("c.golden_id = s.golden_id"), _GOLDEN_IDS)
# An id is issued when the first record comes under it.
ISSUED_BY = Statement(
    "SELECT s.golden_id FROM {rows} AS s WHERE "
    + " OR ".join(
        "EXISTS (SELECT 1 FROM crosswalk AS c WHERE c.golden_id = s.golden_id AND c.valid_from <= :moment"
        f" AND c.valid_to {held})"
        for held in _HELD
    ),
    _GOLDEN_IDS,
)
LED_AT = Statement(
    "SELECT r.retired, r.survivor FROM {rows} AS s JOIN redirect AS r ON r.retired = s.golden_id"
    " WHERE r.since <= :moment UNION ALL"
    " SELECT p.retired, p.survivor FROM {rows} AS s JOIN redirect_past AS p ON p.retired = s.golden_id"
    " WHERE p.since <= :moment AND p.until > :moment",
    _GOLDEN_IDS,
)
CAME = Statement(
    " UNION ALL ".join(
        "SELECT c.valid_from, c.source, c.source_record_id, p.golden_id, c.change_id FROM crosswalk AS c"
        f" LEFT JOIN crosswalk AS p ON {_SAME_RECORD.format(one='p', other='c')}"
        " AND p.valid_to IS NOT NULL AND p.valid_to = c.valid_from AND p.valid_from < p.valid_to"
        f" WHERE c.golden_id = :golden_id AND c.valid_to {held}"
        for held in _HELD
    )
)
LEFT = Statement(
    "SELECT c.valid_to, c.source, c.source_record_id, coalesce(n.golden_id, p.golden_id),"
    " coalesce(n.change_id, p.change_id) FROM crosswalk AS c"
    f" LEFT JOIN crosswalk AS n ON {_SAME_RECORD.format(one='n', other='c')}"
    " AND n.valid_to IS NULL AND n.valid_from = c.valid_to"
    f" LEFT JOIN crosswalk AS p ON {_SAME_RECORD.format(one='p', other='c')}"
    " AND p.valid_to IS NOT NULL AND p.valid_from = c.valid_to AND p.valid_from < p.valid_to"
    " WHERE c.golden_id = :golden_id AND c.valid_to IS NOT NULL"
)
# The one with an end comes first: the type of the column is told by it.
LEADS = Statement(
    "SELECT retired, survivor, since, until, change_id FROM redirect_past WHERE retired = :golden_id"
    " OR survivor = :golden_id UNION ALL"
    " SELECT retired, survivor, since, NULL, change_id FROM redirect WHERE retired = :golden_id UNION ALL"
    " SELECT retired, survivor, since, NULL, change_id FROM redirect WHERE survivor = :golden_id"
)
_CHANGE = 'c.change_id, c.kind, c.actor, c."at", c.reason, c.correlation_id, c.model_version'
CHANGES = Statement(
    f'SELECT {_CHANGE} FROM {{rows}} AS s JOIN "change" AS c ON c.change_id = s.change_id',
    {"change_id": Kind.TEXT},
)
CHANGES_AT = Statement(f'SELECT {_CHANGE} FROM "change" AS c WHERE c."at" = :moment')
