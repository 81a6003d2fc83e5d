# ruff: noqa: E501
"""Unicode: what hides, what looks alike, what is written in two ways, and what no text may hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from tests.corpus.cases import NAMES, TEXTS, Case, Outcome, each, read

__all__ = ["CONFUSABLES", "letters"]

_HIDDEN = (
    "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u180b", "\u180e", "\u200b", "\u200c", "\u200d",
    "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2060", "\u2061", "\u2062", "\u2063", "\u2064",
    "\u2066", "\u2067", "\u2068", "\u2069", "\u206a", "\u206f", "\u3164", "\ufe00", "\ufe0f", "\ufeff", "\uffa0",
    "\U000e0001", "\U000e0041", "\U000e007f", "\U000e0100", "\U000e01ef",
)  # fmt: skip
_BLANKS = (
    " ", "\t", "\n", "\r\n", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
    "\u2008", "\u2009", "\u200a", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000",
)  # fmt: skip
_ACCENTED = {
    "José": "jose", "Zoë": "zoe", "Renée": "renee", "Björn": "bjorn", "Dvořák": "dvorak", "Nuñez": "nunez", "Çelik": "celik",
    "Ștefan": "stefan", "Žižek": "zizek", "Ångström": "angstrom", "Müller": "muller", "François": "francois", "Nguyễn": "nguyen",
    "Ğökçe": "gokce", "Ünal": "unal", "Siân": "sian", "Gràinne": "grainne", "Hawaiʻi": "hawaii", "Việt": "viet", "Čapek": "capek",
    "Ōtani": "otani", "Kovács": "kovacs", "Pérez": "perez", "Ağaoğlu": "agaoglu", "Ŝafranek": "safranek",
}  # fmt: skip
_WIDE = {
    "Ａｎｎａ": "anna", "𝐀𝐧𝐧𝐚": "anna", "𝔸𝕟𝕟𝕒": "anna", "𝒜𝓃𝓃𝒶": "anna", "Ⓐⓝⓝⓐ": "anna", "𝙰𝚗𝚗𝚊": "anna", "ﬁona": "fiona", "Ǆon": "dzon",
    "Straße": "strasse", "Æsa": "aesa", "Øyvind": "oyvind", "Łukasz": "lukasz", "Þór": "thor", "Đorđe": "dorde", "Ýr": "yr",
    "ANNA": "anna", "anna": "anna", "aNNa": "anna", "ŒUVRE": "oeuvre", "Kırım": "kirim",
}  # fmt: skip
_EMOJI = (
    "😀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "❤️", "™", "★★★", "♥", "☺", "✓", "🤷🏾‍♀️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "▒▓█", "─┼─", "⚑", "🂡", "🧑‍🚀", "💩", "😀😀😀😀",
)  # fmt: skip
_MOJIBAKE = (
    "JosÃ©", "MÃ¼ller", "BjÃ¶rn", "FranÃ§ois", "Ð Ð¾Ð¼", "NuÃ±ez", "ZoÃ«", "RenÃ©e", "â€œAnnaâ€", "Strasse Ã¤",
    "DvoÅ™Ã¡k", "Jos�", "M?ller", "J&eacute;r", "Andr&#233;", "Caf\\u00e9", "M%C3%BCller", "=?utf-8?q?J=C3=A9r?=", "Bj+APY-rn", "Ãngel",
)  # fmt: skip
_STRANGE = (
    "\ufffd",
    "\ufdd0",
    "\ufffe",
    "\uffff",
    "\ue000",
    "\uf8ff",
    "\U0010ffff",
    "\U000f0000",
    "\U0001fffe",
)
CONFUSABLES = {
    "Аnna": "Anna", "Annа": "Anna", "Ιnes": "Ines", "Inеs": "Ines", "Оkafor": "Okafor", "Okafοr": "Okafor", "Рaul": "Paul",
    "Pаul": "Paul", "Ѕmith": "Smith", "Smіth": "Smith", "Јones": "Jones", "Jοnes": "Jones", "Вrown": "Brown", "Вroᴡn": "Brown",
    "Τaylor": "Taylor", "Taуlor": "Taylor", "Κim": "Kim", "Кim": "Kim", "Мaria": "Maria", "Mаriа": "Maria", "Нana": "Hana",
    "Ηana": "Hana", "Ζoe": "Zoe", "Zοe": "Zoe", "Ꭺnna": "Anna", "Ꮪmith": "Smith", "Ρeter": "Peter", "Реter": "Peter",
    "Сarl": "Carl", "Cаrl": "Carl", "Εmma": "Emma", "Emmа": "Emma", "Νora": "Nora", "Norа": "Nora", "Хavier": "Xavier",
    "Χavier": "Xavier", "Ɩnes": "Ines", "Ꮃill": "Will", "Յohn": "John", "Lսcas": "Lucas",
}  # fmt: skip
"""Letters of other scripts that look like Latin ones → what they pretend to be: nobody may be recognised by them."""


def letters() -> Iterator[Case]:
    """Return the cases about single characters."""
    yield from _hidden()
    for accented, told in _ACCENTED.items():
        forms = {unicodedata.normalize(form, accented): told for form in ("NFC", "NFD", "NFKC", "NFKD")}
        yield from read("composed and apart", ("given_name", "family_name", "city"), forms)
    yield from read("width and style", ("given_name", "family_name", "city"), _WIDE)
    yield from each("emoji alone", (*NAMES, "city", "street_address"), _EMOJI[:5] + _EMOJI[7:], Outcome.KEPT)
    yield from read(
        "emoji beside a name", ("family_name", "city"), {f"Okafor {e}": "okafor" for e in _EMOJI if e != "™"}
    )
    yield from each("mojibake", NAMES, _MOJIBAKE, Outcome.ACCEPTED)
    yield from each("no characters", NAMES, (f"An{each}na" for each in _STRANGE), Outcome.ACCEPTED)
    yield from each("look-alikes", ("given_name", "family_name", "city"), CONFUSABLES, Outcome.ACCEPTED)
    yield from _forbidden()


def _hidden() -> Iterator[Case]:
    inside = {f"An{mark}na": "anna" for mark in _HIDDEN}
    yield from read("hidden marks", ("given_name", "family_name", "city"), inside)
    yield from read(
        "hidden marks", ("email",), {f"in{mark}es@x.example": "ines@x.example" for mark in _HIDDEN}
    )
    yield from each("hidden marks", ("given_name",), _HIDDEN, Outcome.KEPT)
    around = {f"{blank}Anna{blank}": "anna" for blank in _BLANKS}
    yield from read("blanks", ("given_name", "family_name", "city"), around)
    yield from each("blanks", TEXTS, _BLANKS, Outcome.KEPT)


def _forbidden() -> Iterator[Case]:
    codes = (*range(1, 9), 11, 12, *range(14, 32), *range(127, 160))
    controls = [f"An{chr(code)}na" for code in codes]
    yield from each("control characters", ("given_name", "city"), controls, Outcome.SET_ASIDE, "E303")
    yield from each(
        "control characters",
        ("email", "phone", "birth_date"),
        ("1\x01", "\x7f", "a\x1b[2Jb"),
        Outcome.SET_ASIDE,
        "E303",
    )
    nul = ("\0", "An\0na", "\0Anna", "Anna\0", "\0\0\0")
    yield from each("NUL", (*TEXTS, "email", "phone", "tax_id"), nul, Outcome.SET_ASIDE, "E302")
    halves = ("\ud800", "An\ud800na", "\udfff", "a\udc80", "\ude00\ud83d", "x\udbff")
    yield from each("half characters", (*NAMES, "email", "city"), halves, Outcome.SET_ASIDE, "E308")
