"""Each system's own format through the rules that ship: what it says in canonical attributes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from identity.connectors.files import read_source_file
from identity.connectors.intake import Intake
from identity.model.policy import ImpossibleValue, SourcePolicy
from matching_rules.loader import load_source_policies, rules_directory

TODAY = date(2026, 6, 1)
POLICIES = load_source_policies(rules_directory())
POS = (
    "CUSTOMER_NO;LAST_NAME;FIRST_NAME;BIRTHDAY;PHONE;EMAIL;STREET;ZIP;TOWN;COUNTRY;CARD_NO;STORE;"
    "CAPTURED_AT;MARKETING"
)
LOYALTY = (
    "member_number,first_name,last_name,date_of_birth,gender,email,mobile,address_line,city,state,postal_code,country,"
    "tier,points_balance,enrolled_at,last_activity_at,consent_email,consent_sms,consent_post,consent_updated_at"
)
ERP = (
    "MANDT,KUNNR,KTOKD,ANRED,NAME1,NAME2,STRAS,PSTLZ,ORT01,REGIO,LAND1,TELF1,SMTP_ADDR,STCD1,"
    "ERDAT,AEDAT,LOEVM,SPERR"
)


def read(path: Path, content: str | bytes, policy: SourcePolicy) -> Intake:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    intake = read_source_file(path, policy, today=TODAY)
    assert intake.accepted + intake.quarantined + intake.rejected == intake.rows
    return intake


def pos(tmp_path: Path, *rows: str, policy: SourcePolicy = POLICIES["pos"]) -> Intake:
    return read(tmp_path / "pos.csv", "\r\n".join((POS, *rows, "")).encode("cp1252"), policy)


def known(intake: Intake) -> dict[str, object]:
    (record,) = intake.records.to_pylist()
    return {name: value for name, value in record.items() if value is not None and name != "original"}


def test_a_till_speaks_german(tmp_path: Path) -> None:
    row = (
        "100;Weiß;Jürgen;03.04.1985;0171 1;JW@x.example;Hauptstraße 1;89073;Ulm;DE;7001;S1;05.01.2024 09:30;J"
    )
    intake = pos(tmp_path, row)
    assert known(intake) == {
        "source": "pos",
        "source_record_id": "100",
        "given_name": "Jürgen",
        "family_name": "Weiß",
        "birth_date": "1985-04-03",
        "email": "JW@x.example",
        "phone": "0171 1",
        "street_address": "Hauptstraße 1",
        "city": "Ulm",
        "postcode": "89073",
        "country": "DE",
        "loyalty_id": "7001",
        "observed_at": "2024-01-05T09:30:00Z",
        "consents": '{"marketing.email":{"status":"granted","captured_at":"2024-01-05T09:30:00Z"}}',
        "row": 1,
    }
    (original,) = intake.records["original"].to_pylist()
    assert orjson.loads(original) == dict(zip(POS.split(";"), row.split(";"), strict=True))
    assert not intake.issues


def test_a_shop_customer_is_found_by_path(tmp_path: Path) -> None:
    customer = {
        "id": 6870000000023,
        "first_name": "Zoë",
        "last_name": "Berg",
        "email": "z@x.example",
        "phone": None,
        "created_at": "2023-01-01T00:00:00-05:00",
        "updated_at": None,
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2024-01-01T00:00:00Z"},
        "sms_marketing_consent": None,
        "default_address": {
            "address1": "1 Main St",
            "address2": " Apt 2 ",
            "city": "Boston",
            "province_code": "MA",
            "zip": "02119",
            "country_code": "US",
            "phone": "555-1",
        },
        "metafields": {"birth_date": "1980-01-02", "loyalty_member_number": 7001},
    }
    line = orjson.dumps(customer).decode()
    intake = read(tmp_path / "ecommerce.jsonl", f"{line}\n", POLICIES["ecommerce"])
    found = known(intake)
    assert found["source_record_id"] == "6870000000023"
    assert (found["phone"], found["street_address"], found["loyalty_id"]) == (
        "555-1",
        "1 Main St Apt 2",
        "7001",
    )
    assert (found["observed_at"], found["birth_date"]) == ("2023-01-01T05:00:00Z", "1980-01-02")
    assert orjson.loads(str(found["consents"])) == {
        "marketing.email": {"status": "granted", "captured_at": "2024-01-01T00:00:00Z"}
    }
    assert intake.records["original"].to_pylist() == [line]


def test_a_shop_customer_may_come_flat_or_as_parquet(tmp_path: Path) -> None:
    policy = POLICIES["ecommerce"]
    flat = read(tmp_path / "flat.csv", "id,default_address.city\n1,Boston\n", policy)
    lines = read(tmp_path / "flat.jsonl", '{"id": 1, "default_address.city": "Boston"}\n', policy)
    pq.write_table(
        pa.table({"id": [1], "default_address": [{"city": "Boston"}]}), tmp_path / "nested.parquet"
    )
    nested = read_source_file(tmp_path / "nested.parquet", policy, today=TODAY)
    assert [intake.records["city"].to_pylist() for intake in (flat, lines, nested)] == [["Boston"]] * 3
    assert orjson.loads(nested.records["original"][0].as_py()) == {
        "id": 1,
        "default_address": {"city": "Boston"},
    }


def test_an_object_that_is_none_costs_the_row(tmp_path: Path) -> None:
    intake = read(tmp_path / "a.jsonl", '{"id": 1, "default_address": "Boston"}\n', POLICIES["ecommerce"])
    assert [(issue.code, issue.column) for issue in intake.issues] == [("E310", "default_address")]


def test_a_member_says_yes_no_and_no_longer(tmp_path: Path) -> None:
    row = "70001,Ann,Lee,04/03/1985,F,a@x.example,555-1,1 Main St,Boston,MA,02119,US,GOLD,10,"
    row += "2020-01-01T00:00:00Z,,Y,w,N,"
    intake = read(tmp_path / "loyalty.csv", f"{LOYALTY}\n{row}2024-01-01T00:00:00Z\n", POLICIES["loyalty"])
    found = known(intake)
    assert (found["source_record_id"], found["loyalty_id"], found["birth_date"]) == (
        "70001",
        "70001",
        "1985-04-03",
    )
    assert found["observed_at"] == "2020-01-01T00:00:00Z"
    statuses = {name: consent["status"] for name, consent in orjson.loads(str(found["consents"])).items()}
    assert statuses == {
        "marketing.email": "granted",
        "marketing.sms": "withdrawn",
        "marketing.post": "denied",
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('"Berg, Anna"', "Anna Berg"),
        ("Anna Berg", "Anna Berg"),
        ('"A, B, C"', "A, B, C"),
        ('"Berg,"', "Berg,"),
    ],
)
def test_an_account_name_is_given_name_first(tmp_path: Path, name: str, expected: str) -> None:
    row = f"100,0000200019,KUNA,,{name},,Main St 1,02119,Boston,MA,US,,,917,20200105,00000000,,"
    found = known(read(tmp_path / "erp.csv", f"{ERP}\n{row}\n", POLICIES["erp"]))
    assert (found["full_name"], found["source_record_id"], found["tax_id"]) == (expected, "0000200019", "917")
    assert found["observed_at"] == "2020-01-05T00:00:00Z"


def test_an_account_marked_for_deletion_is_rejected_and_takes_its_earlier_row_with_it(tmp_path: Path) -> None:
    start, end = "100,{},KUNA,,Anna Berg,,,,,,US,,,,20200105,20240105,", ","
    rows = [start.format(1) + end, start.format(2) + end, start.format(1) + "X" + end]
    intake = read(tmp_path / "erp.csv", "\n".join((ERP, *rows)), POLICIES["erp"])
    assert [(issue.row, issue.code) for issue in intake.issues] == [(1, "E340"), (3, "E341")]
    assert "the account is marked for deletion" in intake.issues[1].message
    assert intake.records["source_record_id"].to_pylist() == ["2"]


@pytest.mark.parametrize(
    ("birthday", "code"),
    [("31.02.1984", "E313"), ("01.01.2030", "E314"), ("24.12.1890", "E315"), ("31/02/1984", "E313")],
)
def test_an_impossible_birthday_is_quarantined_or_kept_as_the_rules_say(
    tmp_path: Path, birthday: str, code: str
) -> None:
    row = f"1;Berg;Anna;{birthday};;;;;;;;;;"
    (issue,) = pos(tmp_path, row).issues
    assert (issue.code, issue.column, issue.source_record_id, issue.line) == (code, "BIRTHDAY", "1", 2)
    lenient = pos(tmp_path, row, policy=replace(POLICIES["pos"], impossible_values=ImpossibleValue.KEEP))
    assert (lenient.accepted, lenient.issues[0].outcome) == (1, "warning")


@pytest.mark.parametrize("birthday", ["01.01.1900", "00.00.0000", "01.01.1970", "03/04/1985", "unknown"])
def test_a_placeholder_or_an_unclear_birthday_is_not_impossible(tmp_path: Path, birthday: str) -> None:
    assert not pos(tmp_path, f"1;Berg;Anna;{birthday};;;;;;;;;;").issues


def test_a_day_that_does_not_exist_is_impossible_in_a_timestamp_too(tmp_path: Path) -> None:
    intake = pos(tmp_path, "1;Berg;Anna;;;;;;;;;;31.02.2024 10:00;J", "2;Berg;Anna;;;;;;;;;;soon;J")
    assert [(issue.row, issue.code, issue.outcome) for issue in intake.issues] == [
        (1, "E313", "quarantined"),
        (2, "E361", "warning"),
    ]


def test_local_time_becomes_utc(tmp_path: Path) -> None:
    berlin = replace(POLICIES["pos"], timezone="Europe/Berlin")
    intake = pos(tmp_path, "1;Berg;Anna;;;;;;;;;;05.07.2024 09:30;", policy=berlin)
    assert intake.records["observed_at"].to_pylist() == ["2024-07-05T07:30:00Z"]


def test_a_consent_in_unknown_spelling_permits_nothing(tmp_path: Path) -> None:
    intake = pos(tmp_path, "1;Berg;Anna;;;;;;;;;;;X", "2;Berg;Anna;;;;;;;;;;;")
    assert intake.records["consents"].to_pylist() == ['{"marketing.email":{"status":"unknown"}}', None]
    assert [(issue.row, issue.code) for issue in intake.issues] == [(1, "E360")]


def test_bytes_that_are_no_cp1252_cost_their_row(tmp_path: Path) -> None:
    row = b"{};Berg;Anna;;;;;;;;;;;".replace(b"{}", b"%d")
    content = b"\n".join((POS.encode(), row % 1, (row % 2).replace(b"Anna", b"An\x81na"), row % 3))
    intake = read(tmp_path / "pos.csv", content, POLICIES["pos"])
    assert [(issue.row, issue.code, issue.raw[:14]) for issue in intake.issues] == [
        (2, "E301", "2;Berg;An\\x81na"[:14])
    ]


def test_a_column_the_rules_read_and_the_file_lacks_is_warned_of_once(tmp_path: Path) -> None:
    intake = read(tmp_path / "erp.csv", f"{ERP.replace('STRAS', 'STREET')}\n", POLICIES["erp"])
    assert [(issue.row, issue.code, issue.column) for issue in intake.issues] == [(0, "E362", "STRAS")]
    assert intake.rows == 0
