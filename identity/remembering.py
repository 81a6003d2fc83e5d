"""How what outlives the database is wired together: a part of the composition root, in a file of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import attrgetter

from identity.connectors.consent_journal import ConsentJournal
from identity.connectors.erasure_journal import ErasureJournal
from identity.connectors.request_journal import RequestJournal
from identity.flows.consent import retell
from identity.flows.online.desk import Desk
from identity.flows.privacy.reapply import reapply
from identity.flows.privacy.reopen import Reopened, reopen
from identity.settings import Settings
from identity.steps.suppress import blind_key

__all__ = ["Memory", "Remembered"]


@dataclass(frozen=True, slots=True)
class Remembered:
    """How many erasures, facts of consents and requests a database did not know, because it is a backup of before."""

    erasures: int = 0
    facts: int = 0
    requests: Reopened = field(default_factory=Reopened)


@dataclass(frozen=True, slots=True)
class Memory:
    """Who was erased, what was said of consents, and what was asked of privacy, beside the database."""

    erasures: ErasureJournal
    consents: ConsentJournal
    requests: RequestJournal

    @classmethod
    def of(cls, settings: Settings, database_id: str) -> Memory:
        consents = ConsentJournal(settings.consents / f"{database_id}.ndjson")
        requests = RequestJournal(settings.consents / f"{database_id}.requests.ndjson")
        return cls(ErasureJournal(settings.erasures, database_id), consents, requests)

    def tells(self) -> bool:
        """Say whether there is anything at all to remember."""
        return bool(self.erasures.erasures()) or self.consents.exists() or self.requests.exists()

    def recall(self, desk: Desk) -> Remembered:
        """Carry out what the database does not know: who was erased first, so that nothing is said of them again."""
        erasures = sorted(self.erasures.erasures(), key=attrgetter("at"))
        erased = {mark: erasure.at for erasure in erasures for mark in erasure.marks}
        carried_out = {erasure.erasure_id for erasure in erasures}
        asked = {name: noted for name, noted in self.requests.requests().items() if name not in carried_out}
        again, reopened = reapply(desk, erasures), reopen(desk, asked, erased)
        told_again = retell(desk, self.consents, {blind_key(mark): at for mark, at in erased.items()})
        return Remembered(again, told_again, reopened)
