"""writing: a party as it is, and as it is wished → the commands that change it, none where it is so already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from identity.connectors.erp.parties import PHONES, Entry, Party, golden_ids, same
from identity.model.cluster import GoldenId

__all__ = ["told_attributes", "told_reference"]

Changes = dict[str, Any]


def told_reference(party: Party, golden_id: GoldenId | None, reference: str) -> Changes:
    """Return the changes after which a party bears this golden id and no other; None: no golden id at all.

    Of several equal ones the first stays; one that is out of use is no reference, and goes.
    """
    found = golden_ids(party.identifiers, reference)
    kept = next((each for each, told in found if told == golden_id and each.active), None)
    dropped = [each.id for each, _ in found if each is not kept]
    created = [] if kept or golden_id is None else [{"type": None, "code": f"{reference}:{golden_id}"}]
    return _commands("identifiers", dropped, created)


def told_attributes(
    party: Party, attributes: Mapping[str, str], approved: Iterable[str], reference: str
) -> Changes:
    """Return the changes after which a party is told these values of approved attributes and no others.

    What the ERP knows itself it is not told again. Its own entries are never touched, but for an approved name.
    """
    dropped: list[int] = []
    created: list[dict[str, Any]] = []
    changes: Changes = {}
    for name in approved:
        value = attributes.get(name, "")
        if name == "full_name":
            changes |= {"name": value} if value and value != party.name else {}
            continue
        gone, new = _contact(party.contacts, name, value, reference)
        dropped += gone
        created += new
    return {**changes, **_commands("contact_mechanisms", dropped, created)}


def _contact(
    contacts: Iterable[Entry], name: str, value: str, reference: str
) -> tuple[list[int], list[dict[str, Any]]]:
    kinds = PHONES if name == "phone" else (name,)
    found = [each for each in contacts if each.type in kinds]
    known = any(each.active and each.name != reference and same(name, each.value, value) for each in found)
    wanted = "" if known else value
    ours = [each for each in found if each.name == reference]
    kept = next((each for each in ours if wanted and each.active and same(name, each.value, wanted)), None)
    new = [{"type": name, "value": wanted, "name": reference}] if wanted and kept is None else []
    return [each.id for each in ours if each is not kept], new


def _commands(field: str, dropped: list[int], created: list[dict[str, Any]]) -> Changes:
    commands = ([["delete", dropped]] if dropped else []) + ([["create", created]] if created else [])
    return {field: commands} if commands else {}
