"""Fixtures that the whole suite shares: those that the library gives its users."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import engines
from tests.support.rounds import PROFILE

settings.register_profile(
    "default", max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", parent=settings.get_profile("default"), max_examples=10_000)
settings.register_profile(
    "mutants", parent=settings.get_profile("default"), max_examples=50, derandomize=True, database=None
)
settings.load_profile(PROFILE)

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


@pytest.fixture(params=engines.ENGINES)
def each_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test runs once with each engine."""
    monkeypatch.setattr(engines, "chosen", request.param)
    return engines.chosen
