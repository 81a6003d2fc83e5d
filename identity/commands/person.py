"""What is held of one person, whole: for them to read, and for machines. Nobody else's fields are in it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from identity.bootstrap import Service, SystemClock
from identity.commands.explain import how_report
from identity.connectors.results import writing
from identity.model.audit import AuditAction, AuditEntry
from identity.model.cluster import GoldenId
from identity.model.errors import LookupFailed
from identity.model.record import SourceRecord

__all__ = ["person_files", "person_report"]


def person_report(service: Service, golden_id: str) -> dict[str, Any]:
    """Return everything that is held under a golden id. LookupFailed E501 for one that nobody has, or has any more."""
    view = service.store.views.profile(GoldenId(golden_id))
    if view is None or view.status == "erased":
        raise LookupFailed("E501", "No profile has this golden id.", "Look it up by something else.")
    profile = view.profile
    kept = service.store.privacy.restricted(profile.golden_id)
    keys = (*profile.records, *kept)
    records = [record for key in keys if (record := service.store.views.record(key))]
    return {
        "told_at": SystemClock().now().isoformat(),
        "golden_id": profile.golden_id,
        "golden_ids_before": list(service.store.views.retired_into(profile.golden_id)),
        "profile": {
            name: {
                "value": value.value,
                "from": str(value.record),
                "rule": value.rule,
                "observed_at": value.observed_at.isoformat() if value.observed_at else None,
            }
            for name, value in profile.values.items()
        },
        "consents": dict(profile.consents),
        "restricted": bool(kept),
        "records": [_record(service, record) for record in records],
        "history": how_report(service, profile.golden_id)["history"],
        "events": [
            {"type": event.type, "version": event.version, "time": event.time.isoformat()}
            for event in service.store.views.events(limit=10_000, subject=profile.golden_id)
        ],
        "requests": [
            {"request_id": each.request_id, "kind": each.kind.value, "status": each.status.value}
            for each in service.store.privacy.requests(golden_id=profile.golden_id)
        ],
    }


def _record(service: Service, record: SourceRecord) -> dict[str, Any]:
    return {
        "source": record.key.source,
        "source_record_id": record.key.source_record_id,
        "attributes": dict(record.attributes),
        "consents": dict(record.consents),
        "observed_at": record.observed_at.isoformat() if record.observed_at else None,
        "as_it_came": service.store.views.original(record.key),
    }


def person_files(service: Service, golden_id: str, folder: Path, actor: str) -> dict[str, Any]:
    """Write person.json and person.html into a folder, for its owner alone; return what they hold, counted."""
    report = person_report(service, golden_id)
    service.store.audit(SystemClock()).append(AuditEntry(actor, AuditAction.PERSON, report["golden_id"]))
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, content in (("person.json", _json(report)), ("person.html", _page(report).encode())):
            path = folder / name
            path.touch(mode=0o600)
            path.write_bytes(content)
    return {
        "golden_id": report["golden_id"],
        "records": len(report["records"]),
        "values": len(report["profile"]),
        "files": [str(folder / "person.json"), str(folder / "person.html")],
    }


def _json(report: Mapping[str, Any]) -> bytes:
    return orjson.dumps(report, option=orjson.OPT_INDENT_2, default=str)


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:3rem auto;padding:0 1rem;color:#1c1c1c}"
    "h1{font-size:1.6rem}h2{font-size:1.15rem;margin-top:2.2rem}table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.3rem .8rem .3rem 0;vertical-align:top;border-bottom:1px solid #ddd}"
    "th{font-weight:600;width:12rem}small{color:#555}"
)


def _page(report: Mapping[str, Any]) -> str:
    values = [(name, told["value"], f"from {told['from']}") for name, told in report["profile"].items()]
    consents = [(name, status, "") for name, status in sorted(report["consents"].items())]
    parts = [
        _table("What we take to be true of you", values),
        _table("What you have agreed or objected to", consents),
    ]
    for record in report["records"]:
        seen = f"seen {record['observed_at']}" if record["observed_at"] else ""
        told = [(name, value, "") for name, value in record["attributes"].items()]
        parts.append(_table(f"As {record['source']} told it ({record['source_record_id']})", told, seen))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>What is held of you</title>'
        f"<style>{_STYLE}</style><h1>What is held of you</h1><p>Everything under the customer number "
        f"{html.escape(report['golden_id'])}, as of {html.escape(report['told_at'][:10])}. The same, for machines, "
        f"is in person.json.</p>{''.join(parts)}</html>\n"
    )


def _table(title: str, rows: Iterable[tuple[str, str, str]], note: str = "") -> str:
    cells = "".join(
        f"<tr><th>{html.escape(name.replace('_', ' '))}</th><td>{html.escape(value)}"
        f" <small>{html.escape(more)}</small></td></tr>"
        for name, value, more in rows
    )
    body = f"<table>{cells}</table>" if cells else "<p>Nothing.</p>"
    return f"<h2>{html.escape(title)}</h2><small>{html.escape(note)}</small>{body}"
