"""Elect one row per cluster and attribute: the passes over integers behind `survivorship.py`.

Rows are sorted by golden id and record key, so a cluster is a run of rows and its first row wins what is
still a tie. A value is its number in the dictionary of its column; what depends on the value alone is
measured once per distinct contested value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from identity.model.policy import AttributePolicy
from identity.steps.survive import DOUBTFUL, FOLDS, PLACEHOLDER, REAL, fold_text

__all__ = ["MEASURES", "NONE", "Column", "Elected", "Flags", "Numbers", "Population", "elect"]

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NONE = -1


@dataclass(frozen=True, slots=True)
class Column:
    """One attribute: the number of each row's value (`NONE` where absent), and the distinct values."""

    codes: Numbers
    values: pa.Array


@dataclass(frozen=True, slots=True)
class Population:
    """All records, sorted by golden id and record key; `first` is the first row of every cluster."""

    golden_ids: pa.Array
    first: Numbers
    cluster: Numbers
    sources: Column
    record_ids: pa.Array
    seen: Numbers
    tails: pa.Array
    trust: Numbers
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Elected:
    """By cluster: the elected row (`NONE` where nobody has a say), the number of its rule, and the rules."""

    rows: Numbers
    rule: Numbers
    rules: tuple[str, ...]
    blanks: Mapping[str, Flags]


def elect(people: Population, unit: AttributePolicy) -> Elected:
    """Hold the election of one policy: rows drop out, measure by measure, until one value is left."""
    columns = [people.columns[name] for name in unit.attributes if name in people.columns]
    elected = Elected(
        rows=np.full(len(people.first), NONE),
        rule=np.zeros(len(people.first), np.int64),
        rules=("only_value", "real_value", *unit.criteria, "record_key", f"mastered_by:{unit.mastered_by}"),
        blanks={},
    )
    rows, mastered = _voices(people, unit, columns)
    contested = rows = _settle(elected, people, columns, rows, rule=0)
    elected.rule[mastered & (elected.rows != NONE)] = len(elected.rules) - 1
    ballot = _Ballot(people, unit, contested, [_words(column, contested, unit) for column in columns])
    for rule, name in enumerate(elected.rules[1:-2], start=1):
        rows = _keep_best(rows, MEASURES[name](ballot, rows), people)
        rows = _settle(elected, people, columns, rows, rule)
    _settle(elected, people, (), rows, rule=len(elected.rules) - 2)
    names = (name for name in unit.attributes if name in people.columns)
    blanks = {
        name: _known_better(ballot, words, elected) for name, words in zip(names, ballot.words, strict=True)
    }
    return replace(elected, blanks=blanks)


def _voices(people: Population, unit: AttributePolicy, columns: Sequence[Column]) -> tuple[Numbers, Flags]:
    """Return the rows that have a say, and by cluster whether the mastering source speaks alone."""
    said = np.zeros(len(people.cluster), np.bool_)
    for column in columns:
        said |= column.codes != NONE
    mastered = np.zeros(len(people.first), np.bool_)
    master = pc.index(people.sources.values, unit.mastered_by).as_py() if unit.mastered_by else NONE
    if master != NONE:
        from_master = people.sources.codes == master
        mastered[people.cluster[from_master]] = True
        said &= from_master | ~mastered[people.cluster]
    return np.flatnonzero(said), mastered


def _starts(people: Population, rows: Numbers) -> tuple[Numbers, Numbers]:
    """Return where each cluster begins among `rows`, and how many rows it has there."""
    cluster = people.cluster[rows]
    starts = np.flatnonzero(np.diff(cluster, prepend=NONE))
    return starts, np.diff(starts, append=len(rows))


def _settle(
    elected: Elected, people: Population, columns: Sequence[Column], rows: Numbers, rule: int
) -> Numbers:
    """Elect the first row of every cluster whose `rows` agree on all columns; return the other rows."""
    if not len(rows):
        return rows
    starts, counts = _starts(people, rows)
    split = np.zeros(len(starts), np.bool_)
    for column in columns:
        codes = column.codes[rows]
        split |= np.minimum.reduceat(codes, starts) != np.maximum.reduceat(codes, starts)
    winners = rows[starts[~split]]
    elected.rows[people.cluster[winners]] = winners
    elected.rule[people.cluster[winners]] = rule
    return rows[np.repeat(split, counts)]


def _keep_best(rows: Numbers, measured: Numbers, people: Population) -> Numbers:
    if not len(rows):
        return rows
    starts, counts = _starts(people, rows)
    best: Numbers = np.repeat(np.maximum.reduceat(measured, starts), counts)
    kept: Numbers = rows[measured == best]
    return kept


def _known_better(ballot: _Ballot, words: _Words, elected: Elected) -> Flags:
    """By cluster: the elected row has a placeholder here although another row has a real value."""
    people, blank = ballot.people, np.zeros(len(elected.rows), np.bool_)
    if not ballot.unit.together or not len(ballot.rows):
        return blank
    starts, _ = _starts(people, ballot.rows)
    cluster = people.cluster[ballot.rows[starts]]
    known = np.maximum.reduceat(words.real[words.column.codes[ballot.rows]], starts)
    winner = words.real[words.column.codes[elected.rows[cluster]]]
    blank[cluster] = (winner == PLACEHOLDER) & (known > PLACEHOLDER)
    return blank


# --- what rows are measured by -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Words:
    """The distinct contested values of one column: their `numbers` in its dictionary, as written, folded.

    `real` is how real they are by dictionary number; its last place, which `NONE` points at, is absence.
    """

    column: Column
    numbers: Numbers
    texts: pa.Array
    folded: pa.Array
    real: Numbers

    def by_number(self, measured: pa.Array) -> Numbers:
        return _by_number(self.column, self.numbers, measured)


