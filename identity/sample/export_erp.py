"""`erp.csv`: a customer master (KNA1 with ADR6), the whole name in one field, dates without separators."""

from pathlib import Path
from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, Index, blank, column, each, hits, pick
from identity.sample.delimited import CutRow, spoiling, write_rows
from identity.sample.faults import plant
from identity.sample.names import COUNTRIES
from identity.sample.records import Records, moments

FILE: Final = "erp.csv"
HEADER: Final = (
    "MANDT,KUNNR,KTOKD,ANRED,NAME1,NAME2,STRAS,PSTLZ,ORT01,REGIO,LAND1,"
    "TELF1,SMTP_ADDR,STCD1,ERDAT,AEDAT,LOEVM,SPERR"
)
COLUMNS: Final = tuple(HEADER.split(","))
SPOILING: Final = spoiling(COLUMNS, "KUNNR", {"AEDAT": "20251231"})
ACCOUNT_GROUPS: Final = {"KUNA": 0.72, "0001": 0.20, "CPD": 0.08}
GERMAN: Final = COUNTRIES.index("DE")
TITLES: Final = {("M", False): "Mr.", ("F", False): "Ms.", ("M", True): "Herr", ("F", True): "Frau"}
FAMILY_FIRST: Final = 0.6
SECOND_NAME_LINES: Final = {"": 0.95, "c/o Front Desk": 0.01, "Accounts Payable": 0.02, "Private": 0.02}
MARKED_FOR_DELETION: Final = 0.012
BLOCKED: Final = 0.008


def write(rng: Generator, records: Records, planted: int, path: Path) -> int:
    """Rows written, header aside."""
    count = len(records.email)
    fields = (
        np.full(count, "100", dtype=np.object_),
        records.entries.key,
        _drawn(rng, count, ACCOUNT_GROUPS),
        _titles(records),
        _names(rng, records),
        _drawn(rng, count, SECOND_NAME_LINES),
        records.street_address,
        records.postcode,
        records.city,
        records.region,
        records.country,
        records.phone,
        records.email,
        records.tax_id,
        np.where(records.impossible, "20210231", _compact_dates(records.entries.created)),
        _changed_on(records),
        np.where(hits(rng, count, MARKED_FOR_DELETION), "X", blank(count)),
        np.where(hits(rng, count, BLOCKED), "X", blank(count)),
    )
    rows: list[CutRow] = list(zip(*(field.tolist() for field in fields), strict=True))
    return write_rows(path, COLUMNS, plant(rng, rows, planted, SPOILING), ",", "utf-8", "\n")


def _drawn(rng: Generator, count: int, shares: dict[str, float]) -> Column:
    return column(shares)[pick(rng, count, list(shares.values()))]


def _titles(records: Records) -> Column:
    german = records.entries.country == GERMAN
    return each(lambda gender, de: TITLES.get((gender, de), ""), records.gender, german)


def _names(rng: Generator, records: Records) -> Column:
    """Both orders occur; only the comma tells them apart."""
    family_first = hits(rng, len(records.email), FAMILY_FIRST)
    return each(_one_name, records.given_name, records.family_name, family_first)


def _one_name(given: str, family: str, family_first: bool) -> str:
    if not given or not family:
        return given or family
    return f"{family}, {given}" if family_first else f"{given} {family}"


def _compact_dates(seconds: Index) -> Column:
    return each(lambda iso: iso[:10].replace("-", ""), moments(seconds))


def _changed_on(records: Records) -> Column:
    """Zeros for an account that was never changed since it was made."""
    entries = records.entries
    return np.where(entries.updated == entries.created, "00000000", _compact_dates(entries.updated))
