"""Whatever a record holds, it is stored as told or refused by number, and the records beside it are not harmed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from hashlib import blake2b

import pytest

from identity.bootstrap import Service, Settings, SystemClock
from identity.flows.ingest import Outcome
from identity.model.cluster import GoldenId
from identity.model.match import MatchModel
from identity.model.record import RecordKey, SourceRecord
from identity.ports import Arrival, StoredModel, StoredRecord
from matching_rules.model_file import model_to_json
from tests.conftest import DATABASES

from .conftest import Ready
from .real_time import rebuilt, state
from .whole import contradictions

MEGABYTE = 1_000_000
NAMES = {"given_name": "Kim", "family_name": "Keys"}
VALUES: dict[str, dict[str, str]] = {
    "NUL in a name": {"given_name": "A\0na"},
    "nothing but NUL": {"email": "\0"},
    "NUL in a phone": {"phone": "212\x00555 0142"},
    "a lone surrogate in a name": {"given_name": "A\ud800na"},
    "a lone surrogate in a mail": {"email": "a\udcffb@x.example"},
    "a lone surrogate in a city": {"city": "Bos\ud83dton"},
    "other controls": {"given_name": "A\x01\x1fna", "city": "\x7f\x9b"},
    "the separator of features": {
        "given_name": "A\x1fB",
        "email": "a\x1fb@x.example",
        "city": "\x1f",
        "phone": "1\x1f2345678",
        "birth_date": "1980\x1f01\x1f01",
        "tax_id": "A\x1f1234",
        "postcode": "A\x1f1",
        "street_address": "12\x1fMain",
    },
    "a megabyte of name": {"given_name": "x" * MEGABYTE},
    "a megabyte of words": {"full_name": "ana " * (MEGABYTE // 4)},
    "a megabyte of accents": {"family_name": "a" + "\u0301" * (MEGABYTE // 2)},
    "a megabyte of mail": {"email": "x" * MEGABYTE + "@a.example"},
    "a megabyte of at signs": {"email": "@" * MEGABYTE},
    "a megabyte of digits": {"phone": "123456789" * (MEGABYTE // 9), "birth_date": "1" * MEGABYTE},
    "a megabyte of address": {"street_address": "12 a b c " * (MEGABYTE // 9)},
    "names of ten thousand letters": {"given_name": "Anna" * 2_500, "family_name": "x y " * 2_500},
    "emoji": {"given_name": "😀", "family_name": "👨‍👩‍👧", "email": "😀@😀.example", "city": "🏙"},
    "nothing but blanks": {"given_name": "   ", "email": "\t", "phone": "\n", "city": "\u3000", "birth_date": " "},
    "empty texts": {"given_name": "", "email": ""},
    "nothing at all": {},
    "letters that fold into others": {"given_name": "İ", "family_name": "ŉ ẞ", "city": "ﬁ"},
    "from right to left": {"given_name": "\u202eanA", "family_name": "\u200b", "email": "\u202ea@x.example"},
    "digits of other scripts": {"phone": "٢١٢٥٥٥٠١٤٢", "birth_date": "١٩٨٠-٠١-٠١", "postcode": "①②③"},
    "digits that are none": {"phone": "²¹²5550142", "birth_date": "¹⁹80-01-01", "street_address": "²² Main"},
    "half a mail": {"email": "a@"},
    "a mail of dots": {"email": ".@..", "phone": "+"},
    "a mail without an end": {"email": "a@" + "x" * 300 + ".com"},
    "a mail at a number": {"email": "a@[127.0.0.1]"},
    "a phone of zeros": {"phone": "+44 0000000"},
    "SQL and templates": {"given_name": "'; drop table source_record; --", "city": "{{7*7}} ${1} %s :name"},
    "an attribute nobody declared": {"shoe_size": "44"},
}  # fmt: skip
KEYS = {
    "colons": RecordKey("a:b", "c:d"),
    "the same with the colon elsewhere": RecordKey("a", "b:c:d"),
    "a new line": RecordKey("pos", "a\nb"),
    "U+001F": RecordKey("pos\x1fa", "b\x1f"),
    "nothing but U+001F": RecordKey("\x1f", "\x1f"),
    "no id": RecordKey("pos", ""),
    "ten thousand letters": RecordKey("pos", "x" * 10_000),
    "quotes": RecordKey("pos", "\"'\\;--"),
    "emoji": RecordKey("😀", "😀"),
    "what looks like JSON": RecordKey("pos", "[1]"),
    "what looks like a number": RecordKey("pos", "1e5"),
    "what looks like nothing": RecordKey("pos", "null"),
    "an accent composed": RecordKey("pos", "\u00e9"),
    "the same accent apart": RecordKey("pos", "e\u0301"),
    "what looks like a parameter": RecordKey("pos", "%s{}$1?1:at"),
    "NUL": RecordKey("pos", "a\0b"),
    "a lone surrogate": RecordKey("pos", "a\ud800"),
}
TIMES = {
    "the first year": datetime(1, 1, 1, tzinfo=UTC),
    "the last moment": datetime.max.replace(tzinfo=UTC),
    "before the first year": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))),
    "after the last year": datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))),
}
CONSENTS = {
    "a status nobody knows": {"marketing.email": "perhaps"},
    "NUL in a status": {"marketing.email": "gran\0ted"},
    "a lone surrogate in a status": {"marketing.email": "gran\ud800ted"},
}


def cases() -> dict[str, Arrival]:
    def told(name: str, record: SourceRecord) -> Arrival:
        return Arrival(record, blake2b(name.encode(), digest_size=16).hexdigest())

    found = {name: SourceRecord(RecordKey("bad", name), values) for name, values in VALUES.items()}
    found |= {f"a key: {name}": SourceRecord(key, NAMES) for name, key in KEYS.items()}
    found |= {f"a time: {n}": SourceRecord(RecordKey("bad", n), NAMES, time) for n, time in TIMES.items()}
    found |= {
        f"a consent: {name}": SourceRecord(RecordKey("bad", name), NAMES, consents=told_)
        for name, told_ in CONSENTS.items()
    }
    return {name: told(name, record) for name, record in found.items()}


CASES = cases()


@pytest.fixture(scope="module", params=DATABASES)
def crowded(
    request: pytest.FixtureRequest, model: MatchModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Service]]:
    """A database that all cases come into, one after the other, and what it is."""
    with ExitStack() as opened:
        if request.param == "sqlite":
            file = tmp_path_factory.mktemp("strange") / "identity.db"
            file.write_bytes(request.getfixturevalue("migrated_file").read_bytes())
            url = f"sqlite:///{file}"
        else:
            server, template = (
                request.getfixturevalue(name) for name in ("postgresql", "migrated_postgresql")
            )
            url = opened.enter_context(server.database(like=template))
        service = Service(Settings(url, index_secret="a secret of the tests"))
        opened.callback(service.store.close)
        with service.store.begin(SystemClock()) as work:
            work.put_model(StoredModel(model.version, model_to_json(model).decode()), work.at)
            work.close_index(service.index.version)
        yield request.param, service


def neighbours(name: str) -> tuple[Arrival, Arrival]:
    number = int.from_bytes(blake2b(name.encode(), digest_size=4).digest(), "big")
    attributes = (
        {"given_name": "Gia", "family_name": f"One{number}", "email": f"gia{number}@one.example"},
        {"given_name": "Bo", "family_name": f"Two{number}", "email": f"bo{number}@two.example"},
    )
    records = (
        SourceRecord(RecordKey("good", f"{number}{side}"), told)
        for side, told in zip("ab", attributes, strict=True)
    )
    one, other = (Arrival(record, f"h{number}") for record in records)
    return one, other


def stored(service: Service, *arrivals: Arrival) -> list[StoredRecord | None]:
    with service.store.look() as look:
        found = look.stored([arrival.record.key for arrival in arrivals])
    return [found.get(arrival.record.key) for arrival in arrivals]


def told_back(service: Service, arrival: Arrival) -> None:
    (found,) = stored(service, arrival)
    assert found is not None
    assert found.record == arrival.record
    assert found.content_hash == arrival.content_hash


@pytest.mark.parametrize("name", CASES)
def test_it_is_stored_as_told_or_refused_by_number_and_harms_no_other_record_of_its_batch(
    crowded: tuple[str, Service], name: str
) -> None:
    _, service = crowded
    strange, (one, other) = CASES[name], neighbours(name)
    first, found, last = service.ingest([one, strange, other])
    if found.problem is None:
        told_back(service, strange)
        assert service.ingest([strange])[0].outcome is Outcome.UNCHANGED
    else:
        assert found.outcome is Outcome.REFUSED
        assert re.fullmatch(r"E3\d\d", found.problem.code)
        assert found.problem.remedy
    assert {first.outcome, last.outcome} == {Outcome.ACCEPTED}
    for neighbour in (one, other):
        told_back(service, neighbour)


def test_strange_records_lead_where_a_rebuild_leads(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest(list(CASES.values()))
    spared = {"SQL and templates", "emoji", "nothing at all"}
    assert {str(CASES[name].record.key) for name in spared} <= set().union(*state(url).people)
    assert contradictions(url) == {}
    assert state(url).differences(rebuilt(service)) == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NUL in a phone", "E302"),
        ("a lone surrogate in a mail", "E308"),
        ("a megabyte of mail", "E309"),
        ("an attribute nobody declared", "E318"),
        ("a key: no id", "E311"),
        ("a key: NUL", "E302"),
        ("a consent: a status nobody knows", "E317"),
        ("a time: the first year", "E319"),
    ],
)
def test_what_cannot_be_taken_has_the_number_it_has_in_a_file(
    ready: Ready, sqlite_url: str, name: str, code: str
) -> None:
    (found,) = ready(sqlite_url).ingest([CASES[name]])
    assert found.problem is not None
    assert found.problem.code == code


def test_a_record_without_a_source_is_refused(ready: Ready, sqlite_url: str) -> None:
    (found,) = ready(sqlite_url).ingest([Arrival(SourceRecord(RecordKey("", "1"), NAMES), "h")])
    assert found.problem is not None
    assert found.problem.code == "E312"


# Consents


def test_a_consent_told_in_real_time_is_in_the_profile(ready: Ready, url: str) -> None:
    service = ready(url)
    (found,) = service.ingest([consenting(1, "withdrawn")])
    view = service.store.views.profile(GoldenId(str(found.golden_id)))
    assert view is not None
    assert view.profile.consents == {"marketing.email": "withdrawn"}
    service.ingest([consenting(2, "granted")])
    view = service.store.views.profile(GoldenId(str(found.golden_id)))
    assert view is not None
    assert view.profile.consents == {"marketing.email": "withdrawn"}


def test_a_withdrawal_told_in_real_time_is_not_lost_in_a_rebuild(ready: Ready, url: str) -> None:
    service = ready(url)
    service.ingest([consenting(1, "withdrawn")])
    assert state(url).differences(rebuilt(service)) == {}


def consenting(number: int, status: str) -> Arrival:
    record = SourceRecord(RecordKey("pos", str(number)), NAMES, consents={"marketing.email": status})
    return Arrival(record, f"{number} {status}")
