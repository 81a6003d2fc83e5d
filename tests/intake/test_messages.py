"""Signed messages: who is believed, what becomes of each, and that neither order nor repetition matters."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.routes.intake import sharpened
from api.settings import api_settings_from
from api.signatures import intake_secrets_from
from identity.bootstrap import SystemClock
from identity.commands.quarantine import mend
from identity.model.errors import RulesError
from identity.model.intake import WishKind
from identity.model.record import RecordKey
from tests.api.conftest import Api
from tests.intake.signing import LOYALTY, SECRETS, SHOPIFY, shopify, standard

ONCE, LATER = "2026-03-01T07:00:00-05:00", "2026-03-01T08:00:00-05:00"
NUMBER = 706405506930370084


def ines(updated_at: str = ONCE, **told: Any) -> dict[str, Any]:
    return {
        "id": NUMBER,
        "updated_at": updated_at,
        "first_name": "Ines",
        "last_name": "Okafor",
        "email": "ines@example.com",
        **told,
    }


def send(api: Api, told: dict[str, Any]) -> Any:
    return api.http.post(**told)


def outcome(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["outcome"])


def stored(api: Api, source: str, record_id: str) -> Any:
    key = RecordKey(source, record_id)
    with api.service.store.look() as look:
        found = look.stored([key]).get(key)
    return found if found and found.live else None


def test_a_customer_of_shopifys_becomes_a_record(api: Api) -> None:
    consent = {"state": "subscribed", "consent_updated_at": ONCE}
    told = ines(email_marketing_consent=consent, default_address={"city": "Oslo", "zip": "0150"})
    assert outcome(send(api, shopify("customers/create", told, "m1"))) == "accepted"
    found = stored(api, "ecommerce", str(NUMBER))
    assert found.record.attributes["given_name"] == "Ines"
    assert found.record.attributes["city"] == "Oslo"
    assert found.record.consents == {"marketing.email": "granted"}
    assert found.record.observed_at == datetime(2026, 3, 1, 12, tzinfo=UTC)
    answer = api.post("/v1/lookup", {"email": "INES@example.com"})
    assert answer.status_code == 200


def test_a_message_that_comes_twice_is_carried_out_once(api: Api) -> None:
    message = shopify("customers/create", ines(), "m1")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(api, message), range(8)))
    assert {answer.content for answer in answers} == {answers[0].content}
    assert outcome(answers[0]) == "accepted"
    assert outcome(send(api, shopify("customers/create", ines(), "m2"))) == "unchanged"
    other = send(api, shopify("customers/update", ines(first_name="Bert"), "m1"))
    assert (other.status_code, other.json()["code"]) == (409, "KEY_USED")


def test_what_was_observed_earlier_never_overwrites(api: Api) -> None:
    new = shopify("customers/update", ines(LATER, first_name="Inês"), "m2")
    assert outcome(send(api, new)) == "accepted"
    assert outcome(send(api, shopify("customers/create", ines(), "m1"))) == "superseded"
    assert stored(api, "ecommerce", str(NUMBER)).record.attributes["given_name"] == "Inês"


def test_of_two_changes_in_one_second_the_one_that_was_triggered_later_holds(api: Api) -> None:
    first = shopify("customers/create", ines(), "m1", triggered_at="2026-03-01T12:00:00.100Z")
    second = shopify(
        "customers/update", ines(first_name="Inês"), "m2", triggered_at="2026-03-01T12:00:00.200Z"
    )
    assert outcome(send(api, second)) == "accepted"
    assert outcome(send(api, first)) == "superseded"


def test_what_is_told_again_later_is_as_fresh_as_that(api: Api) -> None:
    def told(minute: int, name: str) -> dict[str, Any]:
        return standard(member("updated", f"2026-03-01T12:0{minute}:00Z", first_name=name), f"m{minute}")

    assert outcome(send(api, told(1, "Ines"))) == "accepted"
    assert outcome(send(api, told(3, "Ines"))) == "accepted"
    assert outcome(send(api, told(2, "Bert"))) == "superseded"
    assert stored(api, "loyalty", "L-77").record.attributes["given_name"] == "Ines"


@given(st.integers(0, 10**10), st.integers(0, 10**10))
def test_a_moment_is_sharpened_within_its_second(one: int, other: int) -> None:
    observed = datetime(2026, 3, 1, tzinfo=UTC)
    early, late = sorted(timedelta(milliseconds=each) for each in (one, other))
    made = [sharpened(observed, observed + each) for each in (early, late)]
    assert observed <= made[0] <= made[1] < observed + timedelta(seconds=1)
    assert sharpened(observed, None) == sharpened(observed, observed - timedelta(1)) == observed


def test_a_deleted_customer_stays_deleted_whatever_comes_late(api: Api) -> None:
    send(api, shopify("customers/create", ines(), "m1"))
    gone = shopify("customers/delete", {"id": NUMBER, "metafields": {"birth_date": "2026-02-31"}}, "m2")
    assert outcome(send(api, gone)) == "deleted"
    assert outcome(send(api, shopify("customers/update", ines(LATER), "m3"))) == "superseded"
    assert stored(api, "ecommerce", str(NUMBER)) is None
    assert outcome(send(api, shopify("customers/delete", {"id": 5}, "m4"))) == "unknown"
    assert outcome(send(api, shopify("customers/create", ines(id=5), "m5"))) == "superseded"
    assert stored(api, "ecommerce", "5") is None


def test_what_makes_no_sense_is_quarantined_and_the_message_taken(api: Api) -> None:
    impossible = ines(metafields={"birth_date": "2024-02-31"})
    answer = send(api, shopify("customers/create", impossible, "m1"))
    assert answer.json() == {"outcome": "quarantined", "code": "E313"}
    again = send(api, shopify("customers/create", impossible, "m1"))
    assert again.json() == answer.json()
    nobody = send(api, shopify("customers/create", {"first_name": "Ines", "updated_at": ONCE}, "m2"))
    assert nobody.json()["code"] == "E311"
    counts = api.service.store.views.counts()
    assert (counts.open_quarantine, counts.records) == (2, 0)


def test_what_was_quarantined_of_a_message_is_mended_in_its_own_columns(api: Api) -> None:
    send(api, shopify("customers/create", ines(metafields={"birth_date": "2024-02-31"}), "m1"))
    send(api, shopify("customers/create", ines(id=5, metafields={"birth_date": "2024-02-31"}), "m2"))
    send(api, shopify("customers/delete", {"id": 5}, "m3"))
    late, gone = api.service.store.quarantine(SystemClock()).waiting("ecommerce", "E313")
    done = mend(api.service, late.id, {"metafields.birth_date": "1984-02-28"}, "ana")
    assert (done.outcome, done.record) == ("accepted", f"ecommerce:{NUMBER}")
    record = stored(api, "ecommerce", str(NUMBER))
    assert record is not None
    assert record.record.attributes["birth_date"] == "1984-02-28"
    assert mend(api.service, gone.id, {"metafields.birth_date": ""}, "ana").outcome == "superseded"
    assert stored(api, "ecommerce", "5") is None


def test_what_the_law_has_shopify_pass_on_is_kept_to_be_done(api: Api) -> None:
    send(api, shopify("customers/create", ines(), "m1"))
    customer = {"shop_id": 1, "customer": {"id": NUMBER, "email": "ines@example.com"}}
    for topic, message_id in (
        ("customers/data_request", "m2"),
        ("customers/redact", "m3"),
        ("shop/redact", "m4"),
    ):
        told = {"shop_id": 1} if topic.startswith("shop") else customer
        for _ in range(2):
            assert outcome(send(api, shopify(topic, told, message_id))) == "noted"
    book = api.service.store.intake
    wishes, key = book.wishes(), RecordKey("ecommerce", str(NUMBER))
    assert [(wish.kind, wish.key, wish.message_id) for wish in wishes] == [
        (WishKind.DISCLOSE, key, "m2"),
        (WishKind.ERASE, key, "m3"),
        (WishKind.ERASE_SOURCE, None, "m4"),
    ]
    assert all(wish.due_at - wish.asked_at == timedelta(days=30) for wish in wishes)
    assert stored(api, "ecommerce", str(NUMBER)) is not None
    at = datetime.now(UTC)
    assert book.close_wish(wishes[0].number, at)
    assert not book.close_wish(wishes[0].number, at)
    assert len(book.wishes()) == 2
    assert len(book.wishes(every=True)) == 3
    strange = send(api, shopify("customers/redact", {"customer": None}, "m5"))
    assert (strange.status_code, strange.json()["code"]) == (422, "INVALID_REQUEST")


def member(kind: str, at: str, **told: Any) -> dict[str, Any]:
    return {"type": f"member.{kind}", "timestamp": at, "data": {"member_number": "L-77", **told}}


def test_a_loyalty_member_comes_changes_goes_and_comes_back(api: Api) -> None:
    told = {"first_name": "Ines", "last_name": "Okafor", "consent_email": "Y"}
    send(api, standard(member("created", "2026-03-01T12:00:00.5Z", **told), "m1"))
    assert stored(api, "loyalty", "L-77").record.attributes["loyalty_id"] == "L-77"
    assert outcome(send(api, standard(member("deleted", "2026-03-02T12:00:00Z"), "m2"))) == "deleted"
    late = member("updated", "2026-03-02T11:00:00Z", **told)
    assert outcome(send(api, standard(late, "m3"))) == "superseded"
    back = member("updated", "2026-03-03T12:00:00Z", **told)
    assert outcome(send(api, standard(back, "m4"))) == "accepted"
    assert outcome(send(api, standard(member("deleted", "2026-03-02T12:00:00Z"), "m5"))) == "superseded"
    merged = {"type": "member.merged", "timestamp": "2026-03-03T12:00:00Z", "data": {}}
    assert outcome(send(api, standard(merged, "m6"))) == "ignored"


def test_only_what_is_signed_by_a_secret_of_its_source_is_believed(lite: Api) -> None:
    good = shopify("customers/create", ines(), "m1")
    assert outcome(send(lite, shopify("customers/create", ines(), "m0", SHOPIFY[1]))) == "accepted"
    forged = [
        {**good, "headers": {**good["headers"], "X-Shopify-Hmac-Sha256": word}}
        for word in ("", "x", "é" * 44)
    ]
    forged += [
        {**good, "content": good["content"] + b" "},
        {**good, "url": "/v1/intake/shopify/pos"},
        {**good, "url": "/v1/intake/shopify/nobody"},
        {**good, "url": "/v1/intake/loyalty/ecommerce"},
        shopify("customers/create", ines(), "m1", "another secret of nobody"),
    ]
    for told in forged:
        headers = {name: value.encode() for name, value in told["headers"].items()}
        answer = lite.http.post(told["url"], content=told["content"], headers={**lite.headers(), **headers})
        assert (answer.status_code, answer.json()["code"]) == (401, "BAD_SIGNATURE"), told
        assert answer.headers["www-authenticate"] == "Signature"
    assert lite.service.store.views.counts().records == 1


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_of_another_time_does_not_hold(lite: Api, minutes: int) -> None:
    told = member("created", ONCE, first_name="Ines")
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    assert send(lite, standard(told, "m1", at=at)).status_code == 401
    assert outcome(send(lite, standard(told, "m1", LOYALTY[1]))) == "accepted"
    for word in ("v1", "v1,", "v1,%%%", "v1,a,b", ""):
        forged = standard(told, "m2")
        forged["headers"]["webhook-signature"] = word
        assert send(lite, forged).status_code == 401


def test_a_signed_message_that_cannot_be_read_is_refused(lite: Api) -> None:
    for content in (b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"id": 1}'):
        answer = send(lite, shopify("customers/update", content, f"m{len(content)}"))
        assert answer.status_code in (400, 422), content
        assert answer.json()["code"] == "INVALID_REQUEST"
    unnamed = send(lite, shopify("customers/update", ines(), ""))
    assert (unnamed.status_code, unnamed.json()["code"]) == (400, "INVALID_REQUEST")
    undated = send(lite, standard({"type": "member.updated", "data": {"member_number": "1"}}, "m1"))
    assert undated.json()["code"] == "INVALID_REQUEST"
    assert outcome(send(lite, shopify("orders/create", {"id": 1}, "m9"))) == "ignored"


def test_each_source_has_its_own_limits(at: Callable[..., Api], sqlite_url: str) -> None:
    api = at(sqlite_url, intake=SECRETS, intake_rate="2/day", intake_limit=1_000)
    large = send(api, shopify("customers/create", ines(note="x" * 1_000), "m1"))
    assert (large.status_code, large.json()["code"]) == (413, "TOO_LARGE")
    for n in range(3):
        forged = shopify("customers/create", ines(), f"f{n}", "another secret of nobody")
        assert send(api, forged).status_code == 401
    answers = [send(api, shopify("customers/create", ines(), f"n{n}")) for n in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["code"] == "RATE_LIMITED"
    assert outcome(send(api, standard(member("created", ONCE), "m1"))) == "accepted"


def test_secrets_come_from_the_environment_or_files_and_are_not_repeated(tmp_path: Any) -> None:
    file = tmp_path / "secrets"
    file.write_text("\n".join(SHOPIFY))
    told = {
        "IDENTITY_INTAKE_WEB_SHOP_SECRETS_FILE": str(file),
        "IDENTITY_INTAKE_LOYALTY_SECRETS": ",".join(LOYALTY),
    }
    assert intake_secrets_from(told) == {"WEB_SHOP": SHOPIFY, "LOYALTY": LOYALTY}
    assert "shpss" not in repr(api_settings_from(told))
    for bad in ("", "short", "whsec_short", "whsec_é"):
        with pytest.raises(RulesError, match="E119") as refusal:
            intake_secrets_from({"IDENTITY_INTAKE_LOYALTY_SECRETS": bad})
        assert not bad or bad not in str(refusal.value)
    with pytest.raises(RulesError, match="E119"):
        intake_secrets_from({"IDENTITY_INTAKE_LOYALTY_SECRETS_FILE": str(tmp_path / "none")})


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["customers/update", "customers/update", "member.updated", "member.deleted"]),
        st.sampled_from(["1", "2"]),
        st.integers(0, 3),
        st.sampled_from(["Ines", "Bert", "Chidi"]),
    ),
    max_size=7,
)


@pytest.fixture(scope="module")
def counter() -> list[int]:
    return [0]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=MESSAGES, chance=st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(
    lite: Api, counter: list[int], told: list[Any], chance: Any
) -> None:
    mixed = [*told, *chance.choices(told, k=2)] if told else []
    chance.shuffle(mixed)
    first, second = (_after(lite, counter, each) for each in (told, mixed))
    assert first == second


def _after(api: Api, counter: list[int], told: list[Any]) -> dict[str, Any]:
    """What stands in the end when these are sent, of records that nobody told of before."""
    counter[0] += 1
    run, keys = f"r{counter[0]}", set()
    for n, (kind, who, at, name) in enumerate(told):
        moment, message_id = f"2026-03-01T12:00:0{at}Z", f"{run}-{n}"
        if kind.startswith("customers"):
            body = {"id": f"{run}-{who}", "updated_at": moment, "first_name": name}
            send(api, shopify(kind, body, message_id))
            keys.add(("ecommerce", who))
        else:
            # Of a source whose attributes do not name the record: in each run the same is told.
            data = {"CUSTOMER_NO": f"{run}-{who}", "FIRST_NAME": name}
            message = {"type": kind, "timestamp": moment, "data": data}
            send(api, standard(message, message_id, source="pos"))
            keys.add(("pos", who))
    found = {key: stored(api, key[0], f"{run}-{key[1]}") for key in keys}
    return {
        f"{key}": (each.record.attributes["given_name"], each.record.observed_at)
        for key, each in found.items()
        if each
    }
