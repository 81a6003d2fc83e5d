"""Whether a database is as it is promised to be: asked by SQL of its own, which shares nothing with what writes."""

from identity.store.invariants.checking import Found, check, verify
from identity.store.invariants.statement import Invariant
from identity.store.invariants.statements import INVARIANTS

__all__ = ["INVARIANTS", "Found", "Invariant", "check", "verify"]
