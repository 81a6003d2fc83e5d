"""How what outlives the database is wired together: a part of the composition root, in a file of its own."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter

from identity.connectors.consent_journal import ConsentJournal
from identity.connectors.erasure_journal import ErasureJournal
from identity.flows.consent import retell
from identity.flows.online.desk import Desk
from identity.flows.privacy.reapply import reapply
from identity.settings import Settings
from identity.steps.suppress import blind_key

__all__ = ["Memory", "Remembered"]


@dataclass(frozen=True, slots=True)
class Remembered:
    """How many erasures and how many facts of consents a database did not know, because it is a backup of before."""

    erasures: int
    facts: int


@dataclass(frozen=True, slots=True)
class Memory:
    """Who was erased, and what was said of consents, beside the database."""

    erasures: ErasureJournal
    consents: ConsentJournal

    @classmethod
    def of(cls, settings: Settings, database_id: str) -> Memory:
        consents = settings.consents / f"{database_id}.ndjson"
        return cls(ErasureJournal(settings.erasures, database_id), ConsentJournal(consents))

    def tells(self) -> bool:
        """Say whether there is anything at all to remember."""
        return bool(self.erasures.erasures()) or self.consents.exists()

    def recall(self, desk: Desk) -> Remembered:
        """Carry out what the database does not know: who was erased first, so that nothing is said of them again."""
        erasures = sorted(self.erasures.erasures(), key=attrgetter("at"))
        erased = {blind_key(mark): erasure.at for erasure in erasures for mark in erasure.marks}
        return Remembered(reapply(desk, erasures), retell(desk, self.consents, erased))
