"""docs/reference/python.md: every public name, with its signature and what it promises.

python -m identity.face.reference docs/reference/python.md
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import identity

__all__ = ["SECTIONS", "main", "reference"]

_HEAD = """# Python

What `from identity import …` gives: typed, documented, and all there is to rely on; what lies deeper may change from
one version to the next. Written by `make reference` from the code.

```python
from identity import measure, resolve, sample_records

sample = sample_records(people=500, seed=1)
found = resolve(sample.records)
measure(found.crosswalk, sample.truth).f1
```

Rows go in as an Arrow table, a DuckDB relation, a data frame (pandas, polars), a list of mappings or the path of a
file; tables come out as Arrow (`.to_pandas()`, `polars.from_arrow`, `duckdb.from_arrow`). The columns are canonical,
any of them: source, source_record_id, given_name, family_name, full_name, birth_date, email, phone, street_address,
city, region, postcode, country, gender, tax_id, loyalty_id. The notebooks use nothing else.
"""

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "A table, with no database": ("resolve", "Resolved", "sample_records", "Sample", "arrow_table"),
    "One record, and two": (
        *("record", "records_of", "normalise", "blocking_keys", "compare", "waterfall", "Bar"),
        *("SourceRecord", "RecordKey", "NormalisedRecord", "ScoredPair", "Contribution", "Judgement"),
    ),
    "The model": (
        *("train", "load_model", "save_model", "starter_model", "parameters", "rarity", "matches_per_record"),
        "MatchModel",
    ),
    "What is compared, and what that costs": ("blocking", "Blocking"),
    "How right it is": ("measure", "mistakes", "Accuracy", "estimate", "Stratum", "Estimates", "Estimate"),
    "A database": (
        *("open_service", "Service", "Settings", "settings_from", "load", "ingest", "crosswalk", "profile"),
        *("events", "rematch", "GoldenProfile", "GoldenValue"),
    ),
    "Look up, decide, agree": (
        *("ByRecord", "ByGoldenId", "ByIdentifier", "Wish", "Said", "Teller", "Asker"),
        *(
            "reviews",
            "ReviewKind",
            "draw_pairs",
            "label",
            "estimate_stored",
            "IdentityError",
            "DecisionRefused",
        ),
    ),
}
_SERVICE = """What a service does by itself:

| | |
|---|---|
| `service.lookup([ByRecord(key)])` | which golden ids answer, now or `as_of` a moment |
| `service.match(record)` | who is like this, and why; nothing is written |
| `service.why(one, other)`, `service.why_not(one, other)`, `service.how(golden_id)` | what holds together, what keeps apart, how a profile came to be |
| `service.decisions.merge([...], Wish("ana", "same card"))` | also `split`, `keep_apart`, `keep_together`, `undo`; each with a `preview_…` |
| `service.consents.tell([Said(...)], Teller(...))` | also `check([...], Asker(...))` and `agreement(golden_id)` |
| `service.redo()` | decide again what new records changed for others |
"""  # noqa: E501


def reference() -> str:
    """Return the document."""
    return "\n".join([_HEAD, *_sections()]) + "\n"


def _sections() -> Iterator[str]:
    for title, names in SECTIONS.items():
        yield f"## {title}\n"
        if "Wish" in names:
            yield _SERVICE
        for name in names:
            yield f"### {name}\n\n{_told(name, getattr(identity, name))}"


def _told(name: str, found: Any) -> str:
    promise = inspect.cleandoc(found.__doc__ or "")
    if isinstance(found, type) and issubclass(found, Enum):
        return f"`{', '.join(member.name for member in found)}`\n{_promise(promise)}"
    if is_dataclass(found):
        columns = "\n".join(f"    {each.name}: {each.type}" for each in fields(found))
        return f"```python\nclass {name}:\n{columns}\n```\n{_promise(promise)}"
    if isinstance(found, type):
        return f"```python\nclass {name}({found.__bases__[0].__name__})\n```\n\n{promise}\n"
    return f"```python\n{name}{_signature(found)}\n```\n{_promise(promise)}"


def _promise(promise: str) -> str:
    return f"\n{promise}\n" if promise else ""


class _Bare(str):
    """An annotation as it is written."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _signature(found: Any) -> str:
    signature = inspect.signature(found)
    bare = [each.replace(annotation=_Bare(each.annotation)) for each in signature.parameters.values()]
    written = signature.replace(parameters=bare, return_annotation=_Bare(signature.return_annotation))
    if len(str(written)) < 90:
        return str(written)
    marks = {inspect.Parameter.KEYWORD_ONLY: "*"}
    lines, seen = [], set()
    for each in bare:
        if each.kind in marks and each.kind not in seen:
            lines.append(marks[each.kind])
        seen.add(each.kind)
        lines.append(str(each))
    told = "".join(f"    {line},\n" for line in lines)
    return f"(\n{told}) -> {signature.return_annotation}"


def main(file: str) -> None:
    """Write the document."""
    Path(file).write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
