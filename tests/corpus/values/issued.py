# ruff: noqa: E501
"""Numbers that somebody issued, places, and other attributes; and how long any of them may be."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.cases import NAMES, Case, Outcome, each, read

__all__ = ["issued", "places", "sizes"]

_ONE_ID = (
    "AB123456", "ab123456", "AB-123456", "AB 123456", "AB.123.456", "AB/123/456", " AB123456 ", "ab_123456", "AB–123–456", "ＡＢ１２３４５６", "#AB123456",
    "AB123456.", "(AB) 123456", "A B 1 2 3 4 5 6", "AB\u200b123456", "AB\u00a0123456", "'AB123456", "AB:123456", "AB123456\n", "“AB123456”",
)  # fmt: skip
_NO_IDS = (
    "", " ", "0", "00", "000", "0000000", "00-0000000", "000-00-0000", "1", "12", "123", "1234", "12345", "123456", "1234567", "12345678", "123456789",
    "123-45-6789", "987654321", "987-65-4321", "1111111", "111-11-1111", "222222222", "999999999", "999-99-9999", "n/a", "N/A", "na", "none", "None",
    "NONE", "null", "NULL", "nil", "unknown", "UNKNOWN", "tbd", "TBD", "test", "TEST", "-", "--", "---", ".", "?", "x", "xx", "xxx", "XXXXXXXXX", "***",
    "*********", "#", "pending", "not applicable", "Not Available", "undefined", "[]", "{}", "()", "''",
)  # fmt: skip
_ROUNDED = (
    "1.23E+12",
    "7,00012E+15",
    "1E+10",
    "4.5e+9",
    "9.99999E+17",
    "1.0E+05",
    "2E+100",
    "6.02214076E+23",
    "1,5E+08",
    "7.0E+11",
    "0.5E+3",
    "3e+2",
)
_OTHER_IDS = (
    "7000 1234 5678 9010", "4111111111111111", "79927398713", "79927398710", "12-3456780", "DE123456789", "GB999 9999 73", "078-05-1120",
    "219-09-9999", "L-77", "C-1042", "1e5", "1.55", "-5551", "+5551", "0x1F4", "١٢٣٤٥٦٧", "ΑΒ1234", "卡1234", "card 77123", "1/2/1985", "7.000.123",
    "=55123", "@7712", "ab" * 100, "7" * 99 + "1", "TEST123", "NA123", "UNKNOWN1", "00077123",
)  # fmt: skip
_NO_CITIES = (
    "",
    " ",
    "n/a",
    "N/A",
    "na",
    "none",
    "None",
    "unknown",
    "UNKNOWN",
    "-",
    "--",
    "?",
    ".",
    "***",
    "😀",
)
_NO_POSTCODES = (
    "",
    " ",
    "0",
    "00000",
    "000000000",
    "00000-0000",
    "XXXXX",
    "xxxxx",
    "n/a",
    "NA",
    "none",
    "NONE",
    "unknown",
    "-",
    "--",
    "?",
    "***",
    "x",
    "0X0",
)
_POSTCODES = {
    "02134": "02134", "2134": "02134", "02134-1234": "02134", "021341234": "02134", " 02134 ": "02134", "02134–1234": "02134", "０２１３４": "02134",
    "SW1A 1AA": "SW1A1AA", "sw1a1aa": "SW1A1AA", "K1A 0B1": "K1A0B1", "1010": "01010", "80331": "80331", "123-4567": "1234567", "٠٢١٣٤": "",
}  # fmt: skip
_ADDRESSES = (
    "12 Main Street", "Main Street", "Main St 12", "Hauptstr. 12 a", "1/2 Rue de la Paix", "12-14 High St", "Flat 3, 12 High St", "#4 12 Main St",
    "PO Box 12", "c/o Okafor", "12", "The Old Rectory", "12b", "Calle 12 # 34-56", "丸の内1-1", "ул. Ленина, д. 5", "شارع 12", "1600 Pennsylvania Ave NW",
    "12 Main Street\nApt 4", "12, Main, Street,", "12 N.W. 5th St.", "Rte 66", "12 Main Street " * 20, "½ Main Street", "Hof 12", "General Delivery",
    "Null Street", "N/A Street", "1 Test Road", "42 Wallaby Way",
)  # fmt: skip
_GENDERS = (
    "",
    "x",
    "X",
    "d",
    "divers",
    "other",
    "unknown",
    "prefer not to say",
    "0",
    "1",
    "9",
    "n/a",
    "mf",
    "?",
    "♂",
    "non-binary",
    "none",
    "null",
)
_COUNTRIES = (
    "",
    "US",
    "usa",
    "ZZ",
    "XX",
    "??",
    "Deutschland",
    "Freedonia",
    "🇩🇪",
    "1",
    "Česko",
    "null",
    "NA",
    "United Kingdom of Great Britain",
    "日本",
    "en_US",
)
_SIZED = (*NAMES, "full_name", "email", "street_address", "city", "region", "tax_id")
_FITS = {"1": 1, "200": 200, "1,000": 1_000, "10,000": 10_000, "65,536": 65_536}
_TOO_LONG = (65_537, 70_000, 131_072, 300_000)


def issued() -> Iterator[Case]:
    """Return the cases about loyalty and tax numbers."""
    kinds = ("loyalty_id", "tax_id")
    yield from read("ids, written otherwise", kinds, dict.fromkeys(_ONE_ID, "ab123456"))
    yield from each("ids that are none", kinds, _NO_IDS, Outcome.KEPT)
    yield from each("ids, unusual", kinds, _OTHER_IDS, Outcome.ACCEPTED)
    yield from each("ids a spreadsheet rounded", ("loyalty_id",), _ROUNDED, Outcome.SET_ASIDE, "E316")
    yield from each("ids a spreadsheet rounded", ("tax_id",), _ROUNDED, Outcome.KEPT)


def places() -> Iterator[Case]:
    """Return the cases about where people live, and what else is told of them."""
    yield from each("places that are none", ("city",), _NO_CITIES, Outcome.KEPT)
    yield from each("places that are none", ("postcode",), _NO_POSTCODES, Outcome.KEPT)
    yield from read("postcodes", ("postcode",), {text: code for text, code in _POSTCODES.items() if code})
    yield from each("addresses", ("street_address",), _ADDRESSES, Outcome.ACCEPTED)
    yield from each("genders and countries", ("gender",), _GENDERS, Outcome.KEPT)
    yield from each("genders and countries", ("country", "region"), _COUNTRIES, Outcome.ACCEPTED)


def sizes() -> Iterator[Case]:
    """Return the cases about lengths: 64 KB are taken, a byte more is not."""
    for attribute in _SIZED:
        mail = attribute == "email"
        fits = (
            "a" * size if not mail or size == 1 else f"{'a' * (size - 10)}@x.example"
            for size in _FITS.values()
        )
        short, *others = fits
        nothing = Outcome.KEPT if attribute in ("email", "tax_id") else Outcome.ACCEPTED
        yield Case("sizes", attribute, short, nothing)
        alike = (
            Outcome.KEPT if attribute == "tax_id" else Outcome.ACCEPTED
        )  # one letter again and again is no number
        yield from each("sizes", (attribute,), others, alike)
        yield from each("sizes", (attribute,), ("a" * size for size in _TOO_LONG), Outcome.SET_ASIDE, "E309")
        yield from each(
            "sizes", (attribute,), ("é" * 32_769, "名" * 22_000, "😀" * 16_385), Outcome.SET_ASIDE, "E309"
        )
