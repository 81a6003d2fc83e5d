"""Members, points and the ledger that is only ever added to."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from reference_loyalty import Capabilities, Options
from tests.reference_loyalty.serving import Shop, shop


def test_points_are_spent_from_the_lot_that_expires_first(here: Shop) -> None:
    here.enrol("lots-1", 100)
    here.earn("lots-1", 50, "2999-06-01")
    here.earn("lots-1", 30, "2999-01-01")
    here.redeem("lots-1", 60)
    left = [(lot["points"], lot["expires_on"]) for lot in here.member("lots-1")["lots"]]
    assert left == [(20, "2999-06-01"), (100, None)]


def test_nobody_spends_what_is_expired_missing_or_set_aside(here: Shop) -> None:
    here.enrol("lots-2", 40, "2001-01-01")
    here.earn("lots-2", 50)
    held = here.redeem("lots-2", 30, open=True)["hold"]
    assert here.member("lots-2")["points"] == 50
    refusal = here.refused("members/lots-2/redeem", {"points": 21})
    assert (refusal["code"], refusal["shortfall"]) == ("NOT_ENOUGH_POINTS", 1)
    here.post(f"members/lots-2/holds/{held}/settle")
    assert (here.member("lots-2")["points"], here.member("lots-2")["open_redemptions"]) == (20, 0)
    assert here.refused(f"members/lots-2/holds/{held}/settle")["code"] == "UNKNOWN_HOLD"


def test_pending_points_count_when_they_are_settled(here: Shop) -> None:
    here.enrol("lots-3")
    kept = here.earn("lots-3", 70, "2999-01-01", pending=True)["hold"]
    dropped = here.earn("lots-3", 5, pending=True)["hold"]
    assert (here.member("lots-3")["points"], here.member("lots-3")["pending_points"]) == (0, 75)
    here.post(f"members/lots-3/holds/{kept}/settle")
    here.post(f"members/lots-3/holds/{dropped}/cancel")
    member = here.member("lots-3")
    assert (member["points"], member["pending_points"], member["lots"][0]["expires_on"]) == (
        70,
        0,
        "2999-01-01",
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update entries set points = points + 1",
        "delete from entries",
        "insert or replace into entries select * from entries",
        "update lots set expires_on = '2999-01-01'",
        "delete from lots",
        "insert or replace into lots select * from lots",
    ],
)
def test_the_ledger_is_only_ever_added_to(here: Shop, statement: str) -> None:
    here.enrol(f"{here.program}-ledger", 10)
    with (
        sqlite3.connect(here.database) as file,
        pytest.raises(sqlite3.IntegrityError, match="only ever added"),
    ):
        file.execute(statement)
    file.close()


def test_no_lot_can_be_overdrawn_and_no_transfer_have_one_side(here: Shop) -> None:
    here.enrol("ledger-2", 10)
    lot = here.member("ledger-2")["lots"][0]["lot"]
    entry = "insert into entries (lot, kind, points, operation, pair, made_at) values "
    file = sqlite3.connect(here.database)
    with pytest.raises(sqlite3.IntegrityError, match="fewer points"):
        file.execute(entry + f"({lot}, 'redeem', -11, 'x', null, '')")
    with pytest.raises(sqlite3.IntegrityError, match="two sides"):
        file.execute(entry + f"({lot}, 'transfer_in', 5, 'x', 1, '')")
    file.close()


def test_members_are_listed_page_by_page_with_merged_ones(here: Shop) -> None:
    for number in "abcde":
        here.enrol(f"page-{number}")
    here.merge("page-a", "page-c")
    found, after = [], ""
    while after is not None:
        page = here.get(f"members?limit=2&after={after}")
        assert len(page["members"]) <= 2
        found += [(each["number"], each["status"]) for each in page["members"]]
        after = page["next_after"]
    assert [number for number, _ in found] == [f"page-{number}" for number in "abcde"]
    assert dict(found)["page-c"] == "MERGED"


def test_a_number_a_card_and_a_programme_are_given_once(here: Shop) -> None:
    here.enrol("once", cards=["once-card"])
    assert here.refused("members", {"number": "once"})["code"] == "ALREADY_EXISTS"
    assert here.refused("members", {"number": "twice", "cards": ["once-card"]})["code"] == "ALREADY_EXISTS"
    assert here.call("GET", here.at("members/twice")).json()["code"] == "UNKNOWN_MEMBER"
    again = here.call("POST", "/v1/programs", {"program": here.program})
    assert again.json()["code"] == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("method", "path", "body", "word"),
    [
        ("GET", "/v1/programs/none/members", None, "UNKNOWN_PROGRAM"),
        ("GET", "/v1/programs/{}/members/none", None, "UNKNOWN_MEMBER"),
        ("GET", "/v1/programs/{}/cards/none", None, "UNKNOWN_CARD"),
        ("GET", "/v1/programs/{}/member-merges/none", None, "UNKNOWN_MERGE"),
        ("POST", "/v1/programs/{}/members", {"number": "a b"}, "INVALID_REQUEST"),
        ("POST", "/v1/programs/{}/members", {"number": "n", "tier": "tin"}, "INVALID_REQUEST"),
        ("POST", "/v1/programs/{}/members/n/earn", {"points": -1}, "INVALID_REQUEST"),
        (
            "POST",
            "/v1/programs",
            {"program": "p", "tiers": [{"name": "t", "from_points": 1}]},
            "INVALID_REQUEST",
        ),
        ("GET", "/v2", None, "NOT_FOUND"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_word(
    here: Shop, method: str, path: str, body: object, word: str
) -> None:
    reply = here.call(method, path.format(here.program), body)
    assert reply.headers["content-type"] == "application/problem+json"
    assert (reply.json()["code"], reply.json()["status"]) == (word, reply.status_code)
    assert reply.json()["type"].startswith("urn:problem:loyalty:")


def test_a_platform_tells_what_it_can_do_and_asks_for_its_token(tmp_path: Path) -> None:
    options = Options(Capabilities(merge=False, max_sources=2), token="sesame")
    with shop(tmp_path / "loyalty.db", options, faults=False) as here:
        told = here.call("GET", "/v1/capabilities").json()
        assert (told["merge"], told["transfer_points"], told["max_sources"]) == (False, True, 2)
        assert here.call("PUT", "/admin/faults", {"fault": "server_error"}).status_code == 404
        here.client.headers["authorization"] = "Bearer sesam"
        assert here.call("GET", "/v1/capabilities").json()["code"] == "UNAUTHENTICATED"


def test_what_is_written_is_there_when_the_platform_starts_again(tmp_path: Path) -> None:
    with shop(tmp_path / "loyalty.db") as here:
        here.enrol("stays", 10)
    with sqlite3.connect(tmp_path / "loyalty.db") as file:
        assert file.execute("select sum(points) from entries").fetchone() == (10,)
    file.close()
