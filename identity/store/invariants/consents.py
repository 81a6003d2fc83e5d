"""What a profile grants, against what was said: an account of its own, which knows less than the rules and so is surer.

A profile may grant only what somebody has said yes to, and what nobody said no to since. The rules ask for more (the
same identifier, all of a person's records, clocks that differ); none of that turns a no without a later yes into one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

__all__ = ["GRANTS", "granted_wrongly"]

GRANTS = "SELECT count(*) FROM golden_profile WHERE status = 'live' AND consents LIKE '%\"granted\"%'"
_NO = ("denied", "withdrawn", "objected")
_ALWAYS = datetime.max.replace(tzinfo=UTC)
_GRANTING = (
    "SELECT golden_id, consents FROM golden_profile WHERE status = 'live' AND consents LIKE '%\"granted\"%'"
    " AND golden_id > :after ORDER BY golden_id LIMIT :most"
)
_RANGE = "c.valid_to IS NULL AND c.golden_id BETWEEN :first AND :last"
_STATED = (
    "SELECT c.golden_id, r.consents, r.observed_at FROM crosswalk AS c JOIN source_record AS r"
    f" ON r.source = c.source AND r.source_record_id = c.source_record_id WHERE {_RANGE} AND r.consents <> '{{}}'"
)
_TOLD = (
    "SELECT c.golden_id, f.purpose, f.channel, f.status, f.captured_at, f.origin FROM crosswalk AS c"
    " JOIN consent_record AS o ON o.source = c.source AND o.source_record_id = c.source_record_id"
    f" JOIN consent_fact AS f ON f.fact_id = o.fact_id WHERE {_RANGE}"
)
_FOR_AN_ADDRESS = (
    "SELECT c.golden_id, f.purpose, f.channel, f.status, f.captured_at, f.origin FROM crosswalk AS c"
    " JOIN source_record AS r ON r.source = c.source AND r.source_record_id = c.source_record_id"
    " JOIN consent_fact AS f ON f.kind = 'email' AND f.value = lower(r.email)"
    f" WHERE {_RANGE} AND NOT EXISTS (SELECT 1 FROM consent_record AS o WHERE o.fact_id = f.fact_id)"
)
_YES_FOR_ANYTHING = (
    "SELECT DISTINCT purpose || '.' || channel FROM consent_fact WHERE status = 'granted' AND kind = 'phone'"
)
_AT_ONCE = 2_000


@dataclass(slots=True)
class _Said:
    """Noes and yeses about one consent of one profile. A no that nobody knows the time of is later than any yes."""

    noes: list[datetime] = field(default_factory=list)
    kept_noes: list[datetime] = field(default_factory=list)
    yeses: list[datetime] = field(default_factory=list)
    stated_yes: bool = False
    yes: bool = False

    def add(self, status: str, at: datetime | None, *, kept: bool = False, stated: bool = False) -> None:
        if status in _NO:
            (self.kept_noes if kept else self.noes).append(at or _ALWAYS)
        elif status == "granted":
            self.yes, self.stated_yes = True, self.stated_yes or stated
            self.yeses += [at] if at else []

    def forbids(self) -> bool:
        """Whether a no is left that no yes came after. What a record once said, its own later word takes back, whose
        time the account does not weigh."""
        if not self.yes:
            return True
        noes = self.noes if self.stated_yes else [*self.noes, *self.kept_noes]
        latest = max(self.yeses, default=None)
        return any(latest is None or latest <= no for no in noes)


def granted_wrongly(look: Connection) -> Iterator[str]:
    """Return each profile that grants what was not granted, or was refused since, with the consent."""
    elsewhere = {row[0] for row in look.execute(text(_YES_FOR_ANYTHING))}
    after = ""
    while page := look.execute(text(_GRANTING), {"after": after, "most": _AT_ONCE}).all():
        said = _account(look, page[0].golden_id, page[-1].golden_id)
        for golden_id, consents in page:
            for consent in _granted(consents):
                if consent not in elsewhere and said[golden_id, consent].forbids():
                    yield f"{golden_id} {consent}"
        after = page[-1].golden_id


def _account(look: Connection, first: str, last: str) -> defaultdict[tuple[str, str], _Said]:
    said: defaultdict[tuple[str, str], _Said] = defaultdict(_Said)
    between = {"first": first, "last": last}
    for golden_id, consents, observed_at in look.execute(text(_STATED), between):
        for consent, told in json.loads(consents).items():
            captured = _moment(told.get("captured_at"))
            at = captured if told["status"] == "granted" else captured or _moment(observed_at)
            said[golden_id, consent].add(told["status"], at, stated=True)
    for query in (_TOLD, _FOR_AN_ADDRESS):
        for golden_id, purpose, channel, status, captured_at, origin in look.execute(text(query), between):
            said[golden_id, f"{purpose}.{channel}"].add(
                status, _moment(captured_at), kept=origin == "kept", stated=False
            )
    return said


def _granted(consents: str) -> Iterable[str]:
    return sorted(consent for consent, status in json.loads(consents).items() if status == "granted")


def _moment(told: Any) -> datetime | None:
    if not told:
        return None
    if isinstance(told, datetime):
        return told.astimezone(UTC)
    try:
        found = datetime.fromisoformat(str(told))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
