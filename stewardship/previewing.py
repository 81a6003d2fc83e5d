"""What a decision would lead to, as it is shown: values with where they come from, consents, accounts that follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from identity.flows.judge import Preview
from identity.flows.judge.judging import Blocker
from identity.model.golden import GoldenValue
from identity.model.operation import ProfileImage
from identity.steps.disclose import mask

__all__ = ["Outcome", "Previewed", "Told", "previewed"]


@dataclass(frozen=True, slots=True)
class Told:
    """A value or a consent that a profile would have, and whether no profile concerned has it now."""

    name: str
    value: str
    source: str
    fresh: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """A profile that there would be."""

    golden_id: str
    records: int
    values: Sequence[Told]
    consents: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Previewed:
    """`outcomes` are the profiles afterwards, `gone` the golden ids that would lead elsewhere (and where to),
    `accounts` the records concerned in each other system, `blockers` why it cannot be decided."""

    outcomes: Sequence[Outcome]
    gone: Sequence[tuple[str, str]]
    accounts: Mapping[str, Sequence[str]]
    blockers: Sequence[Blocker]


def previewed(preview: Preview, *, clear: bool) -> Previewed:
    """Return what a preview shows, personal values masked unless they are to be seen in `clear`."""
    if preview.decided is None:
        return Previewed((), (), {}, preview.blockers)
    operation = preview.decided.operation
    live = [image for image in operation.after if image.status == "live"]
    return Previewed(
        [_outcome(image, operation.before, clear=clear) for image in live],
        [(each.retired, each.survivor) for each in preview.decided.redirects],
        preview.accounts,
        (),
    )


def _outcome(image: ProfileImage, before: Sequence[ProfileImage], *, clear: bool) -> Outcome:
    own = next((each for each in before if each.golden_id == image.golden_id), None)
    had = {name: told.value for name, told in own.attributes.items()} if own else {}
    allowed = own.consents if own else {}
    values = [_value(name, told, had.get(name), clear=clear) for name, told in image.attributes.items()]
    consents = [
        Told(name, status, "", allowed.get(name) != status) for name, status in sorted(image.consents.items())
    ]
    return Outcome(image.golden_id, len(image.records), values, consents)


def _value(name: str, told: GoldenValue, before: str | None, *, clear: bool) -> Told:
    shown = told.value if clear else mask(name, told.value)
    return Told(name, shown, str(told.record), told.value != before)
