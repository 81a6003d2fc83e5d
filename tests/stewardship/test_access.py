"""Who comes in, what each may do, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from identity.bootstrap import SystemClock
from identity.model.errors import RulesError
from identity.model.steward import Role
from stewardship.app import PLACES
from stewardship.places import EVERYBODY
from stewardship.rights import MAY, Right
from stewardship.settings import screen_settings_from

from .world import PASSWORD, World

OPEN = {"/login", "/logout", "/oidc", "/oidc/back"}
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def filled(path: str) -> str:
    for name in ("task_id", "golden_id", "operation_id", "run_id", "name"):
        path = path.replace(f"{{{name}}}", "x")
    return path


def test_every_place_declares_a_right_and_only_these_are_open() -> None:
    assert {place.path for place in PLACES if place.needs == EVERYBODY} == OPEN
    assert all(place.needs in set(Right) for place in PLACES if place.path not in OPEN)
    assert len({(place.method, place.path) for place in PLACES}) == len(PLACES)


def test_there_is_no_way_around_the_places(world: World) -> None:
    answered = {
        (method, route.path.removeprefix("/review"))
        for route in world.screen_routes()
        for method in route.methods - {"HEAD"}
    }
    assert answered - {("GET", "/static/{name}")} == {(place.method, place.path) for place in PLACES}


def test_every_right_is_needed_somewhere_and_somebodys() -> None:
    assert {place.needs for place in PLACES} - {EVERYBODY} | {Right.APPROVE} == set(Right)
    assert set().union(*MAY.values()) == set(Right)
    assert set(MAY) == set(Role)
    assert Right.REVEAL not in MAY[Role.AUDITOR] | MAY[Role.ADMIN]
    assert Right.DECIDE not in MAY[Role.AUDITOR] | MAY[Role.ADMIN] | MAY[Role.PRIVACY_OFFICER]


def test_who_has_not_logged_in_is_sent_to_log_in(world: World) -> None:
    nobody = world.visitor()
    for place in PLACES:
        if place.path in OPEN:
            continue
        answer = nobody.get(filled(place.path)) if place.method == "GET" else nobody.post(filled(place.path))
        assert (answer.status_code, answer.headers["location"]) == (303, "/review/login"), place.path


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_the_table_says_and_nothing_else(world: World, role: Role) -> None:
    visitor = world.visitor("ana", role)
    visitor.get("/nowhere")
    for place in PLACES:
        if place.path in OPEN:
            continue
        answer = (
            visitor.get(filled(place.path)) if place.method == "GET" else visitor.post(filled(place.path))
        )
        refused = answer.status_code == 403
        assert refused == (place.needs not in MAY[role]), (place.method, place.path, answer.status_code)


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(world: World) -> None:
    world.visitor("ana")
    wrong = world.visitor().log_in("ana", "another password")
    unknown = world.visitor().log_in("nobody", PASSWORD)
    assert wrong.status_code == unknown.status_code == 403
    assert "Name or password is wrong." in wrong.text
    assert "Name or password is wrong." in unknown.text


def test_too_many_attempts_are_held_up_also_with_the_right_password(world: World) -> None:
    world.visitor("ana")
    world.visitor("ben")
    for _ in range(8):
        assert world.visitor().log_in("ana", "another password").status_code == 403
    assert world.visitor().log_in("ana").status_code == 429
    assert world.visitor().log_in("ben").status_code == 303


def test_logging_out_ends_the_session_for_good(world: World) -> None:
    ana = world.visitor("ana")
    token = ana.http.cookies["session"]
    assert ana.get("").status_code == 200
    ana.post("/logout")
    ana.http.cookies.set("session", token)
    assert ana.get("").status_code == 303


def test_a_session_ends_when_nobody_uses_it(world_of: Callable[..., World]) -> None:
    world = world_of(idle=timedelta(0))
    ana = world.visitor("ana")
    assert ana.get("").status_code == 303


def test_every_log_in_has_a_token_of_its_own_and_it_is_stored_as_a_digest(world: World) -> None:
    ana, again = world.visitor("ana"), world.visitor("ana")
    tokens = {ana.http.cookies["session"], again.http.cookies["session"]}
    assert len(tokens) == 2
    stewards = world.service.store.stewards(SystemClock())
    assert all(stewards.session(token, timedelta(hours=1)) is None for token in tokens)


def test_over_https_the_cookie_is_held_to_this_host(world_of: Callable[..., World]) -> None:
    world = world_of(development=False)
    ana = world.visitor()
    answer = ana.get("/login")
    assert "__Host-lobby=" in answer.headers["set-cookie"]
    world.visitor("ana")
    told = ana.log_in("ana").headers.get_list("set-cookie")
    (cookie,) = [each for each in told if each.startswith("__Host-session=")]
    for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    "forged",
    [
        {"csrf": ""},
        {"csrf": "0" * 32},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_what_did_not_come_from_a_page_of_ours_is_refused(world: World, forged: dict[str, str]) -> None:
    ana, task = world.visitor("ana"), world.task()
    ana.get("")
    form = {"csrf": forged["csrf"]} if "csrf" in forged else {}
    headers = {name: value for name, value in forged.items() if name != "csrf"}
    answer = ana.post(f"/tasks/{task.task_id}/claim", form, **headers)
    assert answer.status_code == 403
    assert world.service.store.desks(SystemClock()).desk(task.task_id).holder is None
    assert ana.post(f"/tasks/{task.task_id}/claim").status_code == 303


def test_a_token_of_somebody_elses_page_is_refused(world: World) -> None:
    ana, ben = world.visitor("ana"), world.visitor("ben")
    ben.get("")
    assert ana.post("/next", {"csrf": ben.csrf}).status_code == 403


def test_logging_in_cannot_be_forged_either(world: World) -> None:
    world.visitor("ana")
    stranger = world.visitor()
    assert stranger.post("/login", {"name": "ana", "password": PASSWORD}).status_code == 403


@pytest.mark.parametrize("place", ["/login", "", "/nowhere", "/tasks/none", "/static/screen.css"])
def test_every_answer_says_what_browsers_are_to_keep_to(world: World, place: str) -> None:
    answer = world.visitor("ana").get(place)
    assert answer.headers["content-security-policy"] == STRICT
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert ("no-store" in answer.headers["cache-control"]) == (place != "/static/screen.css")


def test_in_development_no_other_name_than_this_machines_is_answered(world: World) -> None:
    assert world.visitor().get("/login", host="evil.example").status_code == 400


def test_the_api_is_still_beside_the_screen(world: World) -> None:
    visitor = world.visitor()
    assert visitor.http.get("/healthz").json() == {"status": "ok"}
    assert visitor.http.get("/v1/runs").status_code == 401
    assert visitor.http.get("/reviews").status_code == 404


def test_accounts_are_opened_changed_and_closed_by_an_admin_but_not_their_own(world: World) -> None:
    admin = world.visitor("root", Role.ADMIN)
    admin.get("/accounts")
    form = {"name": "eva", "role": "steward", "password": PASSWORD}
    assert admin.post("/accounts", form).status_code == 303
    assert admin.post("/accounts", form).status_code == 400
    assert admin.post("/accounts", {**form, "name": "fay", "password": "short"}).status_code == 400
    eva = world.visitor("eva")
    assert admin.post("/accounts/eva", {"role": "lead"}).status_code == 303
    assert "Re-matches" in eva.get("").text
    assert admin.post("/accounts/root", {"role": "lead"}).status_code == 400
    assert admin.post("/accounts/eva", {"active": "no"}).status_code == 303
    assert eva.get("").status_code == 303
    assert world.visitor().log_in("eva").status_code == 403


def test_what_a_steward_is_shown_is_masked_until_they_ask_and_is_written_down(world: World) -> None:
    ana, auditor, task = world.visitor("ana"), world.visitor("otto", Role.AUDITOR), world.task()
    left, right = (str(task.details[side]) for side in ("left", "right"))
    record = world.service.store.views.record(_key(left))
    assert record is not None
    city = record.attributes["city"]
    assert city not in ana.get(f"/tasks/{task.task_id}").text
    ana.follow(ana.post(f"/tasks/{task.task_id}/reveal"))
    assert city in ana.last.text
    assert right.partition(":")[2] in ana.last.text
    other = world.visitor("ana")
    assert city not in other.get(f"/tasks/{task.task_id}").text
    page = auditor.get("/audit").text
    assert task.task_id in page
    assert city not in auditor.get(f"/tasks/{task.task_id}").text


def _key(text: str) -> Any:
    from stewardship.scene import key_of

    return key_of(text)


def test_settings_that_make_no_sense_are_refused_and_not_repeated() -> None:
    assert screen_settings_from({}).development
    assert screen_settings_from({"IDENTITY_FOUR_EYES": "7.5"}).four_eyes == 7.5
    for name, value in (
        ("SESSION_IDLE", "0"), ("FOUR_EYES", "many"), ("OIDC_ISSUER", "http://id.example"),
    ):  # fmt: skip
        with pytest.raises(RulesError, match=f"IDENTITY_{name}") as refused:
            screen_settings_from({f"IDENTITY_{name}": value})
        assert value not in str(refused.value) or len(value) == 1
