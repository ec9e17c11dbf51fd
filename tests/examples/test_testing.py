"""The example of tests of one's own, and that of docker compose."""

import re
import shlex

import pytest
from typer.main import get_command

from agencia_async.cli.app import app
from tests.examples.scene import EXAMPLES

TESTING = EXAMPLES / "testing"


@pytest.mark.parametrize(
    ("change", "failed"),
    [(("", ""), 0), (("await client.add(order, max_charge=Decimal(2))", "await client.add(order)"), 2)],
    ids=["as it is", "without max_charge"],
)
def test_the_tests_of_the_example_find_a_mistake(
    pytester: pytest.Pytester, change: tuple[str, str], failed: int
) -> None:
    store = (TESTING / "store.py").read_text(encoding="utf-8").replace(*change)
    tests = (TESTING / "test_store.py").read_text(encoding="utf-8")
    (pytester.path / "store.py").write_text(store, encoding="utf-8")
    (pytester.path / "test_store.py").write_text(tests, encoding="utf-8")

    result = pytester.runpytest_subprocess("-o", "asyncio_default_fixture_loop_scope=function", "-W", "error")

    result.assert_outcomes(passed=6 - failed, failed=failed)


def test_the_sandbox_of_docker_compose_is_started_with_options_that_there_are() -> None:
    text = (TESTING / "compose.yaml").read_text(encoding="utf-8")
    (line,) = re.findall(r'exec agencia (.*)"', text)
    command, *options = shlex.split(line)

    context = get_command(app).commands[command].make_context(command, options)  # type: ignore[attr-defined]

    assert context.params["port"] == 8080
    assert f"http://{context.params['host']}:8080/api/v2" in text
    assert f"AGENCIA_API_KEY: {context.params['key']}\n" in text
