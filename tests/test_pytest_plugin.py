"""The fixtures that the library gives to its users' tests."""

import importlib
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
