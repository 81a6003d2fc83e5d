"""What people allow: told and kept for good, asked before they are reached, run out, taken back by a link, and put back
where a backup lacks it."""

from identity.flows.consent.ask import Agreement, Asker, Checked, agreement, as_it_holds, by_now, check
from identity.flows.consent.lapse import lapse
from identity.flows.consent.retell import retell
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
    "retell",
    "tell",
    "unsubscribe",
]
