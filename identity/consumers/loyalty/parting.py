"""parting: merges whose members are different people's now are taken back, the latest first.

That is an intention first, as a merge is: who does not live to hear the answer leaves a merge that was asked back, and
the next one asks again, also where the members are one person's again. Otherwise it would be taken for one that stands.
"""

from __future__ import annotations

from dataclasses import replace

from identity.consumers.loyalty.round import Round
from identity.model.loyalty import ASKED_BACK, LoyaltyMerge, MergeStatus
from identity.ports.remote import Refused
from identity.steps.untangle import divided, untangle

__all__ = ["believe", "part", "settle_asked_back"]

_GONE = frozenset({"ALREADY_REVERSED"})
_TAKEN_BACK_THERE = "TAKEN_BACK_THERE"


def part(now: Round) -> None:
    """Take back what does not belong together any more. What the platform refuses is a shortfall: nothing more is
    merged with those members until a person has seen to it. Unavailable."""
    wanted = untangle(now.active, now.page.homes)
    for merge in wanted:
        _take_back(now, merge)
    for merge in now.active:
        if merge.status is MergeStatus.SHORTFALL and merge.key not in now.stuck:
            # They are one person again.
            now.change(replace(merge, status=MergeStatus.DONE, code="", shortfall=0))


def settle_asked_back(now: Round) -> None:
    """Find out what became of each merge that was asked back by who did not hear the answer. Unavailable."""
    for merge in reversed(now.active):
        if merge.code == ASKED_BACK:
            _take_back(now, merge)


def _take_back(now: Round, merge: LoyaltyMerge) -> None:
    merge = replace(merge, status=MergeStatus.SHORTFALL, code=ASKED_BACK, shortfall=0)
    now.note(merge)
    try:
        receipt = now.platform.unmerge(merge.merge_id, idempotency_key=f"{merge.key}.back")
    except Refused as refusal:
        now.asked = True
        if refusal.word in _GONE:
            now.change(replace(merge, status=MergeStatus.REVERSED, code=_TAKEN_BACK_THERE))
        elif divided(merge, now.page.homes):
            _stuck(now, merge, refusal)
        else:
            now.change(replace(merge, status=MergeStatus.DONE, code=""))
        return
    now.asked = True
    now.stuck.pop(merge.key, None)
    entries = (*merge.ledger_entries, *receipt.ledger_entries)
    now.change(replace(merge, status=MergeStatus.REVERSED, ledger_entries=entries, code=""))


def _stuck(now: Round, merge: LoyaltyMerge, refusal: Refused) -> None:
    missing = refusal.details.get("shortfall")
    told = replace(
        merge,
        status=MergeStatus.SHORTFALL,
        code=refusal.word,
        shortfall=missing if isinstance(missing, int) else 0,
    )
    now.stuck[merge.key] = refusal
    now.change(told)


def believe(now: Round) -> None:
    """Look at the platform, not at what is kept: a merge whose members are not one was taken back there."""
    for merge in reversed(now.active):
        try:
            survivors = {now.member(number).number for number in merge.sides}
        except Refused:
            continue
        if len(survivors) > 1:
            now.change(replace(merge, status=MergeStatus.REVERSED, code=_TAKEN_BACK_THERE))
