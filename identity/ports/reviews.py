"""What units of work know of review tasks: around a few profiles, and of everybody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from identity.model.cluster import GoldenId
from identity.model.evidence import MatchWeight
from identity.model.judgement import Link, Verdict
from identity.model.record import RecordKey
from identity.model.review import Concern, Label, ReviewTask
from identity.steps.estimate import Stratum
from identity.steps.reconcile import Reconciled, Standing

__all__ = ["LABELS", "SAID", "Drawn", "Neighbourhood", "ReviewTables", "ReviewWork", "Sampler", "Surveyor"]

SAID = pa.schema(
    [(name, pa.string()) for name in ("left_source", "left_id", "right_source", "right_id")]
    + [("judgement", pa.string()), ("operation_id", pa.string()), ("told_again", pa.bool_())]
)
LABELS = pa.schema(
    [(name, pa.string()) for name in ("left_source", "left_id", "right_source", "right_id", "stratum")]
    + [("same", pa.bool_())]
)


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What stands around some profiles: tasks about them that are open or deferred, links to records of other live
    profiles, verdicts in force between live records, and whose those records are.

    `told_again` are the verdicts one of whose records was told again since.
    """

    standing: Sequence[Standing]
    links: Sequence[Link]
    verdicts: Sequence[Verdict]
    told_again: Sequence[Verdict]
    homes: dict[RecordKey, GoldenId]


class ReviewWork(Protocol):
    """Review tasks, for a unit of work around a few records."""

    def neighbourhood(self, golden_ids: Collection[GoldenId]) -> Neighbourhood:
        """Return what stands around these profiles. Comes after every claim and write: from here on other units wait
        to look around theirs, so that of two neighbours the later one sees what the earlier one did."""
        ...

    def put_reviews(self, reconciled: Reconciled, closed_by: str, change_id: str) -> None:
        """Open, restate and close tasks. The ids of new ones are made of their subject and `change_id`."""
        ...

    def review(self, task_id: str) -> ReviewTask | None:
        """Return a task, whatever its status; other units wait to change it."""
        ...

    def defer_review(self, task: ReviewTask) -> None:
        """Store the deferral of a task, and its details."""
        ...

    def reopen_review(self, task: ReviewTask) -> None:
        """Store a task as open, neither put off nor closed any more, with its details. It is about no golden ids but
        those that it has while it is put off."""
        ...

    def take_label_back(self, left: RecordKey, right: RecordKey, actor: str) -> bool:
        """Remove the last label of a pair that somebody gave; say whether there was one."""
        ...

    def close_review(self, task_id: str, closed_by: str) -> None: ...

    def put_label(self, label: Label) -> None: ...


class ReviewTables(Protocol):
    """Review tasks, for a unit of work of any size."""

    def said(self) -> pa.Table:
        """Return SAID: every verdict in force between records that are live, and if one was told again since."""
        ...

    def standing_reviews(self) -> list[Standing]:
        """Return every task that is open or deferred, of the kinds that follow from what is stored."""
        ...

    def put_reviews(self, reconciled: Reconciled, closed_by: str, change_id: str) -> None:
        """Open, restate and close tasks. The ids of new ones are made of their subject and `change_id`."""
        ...

    def drawn(self) -> frozenset[str]:
        """Return the subjects of all samples that were ever drawn, answered or not."""
        ...

    def labels(self) -> pa.Table:
        """Return LABELS: the last answer about each pair that got one, and the stratum it was drawn from."""
        ...


class Surveyor(Protocol):
    """Finds what should be looked at in a whole population, as `steps/review.py` says for a few profiles."""

    def __call__(self, links: pa.Table, memberships: pa.Table, said: pa.Table) -> list[Concern]:
        """Return the concerns that follow from links, and from how many records there are. Contradictions are not
        among them: they need weights."""
        ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """A linked pair that was drawn for a person to look at."""

    left: RecordKey
    right: RecordKey
    match_weight: MatchWeight
    stratum: str


class Sampler(Protocol):
    """Puts links into strata: by what they weigh, and whether they are inside a profile."""

    def strata(self, links: pa.Table, memberships: pa.Table, labels: pa.Table) -> list[Stratum]:
        """Return the strata of LINKS, the lightest first, with the LABELS whose pair is still in their stratum."""
        ...

    def draw(
        self, links: pa.Table, memberships: pa.Table, drawn: Collection[str], wanted: int
    ) -> list[Drawn]:
        """Return up to `wanted` pairs whose subjects are not among `drawn`, equally many of each stratum in so far as
        there are, always the same of the same."""
        ...
