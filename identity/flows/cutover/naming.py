"""naming: who stayed has the golden id of a past moment again, in so far as that can be told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from identity.flows.online.desk import Desk, claims_on_profiles
from identity.flows.online.regroup import Regrouped
from identity.flows.online.settle import Naming
from identity.model.cluster import GoldenId
from identity.model.record import RecordKey
from identity.ports import OnlineWork

__all__ = ["as_of"]


def as_of(desk: Desk, moment: datetime) -> Naming:
    """Return what names records as of a moment.

    An id goes to the cluster that holds most of the records it had then; the records of a cluster that gets none go by
    the ids they have now. An id that somebody else has now, or that was erased, is left alone.
    """

    def named(work: OnlineWork, regrouped: Regrouped) -> Mapping[RecordKey, GoldenId]:
        places = {key: at for at, cluster in enumerate(regrouped.clusters) for key in cluster}
        then = work.memberships_at(places.keys(), moment)
        free = _free(work, desk, set(then.values()), regrouped)
        counted = Counter((home, places[key]) for key, home in then.items() if home in free)
        won: dict[GoldenId, int] = {}
        for home, place in sorted(counted, key=lambda claim: (-counted[claim], claim)):
            won.setdefault(home, place)
        return {key: home for key, home in then.items() if won.get(home) == places[key]}

    return named


def _free(work: OnlineWork, desk: Desk, ids: set[GoldenId], regrouped: Regrouped) -> set[GoldenId]:
    """Return those of these ids that are in use by nobody but the records that are regrouped."""
    work.claim(claims_on_profiles(desk, ids - regrouped.members.keys()))
    states = work.profiles(ids)
    return {
        golden_id
        for golden_id, state in states.items()
        if state.status == "merged" or (state.status == "live" and golden_id in regrouped.members)
    }
