"""How well a client finds limits that it is not told: many panels, in simulated time.

    python benchmarks/limits.py [--goals] [--seconds 60] [--only sliding] [--seeds 11,12,13,14,15]

Nothing sleeps and nothing is sent: the event loop's clock jumps to the next timer, and the panel is a
transport. The client is the real one. Beside it stand others that differ in one thing each: one that only
pauses after a refusal and keeps no pace, and some whose pace grows by a constant share of the first one in
each second and falls to a share of itself (AIMD). All else, how a limit is recognised and given up, they have
in common.

Each row is a panel that answers after 50 ms, give or take a fifth, polled over ten connections without end.
The columns tell the share of the limit that was used (for strays, of what ten connections can do), the shares
of requests that were refused, at all and after the first ten seconds, and how many ids failed: each the worst
of all seeds. The constants were chosen with the seeds 1 to 4, so the default seeds are others.

With `--goals` only this client is measured, at small and odd limits too, beside what it is to reach.
"""

import argparse
import asyncio
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from unittest.mock import patch

import httpx
from attrs import frozen
from tables import table

from agencia_async import AsyncClient
from agencia_async._limits.adaptive import AdaptiveLimit
from agencia_async._limits.cubic import CubicPace

sys.path.append(str(Path(__file__).parents[1]))

from tests.support import hidden_limits
from tests.support.virtual import VirtualLoop

LATENCY = 0.05
CONNECTIONS = 10
_FINDING = 10.0
_BODY = b'{"charge":"0.27819","start_count":"3572","status":"Partial","remains":"157","currency":"USD"}'
_REFUSAL = b'{"error":"Too many requests"}'


# --- panels -------------------------------------------------------------------------------------------

Admits = Callable[[float], bool]


def sliding(requests: int, per: float) -> Admits:
    """So many in any time of that length."""
    return hidden_limits.sliding(requests, per, Random(0))


def fixed(requests: int, per: float) -> Admits:
    """So many in each time of that length, by the panel's clock."""
    window, taken = -1.0, 0

    def admits(now: float) -> bool:
        nonlocal window, taken
        if now // per != window:
            window, taken = now // per, 0
        taken += 1
        return taken <= requests

    return admits


def bucket(requests: int, per: float) -> Admits:
    """So many at once, and one more each time that a token has dropped in."""
    tokens, last = float(requests), 0.0

    def admits(now: float) -> bool:
        nonlocal tokens, last
        tokens, last = min(requests, tokens + (now - last) * requests / per), now
        if tokens < 1:
            return False
        tokens -= 1
        return True

    return admits


def strays(share: float, seed: int) -> Admits:
    """No limit; some requests are refused by chance."""
    random = Random(seed)
    return lambda _: random.random() >= share


def changing(first: Admits, then: Admits, at: float) -> Admits:
    """One limit, and another one from then on."""
    return lambda now: (first if now < at else then)(now)


@frozen
class Case:
    """A panel: what it admits, the requests a second that this amounts to, and what it says.

    `admits` takes the last moment of a run and a seed.
    """

    name: str
    admits: Callable[[float, int], Admits]
    rate: float
    retry_after: str | None = None
    seconds: float = 1.0
    told: tuple[int, float] | None = None  # what `X-RateLimit-*` tell, of a fixed window


def _limited() -> Iterator[Case]:
    """Limits of all kinds, told by refusals or by headers."""
    limits = ((20, 1, "20/s"), (60, 60, "60/min"), (120, 60, "120/min"))
    for kind, (requests, per, name) in itertools.product((sliding, fixed, bucket), limits):
        long = 1.0 if per == 1 else 10.0
        make = partial(_made, kind, requests, per)
        said = "1" if per == 1 else "5"
        yield Case(f"{kind.__name__} {name}, bare", make, requests / per, seconds=long)
        yield Case(f"{kind.__name__} {name}, Retry-After: {said}", make, requests / per, said, seconds=long)
        if kind is fixed:
            told = (requests, per)
            yield Case(f"fixed {name}, X-RateLimit-*", make, requests / per, seconds=long, told=told)


