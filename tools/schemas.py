"""JSON Schemas of the rules files, for editors: docs/reference/schemas.

python -m tools.schemas docs/reference/schemas

The words are those of the readers in `matching_rules`; tests/docs/test_rules_schemas.py holds one to the other. What
keys mean together only the readers know.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from identity.model.consent import RESTRICTIVENESS
from identity.model.consent_policy import BASES, IDENTIFIER_KINDS, REGIMES
from identity.model.erp import ERP_ATTRIBUTES, PartyMerge
from identity.model.loyalty import TierPolicy
from identity.model.policy import CONSENT_STATUSES, FILE_KINDS, TRANSFORMS, ImpossibleValue, SourceMode
from identity.model.vocabulary import BLOCKING_PARTS, COMPARATOR_LEVELS, FEATURES
from matching_rules.consent_rules import ACCOUNT
from matching_rules.purpose_rules import PURPOSES
from matching_rules.survivorship import COMPARED_AS, CRITERIA, SHAPES, WELL_FORMED

__all__ = ["FILES", "main", "schemas"]

Schema = dict[str, Any]

FILES: Mapping[str, str] = {
    "match": "customer.match.yml",
    "survivorship": "customer.survivorship.yml",
    "consent": "customer.consent.yml",
    "purposes": "customer.purposes.yml",
    "rematch": "customer.rematch.yml",
    "loyalty": "customer.loyalty.yml",
    "erp": "customer.erp.yml",
    "source": "sources/*.yml",
}
_TEXT: Schema = {"type": "string", "minLength": 1}
_TRUTH: Schema = {"type": "boolean"}
_TEXTS: Schema = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}


def _keys(told: str, needed: Sequence[str] = (), /, **keys: Schema) -> Schema:
    """An object with these keys and no others."""
    found = {"type": "object", "description": told, "properties": keys, "additionalProperties": False}
    return found | ({"required": list(needed)} if needed else {})


def _each(value: Schema, told: str = "", least: int = 0) -> Schema:
    """An object whose keys are names of one's own."""
    found = {"type": "object", "additionalProperties": value, "description": told}
    return found | ({"minProperties": least} if least else {})


def _number(least: float, most: float, told: str = "") -> Schema:
    return {"type": "number", "minimum": least, "maximum": most, "description": told}


def _words(told: str, words: Sequence[str] = (), least: int = 0) -> Schema:
    items = {"enum": list(words)} if words else _TEXT
    return {"type": "array", "items": items, "minItems": least, "description": told}


def _one_of(told: str, words: Sequence[str]) -> Schema:
    return {"enum": [str(word) for word in words], "description": told}


def _match() -> Schema:
    limits = _keys("", **{feature: _number(1, 1_000_000) for feature in FEATURES})
    return _keys(
        "When two records are one person. Trained models replace m; caps, thresholds and limits hold.",
        ("comparisons", "blocking", "thresholds", "partition"),
        custom_attributes=_TEXTS,
        comparisons={"type": "array", "minItems": 1, "items": _comparison()},
        swaps=_TEXTS | {"description": "the given and the family name, which some write the wrong way round"},
        blocking=_keys(
            "how records are found", ("cap", "keys"),
            cap=_number(2, 1000, "of keys that name none"),
            keys={"type": "array", "minItems": 1, "items": _key()},
        ),
        thresholds=_keys(
            "in bits", ("match", "review"),
            match=_number(-1000, 1000, "a machine merges from here"),
            review=_number(-1000, 1000, "a person may look from here"),
        ),
        partition=_partition(limits),
        generic_limits=limits | {"description": "how many differently named people may share a value"},
    )  # fmt: skip


