"""What stands between a commit and its effect, each a process of its own.

python -m bench.events.processes relay ADDRESS REDIS           publish until told to end
python -m bench.events.processes follow ADDRESS REDIS MANY     follow so many events, and say when each took effect
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from identity.bootstrap import SystemClock
from identity.consumers.following import Following, follow_until
from identity.consumers.stream import StreamFeed
from identity.delivery.redis_stream import STREAM, RedisStream
from identity.delivery.relay import Relay, relay_until
from identity.model.following import Followed, FollowedOutcome
from identity.ports.consumers import Hold
from identity.ports.delivery import LoggedEvent
from identity.store import Store

__all__ = ["FOLLOWER", "SUBSCRIBER"]

FOLLOWER, SUBSCRIBER = "bench", "stream"


class _Noting:
    """A follower whose effect is to know when it happened."""

    name = FOLLOWER
    types = frozenset({"customer.created", "customer.updated"})

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def follow(self, event: LoggedEvent, hold: Hold, *, look: bool = False) -> Followed:  # noqa: ARG002
        self.at[event.event_id] = time.time()
        return Followed(FollowedOutcome.DONE)


def _relay(address: str, redis_url: str) -> dict[str, Any]:
    stop = _until_told()
    deliveries = Store(address).deliveries(SystemClock())
    relay_until(Relay(deliveries, RedisStream(redis_url), SUBSCRIBER, "bench", pause=0.02), stop)
    return {}


def _follow(address: str, redis_url: str, many: str) -> dict[str, Any]:
    stop, follower = threading.Event(), _Noting()
    consumers = Store(address).consumers(SystemClock())
    feed = StreamFeed(redis_url, STREAM, FOLLOWER, "bench", consumers)
    room = Following(
        consumers, follower, feed, SystemClock(), "bench", lambda event: event.event_id, pause=0.01
    )

    def enough(_: object) -> None:
        if len(follower.at) >= int(many):
            stop.set()

    watching = threading.Thread(target=_watch, args=(stop, lambda: enough(None)), daemon=True)
    watching.start()
    follow_until(room, stop)
    return {"at": follower.at}


def _watch(stop: threading.Event, look: Callable[[], None]) -> None:
    while not stop.is_set():
        look()
        time.sleep(0.05)


def _until_told() -> threading.Event:
    """Return what is set when whoever started this process closes its input."""
    stop = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    return stop


_ROLES: Mapping[str, Callable[..., dict[str, Any]]] = {"relay": _relay, "follow": _follow}

if __name__ == "__main__":
    told = _ROLES[sys.argv[1]](*sys.argv[2:])
    sys.stdout.buffer.write(orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE))
