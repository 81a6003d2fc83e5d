"""What people allow: told and kept for good, asked before they are reached, run out, taken back by a link."""

from identity.flows.consent.ask import Agreement, Asker, Checked, agreement, as_it_holds, by_now, check
from identity.flows.consent.lapse import lapse
from identity.flows.consent.tell import Said, Teller, Told, tell
from identity.flows.consent.unsubscribe import mint, unsubscribe

__all__ = [
    "Agreement",
    "Asker",
    "Checked",
    "Said",
    "Teller",
    "Told",
    "agreement",
    "as_it_holds",
    "by_now",
    "check",
    "lapse",
    "mint",
    "tell",
    "unsubscribe",
]
