"""Phones and e-mail addresses: what reaches the same person is the same text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.features.contacts import email_address, phone_number

SAME_PHONE = [
    [("(212) 555-0142", "US"), ("+1 212 555 0142", "DE"), ("1-212-555-0142", "US"), ("212.555.0142", "CA")],
    [("(212) 555-0142", "US"), ("212-555-0142 x12", "US"), ("+12125550142", "US")],
    [("030 1234567", "DE"), ("+49 30 1234567", "US"), ("0049 30 1234567", "DE"), ("+49 (0)30 1234567", "DE")],
    [
        ("020 7946 0958", "GB"),
        ("+44 20 7946 0958", "US"),
        ("(0)20 7946 0958", "GB"),
        ("0044 20 7946 0958", "GB"),
    ],
    [("030 1234567", "DE"), ("0049 30 1234567", "US")],
    [("(212) 555-0142", "US"), ("٢١٢٥٥٥٠١٤٢", "US")],
]
NO_PHONES = [
    "0000000000",
    "+0000000000",
    "000-000-0000",
    "9999999999",
    "1234567890",
    "555",
    "n/a",
    "",
    "x" * 20,
]
EMAILS = {
    " J.Doe+shop@GMail.com ": "jdoe@gmail.com",
    "jdoe@googlemail.com": "jdoe@gmail.com",
    "j.doe@acme.example": "j.doe@acme.example",
    "j.doe+news@acme.example": "j.doe@acme.example",
    "a@bücher.de": "a@xn--bcher-kva.de",
    "a@xn--bcher-kva.de": "a@xn--bcher-kva.de",
    "josé@acme.example": "jose@acme.example",
    "foo bar@acme.example": "foobar@acme.example",
    "test@test.com": "",
    "NoReply@acme.example": "",
    "n/a": "",
    "none@none.com": "",
    "@": "",
    "@gmail.com": "",
    "...@gmail.com": "",
    "": "",
}


@pytest.mark.parametrize("written", SAME_PHONE)
def test_one_number_written_in_many_ways_is_one_number(written: list[tuple[str, str]]) -> None:
    assert len({phone_number(text, country) for text, country in written}) == 1
    assert all(phone_number(text, country) for text, country in written)


@pytest.mark.parametrize("text", NO_PHONES)
def test_a_placeholder_is_no_phone(text: str) -> None:
    assert phone_number(text) == ""
    assert phone_number(None) == ""


@settings(max_examples=80, deadline=None)
@given(
    st.text("0123456789 +-()/x.", max_size=18) | st.text(max_size=12),
    st.sampled_from(["US", "DE", "GB", "FR", "", "??"]),
)
def test_a_phone_of_anything_is_digits_or_nothing(text: str, country: str) -> None:
    found = phone_number(text, country)
    assert found == "" or (found.isascii() and found.isdigit())


@pytest.mark.parametrize("text", EMAILS)
def test_an_email_address_is_the_mailbox_it_reaches(text: str) -> None:
    assert email_address(text) == EMAILS[text]


def test_no_email_is_none() -> None:
    assert email_address(None) == ""


def test_different_providers_are_different_mailboxes() -> None:
    assert email_address("anna@live.com") != email_address("anna@outlook.com")


@settings(max_examples=80, deadline=None)
@given(
    st.emails()
    | st.from_regex(r"\A[a-z.+]{1,8}@(gmail|googlemail|web)\.(com|de)\Z")
    | st.text("a@.+ ü", max_size=9)
)
def test_a_mailbox_read_is_read_the_same_again(text: str) -> None:
    once = email_address(text)
    assert email_address(once) == once
