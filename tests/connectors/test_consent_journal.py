"""What was said of consents is written down beside the database, and read from where it was read last."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from identity.connectors.consent_journal import ConsentJournal
from identity.features.digests import keyed_digest
from identity.model.consent_fact import BlindFact, ConsentFact, FactOrigin
from identity.model.errors import StoreError
from identity.model.record import RecordKey
from identity.steps.suppress import blinded

NOW = datetime(2026, 3, 2, 8, 30, 15, 123456, tzinfo=UTC)
DIGEST = keyed_digest(b"a secret")


def fact(name: str, **more: object) -> ConsentFact:
    told = ConsentFact(
        name, FactOrigin.TOLD, "marketing", "email", "withdrawn", NOW, NOW, "shop", "shop", "op"
    )
    return replace(told, **more)  # type: ignore[arg-type]


def by_mail(name: str) -> BlindFact:
    said = fact(name, identifier=("email", "ines@example.com"), evidence="ines wrote")
    return BlindFact(blinded(said, DIGEST), 7)


def of_records(name: str) -> BlindFact:
    records = (RecordKey("pos", "4711"), RecordKey("erp", "0815"))
    until = NOW + timedelta(days=30)
    said = fact(name, records=records, expires_at=until, captured_at=None, jurisdiction="EU")
    return BlindFact(blinded(said, DIGEST))


def names(read: Iterable[tuple[list[BlindFact], str]]) -> list[str]:
    return [each.fact.fact_id for facts, _ in read for each in facts]


def end(journal: ConsentJournal, position: str = "") -> str:
    for _, reached in journal.since(position):
        position = reached
    return position


@pytest.fixture
def journal(tmp_path: Path) -> ConsentJournal:
    return ConsentJournal(tmp_path / "consents" / "db.ndjson")


def test_what_is_written_is_read_as_it_was(journal: ConsentJournal) -> None:
    told = [by_mail("1"), of_records("2")]
    journal.append(told)
    assert [each for facts, _ in journal.since("") for each in facts] == told


def test_nobody_reads_whom_it_is_about(journal: ConsentJournal) -> None:
    journal.append([by_mail("1"), of_records("2")])
    held = journal.path.read_text()
    assert not any(told in held for told in ("ines", "4711", "0815", "erp"))
    assert journal.path.stat().st_mode & 0o777 == 0o600
    assert journal.path.parent.stat().st_mode & 0o777 == 0o700


def test_from_a_position_on_only_the_rest_is_read(journal: ConsentJournal) -> None:
    assert names(journal.since("")) == []
    journal.append([by_mail("1")])
    position = end(journal)
    assert names(journal.since(position)) == []
    journal.append([by_mail("2"), by_mail("3")])
    assert names(journal.since(position)) == ["2", "3"]


def test_a_long_journal_is_read_some_at_a_time_each_with_its_position(journal: ConsentJournal) -> None:
    journal.append([by_mail(str(number)) for number in range(1_234)])
    read = list(journal.since(""))
    assert [len(facts) for facts, _ in read] == [500, 500, 234]
    assert names(journal.since(read[0][1]))[0] == "500"


def test_a_position_of_another_file_is_none(journal: ConsentJournal) -> None:
    journal.append([by_mail("1"), by_mail("2")])
    position = end(journal)
    lines = journal.path.read_bytes().splitlines(keepends=True)
    journal.path.write_bytes(lines[1])
    assert names(journal.since(position)) == ["2"], "shorter than the position"
    journal.path.write_bytes(lines[1] + lines[0])
    assert names(journal.since(position)) == ["2", "1"], "as long, and not the same"


def test_a_line_that_broke_off_is_none_and_spoils_no_other(journal: ConsentJournal) -> None:
    journal.append([by_mail("1")])
    with journal.path.open("ab") as file:
        file.write(b'{"fact_id":"2","purp')
    position = end(journal)
    assert names(journal.since("")) == ["1"]
    journal.append([by_mail("3")])
    assert names(journal.since("")) == ["1", "3"]
    assert names(journal.since(position)) == ["3"]


@pytest.mark.parametrize("line", [b"null", b"[]", b"{}", b'{"fact_id":"1"}', b"\xff\xfe"])
def test_a_line_that_is_no_fact_is_none(journal: ConsentJournal, line: bytes) -> None:
    journal.append([by_mail("1")])
    with journal.path.open("ab") as file:
        file.write(line + b"\n")
    journal.append([by_mail("2")])
    assert names(journal.since("")) == ["1", "2"]


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "consents").write_text("a file where the folder should be")
    journal = ConsentJournal(tmp_path / "consents" / "db.ndjson")
    with pytest.raises(StoreError, match=r"E420.*journal of consents.*IDENTITY_CONSENT_JOURNAL"):
        journal.append([by_mail("1")])
