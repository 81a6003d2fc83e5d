"""The SQL of review tasks in the unit of work of real time."""

from __future__ import annotations

from identity.store import reviews as told
from identity.store.dialect import Statement
from identity.store.online.statements import columns_of as columns
from identity.store.tables import TABLES

_TEXT, _NUMBER = "CAST(NULL AS text)", "CAST(NULL AS double precision)"
# Each pair is met from the side of either record; whose each is comes in the order of the pair.
_MET = (
    {"ours": "left", "theirs": "right", "left": "c", "right": "o"},
    {"ours": "right", "theirs": "left", "left": "o", "right": "c"},
)

# One question, because most units find nothing here: rows of three sorts, told apart by their first column. Whose
# records they are is found first, and once: few against whatever else there is. Only open tasks have subjects.
_OURS = """
    SELECT c.source, c.source_record_id, c.golden_id FROM {rows} AS s
    JOIN crosswalk AS c ON c.golden_id = s.golden_id WHERE c.valid_to IS NULL"""
_STANDING = f"""
    SELECT 'task', t.task_id, t.subject, t.details, {_TEXT}, {_TEXT}, {_TEXT}, {_TEXT}, {_TEXT},
        t.match_weight, t.impact, t.uncertainty
    FROM {{rows}} AS s JOIN review_subject AS o ON o.golden_id = s.golden_id
    JOIN review_task AS t ON t.task_id = o.task_id WHERE t.kind IN ({told.FOLLOWING_KINDS})"""
_LINKS = f"""
    SELECT 'link', {{left}}.golden_id, {{right}}.golden_id, l.left_source, l.left_id, l.right_source, l.right_id,
        l.judgement, {_TEXT}, l.match_weight, {_NUMBER}, {_NUMBER}
    FROM ours AS c JOIN link AS l ON l.{{ours}}_source = c.source AND l.{{ours}}_id = c.source_record_id
    JOIN crosswalk AS o ON o.source = l.{{theirs}}_source AND o.source_record_id = l.{{theirs}}_id
        AND o.valid_to IS NULL
    WHERE o.golden_id <> c.golden_id"""
_VERDICTS = f"""
    SELECT 'verdict', {{left}}.golden_id, {{right}}.golden_id, v.left_source, v.left_id, v.right_source, v.right_id,
        v.judgement, v.operation_id,
        CASE WHEN a.loaded_at > v.decided_at OR b.loaded_at > v.decided_at THEN 1.0 ELSE 0.0 END,
        {_NUMBER}, {_NUMBER}
    FROM ours AS c JOIN verdict AS v ON v.{{ours}}_source = c.source AND v.{{ours}}_id = c.source_record_id
        AND v.withdrawn_at IS NULL
    JOIN crosswalk AS o ON o.source = v.{{theirs}}_source AND o.source_record_id = v.{{theirs}}_id
        AND o.valid_to IS NULL
    JOIN source_record AS a ON a.source = c.source AND a.source_record_id = c.source_record_id
    JOIN source_record AS b ON b.source = o.source AND b.source_record_id = o.source_record_id"""
_PARTS = (_STANDING, *(part.format(**met) for part in (_LINKS, _VERDICTS) for met in _MET))
NEIGHBOURHOOD = Statement(
    f"WITH ours AS MATERIALIZED ({_OURS}) {' UNION ALL '.join(_PARTS)}",
    columns("golden_profile", "golden_id"),
)

OPEN = Statement(told.open_tasks("{rows}"), columns("review_task", *told.OPENED_COLUMNS))
PUT_SUBJECTS = Statement(told.put_subjects("{rows}"), columns("review_subject", *told.SUBJECT_COLUMNS))
RESTATE = Statement(told.restate_tasks("{rows}"), columns("review_task", *told.RESTATED_COLUMNS))
CLOSE = Statement(told.close_tasks("{rows}"), columns("review_task", *told.CLOSED_COLUMNS))
FORGET_SUBJECTS = Statement(told.forget_subjects("{rows}"), columns("review_task", "task_id"))

TASK_COLUMNS = tuple(TABLES["review_task"].c.keys())
TASK = Statement(f"SELECT {', '.join(TASK_COLUMNS)} FROM review_task WHERE task_id = :task_id")
DEFER = Statement(
    "UPDATE review_task SET status = 'deferred', deferred_until = :until, details = :details"
    " WHERE task_id = :task_id"
)
REOPEN = Statement(
    "UPDATE review_task SET status = 'open', deferred_until = NULL, closed_at = NULL, closed_by = NULL,"
    " details = :details WHERE task_id = :task_id"
)
TAKE_LABEL_BACK = Statement(
    "DELETE FROM label WHERE id = (SELECT max(id) FROM label WHERE left_source = :left_source AND left_id = :left_id"
    " AND right_source = :right_source AND right_id = :right_id AND actor = :actor) RETURNING id"
)
PUT_LABEL = Statement(
    'INSERT INTO label (left_source, left_id, right_source, right_id, same, stratum, actor, "at")'
    " VALUES (:left_source, :left_id, :right_source, :right_id, :same, :stratum, :actor, :at)"
)
