"""What a case of the corpus is: one text in one place, and what has to become of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["NAMES", "TEXTS", "Case", "Outcome", "each", "read"]


class Outcome(StrEnum):
    """ACCEPTED: taken, and it identifies. NORMALISED: taken, and read as something plainer. KEPT: taken, and nobody is
    recognised by it. SET_ASIDE: the row is quarantined under a code. REFUSED: the whole file or request is."""

    ACCEPTED = "A"
    NORMALISED = "N"
    KEPT = "G"
    SET_ASIDE = "Q"
    REFUSED = "R"


@dataclass(frozen=True, slots=True)
class Case:
    """`told` is the code of what is set aside, the feature of what is normalised, otherwise nothing. `warned` is the
    code of the warning that a file's report has about a row that is taken."""

    family: str
    attribute: str
    text: str
    outcome: Outcome
    told: str = ""
    warned: str = ""


NAMES = ("given_name", "family_name")
TEXTS = ("given_name", "family_name", "street_address", "city")


def each(
    family: str, attributes: Iterable[str], texts: Iterable[str], outcome: Outcome, told: str = ""
) -> Iterator[Case]:
    """Return a case for every text in every attribute."""
    for attribute in attributes:
        for text in texts:
            yield Case(family, attribute, text, outcome, told)


def read(family: str, attributes: Iterable[str], texts: Mapping[str, str]) -> Iterator[Case]:
    """Return a case for every text, in every attribute, that is read as another one."""
    for attribute in attributes:
        for text, told in texts.items():
            yield Case(family, attribute, text, Outcome.NORMALISED, told)
