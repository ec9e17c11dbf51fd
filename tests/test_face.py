"""The public face: complete, and quick to import."""

import shutil
import subprocess
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import pytest

import agencia_async


def test_it_is_complete_and_sorted() -> None:
    assert sorted(agencia_async.__all__) == agencia_async.__all__
    assert {*agencia_async.__all__} <= {*dir(agencia_async)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in agencia_async.__all__:
            assert getattr(agencia_async, name).__module__.startswith("agencia_async") or name in {
                "Id",
                "RefillId",
            }


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match="'agencia_async' has no attribute 'DefaultOder'"):
        agencia_async.DefaultOder  # type: ignore[attr-defined]  # noqa: B018


STEPS = {
    "import agencia_async": set[str](),
    "from agencia_async import AsyncClient; AsyncClient('K')": {"httpcore"},
    "from agencia_async import RawOrder": {"agencia_async.orders"},
    "from agencia_async import Catalogue": {"agencia_async.catalogue"},
}
"""What one process does, step by step, and what each step adds to what is loaded."""


def test_what_not_everybody_needs_is_loaded_by_those_who_do() -> None:
    dear = ("agencia_async.catalogue", "agencia_async.orders", "aiohttp", "cattrs", "httpcore", "redis")
    watched = {*dear, "coredis", "opentelemetry", "pydantic", "sqlalchemy", "streaq", "tenacity", "typer"}
    tell = f"print(*sorted({watched} & sys.modules.keys()))"
    command = [sys.executable, "-c", "\n".join(["import sys", *(f"{step}\n{tell}" for step in STEPS)])]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    before = set[str]()
    for line, added in zip(told.splitlines(), STEPS.values(), strict=True):
        assert {*line.split()} - before == added
        before |= added


def test_it_works_without_its_metadata(tmp_path: Path) -> None:
    package = Path(agencia_async.__file__).parent
    shutil.copytree(package, tmp_path / "agencia_async", ignore=shutil.ignore_patterns("__pycache__"))
    command = (
        "import importlib.metadata as m, sys; sys.path.insert(0, sys.argv[1]);"
        "m.version = m.distribution = m.metadata = None;"
        "import agencia_async as a; a.AsyncClient('KEY'); print(a.__version__, a.__file__)"
    )
    told = subprocess.run(  # noqa: S603
        [sys.executable, "-c", command, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    assert told.split() == [agencia_async.__version__, str(tmp_path / "agencia_async" / "__init__.py")]
    assert agencia_async.__version__ == version("agencia-async")
