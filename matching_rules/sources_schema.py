"""What a source's rules file may say, and the policy it becomes.

E103  another type of value than expected          E111  an encoding or delimiter nobody knows
E104  a key nobody knows                           E112  a consent nobody knows
E105  something required is missing                E113  a date format that cannot be read
E106  an attribute nobody knows                    E114  a country or timezone nobody knows
E107  the same key or attribute twice              E115  trust or retention out of range
E108  a mode nobody knows                          E116  the file's name and the source's differ
E109  a transform nobody knows                     E118  a column mapping that says too little or too much
E110  a kind of file nobody knows
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from identity.model.policy import (
    CONSENT_STATUSES,
    DATE_DIRECTIVES,
    FILE_KINDS,
    TRANSFORMS,
    ColumnMapping,
    ConsentColumn,
    FileFormat,
    ImpossibleValue,
    SourceMode,
    SourcePolicy,
)
from identity.model.record import CANONICAL_ATTRIBUTES, KEY_COLUMNS
from matching_rules.document import Section

__all__ = ["source_policy"]

_TOP_KEYS = (
    *("source", "file", "record_id", "trust", "mode", "default_country", "timezone", "date_formats"),
    *("observed_at", "observed_at_formats", "impossible_values", "columns", "custom_attributes"),
    *("optional_columns", "consents", "reject_when", "retention"),
)
_FILE_KEYS = ("kind", "encoding", "delimiter")
_COLUMN_KEYS = ("column", "columns", "first_of", "join", "transform")
_COLUMN_CHOICES = ("column", "columns", "first_of")
_CONSENT_KEYS = ("column", "captured_at", "meanings")
_ENCODINGS = (
    *("utf-8", "utf-16", "ascii", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1257", "iso8859-1"),
    *("iso8859-2", "iso8859-9", "iso8859-15", "cp437", "cp850", "cp852", "mac-roman", "koi8-r", "cp932"),
    *("euc_jp", "gb18030", "big5", "euc_kr"),
)
_DELIMITERS = (",", ";", "\t", "|", ":", "^", "~")
_RESERVED = (*KEY_COLUMNS, *CANONICAL_ATTRIBUTES, "observed_at", "consents", "original", "row")
_ATTRIBUTE_NAME = re.compile("[a-z][a-z0-9_]*")
_CONSENT_NAME = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_DIRECTIVE = re.compile("%.?")


def source_policy(document: Section, name: str) -> SourcePolicy:
    """Return the policy that the rules file of the source `name` declares; RulesError E103 to E118."""
    document.only(_TOP_KEYS)
    if document.text("source") != name:
        raise document.error("E116", "source", "differs from the file's name", f"Write `source: {name}`.")
    custom = _custom(document)
    observed_at = document.texts("observed_at")
    return SourcePolicy(
        name=name,
        file_format=_file_format(document.section("file", required=True)),
        record_id=document.text("record_id"),
        columns=_columns(document.section("columns", required=True), (*CANONICAL_ATTRIBUTES, *custom)),
        trust=_trust(document),
        mode=SourceMode(document.one_of("E108", "mode", tuple(SourceMode), "live")),
        default_country=_country(document),
        date_formats=_formats(document, "date_formats"),
        observed_at=next(iter(observed_at), ""),
        observed_at_fallbacks=observed_at[1:],
        observed_at_formats=_formats(document, "observed_at_formats"),
        impossible_values=_impossible_values(document),
        consents=_consents(document.section("consents")),
        timezone=_timezone(document),
        reject_when=_reasons(document.section("reject_when")),
        custom=custom,
        optional_columns=document.texts("optional_columns"),
        retention=_retention(document),
    )


def _file_format(section: Section) -> FileFormat:
    section.only(_FILE_KEYS)
    kind = section.one_of("E110", "kind", FILE_KINDS)
    return FileFormat(kind, _encoding(section), section.one_of("E111", "delimiter", _DELIMITERS, ","))


def _encoding(section: Section) -> str:
    stated = section.text("encoding", "utf-8")
    known = {codecs.lookup(name).name: name for name in _ENCODINGS}
    try:
        return known[codecs.lookup(stated).name]
    except (LookupError, ValueError):
        allowed = f"Use one of: {', '.join(_ENCODINGS)}."
        raise section.error("E111", "encoding", f"{stated!r} is not known", allowed) from None


def _trust(document: Section) -> int:
    trust = document.number("trust", 50)
    if not 0 <= trust <= 100:
        raise document.error("E115", "trust", "is out of range", "Use a whole number from 0 to 100.")
    return trust


def _retention(document: Section) -> int:
    days = document.number("retention", 0)
    if "retention" in document.content and not 1 <= days <= 36_500:
        allowed = "Use days from 1 to 36500; leave it out to keep records for good."
        raise document.error("E115", "retention", "is out of range", allowed)
    return days


def _country(document: Section) -> str:
    country = document.text("default_country", "US")
    if not re.fullmatch("[A-Z]{2}", country):
        raise document.error(
            "E114", "default_country", f"{country!r} is no country", "Use two capitals, as DE."
        )
    return country


def _timezone(document: Section) -> str:
    name = document.text("timezone", "UTC")
    try:
        return ZoneInfo(name).key
    except (OSError, LookupError, ValueError):
        allowed = "Use an IANA name, as Europe/Berlin."
        raise document.error("E114", "timezone", f"{name!r} is not known", allowed) from None


def _impossible_values(document: Section) -> ImpossibleValue:
    return ImpossibleValue(document.one_of("E108", "impossible_values", tuple(ImpossibleValue), "quarantine"))


def _custom(document: Section) -> tuple[str, ...]:
    names = document.texts("custom_attributes")
    for at, name in enumerate(names):
        if name in _RESERVED or name in names[:at]:
            raise document.error(
                "E107", "custom_attributes", f"{name} exists already", "Choose another name."
            )
        if not _ATTRIBUTE_NAME.fullmatch(name):
            allowed = "Use small letters, digits and underscores."
            raise document.error("E106", "custom_attributes", f"{name!r} is no attribute name", allowed)
    return names


def _formats(document: Section, key: str) -> tuple[str, ...]:
    formats = document.texts(key)
    for text in formats:
        directives = [found.replace("%B", "%b") for found in _DIRECTIVE.findall(text) if found != "%%"]
        unknown = [found for found in directives if found not in DATE_DIRECTIVES]
        if unknown or not directives or len(set(directives)) < len(directives):
            allowed = f"Use each once: {' '.join(DATE_DIRECTIVES)}."
            raise document.error("E113", key, f"{text!r} is no date format", allowed)
    return formats


def _columns(section: Section, attributes: Sequence[str]) -> tuple[ColumnMapping, ...]:
    for name in section.content:
        if name not in attributes:
            raise section.error("E106", name, "is not a known attribute", f"Known: {', '.join(attributes)}.")
    return tuple(_column(section, name) for name in section.content)


def _column(section: Section, attribute: str) -> ColumnMapping:
    short = section.content[attribute]
    if isinstance(short, str):
        return ColumnMapping(attribute, (section.text(attribute),))
    mapping = section.section(attribute)
    mapping.only(_COLUMN_KEYS)
    chosen = [key for key in _COLUMN_CHOICES if key in mapping.content]
    paths = mapping.texts(chosen[0]) if len(chosen) == 1 else ()
    if not paths:
        allowed = f"Use exactly one of: {', '.join(_COLUMN_CHOICES)}."
        raise section.error("E118", attribute, "does not say where it comes from", allowed)
    change = mapping.one_of("E109", "transform", TRANSFORMS) if "transform" in mapping.content else ""
    return ColumnMapping(attribute, paths, mapping.text("join", " "), change, first=chosen[0] == "first_of")


def _consents(section: Section) -> tuple[ConsentColumn, ...]:
    return tuple(_consent(section, name) for name in section.content)


def _consent(section: Section, name: str) -> ConsentColumn:
    if not _CONSENT_NAME.fullmatch(name):
        raise section.error("E112", name, "is no consent", "Use purpose.channel, as marketing.email.")
    inner = section.section(name)
    inner.only(_CONSENT_KEYS)
    meanings = inner.section("meanings", required=True)
    for spelling in meanings.content:
        meanings.one_of("E112", spelling, CONSENT_STATUSES)
    read = {spelling: meanings.text(spelling) for spelling in meanings.content}
    return ConsentColumn(name, inner.text("column"), read, inner.text("captured_at", ""))


def _reasons(section: Section) -> dict[str, str]:
    return {column: section.text(column) for column in section.content}
