"""office: everybody who is told, each by a thread of its own: one that is down never delays another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event as Stop
from threading import Thread

from identity.delivery.addresses import Allowed, Resolve, destination, resolve
from identity.delivery.cloud_event import SOURCE
from identity.delivery.courier import Courier, Delivered, deliver
from identity.delivery.post import Post
from identity.delivery.redis_stream import RedisStream
from identity.delivery.relay import Relay, Relayed, relay, relay_until
from identity.delivery.signing import Secrets
from identity.model.delivery import Subscriber, SubscriberKind, SubscriberStatus
from identity.model.errors import DeliveryError, IdentityError
from identity.ports import Clock
from identity.ports.delivery import Deliveries

__all__ = ["Office", "deliver_once", "deliver_until"]

Report = Delivered | Relayed


@dataclass(frozen=True, slots=True)
class Office:
    """What everybody is told with. `redis_url` "": streams are not served here. `holder` names this process."""

    deliveries: Deliveries
    clock: Clock
    holder: str
    secrets: Secrets
    redis_url: str = ""
    source: str = SOURCE
    allowed: Allowed = field(default_factory=Allowed)
    patience: float = 10.0
    pause: float = 0.5
    look_after: float = 5.0
    look_up: Resolve = resolve


def deliver_once(office: Office, name: str) -> Report:
    """Tell one subscriber what there is, and return what came of it.

    LookupFailed E520; DeliveryError E702 for an address that is not allowed any more, E704 where a secret is missing,
    E705 where a stream belongs to another log, E706 where no server of streams is named.
    """
    subscriber = office.deliveries.subscriber(name)
    if subscriber.kind is SubscriberKind.REDIS:
        stream = _stream(office, subscriber)
        try:
            return relay(_relay(office, subscriber, stream))
        finally:
            stream.close()
    post = _post(office, subscriber)
    try:
        return deliver(_courier(office, subscriber, post))
    finally:
        post.close()


def deliver_until(
    office: Office, stop: Stop, tell: Callable[[str, Report | IdentityError], None] = lambda *_: None
) -> None:
    """Tell everybody until `stop` is set. Who is added is told from then on; `tell` hears what came of each turn."""
    at_work: dict[str, Thread] = {}
    while not stop.is_set():
        try:
            everybody = office.deliveries.subscribers()
        except IdentityError as error:  # the database is away: it comes back
            tell("", error)
            everybody = ()
        for subscriber in everybody:
            if _served(office, subscriber) and not _alive(at_work, subscriber.name):
                at_work[subscriber.name] = _begun(office, subscriber, stop, tell)
        stop.wait(office.look_after)
    for thread in at_work.values():
        thread.join()


def _served(office: Office, subscriber: Subscriber) -> bool:
    reachable = subscriber.kind is SubscriberKind.WEBHOOK or office.redis_url != ""
    return reachable and subscriber.status is SubscriberStatus.ACTIVE


def _alive(at_work: Mapping[str, Thread], name: str) -> bool:
    return name in at_work and at_work[name].is_alive()


def _begun(
    office: Office, subscriber: Subscriber, stop: Stop, tell: Callable[[str, Report | IdentityError], None]
) -> Thread:
    serve = _SERVE[subscriber.kind]
    thread = Thread(target=serve, args=(office, subscriber, stop, tell), name=f"deliver-{subscriber.name}")
    thread.start()
    return thread


def _serve_webhook(
    office: Office, subscriber: Subscriber, stop: Stop, tell: Callable[[str, Report | IdentityError], None]
) -> None:
    """Tell one subscriber until it is paused, disabled, removed or changed."""
    try:
        post = _post(office, subscriber)
    except DeliveryError as error:
        tell(subscriber.name, error)
        return
    courier = _courier(office, subscriber, post)
    try:
        while not stop.is_set():
            told = deliver(courier, stop.is_set)
            tell(subscriber.name, told)
            if office.deliveries.subscriber(subscriber.name).address != subscriber.address:
                return
            if told.why == "inactive":
                return
            stop.wait(_rest(office, told.again_at))
    except IdentityError as error:  # begun again at the next look
        tell(subscriber.name, error)
    finally:
        post.close()


def _serve_stream(
    office: Office, subscriber: Subscriber, stop: Stop, tell: Callable[[str, Report | IdentityError], None]
) -> None:
    stream = _stream(office, subscriber)
    try:
        relay_until(_relay(office, subscriber, stream), stop, lambda told: tell(subscriber.name, told))
    except IdentityError as error:
        tell(subscriber.name, error)
    finally:
        stream.close()


_SERVE = {SubscriberKind.WEBHOOK: _serve_webhook, SubscriberKind.REDIS: _serve_stream}


def _rest(office: Office, again_at: datetime | None) -> float:
    """Return how long to do nothing: new events are looked for soon, also while others wait for days."""
    if again_at is None:
        return office.pause
    return max(0.0, min(office.pause, (again_at - office.clock.now()).total_seconds()))


def _post(office: Office, subscriber: Subscriber) -> Post:
    return Post(destination(subscriber.address, office.allowed), office.patience, office.look_up)


def _courier(office: Office, subscriber: Subscriber, post: Post) -> Courier:
    return Courier(
        office.deliveries, subscriber.name, office.holder, post, office.secrets, office.clock, office.source
    )


def _stream(office: Office, subscriber: Subscriber) -> RedisStream:
    if not office.redis_url:
        raise DeliveryError("E706", "No server of streams is named.", "Set IDENTITY_REDIS_URL.")
    return RedisStream(office.redis_url, subscriber.address)


def _relay(office: Office, subscriber: Subscriber, stream: RedisStream) -> Relay:
    return Relay(office.deliveries, stream, subscriber.name, office.holder, office.source, subscriber.address)
