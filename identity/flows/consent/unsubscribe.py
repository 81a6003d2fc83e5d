"""unsubscribe: a link that was sent to somebody → their refusal, whoever answers for them by now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from identity.flows.consent.tell import Said, Teller, Told, tell
from identity.flows.lookup import ByGoldenId
from identity.flows.online.desk import Desk
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed, RowError

__all__ = ["Seal", "mint", "unsubscribe"]

_FORMAT = "1"


@dataclass(frozen=True, slots=True)
class Seal:
    """How texts are sealed so that nobody else can make them, and how they are opened (None: it is none of ours)."""

    seal: Callable[[str], str]
    unseal: Callable[[str], str | None]


def mint(desk: Desk, seal: Seal, golden_ids: Sequence[GoldenId], purpose: str, channel: str) -> list[str]:
    """Return a token for each of these people. It names nobody but by their golden id.

    RowError E320 for a consent that there is not; LookupFailed E501 for a golden id never issued.
    """
    if purpose not in desk.consent.purposes or channel not in desk.consent.channels:
        raise RowError(
            "E320",
            "The purpose or channel is none of those there are.",
            "They stand in customer.consent.yml.",
        )
    with desk.transactions.look() as look:
        known = look.answering(golden_ids)
    if any(golden_id not in known for golden_id in golden_ids):
        raise LookupFailed("E501", "No profile was ever issued by one of these golden ids.")
    at = desk.clock.now().isoformat()
    return [seal.seal("|".join((_FORMAT, golden_id, purpose, channel, at))) for golden_id in golden_ids]


def unsubscribe(desk: Desk, seal: Seal, token: str, teller: Teller) -> Told | None:
    """Take back the consent that a token is for, from everybody who has the records that its person had when it was
    made, and from whoever answers for them now. None where nobody is left. LookupFailed E532 for another text."""
    content = (seal.unseal(token) or "").split("|")
    if len(content) != 5 or content[0] != _FORMAT:
        raise LookupFailed("E532", "This is no token of ours.", "Use the link as it was sent.")
    _, golden_id, purpose, channel, minted = content
    with desk.transactions.look() as look:
        then = look.members_at([GoldenId(golden_id)], datetime.fromisoformat(minted))
        survivor, status = look.answering([GoldenId(golden_id)])[GoldenId(golden_id)]
        now = look.members_of([survivor])
    records = then.get(GoldenId(golden_id), ())
    if status == "erased" or not (records or now):
        return None
    about = ByGoldenId(GoldenId(golden_id))
    said = Said(about, purpose, channel, "withdrawn", source="unsubscribe", evidence="link", also=records)
    (told,) = tell(desk, [said], teller)
    return told
