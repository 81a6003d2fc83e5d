"""restate: clusters → the golden ids, profiles, memberships, links and events that are different now.

For a few records what `engines/changes.py` says for a population.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import orjson

from identity.flows.online.consents import agreed, decide_the_others_again, differing
from identity.flows.online.desk import Desk
from identity.flows.online.recheck import recheck
from identity.flows.online.regroup import Regrouped
from identity.model.cluster import GoldenId, Redirect
from identity.model.consent import Effective
from identity.model.override import Override
from identity.model.record import RecordKey
from identity.ports import Change, Event, OnlineWork, ProfileRow, ProfileState
from identity.steps.identify import count_inherited, identify
from identity.steps.overrule import overrule
from identity.steps.survive import attributes_text, consents_text, digest, fingerprint, survive

__all__ = ["MACHINE", "Restatement", "planned", "restate"]

MACHINE = "machine"
"""The actor of every change that follows from records and the model."""
_NO_NAMES: Mapping[RecordKey, GoldenId] = MappingProxyType({})

Clusters = Mapping[GoldenId, Sequence[RecordKey]]
States = Mapping[GoldenId, ProfileState]


@dataclass(frozen=True, slots=True)
class Restatement:
    """Where each record concerned is now, which golden ids were born, changed, merged away or emptied; and what there
    is to store for it: rows, records that moved (None: to nobody), events. `turned` are records that came or went."""

    golden_ids: Mapping[RecordKey, GoldenId]
    created: Sequence[GoldenId]
    changed: Sequence[GoldenId]
    retired: Sequence[Redirect]
    emptied: Sequence[GoldenId]
    rows: Sequence[ProfileRow]
    moved: Mapping[RecordKey, GoldenId | None]
    events: Sequence[Event]
    turned: Sequence[RecordKey] = ()


@dataclass(frozen=True, slots=True)
class _Moves:
    """Records whose golden id is another one now (None: no longer anybody's), seen from both ends."""

    moved: Mapping[RecordKey, GoldenId | None]
    gained: Mapping[GoldenId, Sequence[RecordKey]]
    lost: Mapping[GoldenId, Sequence[RecordKey]]


def restate(
    work: OnlineWork,
    desk: Desk,
    regrouped: Regrouped,
    changed: Collection[RecordKey],
    change: Change,
    names: Mapping[RecordKey, GoldenId] = _NO_NAMES,
) -> Restatement:
    """Store what is different now, and append the events that tell it. See `planned` for `names`."""
    plan = planned(work, desk, regrouped, changed, change, names)
    work.put_change(change)
    work.replace_links(regrouped.dropped, regrouped.added, change.model_version or "")
    work.move(plan.moved, change.change_id)
    work.put_profiles(plan.rows)
    work.retire(plan.retired, change.change_id)
    decide_the_others_again(work, desk, plan.turned)
    work.append_events(plan.events)
    by = None if change.actor == MACHINE else change.change_id
    recheck(work, desk, regrouped, plan.golden_ids, change.change_id, by)
    return plan


def planned(
    work: OnlineWork,
    desk: Desk,
    regrouped: Regrouped,
    changed: Collection[RecordKey],
    change: Change,
    names: Mapping[RecordKey, GoldenId] = _NO_NAMES,
) -> Restatement:
    """Return what is different now; nothing is stored.

    `names` are golden ids that records are to have, in so far as their clusters can agree on them: ids that were
    merged away come back so.
    """
    states = work.profiles(regrouped.members.keys() | set(names.values()))
    named = _named(work, regrouped, states, names)
    homes = {key: golden_id for golden_id, cluster in named.items() for key in cluster}
    moves = _moves(homes, regrouped.previous)
    retired, emptied = _left_behind(moves, named, states)
    concerned = {homes[key] for key in changed if key in homes} | moves.gained.keys() | moves.lost.keys()
    turned = [key for key, home in moves.moved.items() if home is None or key not in regrouped.previous]
    clusters = {golden_id: named[golden_id] for golden_id in sorted(concerned & named.keys())}
    agreements = agreed(work, desk, clusters, regrouped.records, turned)
    given = work.overrides([key for cluster in clusters.values() for key in cluster])
    rows = [
        row
        for golden_id, cluster in clusters.items()
        if (
            row := _row(
                work, desk, regrouped, golden_id, cluster, states.get(golden_id), agreements[golden_id], given
            )
        )
    ]
    rows += [_emptied(states[golden_id]) for golden_id in emptied]
    born = [row.golden_id for row in rows if row.golden_id not in states]
    return Restatement(
        homes,
        born,
        [row.golden_id for row in rows],
        retired,
        emptied,
        rows,
        moves.moved,
        _events(rows, retired, moves, states, change),
        turned,
    )


def _named(
    work: OnlineWork, regrouped: Regrouped, states: States, names: Mapping[RecordKey, GoldenId]
) -> Clusters:
    """Return the clusters by golden id. An id that was ever issued is not given out again."""
    clusters = regrouped.clusters
    live = {golden_id for golden_id, state in states.items() if state.status == "live"} | set(names.values())
    before = [
        (home if home in live else None, at)
        for at, cluster in enumerate(clusters)
        for home in _homes_to_inherit(cluster, regrouped.previous, names)
    ]
    inherited = count_inherited([golden_id for golden_id, _ in before], [at for _, at in before])
    created = {golden_id: state.created_at for golden_id, state in states.items()}
    issued = set(states)
    while True:
        named = identify([cluster[0] for cluster in clusters], inherited, created, issued)
        taken = work.profiles([golden_id for golden_id in named if golden_id not in states]).keys()
        if not taken:
            return dict(zip(named, clusters, strict=True))
        issued |= taken


def _homes_to_inherit(
    cluster: Sequence[RecordKey],
    previous: Mapping[RecordKey, GoldenId],
    names: Mapping[RecordKey, GoldenId],
) -> list[GoldenId | None]:
    """Return the golden ids that a cluster's records bring with them; where some are to have names, theirs only."""
    if any(key in names for key in cluster):
        return [names.get(key) for key in cluster]
    return [previous.get(key) for key in cluster]


def _moves(homes: Mapping[RecordKey, GoldenId], previous: Mapping[RecordKey, GoldenId]) -> _Moves:
    moved = {
        key: homes.get(key)
        for key in sorted(homes.keys() | previous.keys())
        if homes.get(key) != previous.get(key)
    }
    gained: dict[GoldenId, list[RecordKey]] = {}
    lost: dict[GoldenId, list[RecordKey]] = {}
    for key, golden_id in moved.items():
        if golden_id is not None:
            gained.setdefault(golden_id, []).append(key)
        if key in previous:
            lost.setdefault(previous[key], []).append(key)
    return _Moves(moved, gained, lost)


def _left_behind(moves: _Moves, named: Clusters, states: States) -> tuple[list[Redirect], list[GoldenId]]:
    """Return the live ids that no record is under any more: each lives on where most of its records went, or is
    empty when they went nowhere."""
    retired, emptied = [], []
    for golden_id, keys in sorted(moves.lost.items()):
        if golden_id in named or states[golden_id].status != "live":
            continue
        went = Counter(home for key in keys if (home := moves.moved[key]) is not None)
        if went:
            retired.append(Redirect(golden_id, min(went, key=lambda home: (-went[home], home))))
        else:
            emptied.append(golden_id)
    return retired, emptied


def _row(
    work: OnlineWork,
    desk: Desk,
    regrouped: Regrouped,
    golden_id: GoldenId,
    cluster: Sequence[RecordKey],
    state: ProfileState | None,
    agreement: Mapping[str, Effective],
    given: Sequence[Override],
) -> ProfileRow | None:
    """Return the profile to store; None when nothing about it is different."""
    statuses = {consent: found.held.status for consent, found in agreement.items()}
    records = [regrouped.records[key].record for key in cluster]
    profile = overrule(survive(golden_id, records, desk.survivorship, statuses), records, given)
    told = fingerprint(profile)
    if state and state.status == "live" and state.fingerprint == told:
        return None
    row = ProfileRow(
        golden_id=golden_id,
        version=state.version + 1 if state else 1,
        status="live",
        record_count=len(cluster),
        fingerprint=told,
        created_at=state.created_at if state else work.at,
        attributes=attributes_text(profile),
        consents=consents_text(profile),
    )
    # Each event tells one version: what else is different is the first, what consents are is the second.
    both = state and _consents_differ(row, state) and not _only_consents(row, state, cluster)
    return replace(row, version=row.version + 1) if both else row


def _consents_differ(row: ProfileRow, state: ProfileState | None) -> list[dict[str, str]]:
    """Return which consents of a profile there was have another status now; nobody's are not told of."""
    return differing(state.consents, row.consents) if state and row.status == "live" else []


def _only_consents(row: ProfileRow, state: ProfileState, cluster: Sequence[RecordKey]) -> bool:
    """Say whether nothing but consents is different from what is stored of a live profile."""
    members = (f"{key.source}\x1f{key.source_record_id}".encode() for key in sorted(cluster))
    before = digest(row.attributes.encode(), state.consents.encode(), members)
    return state.status == "live" and state.fingerprint == before


def _emptied(state: ProfileState) -> ProfileRow:
    """Return a profile whose records were all taken out: nothing about a person is left in it."""
    return ProfileRow(state.golden_id, state.version + 1, "empty", 0, "", state.created_at, "{}", "{}")


def _events(
    rows: Sequence[ProfileRow], retired: Sequence[Redirect], moves: _Moves, states: States, change: Change
) -> list[Event]:
    """Return what is told: of each profile that is different, then of each id that was merged away."""
    merged: dict[GoldenId, list[GoldenId]] = {}
    for redirect in retired:
        merged.setdefault(redirect.survivor, []).append(redirect.retired)

    by_whom = {} if change.actor == MACHINE else {"operation_id": change.change_id, "operation": change.kind}

    def event(kind: str, subject: GoldenId, version: int, **told: object) -> Event:
        facts = {name: fact for name, fact in told.items() if fact}  # what is empty is not told
        body = orjson.dumps({**facts, **by_whom, "model_version": change.model_version}).decode()
        return Event(kind, subject, version, change.correlation_id, body)

    def names(keys: Sequence[RecordKey]) -> list[str]:
        return [str(key) for key in keys]

    told = []
    for row in rows:
        state = states.get(row.golden_id)
        changes = _consents_differ(row, state)
        if not (changes and state and row.version == state.version + 1):
            told.append(
                event(
                    _type(row, merged, moves, states),
                    row.golden_id,
                    row.version - bool(changes),
                    golden_id=row.golden_id,
                    records_gained=names(moves.gained.get(row.golden_id, ())),
                    records_lost=names(moves.lost.get(row.golden_id, ())),
                    retired=merged.get(row.golden_id, []),
                )
            )
        if changes:
            facts = {"golden_id": row.golden_id, "changes": changes}
            told.append(event("customer.consent_changed", row.golden_id, row.version, **facts))
    gone = [
        event(
            "customer.merged",
            redirect.retired,
            states[redirect.retired].version + 1,
            golden_id=redirect.survivor,
            retired=[redirect.retired],
        )
        for redirect in retired
    ]
    return told + gone


def _type(row: ProfileRow, merged: Collection[GoldenId], moves: _Moves, states: States) -> str:
    if row.golden_id not in states:
        return "customer.created"
    if row.golden_id in merged:
        return "customer.merged"
    if states[row.golden_id].status == "merged":  # a merge was taken back
        return "customer.split"
    if row.golden_id in moves.lost and row.status == "live":
        return "customer.split"
    return "customer.updated"
