"""How values, weights and links are shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Judgement, Link
from identity.model.record import RecordKey
from stewardship.comparing import table
from stewardship.differences import differing
from stewardship.pictures.bars import columns, interval
from stewardship.pictures.graph import graph
from stewardship.pictures.waterfall import waterfall
from stewardship.scene import Side
from stewardship.suspicions import suspicion
from stewardship.words import age, bits, consent, odds, share

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "other", "marked"),
    [
        ("Sommer", "Somner", ["m"]),
        ("Sommer", "SOMMER", []),
        ("Sommer", "", []),
        ("Sommer", "Okafor", ["Sommer"]),
        ("12 High Street", "12 High St", ["reet"]),
        ("İstanbul", "Istanbul", ["İ"]),
    ],
)
def test_letters_that_differ_are_marked(value: str, other: str, marked: list[str]) -> None:
    pieces = differing(value, other)
    assert "".join(text for text, _ in pieces) == value
    assert [text for text, differs in pieces if differs] == marked


def side(record: str, generic: tuple[str, ...] = (), **values: str) -> Side:
    return Side(RecordKey("pos", record), GoldenId("g1"), values, NOW, frozenset(generic))


def test_records_are_held_against_the_first_and_punctuation_says_nothing() -> None:
    sides = [
        side("1", phone="216-463", city="Bonn"),
        side("2", phone="216463", city="Köln"),
        side("3", city="bonn"),
    ]
    rows = {row.attribute: row for row in table(sides, clear=True)}
    assert rows["phone"].verdict == "agrees"
    assert rows["city"].verdict == "differs"
    assert [cell and cell.stands for cell in rows["city"].cells] == ["differs", "differs", "agrees"]
    assert rows["phone"].cells[2] is None


def test_values_are_masked_and_still_say_whether_they_differ() -> None:
    sides = [side("1", email="ines@example.com"), side("2", email="inez@example.com")]
    (row,) = table(sides, clear=False)
    assert [cell and cell.pieces for cell in row.cells] == [[("i***@e***", True)], [("i***@e***", True)]]


def test_what_is_shared_or_looks_made_up_is_flagged() -> None:
    (row,) = table(
        [side("1", ("email",), email="shop@shop.example"), side("2", email="test@x.example")], clear=True
    )
    assert [cell and cell.flag for cell in row.cells] == ["shared by many", "looks made up"]
    assert suspicion("birth_date", "1970-01-01") == "often stands for unknown"
    assert suspicion("birth_date", "1970-01-02") == suspicion("given_name", "Ines") == ""


def test_a_waterfall_ends_at_the_weight_of_the_pair() -> None:
    steps = [("prior", -8.0), ("email", 10.0), ("phone", 0.0), ("birth_date", -3.0)]
    told = [{"comparison": name, "level": "", "match_weight": weight} for name, weight in steps]
    drawn = waterfall({"contributions": told, "match_weight": -1.0}, 0.0)
    assert [bar.name for bar in drawn.bars] == ["prior", "email", "birth_date"]
    assert [bar.way for bar in drawn.bars] == ["against", "for", "against"]
    assert drawn.bars[-1].total == pytest.approx(-1.0)
    for before, after in zip(drawn.bars, drawn.bars[1:], strict=False):
        assert before.meets == pytest.approx(after.x if after.weight > 0 else after.x + after.width, abs=1.1)
    assert all(0 <= bar.x <= bar.x + bar.width <= drawn.width for bar in drawn.bars)


def test_the_link_in_question_is_drawn_last_and_marked() -> None:
    a, b, c = (RecordKey("pos", each) for each in "abc")
    links = [
        Link(a, b, Judgement.POSSIBLE_MATCH, MatchWeight(-1.0)), Link(b, c, Judgement.MATCH, MatchWeight(9.0)),
        Link(a, RecordKey("pos", "elsewhere"), Judgement.MATCH, MatchWeight(9.0)),
    ]  # fmt: skip
    drawn = graph({GoldenId("g1"): [a], GoldenId("g2"): [b, c]}, links, [a, b], 0.0)
    assert [edge.strength for edge in drawn.edges] == ["strong", "asked"]
    assert {node.key for node in drawn.nodes if node.named} == {a, b}
    assert all(0 <= node.x <= drawn.width and 0 <= node.y <= drawn.height for node in drawn.nodes)


def test_a_crowd_is_drawn_in_part() -> None:
    keys = [RecordKey("pos", str(number)) for number in range(90)]
    drawn = graph({GoldenId("g1"): keys}, [], [keys[88], keys[89]], 0.0)
    assert len(drawn.nodes) == 24
    assert sum(node.named for node in drawn.nodes) == 2
    assert drawn.rings[0][4] == 66


def test_columns_and_intervals_keep_to_their_picture() -> None:
    drawn = columns({"1": 10, "2": 0, "3": 5})
    assert [column.height for column in drawn.columns][1] == 0
    assert max(column.height for column in drawn.columns) == drawn.columns[0].height
    assert columns({}).columns == []
    shown = interval(0.95, 0.9, 0.99)
    assert shown.at is not None
    assert 0 <= shown.low <= shown.at <= shown.high <= 320
    assert interval(None, 0.0, 1.0).at is None


def test_ages_weights_and_shares_are_told_as_people_read_them() -> None:
    ages = (timedelta(0), timedelta(minutes=59), timedelta(hours=5), timedelta(days=3), timedelta(days=900))
    assert [age(NOW - gone, NOW) for gone in ages] == ["0 min", "59 min", "5 h", "3 d", "2 y"]
    assert age(None, NOW) == "—"
    assert (bits(-1.25), bits(3.0), bits(None)) == ("−1.2", "+3.0", "—")
    assert odds(10.0) == "1,000 times likelier if one person"
    assert odds(-1.0) == "2.0 times likelier if two people"
    assert odds(0.1) == "about even odds"
    assert (share(0.041), share(41)) == ("4.1 %", "41")
    assert consent("marketing.sms") == "Marketing by SMS"
