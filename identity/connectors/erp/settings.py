"""Where the ERP is, and who logs in there: what the environment says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from identity.model.errors import DeliveryError, RulesError

__all__ = ["ErpSettings", "erp_settings_from"]


@dataclass(frozen=True, slots=True)
class ErpSettings:
    """An ERP's address, its database and a user of it; "": there is none."""

    url: str = ""
    database: str = "erp"
    user: str = ""
    password: str = field(default="", repr=False)

    def named(self) -> ErpSettings:
        """Return these. DeliveryError E721 where no ERP is named."""
        if not (self.url and self.user and self.password):
            raise DeliveryError(
                "E721", "No ERP is named.", "Set IDENTITY_ERP_URL, _USER, and _PASSWORD or _PASSWORD_FILE."
            )
        return self


def erp_settings_from(environment: Mapping[str, str]) -> ErpSettings:
    """Return what IDENTITY_ERP_URL, _DATABASE, _USER and _PASSWORD, or the file in _PASSWORD_FILE, say.

    RulesError E119 for what makes no sense; it is not repeated.
    """
    url = environment.get("IDENTITY_ERP_URL", "").rstrip("/")
    if url and not re.fullmatch(r"https?://[^\s/@]+(/\S*)?", url):
        raise RulesError("E119", "IDENTITY_ERP_URL makes no sense.", "Write it as https://erp.example.")
    return ErpSettings(
        url,
        environment.get("IDENTITY_ERP_DATABASE", ErpSettings().database),
        environment.get("IDENTITY_ERP_USER", ""),
        environment.get("IDENTITY_ERP_PASSWORD")
        or _written(environment.get("IDENTITY_ERP_PASSWORD_FILE", "")),
    )


def _written(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip() if file else ""
    except (OSError, UnicodeDecodeError) as problem:
        why = type(problem).__name__
        raise RulesError("E119", f"IDENTITY_ERP_PASSWORD_FILE cannot be read: {why}.") from None
