"""Rules of sources: what ships is in order, and each fault has its number, its place and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.connectors.transforms import TRANSFORM_TABLE
from identity.model.errors import RulesError
from identity.model.policy import TRANSFORMS, ColumnMapping, ImpossibleValue, SourceMode
from matching_rules.loader import load_source_policies, load_source_policy, rules_directory

GOOD = """\
source: till
file: {kind: csv, encoding: latin-1, delimiter: ";"}
record_id: NO
trust: 10
mode: shadow
default_country: NO
timezone: Europe/Oslo
date_formats: ["%d.%m.%Y"]
observed_at: [CHANGED, CREATED]
impossible_values: keep
custom_attributes: [shoe_size]
optional_columns: SIZE
columns:
  given_name: FIRST
  phone: {first_of: [MOBILE, PHONE], transform: digits}
  street_address: {columns: [A, B], join: ", "}
  shoe_size: SIZE
consents:
  marketing.email: {column: MAIL, captured_at: CHANGED, meanings: {1: granted, NO: denied, "": unknown}}
reject_when: {GONE: deleted at the till}
"""
FAULTS = {
    "not yaml": ("source: till", "source: [till", "E102", "line"),
    "no keys": (GOOD, "- till", "E103", "top"),
    "trust is a text": ("trust: 10", "trust: high", "E103", "trust"),
    "columns is a text": ("file: {", "file: csv #", "E103", "file"),
    "formats are numbers": ('["%d.%m.%Y"]', "[1]", "E103", "date_formats"),
    "unknown key": ("trust: 10", "thrust: 10", "E104", "thrust"),
    "unknown key inside": ("transform: digits", "transfrom: digits", "E104", "columns.phone.transfrom"),
    "no record id": ("record_id: NO\n", "", "E105", "record_id"),
    "empty record id": ("record_id: NO\n", "record_id: ''\n", "E105", "record_id"),
    "no meanings": ("meanings:", "captured_at2:", "E104", "captured_at2"),
    "unknown attribute": ("given_name: FIRST", "first_name: FIRST", "E106", "columns.first_name"),
    "odd attribute name": ("[shoe_size]", "[Shoe size]", "E106", "custom_attributes"),
    "attribute twice": ("given_name: FIRST", "given_name: FIRST\n  given_name: NAME", "E107", "given_name"),
    "reserved attribute": ("[shoe_size]", "[email]", "E107", "custom_attributes"),
    "unknown mode": ("mode: shadow", "mode: dry", "E108", "mode"),
    "unknown answer": ("impossible_values: keep", "impossible_values: drop", "E108", "impossible_values"),
    "unknown transform": ("transform: digits", "transform: shout", "E109", "columns.phone.transform"),
    "unknown kind": ("kind: csv", "kind: xml", "E110", "file.kind"),
    "unknown encoding": ("encoding: latin-1", "encoding: utf-9", "E111", "file.encoding"),
    "no text encoding": ("encoding: latin-1", "encoding: base64", "E111", "file.encoding"),
    "long delimiter": ('delimiter: ";"', 'delimiter: ";;"', "E111", "file.delimiter"),
    "consent without channel": ("marketing.email:", "marketing:", "E112", "consents.marketing"),
    "unknown meaning": ("1: granted", "1: yes", "E112", "consents.marketing.email.meanings.1"),
    "unknown directive": ("%d.%m.%Y", "%d.%m.%q", "E113", "date_formats"),
    "directive twice": ("%d.%m.%Y", "%d.%d.%Y", "E113", "date_formats"),
    "unknown country": ("default_country: NO", "default_country: Norway", "E114", "default_country"),
    "unknown timezone": ("Europe/Oslo", "Europe/Asgard", "E114", "timezone"),
    "timezone outside": ("Europe/Oslo", "../../etc/passwd", "E114", "timezone"),
    "retention out of range": ("trust: 10", "trust: 10\nretention: 0", "E115", "retention"),
    "trust out of range": ("trust: 10", "trust: 101", "E115", "trust"),
    "other name": ("source: till", "source: desk", "E116", "source"),
    "two ways to say where from": ("columns: [A, B]", "columns: [A, B], column: A", "E118", "street_address"),
    "no way to say where from": ("columns: [A, B], ", "", "E118", "street_address"),
}


def rules(folder: Path, content: str | bytes) -> Path:
    (folder / "sources").mkdir(exist_ok=True)
    (folder / "sources" / "till.yml").write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def test_the_rules_that_ship_are_in_order() -> None:
    policies = load_source_policies(rules_directory())
    assert list(policies) == ["ecommerce", "erp", "loyalty", "pos"]
    assert all(policy.mode is SourceMode.LIVE for policy in policies.values())
    assert all(policy.impossible_values is ImpossibleValue.QUARANTINE for policy in policies.values())


def test_every_key_reaches_the_policy(tmp_path: Path) -> None:
    policy = load_source_policy(rules(tmp_path, GOOD), "till")
    assert (policy.file_format.encoding, policy.file_format.delimiter) == ("iso8859-1", ";")
    assert (policy.record_id, policy.default_country, policy.timezone) == ("NO", "NO", "Europe/Oslo")
    assert (policy.observed_at, policy.observed_at_fallbacks) == ("CHANGED", ("CREATED",))
    assert policy.columns[:3] == (
        ColumnMapping("given_name", ("FIRST",)),
        ColumnMapping("phone", ("MOBILE", "PHONE"), transform="digits", first=True),
        ColumnMapping("street_address", ("A", "B"), join=", "),
    )
    assert policy.consents[0].meanings == {"1": "granted", "NO": "denied", "": "unknown"}
    assert (policy.mode, policy.impossible_values) == (SourceMode.SHADOW, ImpossibleValue.KEEP)
    assert (policy.custom, policy.optional_columns, policy.trust) == (("shoe_size",), ("SIZE",), 10)
    assert policy.reject_when == {"GONE": "deleted at the till"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_the_rules_has_its_number_and_names_its_place(tmp_path: Path, fault: str) -> None:
    good, bad, code, place = FAULTS[fault]
    assert good in GOOD
    with pytest.raises(RulesError) as caught:
        load_source_policy(rules(tmp_path, GOOD.replace(good, bad)), "till")
    assert caught.value.code == code
    assert "till.yml" in caught.value.message
    assert place in caught.value.message


def test_rules_that_cannot_be_read_or_found_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="E101"):
        load_source_policies(tmp_path / "nowhere")
    with pytest.raises(RulesError, match="E101"):
        load_source_policy(rules(tmp_path, b"source: t\xfcll"), "till")
    with pytest.raises(RulesError, match="Known sources: till"):
        load_source_policy(tmp_path, "desk")


@pytest.mark.parametrize(
    "trap",
    [
        "a: &a [*a]\n",
        "a: &a {b: *a}\n",
        "[" * 1500,
        "- " * 200_000 + "a",
        "a: !!python/name:os.system\n",
        "? [a]\n: b\n",
    ],
    ids=[
        "a list in itself",
        "keys in themselves",
        "lists open",
        "lists deep",
        "a program",
        "a list for a key",
    ],
)
def test_traps_of_yaml_are_errors_like_any_other(tmp_path: Path, trap: str) -> None:
    with pytest.raises(RulesError) as caught:
        load_source_policy(rules(tmp_path, trap), "till")
    assert caught.value.code in ("E102", "E103", "E104")


def test_every_transform_that_may_be_named_exists() -> None:
    assert {*TRANSFORM_TABLE, "iso_date"} == set(TRANSFORMS)
