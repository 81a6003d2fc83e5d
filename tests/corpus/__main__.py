"""The corpus on every way in, and a table of it: `python -m tests.corpus`. Ends with 1 where a case went wrong."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.corpus.bodies import BODIES
from tests.corpus.cases import Outcome
from tests.corpus.controls import CONTROLS
from tests.corpus.naughty import NAUGHTY
from tests.corpus.rows import CSV_FILES, CSV_ROWS, ENCODED, JSON_ROWS, UNDECODABLE, RowCase
from tests.corpus.values import VALUES
from tests.corpus.values.dates import SOURCES

_ATTRIBUTES = 14


def counted() -> Counter[tuple[str, str]]:
    """Return how many cases there are by family and outcome."""
    found = Counter((case.family, case.outcome.value) for case in VALUES)
    rows: list[RowCase] = [*CSV_ROWS, *JSON_ROWS, *ENCODED]
    for row in rows:
        aside = any(row.becomes)
        outcome = Outcome.SET_ASIDE if aside else Outcome.ACCEPTED
        found[
            row.family.partition(": ")[0] if row.family.startswith("enc") else row.family, outcome.value
        ] += 1
    found["undecodable bytes", "Q"] += len(UNDECODABLE)
    found.update((case.family, "R" if case.code else "A") for case in CSV_FILES)
    found.update(("dates of sources", "Q" if code else "A") for told in SOURCES.values() for _, code in told)
    found.update(("bodies of requests", "A" if due == (200,) else "R") for _, due in BODIES)
    found["unusual people", "A"] += len(CONTROLS)
    return found


def table() -> str:
    """Return a line for each family: its cases by outcome."""
    found, outcomes = counted(), [outcome.value for outcome in Outcome]
    lines = [f"{'':28}" + "".join(f"{name:>7}" for name in (*outcomes, "cases"))]
    for family in sorted({family for family, _ in found}):
        numbers = [found[family, outcome] for outcome in outcomes]
        lines.append(f"{family:28}" + "".join(f"{number or '':>7}" for number in (*numbers, sum(numbers))))
    sums = [sum(n for (_, told), n in found.items() if told == outcome) for outcome in outcomes]
    lines.append(f"{'all':28}" + "".join(f"{number:>7,}" for number in (*sums, sum(sums))))
    lines.append(
        f"and {len(NAUGHTY)} naughty strings in each of {_ATTRIBUTES} attributes: {len(NAUGHTY) * _ATTRIBUTES:,}"
    )
    lines.append(
        "A taken, N read as something plainer, G identifies nobody, Q set aside under a code, R refused"
    )
    return "\n".join(lines)


def main() -> int:
    os.environ["CORPUS"] = "whole"
    ended = pytest.main(["-q", str(Path(__file__).parent)])
    print(table())
    return int(ended != 0)


if __name__ == "__main__":
    sys.exit(main())
