import pytest

from agencia_async.sandbox import Panel

from .scene import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def panel(clock: Clock) -> Panel:
    """A panel whose orders begin after 5 seconds and take 20."""
    return Panel(clock=clock, pending=(5.0, 5.0), progress=(20.0, 20.0))
