"""How what is resolved is counted: a part of the composition root, in a file of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from identity.flows.ingest import Ingested, Outcome
from identity.model.judgement import Judgement
from identity.observing.counts import count

__all__ = ["counted"]

_DECIDED = {Judgement.MATCH: "joined", Judgement.POSSIBLE_MATCH: "review", Judgement.NO_MATCH: "new"}


def counted(done: list[Ingested], sources: Collection[str]) -> list[Ingested]:
    """Count what became of records, and return it: by source (`other`: one without rules, as its name is the caller's),
    outcome and, of those that were taken, what was decided."""
    told = Counter(
        (
            one.key.source if one.key.source in sources else "other",
            one.outcome.value,
            _DECIDED[one.judgement] if one.outcome is Outcome.ACCEPTED else "none",
        )
        for one in done
    )
    for labels, number in told.items():
        count("identity_resolved_records", *labels, number=number)
    return done
