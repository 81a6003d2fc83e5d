"""A member who is forgotten: nobody is recognised by what is left, and no point is lost or made."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.reference_loyalty.serving import Shop

PERSON = {"name": "Zorakanari Vogelhuber", "email": "zora.kanari@vogelhuber.example", "phone": "2125550142"}


def _texts(here: Shop) -> str:
    """Everything that stands in the platform's file, row by row."""
    with closing(sqlite3.connect(here.database)) as file:
        names = [name for (name,) in file.execute("select name from sqlite_schema where type = 'table'")]
        return "\n".join(str(row) for name in names for row in file.execute(f"select * from {name}"))


def test_who_is_anonymised_leaves_a_ledger_and_nothing_to_be_known_by(here: Shop) -> None:
    number, other = f"{here.program}-anon-1", f"{here.program}-anon-2"
    here.enrol(number, 120, person=PERSON, cards=[f"{here.program}-card-1"])
    here.enrol(other, 40, person=PERSON, cards=[f"{here.program}-card-2"])
    here.merge(number, other)
    before = [here.ledger(each) for each in (number, other)]
    told = here.post(f"members/{other}/anonymise")
    assert (told["number"], told["status"], told["points"]) == (number, "ANONYMISED", 160)
    assert (told["cards"], told["marks"], told["person"]) == ([], {}, None)
    assert [here.ledger(each) for each in (number, other)] == before
    left = _texts(here)
    assert "Zorakanari" not in left
    assert "zora.kanari" not in left
    assert f"{here.program}-card-" not in left


def test_anonymising_twice_is_anonymising_once(here: Shop) -> None:
    number = f"{here.program}-anon-3"
    here.enrol(number, 10, person=PERSON)
    assert here.post(f"members/{number}/anonymise") == here.post(f"members/{number}/anonymise")


def test_nobodys_member_neither_earns_nor_spends_nor_merges_nor_comes_back(here: Shop) -> None:
    number, other, third = (f"{here.program}-anon-{name}" for name in "456")
    here.enrol(number, 50)
    here.enrol(other)
    here.enrol(third)
    merge = here.merge(number, other)
    held = here.redeem(number, 20, open=True)["hold"]
    here.post(f"members/{number}/anonymise")
    for path, body in (("earn", {"points": 1}), ("redeem", {"points": 1})):
        assert here.refused(f"members/{number}/{path}", body)["code"] == "MEMBER_ANONYMISED"
    assert here.refused(f"member-merges/{merge['merge_id']}/unmerge", key="u1")["code"] == "MEMBER_ANONYMISED"
    here.post(f"members/{number}/holds/{held}/settle")
    assert here.member(number)["points"] == 30


def test_nobody_is_known_by_a_number_that_was_never_given(here: Shop) -> None:
    assert here.refused(f"members/{here.program}-nobody/anonymise")["code"] == "UNKNOWN_MEMBER"
    assert Path(here.database).exists()
