"""normalise: a source record in its own spelling → features that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from identity.features.codes import category, gender, identifier
from identity.features.contacts import email_address, phone_number
from identity.features.dates import birth_date
from identity.features.names import personal_names
from identity.features.places import city_name, country_code, post_code, street_address
from identity.model.record import NormalisedRecord, SourceRecord

__all__ = ["FEATURE_MAKERS", "FeatureMaker", "feature_makers", "normalise"]

Values = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class FeatureMaker:
    """Features made together from some attributes. Pure in those attributes, so distinct values are made once."""

    attributes: tuple[str, ...]
    features: tuple[str, ...]
    make: Callable[[Values], tuple[str, ...]]


def _names(values: Values) -> tuple[str, ...]:
    given, middle, family = personal_names(values[0], values[1], values[2])
    return given, middle, family


def _address(values: Values) -> tuple[str, ...]:
    house, street, unit = street_address(values[0])
    return f"{house}|{street}" if street else "", street, unit


def _phone(values: Values) -> tuple[str, ...]:
    return (phone_number(values[0], country_code(values[1])),)


def _postcode(values: Values) -> tuple[str, ...]:
    return (post_code(values[0], country_code(values[1])),)


def _single(make: Callable[[str | None], str]) -> Callable[[Values], tuple[str, ...]]:
    return lambda values: (make(values[0]),)


FEATURE_MAKERS = (
    FeatureMaker(
        ("given_name", "family_name", "full_name"), ("given_name", "middle_name", "family_name"), _names
    ),
    FeatureMaker(("birth_date",), ("birth_date",), _single(birth_date)),
    FeatureMaker(("email",), ("email",), _single(email_address)),
    FeatureMaker(("phone", "country"), ("phone",), _phone),
    FeatureMaker(("street_address",), ("address", "street", "unit"), _address),
    FeatureMaker(("postcode", "country"), ("postcode",), _postcode),
    FeatureMaker(("city",), ("city",), _single(city_name)),
    FeatureMaker(("gender",), ("gender",), _single(gender)),
    FeatureMaker(("tax_id",), ("tax_id",), _single(identifier)),
    FeatureMaker(("loyalty_id",), ("loyalty_id",), _single(identifier)),
)


def feature_makers(custom: tuple[str, ...] = ()) -> tuple[FeatureMaker, ...]:
    """Return the makers of all canonical features and of declared custom attributes (compared as categories)."""
    return FEATURE_MAKERS + tuple(FeatureMaker((name,), (name,), _single(category)) for name in custom)


def normalise(record: SourceRecord, custom: tuple[str, ...] = ()) -> NormalisedRecord:
    """Return the features of `record`; what is missing or a placeholder is absent."""
    return NormalisedRecord(record.key, _features(record.attributes, feature_makers(custom)))


def _features(attributes: Mapping[str, str], makers: tuple[FeatureMaker, ...]) -> dict[str, str]:
    features: dict[str, str] = {}
    for maker in makers:
        made = maker.make(tuple(attributes.get(name) for name in maker.attributes))
        features.update((name, value) for name, value in zip(maker.features, made, strict=True) if value)
    return features
