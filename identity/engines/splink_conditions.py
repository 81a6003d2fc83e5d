"""The levels of our comparators as DuckDB conditions, the way Splink's settings spell them.

Each comparison refers to its feature (`email`) and, where text functions cannot say what a comparator says, to columns
derived from it (`email_local`), which `splink_columns.py` makes. Texts are compared by bytes: on features that folding
left without ASCII letters (Greek, Cyrillic) distances come out larger than ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identity.model.match import Comparison

__all__ = ["ELSE", "MISSING_LEVEL", "Level", "levels_of"]

MISSING_LEVEL = "missing"
ELSE = "ELSE"
_CLOSE, _FAIR = "0.92", "0.84"


@dataclass(frozen=True, slots=True)
class Level:
    """A level of a comparator, or "missing", and when it is reached: tried in order, the first that holds."""

    name: str
    condition: str


Swaps = tuple[str, str] | None


def levels_of(comparison: Comparison, swaps: Swaps) -> list[Level]:
    """Return the levels of `comparison`, first to last. `swaps` are the compared given and family name, if both are."""
    if swaps and comparison.name == swaps[0]:
        return _given_name(comparison.name, swaps[1])
    if swaps and comparison.name == swaps[1]:
        return _family_name(comparison.name, swaps[0])
    return _LEVELS[comparison.comparator](comparison.name)


def _given_name(name: str, family: str = "") -> list[Level]:
    alike = _given_alike(name)
    missing, swapped = _missing(name), []
    if family:
        one, other = _crossed(name, family)
        # With one family name only, a crossed agreement is told by the family name, as a fair one.
        missing += f" OR (({_missing(family)}) AND ({one} OR {other}) AND NOT {_any(alike)})"
        unlike = f"NOT coalesce({_any(_family_alike(family))}, FALSE)"
        swapped = [Level("swapped", f"{one} AND {other} AND {unlike}")]
    return [Level(MISSING_LEVEL, missing), *alike, *swapped, Level("different", ELSE)]


def _given_alike(name: str) -> list[Level]:
    left, right = _sides(name)
    letter = f"(length({left}) = 1 OR length({right}) = 1)"
    return [
        Level("exact", f"{left} = {right}"),
        Level("nickname", _shared(f"{name}_nicknames")),
        Level("close", f"NOT {letter} AND ({_similar(left, right, _CLOSE)} OR {_one_edit(left, right)})"),
        Level("initial", f"{letter} AND left({left}, 1) = left({right}, 1)"),
        Level("fair", f"NOT {letter} AND {_similar(left, right, _FAIR)}"),
    ]


def _family_name(name: str, given: str = "") -> list[Level]:
    *alike, fair = _family_alike(name)
    missing = _missing(name)
    if given:
        one, other = _crossed(given, name)
        unlike = f"NOT coalesce({_any(_given_alike(given))}, FALSE)"
        half = f"({missing}) AND ({one} OR {other}) AND {unlike}"
        fair = Level("fair", f"({fair.condition}) OR ({half})")
        # Swapped names are told once, by the given name.
        missing += f" OR ({one} AND {other} AND {unlike})"
    return [*alike, fair, Level(MISSING_LEVEL, missing), Level("different", ELSE)]


def _family_alike(name: str) -> list[Level]:
    left, right = _sides(name)
    return [
        Level("exact", f"{left} = {right}"),
        Level("close", f"{_similar(left, right, _CLOSE)} OR {_one_edit(left, right)}"),
        Level("contains", _shared(f"{name}_parts")),
        Level("fair", _similar(left, right, _FAIR)),
    ]


def _crossed(given: str, family: str) -> tuple[str, str]:
    """Return whether one record's given name agrees with the other's family name, both ways."""
    return tuple(
        f"coalesce({one} = {other} OR {_similar(one, other, _CLOSE)} OR {_one_edit(one, other)}, FALSE)"
        for one, other in zip(_sides(given), reversed(_sides(family)), strict=True)
    )  # type: ignore[return-value]


def _birth_date(name: str) -> list[Level]:
    left, right = _sides(f"{name}_digits")
    differing, same_year = f"hamming({left}, {right})", f"left({left}, 4) = left({right}, 4)"
    turned = (
        f"({same_year} AND substr({left}, 5, 2) = substr({right}, 7, 2)"
        f" AND substr({left}, 7, 2) = substr({right}, 5, 2))"
    )
    year_only = f"({same_year} AND (right({left}, 4) = '0101' OR right({right}, 4) = '0101'))"
    ambiguous = " OR ".join(_sides(f"{name}_ambiguous"))
    transposed = f"({differing} = 2 AND {_one_edit(left, right)})"
    return [
        Level(MISSING_LEVEL, _missing(name)),
        Level("exact", f"{differing} = 0 OR ({turned} AND ({ambiguous}))"),
        Level("close", f"({differing} = 1 AND NOT {year_only}) OR {transposed} OR {turned}"),
        Level("year_known", year_only),
        Level("partial", f"{same_year} OR right({left}, 4) = right({right}, 4) OR {differing} = 2"),
        Level("near", f"abs(CAST(left({left}, 4) AS INTEGER) - CAST(left({right}, 4) AS INTEGER)) <= 1"),
        Level("different", ELSE),
    ]


def _email(name: str) -> list[Level]:
    left, right = _sides(name)
    close, public = _two_edits(left, right), " AND ".join(_sides(f"{name}_public"))
    return [
        *_present(name),
        Level("close_at_provider", f"{public} AND {close}"),
        Level("close", close),
        Level("same_local_part", _equal(f"{name}_local")),
        Level("different", ELSE),
    ]


def _edited(name: str) -> list[Level]:
    left, right = _sides(name)
    return [
        *_present(name),
        Level("one_edit", _one_edit(left, right)),
        Level("two_edits", _two_edits(left, right)),
        Level("different", ELSE),
    ]


def _address(name: str) -> list[Level]:
    house, other = _sides(f"{name}_house")
    same_house = f"({house} IS NULL OR {other} IS NULL OR {house} = {other})"
    similar = _in_common(f"{name}_street_key", f"{name}_letters")
    return [
        *_present(name),
        Level("similar", f"{same_house} AND {similar}"),
        Level("same_street", similar),
        Level("different", ELSE),
    ]


def _postcode(name: str) -> list[Level]:
    left, right = _sides(name)
    area = f"left({left}, 3) = left({right}, 3)"
    return [
        *_present(name),
        Level("one_edit", _one_edit(left, right)),
        Level("same_area", area),
        Level("different", ELSE),
    ]


def _city(name: str) -> list[Level]:
    left, right = _sides(name)
    long = f"length({left}) > 3 AND length({right}) > 3"
    return [
        *_present(name),
        Level("close", f"{long} AND {_two_edits(left, right)}"),
        Level("fair", _shared(f"{name}_words")),
        Level("different", ELSE),
    ]


def _category(name: str) -> list[Level]:
    return [*_present(name), Level("different", ELSE)]


_LEVELS: Mapping[str, Callable[[str], list[Level]]] = {
    "given_name": _given_name,
    "family_name": _family_name,
    "birth_date": _birth_date,
    "email": _email,
    "phone": _edited,
    "identifier": _edited,
    "address": _address,
    "postcode": _postcode,
    "city": _city,
    "category": _category,
}


def _sides(name: str) -> tuple[str, str]:
    return f'"{name}_l"', f'"{name}_r"'


def _missing(name: str) -> str:
    return " OR ".join(f"{side} IS NULL" for side in _sides(name))


def _equal(name: str) -> str:
    return " = ".join(_sides(name))


def _present(name: str) -> list[Level]:
    return [Level(MISSING_LEVEL, _missing(name)), Level("exact", _equal(name))]


def _shared(name: str) -> str:
    return f"coalesce(list_has_any({', '.join(_sides(name))}), FALSE)"


def _any(levels: list[Level]) -> str:
    return "(" + " OR ".join(f"({level.condition})" for level in levels) + ")"


def _similar(left: str, right: str, least: str) -> str:
    return f"jaro_winkler_similarity({left}, {right}) >= {least}"


def _one_edit(left: str, right: str) -> str:
    return f"damerau_levenshtein({left}, {right}) <= 1"


def _two_edits(left: str, right: str) -> str:
    distance = f"damerau_levenshtein({left}, {right})"
    apart = f"{_swapped_apart(left, right)} OR {_swapped_apart(right, left)}"
    return f"(CASE WHEN {distance} < 2 THEN TRUE WHEN {distance} = 2 THEN NOT ({apart}) ELSE FALSE END)"


def _swapped_apart(short: str, long: str) -> str:
    """Say whether `xy` became `yzx`: two edits to DuckDB, three to us, who only swap letters that stay neighbours."""
    x, y = f"substr({short}, p, 1)", f"substr({short}, p + 1, 1)"
    return (
        f"(length({short}) + 1 = length({long}) AND len(list_filter(range(1, length({short})), lambda p:"
        f" substr({short}, 1, p - 1) = substr({long}, 1, p - 1) AND {x} <> {y}"
        f" AND substr({long}, p, 1) = {y} AND substr({long}, p + 2, 1) = {x}"
        f" AND substr({long}, p + 1, 1) <> {x} AND substr({long}, p + 1, 1) <> {y}"
        f" AND substr({short}, p + 2) = substr({long}, p + 3))) > 0)"
    )


def _in_common(key: str, letters: str) -> str:
    """Say whether more than 80 % of the letters of two keys stand in both in the same order.

    The longest common subsequence by bits (Crochemore and others 2001): `letters` maps a letter to its places.
    """
    (left, right), (ours, theirs) = _sides(key), _sides(letters)
    every = f"((1::BIGINT << length({right})) - 1)"
    places = f"list_transform(string_split({left}, ''), lambda c: coalesce({theirs}[c], 0))"
    left_over = (
        f"list_reduce(list_prepend({every}, {places}),"
        f" lambda v, m: ((v + (v & m)) | (v - (v & m))) & {every})"
    )
    together = f"(length({right}) - bit_count({left_over}))"
    known = f"{ours} IS NOT NULL AND {theirs} IS NOT NULL"
    return f"({known} AND 5 * {together} > 2 * (length({left}) + length({right})))"
