"""Values that are encrypted where they stand: nobody reads them without the key, and nothing is lost with another."""

from __future__ import annotations

import pyarrow as pa
import pytest

from identity.model.errors import StoreError
from identity.store.fields import PLAIN, Fields

ONE, TWO = Fields.of({"k1": b"1" * 32}), Fields.of({"k2": b"2" * 32, "k1": b"1" * 32})
WHERE = "source_record.email"


def test_a_value_is_read_again_with_its_key_and_looks_alike_each_time() -> None:
    sealed = ONE.spelled(WHERE, "ines@example.com")
    assert sealed.startswith("enc1:k1:")
    assert "ines" not in sealed
    assert ONE.spelled(WHERE, "ines@example.com") == sealed
    assert ONE.read(WHERE, sealed) == TWO.read(WHERE, sealed) == "ines@example.com"
    assert TWO.spelled(WHERE, "ines@example.com").startswith("enc1:k2:")
    assert ONE.seal(WHERE, None) is None
    assert ONE.clear(WHERE, None) is None
    assert ONE.read(WHERE, ONE.spelled(WHERE, "")) == ""


def test_what_is_plain_stays_readable() -> None:
    assert ONE.read(WHERE, "ines@example.com") == "ines@example.com"


def test_a_value_opens_in_its_own_column_only() -> None:
    sealed = ONE.spelled(WHERE, "ines@example.com")
    assert ONE.spelled("source_record.phone", "ines@example.com") != sealed
    with pytest.raises(StoreError, match="E423"):
        ONE.read("source_record.phone", sealed)


@pytest.mark.parametrize("place", [8, 20, -1])
def test_an_altered_value_is_refused(place: int) -> None:
    sealed = ONE.spelled(WHERE, "ines@example.com")
    other = "A" if sealed[place] != "A" else "B"
    altered = sealed[:place] + other + (sealed[place + 1 :] if place != -1 else "")
    with pytest.raises(StoreError, match="E423"):
        ONE.read(WHERE, altered)


def test_a_missing_and_a_wrong_key_are_told_apart_and_no_value_is_told() -> None:
    sealed = TWO.spelled(WHERE, "ines@example.com")
    for fields in (ONE, PLAIN):
        with pytest.raises(StoreError, match=r"E422.*k2") as missing:
            fields.read(WHERE, sealed)
        assert "ines" not in str(missing.value)
    with pytest.raises(StoreError, match="E423"):
        Fields.of({"k2": b"3" * 32}).read(WHERE, sealed)


@pytest.mark.parametrize("told", ["enc1:k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAA", "enc0:x", "enc1:", "enc"])
def test_what_only_looks_encrypted_is_taken_as_it_was_told(told: str) -> None:
    for fields in (PLAIN, ONE):
        assert fields.read(WHERE, fields.spelled(WHERE, told)) == told


def test_arrow_columns_go_in_and_come_out_and_equal_values_stay_equal() -> None:
    told = pa.table(
        {
            "source": ["a", "b", "c", "d"],
            "email": ["x@y.example", None, "x@y.example", "enc1:z"],
            "original": pa.nulls(4, pa.string()),
        }
    )
    for fields in (PLAIN, ONE):
        sealed = fields.sealed("source_record", told)
        assert sealed.schema == told.schema
        assert len(set(sealed["email"].to_pylist())) == 3
        assert fields.cleared("source_record", sealed).equals(told)
    assert PLAIN.sealed("source_record", told.slice(0, 3)).equals(told.slice(0, 3))
    assert ONE.cleared("source_record", told.slice(0, 3)).equals(told.slice(0, 3)), (
        "written before there were keys"
    )
