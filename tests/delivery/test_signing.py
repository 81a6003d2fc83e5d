"""A receiver knows who sent an event, also while a secret is replaced; secrets are in no database and no message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from identity.delivery.signing import secrets_from, signed
from identity.model.errors import DeliveryError

from .receivers import Receiver, receiver
from .world import SECRETS, Log, courier_on, told

NEW, OLD = SECRETS["IDENTITY_WEBHOOK_SECRET_NEW"], SECRETS["IDENTITY_WEBHOOK_SECRET_OLD"]
OTHER = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6enp6"


@pytest.fixture
def shop() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


def test_what_arrives_is_verified_by_the_bytes_that_arrived(log: Log, shop: Receiver) -> None:
    log.clock = Now()
    log.subscribe(address=shop.url, secrets=("new",))
    log.many(2)
    told(courier_on(log, shop.url))
    for heard in shop.heard:
        headers = dict(heard.headers)
        assert Webhook(NEW).verify(heard.content, headers) == heard.event
        assert headers["webhook-id"] == heard.event["id"]
        with pytest.raises(WebhookVerificationError):
            Webhook(OTHER).verify(heard.content, headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(NEW).verify(heard.content.replace(b"g0", b"g1").replace(b"/1", b"/2"), headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(NEW).verify(heard.content, {**headers, "webhook-id": "another"})
        with pytest.raises(WebhookVerificationError, match="too old"):
            Webhook(NEW).verify(heard.content, {**headers, "webhook-timestamp": "1700000000"})


def test_while_a_secret_is_replaced_both_hold_and_then_only_the_new_one(log: Log, shop: Receiver) -> None:
    log.clock = Now()
    log.subscribe(address=shop.url, secrets=("old",))
    for secrets in (("old",), ("new", "old"), ("new",)):
        log.deliveries.set_secrets("shop", secrets)
        log.many(1)
        told(courier_on(log, shop.url))
    before, meanwhile, after = shop.heard
    for heard, holds in ((before, {OLD}), (meanwhile, {OLD, NEW}), (after, {NEW})):
        for secret in (OLD, NEW):
            if secret in holds:
                Webhook(secret).verify(heard.content, dict(heard.headers))
            else:
                with pytest.raises(WebhookVerificationError):
                    Webhook(secret).verify(heard.content, dict(heard.headers))
    newest, _ = meanwhile.headers["webhook-signature"].split(" ")
    assert newest in Webhook(NEW).sign(
        meanwhile.event["id"], _moment(meanwhile.headers), meanwhile.content.decode()
    )


class Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


def _moment(headers: object) -> datetime:
    assert isinstance(headers, dict)
    return datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)


def test_a_secret_is_in_the_environment_or_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "shop-1").write_text(f"{OLD}\n")
    secrets = secrets_from({"IDENTITY_WEBHOOK_SECRET_SHOP_1": f" {NEW}\n"}, tmp_path)
    assert secrets("shop-1") == NEW
    assert secrets_from({}, tmp_path)("shop-1") == OLD


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_c2hvcnQ=", "short", "whsec_?????", "  "])
def test_what_is_no_secret_signs_nothing_and_is_not_repeated(secret: str, tmp_path: Path) -> None:
    (tmp_path / "shop").write_text(secret)
    at = datetime(2026, 3, 2, tzinfo=UTC)
    with pytest.raises(DeliveryError, match="E704") as refused:
        signed(b"{}", "g1/1", at, ["shop"], secrets_from({}, tmp_path))
    assert secret.strip() in ("", "short", "whsec_") or secret not in str(refused.value)


def test_a_secret_that_cannot_be_read_is_missed(tmp_path: Path) -> None:
    (tmp_path / "shop").write_bytes(b"\xff\xfe")
    with pytest.raises(DeliveryError, match="E704"):
        secrets_from({}, tmp_path)("shop")
    with pytest.raises(DeliveryError, match=r"E704.*IDENTITY_WEBHOOK_SECRET_NOBODY"):
        secrets_from({}, tmp_path)("nobody")


def test_without_its_secret_a_subscriber_is_told_nothing_and_nothing_is_lost(
    log: Log, shop: Receiver
) -> None:
    log.subscribe(address=shop.url, secrets=("new", "mislaid"))
    log.many(3)
    with pytest.raises(DeliveryError, match="E704"):
        told(courier_on(log, shop.url))
    assert shop.heard == []
    assert log.deliveries.subscriber("shop").position == 0
    log.deliveries.set_secrets("shop", ("new",))
    assert told(courier_on(log, shop.url)).taken == 3
