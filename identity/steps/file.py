"""file: features → the numbers in the index under which a record is found again.

A block's number is the sum of its key's own digest and of its parts' digests, each times an odd number that stands for
the part's place, modulo 2^64. Digests are keyed: without the secret nobody can try values out. Sums, because a whole
population's can be added up column by column (`engines/filing.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import mul

from identity.features.digests import Digest
from identity.model.match import BlockingKey
from identity.steps.block import Part

__all__ = ["FACTORS", "IDENTIFIERS", "Cabinet", "cabinet", "file", "file_by_key", "hold", "signed"]

FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
"""Odd numbers without a pattern (of the golden ratio and of xxHash), one for each place among a key's parts."""
IDENTIFIERS = ("email", "phone", "loyalty_id", "tax_id")
"""Whose holders can be looked up."""

_WHOLE = 1 << 64
_HALF = 1 << 63


@dataclass(frozen=True, slots=True)
class Cabinet:
    """Blocking keys and identifier kinds made ready: each with the digest of its own name.

    `part_digest` gives the digest of a part made of a feature's value, None where the value has no such part.
    """

    keys: tuple[tuple[BlockingKey, int], ...]
    parts: Mapping[str, Part]
    kinds: Mapping[str, int]
    digest: Digest
    part_digest: Callable[[str, str], int | None]


def cabinet(
    keys: Sequence[BlockingKey], parts: Mapping[str, Part], kinds: Iterable[str], digest: Digest
) -> Cabinet:
    """Return the cabinet for these keys. `kinds` are the features whose holders are counted or looked up."""
    used = {name: parts[name] for key in keys for name in key.parts}

    # Names, towns and birthdays come again and again.
    @lru_cache(maxsize=1 << 17)
    def part_digest(name: str, value: str) -> int | None:
        derived = used[name][1](value)
        return digest(derived) if derived else None

    return Cabinet(
        tuple((key, digest(f"block\x1f{key.name}")) for key in keys),
        used,
        {kind: digest(f"identifier\x1f{kind}") for kind in sorted({*kinds, *IDENTIFIERS})},
        digest,
        part_digest,
    )


def file(features: Mapping[str, str], into: Cabinet) -> dict[int, int]:
    """Return the blocks of a record: number → how many records it may hold and still yield pairs."""
    digests = _part_digests(features, into)
    blocks = {}
    for key, label in into.keys:
        found = [digests[part] for part in key.parts if part in digests]
        if len(found) == len(key.parts):
            if key.unordered:
                found.sort()
            blocks[signed(label + sum(map(mul, FACTORS, found)))] = key.cap
    return blocks


def file_by_key(features: Mapping[str, str], into: Cabinet) -> dict[str, tuple[int, int]]:
    """Return the blocks of a record by the name of their key: number and cap."""
    blocks = {key[0].name: file(features, replace(into, keys=(key,))) for key in into.keys}
    return {name: block for name, filed in blocks.items() for block in filed.items()}


def hold(features: Mapping[str, str], into: Cabinet) -> tuple[dict[str, int], int | None]:
    """Return the identifier values of a record (kind → number), and the name it holds them under.

    A name is family name and given initial, as one person's given name is spelled in many ways; None if one lacks.
    """
    values = {
        kind: signed(label + into.digest(features[kind]))
        for kind, label in into.kinds.items()
        if kind in features
    }
    given, family = features.get("given_name"), features.get("family_name")
    return values, signed(into.digest(f"{family}\x1f{given[0]}")) if given and family else None


def signed(number: int) -> int:
    """Return `number` modulo 2^64 as databases hold it, from -2^63 to 2^63 - 1."""
    return (number + _HALF) % _WHOLE - _HALF


def _part_digests(features: Mapping[str, str], into: Cabinet) -> dict[str, int]:
    digests = {}
    for name, (feature, _) in into.parts.items():
        if feature in features and (part := into.part_digest(name, features[feature])) is not None:
            digests[name] = part
    return digests