def _made(
    kind: Callable[[int, float], Admits], requests: int, per: float, _until: float, _seed: int
) -> Admits:
    return kind(requests, per)


def _strange() -> Iterator[Case]:
    """Strays, and limits that change in the middle."""
    for share, said in itertools.product((0.04, 0.10), (None, "0")):
        told = f"Retry-After: {said}" if said else "bare"
        name = f"{share:.0%} strays, {told}"
        yield Case(name, partial(_strays, share), CONNECTIONS / LATENCY, said)
    for first, then in ((20, 10), (20, 40)):
        name = f"sliding {first}/s, then {then}/s"
        yield Case(name, partial(_changing, first, then), (first + then) / 2, seconds=2.0)


def _strays(share: float, _until: float, seed: int) -> Admits:
    return strays(share, seed)


def _changing(first: int, then: int, until: float, _seed: int) -> Admits:
    return changing(sliding(first, 1), sliding(then, 1), until / 2)


class Panel(httpx.AsyncBaseTransport):
    """Counts what it admits and what it refuses."""

    def __init__(self, case: Case, until: float, seed: int) -> None:
        self._admits = case.admits(until, seed)
        self._case = case
        self._random = Random(seed)
        self.taken: list[float] = []
        self.refused: list[float] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer after the latency."""
        await request.aread()
        now = asyncio.get_running_loop().time()
        admitted = self._admits(now)
        (self.taken if admitted else self.refused).append(now)
        headers = self._headers(now)
        await asyncio.sleep(LATENCY * self._random.uniform(0.8, 1.2))
        if admitted:
            return httpx.Response(200, headers=headers, content=_BODY)
        return httpx.Response(429, headers=headers, content=_REFUSAL)

    def _headers(self, now: float) -> dict[str, str]:
        told, said = self._case.told, self._case.retry_after
        if told is None:
            return {} if said is None else {"Retry-After": said}
        requests, per = told
        left = requests - sum(one // per == now // per for one in self.taken)
        return {"X-RateLimit-Remaining": str(left), "X-RateLimit-Reset": str(per - now % per)}


# --- clients ------------------------------------------------------------------------------------------


class OnlyPauses(AdaptiveLimit):
    """Takes no refusal for a limit."""

    def _limit(self, now: float, number: int) -> None:
        pass


def additive(grow: float, fall: float) -> type[CubicPace]:
    """A pace that grows by a constant, and falls by a factor."""

    class Additive(CubicPace):
        def _at(self, age: float) -> float:
            return self._from + grow * self._first * age

        def __init__(self, pace: float, window: float, now: float, slowest: float = 0.0) -> None:
            super().__init__(pace, window, now, slowest)
            self._first = pace

        @property
        def is_near(self) -> bool:
            return True

        def lower(self, now: float, cooldown: float, accepted: float | None = None) -> None:
            pace = min(fall * self.pace, accepted or self.pace)
            super().lower(now, cooldown, accepted)
            self.pace = self._from = pace

    return Additive


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


CLIENTS = {
    "as it is": _as_it_is,
    "only pauses": lambda: patch("agencia_async._client.settings.AdaptiveLimit", OnlyPauses),
    "AIMD, +1/20, x 0.5": lambda: patch("agencia_async._limits.adaptive.CubicPace", additive(1 / 20, 0.5)),
    "AIMD, +1/20, x 0.9": lambda: patch("agencia_async._limits.adaptive.CubicPace", additive(1 / 20, 0.9)),
    "AIMD, +1/100, x 0.9": lambda: patch("agencia_async._limits.adaptive.CubicPace", additive(1 / 100, 0.9)),
}


async def _poll(panel: Panel, seconds: float) -> int:
    """Ids that failed in that time."""
    failed = 0
    client = AsyncClient(
        "KEY", base_url="https://panel.test/", transport=panel, batch_size=1, max_concurrency=CONNECTIONS
    )
    async with client:
        items = client.status_iter(itertools.count(1))
        try:
            async with asyncio.timeout(seconds):
                async for item in items:
                    failed += not item.ok
        except TimeoutError:
            await items.aclose()
    return failed


def simulate(case: Case, client: str, seconds: float, seed: int) -> tuple[float, float, float, int]:
    """What was used, what was refused at all and later, and how many ids failed."""
    until = seconds * case.seconds
    panel = Panel(case, until, seed)
    with CLIENTS[client](), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        failed = runner.run(_poll(panel, until))
    later = [sum(one >= _FINDING * case.seconds for one in times) for times in (panel.refused, panel.taken)]
    every = len(panel.refused), len(panel.taken)
    refused, refused_later = (no / max(1, no + yes) for no, yes in (every, later))
    return len(panel.taken) / (case.rate * until), refused, refused_later, failed


def _row(case: Case, client: str, seconds: float, seeds: Sequence[int]) -> list[str]:
    used, refused, later, failed = zip(
        *(simulate(case, client, seconds, seed) for seed in seeds), strict=True
    )
    return [case.name, f"{min(used):.0%}", f"{max(refused):.1%}", f"{max(later):.1%}", str(max(failed))]


# --- goals --------------------------------------------------------------------------------------------

Goal = tuple[str, hidden_limits.Hidden, float, float, float]
"""A name, a panel, seconds, and what is to be used and refused of it."""


def _goals() -> Iterator[Goal]:
    kinds = (hidden_limits.sliding, hidden_limits.fixed, hidden_limits.begun, hidden_limits.bucket)
    for kind in kinds:
        make, name = partial(hidden_limits.Hidden, kind), kind.__name__
        for says in ("bare", "1", "text"):
            yield f"20/s {name}, {says}", make(20, 1, says), 12, 0.92, 1.0
            yield f"20/s {name}, {says}", make(20, 1, says), 60, 0.95, 0.05
        for count, says in itertools.product((1, 2), ("bare", "1")):
            for latency in (0.005, 0.05):
                hidden = make(20, 1, says, count, latency)
                yield f"20/s {name}, {says}, {count} x {latency} s", hidden, 60, 0.85, 0.05
            yield f"{count}/s {name}, {says}", make(count, 1, says), 600, 0.9, 0.1
        for says in ("bare", "5"):
            yield f"60/min {name}, {says}", make(60, 60, says), 600, 0.95, 0.1
        yield f"1000/h {name}, bare", make(1000, 3600), 4 * 3600, 0.9, 0.1


def _goal(goal: Goal, seeds: Sequence[int]) -> list[str]:
    name, hidden, seconds, used, refused = goal
    seen = [hidden_limits.poll(hidden, seconds, seed) for seed in seeds]
    least, most = min(one.used(seconds) for one in seen), max(one.refusals() for one in seen)
    failed = max(len(one.failed) for one in seen)
    reached = least >= used and most <= refused and not failed
    shares = (f"{least:.1%}", f"{used:.0%}", f"{most:.1%}", f"{refused:.0%}")
    return [name, f"{seconds:g}", *shares, str(failed), "yes" if reached else "no"]


def _print_goals(only: str, seeds: Sequence[int]) -> None:
    lines = [_goal(goal, seeds) for goal in _goals() if only in goal[0]]
    print(table(("panel", "seconds", "used", "goal", "refused", "goal", "failed", "reached"), lines))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="What a client makes of limits that it is not told.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--seeds", default="11,12,13,14,15")
    parser.add_argument(
        "--goals", action="store_true", help="small and odd limits, beside what is to be reached"
    )
    parser.add_argument("--client", default="", help="clients whose name holds this, as 'as it is'")
    wanted = parser.parse_args()
    seeds = [int(seed) for seed in wanted.seeds.split(",")]
    if wanted.goals:
        _print_goals(wanted.only, seeds)
        return
    cases = [case for case in (*_limited(), *_strange()) if wanted.only in case.name]
    for client in filter(lambda name: wanted.client in name, CLIENTS):
        lines = [_row(case, client, wanted.seconds, seeds) for case in cases]
        print(f"\n{client}")
        print(table(("panel", "used", "refused", "later", "failed"), lines), flush=True)


if __name__ == "__main__":
    main()
