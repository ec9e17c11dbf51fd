"""Rate limits that a panel does not tell: how far they are used, at what price, in virtual time."""

from collections.abc import Callable
from random import Random

import pytest

from agencia_async import RateLimit
from tests.support.hidden_limits import Admits, Hidden, begun, bucket, fixed, poll, sliding
from tests.support.rounds import rounds

SEEDS = range(rounds(1, nightly=10))
KINDS = [sliding, fixed, begun, bucket]
MINUTE, HOUR = 60.0, 3600.0
Kind = Callable[[int, float, Random], Admits]


def check(hidden: Hidden, seconds: float, *, used: float, refused: float) -> None:
    """So much is used and at most so much is refused, and no id fails."""
    for seed in SEEDS:
        seen = poll(hidden, seconds, seed)
        assert (seen.failed, seen.used(seconds) >= used, seen.refusals() <= refused) == ([], True, True), (
            f"seed {seed}: {seen.used(seconds):.3f} used, {seen.refusals():.3f} refused"
        )


ALL = rounds(0, nightly=1)
"""At night, each kind of panel is tried with each kind of answer."""


@pytest.mark.parametrize("says", ["bare", "1", "text"] if ALL else ["bare"])
@pytest.mark.parametrize("kind", KINDS)
def test_twenty_a_second_in_the_first_seconds(kind: Kind, says: str) -> None:
    check(Hidden(kind, 20, 1, says), 12, used=0.92, refused=0.13)


@pytest.mark.parametrize("says", ["bare", "1"] if ALL else ["1"])
@pytest.mark.parametrize("kind", KINDS if ALL else [sliding])
def test_twenty_a_second_in_a_minute(kind: Kind, says: str) -> None:
    check(Hidden(kind, 20, 1, says), MINUTE, used=0.95, refused=0.05)


@pytest.mark.parametrize("says", ["bare", "1"] if ALL else ["bare"])
@pytest.mark.parametrize("requests", [1, 2])
@pytest.mark.parametrize("kind", KINDS if ALL else [fixed])
def test_one_or_two_a_second(kind: Kind, requests: int, says: str) -> None:
    check(Hidden(kind, requests, 1, says), 10 * MINUTE, used=0.9, refused=0.1)


@pytest.mark.parametrize("says", ["bare", "5"] if ALL else ["5"])
@pytest.mark.parametrize("kind", KINDS if ALL else [bucket])
def test_sixty_a_minute(kind: Kind, says: str) -> None:
    check(Hidden(kind, 60, MINUTE, says), 10 * MINUTE, used=0.95, refused=0.1)


@pytest.mark.parametrize("kind", KINDS if ALL else [sliding])
def test_a_thousand_an_hour(kind: Kind) -> None:
    check(Hidden(kind, 1000, HOUR), (4 if ALL else 1.2) * HOUR, used=0.9, refused=0.1)


@pytest.mark.parametrize("says", ["bare", "1"] if ALL else ["bare"])
@pytest.mark.parametrize("connections", [1, 2])
@pytest.mark.parametrize("kind", KINDS if ALL else [sliding])
def test_twenty_a_second_over_one_or_two_connections(kind: Kind, connections: int, says: str) -> None:
    check(Hidden(kind, 20, 1, says, connections, latency=0.005), MINUTE, used=0.85, refused=0.05)


@pytest.mark.parametrize("kind", KINDS if ALL else [fixed, begun])
@pytest.mark.parametrize(
    ("requests", "per", "latency"), [(60, MINUTE, 0.05), (60, MINUTE, 0.4), (20, 1, 0.05), (2, 1, 0.05)]
)
def test_a_configured_limit_that_equals_the_panels_own_is_not_refused_at_its_edge(
    kind: Kind, requests: int, per: float, latency: float
) -> None:
    hidden = Hidden(kind, requests, per, latency=latency, limit=RateLimit(requests, per=per))
    check(hidden, 2.5 * max(per, 8), used=0.96, refused=0)
