"""audit: where a whole resolution by the model in force differs from what is stored, that is decided again."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from identity.flows.rematch import Proposal, Workshop

__all__ = ["differing", "filed_otherwise"]

_KEYS = ["source", "source_record_id"]
_REASON = "differs from a re-match"


def differing(shop: Workshop, proposal: Proposal) -> int:
    """Queue every record that would move, or one of whose links is another one than stored; return how many.

    Links of records that were told since everything was weighed are another matter.

    Nothing else is changed here: real time decides them again, as things are by then.
    """
    with shop.transactions.begin(shop.clock) as work:
        told = work.records_since(proposal.known.at).select(_KEYS)
        unlike = shop.unlike_links(
            links_without(work.links(), told), links_without(proposal.resolution.links, told)
        )
        concerned = pa.concat_tables(
            [
                proposal.changes.moves.select(_KEYS),
                _representatives(proposal),
                unlike.select(_KEYS),
                filed_otherwise(shop, proposal),
            ]
        )
        numbers = work.record_numbers().join(concerned, _KEYS, join_type="left semi")
        work.put_redo(numbers, _REASON)
        return int(numbers.num_rows)


def links_without(links: pa.Table, records: pa.Table) -> pa.Table:
    """Return the links that touch none of these records (RECORD_KEYS)."""
    for side in ("left", "right"):
        names = [f"{side}_source", f"{side}_id"]
        links = links.join(records.rename_columns(names), names, join_type="left anti")
    return links


def _representatives(proposal: Proposal) -> pa.Table:
    """Return a record of each profile that would be told anew."""
    told = proposal.changes.profiles.select(["golden_id"])
    members = proposal.assigned.join(told, "golden_id", join_type="left semi")
    firsts = (
        members.group_by("golden_id").aggregate([("source", "min")]).rename_columns(["golden_id", "source"])
    )
    of_source = members.join(firsts, ["golden_id", "source"], join_type="left semi")
    return (
        of_source.group_by(["golden_id", "source"])
        .aggregate([("source_record_id", "min")])
        .rename_columns(["golden_id", "source", "source_record_id"])
        .select(_KEYS)
    )


def filed_otherwise(shop: Workshop, proposal: Proposal) -> pa.Table:
    """Return the records that are filed by other features than they would be now."""
    filings = shop.index.filings(proposal.resolution)
    wanted = proposal.resolution.clusters.select(_KEYS).append_column("wanted", filings.features())
    found = wanted.join(proposal.known.records.select([*_KEYS, "features"]), _KEYS, join_type="inner")
    unlike = pc.not_equal(found["wanted"].fill_null(""), found["features"].fill_null(""))
    return found.filter(unlike).select(_KEYS)
