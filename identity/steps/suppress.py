"""suppress: a record of somebody who was erased → marks by which they are known again, and nothing can be read from.

A mark is a keyed digest of what says who it is: the record's key, an account or tax number, or values that only
together are one person's. A landline alone is a household's, so it never is a mark by itself: others who share it are
not kept out.

What was said for an address, a number or a record is kept for a blind in its place: whoever gives the value again has
what was said back, and nobody reads the value from it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from identity.features.digests import Digest
from identity.model.consent import Identifier
from identity.model.consent_fact import ConsentFact
from identity.model.record import RecordKey
from identity.steps.file import signed

__all__ = [
    "BLIND",
    "blind",
    "blind_key",
    "blinded",
    "key_mark",
    "lone_marks",
    "mark_of",
    "marks",
    "suppressed",
]

_TOGETHER = (
    ("loyalty_id",),
    ("tax_id",),
    ("email", "given_name"),
    ("email", "family_name", "birth_date"),
    ("phone", "given_name", "family_name"),
    ("given_name", "family_name", "birth_date", "postcode"),
    ("given_name", "family_name", "birth_date", "address"),
)
"""Features that say who somebody is, together. Whoever lacks one of them is not known by it."""
_NAMELESS = ("email",)
"""What says who somebody is where no given name stands beside it that could be another's."""
BLIND = "gone:"
"""What a blind begins with: no address, no number and no source does."""
_WHOLE = 1 << 64


def blind(identifier: Identifier, digest: Digest) -> str:
    """Return what stands for a value where the value is not to be read."""
    number = digest("\x1f".join(("erased", "consent", *identifier)))
    return f"{BLIND}{number:016x}"


def key_mark(key: RecordKey, digest: Digest) -> int:
    """Return the mark of a record's key."""
    return signed(digest(f"erased\x1fkey\x1f{key.source}\x1f{key.source_record_id}"))


def blind_key(mark: int) -> RecordKey:
    """Return what stands for the key of a record that left this mark, where the key is not to be read."""
    return RecordKey(BLIND, f"{mark % _WHOLE:016x}")


def mark_of(key: RecordKey) -> int | None:
    """Return the mark that a blind in the place of a record's key stands for; None where it is no blind."""
    return signed(int(key.source_record_id, 16)) if key.source == BLIND else None


def blinded(fact: ConsentFact, digest: Digest) -> ConsentFact:
    """Return a fact from which nobody reads whom it is for, nor by what it was proven."""
    named = fact.identifier and (fact.identifier[0], blind(fact.identifier, digest))
    keys = tuple(sorted(blind_key(key_mark(key, digest)) for key in fact.records))
    return replace(fact, records=keys, identifier=named, notice=None, evidence=None)


def marks(key: RecordKey, features: Mapping[str, str], digest: Digest) -> frozenset[int]:
    """Return every mark that a record leaves when its person is erased."""
    return frozenset({key_mark(key, digest), *_marks(features, digest, _NAMELESS)})


def suppressed(key: RecordKey, features: Mapping[str, str], digest: Digest, known: Collection[int]) -> bool:
    """Say whether a record is of somebody who left marks among the `known`."""
    alone = () if "given_name" in features else _NAMELESS
    return key_mark(key, digest) in known or any(mark in known for mark in _marks(features, digest, alone))


def lone_marks(identifier: Identifier, digest: Digest) -> frozenset[int]:
    """Return the marks that who was erased has left if this is enough to know them by."""
    return frozenset(_marks(dict([identifier]), digest, _NAMELESS))


def _marks(features: Mapping[str, str], digest: Digest, alone: tuple[str, ...]) -> Iterator[int]:
    for names in (*_TOGETHER, *((name,) for name in alone)):
        if all(name in features for name in names):
            told = "\x1f".join(f"{name}\x1f{features[name]}" for name in names)
            yield signed(digest(f"erased\x1f{told}"))
