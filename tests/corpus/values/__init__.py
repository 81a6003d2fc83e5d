"""Texts of a single attribute: the largest part of the corpus."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.cases import Case
from tests.corpus.values.contacts import contacts
from tests.corpus.values.dates import dates
from tests.corpus.values.harm import harm
from tests.corpus.values.issued import issued, places, sizes
from tests.corpus.values.letters import letters
from tests.corpus.values.names import names

__all__ = ["VALUES"]


def _all() -> Iterator[Case]:
    for table in (letters, names, contacts, dates, issued, places, sizes, harm):
        yield from table()


VALUES: tuple[Case, ...] = tuple(dict.fromkeys(_all()))
