"""Names of people: what is a title goes, what is a name stays, whoever spelled it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from identity.features.names import personal_names
from identity.features.text import fold, words

NAMES = [
    # given, family, full → given, middle, family
    ("Mr John", "O'Brien", None, "john", "", "obrien"),
    ("John", "O’Brien", None, "john", "", "obrien"),
    ("Prof. Dr. Hans", "Müller", None, "hans", "", "muller"),
    ("Mary Ann", "Smith Jr.", None, "mary", "ann", "smith"),
    ("Jean-Luc", "Picard", None, "jean", "luc", "picard"),
    ("JOSÉ", "GARCÍA LÓPEZ", None, "jose", "", "garcia lopez"),
    ("Jan", "van der Berg", None, "jan", "", "van der berg"),
    ("Мария", "Иванова", None, "мария", "", "иванова"),
    ("小龙", "李", None, "小龙", "", "李"),
    (None, None, "O'Brien, John P.", "john", "p", "obrien"),
    (None, None, "Smith, John, Jr.", "john", "", "smith"),
    (None, None, "John Smith, Jr.", "john", "", "smith"),
    (None, None, "Dr. John P. Smith III", "john", "p", "smith"),
    (None, None, "van der Berg, Jan", "jan", "", "van der berg"),
    (None, None, "Cher", "cher", "", ""),
    (None, "van der Berg", "Jan van der Berg", "jan", "", "van der berg"),
    ("John", None, "John Smith", "john", "", "smith"),
    ("John", None, "Smith, John", "john", "", "smith"),
    (None, "Smith", "John Smith", "john", "", "smith"),
    (None, "Smith", "Smith", "", "", "smith"),
    ("John", "Smith", "Somebody Else", "john", "", "smith"),
    ("John", "Null", None, "john", "", "null"),
    (None, None, "John Null", "john", "", "null"),
    ("Test", "Smith", None, "", "", "smith"),
    ("Unknown", "Unknown", None, "", "", ""),
    (None, None, "Guest Customer", "", "", ""),
    ("", " ", "", "", "", ""),
    (None, None, None, "", "", ""),
]


@pytest.mark.parametrize(("given_name", "family", "full", "first", "middle", "last"), NAMES)
def test_a_name_comes_apart_into_given_middle_and_family_name(
    given_name: str | None, family: str | None, full: str | None, first: str, middle: str, last: str
) -> None:
    assert personal_names(given_name, family, full) == (first, middle, last)


@pytest.mark.parametrize(
    ("given_name", "family"), [("Earl", "Jones"), ("Duke", "Ellington"), ("John", "Saint"), ("Ann", "Major")]
)
def test_a_title_that_stands_alone_in_its_field_is_a_name(given_name: str, family: str) -> None:
    assert personal_names(given_name, family, None) == (given_name.lower(), "", family.lower())


_TEXT = st.text(max_size=20) | st.lists(
    st.sampled_from(["Dr", "Anna", "María", "van", "der", "Berg", "Jr", "unknown", "O'Neil", "-", ","]),
    max_size=5,
).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(_TEXT, _TEXT, _TEXT)
def test_names_made_of_anything_are_folded_words(one: str, other: str, full: str) -> None:
    first, middle, last = personal_names(one, other, full)
    assert all(part == " ".join(words(part)) for part in (first, middle, last))
    assert " " not in first


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20))
@example("𝐀𝐧𝐧𝐚 ϒ")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(" ".join(words(text))) == words(text)


def test_invisible_marks_and_width_do_not_distinguish_names() -> None:
    assert fold("Ju\u200bli\u00ada\ufeff") == fold("JULIA") == fold("Ｊｕｌｉａ") == fold("𝐉𝐮𝐥𝐢𝐚")
    assert fold("Straße") == fold("STRASSE")
    assert fold("José") == fold("Jose\u0301")
    assert words("Łódź – Øster_Æble") == ["lodz", "oster", "aeble"]
