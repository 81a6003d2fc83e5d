"""A record's features as one text, as stores keep them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["SEPARATOR", "pack_features", "unpack_features"]

SEPARATOR = "\x1f"
"""U+001F, unit separator: folding takes it for a space, so that no feature holds it."""


def pack_features(features: Mapping[str, str], names: Sequence[str]) -> str:
    """Return the values in the order of `names`, separated, without what is absent at the end.

    ValueError when a value holds the separator: it would come back as two.
    """
    values = [features.get(name, "") for name in names]
    if any(SEPARATOR in value for value in values):
        raise ValueError("a feature holds the separator of features")
    return SEPARATOR.join(values).rstrip(SEPARATOR)


def unpack_features(text: str, names: Sequence[str]) -> dict[str, str]:
    """Return the features that `pack_features` made `text` of, for the same `names`."""
    return {name: value for name, value in zip(names, text.split(SEPARATOR), strict=False) if value}
