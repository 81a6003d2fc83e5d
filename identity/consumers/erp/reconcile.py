"""reconcile: all accounts of the ERP beside the master.

Nothing is repaired here: what drifts apart is followed once more by the consumer, under its lease and in its order.
"""

from __future__ import annotations

from identity.model.erp import AccountDrift, DriftKind, ErpPolicy
from identity.model.following import Drift, Reconciled
from identity.ports.erp import ErpAccounts, ErpBook
from identity.steps.refer import drifts

__all__ = ["reconcile"]

_LEFT = frozenset({DriftKind.NO_ACCOUNT, DriftKind.INACTIVE_ACCOUNT})
"""What following once more does not mend: the ERP's own doing."""


def reconcile(accounts: ErpAccounts, book: ErpBook, policy: ErpPolicy) -> Reconciled:
    """Compare everybody. Unavailable, Refused."""
    # The ERP first: what is written there meanwhile was so here by then, and is found so.
    there = list(accounts.accounts())
    wishes = book.wishes(policy)
    borne = {golden_id for account in there for golden_id in account.references}
    found = drifts(wishes, there, book.survivors(borne), policy.attributes)
    profiles = {wish.golden_id for wish in wishes.values()}
    return Reconciled(len(there), len(profiles), tuple(sorted(map(_told, found))))


def _told(drift: AccountDrift) -> Drift:
    expected = [drift.expected] if drift.expected else []
    ids = tuple(dict.fromkeys([*expected, *drift.found]))
    return Drift(drift.kind.value, (drift.number,), ids, bool(ids) and drift.kind not in _LEFT)
