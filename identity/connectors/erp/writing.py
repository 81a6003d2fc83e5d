"""writing: a party as it is, and as it is wished → the commands that change it, none where it is so already.

Of several entries of ours that should be one, the one that was made last stays. No command deletes that one without
making another: so whatever two writers do at once, one is left, and both agree which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from identity.connectors.erp.parties import PHONES, Entry, Party, golden_ids
from identity.features.contacts import same_contact
from identity.model.cluster import GoldenId

__all__ = ["single", "told_attributes", "told_reference"]

Changes = dict[str, Any]


def told_reference(party: Party, golden_id: GoldenId | None, reference: str) -> Changes:
    """Return the changes after which a party bears this golden id and no other; None: no golden id at all.

    One that is out of use is no reference, and goes.
    """
    found = golden_ids(party.identifiers, reference)
    last = _last(each for each, _ in found)
    kept = next((each for each, told in found if each is last and told == golden_id), None)
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
    found = [each for each in contacts if each.type in _KINDS[name]]
    ours = [each for each in found if each.name == reference]
    own = [each for each in found if each.active and each.name != reference]
    wanted = "" if any(same_contact(name, each.value, value) for each in own) else value
    last = _last(ours)
    kept = last if last and wanted and same_contact(name, last.value, wanted) else None
    new = [{"type": name, "value": wanted, "name": reference}] if wanted and kept is None else []
    return [each.id for each in ours if each is not kept], new


_KINDS = {"phone": PHONES, "email": ("email",)}


def single(party: Party, reference: str) -> Changes:
    """Return the changes after which there is one of each kind of entry of ours, whatever it says."""
    identifiers = [each for each, _ in golden_ids(party.identifiers, reference)]
    ours = [each for each in party.contacts if each.name == reference]
    groups = ([each for each in ours if each.type in kinds] for kinds in _KINDS.values())
    return {
        **_commands("identifiers", _older(identifiers), []),
        **_commands("contact_mechanisms", [number for group in groups for number in _older(group)], []),
    }


def _last(entries: Iterable[Entry]) -> Entry | None:
    return max((each for each in entries if each.active), key=lambda each: each.id, default=None)


def _older(entries: Sequence[Entry]) -> list[int]:
    last = _last(entries)
    return [each.id for each in entries if each is not last]


def _commands(field: str, dropped: list[int], created: list[dict[str, Any]]) -> Changes:
    commands = ([["delete", dropped]] if dropped else []) + ([["create", created]] if created else [])
    return {field: commands} if commands else {}