@dataclass(frozen=True, slots=True)
class _Ballot:
    """A contested election: all rows that had a say in it, and the words they used, one entry per column."""

    people: Population
    unit: AttributePolicy
    rows: Numbers
    words: Sequence[_Words]

    def total(self, measured: Callable[[_Words], Numbers], rows: Numbers) -> Numbers:
        sums = np.zeros(len(rows), np.int64)
        for words in self.words:
            sums += measured(words)[words.column.codes[rows]]
        return sums


def _by_number(column: Column, numbers: Numbers, measured: pa.Array) -> Numbers:
    """Return a measure of some distinct values by dictionary number, 0 for the rest and for absence."""
    table = np.zeros(len(column.values) + 1, np.int64)
    table[numbers] = measured.cast(pa.int64()).to_numpy()
    return table


def _words(column: Column, rows: Numbers, unit: AttributePolicy) -> _Words:
    used = np.zeros(len(column.values) + 1, np.bool_)
    used[column.codes[rows]] = True
    numbers = np.flatnonzero(used[:-1])
    texts = column.values.take(pa.array(numbers))
    folded = _FOLDS[unit.compared_as](texts)
    return _Words(column, numbers, texts, folded, _by_number(column, numbers, _realness(folded, unit)))


def _real_value(ballot: _Ballot, rows: Numbers) -> Numbers:
    best = np.full(len(rows), PLACEHOLDER)
    for words in ballot.words:
        best = np.maximum(best, words.real[words.column.codes[rows]])
    return best


def _trust(ballot: _Ballot, rows: Numbers) -> Numbers:
    return ballot.people.trust[rows]


def _recency(ballot: _Ballot, rows: Numbers) -> Numbers:
    return ballot.people.seen[rows]


def _verified(ballot: _Ballot, rows: Numbers) -> Numbers:
    pattern = ballot.unit.verified_pattern
    return ballot.total(lambda words: words.by_number(_matches(words.texts, pattern)), rows)


def _completeness(ballot: _Ballot, rows: Numbers) -> Numbers:
    if ballot.unit.together:
        return ballot.total(lambda words: (words.real > PLACEHOLDER).astype(np.int64), rows)
    return ballot.total(lambda words: words.by_number(_fullness(words)), rows)


def _fullness(words: _Words) -> pa.Array:
    accents = pc.invert(pc.string_is_ascii(words.texts)).cast(pa.int64())
    lower, upper = (pc.match_substring_regex(words.texts, letters) for letters in ("[a-z]", "[A-Z]"))
    length = pc.utf8_length(words.folded).cast(pa.int64())
    marks = pc.add(pc.multiply(accents, 2), pc.and_(lower, upper).cast(pa.int64()))
    return pc.add(pc.multiply(length, 4), marks)


def _votes(ballot: _Ballot, rows: Numbers) -> Numbers:
    """Count, for every row, the rows of its cluster that say the same when folded."""
    said = ballot.people.cluster[ballot.rows]
    for words in ballot.words:
        numbers = pc.dictionary_encode(words.folded).indices.cast(pa.int64())
        spoken = pc.if_else(pc.equal(words.folded, ""), 0, pc.add(numbers, 1))
        said = said * (len(words.numbers) + 1) + words.by_number(spoken)[words.column.codes[ballot.rows]]
        said = np.unique(said, return_inverse=True)[1]
    return np.bincount(said, minlength=1)[said[np.searchsorted(ballot.rows, rows)]]


MEASURES: Mapping[str, Callable[[_Ballot, Numbers], Numbers]] = {
    "real_value": _real_value,
    "trusted_source": _trust,
    "most_recent": _recency,
    "verified": _verified,
    "most_complete": _completeness,
    "vote": _votes,
}


def _fold_text(texts: pa.Array) -> pa.Array:
    # Printable ASCII with single spaces folds by lower case alone; the rest goes the long way through Python.
    plain = _matches(texts, "([!-~]+( [!-~]+)*)?")
    odd = pa.array([fold_text(text) for text in texts.filter(pc.invert(plain)).to_pylist()], texts.type)
    return pc.replace_with_mask(pc.ascii_lower(texts), pc.invert(plain), odd)


def _fold_phone(texts: pa.Array) -> pa.Array:
    digits = pc.utf8_slice_codeunits(pc.replace_substring_regex(texts, "[^0-9]", ""), -9)
    return pc.if_else(pc.equal(digits, ""), _fold_text(texts), digits)


_FOLDS: Mapping[str, Callable[[pa.Array], pa.Array]] = {"text": _fold_text, "phone": _fold_phone}


def _realness(folded: pa.Array, unit: AttributePolicy) -> pa.Array:
    placeholder = _listed(folded, unit, ("", *unit.placeholders), unit.placeholder_pattern)
    doubtful = _listed(folded, unit, unit.doubtful, unit.doubtful_pattern)
    return pc.if_else(placeholder, PLACEHOLDER, pc.if_else(doubtful, DOUBTFUL, REAL))


def _listed(folded: pa.Array, unit: AttributePolicy, values: Sequence[str], pattern: str) -> pa.Array:
    listed = pa.array([FOLDS[unit.compared_as](value) for value in values], folded.type)
    return pc.or_(pc.is_in(folded, listed), _matches(folded, pattern))


def _matches(texts: pa.Array, pattern: str) -> pa.Array:
    return (
        pc.match_substring_regex(texts, f"\\A(?:{pattern})\\z")
        if pattern
        else pc.less(pc.binary_length(texts), 0)
    )
