"""Tryton as this service uses it: accounts are parties, their numbers the parties' codes.

A reference is an identifier without a type, `golden:` before the golden id. Tryton keeps several identifiers of one
kind without a word, so that there is one is enforced here: everything is written against the party as it was read, and
what writers at once have done together is mended by each of them in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from identity.connectors.erp.merging import replace_party
from identity.connectors.erp.parties import FIELDS, Party, changed_since, party
from identity.connectors.erp.session import Overtaken, TrytonSession
from identity.connectors.erp.writing import single, told_attributes, told_reference
from identity.connectors.remote import Refused, unreadable
from identity.model.cluster import GoldenId
from identity.model.erp import ErpAccount, ErpPolicy, PartyMerge

__all__ = ["Tryton"]

_PAGE = 200
_TRIES = 12
_SYSTEM = "the ERP"
_EVERYBODY = {"active_test": False}
_MODEL = "model.party.party"


class Tryton:
    """The parties of one Tryton database; see `ports/erp.py` for what each operation promises.

    Everything raises Unavailable (try the same call again) and Refused.
    """

    def __init__(self, session: TrytonSession, policy: ErpPolicy) -> None:
        self._session = session
        self._policy = policy

    def accounts(self, after: str = "", since: datetime | None = None) -> Iterator[ErpAccount]:
        """Yield accounts in the order in which they were made."""
        last = self._party(after).id if after else 0
        changed = [changed_since(since)] if since else []
        while page := self._found([["id", ">", last], *changed], _PAGE):
            for each in page:
                # Always onwards: an ERP that repeats itself must not keep us for ever.
                if each.id <= last:
                    raise unreadable(_SYSTEM, "it repeats a page of parties")
                last = each.id
                yield each.account

    def account(self, number: str) -> ErpAccount:
        """Return an account."""
        return self._party(number).account

    def reference_of(self, number: str) -> GoldenId | None:
        """Return the golden id that an account bears."""
        references = self.account(number).references
        return references[0] if len(references) == 1 else None

    def bearers(self, golden_id: str) -> tuple[str, ...]:
        """Return the accounts that bear a golden id."""
        code = f"{self._policy.reference}:{golden_id}"
        found = self._found([["identifiers.code", "=", code]], _PAGE)
        return tuple(each.account.number for each in found if golden_id in each.account.references)

    def write_reference(self, number: str, golden_id: GoldenId) -> bool:
        """Put a golden id on an account in the place of all others."""
        return self._settle(
            number, lambda found: told_reference(_active(found), golden_id, self._policy.reference)
        )

    def clear_reference(self, number: str) -> bool:
        """Take every golden id off an account."""
        return self._settle(number, lambda found: told_reference(found, None, self._policy.reference))

    def write_attributes(self, number: str, attributes: Mapping[str, str]) -> bool:
        """Tell an account these values of approved attributes, and no others."""
        approved = self._policy.attributes
        if set(attributes) - set(approved):
            raise Refused("NOT_APPROVED", "An attribute is not approved to be written to the ERP.")
        return self._settle(
            number,
            lambda found: told_attributes(_active(found), attributes, approved, self._policy.reference),
        )

    def merge_parties(self, source: str, destination: str) -> bool:
        """Make one account of two, for good."""
        if self._policy.party_merge is not PartyMerge.ALLOWED:
            raise Refused("MERGE_NOT_ALLOWED", "The rules do not allow to merge accounts of the ERP.")
        gone, kept = self._party(source), _active(self._party(destination))
        if gone.account.replaced_by == destination:
            return False
        if gone.id == kept.id:
            raise Refused("SAME_ACCOUNT", "An account cannot be merged with itself.")
        replace_party(self._session, _active(gone).id, kept.id)
        return True

    def _settle(self, number: str, changes_of: Callable[[Party], dict[str, Any]]) -> bool:
        """Write what makes an account as it is wished; say whether that was anything.

        It is read again after that: on some databases Tryton lets two writers pass who have read the same. Both see
        what they have done together, and agree on what of it stays; neither begins again.
        """
        wrote = False
        for _ in range(_TRIES):
            found = self._party(number)
            changes = single(found, self._policy.reference) if wrote else changes_of(found)
            if not changes:
                return wrote
            wrote = self._wrote(found, changes) or wrote
        raise Overtaken("OVERTAKEN", "The account is changed in the ERP again and again.")

    def _wrote(self, found: Party, changes: dict[str, Any]) -> bool:
        """Write to a party as it was read; False where it is another by now."""
        stamps = {"_timestamp": {f"party.party,{found.id}": found.stamp}, **_EVERYBODY}
        try:
            self._session.call(f"{_MODEL}.write", [found.id], changes, stamps)
        except Overtaken:
            return False
        except Refused:
            # What was to be deleted may be gone already.
            if self._party(found.account.number).stamp == found.stamp:
                raise
            return False
        return True

    def _party(self, number: str) -> Party:
        found = self._found([["code", "=", number]], 1)
        if not found:
            raise Refused("UNKNOWN_ACCOUNT", "The ERP has no account of this number.")
        return found[0]

    def _found(self, condition: list[Any], most: int) -> list[Party]:
        asked = (condition, 0, most, [["id", "ASC"]], list(FIELDS), _EVERYBODY)
        told = self._read(*asked)
        if not isinstance(told, list):
            raise unreadable(_SYSTEM, "it is no list of parties")
        return [party(each, self._policy.reference, _SYSTEM) for each in told]

    def _read(self, *asked: object) -> Any:
        for tried in range(1, _TRIES + 1):
            try:
                return self._session.call(f"{_MODEL}.search_read", *asked)
            except Refused as refusal:
                # What was found may be deleted before it is read; whoever may not read is refused each time.
                if refusal.word != "USER_ERROR" or tried == _TRIES:
                    raise
        return None


def _active(found: Party) -> Party:
    if not found.account.active:
        raise Refused("INACTIVE_ACCOUNT", "The account is out of use in the ERP.")
    return found
