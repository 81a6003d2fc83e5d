"""Birth dates: many spellings, one form; what is ambiguous says so, what systems write for nothing is nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.features.dates import birth_date

DATES = {
    "1985-03-04": "19850304",
    "19850304": "19850304",
    "1985/3/4": "19850304",
    "1985-03-04T00:00:00Z": "19850304",
    "1985-03-04 00:00:00": "19850304",
    " 4 Mar 1985 ": "19850304",
    "March 4, 1985": "19850304",
    "04-Mar-1985": "19850304",
    "25.03.1985": "19850325",
    "03/25/1985": "19850325",
    "04/03/1985": "19850403?",
    "05/05/1985": "19850505",
    "1916-00-17": "19160017",
    "1985-02-31": "19850231",
    "1900-01-01": "",
    "01/01/1900": "",
    "19700101": "",
    "9999-12-31": "",
    "0000-00-00": "",
    "00/00/0000": "",
    "unknown": "",
    "1985": "",
    "": "",
}


@pytest.mark.parametrize("text", DATES)
def test_a_date_in_any_spelling_is_eight_digits(text: str) -> None:
    assert birth_date(text) == DATES[text]


def test_no_date_is_none() -> None:
    assert birth_date(None) == ""


def test_declared_formats_are_tried_first_and_leave_no_doubt() -> None:
    assert birth_date("04/03/1985", ["%d/%m/%Y"]) == "19850304"
    assert birth_date("04/03/1985", ["%m/%d/%Y"]) == "19850403"
    assert birth_date("1985-03-04", ["%d/%m/%Y"]) == "19850304"


_SPELLED = st.from_regex(r"\A\d{1,4}[-/. ]?\d{1,2}[-/. ]?\d{1,4}(T00:00)?\Z") | st.builds(
    "{} {} {:04}".format,
    st.integers(1, 31),
    st.sampled_from(["Jan", "February", "Dec"]),
    st.integers(1, 2100),
)


@settings(max_examples=120, deadline=None)
@given(_SPELLED | st.text(max_size=12))
def test_whatever_is_written_the_result_is_eight_ascii_digits_or_nothing(text: str) -> None:
    assert re.fullmatch(r"([0-9]{8}\??)?", birth_date(text))


@settings(max_examples=60, deadline=None)
@given(st.dates())
def test_a_date_read_is_read_the_same_again(date: object) -> None:
    once = birth_date(str(date))
    assert birth_date(once) == once
