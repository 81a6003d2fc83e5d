"""Every text of the corpus, as the steps see it: taken or not, and whether anybody is recognised by it."""

from __future__ import annotations

from identity.model.record import RecordKey, SourceRecord
from identity.steps.normalise import normalise
from identity.steps.refuse import refuse
from tests.corpus.cases import Case, Outcome
from tests.corpus.values import VALUES
from tests.corpus.values.letters import CONFUSABLES

_IN = {"full_name": ("given_name", "family_name"), "street_address": ("street",), "country": (), "region": ()}


def record(case: Case) -> SourceRecord:
    return SourceRecord(RecordKey("pos", "1"), {case.attribute: case.text})


def read_as(case: Case) -> tuple[str, ...]:
    """Return the features that come of a case. A given name may go on in the middle name."""
    features = normalise(record(case)).features
    names = _IN.get(case.attribute, (case.attribute,))
    return tuple(features[name] for name in names if name in features)


def wrong(case: Case) -> str | None:
    """Return what became of a case that should not have."""
    problem = refuse(record(case))
    if case.outcome is Outcome.SET_ASIDE:
        return (
            None if problem and problem.code == case.told else f"{problem and problem.code}, not {case.told}"
        )
    if problem:
        return problem.code
    features = read_as(case)
    if case.outcome is Outcome.KEPT:
        return f"read as {features}" if features else None
    if case.outcome is Outcome.NORMALISED:
        return None if features == (case.told,) else f"read as {features}, not {case.told!r}"
    return None if features or case.attribute in ("country", "region") else "nobody is recognised by it"


def test_every_text_comes_to_what_the_corpus_says() -> None:
    found = {case: problem for case in VALUES if (problem := wrong(case))}
    assert not found, "\n".join(
        f"{c.family}: {c.attribute} {c.text[:60]!a}: {why}" for c, why in found.items()
    )


def test_what_looks_alike_is_never_taken_for_the_same() -> None:
    for spoof, name in CONFUSABLES.items():
        one, other = (
            normalise(SourceRecord(RecordKey("pos", "1"), {"family_name": text})) for text in (spoof, name)
        )
        assert one.features != other.features, spoof


def test_there_are_as_many_cases_as_promised() -> None:
    assert len(VALUES) > 2_000
