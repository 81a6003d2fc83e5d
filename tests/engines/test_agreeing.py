"""A population agrees to what each of its people does, one by one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.engines.agreeing import refusals_left
from identity.engines.survivorship import survive_population
from identity.model.consent import RESTRICTIVENESS
from identity.model.consent_fact import ConsentFact, FactOrigin
from identity.model.consent_policy import ConsentPolicy
from identity.model.policy import SurvivorshipPolicy
from identity.model.record import RecordKey, SourceRecord
from identity.ports import LIVE_RECORDS, RECORDS
from identity.steps.agree import Book, agree
from identity.steps.keep import keep
from identity.steps.survive import json_text

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = ConsentPolicy(
    ("marketing",), {"email": "email", "sms": "phone", "web": ""}, skew=timedelta(seconds=5)
)
CONSENTS = ("marketing.email", "marketing.sms", "marketing.web")
MAILS = {
    "anna@shop.example": ["anna@shop.example", "Anna+news@SHOP.example "],
    "b@mail.example": ["b@mail.example"],
}
SPELLED = [text for texts in MAILS.values() for text in texts]
PHONES = [
    "+1 (212) 555-0142",
    "212.555.0142",
    "(212) 555-0142 ext 7",
    "+442079460958",
    "020 7946 0958",
    "n/a",
]
CONNECTION = duckdb.connect(config={"threads": 1})

moments = st.integers(-30, 3).map(lambda hours: NOW + timedelta(hours=hours))
keys = st.sampled_from([RecordKey("pos", str(number)) for number in range(8)])


@st.composite
def people(draw: st.DrawFn) -> list[tuple[str, SourceRecord]]:
    found = []
    for key in draw(st.lists(keys, min_size=1, max_size=8, unique=True)):
        said = draw(st.dictionaries(st.sampled_from(CONSENTS), st.sampled_from(RESTRICTIVENESS), max_size=2))
        attributes = {
            "email": draw(st.sampled_from(["", *SPELLED])),
            "phone": draw(st.sampled_from(["", *PHONES])),
            "country": draw(st.sampled_from(["", "US", "GB"])),
        }
        captured = {consent: draw(moments) for consent in said if draw(st.booleans())}
        record = SourceRecord(
            key,
            {name: value for name, value in attributes.items() if value},
            draw(st.none() | moments),
            said,
            captured,
        )
        found.append((draw(st.sampled_from(["g1", "g2", "g3"])), record))
    return found


@st.composite
def facts(draw: st.DrawFn) -> list[ConsentFact]:
    found = []
    for number in range(draw(st.integers(0, 5))):
        purpose, channel = draw(st.sampled_from(CONSENTS)).split(".")
        identifiers = [("email", mail) for mail in MAILS] + [("phone", "2125550142"), ("phone", "2079460958")]
        identifier = draw(st.none() | st.sampled_from(identifiers))
        about = () if identifier else tuple(sorted(draw(st.sets(keys, min_size=1, max_size=3))))
        status, captured, until = (
            draw(st.sampled_from(RESTRICTIVENESS)),
            draw(st.none() | moments),
            draw(st.none() | moments),
        )
        origin = draw(st.sampled_from(FactOrigin))
        told = (
            origin,
            purpose,
            channel,
            status,
            captured,
            NOW,
            "tests",
            "tests",
            "c",
            about,
            identifier,
            until,
        )
        found.append(ConsentFact(f"f{number}", *told))
    return found


def table(records: list[SourceRecord]) -> pa.Table:
    columns = ("source", "source_record_id", "observed_at", "consents", "email", "phone", "country")
    rows = [_row(record) for record in records]
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in columns})


def _row(record: SourceRecord) -> dict[str, str | None]:
    consents = {
        consent: {"status": status}
        | ({"captured_at": record.captured[consent].isoformat()} if consent in record.captured else {})
        for consent, status in record.consents.items()
    }
    return {
        **record.attributes,
        "source": record.key.source,
        "source_record_id": record.key.source_record_id,
        "observed_at": record.observed_at.isoformat() if record.observed_at else None,
        "consents": json.dumps(consents) if consents else None,
    }


@settings(max_examples=120, deadline=None)
@given(people(), facts())
def test_a_population_agrees_to_what_each_of_its_people_does(
    members: list[tuple[str, SourceRecord]], told: list[ConsentFact]
) -> None:
    records = table([record for _, record in members])
    homes = {name: records[name] for name in ("source", "source_record_id")}
    memberships = pa.table({**homes, "golden_id": pa.array([home for home, _ in members], pa.string())})
    book = Book.of(POLICY, NOW, told, frozenset())
    with CONNECTION.cursor() as work:
        found = survive_population(work, records, memberships, SurvivorshipPolicy(()), book=book).to_pylist()
    live = Book.of(POLICY, NOW, told, {record.key for _, record in members})
    for row in found:
        held = agree([record for home, record in members if home == row["golden_id"]], live)
        assert row["consents"] == json_text({name: held[name].held.status for name in sorted(held)})


@settings(max_examples=60, deadline=None)
@given(people(), people())
def test_what_a_load_leaves_out_is_kept_as_it_is_record_by_record(
    before: list[tuple[str, SourceRecord]], after: list[tuple[str, SourceRecord]]
) -> None:
    known, told = ({record.key: record for _, record in some} for some in (before, after))
    stored, arrivals = (
        _shaped([*some.values()], schema) for some, schema in ((known, LIVE_RECORDS), (told, RECORDS))
    )
    left = refusals_left(stored, arrivals, POLICY, NOW)
    expected = [
        fact for key in known.keys() & told.keys() for fact in keep(known[key], told[key], POLICY, NOW)
    ]
    assert sorted(left, key=lambda fact: fact.fact_id) == sorted(expected, key=lambda fact: fact.fact_id)


def _shaped(records: list[SourceRecord], schema: pa.Schema) -> pa.Table:
    rows = []
    for record in records:
        row: dict[str, object] = {**_row(record), "observed_at": record.observed_at, "mode": "live"}
        rows.append({**row, "consents": row["consents"] or "{}"})
    return pa.table(
        {field.name: pa.array([row.get(field.name) for row in rows], field.type) for field in schema}
    )
