"""full: everybody resolved afresh, proposed and carried out.

By the model in force it is an audit: real time has the same answer, and whatever differs is decided again. By a
refreshed or new model it is a change of models: `switch.py` carries it out at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from identity.flows.night.audit import differing
from identity.flows.night.running import Night, Options, Told, begun, carried_out, drained, ended, guarded
from identity.flows.night.switch import switch
from identity.flows.rematch import Known, Proposal, propose, store_all
from identity.flows.rematch import told as counted
from identity.model.match import MatchModel
from identity.model.run import Impact, Run, RunKind, RunStatus
from identity.ports import MOVES, StageTimer

__all__ = ["By", "full"]

_USUAL = Options()


@dataclass(frozen=True, slots=True)
class By:
    """Who judges: the model in force, that with fresh frequencies of values, one trained now, or the one given."""

    model: MatchModel | None = None
    refresh: bool = False
    retrain: bool = False


_IN_FORCE = By()


def full(night: Night, stages: StageTimer, options: Options = _USUAL, by: By = _IN_FORCE) -> Run:
    """Propose what resolving everybody afresh changes, and carry it out inside the limits.

    Raises StoreError E413 while another re-match is running; ModelError where the model does not fit the records.
    """
    told = begun(night, RunKind.FULL, options)
    with guarded(night, told):
        with stages.stage("read"):
            known = Known.read(night.shop)
        proposal = _proposed(night, stages, known, by)
        if proposal is None:
            return ended(night, told, RunStatus.APPLIED, Impact())
        _keep(night, proposal)
        told.report |= {
            "model_version": proposal.resolution.model.version,
            "model_before": known.model.version if known.model else None,
            "trained_now": proposal.resolution.trained_now,
        }
        return carried_out(
            night,
            told,
            options,
            _moves(proposal),
            _Measured(night, proposal),
            _way(night, stages, told, proposal),
        )


def _proposed(night: Night, stages: StageTimer, known: Known, by: By) -> Proposal | None:
    model = by.model
    adaptable = model is None and not by.refresh
    if by.refresh and known.model is not None and known.records.num_rows:
        population = night.shop.spread(known.records)
        model = night.shop.refresh(population, stages, night.shop.thaw(known.model))
    return propose(night.shop, stages, known, None, model, retrain=by.retrain, adaptable=adaptable)


def _keep(night: Night, proposal: Proposal) -> None:
    """Store the model that judged, so that it is there when a person has decided."""
    with night.shop.transactions.begin(night.clock) as work:
        work.keep_model(night.shop.freeze(proposal.resolution.model), work.at)


def _way(night: Night, stages: StageTimer, told: Told, proposal: Proposal) -> Callable[[], Mapping[str, Any]]:
    """Return how a proposal is carried out: the index to be built anew, another model, or some to decide again."""

    def with_index() -> Mapping[str, Any]:
        store_all(night.shop, stages, proposal, f"re-match {told.run.run_id}", anew=False)
        _review(night, stages)
        return {"way": "everything anew"}

    def by_another_model() -> Mapping[str, Any]:
        with stages.stage("persist"):
            queued = switch(night.shop, proposal, f"re-match {told.run.run_id}", told.report["actor"])
        _review(night, stages)
        return {"way": "another model", "queued": queued, **_drain(night, stages, told, proposal)}

    def again() -> Mapping[str, Any]:
        with stages.stage("audit"):
            queued = differing(night.shop, proposal)
        return {"way": "decided again", "queued": queued, **_drain(night, stages, told, proposal)}

    known = proposal.known
    if known.index_version != night.shop.index.version:
        return with_index
    same = known.model is not None and known.model.version == proposal.resolution.model.version
    return again if same else by_another_model


def _review(night: Night, stages: StageTimer) -> None:
    with stages.stage("review"):
        night.shop.refresh_reviews()


def _drain(night: Night, stages: StageTimer, told: Told, proposal: Proposal) -> dict[str, Any]:
    with stages.stage("decide again"):
        measured = _Measured(night, proposal)(_moves(proposal))
        return drained(night, told, measured.profiles, measured.profiles_changed)


def _moves(proposal: Proposal) -> pa.Table:
    """Return MOVES: where each record that moves comes from and goes to."""
    keys = ["source", "source_record_id"]
    moved = proposal.changes.moves.select([*keys, "golden_id"])
    before = proposal.known.memberships.rename_columns([*keys, "came_from"])
    return (
        moved.join(before, keys, join_type="left outer")
        .select(MOVES.names)
        .sort_by([(name, "ascending") for name in keys])
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """What some of a proposal's moves amount to."""

    night: Night
    proposal: Proposal

    def __call__(self, moves: pa.Table) -> Impact:
        known = self.proposal.known
        live = known.states.filter(pc.equal(known.states["status"], "live"))["golden_id"]
        bearers = known.records.filter(pc.is_valid(known.records["loyalty_id"]))
        keys = ["source", "source_record_id"]
        moved = moves.select(keys).join(bearers.select(keys), keys, join_type="left semi")
        done = counted(self.proposal)
        whole = Impact(
            records=done.records,
            profiles=len(live),
            loyalty_accounts=bearers.num_rows,
            records_moved=moves.num_rows,
            profiles_changed=_changed(moves, live),
            loyalty_accounts_moved=moved.num_rows,
            updated=done.updated,
        )
        if not moves.num_rows:
            return whole
        return replace(
            whole,
            created=done.created,
            merged=done.merged,
            split=done.split,
            largest_profile=_largest(self.proposal, moves),
        )


def _changed(moves: pa.Table, live: pa.ChunkedArray) -> int:
    """Return how many of the profiles that there are gain or lose a record."""
    named = [moves[name].combine_chunks() for name in ("came_from", "golden_id")]
    ids = pa.concat_arrays(named).unique()
    return int(pc.sum(pc.is_in(ids, value_set=live.combine_chunks())).as_py() or 0)


def _largest(proposal: Proposal, moves: pa.Table) -> int:
    """Return the records of the largest profile that records move to."""
    grown = proposal.survived.join(
        pa.table({"golden_id": moves["golden_id"].unique()}), "golden_id", join_type="left semi"
    )
    return int(pc.max(grown["record_count"]).as_py() or 0)
