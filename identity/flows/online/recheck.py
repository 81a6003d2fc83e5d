"""recheck: what a person should look at around the profiles that a unit of work was about, as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from identity.flows.online.desk import Desk
from identity.flows.online.regroup import Regrouped
from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Verdict
from identity.model.record import NormalisedRecord, RecordKey
from identity.model.review import EVIDENCE
from identity.ports import Neighbourhood, OnlineWork
from identity.steps.reconcile import reconcile
from identity.steps.review import Scene, review

__all__ = ["recheck"]


def recheck(
    work: OnlineWork,
    desk: Desk,
    regrouped: Regrouped,
    golden_ids: Mapping[RecordKey, GoldenId],
    change_id: str,
    by: str | None,
) -> None:
    """Open, restate and close review tasks about the profiles that were, or are, of the records regrouped.

    Comes after everything else is stored. `by` names a person's operation that closes what it decides; else the
    evidence does.
    """
    about = {*regrouped.members, *golden_ids.values()}
    near = work.neighbourhood(about)
    scene = _scene(work, desk, regrouped, golden_ids, near)
    reconciled = reconcile(review(scene, about, desk.rules.thresholds), near.standing)
    if reconciled.opened or reconciled.restated or reconciled.closed:
        work.put_reviews(reconciled, by or EVIDENCE, change_id)


def _scene(
    work: OnlineWork,
    desk: Desk,
    regrouped: Regrouped,
    golden_ids: Mapping[RecordKey, GoldenId],
    near: Neighbourhood,
) -> Scene:
    members: dict[GoldenId, Sequence[RecordKey]] = {}
    for key, golden_id in sorted(golden_ids.items()):
        members[golden_id] = [*members.get(golden_id, ()), key]
    inside = [
        found.link for (left, right), found in regrouped.links.items()
        if golden_ids.get(left) == golden_ids.get(right) is not None
    ]  # fmt: skip
    members |= work.members_of(set(near.homes.values()) - members.keys())
    told_again = _weighed(work, desk, regrouped, near.told_again)
    return Scene(members, [*inside, *near.links], near.verdicts, told_again)


def _weighed(
    work: OnlineWork, desk: Desk, regrouped: Regrouped, verdicts: Sequence[Verdict]
) -> dict[Verdict, MatchWeight]:
    """Return what the pairs of these verdicts weigh as their records are told now."""
    keys = sorted({key for said in verdicts for key in (said.left, said.right)})
    stored = work.stored([key for key in keys if key not in regrouped.records]) | dict(regrouped.records)
    place = {key: at for at, key in enumerate(keys)}
    records = [NormalisedRecord(key, stored[key].features) for key in keys]
    pairs = [(place[said.left], place[said.right]) for said in verdicts]
    weights = desk.scorer(work).weigh(records, pairs) if pairs else []
    return {said: MatchWeight(weight) for said, weight in zip(verdicts, weights, strict=True)}