def _comparison() -> Schema:
    of_each = [
        {
            "if": {"properties": {"comparator": {"const": name}}},
            "then": {
                "properties": {
                    "m": _keys(
                        "expected shares of each level among one person's records",
                        levels,
                        **{level: _number(0, 1) for level in levels},
                    ),
                    "neutral": _words("levels that are no evidence", levels),
                }
            },
        }
        for name, levels in COMPARATOR_LEVELS.items()
    ]
    comparison = _keys(
        "one attribute compared", ("name", "comparator", "m"),
        name=_TEXT | {"description": "a feature, or a custom attribute"},
        comparator=_one_of("what says how alike two values are", tuple(COMPARATOR_LEVELS)),
        m={"type": "object"},
        neutral={"type": "array"},
        of_person=_TRUTH | {"description": "people of one household agree on it by chance only"},
        alike_at_home=_number(0, 1, "share of housemates who are as alike in it as one person's records"),
        term_frequency=_TRUTH | {"description": "agreeing on a rare value tells more"},
        joint=_TEXT | {"description": "comparisons of one name are weighed together"},
    )  # fmt: skip
    return {**comparison, "allOf": of_each}


def _key() -> Schema:
    return _keys(
        "a value under which records are filed", ("name", "parts"),
        name=_TEXT,
        parts=_words("what it is made of", BLOCKING_PARTS, 1),
        cap=_number(2, 1000, "a larger block yields no pairs"),
        unordered=_TRUTH,
    )  # fmt: skip


def _partition(limits: Schema) -> Schema:
    return _keys(
        "how links become profiles", ("clip", "unscored", "best_share", "best_fades", "largest_component"),
        clip=_number(1, 1000, "one link has no more say than that"),
        unscored=_number(-1000, 0, "what a pair counts that was never compared"),
        best_share=_number(0, 1, "share of the best link; the mean of all has the rest"),
        best_fades=_number(0, 10, "how it fades with the size of the smaller side"),
        largest_component=_number(2, 20_000, "larger ones are cut at their weakest links"),
        distinct_values=limits | {"description": "how many values of an identifier one profile may hold"},
    )  # fmt: skip


def _survivorship() -> Schema:
    # Values stay as they are written: 00000 and null are texts there.
    written = {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}}
    blanks = {**written, "description": f"values that count as nothing; shapes: {' '.join(SHAPES)}"}
    criteria = _words("in this order", CRITERIA, 1)
    rule = _keys(
        "for some attributes each, or for several together", ("criteria",),
        attributes=_words("each by itself", least=1),
        together=_words("these come from one record", least=2),
        criteria=criteria,
        mastered_by=_TEXT | {"description": "a source whose value always wins"},
        verified_by=_one_of("what `verified` asks for", tuple(WELL_FORMED)),
        compared_as=_one_of("how votes are counted", COMPARED_AS),
        placeholders=blanks,
        doubtful={**written, "description": "values that lose against any other"},
    )  # fmt: skip
    return _keys(
        "Which value a profile shows.", ("default", "rules"),
        default=_keys("for attributes without a rule", ("criteria",), criteria=criteria),
        placeholders=blanks,
        rules={"type": "array", "items": rule},
    )  # fmt: skip


def _consent() -> Schema:
    regimes = _one_of("what holds where nobody said anything", REGIMES)
    jurisdiction = _keys(
        "countries, perhaps some regions of them", ("regime",),
        countries={**_TEXTS, "description": "ISO 3166, as DE"},
        regions=_TEXTS,
        regime=regimes,
        purposes=_each(regimes, "those that differ"),
        lasts=_keys("days that a yes lasts", **{basis: _number(1, 36_500) for basis in BASES}),
    )  # fmt: skip
    signal = _keys(
        "what a browser says for a person", ("status",),
        status=_one_of("", RESTRICTIVENESS), consents=_TEXTS,
    )  # fmt: skip
    return _keys(
        "What people are asked for, by which ways, and by whose law.",
        ("purposes", "channels", "default", "jurisdictions"),
        controller={"type": "string"},
        clock_skew=_number(0, 86_400, "seconds by which a yes has to be later than a no"),
        purposes=_TEXTS,
        channels=_each(_one_of("what it reaches", (*IDENTIFIER_KINDS, ACCOUNT)), "by which way", 1),
        default=_TEXT | {"description": "the jurisdiction of those whose country is not known"},
        jurisdictions=_each(jurisdiction, "", 1),
        signals=_each(signal),
    )


