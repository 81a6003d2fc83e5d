"""The unit of work of real time, whole."""

from __future__ import annotations

from collections.abc import Collection

from identity.model.cluster import GoldenId
from identity.model.judgement import Verdict
from identity.model.record import RecordKey
from identity.ports import StoredLink
from identity.store.online import statements as sql
from identity.store.online.decisions import DecisionSide, verdicts_in
from identity.store.online.links import LinkSide, stored_links
from identity.store.online.profiles import members_by_id
from identity.store.online.records import RecordSide

__all__ = ["OnlineWork"]


class OnlineWork(RecordSide, LinkSide, DecisionSide):
    """Changes around a few records, visible together or not at all; see `ports.OnlineWork` for what each promises.

    Units wait for each other only where they claim the same, and to append events. A unit of any size excludes
    them all. Raises StoreError E405 when another does not let go in time, Contention when another got in the way.
    """

    def around(
        self, keys: Collection[RecordKey]
    ) -> tuple[list[StoredLink], dict[GoldenId, tuple[RecordKey, ...]], list[Verdict]]:
        if not keys:
            return [], {}, []
        rows = [(key.source, key.source_record_id) for key in keys]
        asked = (sql.LINKS.on(rows), sql.FELLOWS.on(rows), sql.VERDICTS.on(rows))
        links, fellows, verdicts = map(self._ask, asked)
        return stored_links(links()), members_by_id(fellows()), verdicts_in(verdicts())
