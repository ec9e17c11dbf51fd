"""The spans and metrics of `OpenTelemetryHook`, by the exporters of the SDK that keep them in memory."""

import asyncio
import json
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from agencia_async import (
    AgenciaError,
    AsyncClient,
    CustomCommentsOrder,
    NotFoundError,
    OutcomeUnknownError,
    RetryPolicy,
    TransportError,
)
from agencia_async.hooks import CallInfo
from agencia_async.instrumentation.opentelemetry import OpenTelemetryHook
from agencia_async.journal import Journal
from agencia_async.sandbox import Panel as SandboxPanel
from agencia_async.sandbox import serve
from tests.bulk.scene import Answering
from tests.calls.scene import BROKEN, ORDER, Panel, client, good
from tests.support.engines import by_each_engine, transport
from tests.support.virtual import virtual_time

NEVER = RetryPolicy(attempts=1)
SERVER = {"http.request.method": "POST", "server.address": "panel.example", "server.port": 443}


class Telemetry:
    """What was exported."""

    def __init__(self) -> None:
        self.exporter, self.reader = InMemorySpanExporter(), InMemoryMetricReader()
        tracers = TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = tracers.get_tracer("the application")
        self.hook = OpenTelemetryHook(tracers, MeterProvider([self.reader]))

    def spans(self, name: str) -> list[ReadableSpan]:
        """Those of a name, in the order of their ends."""
        return [span for span in self.exporter.get_finished_spans() if span.name == name]

    def points(self, name: str) -> list[HistogramDataPoint | NumberDataPoint]:
        """The points of a metric."""
        data = self.reader.get_metrics_data()
        assert data
        return [
            point  # type: ignore[misc]
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]

    def text(self) -> str:
        """All of it."""
        spans = [span.to_json() for span in self.exporter.get_finished_spans()]
        data = self.reader.get_metrics_data()
        return "\n".join([*spans, data.to_json() if data else ""])


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return dict(span.attributes or {})


# --- spans ----------------------------------------------------------------------------------------------


@virtual_time
async def _a_call_with_a_retry(telemetry: Telemetry) -> None:
    panel = Panel(BROKEN, good())
    async with client(panel, hooks=[telemetry.hook], max_concurrency=1) as it:
        await it.balance()


def test_each_attempt_is_a_span_by_the_conventions(telemetry: Telemetry) -> None:
    _a_call_with_a_retry(telemetry)
    first, second = telemetry.spans("POST balance")
    common = {
        **SERVER,
        "url.full": "https://panel.example/",
        "agencia.action": "balance",
        "agencia.ids": 0,
        "agencia.queue_time": 0,
    }
    assert attributes(first) == {
        **common,
        "agencia.retries": 0,
        "agencia.outcome": "retried",
        "http.response.status_code": 502,
        "error.type": "502",
    }
    assert attributes(second) == {
        **common,
        "agencia.retries": 1,
        "agencia.outcome": "ok",
        "http.response.status_code": 200,
        "http.request.resend_count": 1,
    }
    for attempt, code in ((first, StatusCode.ERROR), (second, StatusCode.UNSET)):
        assert (attempt.kind, attempt.parent, attempt.status.status_code) == (SpanKind.CLIENT, None, code)
        assert attempt.status.description is None
        assert not attempt.events
        assert attempt.start_time
        assert attempt.end_time
    assert (first.end_time or 0) <= (second.start_time or 0)


async def test_what_is_refused_with_status_200_is_told_by_its_class(telemetry: Telemetry) -> None:
    panel = Panel(httpx.Response(200, json={"error": "Incorrect order ID"}))
    async with client(panel, hooks=[telemetry.hook]) as it:
        with pytest.raises(AgenciaError):
            await it.cancel(1)
    (attempt,) = telemetry.spans("POST cancel")
    assert attributes(attempt)["agencia.outcome"] == "error"
    assert attributes(attempt)["error.type"] == "NotFoundError"
    assert attempt.status.status_code is StatusCode.ERROR


async def test_an_unknown_outcome_is_told(telemetry: Telemetry) -> None:
    async with client(Panel(httpx.ReadError("")), hooks=[telemetry.hook]) as it:
        with pytest.raises(OutcomeUnknownError):
            await it.add(ORDER)
    (attempt,) = telemetry.spans("POST add")
    assert attributes(attempt)["agencia.outcome"] == "unknown"
    assert attributes(attempt)["error.type"] == "TransportError"
    assert "http.response.status_code" not in attributes(attempt)


