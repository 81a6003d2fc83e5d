"""Log in with the company's identity provider: a real one, on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from identity.bootstrap import SystemClock
from identity.model.steward import Role
from stewardship.accounts import opened
from stewardship.settings import OidcSettings

from .provider import CLIENT, SECRET, Provider, provider
from .world import Visitor, World


@pytest.fixture
def issuer() -> Iterator[Provider]:
    with provider(sub="42", preferred_username="Ines", roles=["other", "lead"]) as found:
        yield found


@pytest.fixture
def world(world_of: Callable[..., World], issuer: Provider) -> World:
    return world_of(oidc=OidcSettings(issuer.issuer, CLIENT, SECRET))


def come(visitor: Visitor) -> str:
    """Go to the provider; return where it sends the browser back to."""
    assert "company account" in visitor.get("/login").text
    begun = visitor.get("/oidc")
    assert begun.status_code == 303
    return str(httpx2.get(begun.headers["location"]).headers["location"])


def back(visitor: Visitor, place: str) -> httpx2.Response:
    parts = urlsplit(place)
    answer: httpx2.Response = visitor.get(f"{parts.path}?{parts.query}")
    return answer


def test_who_is_known_there_with_a_role_comes_in(world: World, issuer: Provider) -> None:
    visitor = world.visitor()
    assert back(visitor, come(visitor)).status_code == 303
    assert "ines · lead" in visitor.get("").text
    (asked,) = issuer.asked
    assert (asked["response_type"], asked["code_challenge_method"], asked["client_id"]) == (
        "code",
        "S256",
        CLIENT,
    )
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


def test_a_role_that_changed_there_is_changed_here(world: World, issuer: Provider) -> None:
    first, second = world.visitor(), world.visitor()
    back(first, come(first))
    issuer.claims["roles"] = "auditor"
    back(second, come(second))
    assert "ines · auditor" in second.get("").text
    assert len(world.service.store.stewards(SystemClock()).stewards()) == 1


def test_who_has_no_role_there_needs_an_account_here(world: World, issuer: Provider) -> None:
    issuer.claims.update(sub="7", roles=[])
    visitor = world.visitor()
    assert back(visitor, come(visitor)).status_code == 403
    opened(world.service, "otto", "auditor", issuer=issuer.issuer, subject="7")
    assert back(visitor, come(visitor)).status_code == 303
    assert "otto · auditor" in visitor.get("").text
    world.service.store.stewards(SystemClock()).set_active("otto", active=False)
    other = world.visitor()
    assert back(other, come(other)).status_code == 403


def test_nobody_comes_in_as_somebody_who_has_a_password_here(world: World) -> None:
    world.visitor("ines", Role.ADMIN)
    visitor = world.visitor()
    assert back(visitor, come(visitor)).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ("state", 400),
        ("denied", 403),
        ("issuer", 403),
        ("audience", 403),
        ("nonce", 403),
        ("expired", 403),
        ("key", 403),
    ],
)
def test_what_does_not_fit_is_refused(world: World, issuer: Provider, wrong: str, status: int) -> None:
    issuer.wrong = wrong
    visitor = world.visitor()
    assert back(visitor, come(visitor)).status_code == status
    assert visitor.get("").status_code == 303


def test_another_browser_cannot_use_what_came_back(world: World, issuer: Provider) -> None:
    visitor, thief = world.visitor(), world.visitor()
    place = come(visitor)
    assert back(thief, place).status_code == 400
    come(thief)
    assert back(thief, place).status_code == 400
    assert back(visitor, place).status_code == 303
    assert parse_qs(urlsplit(place).query)["code"][0] not in issuer.codes


def test_a_code_is_used_once(world: World, issuer: Provider) -> None:
    visitor = world.visitor()
    place = come(visitor)
    issuer.codes.clear()
    assert back(visitor, place).status_code == 403


def test_a_provider_that_is_away_or_another_is_said(world: World, issuer: Provider) -> None:
    issuer.wrong = "discovery"
    assert world.visitor().get("/oidc").status_code == 403
    issuer.wrong = ""
    issuer.issuer += "9"
    assert world.visitor().get("/oidc").status_code in (403, 503)


def test_without_a_provider_there_is_none(world_of: Callable[..., World]) -> None:
    visitor = world_of().visitor()
    assert "company account" not in visitor.get("/login").text
    assert visitor.get("/oidc").status_code == 404
