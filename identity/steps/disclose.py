"""disclose: a golden profile → the values that a reader may see, each in clear or masked."""

from __future__ import annotations

from collections.abc import Mapping

from identity.model.consent import UNKNOWN
from identity.model.purpose import PurposePolicy

__all__ = ["disclose", "mask", "refused"]

MASK = "***"


def mask(attribute: str, value: str) -> str:
    """Return what is left of a value that may not be seen: enough to recognise it, too little to use it."""
    match attribute:
        case "email":
            local, at, domain = value.rpartition("@")
            return f"{local[:1]}{MASK}{at}{domain[:1]}{MASK}" if at else MASK
        case "phone":
            return f"{MASK}{value[-2:]}" if len(value) > 6 else MASK
        case "country" | "gender":
            return value
        case _:
            return f"{value[:1]}{MASK}" if len(value) > 1 else MASK


def refused(consents: Mapping[str, str], policy: PurposePolicy) -> bool:
    """Say whether a person is not to be read for this purpose at all."""
    if not policy.refuses:
        return False
    ours = [status for name, status in consents.items() if name.partition(".")[0] == policy.refuses]
    return "granted" not in ours


def disclose(
    values: Mapping[str, str],
    consents: Mapping[str, str],
    policy: PurposePolicy | None,
    *,
    clear: bool,
) -> dict[str, str]:
    """Return what may be seen of `values`. Without a purpose everything is masked unless the reader sees in `clear`."""
    if policy is None:
        return {name: value if clear else mask(name, value) for name, value in values.items()}
    return {
        name: value if _allowed(name, consents, policy) else mask(name, value)
        for name, value in values.items()
        if name in policy.shows
    }


def _allowed(attribute: str, consents: Mapping[str, str], policy: PurposePolicy) -> bool:
    needed = policy.needs.get(attribute)
    return needed is None or any(consents.get(name, UNKNOWN) == "granted" for name in needed)
