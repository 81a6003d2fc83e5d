"""Events go to public addresses over TLS, and to the address that was looked at."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from identity.delivery.addresses import Allowed, Refused, destination, pinned
from identity.delivery.post import Outcome, Post, Verdict
from identity.model.errors import DeliveryError

from .certificates import certified
from .receivers import receiver

NOBODY = Allowed()
NOW = datetime(2026, 3, 2, tzinfo=UTC)

INSIDE = [
    "0.0.0.0", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.1.2.3",
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:7f00:1::",
    "2001:0:4136:e378::1", "2001:db8::1", "5f00::1", "100::1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:2800:220:1::1", "2a00:1450::1"]
SPELLINGS = [
    "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/",
    "https://017700000001/", "https://0xa9fea9fe/", "https://2852039166/", "https://[::ffff:169.254.169.254]/",
    "https://[::1]/", "https://10.0.0.1:8443/hook", "https://０x7f000001/", "https://127.0.0.1./",
]  # fmt: skip
NO_ADDRESSES = [
    "", "shop.example", "//shop.example/", "https://", "https:///hook", "https://shop.example:0/",
    "https://shop.example:99999/", "https://shop.example/ hook", "https://shop.example/\nhook", "file:///etc/passwd",
    "gopher://shop.example/", "ftp://shop.example/", "http://shop.example/", "javascript:alert(1)",
    "https://user@shop.example/", "https://user:word@shop.example/", "https://shop.example@10.0.0.1/",
    "https://@10.0.0.1/", "https://shop.example/" + "x" * 2_000,
]  # fmt: skip


@pytest.mark.parametrize("address", [*SPELLINGS, *NO_ADDRESSES])
def test_an_address_that_leads_inside_or_is_none_is_refused_when_it_is_given(address: str) -> None:
    with pytest.raises(DeliveryError, match="E702") as refused:
        destination(address, NOBODY)
    assert len(address) < 4 or address not in str(refused.value), "it may hold a password"


@pytest.mark.parametrize("number", INSIDE)
def test_a_name_that_stands_for_an_address_inside_is_not_connected_to(number: str) -> None:
    named = destination("https://shop.example/hook", NOBODY)
    for found in ([number], ["8.8.8.8", number], [number, "2606:2800:220:1::1"]):
        with pytest.raises(Refused, match="NOT_PUBLIC"):
            pinned(named, lambda *_, found=found: found)


@pytest.mark.parametrize("number", OUTSIDE)
def test_a_public_address_may_be_given_by_its_number_or_its_name(number: str) -> None:
    host = f"[{number}]" if ":" in number else number
    assert destination(f"https://{host}/hook", NOBODY).port == 443
    named = destination("https://shop.example:8443/hook?by=mail@shop", NOBODY)
    assert (named.host, named.port) == ("shop.example", 8443)
    assert pinned(named, lambda *_: [number]) == number


def test_a_name_in_another_script_is_the_name_that_machines_read() -> None:
    assert destination("https://Bücher.example/hook", NOBODY).host == "xn--bcher-kva.example"


@pytest.mark.parametrize("found", [[], ["not a number"], OSError("no such name")])
def test_a_name_that_does_not_resolve_is_not_connected_to(found: Any) -> None:
    def look_up(*_: object) -> Sequence[str]:
        if isinstance(found, OSError):
            raise found
        return list(found)

    with pytest.raises(Refused, match="UNRESOLVED"):
        pinned(destination("https://shop.example/", NOBODY), look_up)


def test_a_host_of_ones_own_may_be_inside_and_without_tls_and_no_other() -> None:
    own = Allowed(frozenset({"127.0.0.1", "erp.internal"}))
    assert destination("http://127.0.0.1:8080/hook", own).private
    assert pinned(destination("http://erp.internal/", own), lambda *_: ["10.0.0.7"]) == "10.0.0.7"
    for refused in (
        "http://127.0.0.2/",
        "http://shop.example/",
        "ftp://erp.internal/",
        "http://u@erp.internal/",
    ):
        with pytest.raises(DeliveryError, match="E702"):
            destination(refused, own)


def test_a_name_that_means_something_inside_when_it_is_used_gets_no_connection() -> None:
    """It was public when it was given: another answer a moment later changes nothing."""
    with receiver() as inside:
        answers = iter([["127.0.0.1"], ["127.0.0.1", "8.8.8.8"]])
        named = destination(f"https://shop.example:{inside.port}/hook", NOBODY)
        post = Post(named, 2.0, lambda *_: next(answers))
        for _ in range(2):
            assert post(b"{}", {}, NOW) == Outcome(Verdict.FAILED, "NOT_PUBLIC")
        post.close()
        assert inside.connections == 0


def test_the_connection_goes_to_the_address_that_was_looked_at_and_nobody_resolves_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked, really = list[str](), socket.getaddrinfo
    looked = list[str]()

    def listening(host: Any, *rest: Any, **more: Any) -> Any:
        asked.append(str(host))
        return really(host, *rest, **more)

    def look_up(host: str, _: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(socket, "getaddrinfo", listening)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    server, trusting = certified("shop.example", tmp_path)
    with receiver(server) as shop:
        own = Allowed(frozenset({"shop.example"}))
        post = Post(destination(f"https://shop.example:{shop.port}/hook", own), 5.0, look_up, trusting)
        for _ in range(3):
            assert post(b"{}", {}, NOW) == Outcome(Verdict.TAKEN)
        post.close()
        assert (shop.connections, looked) == (1, ["shop.example"])
        assert shop.heard[0].headers["host"] == f"shop.example:{shop.port}"
    assert "shop.example" not in asked


def test_a_certificate_has_to_be_trusted_and_for_the_name(tmp_path: Path) -> None:
    server, trusting = certified("other.example", tmp_path)
    own = Allowed(frozenset({"shop.example", "other.example"}))
    with receiver(server) as shop:
        for name, trust in (("shop.example", trusting), ("other.example", None)):
            towards = destination(f"https://{name}:{shop.port}/hook", own)
            post = Post(towards, 5.0, lambda *_: ["127.0.0.1"], trust)
            assert post(b"{}", {}, NOW) == Outcome(Verdict.FAILED, "UNREACHABLE")
            post.close()
        assert shop.heard == []
