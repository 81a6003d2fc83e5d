"""What rules files may name: comparators with their levels, and the parts of blocking keys. Closed on purpose.

Level 0 of every comparator is "missing on one side" and carries no evidence; level 1 is "exact".
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["BLOCKING_PARTS", "COMPARATOR_LEVELS", "FEATURES"]

COMPARATOR_LEVELS: Mapping[str, tuple[str, ...]] = {
    "given_name": ("exact", "nickname", "close", "initial", "fair", "different", "swapped"),
    "family_name": ("exact", "close", "contains", "fair", "different"),
    "birth_date": ("exact", "close", "year_known", "partial", "near", "different"),
    "email": ("exact", "close", "close_at_provider", "same_local_part", "different"),
    "phone": ("exact", "one_edit", "two_edits", "different"),
    "identifier": ("exact", "one_edit", "two_edits", "different"),
    "address": ("exact", "similar", "same_street", "different"),
    "postcode": ("exact", "one_edit", "same_area", "different"),
    "city": ("exact", "close", "fair", "different"),
    "category": ("exact", "different"),
}

FEATURES = (
    *(
        "given_name",
        "middle_name",
        "family_name",
        "birth_date",
        "email",
        "phone",
        "address",
        "street",
        "unit",
    ),
    *("postcode", "city", "gender", "tax_id", "loyalty_id"),
)
"""What comparisons can be made on, besides declared custom attributes."""

BLOCKING_PARTS = (
    *("email", "email_local", "phone", "phone_end", "tax_id", "loyalty_id"),
    *("birth_date", "birth_digits", "birth_month", "birth_day"),
    *("given_name", "given_formal", "given_sound", "given_prefix"),
    *("family_name", "family_sound", "family_prefix", "family_suffix"),
    *("address", "street", "postcode", "postcode_area", "city"),
)
