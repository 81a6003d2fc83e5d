"""`pos.csv`: semicolons, cp1252, CRLF, days before months."""

from pathlib import Path
from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, column, each
from identity.sample.consents import GRANTED, REFUSED, State
from identity.sample.delimited import CutRow, spoiling, write_rows
from identity.sample.faults import plant
from identity.sample.records import Records

FILE: Final = "pos.csv"
HEADER: Final = (
    "CUSTOMER_NO;LAST_NAME;FIRST_NAME;BIRTHDAY;PHONE;EMAIL;STREET;ZIP;TOWN;COUNTY;"
    "CARD_NO;STORE;CAPTURED_AT;MARKETING"
)
COLUMNS: Final = tuple(HEADER.split(";"))
SPOILING: Final = spoiling(COLUMNS, "CUSTOMER_NO", {"CAPTURED_AT": "31.12.2025 23:59"})


def write(rng: Generator, records: Records, planted: int, path: Path) -> int:
    """Rows written, header aside."""
    fields = (
        records.entries.key,
        records.family_name,
        records.given_name,
        _birthdays(records),
        records.phone,
        records.email,
        records.street_address,
        records.postcode,
        records.city,
        records.region,
        records.loyalty_id,
        each("S{:03d}".format, records.entries.store + 1),
        each(_german_time, records.observed_at),
        _marketing(records.consents.state["email"]),
    )
    rows: list[CutRow] = list(zip(*(field.tolist() for field in fields), strict=True))
    return write_rows(path, COLUMNS, plant(rng, rows, planted, SPOILING), ";", "cp1252", "\r\n")


def _birthdays(records: Records) -> Column:
    return np.where(records.impossible, "31.02.1984", each(_german_date, records.birth_date))


def _german_date(iso: str) -> str:
    return f"{iso[8:]}.{iso[5:7]}.{iso[:4]}" if iso else ""


def _german_time(iso: str) -> str:
    return f"{_german_date(iso[:10])} {iso[11:16]}"


def _marketing(state: State) -> Column:
    answers = {GRANTED: "J", REFUSED: "N"}
    return column(answers.get(code, "") for code in state.tolist())