@virtual_time
async def _cancelled(telemetry: Telemetry) -> None:
    async with client(Panel(9.0), hooks=[telemetry.hook], max_concurrency=1) as it:
        first = asyncio.create_task(it.balance())
        await asyncio.sleep(1)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(it.balance(), 3)
        await first


def test_what_is_cancelled_in_the_queue_is_told(telemetry: Telemetry) -> None:
    _cancelled(telemetry)
    (cancelled,), (answered,) = telemetry.spans("agencia balance"), telemetry.spans("POST balance")
    assert (cancelled.kind, cancelled.status.status_code) == (SpanKind.INTERNAL, StatusCode.ERROR)
    assert attributes(cancelled) == {
        "agencia.action": "balance",
        "agencia.ids": 0,
        "agencia.queue_time": pytest.approx(3),
        "agencia.retries": 0,
        "agencia.outcome": "cancelled",
        "error.type": "CancelledError",
    }
    assert attributes(answered)["agencia.outcome"] == "ok"
    assert not telemetry.hook._began  # noqa: SLF001 - nothing is kept
    assert not telemetry.hook._spans  # noqa: SLF001


async def test_a_call_without_an_attempt_need_not_have_failed(telemetry: Telemetry) -> None:
    call = CallInfo("add", 0, "https://panel.example/")
    telemetry.hook.call_started(call)
    telemetry.hook.call_ended(call)
    (span,) = telemetry.spans("agencia add")
    assert (span.status.status_code, attributes(span)["agencia.outcome"]) == (StatusCode.UNSET, "ok")


# --- whose call it is -----------------------------------------------------------------------------------


async def test_the_parent_is_the_span_of_the_caller(telemetry: Telemetry) -> None:
    async with client(Answering(good()), hooks=[telemetry.hook]) as it:
        with telemetry.tracer.start_as_current_span("shop") as shop:
            await it.balance()
            await it.status_many(range(250))
    calls = [*telemetry.spans("POST balance"), *telemetry.spans("POST status")]
    assert [attributes(call)["agencia.ids"] for call in calls] == [0, 100, 100, 50]
    for call in calls:
        assert call.parent == shop.get_span_context()
        assert not call.links


@virtual_time
async def test_each_caller_of_a_batch_is_linked_with_its_span(telemetry: Telemetry) -> None:
    async with client(Answering(good()), hooks=[telemetry.hook]) as it:

        async def ask(who: str, *ids: int) -> None:
            with telemetry.tracer.start_as_current_span(who):
                await asyncio.gather(*map(it.status, ids))

        async def without(*ids: int) -> None:
            for _ in range(5):  # the others come first
                await asyncio.sleep(0)
            await asyncio.gather(*map(it.status, ids))

        await asyncio.gather(ask("Ann", 1, 2), ask("Bob", 3), without(4))
    (batch,) = telemetry.spans("POST status")
    (ann,), (bob,) = telemetry.spans("Ann"), telemetry.spans("Bob")
    assert attributes(batch)["agencia.ids"] == 4
    assert batch.parent == ann.context
    assert [link.context for link in batch.links] == [ann.context, bob.context]
    for caller in (ann, bob):
        assert [link.context for link in caller.links] == [batch.context]


@virtual_time
async def test_callers_without_a_span_are_linked_with_nothing(telemetry: Telemetry) -> None:
    async with client(Answering(good()), hooks=[telemetry.hook]) as it:
        await asyncio.gather(it.status(1), it.status(2))
    (batch,) = telemetry.spans("POST status")
    assert (batch.parent, [*batch.links]) == (None, [])


# --- metrics --------------------------------------------------------------------------------------------


@virtual_time
async def _polled(telemetry: Telemetry) -> None:
    panel = Panel(BROKEN, 0.3, httpx.Response(200, json={"1": {"status": "Pending"}}))
    async with client(panel, hooks=[telemetry.hook], retry=RetryPolicy(first_wait=0)) as it:
        await it.balance()
        await it.status(1)


def test_the_metrics_are_those_of_the_conventions(telemetry: Telemetry) -> None:
    _polled(telemetry)
    durations = telemetry.points("http.client.request.duration")
    found = {
        json.dumps([dict(point.attributes or {}).get(name) for name in LABELS]): point for point in durations
    }
    assert found.keys() == {
        '["balance", 502, "502"]',
        '["balance", 200, null]',
        '["status", 200, null]',
    }
    point = found['["balance", 200, null]']
    assert isinstance(point, HistogramDataPoint)
    assert point.count == 1
    assert point.sum == pytest.approx(0.3)
    assert [*point.explicit_bounds] == [
        *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
    ]
    assert dict(point.attributes or {}).items() >= SERVER.items()


