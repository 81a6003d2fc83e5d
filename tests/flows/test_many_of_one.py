"""A person who comes again and again stays one person, whichever of what is told is always the same."""

from __future__ import annotations

import pytest

from identity.bootstrap import Service, SystemClock
from identity.flows.redo import drain
from identity.ports import Redo, RedoKind
from identity.steps.file import file

from .conftest import Person, Ready
from .real_time import contradictions, ingest_all, rebuilt, state

ANA = {
    "given_name": "Ana",
    "family_name": "Zywicka",
    "birth_date": "1985-03-04",
    "email": "ana@zywicka.example",
    "street_address": "4 Maple Street",
    "city": "Boston",
    "postcode": "02118",
}
DELIVERED = {name: ANA[name] for name in ("given_name", "family_name", "street_address", "city", "postcode")}


def decided_again(service: Service, block: int) -> int:
    """How much is decided again when a block is: it, and everybody in it as far as they meet there."""
    with service.store.online(SystemClock()) as work:
        work.put_redo([Redo(RedoKind.BLOCK, block)])
    return drain(service.desk)


def again(person: Person, times: int) -> list[Person]:
    return [person | {"source": "pos", "source_record_id": f"{at:03}"} for at in range(times)]


@pytest.mark.parametrize("times", [30, 150])
def test_who_gives_one_e_mail_every_time_is_one_person(ready: Ready, url: str, times: int) -> None:
    service = ready(url)
    ingest_all(service, again(ANA, times))
    found = state(url)
    assert [len(person) for person in found.people] == [times]
    assert found.differences(rebuilt(service)) == {}
    assert contradictions(url) == {}


def test_deliveries_to_one_name_and_house_are_one_person(ready: Ready, url: str) -> None:
    service = ready(url)
    ingest_all(service, again(DELIVERED, 25), at_once=1)
    found = state(url)
    assert [len(person) for person in found.people] == [25]
    assert found.differences(rebuilt(service)) == {}


def test_a_block_that_waits_is_decided_again_up_to_its_own_cap(ready: Ready, url: str) -> None:
    service = ready(url)
    townspeople = again({"city": "Boston"}, 21)
    (city,) = file({"city": "boston"}, service.desk.cabinet)
    ingest_all(service, townspeople[:20])
    assert decided_again(service, city) == 21
    ingest_all(service, townspeople[20:])
    assert decided_again(service, city) == 1
