"""Behind a proxy log-ins are counted by who really asks; who is no proxy of ours says so in vain."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
import uvicorn

from api.serving import config_of
from api.settings import ApiSettings, api_settings_from
from identity.model.errors import RulesError

from .world import World


@contextmanager
def behind(world: World, proxies: str = "") -> Iterator[httpx2.Client]:
    server = uvicorn.Server(config_of(world.app, ApiSettings(trusted_proxies=proxies)))
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([bound],), daemon=True)
        thread.start()
        until = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}") as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(10)


def tried(client: httpx2.Client, name: str, sender: str) -> int:
    """Log in with a wrong password, by way of something that says for whom."""
    page = client.get("/review/login").text
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf is not None
    form = {"csrf": csrf[1], "name": name, "password": "wrong"}
    return client.post("/review/login", data=form, headers={"X-Forwarded-For": sender}).status_code


def test_addresses_are_counted_apart_behind_a_proxy_of_ours(world: World) -> None:
    with behind(world, "127.0.0.0/8") as client:
        told = [tried(client, f"nobody{number}", "203.0.113.1") for number in range(41)]
        assert told == [403] * 40 + [429]
        assert tried(client, "nobody", "203.0.113.2") == 403
        # Further hops are not believed: the last one that is no proxy of ours is who asks.
        assert tried(client, "nobody", "198.51.100.9, 203.0.113.1") == 429


def test_nobody_else_is_believed_about_who_asks(world: World) -> None:
    with behind(world) as client:
        told = [tried(client, f"nobody{number}", f"203.0.113.{number}") for number in range(41)]
        assert told == [403] * 40 + [429]


def test_proxies_are_addresses_or_networks() -> None:
    told = api_settings_from({"IDENTITY_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert told.trusted_proxies == "10.0.0.0/8,::1/128"
    assert api_settings_from({}).trusted_proxies == ""
    for wrong in ("*", "proxy.example", "10.0.0.0/64"):
        with pytest.raises(RulesError, match="E119"):
            api_settings_from({"IDENTITY_TRUSTED_PROXIES": wrong})
