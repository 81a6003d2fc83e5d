"""settling: merges that were asked for by a process that did not live to hear the answer.

The same request under the same key either tells what it did then, or is carried out now. It is made even where it is
not wanted any more: only then is nothing under way that could arrive later; what is not wanted is taken back then.
"""

from __future__ import annotations

from dataclasses import replace

from identity.consumers.loyalty.round import Round
from identity.model.loyalty import MergeStatus
from identity.ports.remote import Refused

__all__ = ["settle_asked"]


def settle_asked(now: Round) -> None:
    """Find out what became of each merge whose answer is missing. Unavailable."""
    for merge in now.active:
        if merge.status is not MergeStatus.ASKED:
            continue
        now.hold.note()
        try:
            now.carried_out(merge)
        except Refused as refusal:
            # It never happened, and as things are it will not.
            now.asked = True
            now.change(replace(merge, status=MergeStatus.REFUSED, code=refusal.word))
