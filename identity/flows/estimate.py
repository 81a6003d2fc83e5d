"""estimate: pairs are drawn for people to look at, and what they answer tells how right the links are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from identity.model.review import EVIDENCE
from identity.ports import Clock, Drawn, Sampler, Transactions
from identity.steps.estimate import Estimates, Stratum, estimate
from identity.steps.reconcile import Reconciled
from identity.steps.review import sampled

__all__ = ["Estimated", "SamplingRoom", "draw_sample", "estimate_links"]


@dataclass(frozen=True, slots=True)
class SamplingRoom:
    """What drawing and estimating work with."""

    transactions: Transactions
    sampler: Sampler
    clock: Clock
    new_id: Callable[[], str]


@dataclass(frozen=True, slots=True)
class Estimated:
    """What the labels tell of the links as they are now. `set_aside` labels tell nothing any more: their pair is not
    linked, or in another stratum than it was drawn from."""

    estimates: Estimates
    strata: Sequence[Stratum]
    set_aside: int


def draw_sample(room: SamplingRoom, wanted: int) -> list[Drawn]:
    """Open a task for each of up to `wanted` linked pairs that were never drawn before; return them."""
    with room.transactions.begin(room.clock) as work:
        drawn = room.sampler.draw(work.links(), work.memberships(), work.drawn(), wanted)
        opened = tuple(sampled(each.left, each.right, each.match_weight, each.stratum) for each in drawn)
        work.put_reviews(Reconciled(opened, (), ()), EVIDENCE, room.new_id())
    return drawn


def estimate_links(room: SamplingRoom) -> Estimated:
    """Return how right the links in force are, as far as the labels tell."""
    with room.transactions.begin(room.clock) as work:
        links, memberships, labels = work.links(), work.memberships(), work.labels()
    strata = room.sampler.strata(links, memberships, labels)
    counted = sum(stratum.labelled for stratum in strata)
    return Estimated(estimate(strata), strata, labels.num_rows - counted)
