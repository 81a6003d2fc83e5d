"""`serve` delivers events and works off jobs beside its requests; how far it came is numbered for Prometheus."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import api.serving
from api.settings import ApiSettings
from identity.bootstrap import Service, Settings, SystemClock
from identity.commands.work_off import spool_of
from identity.delivery.addresses import Allowed
from identity.delivery.signing import secrets_from
from identity.model.delivery import DeadLetter, SubscriberStatus
from identity.model.errors import RulesError
from identity.model.job import Job, JobKind, JobStatus
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
def service(sqlite_url: str, tmp_path: Path) -> Iterator[Service]:
    found = Service(
        Settings(sqlite_url, index_secret="a secret of the tests", spool=tmp_path / "spool", delivery=OWN)
    )
    yield found
    found.store.close()


def serving(
    monkeypatch: pytest.MonkeyPatch, service: Service, folder: Path, meanwhile: Callable[[], None]
) -> None:
    """Serve for as long as something takes, without a port."""
    monkeypatch.setattr(api.serving, "_run", lambda *_: meanwhile())
    monkeypatch.setattr(api.serving, "log_as_json", lambda: None)
    api.serving.serve(service, ApiSettings(signing_key=folder / "key.json"), 0)


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


def test_files_are_worked_off_beside_requests(
    monkeypatch: pytest.MonkeyPatch, service: Service, tmp_path: Path
) -> None:
    log, spool = service.store.jobs(SystemClock()), spool_of(service)
    spool.open()
    spool.upload("j1").write_text('{"source_record_id":"1","family_name":"Okafor"}\n', encoding="utf-8")
    asked = {"source": "till"}
    log.queue(Job("j1", JobKind.UPLOAD, JobStatus.QUEUED, "shop", SystemClock().now(), asked, {}))

    def ended() -> bool:
        found = log.job("j1")
        return found is not None and found.status is JobStatus.DONE

    serving(monkeypatch, service, tmp_path, lambda: until(ended))
    assert service.store.views.counts().records == 1
    assert not list(spool.folder.iterdir())


def test_connections_of_all_processes_send_at_once_and_share_the_port() -> None:
    with api.serving._listening("127.0.0.1", 0) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        port = listening.getsockname()[1]
        with pytest.raises(RulesError, match="E143"):
            api.serving._listening("127.0.0.1", port)
