"""The page of all settings: what there is to set, and with which defaults, is what it says."""

import ast
import inspect
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agencia_async import AsyncClient, RetryPolicy

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/settings.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading."""
    (text,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_extra_is_listed_with_what_it_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    installed = {
        extra: [
            name
            for line in lines
            for own, packages in [re.fullmatch(r"agencia-async\[(.*)\]|([\w.-]+).*", line).groups()]  # type: ignore[union-attr]
            for name in (own.split(",") if own else [packages])
        ]
        for extra, lines in extras.items()
    }

    assert {name.strip("`"): packages.split(", ") for name, packages, _ in rows("Extras")} == installed


def options(of: Callable[..., object]) -> dict[str, object]:
    return {
        name: option.default
        for name, option in inspect.signature(of).parameters.items()
        if option.default is not inspect.Parameter.empty
    }


@pytest.mark.parametrize(
    ("heading", "of"), [("Options of the client", AsyncClient), ("`RetryPolicy`", RetryPolicy)]
)
def test_every_option_is_listed_with_its_default(heading: str, of: Callable[..., object]) -> None:
    listed = {
        name.strip("`"): eval(default.strip("`"), {"RetryPolicy": RetryPolicy})  # noqa: S307 - the project's own page
        for name, default, *_ in rows(heading)
    }

    assert listed == options(of)


def variables(code: str) -> Iterator[str]:
    """The environment variables that a module reads, or that its own are called."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and "environ" in ast.unparse(node.func):
            yield from (str(one.value) for one in node.args if isinstance(one, ast.Constant))
        if isinstance(node, ast.Constant) and re.fullmatch(r"AGENCIA_[A-Z_]+", str(node.value)):
            yield str(node.value)


OF_OTHERS = {"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"}
"""What the standard library and httpx read for the client."""


def test_every_environment_variable_is_listed() -> None:
    listed = {name for first, *_ in rows("Environment variables") for name in re.findall(r"`(\w+)`", first)}
    read = {
        name
        for path in (ROOT / "agencia_async").rglob("*.py")
        if path.name != "pytest_plugin.py"  # which hides some from the tests of an application
        for name in variables(path.read_text(encoding="utf-8"))
    }

    assert {name for name in read if name} == listed - OF_OTHERS


def test_variables_are_found_where_they_are_read() -> None:
    code = 'os.environ.get("A", "") or environ.get("B") or ("AGENCIA_C", 1, "not AGENCIA_D")'

    assert set(variables(code)) == {"A", "", "B", "AGENCIA_C"}


def test_every_logger_is_listed() -> None:
    found = {
        name
        for path in (ROOT / "agencia_async").rglob("*.py")
        for name in re.findall(r'getLogger\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    }

    assert found <= {name.strip("`") for name, *_ in rows("Logging")}
