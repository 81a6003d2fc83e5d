"""lapse: what has run out is no yes any more, in profiles too."""

from __future__ import annotations

from identity.flows.consent.tell import restate_about
from identity.flows.online.desk import Desk
from identity.flows.online.restate import MACHINE
from identity.flows.online.settle import attempt, refuse_another_index
from identity.model.consent import NEVER
from identity.ports import Change, OnlineWork

__all__ = ["lapse"]

_AT_ONCE = 50


def lapse(desk: Desk) -> int:
    """Let profiles go by the expiry of facts until now; return how many facts have run out since it was last done.

    Who asks whether somebody may be reached need not wait for it: what has run out is no yes from that moment on.
    """
    done = 0
    while taken := attempt(desk, lambda work: _some(work, desk)):
        done += taken
    return done


def _some(work: OnlineWork, desk: Desk) -> int:
    refuse_another_index(work, desk)
    facts = work.lapsed(work.lapses_seen() or NEVER, work.at, _AT_ONCE)
    if not facts:
        return 0
    last = max(fact.expires_at for fact in facts if fact.expires_at)
    if len(facts) == _AT_ONCE:  # there may be more of the same moment
        facts = work.lapsed(work.lapses_seen() or NEVER, last, _AT_ONCE * 1_000)
    change = Change(desk.new_id(), "consent", MACHINE, work.at, "expired", None, work.model_version())
    restate_about(work, desk, facts, change)
    work.put_lapses_seen(last)
    return len(facts)
