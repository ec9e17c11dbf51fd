"""The page about moving from another client: its tables are what was measured, and its calls run."""

import ast
import inspect
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agencia_async import AsyncClient, DefaultOrder
from agencia_async.sandbox import Panel, serve

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/moving-from.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
FOUND: dict[str, Any] = json.loads((ROOT / "benchmarks/moving.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def moving() -> Any:  # noqa: ANN401 - a script
    """The benchmark, which is no part of a package."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        return import_module("moving")
    finally:
        sys.path.pop(0)


def test_the_tables_are_what_was_measured(moving: Any) -> None:  # noqa: ANN401
    assert moving.filled(PAGE, FOUND) == PAGE
    assert moving.filled(README, FOUND) == README
    assert "<!-- peers: " in README
    assert PAGE.count("<!-- calls: ") == PAGE.count("<!-- measured: ") == len(FOUND) - 1


def test_every_client_was_measured_in_every_situation(moving: Any) -> None:  # noqa: ANN401
    titles = {each.title for each in moving.SITUATIONS}

    assert list(FOUND) == list(moving.CALLS)
    for name, calls in moving.CALLS.items():
        assert FOUND[name]["calls"] == {
            each: "returned" for purpose, each in calls.items() if purpose != "open"
        }
        assert set(FOUND[name]["situations"]) == titles


def test_a_table_that_was_changed_by_hand_is_found(moving: Any) -> None:  # noqa: ANN401
    assert "75 s" in PAGE
    changed = PAGE.replace("75 s", "76 s", 1)

    assert moving.filled(changed, FOUND) == PAGE


@pytest.fixture
def names() -> dict[str, Any]:
    return {
        "AsyncClient": AsyncClient,
        "DefaultOrder": DefaultOrder,
        "IDS": [23501, 23502],
        "LINK": "https://example.com/p/1",
        "KEY": "sandbox-key",
    }


async def test_what_is_to_be_written_runs(moving: Any, names: dict[str, Any]) -> None:  # noqa: ANN401
    panel = Panel(key="sandbox-key", seed=1, clock=lambda: 0.0)
    panel.seed_orders(10)
    async with serve(panel) as url:
        calls = dict(moving.CALLS[moving.OURS])
        client: AsyncClient = eval(calls.pop("open"), {**names, "URL": url})  # noqa: S307 - the page's own
        async with client:
            for call in calls.values():
                code = compile(call, "page", "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                value = eval(code, {**names, "client": client})  # noqa: S307
                assert inspect.isawaitable(value)
                await value

    assert [entry.action for entry in panel.ledger].count("add") == 1


@pytest.mark.parametrize("number", range(5))
async def test_what_this_client_does_is_what_was_measured(
    number: int,
    moving: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    situation = moving.SITUATIONS[number]
    monkeypatch.setattr(moving, "_called", import_module("moving_calls").told)
    found = await moving.measured(moving.OURS, situation)

    assert found == FOUND[moving.OURS]["situations"][situation.title]
