"""What people's decisions report: what became of it, or what would."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from identity.bootstrap import Service
from identity.flows.judge import Decided, Preview, Wish
from identity.model.cluster import GoldenId
from identity.model.golden import GoldenValue
from identity.model.operation import ProfileImage
from identity.store import OperationView

__all__ = ["decided_report", "operations_report", "preview_report", "wish"]


def wish(actor: str | None, reason: str, versions: Sequence[str]) -> Wish:
    """Return who wants it, why, and of which versions (GOLDEN_ID=N). ValueError when it is not written so."""
    who = actor if actor is not None else _login_name()
    if not who:
        raise ValueError("Nobody can be named as the one who decides: use --actor.")
    return Wish(who, reason, expected=dict(_version(text) for text in versions))


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as containers have
        return ""


def _version(text: str) -> tuple[GoldenId, int]:
    golden_id, _, version = text.partition("=")
    if not (golden_id and version.isdecimal()):
        raise ValueError(f"{text!r} is no version: write it as GOLDEN_ID=N.")
    return GoldenId(golden_id), int(version)


def decided_report(decided: Decided) -> dict[str, Any]:
    """Return an operation with the profiles before and after it, and which ids lead elsewhere since."""
    operation = decided.operation
    return {
        "operation_id": operation.operation_id,
        "kind": str(operation.kind),
        "actor": operation.actor,
        "reason": operation.reason,
        "at": operation.at.isoformat(),
        "reverses": operation.reverses,
        "before": [_profile(image) for image in operation.before],
        "after": [_profile(image) for image in operation.after],
        "redirects": [asdict(redirect) for redirect in decided.redirects],
    }


def preview_report(preview: Preview) -> dict[str, Any]:
    """Return what a decision would lead to: profiles with the sources of their values, ids that would lead elsewhere,
    accounts concerned by source. `mergeable` says whether it can be taken as things stand, `blockers` why not."""
    decided = preview.decided
    after = decided.operation.after if decided else ()
    return {
        "mergeable": decided is not None,
        "blockers": [asdict(blocker) for blocker in preview.blockers],
        "kind": str(decided.operation.kind) if decided else None,
        "profiles": [_profile(image) for image in after if image.status == "live"],
        "redirects": [asdict(redirect) for redirect in decided.redirects] if decided else [],
        "accounts": {source: list(ids) for source, ids in preview.accounts.items()},
    }


def _profile(image: ProfileImage) -> dict[str, Any]:
    """Return a profile as `identity profile` reports one."""
    return {
        "golden_id": image.golden_id,
        "version": image.version,
        "status": image.status,
        "values": {name: _value(told) for name, told in image.attributes.items()},
        "consents": dict(image.consents),
        "records": [str(key) for key in image.records],
    }


def _value(told: GoldenValue) -> dict[str, Any]:
    return {
        "value": told.value,
        "record": str(told.record),
        "rule": told.rule,
        "observed_at": told.observed_at.isoformat() if told.observed_at else None,
    }


def operations_report(service: Service, limit: int) -> dict[str, Any]:
    """Return what people decided, newest first."""
    return {"operations": [_operation(found) for found in service.store.views.operations(limit)]}


def _operation(found: OperationView) -> dict[str, Any]:
    return {
        **asdict(found),
        "at": found.at.isoformat(),
        "kind": str(found.kind),
        "status": str(found.status),
        "profiles": list(found.profiles),
    }
