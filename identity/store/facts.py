"""What followers keep of their own: each kind of fact, and what stores it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from identity.model.erp import ErpWritten
from identity.model.following import Forgotten
from identity.model.loyalty import LoyaltyMerge
from identity.store.dialect import Asked
from identity.store.erp_book import put_written
from identity.store.errands import put_forgotten
from identity.store.loyalty_book import put_merge

__all__ = ["put_facts"]

_KINDS: Mapping[type, Callable[[Any], list[Asked]]] = {
    LoyaltyMerge: put_merge,
    ErpWritten: put_written,
    Forgotten: put_forgotten,
}


def put_facts(facts: Iterable[object]) -> list[Asked]:
    """Return what stores these facts. KeyError for one of a kind that is not kept."""
    return [asked for fact in facts for asked in _KINDS[type(fact)](fact)]
