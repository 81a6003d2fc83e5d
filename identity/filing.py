"""How records are filed to be found in real time, put together from rules and a secret."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from identity.comparators import Nicknames
from identity.features.digests import keyed_digest
from identity.flows.reindex import Index
from identity.model.match import MatchRules
from identity.steps.block import blocking_parts
from identity.steps.file import cabinet

__all__ = ["index_for"]

INDEX_FORMAT = 2
"""Rises when features, parts of keys or numbers of blocks are made in another way: then indexes are built anew."""


def index_for(rules: MatchRules, nicknames: Nicknames, names: Sequence[str], secret: str) -> Index:
    """Return the index for these rules, under digests keyed with `secret`; `names` is what records are filed by."""
    digest = keyed_digest(secret.encode())
    return Index(
        cabinet(rules.blocking, blocking_parts(nicknames), rules.generic_limits, digest),
        tuple(names),
        _version(
            (INDEX_FORMAT, secret, tuple(names), rules.blocking),
            sorted(rules.generic_limits.items()),
            sorted(nicknames.formal_names.items()),
        ),
    )


def _version(*content: object) -> str:
    """Return what is the same for the same content in every process."""
    return hashlib.blake2b(repr(content).encode(), digest_size=8).hexdigest()
