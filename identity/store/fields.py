"""Values that are encrypted where they are stored: with AES-GCM, each for the column it stands in.

`enc1:<key id>:<base64 of nonce and ciphertext>`; what is bound to it besides (AAD) is table.column, so that a value
that is copied into another column does not open there. The nonce is made of the value (an HMAC of column and value
under the key): a value is spelled alike each time, so that what did not change is not written anew, and what is told
twice is seen to be. What that tells a reader of the file, that two values are equal, the index tells already.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from identity.model.errors import StoreError

__all__ = ["ENCRYPTED", "PLAIN", "Fields"]

ENCRYPTED: Mapping[str, tuple[str, ...]] = {
    "source_record": ("email", "phone", "street_address", "tax_id", "original", "features"),
    "golden_profile": ("attributes",),
    "quarantine": ("raw",),
    "consent_fact": ("value", "evidence"),
    "operation": ("before", "after"),
    "value_override": ("value",),
    "value_override_record": ("said",),
    "privacy_request": ("wanted",),
}
"""What is encrypted, as a whole; of operations, the attributes inside."""
_SEALED = re.compile(r"enc1:([A-Za-z0-9_.-]{1,64}):([A-Za-z0-9+/=]{24,})")
_ESCAPE, _SPOKEN_FOR = "enc0:", ("enc0:", "enc1:")
_NONCE = 12


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    cipher: AESGCM
    nonces: bytes

    def seal(self, text: bytes, where: bytes) -> str:
        nonce = hmac.digest(self.nonces, where + b"\x1f" + text, "sha256")[:_NONCE]
        return f"enc1:{self.name}:{b64encode(nonce + self.cipher.encrypt(nonce, text, where)).decode()}"

    def clear(self, sealed: str, where: bytes) -> str:
        try:
            told = b64decode(sealed, validate=True)
            return self.cipher.decrypt(told[:_NONCE], told[_NONCE:], where).decode()
        except (InvalidTag, ValueError):
            raise StoreError(
                "E423",
                f"A value in {where.decode()} cannot be opened with the key {self.name}.",
                "Give the key it was encrypted with in IDENTITY_FIELD_KEYS; if that is the one, the value was altered.",
            ) from None


@dataclass(frozen=True, slots=True)
class Fields:
    """The keys by their names; new values are encrypted with `current`, none at all without one."""

    current: str = ""
    keys: Mapping[str, _Key] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, keys: Mapping[str, bytes]) -> Fields:
        """Return what encrypts with the first of these keys, and opens with any."""
        made = {
            name: _Key(name, AESGCM(key), hmac.digest(key, b"nonces", "sha256")) for name, key in keys.items()
        }
        return cls(next(iter(made), ""), made)

    def seal(self, where: str, text: str | None) -> str | None:
        """Return a value as it is stored in `where` (table.column)."""
        if text is None:
            return None
        if self.current:
            return self.keys[self.current].seal(text.encode(), where.encode())
        # What somebody told that looks encrypted is not to be taken for it.
        return _ESCAPE + text if text.startswith(_SPOKEN_FOR) else text

    def clear(self, where: str, stored: str | None) -> str | None:
        """Return a value that was stored. StoreError E422 where its key is missing, E423 where it does not open it."""
        if stored is None or not stored.startswith(_SPOKEN_FOR):
            return stored
        if stored.startswith(_ESCAPE):
            return stored.removeprefix(_ESCAPE)
        found = _SEALED.fullmatch(stored)
        if found is None:
            return stored
        if (key := self.keys.get(found[1])) is None:
            raise missing(found[1])
        return key.clear(found[2], where.encode())

    def spellings(self, where: str, text: str) -> tuple[str, ...]:
        """Return every way a value may stand in `where`: as it was told, and encrypted with each key."""
        sealed = (key.seal(text.encode(), where.encode()) for key in self.keys.values())
        return (_ESCAPE + text if text.startswith(_SPOKEN_FOR) else text, *sealed)

    def spelled(self, where: str, text: str) -> str:
        return self.seal(where, text) or ""

    def read(self, where: str, stored: str) -> str:
        return self.clear(where, stored) or ""

    def sealed(self, table: str, rows: pa.Table) -> pa.Table:
        """Return Arrow rows of a table as they are stored; each different value of a column is encrypted once."""
        return self._each(table, rows, self.seal, alike=not self.current)

    def cleared(self, table: str, rows: pa.Table) -> pa.Table:
        """Return Arrow rows of a table as they were told."""
        return self._each(table, rows, self.clear, alike=True)

    def _each(
        self, table: str, rows: pa.Table, change: Callable[[str, str | None], str | None], *, alike: bool
    ) -> pa.Table:
        for name in ENCRYPTED[table]:
            place = rows.schema.get_field_index(name)
            if place < 0 or (alike and not _any_marked(rows.column(place))):
                continue
            changed = _by_value(rows.column(place), f"{table}.{name}", change)
            rows = rows.set_column(place, rows.schema.field(place), changed)
        return rows


PLAIN = Fields()
"""Without keys: nothing is encrypted."""


def missing(name: str) -> StoreError:
    return StoreError(
        "E422",
        f"Stored values are encrypted with the key {name}, which is not given.",
        "Add it to IDENTITY_FIELD_KEYS: a line with its id and the key in base64.",
    )


def _any_marked(column: pa.ChunkedArray) -> bool:
    return bool(pc.any(pc.starts_with(column, "enc")).as_py())


def _by_value(
    column: pa.ChunkedArray, where: str, change: Callable[[str, str | None], str | None]
) -> pa.ChunkedArray:
    texts: Iterable[str | None] = column.to_pylist()
    known: dict[str | None, str | None] = {None: None}
    for text in texts:
        if text not in known:
            known[text] = change(where, text)
    return pa.chunked_array([pa.array([known[text] for text in texts], column.type)])
