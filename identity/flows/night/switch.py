"""switch: another model takes over, in one unit of work: its links, its partition, nobody in between.

What others wrote while everything was being weighed stands as they left it, and is decided again by the new model.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from identity.features.packing import unpack_features
from identity.flows.night.audit import filed_otherwise
from identity.flows.rematch import Known, Proposal, Workshop, changes_to
from identity.ports import GENERIC_VALUES, Change, ChangeSet, UnitOfWork
from identity.steps.file import file

__all__ = ["switch"]

_KEYS = ["source", "source_record_id"]
_REASON = "written while models changed"


def switch(shop: Workshop, proposal: Proposal, reason: str, actor: str) -> int:
    """Carry out what another model proposes, and make it the active one; return how many records are queued.

    Every other writer waits meanwhile: it is one transaction, all of it or nothing.
    """
    with shop.transactions.begin(shop.clock) as work:
        late, told = work.subjects_since(proposal.known.position), work.records_since(proposal.known.at)
        model = proposal.resolution.model
        changes = _as_things_are(shop, work, proposal, late) if late else proposal.changes
        change = Change(shop.new_id(), "rematch", actor, work.at, reason, None, model.version)
        work.put_change(change)
        work.put_model(shop.freeze(model), work.at, actor, reason)
        work.put_profiles(changes.profiles)
        work.move(changes.moves, change.change_id, work.at)
        work.retire(changes.retired, change.change_id, work.at)
        _replace_links(work, proposal, told)
        work.append_events(changes.events)
        return _queue(shop, work, proposal, late, told)


def _as_things_are(shop: Workshop, work: UnitOfWork, proposal: Proposal, late: frozenset[str]) -> ChangeSet:
    """Return the changes without those that concern a profile to which something happened since."""
    known = replace(proposal.known, memberships=work.memberships(), states=work.profiles())
    held = proposal.assigned.join(known.memberships.rename_columns([*_KEYS, "now"]), _KEYS, join_type="inner")
    moved = held.filter(pc.not_equal(held["golden_id"], held["now"]))
    gone = proposal.assigned.join(known.memberships.select(_KEYS), _KEYS, join_type="left anti")
    begin = {*late, *gone["golden_id"].to_pylist()}
    frozen = _reached(begin, moved["now"].to_pylist(), moved["golden_id"].to_pylist())
    stays = _among(held["now"], frozen)
    assigned = held.select(_KEYS).append_column(
        "golden_id", pc.if_else(stays, held["now"], held["golden_id"])
    )
    survived = proposal.survived.filter(pc.invert(_among(proposal.survived["golden_id"], frozen)))
    return changes_to(shop, known, proposal.resolution, assigned, survived)


def _reached(begin: Collection[str], one: list[str], other: list[str]) -> set[str]:
    """Return the ids that records move between, directly or through others, from those to `begin` with."""
    beside: dict[str, set[str]] = {}
    for left, right in zip(one, other, strict=True):
        beside.setdefault(left, set()).add(right)
        beside.setdefault(right, set()).add(left)
    reached, frontier = set(begin), set(begin)
    while frontier:
        frontier = {near for golden_id in frontier for near in beside.get(golden_id, ())} - reached
        reached |= frontier
    return reached


def _among(ids: pa.ChunkedArray, wanted: Collection[str]) -> pa.ChunkedArray:
    return pc.is_in(ids, value_set=pa.array(sorted(wanted), pa.string()))


def _replace_links(work: UnitOfWork, proposal: Proposal, told: pa.Table) -> None:
    """Put the model's links in the place of those there are, but for records told since: theirs are made anew."""
    standing = work.memberships().select(_KEYS).join(told.select(_KEYS), _KEYS, join_type="left anti")
    links = proposal.changes.links
    for side in ("left", "right"):
        names = [f"{side}_source", f"{side}_id"]
        links = links.join(standing.rename_columns(names), names, join_type="left semi")
    work.replace_links(standing, links)


def _queue(shop: Workshop, work: UnitOfWork, proposal: Proposal, late: frozenset[str], told: pa.Table) -> int:
    """Queue whoever was written since, and whoever that lets meet, or parts from, others."""
    numbers = work.record_numbers()
    written = work.memberships()
    written = written.filter(_among(written["golden_id"], late)).select(_KEYS)
    keys = pa.concat_tables([written, told.select(_KEYS), filed_otherwise(shop, proposal)])
    queued = [numbers.join(keys, _KEYS, join_type="left semi").select(["number"])]
    queued.append(work.crowded(_blocks(shop, proposal.known, told), _most(shop, told)).select(["record"]))
    queued.append(work.holders(_turned(shop, work, proposal)).select(["record"]))
    every = pa.concat_tables([table.rename_columns(["number"]) for table in queued])
    distinct = every.group_by("number").aggregate([])
    work.put_redo(distinct, _REASON)
    return int(distinct.num_rows)


def _most(shop: Workshop, told: pa.Table) -> int:
    return max(key.cap for key, _ in shop.index.cabinet.keys) + int(told.num_rows)


def _blocks(shop: Workshop, known: Known, told: pa.Table) -> pa.Table:
    """Return the blocks in which a record told since is now, or was before."""
    before = known.records.join(told.select(_KEYS), _KEYS, join_type="left semi")
    texts = [*told["features"].to_pylist(), *before["features"].to_pylist()]
    blocks = {
        block
        for text in texts
        if text
        for block in file(unpack_features(text, tuple(shop.index.names)), shop.index.cabinet)
    }
    return pa.table({"value": sorted(blocks)}, GENERIC_VALUES)


def _turned(shop: Workshop, work: UnitOfWork, proposal: Proposal) -> pa.Table:
    """Return the values that are generic now and were not when everything was weighed, or the other way round."""
    then = shop.index.filings(proposal.resolution).generic(proposal.resolution.generic)
    turned = set(then) ^ set(work.generic_values()["value"].to_pylist())
    return pa.table({"value": sorted(turned)}, GENERIC_VALUES)
