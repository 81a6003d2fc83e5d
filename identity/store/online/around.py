"""What stands around records, asked in one trip."""

from __future__ import annotations

from collections.abc import Collection

from identity.model.cluster import GoldenId
from identity.model.judgement import Verdict
from identity.model.record import RecordKey
from identity.ports import StoredLink
from identity.store.dialect import Answer, Asked
from identity.store.online import statements as sql
from identity.store.online.decisions import verdicts_in
from identity.store.online.links import stored_links
from identity.store.online.profiles import members_by_id

__all__ = ["AroundReads"]


class AroundReads:
    """What a unit of work and a look that writes nothing ask alike."""

    def _ask(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def around(
        self, keys: Collection[RecordKey]
    ) -> tuple[list[StoredLink], dict[GoldenId, tuple[RecordKey, ...]], list[Verdict]]:
        if not keys:
            return [], {}, []
        rows = [(key.source, key.source_record_id) for key in keys]
        asked = (sql.LINKS.on(rows), sql.FELLOWS.on(rows), sql.VERDICTS.on(rows))
        links, fellows, verdicts = map(self._ask, asked)
        return stored_links(links()), members_by_id(fellows()), verdicts_in(verdicts())
