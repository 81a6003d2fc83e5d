"""addresses: where events may be sent. An address that a subscriber gives must not lead into the house.

Names are resolved here, every address they stand for is looked at, and the connection goes to the one that was looked
at: a name that means something else a moment later changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx2

from identity.model.errors import DeliveryError

__all__ = ["Allowed", "Destination", "Refused", "destination", "is_public", "pinned", "resolve"]

Resolve = Callable[[str, int], Sequence[str]]
_LONGEST = 2_000

_REFUSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers, and the metadata of a cloud
        "127.0.0.0/8",
        "168.63.129.16/32",  # public by its number, and the metadata of a cloud
        "169.254.0.0/16",  # this link, and the metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays into IPv6
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only what is handed out to the public, without what leads to an IPv4 address inside it.
_PUBLIC_6 = IPv6Network("2000::/3")
_REFUSED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # Teredo and other protocols
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts that may be in the house, and be spoken to without TLS: for tests, and for receivers of one's own."""

    private_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Destination:
    """A URL that was looked at: its host may be a name that nobody has resolved yet."""

    url: httpx2.URL
    host: str
    port: int
    private: bool


class Refused(Exception):
    """A name that does not resolve, or resolves to an address that is not public; the argument is a code."""


def destination(address: str, allowed: Allowed) -> Destination:
    """Return where a URL leads. DeliveryError E702 where events must not be sent there, as far as that can be told
    without resolving a name. The address is not repeated: it may hold a password."""
    try:
        url = httpx2.URL(address)
        host, port = url.raw_host.decode("ascii"), url.port
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise _refused("it is not a URL") from None
    if port is None:
        port = {"http": 80, "https": 443}.get(url.scheme, 0)
    private = host in allowed.private_hosts
    if (
        not host
        or not 0 < port < 65_536
        or len(address) > _LONGEST
        or any(ord(sign) <= ord(" ") for sign in address)
    ):
        raise _refused("it is not a URL of a host")
    if url.scheme != "https" and not (private and url.scheme == "http"):
        raise _refused("it does not begin with https://")
    if url.userinfo or "@" in address.split("?")[0]:
        raise _refused("it names a user")
    number = _number(host.rstrip("."))
    if number is not None and not private and not is_public(number):
        raise _refused("it leads to an address that is not public")
    return Destination(url, host, port, private)


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that a name stands for, in the order in which the system would try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def pinned(towards: Destination, look_up: Resolve = resolve) -> str:
    """Return the address to connect to. Refused when the name does not resolve, or when any address it stands for is
    not public: of two answers nobody knows which will be taken."""
    try:
        found = look_up(towards.host, towards.port)
        numbers = [ip_address(address.partition("%")[0]) for address in found]
    except (OSError, UnicodeError, ValueError):
        raise Refused("UNRESOLVED") from None
    if not numbers:
        raise Refused("UNRESOLVED")
    if not towards.private and not all(map(is_public, numbers)):
        raise Refused("NOT_PUBLIC")
    return str(numbers[0])


def is_public(number: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is anybody's on the internet, and leads to none that is not."""
    if isinstance(number, IPv4Address):
        return not any(number in network for network in _REFUSED_4)
    return number in _PUBLIC_6 and not any(number in network for network in _REFUSED_6)


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host is written as, in any spelling that a system would take for one."""
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    try:
        # Also 2130706433, 0x7f.1 and 0177.0.0.1.
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError, ValueError):
        return None


def _refused(reason: str) -> DeliveryError:
    return DeliveryError(
        "E702",
        f"Events are not sent to that address: {reason}.",
        "Give a public https address; IDENTITY_WEBHOOK_PRIVATE_HOSTS names hosts of one's own.",
    )
