"""refer: whose accounts are now, and what the ERP holds → what is to be written there, and where the two differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from identity.features.contacts import same_contact
from identity.model.cluster import GoldenId
from identity.model.erp import AccountDrift, DriftKind, ErpAccount

__all__ = ["Wish", "Writing", "drifts", "refer"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What an account should bear: the golden id it belongs to, and the values of approved attributes.

    Nobody's account (its record was deleted, the person erased) has no golden id, and is told nothing.
    """

    number: str
    golden_id: GoldenId | None
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written to one account: a reference (None: leave it), or that it goes, and attributes (None: leave
    them)."""

    number: str
    golden_id: GoldenId | None = None
    clear: bool = False
    attributes: Mapping[str, str] | None = None


def refer(
    wishes: Iterable[Wish], held: Mapping[str, ErpAccount], approved: Iterable[str]
) -> tuple[Writing, ...]:
    """Return what is to be written so that every account is as wished, by number; nothing for those that are.

    `held` are accounts by number; one that is not there cannot be written to, and one out of use only loses its
    references. It goes by what is so now: once everything is written, nothing is to be written.
    """
    named = tuple(approved)
    found = (_writing(wish, held.get(wish.number), named) for wish in wishes)
    return tuple(sorted(filter(None, found), key=lambda writing: writing.number))


def _writing(wish: Wish, account: ErpAccount | None, approved: tuple[str, ...]) -> Writing | None:
    if account is None:
        return None
    if wish.golden_id is None or not account.active:
        told: dict[str, str] | None = {} if account.told and account.active else None
        if not account.references and told is None:
            return None
        return Writing(wish.number, clear=bool(account.references), attributes=told)
    referred = account.references == (wish.golden_id,)
    wrong = told_wrongly(wish, account, approved)
    if referred and not wrong:
        return None
    attributes = {name: wish.attributes[name] for name in approved if wish.attributes.get(name)}
    return Writing(
        wish.number, None if referred else wish.golden_id, attributes=attributes if wrong else None
    )


def told_wrongly(wish: Wish, account: ErpAccount, approved: Iterable[str]) -> tuple[str, ...]:
    """Return the approved attributes that an account is told wrongly. What it knows itself it need not be told."""
    return tuple(name for name in approved if _wrong(name, wish.attributes.get(name, ""), account))


def _wrong(name: str, value: str, account: ErpAccount) -> bool:
    known, told = account.attributes.get(name, ""), account.told.get(name, "")
    if name == "full_name":
        return bool(value) and value != known
    if not value or any(same_contact(name, value, own) for own in (known, *account.others.get(name, ()))):
        return bool(told)
    return not same_contact(name, value, told)


def drifts(
    wishes: Mapping[str, Wish],
    accounts: Iterable[ErpAccount],
    survivors: Mapping[GoldenId, GoldenId],
    approved: Iterable[str],
) -> Iterator[AccountDrift]:
    """Yield in what the ERP differs from what is known here, as its accounts come; then those it does not have.

    `wishes` are all accounts known here, by number; `survivors` says who answers for a golden id that was merged away.
    """
    named, seen = tuple(approved), set()
    for account in accounts:
        seen.add(account.number)
        yield from _drifts(wishes.get(account.number), account, survivors, named)
    for number in sorted(wishes.keys() - seen):
        if (expected := wishes[number].golden_id) is not None:
            yield AccountDrift(number, DriftKind.NO_ACCOUNT, expected)


def _drifts(
    wish: Wish | None,
    account: ErpAccount,
    survivors: Mapping[GoldenId, GoldenId],
    approved: tuple[str, ...],
) -> Iterator[AccountDrift]:
    expected = wish.golden_id if wish else None
    number, found = account.number, account.references
    if not account.active:
        # One that was replaced is not missed: another one answers for it.
        if expected and account.replaced_by is None:
            yield AccountDrift(number, DriftKind.INACTIVE_ACCOUNT, expected, found)
        return
    if kind := _reference_drift(expected, found, survivors):
        yield AccountDrift(number, kind, expected, found)
    wrong = told_wrongly(wish, account, approved) if wish and expected else tuple(sorted(account.told))
    if wrong:
        yield AccountDrift(number, DriftKind.ATTRIBUTES, expected, found, wrong)


def _reference_drift(
    expected: GoldenId | None, found: tuple[GoldenId, ...], survivors: Mapping[GoldenId, GoldenId]
) -> DriftKind | None:
    if expected is None:
        return DriftKind.STRAY_REFERENCE if found else None
    if len(found) != 1:
        return DriftKind.SEVERAL_REFERENCES if found else DriftKind.NO_REFERENCE
    if found[0] == expected:
        return None
    retired = survivors.get(found[0]) == expected
    return DriftKind.RETIRED_REFERENCE if retired else DriftKind.OTHER_REFERENCE
