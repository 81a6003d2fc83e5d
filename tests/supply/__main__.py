"""`python -m tests.supply code | packages | sbom [FILE]`: what is known against the code, or against what it rests on.

Ends with 1 when something was found, with 2 when not everything could be asked about.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.supply.code import findings, problems, waivers
from tests.supply.packages import LOCKS, asked, bill

_FOUND, _NOT_ASKED = 1, 2


def code() -> int:
    found, waived = findings(), waivers()
    wrong = problems(found, waived)
    print("\n".join([*wrong, f"bandit: {len(found)} findings, {len(wrong)} not as waived"]))
    return _FOUND if wrong else 0


def packages() -> int:
    ended = 0
    for lock in LOCKS:
        answer = asked(lock)
        print(
            "\n".join(
                [
                    *answer.vulnerable,
                    f"{lock}: {answer.checked} packages checked, {len(answer.vulnerable)} vulnerable",
                ]
            )
        )
        if answer.failure:
            print(
                f"{lock} was NOT checked: the service of vulnerabilities cannot be reached ({answer.failure})"
            )
        if answer.unknown:
            print(f"{lock}: {len(answer.unknown)} packages were NOT checked: the service does not know them, or is not "
                  f"there ({', '.join(answer.unknown[:5])}, …)")  # fmt: skip
        ended = (
            _FOUND
            if answer.vulnerable or ended == _FOUND
            else _NOT_ASKED
            if answer.failure or answer.unknown
            else ended
        )
    return ended


def sbom(out: str = "sbom.json") -> int:
    print(f"{out}: {bill(Path(out))} components")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1] in (asks := {"code": code, "packages": packages, "sbom": sbom}):
        sys.exit(asks[sys.argv[1]](*sys.argv[2:3]))
    sys.exit(__doc__)
