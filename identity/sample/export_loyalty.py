"""`loyalty.csv`: commas, UTF-8, months before days; consent per channel as Y, N, W (withdrawn) or empty."""

from pathlib import Path
from typing import Final

import numpy as np

from identity.sample.columns import Column, Generator, Index, column, each, pick
from identity.sample.consents import GRANTED, REFUSED, UNKNOWN, WITHDRAWN, State
from identity.sample.delimited import CutRow, spoiling, write_rows
from identity.sample.faults import plant
from identity.sample.records import Records, moments

FILE: Final = "loyalty.csv"
HEADER: Final = (
    "member_number,first_name,last_name,date_of_birth,gender,email,mobile,address_line,city,state,postal_code,"
    "country,tier,points_balance,enrolled_at,last_activity_at,consent_email,consent_sms,consent_post,consent_updated_at"
)
COLUMNS: Final = tuple(HEADER.split(","))
SPOILING: Final = spoiling(COLUMNS, "member_number", {"last_activity_at": "2025-12-31T23:59:00Z"})
TIERS: Final = {"BASIC": 0.62, "SILVER": 0.24, "GOLD": 0.11, "PLATINUM": 0.03}
ANSWERS: Final = {GRANTED: "Y", REFUSED: "N", WITHDRAWN: "W"}
CHANNELS: Final = ("email", "sms", "post")


def write(rng: Generator, records: Records, planted: int, path: Path) -> int:
    """Rows written, header aside."""
    tier = pick(rng, len(records.email), list(TIERS.values()))
    fields = (
        records.entries.key,
        records.given_name,
        records.family_name,
        np.where(records.impossible, "02/31/1984", each(_american_date, records.birth_date)),
        records.gender,
        records.email,
        records.phone,
        records.street_address,
        records.city,
        records.region,
        records.postcode,
        records.country,
        column(TIERS)[tier],
        _balances(rng, tier),
        moments(records.entries.created),
        records.observed_at,
        *(_answers(records.consents.state[channel]) for channel in CHANNELS),
        _answered_at(records),
    )
    rows: list[CutRow] = list(zip(*(field.tolist() for field in fields), strict=True))
    return write_rows(path, COLUMNS, plant(rng, rows, planted, SPOILING), ",", "utf-8", "\n")


def _american_date(iso: str) -> str:
    return f"{iso[5:7]}/{iso[8:]}/{iso[:4]}" if iso else ""


def _balances(rng: Generator, tier: Index) -> Column:
    return each(str, (rng.gamma(1.2, 400, len(tier)) * (1 + tier)).astype(np.int64))


def _answers(state: State) -> Column:
    return column(ANSWERS.get(code, "") for code in state.tolist())


def _answered_at(records: Records) -> Column:
    """When the newest of the answers was given."""
    state, changed = records.consents.state, records.consents.changed
    newest = np.maximum.reduce([np.where(state[c] > UNKNOWN, changed[c], 0) for c in CHANNELS])
    return np.where(newest > 0, moments(newest), "")
