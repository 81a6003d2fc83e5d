"""E-mail addresses and phone numbers. The fast path knows the common shapes, the libraries know the rest."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from identity.features.codes import is_rounded
from identity.features.text import ascii_digits, fold

__all__ = ["email_address", "phone_number", "same_contact"]

_PLAIN_EMAIL = re.compile(r"^([a-z0-9._%+'~-]+)@([a-z0-9-]+(?:\.[a-z0-9-]+)+)$")
# Without dots, hyphens and the like, which people put in anywhere.
_PLACEHOLDER_LOCALS = frozenset(
    "test tester noreply donotreply none na unknown noemail no nomail example null email mail xxx xxxx abc nobody "
    "noone notprovided invalid fake asdf asd qwerty anonymous tbd donthave nothing".split()
)
_PLACEHOLDER_DOMAINS = frozenset("noemail.com nomail.com noreply.com none.com invalid localhost".split())
_BETWEEN = re.compile(r"[-._/@]+")
_ALIASES = {
    "googlemail.com": "gmail.com",
    "hotmail.co.uk": "hotmail.co.uk",
}
_DOTS_IGNORED = frozenset({"gmail.com"})

_DIGITS = re.compile(r"\D+")
_NORTH_AMERICA = frozenset({"US", "CA", "PR", "DO", "JM", "TT", "BS"})
_SEQUENCES = "01234567890123456789 98765432109876543210"
_LONGEST = 20
"""Digits: E.164 allows fifteen, behind an international prefix, before an extension."""
# Calling codes of countries whose national numbers begin with a zero that goes abroad: GB DE FR NL BE CH AT SE AU.
_TRUNK_ZERO = ("44", "49", "33", "31", "32", "41", "43", "46", "61")


def email_address(text: str | None) -> str:
    """Return the mailbox `text` reaches, in one spelling, or "" for none or a placeholder.

    Provider rules: a "+tag" never changes the mailbox; Gmail ignores dots. Text with an "@" that is no valid
    address stays comparable as it is.
    """
    if not text or "@" not in text:
        return ""
    lowered = text.strip().lower()
    plain = _PLAIN_EMAIL.match(lowered)
    local, domain = plain.groups() if plain else _by_library(lowered)
    local = local.split("+", 1)[0] or local
    domain = _ALIASES.get(domain, domain)
    if domain in _DOTS_IGNORED:
        local = local.replace(".", "")
    return "" if _reaches_nobody(local, domain) else f"{local}@{domain}"


def _reaches_nobody(local: str, domain: str) -> bool:
    """Say whether an address is one that people type who have none. Nobody has a name in .invalid (RFC 2606)."""
    typed = _BETWEEN.sub("", local)
    return (
        not typed
        or typed in _PLACEHOLDER_LOCALS
        or domain in _PLACEHOLDER_DOMAINS
        or domain.endswith(".invalid")
    )


def _by_library(text: str) -> tuple[str, str]:
    try:
        valid = validate_email(text, check_deliverability=False)
        return fold(valid.local_part), valid.ascii_domain or fold(valid.domain)
    except EmailNotValidError:
        local, _, domain = fold("".join(text.split())).rpartition("@")
        return local, domain


def phone_number(text: str | None, country: str = "US") -> str:
    """Return the national significant number of `text`: its digits without country code and trunk zero; "" for none.

    The country code goes because half of the systems do not write it; equal national numbers of two countries are
    rarer than that.
    """
    if not text:
        return ""
    text = ascii_digits(text).strip()
    digits = _DIGITS.sub("", text)
    if len(digits) > _LONGEST or is_rounded(text):
        return ""
    if text.startswith("00"):
        text, digits = "+" + digits[2:], digits[2:]
    if len(digits) < 7 or len(set(digits)) <= 2 or digits in _SEQUENCES:
        return ""
    number = _by_shape(text, digits, country) or _by_metadata(text, country) or digits
    return "" if number.startswith("000") else number


def same_contact(attribute: str, one: str, other: str) -> bool:
    """Say whether two values of `attribute` are the same, however they are spelt; unreadable ones as they stand."""
    fold = {"email": email_address, "phone": phone_number}.get(attribute, str)
    return (fold(one) or one.strip()) == (fold(other) or other.strip())


def _by_shape(text: str, digits: str, country: str) -> str:
    """Return the number when its shape leaves no doubt, else ""."""
    international = text.startswith("+")
    if international and digits[0] == "1" and len(digits) == 11:
        return digits[1:]
    if international:
        code = next((code for code in _TRUNK_ZERO if digits.startswith(code)), "")
        return digits[len(code) :].lstrip("0") if code else ""
    if digits[0] == "0" and digits[1] != "0":
        return digits[1:]
    if len(digits) == 10 or (len(digits) == 11 and digits[0] == "1"):
        return digits[-10:] if country in _NORTH_AMERICA else ""
    return ""


@lru_cache(maxsize=1 << 16)
def _by_metadata(text: str, country: str) -> str:
    try:
        return str(phonenumbers.parse(text, country).national_number)
    except phonenumbers.NumberParseException:
        return ""
