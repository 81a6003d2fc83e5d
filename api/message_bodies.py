"""What messages look like, and what they are answered, for the documentation."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

__all__ = ["LoyaltyMessage", "ShopifyCustomer", "Taken"]


class Taken(BaseModel):
    """What became of a message. One whose record makes no sense is quarantined, with the `code` of what is wrong."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"outcome": "accepted", "code": None}]})
    outcome: Literal[
        "accepted",
        "unchanged",
        "superseded",
        "shadow",
        "deleted",
        "unknown",
        "quarantined",
        "noted",
        "ignored",
    ]
    code: str | None


class ShopifyCustomer(BaseModel):
    """A customer as Shopify's webhooks tell it; what is read of it say the source's rules."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "id": 706405506930370084,
                    "updated_at": "2026-03-01T07:00:00-05:00",
                    "first_name": "Ines",
                    "last_name": "Okafor",
                    "email": "ines@example.com",
                }
            ]
        },
    )


class LoyaltyMessage(BaseModel):
    """A change of a loyalty member: member.created, member.updated or member.deleted; others are ignored."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "member.updated",
                    "timestamp": "2026-03-01T12:00:00Z",
                    "data": {"member_number": "L-77", "first_name": "Ines", "last_name": "Okafor"},
                }
            ]
        },
    )

    type: str
    timestamp: datetime
    data: dict[str, Any]
