"""What is so now around some golden ids, as far as merges at the loyalty platform reach; see `ports.loyalty`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import orjson

from identity.model.cluster import GoldenId
from identity.model.loyalty import ACTIVE, LoyaltyMerge, MergeStatus
from identity.ports.loyalty import LoyaltyPage
from identity.store.dialect import Kind, ReadConnection, Statement, utc

__all__ = ["ACTIVE_MERGES", "MERGE_NAMES", "homes_of", "merge_of", "page_of"]

MERGE_NAMES = (
    "number", "key", "program", "golden_id", "causation", "asked", "at", "status", "merge_id", "survivor",
    "points_moved", "code", "shortfall", "sides", "versions", "ledger_entries", "warnings",
)  # fmt: skip
ACTIVE_MERGES = ", ".join(f"'{status}'" for status in sorted(ACTIVE))
_GOLDEN_IDS = {"golden_id": Kind.TEXT}
_NUMBERS = {"number": Kind.TEXT}

_LIVING = Statement(
    "SELECT coalesce(r.survivor, s.golden_id) FROM {rows} AS s LEFT JOIN redirect AS r ON r.retired = s.golden_id",
    _GOLDEN_IDS,
)
# Of all sources: an index by source would be a poor choice, and a person has few records.
_MEMBERS = Statement(
    "SELECT c.source, c.source_record_id, c.golden_id FROM {rows} AS s JOIN crosswalk AS c"
    " ON c.golden_id = s.golden_id WHERE c.valid_to IS NULL",
    _GOLDEN_IDS,
)
_HOMES = Statement(
    "SELECT c.source_record_id, c.golden_id FROM {rows} AS s JOIN crosswalk AS c"
    " ON c.source = s.source AND c.source_record_id = s.number WHERE c.valid_to IS NULL",
    {"source": Kind.TEXT, **_NUMBERS},
)
_MERGES = Statement(
    f"SELECT {', '.join(f'm.{name}' for name in MERGE_NAMES)} FROM loyalty_merge AS m"
    " WHERE m.number IN (SELECT d.merge FROM {rows} AS s JOIN loyalty_merged AS d ON d.member = s.number)"
    f" AND m.status IN ({ACTIVE_MERGES}) ORDER BY m.number",
    _NUMBERS,
)
_PAST = Statement(
    "SELECT d.member, d.merge FROM {rows} AS s JOIN loyalty_merged AS d ON d.member = s.number", _NUMBERS
)


def page_of(look: ReadConnection, asked: Collection[str], sources: Sequence[str]) -> LoyaltyPage:
    """Read on until nothing new is met: profiles have members, members have merges, merges have other members, whose
    profiles are concerned too."""
    homes: dict[str, set[GoldenId]] = {}
    merges: dict[int, LoyaltyMerge] = {}
    fresh, met = {str(living) for (living,) in look.ask(_LIVING.on(sorted(asked)))()}, set[str]()
    while fresh - met:
        records = look.ask(_MEMBERS.on(sorted(fresh - met)))()
        _add(homes, [(number, home) for source, number, home in records if source in sources])
        met |= fresh
        if not homes:
            break
        merges |= {merge.number: merge for merge in _merges(look, homes)}
        beyond = {number for merge in merges.values() for number in merge.numbers} - homes.keys()
        _add(homes, homes_of(look, beyond, sources))
        for number in beyond:
            homes.setdefault(number, set())
        fresh = {str(home) for found in homes.values() for home in found}
    return LoyaltyPage(
        asked=frozenset({*asked, *met}),
        homes={number: frozenset(found) for number, found in homes.items()},
        merges=[merges[number] for number in sorted(merges)],
        past=_past(look, homes),
    )


def homes_of(
    look: ReadConnection, numbers: Collection[str], sources: Sequence[str]
) -> list[tuple[str, GoldenId]]:
    """Return whose the records with these numbers are."""
    pairs = [(source, number) for number in sorted(numbers) for source in sources]
    found = look.ask(_HOMES.on(pairs))() if pairs else []
    return [(number, GoldenId(home)) for number, home in found]


def merge_of(row: Sequence[object]) -> LoyaltyMerge:
    """Return the merge of a row that has MERGE_NAMES."""
    told = dict(zip(MERGE_NAMES, row, strict=True))
    lists = {
        name: orjson.loads(str(told[name])) for name in ("sides", "versions", "ledger_entries", "warnings")
    }
    return LoyaltyMerge(
        **{
            **told,
            "status": MergeStatus(str(told["status"])),
            "at": utc(told["at"]),
            "sides": {number: tuple(side) for number, side in lists["sides"].items()},
            "versions": lists["versions"],
            "ledger_entries": tuple(lists["ledger_entries"]),
            "warnings": tuple(lists["warnings"]),
        }
    )


def _add(homes: dict[str, set[GoldenId]], found: Iterable[tuple[str, str] | tuple[object, ...]]) -> None:
    for number, home in found:
        homes.setdefault(str(number), set()).add(GoldenId(str(home)))


def _merges(look: ReadConnection, numbers: Iterable[str]) -> list[LoyaltyMerge]:
    return [merge_of(row) for row in look.ask(_MERGES.on(sorted(numbers)))()]


def _past(look: ReadConnection, numbers: Collection[str]) -> list[frozenset[str]]:
    about: dict[int, set[str]] = {}
    for member, merge in look.ask(_PAST.on(sorted(numbers)))() if numbers else []:
        about.setdefault(merge, set()).add(member)
    return [frozenset(about[merge]) for merge in sorted(about)]
