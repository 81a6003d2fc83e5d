"""The SQL of the bulk writes. `stage` is always the name of a staged Arrow table with the columns named."""

from __future__ import annotations

from collections.abc import Iterable

from identity.steps.suppress import BLIND

__all__ = [
    "ANY_REDIRECT",
    "BLIND_KEY",
    "CURRENT_MEMBERSHIPS",
    "LINK_KEY",
    "LIVE",
    "MAYBE_BLIND",
    "STAGED_SURVIVORS",
    "VERDICTS_IN_FORCE",
    "add",
    "close_moved",
    "deactivate_models",
    "drop_links",
    "finish_load",
    "forget_features",
    "insert",
    "mark_merged",
    "open_moved",
    "put_features",
    "put_links",
    "put_redirects",
    "remember_repointed",
    "remember_unredirected",
    "remove",
    "repoint_redirects",
    "respell_facts",
    "respell_keys",
    "select",
    "unredirect",
    "upsert",
]

LINK_KEY = ("left_source", "left_id", "right_source", "right_id")
LIVE = "mode = 'live' AND deleted_at IS NULL"
SHADOW = "mode <> 'live' AND deleted_at IS NULL"
CURRENT_MEMBERSHIPS = "SELECT source, source_record_id, golden_id FROM crosswalk WHERE valid_to IS NULL"
VERDICTS_IN_FORCE = (
    "SELECT DISTINCT left_source, left_id, right_source, right_id, judgement FROM verdict"
    " WHERE withdrawn_at IS NULL"
)
BLIND_KEY = f"source = '{BLIND}'"
MAYBE_BLIND = f"value LIKE '{BLIND}%' OR value LIKE 'enc1:%'"
ANY_REDIRECT = "SELECT retired, survivor FROM redirect LIMIT 1"
STAGED_SURVIVORS = (
    "SELECT r.retired, r.survivor FROM redirect AS r WHERE r.retired IN (SELECT s.survivor FROM {stage} AS s)"
)


def _listed(names: Iterable[str], before: str = "") -> str:
    return ", ".join(f'{before}"{name}"' for name in names)


def select(table: str, columns: Iterable[str], where: str = "TRUE") -> str:
    return f'SELECT {_listed(columns)} FROM "{table}" WHERE {where}'


def insert(table: str, columns: Iterable[str], stage: str, order: str = "") -> str:
    columns = tuple(columns)
    rows = (
        f'INSERT INTO "{table}" ({_listed(columns)}) SELECT {_listed(columns)} FROM {stage} AS s WHERE TRUE'
    )
    return rows + (f' ORDER BY s."{order}"' if order else "")


def insert_quarantine(columns: Iterable[str], stage: str) -> str:
    """Insert what does not wait for a person already: a file may come in twice."""
    waiting = (
        "SELECT 1 FROM quarantine AS q WHERE q.status = 'open' AND q.file = s.file"
        ' AND q."row" = s."row" AND q.code = s.code AND q.raw = s.raw'
    )
    return f"{insert('quarantine', columns, stage)} AND NOT EXISTS ({waiting})"


def add(table: str, columns: Iterable[str], stage: str, key: tuple[str, ...]) -> str:
    """Insert what is not there yet."""
    return f"{insert(table, columns, stage)} ON CONFLICT ({_listed(key)}) DO NOTHING"


def upsert(
    table: str, columns: Iterable[str], stage: str, key: tuple[str, ...], kept: tuple[str, ...] = ()
) -> str:
    """Insert, or update every column that is neither part of the key nor `kept` from the first time."""
    columns = tuple(columns)
    changes = ", ".join(f'"{c}" = excluded."{c}"' for c in columns if c not in key + kept)
    return f"{insert(table, columns, stage)} ON CONFLICT ({_listed(key)}) DO UPDATE SET {changes}"


def remove(table: str, key: tuple[str, ...], stage: str) -> str:
    """Delete the rows whose key is staged."""
    staged = ", ".join(f's."{name}"' for name in key)
    return f'DELETE FROM "{table}" WHERE ({_listed(key)}) IN (SELECT {staged} FROM {stage} AS s)'


def close_moved(stage: str, at: str) -> str:
    return f"""
        UPDATE crosswalk SET valid_to = {at} FROM {stage} AS s
        WHERE crosswalk.source = s.source AND crosswalk.source_record_id = s.source_record_id
          AND crosswalk.valid_to IS NULL AND (s.golden_id IS NULL OR s.golden_id <> crosswalk.golden_id)"""


