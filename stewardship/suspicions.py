"""Values that look as if somebody had to fill in something."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["suspicion"]

_PATTERNS: Mapping[str, tuple[tuple[re.Pattern[str], str], ...]] = {
    "email": (
        (re.compile(r"(test|none|no|na|noemail|nomail|x+|a+)\d*@", re.I), "looks made up"),
        (re.compile(r"(info|office|sales|shop|store|noreply|no-reply|admin|kontakt)@", re.I), "of an office"),
    ),
    "phone": (
        (re.compile(r".*(\d)\1{6}"), "one digit again and again"),
        (re.compile(r".*1234567"), "looks made up"),
    ),
    "birth_date": ((re.compile(r"(19|20)00-?01-?01|.*01-01$"), "often stands for unknown"),),
    "given_name": ((re.compile(r"(test|unknown|n/?a|none|guest|customer|kunde|xx+)$", re.I), "no name"),),
    "family_name": ((re.compile(r"(test|unknown|n/?a|none|guest|customer|kunde|xx+)$", re.I), "no name"),),
    "full_name": ((re.compile(r"(test|unknown|n/?a|none|guest|customer|walk.?in.*)$", re.I), "no name"),),
    "postcode": ((re.compile(r"(0{4,}|9{4,}|12345)$"), "looks made up"),),
}


def suspicion(attribute: str, value: str) -> str:
    """Return why a value is to be taken with care, "" where nothing speaks against it."""
    return next((why for pattern, why in _PATTERNS.get(attribute, ()) if pattern.match(value.strip())), "")
