"""Spans and metrics for OpenTelemetry, by its semantic conventions for HTTP clients.

A call is a span of the kind INTERNAL, such as `agencia status`, whose parent is the span of the caller. Each
of its attempts is a span `POST` of the kind CLIENT below it. The span of a batch of single calls is linked to
the spans of all callers, and these to it. No span and no metric has a link, a comment, a message or the key.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
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
        set_span_in_context,
    )
except ImportError as error:
    raise ImportError(
        'OpenTelemetryHook needs opentelemetry-api: pip install "agencia-async[otel]"', name=error.name
    ) from error

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
    """Makes spans and metrics of what a client does: `AsyncClient("KEY", hooks=[OpenTelemetryHook()])`.

    It needs the extra `otel`, which is the API of OpenTelemetry; the application brings the SDK. One hook may
    serve any number of clients.

    Args:
        tracer_provider: makes the spans; by default the global one.
        meter_provider: makes the metrics; by default the global one.
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
            "How long calls wait that wait for a slot, a rate limit, or a panel that is away.",
            explicit_bucket_boundaries_advisory=_LONG_BUCKETS,
        )
        self._ended = _counter(meter, "agencia.client.calls", "{call}", "Calls that have ended.")
        self._ids = _counter(meter, "agencia.client.ids", "{id}", "Ids that calls asked for.")
        self._retries = _counter(meter, "agencia.client.retries", "{request}", "Requests that were retries.")
        self._calls: dict[CallInfo, Span] = {}
        self._attempts: dict[AttemptInfo, Span] = {}

    def call_started(self, call: CallInfo) -> None:
        """Begin its span, below that of the caller."""
        callers = _spans_of(call)
        span = self._tracer.start_span(
            f"agencia {call.action}",
            attributes={"agencia.action": call.action, "agencia.ids": call.id_count},
            links=[Link(caller.get_span_context()) for caller in callers],
        )
        self._calls[call] = span
        for caller in callers:
            caller.add_link(span.get_span_context())

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """Begin its span, below that of the call."""
        attributes: Attributes = {**_server(call.url), "url.full": call.url}
        if attempt.number > 1:
            attributes["http.request.resend_count"] = attempt.number - 1
        self._attempts[attempt] = self._tracer.start_span(
            "POST", set_span_in_context(self._calls[call]), SpanKind.CLIENT, attributes
        )

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """End its span, and record how long it took."""
        outcome: Attributes = {}
        if attempt.http_status is not None:
            outcome["http.response.status_code"] = attempt.http_status
        if attempt.error is not None:
            outcome["error.type"] = _error_type(attempt.error, attempt.http_status)
        _end(self._attempts.pop(attempt), outcome)
        labels = {**_server(call.url), "agencia.action": call.action, **outcome}
        self._durations.record(attempt.seconds, labels)

    def call_ended(self, call: CallInfo) -> None:
        """End its span, and record how long it waited and what it brought."""
        retries = max(0, call.attempts - 1)
        outcome: Attributes = {
            "agencia.queue_time": call.queued,
            "agencia.retries": retries,
            "agencia.outcome": call.outcome,
        }
        if call.error is not None:
            outcome["error.type"] = _error_type(call.error)
        _end(self._calls.pop(call), outcome)
        where = str(_server(call.url)["server.address"])
        self._ended[call.action, where, call.outcome] += 1
        if call.id_count:
            self._ids[call.action, where] += call.id_count
        if retries:
            self._retries[call.action, where] += retries
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


def _end(span: Span, outcome: Attributes) -> None:
    span.set_attributes(outcome)
    if "error.type" in outcome:
        span.set_status(StatusCode.ERROR)
    span.end()