def open_moved(stage: str, at: str, change_id: str) -> str:
    # The current row of a record that stays where it is makes the conflict; asking first costs a third more.
    return f"""
        INSERT INTO crosswalk (source, source_record_id, golden_id, valid_from, change_id)
        SELECT s.source, s.source_record_id, s.golden_id, {at}, {change_id}
        FROM {stage} AS s WHERE s.golden_id IS NOT NULL
        ON CONFLICT (source, source_record_id) WHERE valid_to IS NULL DO NOTHING"""


def respell_facts(stage: str) -> str:
    """Facts for a `value` of a `kind` are for `anew` from now on, without what proved them."""
    return (
        f"UPDATE consent_fact SET value = s.anew, evidence = NULL FROM {stage} AS s"
        " WHERE consent_fact.kind = s.kind AND consent_fact.value = s.value"
    )


def respell_keys(stage: str) -> str:
    """Facts about the record of one key are about that of another from now on, each once."""
    return (
        f"UPDATE consent_record SET source = s.source_anew, source_record_id = s.anew FROM {stage} AS s"
        " WHERE consent_record.source = s.source AND consent_record.source_record_id = s.source_record_id"
        " AND NOT EXISTS (SELECT 1 FROM consent_record AS c WHERE c.source = s.source_anew"
        " AND c.source_record_id = s.anew AND c.fact_id = consent_record.fact_id)"
    )


def unredirect(stage: str) -> str:
    live = f"SELECT s.golden_id FROM {stage} AS s WHERE s.status = 'live'"
    return f"DELETE FROM redirect WHERE retired IN ({live})"


_PAST = "INSERT INTO redirect_past (retired, survivor, since, until, change_id)"


def remember_unredirected(stage: str, until: str) -> str:
    """Keep where ids led that are live again from now on."""
    return f"""{_PAST}
        SELECT r.retired, r.survivor, r.since, {until}, r.change_id
        FROM redirect AS r WHERE r.retired IN (SELECT s.golden_id FROM {stage} AS s WHERE s.status = 'live')"""


def remember_repointed(stage: str) -> str:
    """Keep where ids led that are about to lead elsewhere."""
    return f"""{_PAST}
        SELECT r.retired, r.survivor, r.since, s.since, r.change_id
        FROM {stage} AS s JOIN redirect AS r ON r.survivor = s.retired"""


def repoint_redirects(stage: str) -> str:
    return f"""UPDATE redirect SET survivor = s.survivor, since = s.since, change_id = s.change_id
        FROM {stage} AS s WHERE redirect.survivor = s.retired"""


def put_redirects(stage: str) -> str:
    return upsert("redirect", ("retired", "survivor", "since", "change_id"), stage, ("retired",))


def mark_merged(stage: str) -> str:
    return f"""
        UPDATE golden_profile
        SET status = 'merged', record_count = 0, version = golden_profile.version + 1, updated_at = s.since
        FROM {stage} AS s WHERE golden_profile.golden_id = s.retired AND golden_profile.status = 'live'"""


def forget_features(where: str) -> str:
    return f"UPDATE source_record SET features = NULL WHERE features IS NOT NULL AND ({where})"


def put_features(stage: str) -> str:
    """Set the features that differ: a record is wide, and written anew as a whole."""
    return f"""
        UPDATE source_record SET features = s.features FROM {stage} AS s
        WHERE source_record.number = s.number AND (source_record.features <> s.features
            OR (source_record.features IS NULL) <> (s.features IS NULL))"""


def drop_links(stage: str) -> tuple[str, str]:
    touched = f"IN (SELECT s.source, s.source_record_id FROM {stage} AS s)"
    return (
        f"DELETE FROM link WHERE (left_source, left_id) {touched}",
        f"DELETE FROM link WHERE (right_source, right_id) {touched}",
    )


def put_links(columns: Iterable[str], stage: str) -> str:
    return upsert("link", columns, stage, LINK_KEY)


def finish_load(columns: Iterable[str], stage: str) -> str:
    changes = ", ".join(f'"{c}" = s."{c}"' for c in columns if c != "load_id")
    return f'UPDATE "load" SET {changes} FROM {stage} AS s WHERE "load".load_id = s.load_id'


def deactivate_models() -> str:
    return "UPDATE match_model SET active = FALSE WHERE active"
