"""Spans and metrics for OpenTelemetry, after its semantic conventions for HTTP clients.

Each attempt of a call is a span of the kind CLIENT, such as `POST status`, whose parent is the span of the
caller. It ends when the next attempt starts or the call ends. A call that ends without an attempt is a span
of the kind INTERNAL. If single calls are batched, the span of the batch and the spans of its callers are
linked to each other. No span and no metric contains an order's link or comments, a message or the key.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from time import time_ns
from urllib.parse import urlsplit

from agencia_async.hooks import AttemptInfo, CallInfo, Hook

try:
    from opentelemetry.metrics import CallbackOptions, Meter, MeterProvider, Observation, get_meter
    from opentelemetry.trace import (
        Link,
        Span,
        SpanKind,
        StatusCode,
        TracerProvider,
        get_current_span,
        get_tracer,
    )
except ImportError as _missing:
    raise ImportError(
        'OpenTelemetryHook needs opentelemetry-api: in a clone, pip install ".[otel]" brings it',
        name=_missing.name,
    ) from _missing

__all__ = ["OpenTelemetryHook"]

_NAME = "agencia_async"
_SCHEMA = "https://opentelemetry.io/schemas/1.23.0"
_FAILED = 400
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds, as the conventions have them."""
_LONG_BUCKETS = (*_BUCKETS, 30, 60, 300, 3600)
_LABELS = ("agencia.action", "server.address", "agencia.outcome")
_PORTS = {"http": 80, "https": 443}

Attributes = dict[str, str | int | float]


class OpenTelemetryHook(Hook):
    """Spans and metrics of a client's requests: `AsyncClient("KEY", hooks=[OpenTelemetryHook()])`.

    It needs the extra `otel`, which has the API of OpenTelemetry; the application installs the SDK. One hook
    may serve any number of clients.

    Args:
        tracer_provider: the provider for spans; by default the global one.
        meter_provider: the provider for metrics; by default the global one.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        self._tracer = get_tracer(_NAME, tracer_provider=tracer_provider, schema_url=_SCHEMA)
        meter = get_meter(_NAME, meter_provider=meter_provider, schema_url=_SCHEMA)
        self._durations = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )
        self._queue_times = meter.create_histogram(
            "agencia.client.queue.duration",
            "s",
            "How long queued calls wait for a slot, a rate limit, or the end of an outage.",
            explicit_bucket_boundaries_advisory=_LONG_BUCKETS,
        )
        self._ended = _counter(meter, "agencia.client.calls", "{call}", "Calls that have ended.")
        self._ids = _counter(meter, "agencia.client.ids", "{id}", "Ids that calls asked for.")
        self._retries = _counter(meter, "agencia.client.retries", "{request}", "Requests that were retries.")
        self._began: dict[CallInfo, int] = {}
        self._spans: dict[CallInfo, tuple[Span, int | None, Attributes]] = {}

    def call_started(self, call: CallInfo) -> None:
        """Note the time, in case the call ends without an attempt."""
        self._began[call] = time_ns()

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """End the span of the previous attempt, and begin a new one, as a child of the caller's."""
        self._end(call, "retried")
        attributes: Attributes = {**_server(call.url), "url.full": call.url, **_told(call)}
        if attempt.number > 1:
            attributes["http.request.resend_count"] = attempt.number - 1
        self._begin(call, f"POST {call.action}", SpanKind.CLIENT, attributes)

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """Record the duration and the result."""
        span = self._spans[call][0]
        outcome: Attributes = {}
        if attempt.http_status is not None:
            outcome["http.response.status_code"] = attempt.http_status
        if attempt.error is not None:
            outcome["error.type"] = _error_type(attempt.error, attempt.http_status)
            span.set_status(StatusCode.ERROR)
        self._spans[call] = span, time_ns(), outcome
        self._durations.record(
            attempt.seconds, {**_server(call.url), "agencia.action": call.action, **outcome}
        )

    def call_ended(self, call: CallInfo) -> None:
        """End the last span, and count the call."""
        began = self._began.pop(call)
        if call not in self._spans:
            span = self._begin(call, f"agencia {call.action}", SpanKind.INTERNAL, _told(call), began)
            if call.error is not None:
                span.set_attribute("error.type", _error_type(call.error))
                span.set_status(StatusCode.ERROR)
        self._end(call, call.outcome)
        self._count(call)

    def _begin(
        self, call: CallInfo, name: str, kind: SpanKind, attributes: Attributes, at: int | None = None
    ) -> Span:
        callers = _spans_of(call)
        links = [Link(caller.get_span_context()) for caller in callers]
        span = self._tracer.start_span(name, None, kind, attributes, links, at)
        for caller in callers:
            caller.add_link(span.get_span_context())
        self._spans[call] = span, None, {}
        return span

    def _end(self, call: CallInfo, outcome: str) -> None:
        if call in self._spans:
            span, at, found = self._spans.pop(call)
            span.set_attributes({**found, "agencia.outcome": outcome})
            span.end(at)

    def _count(self, call: CallInfo) -> None:
        where = str(_server(call.url)["server.address"])
        self._ended[call.action, where, call.outcome] += 1
        if call.id_count:
            self._ids[call.action, where] += call.id_count
        if call.attempts > 1:
            self._retries[call.action, where] += call.attempts - 1
        if call.queued:
            self._queue_times.record(call.queued, _labelled((call.action, where)))


def _counter(meter: Meter, name: str, unit: str, description: str) -> Counter[tuple[str, ...]]:
    """What is counted, by the values of its labels; it is read when the metrics are collected."""
    counted: Counter[tuple[str, ...]] = Counter()

    def observe(_options: CallbackOptions) -> list[Observation]:
        return [Observation(number, _labelled(labels)) for labels, number in [*counted.items()]]

    meter.create_observable_counter(name, [observe], unit, description)
    return counted


def _labelled(labels: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(_LABELS, labels, strict=False))


@cache
def _server(url: str) -> Mapping[str, str | int]:
    """What all requests to a panel have in common."""
    parts = urlsplit(url)
    return {
        "http.request.method": "POST",
        "server.address": parts.hostname or "",
        "server.port": parts.port or _PORTS[parts.scheme],
    }


def _spans_of(call: CallInfo) -> list[Span]:
    """The spans of the callers that share a call, each once."""
    spans: dict[int, Span] = {}
    for context in call.callers:
        span = context.run(get_current_span)
        found = span.get_span_context()
        if found.is_valid:
            spans.setdefault(found.span_id, span)
    return [*spans.values()]


def _error_type(error: BaseException, status: int | None = None) -> str:
    return type(error).__name__ if status is None or status < _FAILED else str(status)


def _told(call: CallInfo) -> Attributes:
    return {
        "agencia.action": call.action,
        "agencia.ids": call.id_count,
        "agencia.queue_time": call.queued,
        "agencia.retries": max(0, call.attempts - 1),
    }
