"""What is never logged: values of people, and secrets, by the names they go by; and whatever looks like an e-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from identity.model.record import CANONICAL_ATTRIBUTES

__all__ = ["HIDDEN", "hidden", "place_of"]

HIDDEN = "[hidden]"
_NAMES = frozenset(
    {
        *CANONICAL_ATTRIBUTES,
        *("attributes", "body", "consents", "custom", "details", "evidence", "original", "payload", "raw", "record"),
        *("query", "value", "values", "args", "kwargs"),
        *("authorization", "cookie", "password", "secret", "secrets", "token", "key"),
    }
)  # fmt: skip
_EMAIL = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")


def hidden(name: str, value: Any) -> Any:
    """Return a value as it may be logged under this name: hidden where the name is one of a person's attributes or of a
    secret, at any depth; e-mails are hidden under any name."""
    if name in _NAMES or name.lower() in _NAMES:
        return HIDDEN
    if isinstance(value, str):
        return _EMAIL.sub(HIDDEN, value) if "@" in value else value
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {inner: hidden(str(inner), each) for inner, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [hidden("", each) for each in value]
    return value


def place_of(error: BaseException) -> str:
    """Return where an error was raised, as file:line. Its text may quote what was sent, and is not asked for."""
    trace, place = error.__traceback__, ""
    while trace is not None:
        place, trace = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}", trace.tb_next
    return place
