"""Unusual people are people: hardly any may be set aside, and they are recognised by their names and addresses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson

from identity.connectors.files import read_canonical_file
from identity.model.record import RecordKey, SourceRecord
from identity.steps.normalise import normalise
from identity.steps.refuse import refuse
from tests.corpus.controls import CONTROLS

_MOST = 0.01


def features(person: dict[str, str]) -> dict[str, str]:
    return dict(normalise(SourceRecord(RecordKey("pos", "1"), person)).features)


def test_hardly_anybody_unusual_is_set_aside(tmp_path: Path) -> None:
    assert len(CONTROLS) > 300
    lines = [{"source": "pos", "source_record_id": str(n), **person} for n, person in enumerate(CONTROLS)]
    file = tmp_path / "people.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    intake = read_canonical_file(file, custom=(), today=date(2026, 6, 1))
    refused = sum(refuse(SourceRecord(RecordKey("pos", "1"), person)) is not None for person in CONTROLS)
    assert intake.quarantined + intake.rejected <= _MOST * len(CONTROLS)
    assert refused <= _MOST * len(CONTROLS)
    assert intake.warnings == 0


def test_everybody_unusual_is_recognised_by_their_name() -> None:
    named = [person for person in CONTROLS if "family_name" in person]
    lost = [person for person in named if not features(person).keys() >= {"given_name", "family_name"}]
    lost += [person for person in CONTROLS if not features(person).keys() & {"given_name", "family_name"}]
    assert lost == []


def test_everybody_unusual_is_recognised_by_where_they_live() -> None:
    assert [p for p in CONTROLS if "street_address" in p and "street" not in features(p)] == []


def test_nobody_unusual_is_taken_for_another() -> None:
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for person in CONTROLS:
        made = features(person)
        names = tuple(
            made.get(part, "")
            for part in ("given_name", "middle_name", "family_name", "birth_date", "street", "address")
        )
        assert found.setdefault(names, person) == person
