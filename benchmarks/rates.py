"""How well a client keeps to a panel's limit of 20 requests a second: told, hidden, and shared."""

from bisect import bisect_left

from runs import Bench, Measured, redis_server
from tables import Goal, Row, alone, skipped

LIMIT = 20
_LATENCY = 50
_MOST = 22
_PROCESSES = 4
_FINDING = 10.0
_REFUSALS = {"bare": "a bare 429", "after": "a 429 with Retry-After", "text": "a 200 with words"}


def _shares(counted: Measured, seconds: float, after: float = 0.0) -> tuple[float, float]:
    """The share of the limit that was used, and that of the requests that were refused."""
    taken, refused = counted["taken"], counted["refused"]
    first = min([*taken[:1], *refused[:1]])

    def within(times: list[float]) -> int:
        return sum(first + after <= one < first + seconds for one in times)

    used, turned_away = within(taken), within(refused)
    return used / (LIMIT * (seconds - after)), turned_away / max(1, used + turned_away)


def told(bench: Bench) -> list[Row]:
    """9. A limit that the client is told."""
    rows = []
    for window in ("sliding", "fixed") if bench.scale.everybody else ("sliding",):
        url = bench.panel(latency=_LATENCY, limit=LIMIT, window=window)
        seconds = bench.scale.told
        found = bench.measure("paced", url=url, seconds=seconds + 0.5, limit=LIMIT)
        if "missing" in found:
            rows.append(skipped(f"{window} window", found["missing"]))
            continue
        used, refused = _shares(bench.counted(url), seconds)
        panel = f"{window} window, {seconds:g} s"
        rows.append(alone(f"share of the limit used, {panel}", used, "%", (">=", 0.97)))
        rows.append(alone(f"share of requests refused, {panel}", refused, "%", ("<=", 0.005)))
    return rows


def hidden(bench: Bench) -> list[Row]:
    """10. A limit that the client must find."""
    rows = []
    for refusal, seconds in bench.scale.hidden.items():
        url = bench.panel(latency=_LATENCY, limit=LIMIT, refusal=refusal)
        found = bench.measure("paced", url=url, seconds=seconds + 0.5)
        words = _REFUSALS[refusal]
        if "missing" in found:
            rows.append(skipped(words, found["missing"]))
            continue
        counted = bench.counted(url)
        used, refused = _shares(counted, seconds)
        rows.append(alone(f"share of the limit used, {words}, {seconds:g} s", used, "%", (">=", 0.90)))
        rows.append(alone(f"share of requests refused, {words}", refused, "%", ("<=", 0.10)))
        if seconds > _FINDING:
            used, refused = _shares(counted, seconds, _FINDING)
            later = f"after the first {_FINDING:g} s, {words}"
            rows.append(alone(f"share of requests refused {later}", refused, "%", ("<=", 0.05)))
        rows.append(alone(f"ids that failed, {words}", found["failed"], ""))
    return rows


def shared(bench: Bench) -> list[Row]:
    """11. One limit for four processes."""
    seconds = bench.scale.shared
    url = bench.panel(latency=_LATENCY)
    with redis_server() as redis:
        if redis is None:
            return [skipped("four processes on one limit", "no redis-server is installed")]
        found = bench.together(_PROCESSES, "paced", url=url, seconds=seconds + 3, limit=LIMIT, redis=redis)
    missing = next((one["missing"] for one in found if "missing" in one), None)
    if missing is not None:
        return [skipped("four processes on one limit", missing)]
    taken = bench.counted(url)["taken"]
    begin = taken[0] + 2.0  # all of them have begun by then, and none has ended before the end
    used = sum(begin <= one < begin + seconds - 2 for one in taken) / (LIMIT * (seconds - 2))
    most: Goal = ("<=", _MOST)
    return [
        alone("most requests in any second, four processes", _most_in_a_second(taken), "", most),
        alone(f"share of the limit used, four processes, {seconds:g} s", used, "%", (">=", 0.95)),
    ]


def _most_in_a_second(times: list[float]) -> int:
    return max(bisect_left(times, one + 1.0) - place for place, one in enumerate(times))
