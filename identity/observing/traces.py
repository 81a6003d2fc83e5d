"""Traces: what one request leads to, from the API over the log to other systems, as one picture.

Without `trace_to` nothing of it is loaded, and everything here does nothing. What is exported passes a door first: only
attributes on its list leave, no text of an error, nothing that a library added on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

__all__ = [
    "ALLOWED",
    "carried",
    "inner",
    "named",
    "observed",
    "provider",
    "span",
    "trace_ids",
    "trace_to",
    "traceparent",
    "untraced",
]

ALLOWED = frozenset(
    {
        *("http.request.method", "http.route", "http.response.status_code", "error.type", "server.port"),
        *("celery.action", "celery.task_name", "celery.state", "messaging.message.id"),
        *("identity.type", "identity.position", "identity.follower", "identity.outcome", "identity.system"),
        *("identity.count", "identity.attempt", "identity.correlation_id", "identity.client"),
    }
)
"""What leaves with a span: words of the code, numbers, opaque ids."""
_NOTHING: AbstractContextManager[None] = nullcontext()
_Opened = TypeVar("_Opened")


class _Tracing:
    """What traces are made with; None in both until `trace_to`."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None


def trace_to(exporter: SpanExporter, process: str, share: float = 1.0, *, at_once: bool = False) -> None:
    """Make traces of this share of what begins here, and export them; `at_once`: each span when it ends."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

    from identity.observing.door import Door

    resource = Resource.create({"service.name": "customer-identity", "service.component": process})
    made = TracerProvider(sampler=ParentBasedTraceIdRatio(share), resource=resource)
    door = Door(exporter)
    made.add_span_processor(SimpleSpanProcessor(door) if at_once else BatchSpanProcessor(door))
    _Tracing.provider, _Tracing.tracer = made, made.get_tracer("identity")


def untraced() -> None:
    """Export what there is, and make no more traces."""
    if _Tracing.provider is not None:
        _Tracing.provider.shutdown()
    _Tracing.provider = _Tracing.tracer = None


def provider() -> TracerProvider | None:
    """Return what libraries make their spans with, None where there are no traces."""
    return _Tracing.provider


def span(
    name: str, kind: str = "internal", parent: str | None = None, **told: str | int
) -> AbstractContextManager[Any]:
    """Open a span for a `with` block: below what is open, or below a `parent` (a traceparent). `told` become attributes
    `identity.…`. `kind` is one of internal, server, client, producer, consumer."""
    if _Tracing.tracer is None:
        return _NOTHING
    return _opened(_Tracing.tracer, name, kind, parent, told)


@contextmanager
def _opened(
    tracer: Tracer, name: str, kind: str, parent: str | None, told: Mapping[str, str | int]
) -> Iterator[Any]:
    from opentelemetry.trace import SpanKind, StatusCode

    with tracer.start_as_current_span(
        name,
        context=_context_of(parent),
        kind=SpanKind[kind.upper()],
        attributes={f"identity.{key}": value for key, value in told.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            opened.set_attribute("error.type", type(error).__name__)
            opened.set_status(StatusCode.ERROR)
            raise


def inner(name: str) -> AbstractContextManager[Any]:
    """Open a span as `span` does, but only below another one: who looks now and then begins no trace each time."""
    if _Tracing.tracer is None or not _is_open():
        return _NOTHING
    return span(name)


def _is_open() -> bool:
    from opentelemetry.trace import get_current_span

    return get_current_span().get_span_context().is_valid


def named(name: str) -> None:
    """Give what is open another name: one that a library did not know."""
    if _Tracing.tracer is not None:
        from opentelemetry.trace import get_current_span

        get_current_span().update_name(name)


def observed(name: str, opening: AbstractContextManager[_Opened]) -> AbstractContextManager[_Opened]:
    """Return a context manager as it is, within an `inner` span where there are traces."""
    return opening if _Tracing.tracer is None else _within(name, opening)


@contextmanager
def _within(name: str, opening: AbstractContextManager[_Opened]) -> Iterator[_Opened]:
    with inner(name), opening as opened:
        yield opened


def traceparent() -> str | None:
    """Return what is open, as the W3C writes it; None where that is nothing."""
    if _Tracing.tracer is None:
        return None
    return carried().get("traceparent")


def carried() -> dict[str, str]:
    """Return the headers by which another system goes on with this trace."""
    headers: dict[str, str] = {}
    if _Tracing.tracer is not None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(headers)
        headers.pop("tracestate", None)
    return headers


def trace_ids() -> dict[str, str]:
    """Return the ids of the trace and the span that are open, for the log."""
    parts = (traceparent() or "").split("-")
    return {"trace_id": parts[1], "span_id": parts[2]} if len(parts) == 4 else {}


def _context_of(parent: str | None) -> Any:
    """Return the context below a traceparent; None: what is open."""
    if parent is None:
        return None
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": parent}, context=Context())
