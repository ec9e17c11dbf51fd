"""Fixtures that the whole suite shares: those that the library gives its users."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from agencia_async._limits import breaker, write_breaker
from tests.support import engines
from tests.support.rounds import PROFILE
from tests.support.virtual import IS_EAGER, eager_loop

settings.register_profile(
    "default", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", parent=settings.get_profile("default"), max_examples=10_000)
settings.register_profile(
    "mutants", parent=settings.get_profile("default"), max_examples=50, derandomize=True, database=None
)
settings.load_profile(PROFILE)

HERE = Path(__file__).parent
pytest_plugins = ["agencia_async.pytest_plugin", "pytester"]


@pytest.fixture(scope="session", autouse=True)
def _no_environment() -> Iterator[None]:
    """No test depends on what the environment of its machine says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AGENCIA_API_KEY", "AGENCIA_API_KEY_FILE", "AGENCIA_BASE_URL"):
            patch.delenv(name, raising=False)
        # Each of the processes that tests start would compile the package for itself.
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(autouse=True)
def _soon(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real time a panel that is away is looked for sooner; in virtual time, at the library's intervals."""
    if not hasattr(request.function, "is_virtual") and not request.path.is_relative_to(HERE / "limits"):
        for module in (breaker, write_breaker):
            monkeypatch.setattr(module, "_FIRST", 0.02)


if IS_EAGER:  # pragma: no cover - nox -s eager

    def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
        """With `TESTS_EAGER` set, tasks run at once, up to their first wait (Python 3.12 and later)."""
        return {"eager": eager_loop}


@pytest.fixture(params=engines.ENGINES)
def each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test runs once with each engine."""
    monkeypatch.setattr(engines, "chosen", request.param)
    return engines.chosen
