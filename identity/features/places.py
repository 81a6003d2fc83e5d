"""Addresses, postcodes and cities: unit and house number apart, abbreviations in one spelling."""

from __future__ import annotations

import re
from functools import lru_cache

from identity.features.text import fold, words

__all__ = ["city_name", "country_code", "post_code", "street_address"]

_COUNTRIES = {
    name: code
    for code, names in {
        "US": ("us", "usa", "united states", "united states of america", "america"),
        "CA": ("ca", "can", "canada"),
        "GB": ("gb", "gbr", "uk", "united kingdom", "great britain", "england", "scotland", "wales"),
        "DE": ("de", "deu", "ger", "germany", "deutschland", "allemagne"),
        "AT": ("at", "aut", "austria", "osterreich"),
        "CH": ("ch", "che", "switzerland", "schweiz", "suisse"),
        "FR": ("fr", "fra", "france"),
        "ES": ("es", "esp", "spain", "espana"),
        "IT": ("it", "ita", "italy", "italia"),
        "NL": ("nl", "nld", "netherlands", "the netherlands", "nederland"),
        "BE": ("be", "bel", "belgium", "belgique", "belgie"),
        "SE": ("se", "swe", "sweden", "sverige"),
        "AU": ("au", "aus", "australia"),
    }.items()
    for name in names
}

_ABBREVIATIONS = {
    long: short
    for short, longs in {
        "st": "street str", "ave": "avenue av aven", "rd": "road", "dr": "drive drv", "ln": "lane", "ct": "court",
        "pl": "place", "blvd": "boulevard boul", "sq": "square", "ter": "terrace terr", "cres": "crescent cr",
        "cir": "circle circuit cct", "hwy": "highway", "pkwy": "parkway", "way": "wy", "trl": "trail", "mt": "mount",
        "n": "north", "s": "south", "e": "east", "w": "west", "gdns": "gardens", "gr": "grove", "cl": "close",
        "apt": "apartment", "ste": "suite", "fl": "floor", "bldg": "building", "xing": "crossing", "jct": "junction",
    }.items()
    for long in longs.split()
}  # fmt: skip
_UNIT_WORDS = frozenset({"apt", "unit", "flat", "ste", "room", "rm", "lot", "no"})
_UNIT_MARK = re.compile(r"#\s*(\w+)")
_GERMAN_STREET = re.compile(r"(strasse|str)$")
_HOUSE = re.compile(r"^\d+[a-z]?$")
_UK = re.compile(r"^[A-Z]{1,2}\d[A-Z\d]?\d[A-Z]{2}$")
_NOT_ALNUM = re.compile(r"[^A-Z0-9]+")


def street_address(text: str | None) -> tuple[str, str, str]:
    """Return (house number, street, unit) of an address line, "" where absent.

    The house number is the first number in front or the last one behind ("Hauptstr. 12 a"); words are
    abbreviated as postal services do.
    """
    if not text:
        return "", "", ""
    marked = _UNIT_MARK.sub(r" unit \1 ", text) if "#" in text else text
    tokens, unit = _without_unit(_with_letter([_short(word) for word in words(marked)]))
    for position in (0, len(tokens) - 1) if tokens else ():
        if _HOUSE.match(tokens[position]) and len(tokens) > 1:
            return tokens[position], " ".join(tokens[:position] + tokens[position + 1 :]), unit
    return "", " ".join(tokens), unit


def _with_letter(tokens: list[str]) -> list[str]:
    """Join a letter to the house number before it at the end of a line: "hauptst 12 a" → "hauptst 12a"."""
    if len(tokens) > 2 and len(tokens[-1]) == 1 and tokens[-1].isalpha() and tokens[-2].isdecimal():
        return [*tokens[:-2], tokens[-2] + tokens[-1]]
    return tokens


@lru_cache(maxsize=1 << 16)
def _short(word: str) -> str:
    return _ABBREVIATIONS.get(word) or (_GERMAN_STREET.sub("st", word) if len(word) > 6 else word)


def _without_unit(tokens: list[str]) -> tuple[list[str], str]:
    for position, token in enumerate(tokens[:-1]):
        follows = tokens[position + 1]
        if token in _UNIT_WORDS and (follows[0].isdigit() or len(follows) == 1):
            return tokens[:position] + tokens[position + 2 :], follows
    return tokens, ""


@lru_cache(maxsize=1 << 12)
def country_code(text: str | None, otherwise: str = "US") -> str:
    """Return the ISO 3166 alpha-2 code of a country given by code or name; `otherwise` where there is none."""
    told = " ".join(words(text)) if text else ""
    code = _COUNTRIES.get(told) or (told.upper() if len(told) == 2 else "")
    return code if code.isascii() and code.isalpha() else otherwise


def post_code(text: str | None, country: str = "US") -> str:
    """Return a postcode as its country sorts it: ZIP without +4 and with its leading zeros, others without blanks."""
    code = _NOT_ALNUM.sub("", fold(text).upper()) if text else ""
    if code.isdigit() and country == "US":
        code = code[:5] if len(code) >= 8 else code.zfill(5) if len(code) >= 3 else code
    return "" if not code.strip("0X") or code in {"NA", "NONE", "UNKNOWN"} else code


def city_name(text: str | None) -> str:
    """Return the folded words of a city, abbreviated ("Saint" → "st")."""
    tokens = ["st" if word == "saint" else word for word in words(text)] if text else []
    return "" if tokens in (["unknown"], ["na"], ["none"], ["n", "a"]) else " ".join(tokens)