LABELS = ("agencia.action", "http.response.status_code", "error.type")


def test_waiting_ids_and_retries_are_counted(telemetry: Telemetry) -> None:
    _polled(telemetry)
    _cancelled(telemetry)
    where = {"server.address": "panel.example"}
    balance, status = ({**where, "agencia.action": action} for action in ("balance", "status"))
    (wait,) = telemetry.points("agencia.client.queue.duration")
    assert isinstance(wait, HistogramDataPoint)
    assert (wait.count, wait.attributes) == (1, balance)
    assert wait.sum == pytest.approx(3)
    assert counted(telemetry, "ids") == [(1, status)]
    assert counted(telemetry, "retries") == [(1, balance)]
    assert counted(telemetry, "calls") == [
        (2, {**balance, "agencia.outcome": "ok"}),
        (1, {**status, "agencia.outcome": "ok"}),
        (1, {**balance, "agencia.outcome": "cancelled"}),
    ]


def counted(telemetry: Telemetry, name: str) -> list[tuple[float, object]]:
    points = telemetry.points(f"agencia.client.{name}")
    return [(point.value, point.attributes) for point in points if isinstance(point, NumberDataPoint)]


# --- what is in none of them ----------------------------------------------------------------------------


@by_each_engine
async def test_no_link_no_comment_and_no_key_is_in_them(telemetry: Telemetry) -> None:
    key = "sandbox-key-1234"
    panel = SandboxPanel(key=key, seed=1)
    order = CustomCommentsOrder(
        service=3, link="https://example.com/secret-link", comments=["secret-comment"]
    )
    async with (
        serve(panel) as url,
        AsyncClient(
            key,
            base_url=f"{url}?token=secret-query",
            transport=transport(),
            hooks=[telemetry.hook],
            retry=NEVER,
        ) as it,
        Journal(":memory:") as journal,
    ):
        for echoed in (f"{key} secret-link secret-comment", None):
            if echoed:
                panel.refuse("add", f"link is not valid: {echoed}", times=2)
            for placing in (it.add(order), journal.place(it, "secret-reference", order)):
                try:
                    await placing
                except AgenciaError as error:
                    assert "secret-link" in str(error)  # noqa: PT017 - it need not fail
        panel.faults.gateway_page = 1
        with pytest.raises(TransportError):
            await it.balance()
    text = telemetry.text()
    assert len(telemetry.spans("POST add")) == 4
    assert attributes(telemetry.spans("POST balance")[0])["url.full"] == url
    assert "secret" not in text
    assert key not in text


# --- providers and the extra ----------------------------------------------------------------------------


async def test_without_providers_it_uses_the_global_ones_and_disturbs_nothing() -> None:
    async with client(Panel(good()), hooks=[OpenTelemetryHook()]) as it:
        assert (await it.balance()).currency == "USD"


async def test_one_hook_serves_several_clients(telemetry: Telemetry) -> None:
    async with (
        client(Answering(good()), hooks=[telemetry.hook]) as one,
        AsyncClient(
            "KEY", base_url="http://[::1]:8080/v2", transport=Answering(good()), hooks=[telemetry.hook]
        ) as other,
    ):
        await asyncio.gather(one.balance(), other.balance(), one.balance(), other.balance())
    servers = {
        (attributes(span)["server.address"], attributes(span)["server.port"])
        for span in telemetry.spans("POST balance")
    }
    assert servers == {("panel.example", 443), ("::1", 8080)}


def test_who_lacks_the_extra_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "agencia_async.instrumentation.opentelemetry"
    monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    with pytest.raises(ImportError, match=r'pip install "\.\[otel\]"'):
        import_module(name)


async def test_an_error_of_one_id_is_not_the_calls(telemetry: Telemetry) -> None:
    rows = {"1": {"status": "Pending"}, "2": {"error": "Incorrect order ID"}}
    async with client(Panel(httpx.Response(200, json=rows)), hooks=[telemetry.hook]) as it:
        result = await it.status_many([1, 2])
    assert isinstance(result.failed[2], NotFoundError)
    assert attributes(telemetry.spans("POST status")[0])["agencia.outcome"] == "ok"
