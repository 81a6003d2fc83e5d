"""What the ERP keeps of a customer, and what this service may write to it. Everything else there is only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from identity.model.cluster import GoldenId

__all__ = [
    "ERP_ATTRIBUTES",
    "AccountDrift",
    "DriftKind",
    "ErpAccount",
    "ErpPolicy",
    "ErpWritten",
    "PartyMerge",
]

ERP_ATTRIBUTES = ("email", "phone", "full_name")
"""What an ERP account can be told: e-mail and phone are put beside the ERP's own, the name in the place of it."""


class PartyMerge(StrEnum):
    """Whether accounts of one person are made one in the ERP, which cannot be undone there."""

    NEVER = "never"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class ErpPolicy:
    """What may be written to the ERP, as which source its accounts are known here, and how fast it may be asked.

    `reference` stands before each golden id in the ERP: by it the references of this service are told from others.
    """

    source: str = "erp"
    reference: str = "golden"
    attributes: tuple[str, ...] = ()
    party_merge: PartyMerge = PartyMerge.NEVER
    requests_per_second: float = 10.0


@dataclass(frozen=True, slots=True)
class ErpAccount:
    """An account as the ERP shows it.

    `references` are all golden ids that stand on it: one as it should be, several after somebody else's doing.
    `told` is what of its contact attributes was written by this service; `attributes` is what the ERP itself knows, and
    `others` what else it knows of an attribute.
    """

    number: str
    active: bool
    references: tuple[GoldenId, ...]
    changed_at: datetime
    replaced_by: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErpWritten:
    """What an account was last told by this service: a golden id (None: none), and a keyed digest of the values."""

    number: str
    golden_id: GoldenId | None
    digest: str


class DriftKind(StrEnum):
    """In what an account of the ERP differs from what is known here."""

    NO_REFERENCE = "NO_REFERENCE"
    SEVERAL_REFERENCES = "SEVERAL_REFERENCES"
    RETIRED_REFERENCE = "RETIRED_REFERENCE"
    OTHER_REFERENCE = "OTHER_REFERENCE"
    STRAY_REFERENCE = "STRAY_REFERENCE"
    ATTRIBUTES = "ATTRIBUTES"
    NO_ACCOUNT = "NO_ACCOUNT"
    INACTIVE_ACCOUNT = "INACTIVE_ACCOUNT"


@dataclass(frozen=True, slots=True, order=True)
class AccountDrift:
    """One account that differs. `attributes` are the names of those it is told wrongly, never their values."""

    number: str
    kind: DriftKind
    expected: GoldenId | None = None
    found: tuple[GoldenId, ...] = ()
    attributes: tuple[str, ...] = ()
