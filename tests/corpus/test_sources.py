"""Birth dates as four systems write them, whose rules set aside what cannot be true."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from identity.connectors.files import read_source_file
from matching_rules.loader import load_source_policies, rules_directory
from tests.corpus.values.dates import SOURCES

POLICIES = load_source_policies(rules_directory())
WRITTEN = {
    "pos": ("%d.%m.%Y", "CUSTOMER_NO", "BIRTHDAY", ";"),
    "loyalty": ("%m/%d/%Y", "member_number", "date_of_birth", ","),
    "ecommerce": ("%Y-%m-%d", "id", "metafields.birth_date", ""),
}


@pytest.mark.parametrize("source", WRITTEN)
def test_a_date_is_taken_or_set_aside_under_its_code(tmp_path: Path, source: str) -> None:
    form, record_id, column, delimiter = WRITTEN[source]
    cases = SOURCES[form]
    rows = [{record_id: str(n), column: text} for n, (text, _) in enumerate(cases)]
    path = tmp_path / ("a.csv" if delimiter else "a.jsonl")
    lines = [delimiter.join((record_id, column)), *(delimiter.join(row.values()) for row in rows)]
    path.write_text("\n".join(lines if delimiter else map(json.dumps, rows)) + "\n")
    intake = read_source_file(path, POLICIES[source], today=date(2026, 6, 1))
    aside = {issue.row: issue.code for issue in intake.issues if str(issue.outcome) == "quarantined"}
    assert [aside.get(row, "") for row in range(1, len(cases) + 1)] == [code for _, code in cases]
    assert intake.accepted + intake.quarantined + intake.rejected == intake.rows == len(cases)
