"""cloud event: a fact of the log → the JSON that every other system is told (CloudEvents 1.0, structured mode)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import orjson

from identity.ports.delivery import Letter, LoggedEvent

__all__ = ["CONTENT_TYPE", "RESERVED", "SOURCE", "TYPES", "cloud_event", "dataschema", "letter", "written"]

SOURCE = "/customer-identity"
"""Who says so, unless the installation has a name of its own."""
CONTENT_TYPE = "application/cloudevents+json"

TYPES: Mapping[str, int] = {
    "customer.created": 1,
    "customer.updated": 1,
    "customer.merged": 1,
    "customer.split": 1,
    "customer.consent_changed": 1,
}
"""What is told, and the version of its schema. A type never breaks its readers: another shape is another type."""
RESERVED: Mapping[str, int] = {
    "customer.erased": 1,
    "review.opened": 1,
    "review.closed": 1,
}
"""What has a name and a schema, and is not told yet."""

_DIGITS = 19
"""As many as the largest position has: texts of one length sort as their numbers do."""


def cloud_event(event: LoggedEvent, source: str = SOURCE) -> dict[str, Any]:
    """Return the event as CloudEvents 1.0; attributes without a value are left out.

    `version` counts the events of one subject without a gap; `sequence` sorts those of all as text. `correlationid` is
    the load or request that it belongs to, `causationid` the operation of a person that caused it, `traceparent` the
    trace that goes on (the distributed tracing extension of CloudEvents).
    """
    told = {
        "specversion": "1.0",
        "id": event.event_id,
        "source": source,
        "type": event.type,
        "subject": event.subject,
        "time": f"{event.time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
        "datacontenttype": "application/json",
        "dataschema": dataschema(event.type),
        "version": event.version,
        "sequence": f"{event.position:0{_DIGITS}}",
        "correlationid": event.correlation_id,
        "causationid": event.body.get("operation_id"),
        "traceparent": event.traceparent,
        "data": dict(event.body),
    }
    return {name: value for name, value in told.items() if value is not None}


def dataschema(event_type: str) -> str:
    """Return the name of the schema that the data of an event keep to."""
    version = TYPES.get(event_type) or RESERVED.get(event_type, 1)
    return f"urn:customer-identity:event:{event_type}:v{version}"


def written(event: LoggedEvent, source: str = SOURCE) -> bytes:
    """Return the event as JSON: the same bytes for the same event, which is what signatures are made of."""
    return orjson.dumps(cloud_event(event, source))


def letter(event: LoggedEvent, source: str = SOURCE) -> Letter:
    return Letter(event.position, event.event_id, event.type, event.subject, written(event, source))
