"""What is counted: of requests, of the business, of delivery; and that alerts, dashboard and documentation know it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from api.stored import FAMILIES
from identity.bootstrap import Service, SystemClock
from identity.commands.delivery import add_report, beginning, deliver_report, wanted
from identity.delivery.redis_stream import STREAM
from identity.model.duty import DONE
from identity.model.job import Job, JobKind, JobStatus
from identity.observing import ObservingSettings
from identity.observing.counts import CALLS, COUNTS
from identity.observing.kept import Kept
from identity.observing.settings import VARIABLES
from identity.settings import DeliverySettings
from tests.api.conftest import Api, api, at, lite
from tests.api.test_routes import BERT, INES, two
from tests.jobs.redis import redis_server

from .promql import metrics_in

__all__ = ["api", "at", "lite"]

ROOT = Path(__file__).parents[2]
OPS = ROOT / "ops"
ALERTS = yaml.safe_load((OPS / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((OPS / "grafana" / "dashboards" / "identity.json").read_text(encoding="utf-8"))
TEXT = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")

Told = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def told(api: Api) -> Told:
    """Every number of /metrics by its name and labels."""
    text = api.http.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def number(found: Told, name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


def exported(api: Api) -> set[str]:
    """The names of all there is, also of what has no number yet."""
    text = api.http.get("/metrics").text
    families = {family.name: family.type for family in text_string_to_metric_families(text)}
    return {f"{name}_total" if kind == "counter" else name for name, kind in families.items()} | {*FAMILIES}


def test_what_is_resolved_is_counted_by_what_was_decided(lite: Api) -> None:
    labels = {"source": "pos", "outcome": "accepted"}
    before = told(lite)
    lite.tell("pos", "1", **INES)
    lite.tell("pos", "2", **INES)
    lite.tell("pos", "2", **INES)
    lite.tell("kanari", "3", **BERT)
    after = told(lite)

    def more(name: str, **labels: str) -> float:
        return (number(after, name, **labels) or 0) - (number(before, name, **labels) or 0)

    resolved = "identity_resolved_records_total"
    assert more(resolved, **labels, decision="new") == 1
    assert more(resolved, **labels, decision="joined") == 1
    assert more(resolved, source="pos", outcome="unchanged", decision="none") == 1
    assert more(resolved, source="other", outcome="accepted", decision="new") == 1
    assert number(after, "identity_events_total", type="customer.created") == 2
    assert not [labels for _, labels in after if "kanari" in str(labels)]


def compared(api: Api, system: str, kinds: dict[str, int]) -> None:
    kept = api.service.store.reconciliations(SystemClock())
    kept.begin(system, "machine")
    kept.put(system, "machine", {"kinds": kinds})


def test_what_people_decide_and_what_waits_is_told(api: Api) -> None:
    ines, bert = two(api)
    merged = api.post("/v1/merges", {"profile_ids": [ines, bert], "reason": "once"}).json()
    api.post(f"/v1/merges/{merged['operation_id']}/undo", {})
    asked = {"kind": "access", "golden_id": ines}
    assert api.post("/v1/privacy-requests", asked).status_code in (200, 201)
    now = SystemClock().now()
    queued = Job("j1", JobKind.EXPORT, JobStatus.QUEUED, "shop", now, {}, {})
    api.service.store.jobs(SystemClock()).queue(queued)
    duties = api.service.store.duties(SystemClock())
    compared(api, "loyalty", {"unmerged": 2})
    duties.note("poll_erp", now, DONE)
    duties.note("poll_erp", now, "UNREACHABLE")
    duties.note("poll_erp", now, "UNREACHABLE")
    found = told(api)
    assert number(found, "identity_decisions_total", kind="merge") == 1
    assert number(found, "identity_decisions_total", kind="undo") == 1
    assert number(found, "identity_privacy_requests_open", kind="access") == 1
    assert number(found, "identity_privacy_requests_overdue") == 0
    assert (number(found, "identity_privacy_due_seconds", kind="access") or 0) > 20 * 86_400
    assert number(found, "identity_jobs", status="queued") == 1
    assert number(found, "identity_drift", system="loyalty", kind="unmerged") == 2
    assert number(found, "identity_duty_failures", duty="poll_erp") == 2
    assert (number(found, "identity_duty_age_seconds", duty="poll_erp") or -1) >= 0
    assert number(found, "identity_database_answers") == 1


def test_a_drift_that_is_gone_is_told_as_none(api: Api) -> None:
    compared(api, "erp", {"unmerged": 2})
    compared(api, "erp", {})
    found = told(api)
    assert number(found, "identity_drift", system="erp", kind="any") == 0
    assert number(found, "identity_drift", system="erp", kind="unmerged") is None


def test_lag_is_told_in_seconds_until_the_event_has_left(at: Callable[..., Api], url: str) -> None:
    api = at(url)
    with redis_server() as redis_url:
        other = Service(replace(api.service.settings, delivery=DeliverySettings(redis_url=redis_url)))
        other.__dict__["store"] = api.service.store
        add_report(other, wanted("stream", None, STREAM, (), (), beginning("0")))
        api.tell("pos", "1", **INES)
        behind, before = (
            told(api),
            number(told(api), "identity_relayed_events_total", subscriber="stream") or 0,
        )
        assert deliver_report(other)["told"]
    found = told(api)
    assert (number(behind, "identity_subscriber_lag_seconds", subscriber="stream") or 0) > 0
    assert number(found, "identity_subscriber_lag_seconds", subscriber="stream") == 0
    assert number(found, "identity_subscriber_breaker_open", subscriber="stream") == 0
    assert number(found, "identity_relayed_events_total", subscriber="stream") == before + 1


def test_a_database_that_is_away_is_told_and_the_rest_is_still_counted(lite: Api) -> None:
    lite.http.get("/healthz")
    lite.service.store.close()
    path = Path(str(lite.service.settings.database_url).removeprefix("sqlite:///"))
    path.unlink()
    path.mkdir()  # nothing can be opened there
    found = told(lite)
    assert number(found, "identity_database_answers") == 0
    assert number(found, "identity_requests_inside") is not None
    path.rmdir()


def test_what_takes_long_to_read_is_kept_a_hundred_times_as_long() -> None:
    now, read = [0.0], list[float]()

    def reading() -> float:
        read.append(now[0])
        now[0] += 0.5
        return now[0]

    kept = Kept(reading, monotonic=lambda: now[0])
    assert kept() == kept()
    now[0] += 49
    kept()
    assert len(read) == 1
    now[0] += 2
    kept()
    assert len(read) == 2
    quick = Kept(lambda: read.append(0.0), monotonic=lambda: 0.0)
    quick()
    quick()
    assert len(read) == 4


def test_of_the_log_only_what_is_new_is_counted(api: Api) -> None:
    figures = api.service.store.figures
    assert figures.large().events == {}
    api.tell("pos", "1", **INES)
    api.tell("pos", "2", **BERT)
    assert figures.large().events == {"customer.created": 2}
    api.tell("pos", "2", **BERT, city="Lisboa")
    assert figures.large().events == {"customer.created": 2, "customer.updated": 1}


@pytest.fixture
def names(lite: Api) -> set[str]:
    lite.tell("pos", "1", **INES)
    return exported(lite)


def base(name: str) -> str:
    """The name under which a part of a histogram is documented."""
    return re.sub(r"_(bucket|count|sum)$", "", name)


def test_every_rule_asks_for_what_there_is_and_says_what_to_do(names: set[str]) -> None:
    assert len(RULES) >= 12
    for rule in RULES:
        assert {base(name) for name in metrics_in(rule["expr"])} <= names, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["runbook"].endswith(".")
        assert rule["annotations"]["summary"].endswith(".")
        assert f"`{rule['alert']}`" in TEXT, "an alert that is not documented"
    assert {*re.findall(r"^\| `([A-Z][A-Za-z]+)` \|", TEXT, re.MULTILINE)} == {
        rule["alert"] for rule in RULES
    }


def test_every_panel_asks_for_what_there_is(names: set[str]) -> None:
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    assert len(panels) >= 30
    for panel in panels:
        for target in panel["targets"]:
            assert {base(name) for name in metrics_in(target["expr"])} <= names, panel["title"]
    rows = [panel["title"].partition(":")[0] for panel in DASHBOARD["panels"] if panel["type"] == "row"]
    assert rows == ["Business", "Delivery", "Service"]
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))


def test_what_there_is_is_asked_for(names: set[str]) -> None:
    """A number that nobody looks at is not worth counting."""
    expressions = [rule["expr"] for rule in RULES]
    expressions += [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    assert names - {base(name) for expression in expressions for name in metrics_in(expression)} == set()


def test_every_number_is_documented_with_what_it_is_told_apart_by(names: set[str]) -> None:
    rows = re.findall(r"^\| `(identity_\w+)` \| ([^|]*) \|", TEXT, re.MULTILINE)
    documented = {name: {*re.findall(r"`(\w+)`", labels)} for name, labels in rows}
    assert len(documented) == len(rows)
    assert set(documented) == names
    expected = {name: {*labels} for name, (_, labels) in FAMILIES.items()}
    expected |= {f"{name}_total": {*one.labels} for name, one in COUNTS.items()}
    expected[CALLS] = {"system", "status"}
    expected["identity_request_seconds"] = {"method", "route", "status"}
    assert {name: labels for name, labels in documented.items() if name in expected} == expected


@pytest.mark.parametrize("path", sorted(OPS.rglob("*.yml")), ids=lambda path: path.name)
def test_what_is_mounted_can_be_read(path: Path) -> None:
    found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)


def test_every_setting_is_told_with_its_default() -> None:
    rows = re.findall(r"^\| `(IDENTITY_\w+)` \| (?:`(\S+)`)? ?\|", TEXT, re.MULTILINE)
    usual = {VARIABLES[each.name]: str(each.default) for each in fields(ObservingSettings)}
    assert dict(rows) == usual


def test_prometheus_and_grafana_are_told_where_things_are() -> None:
    prometheus = yaml.safe_load((OPS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    assert prometheus["rule_files"] == ["alerts.yml"]
    source = yaml.safe_load(
        (OPS / "grafana/provisioning/datasources/prometheus.yml").read_text(encoding="utf-8")
    )
    (one,) = source["datasources"]
    used = {panel["datasource"]["uid"] for panel in DASHBOARD["panels"] if "datasource" in panel}
    assert used == {one["uid"]}


def test_names_are_found_in_expressions() -> None:
    asked = 'sum by (le, kind) (rate(a_bucket{x="b_total",y=~"c"}[5m])) / on (z) max(d) > 0.5 or e offset 5m'
    assert metrics_in(asked) == {"a_bucket", "d", "e"}
