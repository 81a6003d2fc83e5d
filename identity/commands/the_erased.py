"""Of records of people who were erased nothing is kept, not even what was odd about them."""

from __future__ import annotations

from collections.abc import Iterable

from identity.bootstrap import Service, SystemClock
from identity.connectors.one_by_one import ERASED
from identity.flows.ingest import Ingested

__all__ = ["forget_the_erased"]


def forget_the_erased(service: Service, told: Iterable[Ingested]) -> None:
    """Remove what was set aside, or warned of, of records that were refused because their person was erased."""
    keys = [each.key for each in told if each.problem and each.problem.code == ERASED]
    if keys:
        with service.store.online(SystemClock()) as work:
            work.forget_rows(keys)
