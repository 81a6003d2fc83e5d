"""What is asked of an ERP, and what is written to it: references to golden profiles, and what is approved."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from identity.model.cluster import GoldenId
from identity.model.erp import ErpAccount, ErpPolicy, ErpWritten
from identity.steps.refer import Wish

__all__ = ["ErpAccounts", "ErpBook", "ErpPage"]


class ErpAccounts(Protocol):
    """The customers' accounts of an ERP, by account number.

    Everything may fail in two ways: Unavailable (the same call may be tried again; its effect may be there) and
    Refused (it will be refused again). Everything that writes may be repeated, and tells whether it changed anything.
    """

    def accounts(self, after: str = "", since: datetime | None = None) -> Iterator[ErpAccount]:
        """Yield accounts, inactive ones too, in an order of the ERP's that new ones come last in; of those behind the
        account `after`, and only what changed at `since` or later."""
        ...

    def account(self, number: str) -> ErpAccount:
        """Return an account. Refused UNKNOWN_ACCOUNT."""
        ...

    def reference_of(self, number: str) -> GoldenId | None:
        """Return the golden id that an account bears, None where it bears none or several."""
        ...

    def bearers(self, golden_id: str) -> Collection[str]:
        """Return the accounts that bear a golden id, however many others."""
        ...

    def write_reference(self, number: str, golden_id: GoldenId) -> bool:
        """Put a golden id on an account in the place of all others. Several accounts may bear the same one.

        Refused INACTIVE_ACCOUNT, UNKNOWN_ACCOUNT.
        """
        ...

    def clear_reference(self, number: str) -> bool:
        """Take every golden id off an account."""
        ...

    def write_attributes(self, number: str, attributes: Mapping[str, str]) -> bool:
        """Tell an account these values, and take back what it was told of approved attributes that are not among them.

        Refused NOT_APPROVED where one of them is not, INACTIVE_ACCOUNT, UNKNOWN_ACCOUNT.
        """
        ...

    def merge_parties(self, source: str, destination: str) -> bool:
        """Make one account of two, for good. Refused MERGE_NOT_ALLOWED unless the policy allows it."""
        ...


@dataclass(frozen=True, slots=True)
class ErpPage:
    """What is known around some golden ids: what each account should bear, and what it was last told."""

    wishes: Mapping[str, Wish] = field(default_factory=dict)
    written: Mapping[str, ErpWritten] = field(default_factory=dict)


class ErpBook(Protocol):
    """Whose the accounts are here, each answer as things stand at one moment."""

    def page(self, golden_ids: Collection[str], numbers: Collection[str], policy: ErpPolicy) -> ErpPage:
        """Return what is known of the accounts of these golden ids, or of those that answer for them now, and of these
        accounts, also when they are nobody's."""
        ...

    def wishes(self, policy: ErpPolicy) -> dict[str, Wish]:
        """Return what every account that is known here should bear."""
        ...

    def survivors(self, golden_ids: Collection[str]) -> dict[GoldenId, GoldenId]:
        """Return who answers for those of these golden ids that were merged away."""
        ...

    def errands(self, erasure_id: str, consumer: str) -> tuple[str, ...] | None:
        """Return the accounts that a consumer has to forget because somebody was erased; None: it was not told."""
        ...
