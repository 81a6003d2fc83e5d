"""The SQL of consent facts."""

from __future__ import annotations

from identity.store import statements as bulk
from identity.store.consent_facts import FACT_COLUMNS, RESPELLED_KEY
from identity.store.dialect import Kind, Statement
from identity.store.online.statements import columns_of

__all__ = [
    "BY_ID",
    "BY_IDENTIFIER",
    "BY_RECORD",
    "EVERY_FACT",
    "EVERY_RECORD",
    "FLAGS",
    "FLAGS_AND_PLACES",
    "KNOWN",
    "LAPSED",
    "PUT_FACTS",
    "PUT_RECORDS",
    "PUT_SETTING",
    "RECORDS_OF",
    "RESPELL_FACTS",
    "RESPELL_KEYS",
]

_FACT = ", ".join(f"f.{name}" for name in FACT_COLUMNS)
_ABOUT = ("source", "source_record_id", "fact_id")

BY_RECORD = Statement(
    f"SELECT DISTINCT {_FACT} FROM {{rows}} AS s JOIN consent_record AS a ON a.source = s.source"
    " AND a.source_record_id = s.source_record_id JOIN consent_fact AS f ON f.fact_id = a.fact_id",
    columns_of("source_record", "source", "source_record_id"),
)
BY_IDENTIFIER = Statement(
    f"SELECT {_FACT} FROM {{rows}} AS s JOIN consent_fact AS f ON f.kind = s.kind AND f.value = s.value"
    " AND f.value IS NOT NULL",
    columns_of("consent_fact", "kind", "value"),
)
BY_ID = Statement(
    f"SELECT {_FACT} FROM {{rows}} AS s JOIN consent_fact AS f ON f.fact_id = s.fact_id",
    columns_of("consent_fact", "fact_id"),
)
KNOWN = Statement(
    "SELECT f.fact_id FROM {rows} AS s JOIN consent_fact AS f ON f.fact_id = s.fact_id",
    columns_of("consent_fact", "fact_id"),
)
RECORDS_OF = Statement(
    "SELECT a.fact_id, a.source, a.source_record_id FROM {rows} AS s"
    " JOIN consent_record AS a ON a.fact_id = s.fact_id",
    columns_of("consent_fact", "fact_id"),
)
EVERY_FACT = Statement(f"SELECT {_FACT} FROM consent_fact AS f ORDER BY f.fact_id")
EVERY_RECORD = Statement("SELECT a.fact_id, a.source, a.source_record_id FROM consent_record AS a")
LAPSED = Statement(
    f"SELECT {_FACT} FROM consent_fact AS f WHERE f.expires_at IS NOT NULL AND f.expires_at > :after"
    " AND f.expires_at <= :until ORDER BY f.expires_at, f.fact_id LIMIT :most"
)
PUT_FACTS = Statement(
    f"INSERT INTO consent_fact ({', '.join(FACT_COLUMNS)})"
    f" SELECT {', '.join(f's.{name}' for name in FACT_COLUMNS)} FROM {{rows}} AS s WHERE TRUE"
    " ON CONFLICT (fact_id) DO NOTHING",
    columns_of("consent_fact", *FACT_COLUMNS),
)
PUT_RECORDS = Statement(
    f"INSERT INTO consent_record ({', '.join(_ABOUT)}) SELECT {', '.join(f's.{name}' for name in _ABOUT)}"
    " FROM {rows} AS s WHERE TRUE ON CONFLICT (source, source_record_id, fact_id) DO NOTHING",
    columns_of("consent_record", *_ABOUT),
)
PUT_SETTING = Statement(
    "INSERT INTO setting (name, value) VALUES (:name, :value)"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
RESPELL_FACTS = Statement(
    bulk.respell_facts("{rows}"),
    {"kind": Kind.TEXT, "value": Kind.TEXT, "anew": Kind.TEXT},
)
RESPELL_KEYS = Statement(bulk.respell_keys("{rows}"), dict.fromkeys(RESPELLED_KEY, Kind.TEXT))
_FLAGS = (
    "SELECT p.golden_id, p.version, p.status, p.consents{more} FROM {{rows}} AS s"
    " JOIN golden_profile AS p ON p.golden_id = s.golden_id"
)
_GOLDEN_IDS = columns_of("golden_profile", "golden_id")
FLAGS = Statement(_FLAGS.format(more=""), _GOLDEN_IDS)
FLAGS_AND_PLACES = Statement(_FLAGS.format(more=", p.attributes"), _GOLDEN_IDS)
