"""`serve` delivers events beside its requests, unless it is told not to; how far it came is numbered for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import api.serving
from api.settings import ApiSettings
from identity.bootstrap import Service, Settings, SystemClock
from identity.delivery.addresses import Allowed
from identity.delivery.signing import secrets_from
from identity.model.delivery import DeadLetter, SubscriberStatus
from identity.settings import DeliverySettings
from tests.api.conftest import Api
from tests.api.test_routes import BERT, INES
from tests.delivery.receivers import Receiver, receiver
from tests.delivery.world import SECRETS, Log, until

OWN = DeliverySettings(secrets=secrets_from(SECRETS), private=Allowed(frozenset({"127.0.0.1"})))


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def service(sqlite_url: str) -> Iterator[Service]:
    found = Service(Settings(sqlite_url, index_secret="a secret of the tests", delivery=OWN))
    yield found
    found.store.close()


def serving(
    monkeypatch: pytest.MonkeyPatch, service: Service, folder: Path, meanwhile: Callable[[], None]
) -> None:
    """Serve for as long as something takes, without a port."""
    monkeypatch.setattr(api.serving, "_run", lambda *_: meanwhile())
    monkeypatch.setattr(api.serving, "log_as_json", lambda: None)
    api.serving.serve(service, ApiSettings(spool=folder), 0)


def test_events_are_delivered_beside_requests(
    monkeypatch: pytest.MonkeyPatch, service: Service, shop: Receiver, tmp_path: Path
) -> None:
    log = Log(service.store, SystemClock())
    log.subscribe(address=shop.url)

    def meanwhile() -> None:
        log.many(20)
        until(lambda: len(shop.taken) == 20)

    serving(monkeypatch, service, tmp_path, meanwhile)
    assert not [thread for thread in threading.enumerate() if "deliver" in thread.name]


def test_delivery_is_left_to_others_where_that_is_set(
    monkeypatch: pytest.MonkeyPatch, service: Service, tmp_path: Path
) -> None:
    others = Service(replace(service.settings, delivery=replace(OWN, inline=False)))
    names = list[str]()
    serving(
        monkeypatch,
        others,
        tmp_path,
        lambda: names.extend(thread.name for thread in threading.enumerate()),
    )
    assert "_tidy" in names
    assert not [name for name in names if "deliver" in name]
    others.store.close()


def test_how_far_behind_subscribers_are_is_numbered(api: Api, shop: Receiver) -> None:
    log = Log(api.service.store, SystemClock())
    log.subscribe(address=shop.url)
    log.subscribe("erp", address=shop.url)
    log.deliveries.set_status("erp", SubscriberStatus.PAUSED, "")
    api.tell("pos", "1", **INES)
    api.tell("pos", "2", **BERT)
    now = SystemClock().now()
    log.deliveries.put_dead_letter(DeadLetter("erp", "g1", 1, "g1.1", "HTTP_422", "", 10, now, now, "{}"))
    text = api.http.get("/metrics").text
    for line in (
        'identity_subscriber{number="behind",subscriber="shop"} 2.0',
        'identity_subscriber{number="active",subscriber="shop"} 1.0',
        'identity_subscriber{number="active",subscriber="erp"} 0.0',
        'identity_subscriber{number="dead_letters",subscriber="erp"} 1.0',
        'identity_subscriber{number="held",subscriber="shop"} 0.0',
    ):
        assert line in text
    log.deliveries.remove("erp")
    assert 'subscriber="erp"' not in api.http.get("/metrics").text
