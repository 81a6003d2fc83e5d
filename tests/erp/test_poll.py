"""Asking the ERP what has changed: nothing is missed, nothing is taken twice, and our own writing is no news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from erp import Erp
from identity import jobs
from identity.bootstrap import Service, Settings
from identity.commands.poll import OVERLAP, poll_erp
from identity.connectors.erp import Tryton
from identity.connectors.erp.records import changes
from identity.connectors.erp.settings import ErpSettings, erp_settings_from
from identity.connectors.remote import Unavailable
from identity.model.cluster import GoldenId
from identity.model.erp import ErpAccount, ErpPolicy
from identity.model.errors import DeliveryError, RulesError
from identity.model.record import RecordKey
from tests.commands.terminal import identity
from tests.erp.proxy import line
from tests.erp.shop import Clerk, tryton

POLICY = ErpPolicy(attributes=("email", "phone"))


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    made = Service(Settings(url, index_secret="a secret of the tests"))
    yield made
    made.store.close()


def stored(service: Service, number: str) -> Any:
    key = RecordKey("erp", number)
    with service.store.look() as look:
        return look.stored([key]).get(key)


def test_the_first_round_takes_everything_and_the_next_what_has_changed(
    service: Service, accounts: Tryton, someone: Clerk
) -> None:
    number = someone.open("Ines Ortega")
    first = poll_erp(service, accounts, POLICY)
    assert first["since"] is None
    assert first["accounts"] >= 1
    assert stored(service, number).record.attributes == {"full_name": "Ines Ortega"}
    someone.change(number, name="Inés Ortega")
    second = poll_erp(service, accounts, POLICY, timedelta(0))
    assert second["outcomes"]["accepted"] == 1
    assert stored(service, number).record.attributes == {"full_name": "Inés Ortega"}
    third = poll_erp(service, accounts, POLICY)
    assert third["outcomes"] == {"unchanged": third["accounts"]}
    assert third["since"] == second["cursor"] - OVERLAP


def test_an_account_out_of_use_is_deleted_and_comes_back(
    service: Service, accounts: Tryton, someone: Clerk
) -> None:
    number = someone.open("Ines Ortega")
    poll_erp(service, accounts, POLICY)
    someone.change(number, active=False)
    assert poll_erp(service, accounts, POLICY)["outcomes"]["deleted"] == 1
    assert not stored(service, number).live
    assert "deleted" not in poll_erp(service, accounts, POLICY)["outcomes"]
    someone.change(number, active=True)
    assert poll_erp(service, accounts, POLICY)["outcomes"]["accepted"] == 1
    assert stored(service, number).live


def test_a_reference_that_is_written_makes_an_account_no_fresher(
    service: Service, accounts: Tryton, someone: Clerk
) -> None:
    number = someone.open("Ines Ortega")
    poll_erp(service, accounts, POLICY)
    before = stored(service, number).record.observed_at
    accounts.write_reference(number, GoldenId("g1111111111111111"))
    accounts.write_attributes(number, {"email": "ines@example.com"})
    again = poll_erp(service, accounts, POLICY)
    assert again["outcomes"] == {"unchanged": again["accounts"]}
    assert stored(service, number).record.observed_at == before


def test_a_change_whose_transaction_ended_late_is_found_by_the_overlap(service: Service) -> None:
    began = datetime(2026, 3, 1, 12, tzinfo=UTC)
    late = ErpAccount("A1", True, (), began, attributes={"full_name": "Ines Ortega"})
    quick = ErpAccount("A2", True, (), began + timedelta(minutes=5), attributes={"full_name": "Bert Sommer"})

    class Erp:
        shown = (quick,)

        def accounts(self, since: datetime | None = None) -> Iterator[ErpAccount]:
            return iter([each for each in self.shown if since is None or each.changed_at >= since])

    erp: Any = Erp()
    poll_erp(service, erp, POLICY)
    assert stored(service, "A1") is None
    erp.shown = (late, quick)  # the longer transaction, which began first, ends
    poll_erp(service, erp, POLICY)
    assert stored(service, "A1").live
    ahead = ErpAccount(
        "A3", True, (), datetime(2999, 1, 1, tzinfo=UTC), attributes={"full_name": "Dora Lind"}
    )
    erp.shown = (ahead,)
    assert poll_erp(service, erp, POLICY)["cursor"] <= datetime.now(UTC)


def test_a_round_that_fails_is_made_again_from_where_it_began(
    service: Service, erp: Erp, someone: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("identity.connectors.erp.client._PAGE", 2)
    numbers = [someone.open(f"Ines Ortega {n}") for n in range(5)]
    with line(erp.url) as way, tryton(erp, url=way.url) as accounts:
        found = accounts.accounts

        def cut_later(**told: Any) -> Iterator[ErpAccount]:
            for at, each in enumerate(found(**told)):
                if at == 3:
                    way.cut("search_read")
                yield each

        monkeypatch.setattr(accounts, "accounts", cut_later)
        with pytest.raises(Unavailable):
            poll_erp(service, accounts, POLICY)
        assert service.store.intake.cursor("erp:erp") is None
        monkeypatch.undo()
        poll_erp(service, accounts, POLICY)
    assert all(stored(service, number).live for number in numbers)


def test_only_news_is_told() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    gone = ErpAccount("A1", False, (), at, attributes={"full_name": "Ines"})
    assert changes([gone], {}, "erp", "live") == []
    (told,) = changes([ErpAccount("A1", True, (), at, attributes={"full_name": "Ines"})], {}, "erp", "live")
    assert (told.record.key, told.ordered, told.record.observed_at) == (RecordKey("erp", "A1"), True, at)


def test_the_command_asks_the_erp_that_the_environment_names(
    erp: Erp, someone: Clerk, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone.open("Ines Ortega")
    database = tmp_path / "identity.db"
    identity("poll", "erp", database=database).complains("E721")
    password = tmp_path / "password"
    password.write_text(f"{erp.password}\n")
    for name, value in (("URL", erp.url), ("USER", erp.user), ("PASSWORD_FILE", str(password))):
        monkeypatch.setenv(f"IDENTITY_ERP_{name}", value)
    assert "all there are" in identity("poll", "erp", database=database).out
    assert identity("poll", "erp", "--json", database=database).report["outcomes"].keys() == {"unchanged"}
    assert identity("poll", "sap", database=database).code == 2
    monkeypatch.setenv("IDENTITY_ERP_URL", "http://127.0.0.1:1")
    away = identity("poll", "erp", database=database)
    assert away.code == 9
    away.complains("UNREACHABLE")


def test_settings_are_not_repeated(tmp_path: Any) -> None:
    with pytest.raises(RulesError, match="E119"):
        erp_settings_from({"IDENTITY_ERP_URL": "ftp://user:secret@x"})
    with pytest.raises(RulesError, match="E119"):
        erp_settings_from({"IDENTITY_ERP_PASSWORD_FILE": str(tmp_path / "none")})
    settings = erp_settings_from(
        {
            "IDENTITY_ERP_URL": "https://erp.example/",
            "IDENTITY_ERP_USER": "x",
            "IDENTITY_ERP_PASSWORD": "word",
        }
    )
    assert settings.named() == ErpSettings("https://erp.example", "erp", "x", "word")
    assert "word" not in repr(settings)
    with pytest.raises(DeliveryError, match="E721"):
        ErpSettings("https://erp.example").named()


def test_the_clock_asks_the_erp_where_one_is_named(
    erp: Erp, someone: Clerk, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    someone.open("Ines Ortega")
    monkeypatch.setenv("IDENTITY_DATABASE_URL", sqlite_url)
    jobs._service_of.cache_clear()
    assert jobs.poll_the_erp() == {}
    for name, value in (("URL", erp.url), ("USER", erp.user), ("PASSWORD", erp.password)):
        monkeypatch.setenv(f"IDENTITY_ERP_{name}", value)
    jobs._service_of.cache_clear()
    assert jobs.poll_the_erp()["outcomes"]["accepted"] >= 1
    monkeypatch.setenv("IDENTITY_ERP_URL", "http://127.0.0.1:1")
    jobs._service_of.cache_clear()
    assert jobs.poll_the_erp() == {"why": "UNREACHABLE"}
    jobs._service_of.cache_clear()
