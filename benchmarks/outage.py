"""What an outage costs: ids, orders and requests, at a panel that is away, or that a web server limits.

    python benchmarks/outage.py [--only polls,orders,limits,forever] [--chart FILE]

The panel is a process of its own on a loopback address; ten connections, the default `RetryPolicy`, both
engines; five minutes in all. The chart shows a poll through an outage, with and without the circuit breaker.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import chart
from outage_client import BINS, SLOTS
from tables import Row, alone, printed, skipped

HERE = Path(__file__).parent
HOW = ("502", "reset", "refused")
ENGINES = ("default", "fast")
START, LENGTH = 0.5, 5.0
POLLED, ORDERS = 60_000, 600
RATE, BURST, LIMITED_IDS, LIMITED_ORDERS = 10, 5, 20_000, 300
DEADLINE, LATER = 60.0, 50
CHARTED, CONNECTIONS = 250_000, 20
_WINDOW = 0.25
Found = dict[str, Any]


# --- one run ------------------------------------------------------------------------------------------


@contextmanager
def _served(settings: Found) -> Iterator[str]:
    """A panel with these settings; its address."""
    command = [sys.executable, str(HERE / "outage_server.py"), json.dumps(settings)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        yield server.stdout.readline().strip()  # type: ignore[union-attr]
        server.communicate("")


def run(panel: Found, **wanted: object) -> Found:
    """What came of a run, beside what the panel has counted; a reason as `missing` if it broke off."""
    with _served(panel) as url:
        arguments = json.dumps({"url": url, **wanted})
        command = [sys.executable, str(HERE / "outage_client.py"), arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        with urlopen(url) as reply:
            counted = json.load(reply)
    if ended.returncode:
        return {"missing": (ended.stderr.strip().splitlines() or ["it broke off"])[-1]}
    return {**json.loads(ended.stdout), "panel": counted}


def _away(how: str) -> Found:
    return {"how": how, "start": START, "end": START + LENGTH}


def _full_again(times: list[float]) -> float:
    """Seconds from its return until nine tenths of the speed before the outage."""
    back = START + LENGTH
    before = sum(START - 2 * _WINDOW <= at < START - _WINDOW for at in times)
    after = [at for at in times if at >= back]
    for at in after:
        if sum(at <= other < at + _WINDOW for other in after) >= 0.9 * before:
            return at - back
    return float("inf")


# --- the questions ------------------------------------------------------------------------------------


def polls() -> list[Row]:
    """60,000 ids; the panel is away from 0.5 to 5.5 s."""
    return [
        row
        for how in HOW
        for engine in ENGINES
        for row in _poll(f"{how}, {engine} engine", run(_away(how), what="poll", ids=POLLED, engine=engine))
    ]


def _poll(name: str, found: Found) -> list[Row]:
    if "missing" in found:
        return [skipped(name, found["missing"])]
    ok = found["panel"]["ok"]
    return [
        alone(f"ids that failed, {name}", found["failed"], "", ("<=", 0)),
        alone(f"requests that were lost, {name}", found["sent"] - len(ok), "", ("<=", SLOTS + 12)),
        alone(f"at full speed after its return, {name}", _full_again(ok), "s", ("<=", 3.0)),
    ]


def orders() -> list[Row]:
    """600 orders through a journal; the panel is away from 0.5 to 5.5 s."""
    return [
        row
        for how in HOW
        for engine in ENGINES
        for row in _orders(
            f"{how}, {engine} engine", run(_away(how), what="place", orders=ORDERS, engine=engine), SLOTS
        )
    ]


def _orders(name: str, found: Found, most_unknown: int) -> list[Row]:
    if "missing" in found:
        return [skipped(name, found["missing"])]
    entries, bought = found["entries"], found["panel"]["bought"]
    states = [state for state, _ in entries.values()]
    ids = {link: number for number, link in enumerate(bought, 1)}
    placed = {link: number for link, (state, number) in entries.items() if state == "placed"}
    wrong = sum(ids.get(link) != number for link, number in placed.items())
    wrong += sum(entries[link][0] not in {"placed", "unknown"} for link in bought)
    return [
        alone(f"orders that are unknown, {name}", states.count("unknown"), "", ("<=", most_unknown)),
        alone(f"orders that were not sent, {name}", states.count("refused"), "", ("<=", 0)),
        alone(f"orders that were bought twice, {name}", len(bought) - len(ids), "", ("<=", 0)),
        alone(f"where journal and panel disagree, {name}", wrong, "", ("<=", 0)),
    ]


def limits() -> list[Row]:
    """A web server that lets 10 requests a second through, and 5 more at once; the others get a 503."""
    with ThreadPoolExecutor() as pool:  # they mostly wait
        return [row for rows in pool.map(_limit, ENGINES) for row in rows]


def _limit(engine: str) -> list[Row]:
    panel = {"rate": RATE, "burst": BURST}
    name = f"{engine} engine"
    found = run(panel, what="poll", ids=LIMITED_IDS, engine=engine)
    if "missing" in found:
        return [skipped(name, found["missing"])]
    told = found["panel"]
    late = [at for at in told["ok"] if at >= 10.0]  # noqa: PLR2004 - seconds
    used = (len(late) - 1) / (RATE * (late[-1] - late[0]))
    refused = len(told["limited"]) / (len(told["limited"]) + len(told["ok"]))
    placed = run(panel, what="place", orders=LIMITED_ORDERS, engine=engine)
    return [
        alone(f"of 20,000 ids failed, {name}", found["failed"], "", ("<=", 0)),
        alone(f"share of the limit used after 10 s, {name}", used, "%", (">=", 0.9)),
        alone(f"share of requests that got a 503, {name}", refused, "%"),
        *_orders(f"of 300, {name}", placed, 3 * SLOTS),
    ]


def forever() -> list[Row]:
    """60,000 ids; the panel is away from 0.5 s on, and does not come back."""
    return [row for engine in ENGINES for row in _forever(engine)]


def _forever(engine: str) -> list[Row]:
    name = f"{engine} engine"
    panel = {"how": "502", "start": START, "end": 1e6}
    found = run(panel, what="poll", ids=POLLED, engine=engine, later=LATER)
    if "missing" in found:
        return [skipped(name, found["missing"])]
    told = sum(count for error, count in found["errors"].items() if "has not answered for" in error)
    lost = sum(1.0 <= at < 61.0 for at in found["panel"]["away"])  # noqa: PLR2004 - after the first flight
    return [
        alone(f"all ids have ended after, {name}", found["wall"] - START, "s", ("<=", DEADLINE + 2)),
        alone(f"ids that failed without being told so, {name}", found["failed"] - told, "", ("<=", 0)),
        alone(f"requests in a minute, {name}", lost, "", ("<=", 40)),
        alone(f"{LATER} calls after that take, {name}", found["later"], "s", ("<=", 0.5)),
    ]


QUESTIONS: dict[str, Callable[[], list[Row]]] = {
    "polls": polls,
    "orders": orders,
    "limits": limits,
    "forever": forever,
}


# --- the chart ----------------------------------------------------------------------------------------


def _draw(file: Path) -> None:
    lines = {}
    for name, breaker in (("with the circuit breaker", True), ("without it", False)):
        more = {"slots": CONNECTIONS, "breaker": breaker}
        found = run(_away("502"), what="poll", ids=CHARTED, engine="fast", **more)
        course = {int(place): count for place, count in found["course"].items()}
        times = range(max(course) + 2)
        steps = [(place / BINS, _smooth(course, place) * BINS) for place in times]
        lost = found["sent"] - len(found["panel"]["ok"])
        lines[f"{name}: {lost:,} requests lost, {found['failed']:,} of {CHARTED:,} ids failed"] = steps
    title = f"Ids a second; the panel answers 502 for {LENGTH:g} s"
    file.write_text(chart.over_time(title, lines, (START, START + LENGTH)), encoding="utf-8")
    print("\n".join(lines))


def _smooth(course: dict[int, int], place: int) -> float:
    """The mean of three tenths of a second."""
    return sum(course.get(near, 0) for near in (place - 1, place, place + 1)) / 3


def main() -> None:
    """Ask, and print a table for each question."""
    parser = argparse.ArgumentParser(description="What an outage costs.")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar=",".join(QUESTIONS))
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw a poll through an outage, as SVG")
    wanted = parser.parse_args()
    for name in wanted.only or ([] if wanted.chart else QUESTIONS):
        print(f"\n{QUESTIONS[name].__doc__}", flush=True)
        print(printed(QUESTIONS[name]()), flush=True)
    if wanted.chart:
        _draw(wanted.chart)


if __name__ == "__main__":
    main()
