"""The fixtures that the library gives to its users' tests."""

import importlib
import os
import sys
from decimal import Decimal

import pytest

from agencia_async import AsyncClient
from agencia_async.sandbox import Panel

STRICT = """
    import pytest

    @pytest.mark.asyncio
    async def test_client(agencia_client, agencia_panel):
        order = agencia_panel.seed_orders(1)[0]
        assert (await agencia_client.status(order)).charge is not None
        assert [request.action for request in agencia_panel.requests] == ["status"]

    @pytest.mark.asyncio
    async def test_each_test_has_a_panel_of_its_own(agencia_panel):
        assert agencia_panel.received == 0
"""

ANY_TEST = """
    import asyncio

    import httpx
    import pytest
    from agencia_async import AsyncClient, DefaultOrder, OutcomeUnknownError

    def test_a_synchronous_one(agencia_panel):
        form = {"key": agencia_panel.key, "action": "balance"}
        assert httpx.post(agencia_panel.url, data=form, trust_env=False).json()["currency"] == "USD"

    @pytest.mark.asyncio(loop_scope="session")
    async def test_one_in_a_loop_of_the_session(agencia_env):
        async with AsyncClient.from_env() as client:
            assert (await client.balance()).currency == "USD"

    @pytest.mark.agencia_panel(dialect="extended", ids="uuid")
    @pytest.mark.agencia_faults("drop_after", actions={"add"})
    def test_one_with_markers(agencia_panel, agencia_env):
        async def place():
            async with AsyncClient.from_env() as client:
                with pytest.raises(OutcomeUnknownError):
                    await client.add(DefaultOrder(service=1, link="https://example.com", quantity=100))

        asyncio.run(place())
        assert agencia_panel.dialect == "extended"
        assert isinstance(agencia_panel.assert_placed_once(service=1).order, str)
"""

ANYIO = """
    import pytest

    @pytest.fixture
    def anyio_backend():
        return "asyncio"

    @pytest.mark.anyio
    async def test_client(agencia_client):
        assert (await agencia_client.balance()).currency == "USD"
"""

ASYNCHRONOUS = """
    async def test_client(agencia_client):
        raise AssertionError("not reached: nothing runs it")
"""

WITHOUT_PYTEST_ASYNCIO = """
    import sys

    sys.modules["pytest_asyncio"] = None
    pytest_plugins = ["agencia_async.pytest_plugin"]
"""

# pytest-asyncio warns where a project leaves this open.
FUNCTION_SCOPE = ("-o", "asyncio_default_fixture_loop_scope=function")


async def test_the_panel_runs_and_the_client_is_its_own(
    agencia_panel: Panel, agencia_client: AsyncClient
) -> None:
    balance = await agencia_client.balance()

    assert balance.balance == agencia_panel.balance == Decimal(1000)
    assert [request.action for request in agencia_panel.requests] == ["balance"]
    assert agencia_panel.url is not None
    assert agencia_panel.url.startswith("http://127.0.0.1:")


def test_an_installed_package_needs_no_setting(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(STRICT)

    result = pytester.runpytest_subprocess(*FUNCTION_SCOPE)

    result.assert_outcomes(passed=2)


def test_any_test_can_use_the_panel(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCIA_API_KEY_FILE", "/nowhere")
    pytester.makepyfile(ANY_TEST)

    result = pytester.runpytest_subprocess(*FUNCTION_SCOPE, "--strict-markers", "-W", "error")

    result.assert_outcomes(passed=3)


@pytest.mark.agencia_panel(dialect="numbers")
@pytest.mark.agencia_faults("server_error", "drop_after", actions={"add"})
def test_markers_say_how_the_panel_is(
    agencia_panel: Panel, agencia_env: dict[str, str], pytestconfig: pytest.Config
) -> None:
    assert agencia_panel.dialect == "numbers"
    assert agencia_panel.faults.actions == {"add"}
    assert os.environ["AGENCIA_BASE_URL"] == agencia_env["AGENCIA_BASE_URL"] == agencia_panel.url
    known = [str(line).partition("(")[0] for line in pytestconfig.getini("markers")]
    assert {"agencia_panel", "agencia_faults"} <= {*known}


def test_the_fixtures_are_listed_with_what_they_give(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess(*FUNCTION_SCOPE, "--fixtures", "-q")

    result.stdout.fnmatch_lines(["agencia_panel*", "    A running sandbox panel*", "agencia_client*"])


@pytest.fixture
def without_pytest_asyncio(pytester: pytest.Pytester) -> tuple[str, ...]:
    """The options of a run for which pytest-asyncio is not there."""
    pytester.makeconftest(WITHOUT_PYTEST_ASYNCIO)
    return ("-p", "no:agencia_async", "-p", "no:asyncio")


def test_without_pytest_asyncio_another_plugin_may_run_the_fixtures(
    pytester: pytest.Pytester, without_pytest_asyncio: tuple[str, ...]
) -> None:
    pytester.makepyfile(ANYIO)

    result = pytester.runpytest_subprocess(*without_pytest_asyncio)

    result.assert_outcomes(passed=1)


def test_without_pytest_asyncio_pytest_says_what_is_missing(
    pytester: pytest.Pytester, without_pytest_asyncio: tuple[str, ...]
) -> None:
    pytester.makepyfile(ASYNCHRONOUS)

    result = pytester.runpytest_subprocess(*without_pytest_asyncio, "-p", "no:anyio")

    assert "passed" not in result.parseoutcomes()
    result.stdout.fnmatch_lines(["*async*natively support*"])


def test_the_plugin_harms_nobody_who_does_not_use_it(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as context:
        context.setitem(sys.modules, "pytest_asyncio", None)
        context.delitem(sys.modules, "agencia_async.pytest_plugin")
        plugin = importlib.import_module("agencia_async.pytest_plugin")
    pytester.makepyfile("def test_nothing(): pass")

    options = ("-p", "no:agencia_async", "-p", "no:asyncio", "-p", "no:anyio", "-W", "error")
    result = pytester.runpytest_inprocess(*options, plugins=[plugin])

    result.assert_outcomes(passed=1)