def _source() -> Schema:
    choice: Sequence[str] = ("column", "columns", "first_of")
    column = {
        "anyOf": [
            _TEXT,
            _keys(
                "where a value comes from",
                **dict.fromkeys(choice, _TEXTS),
                join={"type": "string"},
                transform=_one_of("a change by name", TRANSFORMS),
            )
            | {"oneOf": [{"required": [name]} for name in choice]},
        ]
    }
    consent = _keys(
        "a column that tells a consent", ("column", "meanings"),
        column=_TEXT, captured_at=_TEXT,
        meanings=_each(_one_of("", CONSENT_STATUSES), "what each spelling means", 1),
    )  # fmt: skip
    return _keys(
        "One system's files.", ("source", "file", "record_id", "columns"),
        source=_TEXT | {"description": "the name of this file"},
        file=_keys("", ("kind",), kind=_one_of("", FILE_KINDS), encoding=_TEXT, delimiter=_TEXT),
        record_id=_TEXT | {"description": "the column that names a record"},
        trust={"type": "integer", "minimum": 0, "maximum": 100},
        retention={"type": "integer", "minimum": 1, "maximum": 36_500,
                   "description": "days that a record is kept after it was told last"},
        mode=_one_of("shadow: listened to without effect", tuple(SourceMode)),
        default_country={"type": "string", "pattern": "^[A-Z]{2}$"},
        timezone=_TEXT,
        date_formats=_TEXTS,
        observed_at=_TEXTS,
        observed_at_formats=_TEXTS,
        impossible_values=_one_of("such as 31 February", tuple(ImpossibleValue)),
        custom_attributes=_TEXTS,
        optional_columns=_TEXTS,
        columns=_each(column, "canonical attribute: where it comes from", 1),
        consents=_each(consent, "purpose.channel"),
        reject_when=_each(_TEXT, "column: reason"),
    )  # fmt: skip


def _small() -> dict[str, Schema]:
    """The schemas of short files."""
    return {
        "purposes": _keys(
            "What who asks for a purpose may see.", ("purposes",),
            purposes=_keys("", **dict.fromkeys(PURPOSES, _keys(
                "", ("shows",),
                shows=_words("attributes"),
                needs=_each(_words("consents of which one is needed"), "attribute: consents"),
                refuses=_TEXT | {"description": "nothing is shown of whoever refused this purpose"},
            ))),
        ),
        "rematch": _keys(
            "How much a night may change without being asked.", ("limits",),
            limits=_keys(
                "",
                profiles_changed=_number(0, 1, "share of profiles"),
                loyalty_accounts_moved=_number(0, 1, "share of loyalty accounts"),
                largest_profile=_number(1, 1e9, "records in a profile that it makes"),
                at_least=_number(0, 1e9, "so many may always change"),
            ),
        ),
        "loyalty": _keys(
            "The loyalty programme that follows.", ("program", "tiers"),
            program={"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"},
            tiers=_TEXTS | {"description": "the lowest first"},
            tier_policy=_one_of("what the survivor gets", tuple(TierPolicy)),
            sources=_TEXTS,
        ),
        "erp": _keys(
            "What the ERP is told.",
            source={"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"},
            reference={"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9-]{0,31}$"},
            attributes=_words("what it is told", ERP_ATTRIBUTES),
            party_merge=_one_of("the ERP cannot undo it", tuple(PartyMerge)),
            requests_per_second=_number(0.1, 1000),
        ),
    }  # fmt: skip


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by its name."""
    made = {"match": _match(), "survivorship": _survivorship(), "consent": _consent(), "source": _source()}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    every = made | _small()
    return {name: {**head, "title": FILES[name], **every[name]} for name in FILES}


def main(folder: str) -> None:
    """Write them all."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        Path(folder, f"{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
