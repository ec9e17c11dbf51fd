"""Asks the questions and prints a table for each.

    python benchmarks/bench.py [--quick | --full] [--only 1,4,9] [--json FILE] [--chart FILE]

A default run takes some ten minutes, a quick one less than one, and a full one goes to a million ids.
Leave the machine alone meanwhile: even the ratios feel what else runs.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import chart
import questions
import rates
from runs import DEFAULT, FULL, QUICK, Bench, Measured
from tables import Row, printed, table

QUESTIONS: dict[int, Callable[[Bench], list[Row]]] = {
    1: questions.cpu_default,
    2: questions.cpu_fast,
    3: questions.cpu_floor,
    4: questions.wall,
    5: questions.loop,
    6: questions.memory,
    7: questions.scaling,
    8: questions.singles,
    9: rates.told,
    10: rates.hidden,
    11: rates.shared,
    12: questions.imports,
    13: questions.catalogue,
    14: questions.journal,
    15: questions.odd_replies,
    16: questions.no_batches,
    17: questions.telemetry,
}
SIZES = 0
_PACKAGES = (
    *("agencia-async", "aiohttp", "anyio", "attrs", "babismm", "cattrs", "httpcore", "httpx", "msgspec"),
    *("opentelemetry-sdk", "py-socproof", "redis", "requests", "safesmm", "smmpy", "tenacity"),
)
Sizes = dict[str, list[Measured]]


def _numbers(text: str) -> list[int]:
    found = [int(number) for number in text.split(",")]
    unknown = [number for number in found if number not in {SIZES, *QUESTIONS}]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no question {unknown[0]}")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="What the client costs, beside other ways to do the same.")
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument("--quick", dest="scale", action="store_const", const=QUICK, help="less than a minute")
    scale.add_argument("--full", dest="scale", action="store_const", const=FULL, help="up to a million ids")
    parser.add_argument("--only", type=_numbers, metavar="1,4,9", help="these questions; 0 is that by sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw time and memory by sizes, as SVG")
    return parser.parse_args()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _surroundings() -> dict[str, object]:
    """What the figures depend on."""
    return {
        "when": time.strftime("%Y-%m-%d %H:%M:%S%z"),
        "python": sys.version,
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "versions": {package: _version(package) for package in _PACKAGES},
    }


def _title(question: Callable[[Bench], list[Row]]) -> str:
    return (question.__doc__ or "").strip()


def _ask(bench: Bench, number: int) -> dict[str, object]:
    """Ask one question and print its table."""
    question = QUESTIONS[number]
    print(f"\n{_title(question)}", flush=True)
    began = time.monotonic()
    rows = question(bench)
    print(f"{printed(rows)}\n   ({time.monotonic() - began:.0f} s)", flush=True)
    told = [
        {
            **{name: getattr(row, name) for name in ("measure", "ours", "beside", "ratio", "unit", "goal")},
            "held": row.held,
            "skipped": row.skipped,
        }
        for row in rows
    ]
    return {"question": number, "title": _title(question), "rows": told}


def _by_sizes(bench: Bench) -> Sizes:
    """Measure all contestants with several numbers of ids, and print the table."""
    print("\n0. Time and memory by the number of ids, at 50 ms", flush=True)
    found = questions.sizes(bench)
    lines = [
        [
            name,
            f"{told['ids']:,}",
            f"{told['wall']:.2f} s",
            f"{told['per_id'] * 1e6:.1f} us",
            f"{told['peak']:.1f} MiB",
            f"{told['requests']:,}",
        ]
        for name, rounds in found.items()
        for told in rounds
    ]
    print(table(("contestant", "ids", "wall", "CPU per id", "peak", "requests"), lines), flush=True)
    return found


_CHARTED = {
    "default engine": "status_iter",
    "default engine, status_many": "status_many",
    "httpx and gather": "httpx and gather",
    "py-socproof": "py-socproof",
    "requests in a loop": "requests in a loop",
}
"""The contestants of the chart, and their names in it; the table has them all."""


def _draw(file: Path, found: Sizes) -> None:
    diagrams = {
        title: {
            name: [(told["ids"], told[figure]) for told in found[contestant]]
            for contestant, name in _CHARTED.items()
            if contestant in found
        }
        for title, figure in (("Time, seconds", "wall"), ("Peak memory, MiB", "peak"))
    }
    title = "Polling orders at a latency of 50 ms, in batches of 100"
    file.write_text(chart.by_size(title, diagrams), encoding="utf-8")


def _summary(asked: Sequence[dict[str, object]]) -> str:
    rows = [row for question in asked for row in question["rows"]]  # type: ignore[attr-defined]
    held, missed = (sum(row["held"] is kind for row in rows) for kind in (True, False))
    left_out = sum(bool(row["skipped"]) for row in rows)
    return f"{held} goals held, {missed} missed; {left_out} rows skipped"


def main() -> None:
    """Ask the questions."""
    wanted = _arguments()
    scale = wanted.scale or DEFAULT
    numbers = wanted.only or [*([] if scale is QUICK else [SIZES]), *QUESTIONS]
    began, surroundings = time.monotonic(), _surroundings()
    print(f"{os.cpu_count()} cores, of which {os.getloadavg()[0]:.1f} were at work in the last minute")
    with Bench(scale) as bench:
        by_sizes = _by_sizes(bench) if SIZES in numbers or wanted.chart else {}
        asked = [_ask(bench, number) for number in numbers if number != SIZES]
        measured = {name: bench.kept[name] for name in bench.kept}
    print(f"\n{_summary(asked)}; {time.monotonic() - began:.0f} s")
    if wanted.chart:
        _draw(wanted.chart, by_sizes)
    if wanted.json:
        told = {**surroundings, "questions": asked, "sizes": by_sizes, "measured": measured}
        wanted.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
