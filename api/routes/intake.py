"""Messages of systems that tell by themselves what changes: signed, in any order, and as often as they like.

A row that makes no sense is quarantined and the message taken: whoever sends it would only send it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Security
from fastapi.responses import Response

from api.message_bodies import LoyaltyMessage, ShopifyCustomer, Taken
from api.messages import SHOPIFY, STANDARD, Signed, signed_by_shopify, signed_by_standard_webhooks
from api.problems import Problem
from api.refusals import refusals_of_signed
from identity.commands.messages import Message, take_deletion, take_record, take_wish
from identity.model.intake import FOR_GOOD, WishKind

__all__ = ["router", "sharpened"]

router = APIRouter(tags=["intake"])
_Answer = dict[str, Any]


def _told(model: Any, *headers: str) -> dict[str, Any]:
    """Document headers, and a body that is read as it comes: what is signed are its bytes."""
    content = {"application/json": {"schema": model.model_json_schema()}}
    asked = [{"name": name, "in": "header", "schema": {"type": "string"}} for name in headers]
    return {"parameters": asked, "requestBody": {"required": True, "content": content}}


@router.post(
    "/intake/shopify/{source}",
    response_model=Taken,
    responses=refusals_of_signed(),
    dependencies=[Security(SHOPIFY)],
    openapi_extra=_told(ShopifyCustomer, "X-Shopify-Webhook-Id", "X-Shopify-Topic", "X-Shopify-Triggered-At"),
)
def take_from_shopify(signed: Annotated[Signed, Depends(signed_by_shopify)]) -> Response:
    """Take a customer webhook of Shopify's; `X-Shopify-Topic` says what it is about."""
    topic = _TOPICS.get(signed.header("x-shopify-topic"), _ignored)
    return signed.once(lambda: topic(signed))


@router.post(
    "/intake/loyalty/{source}",
    response_model=Taken,
    responses=refusals_of_signed(),
    dependencies=[Security(STANDARD)],
    openapi_extra=_told(LoyaltyMessage, "webhook-id", "webhook-timestamp"),
)
def take_from_loyalty(signed: Annotated[Signed, Depends(signed_by_standard_webhooks)]) -> Response:
    """Take a change of a loyalty member: `data` in the columns of the source's rules, as of `timestamp`."""
    change = _CHANGES.get(str(signed.message.told.get("type")), _ignored)
    return signed.once(lambda: change(signed))


def _customer(signed: Signed) -> _Answer:
    triggered = _moment(signed.header("x-shopify-triggered-at"))

    def moment(observed: datetime | None) -> datetime | None:
        if observed is None:
            raise _unreadable("updated_at")
        return sharpened(observed, triggered)

    return take_record(signed.call.service, signed.message, moment)


def sharpened(observed: datetime, triggered: datetime | None) -> datetime:
    """Return a moment within the second of `observed`, the later the later the message was triggered.

    Shopify's updated_at knows no fractions of a second, in which a customer is often changed twice.
    """
    if triggered is None or triggered <= observed or observed.microsecond:
        return observed
    after = (triggered - observed).total_seconds()
    return observed + timedelta(microseconds=int(999_999 * after / (after + 60)))


def _customer_deleted(signed: Signed) -> _Answer:
    # Shopify gives the id to nobody else: no moment is needed, and none is told.
    return take_deletion(signed.call.service, signed.message, FOR_GOOD)


def _customer_wish(kind: WishKind) -> Callable[[Signed], _Answer]:
    def wish(signed: Signed) -> _Answer:
        customer = signed.message.told.get("customer")
        record_id = customer.get("id") if isinstance(customer, Mapping) else None
        if not isinstance(record_id, str) or not record_id:
            raise _unreadable("customer.id")
        return take_wish(signed.call.service, signed.message, kind, record_id)

    return wish


def _shop_wish(signed: Signed) -> _Answer:
    return take_wish(signed.call.service, signed.message, WishKind.ERASE_SOURCE)


def _member(signed: Signed) -> _Answer:
    at, message = _told_at(signed), _member_told(signed)
    return take_record(signed.call.service, message, lambda _: at)


def _member_deleted(signed: Signed) -> _Answer:
    return take_deletion(signed.call.service, _member_told(signed), _told_at(signed))


def _member_told(signed: Signed) -> Message:
    member = signed.message.told.get("data")
    if not isinstance(member, Mapping):
        raise _unreadable("data")
    return replace(signed.message, told=member)


def _told_at(signed: Signed) -> datetime:
    at = _moment(str(signed.message.told.get("timestamp")))
    if at is None:
        raise _unreadable("timestamp")
    return at


def _ignored(_: Signed) -> _Answer:
    return {"outcome": "ignored", "code": None}


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unreadable(place: str) -> Problem:
    return Problem(422, "INVALID_REQUEST", "The message is not as it has to be.", f"{place} is not there.")


_TOPICS: Mapping[str, Callable[[Signed], _Answer]] = {
    **dict.fromkeys(
        ("customers/create", "customers/update", "customers/enable", "customers/disable"), _customer
    ),
    "customers/delete": _customer_deleted,
    "customers/redact": _customer_wish(WishKind.ERASE),
    "customers/data_request": _customer_wish(WishKind.DISCLOSE),
    "shop/redact": _shop_wish,
}
_CHANGES: Mapping[str, Callable[[Signed], _Answer]] = {
    **dict.fromkeys(("member.created", "member.updated"), _member),
    "member.deleted": _member_deleted,
}
