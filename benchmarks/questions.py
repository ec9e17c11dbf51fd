"""What polling, importing, reading and placing cost: the questions that are asked of the library.

A question measures and gives the rows of its table. Those about limits are in `rates.py`.
"""

import statistics
from collections.abc import Callable, Sequence

import reading
from contestants import ALL, BATCH, CONNECTIONS, IN_A_LOOP
from runs import Bench, Measured, column, import_time
from tables import Goal, Row, alone, compared, skipped

OURS = "default engine"
FAST = "fast engine"
TYPED = "aiohttp, typed"
TRACED = {f"{OURS}, OpenTelemetry", f"{FAST}, OpenTelemetry"}
FLOOR = "raw sockets, typed"
LOOP = "requests in a loop"
LATENCY = 50
_FEW = 10_000
_MANY = 20_000
_SHORT = 10
_DEPENDENCIES = "attrs, cattrs, httpx, msgspec, tenacity"
Rounds = dict[str, list[Measured]]


def _polled(bench: Bench) -> Rounds:
    """All contestants without latency, once for all questions about CPU."""
    if "polled" not in bench.kept:
        who = (
            [name for name in ALL if name not in TRACED]
            if bench.scale.everybody
            else [OURS, FAST, FLOOR, TYPED]
        )
        bench.kept["polled"] = bench.polls(who, bench.scale.rounds, bench.scale.ids)
    return bench.kept["polled"]


def _late(bench: Bench) -> Rounds:
    """Those who hold many connections, at 50 ms."""
    if "late" not in bench.kept:
        who = [OURS, FAST, FLOOR, TYPED]
        bench.kept["late"] = bench.polls(who, bench.scale.late_rounds, bench.scale.late_ids, LATENCY)
    return bench.kept["late"]


def _beside(  # noqa: PLR0913, PLR0917 - the parts of a row
    bench: Bench, found: Rounds, figure: str, names: tuple[str, str], unit: str, goal: Goal | None = None
) -> Row:
    """One contestant's figure beside another's."""
    told = {"per_id": "CPU per id", "wall": "wall time", "peak": "peak memory"}[figure]
    measure = f"{told}, {names[0]} beside {names[1]}"
    for name in names:
        if name not in found:
            return skipped(measure, bench.missing[name], goal=goal)
    ours, beside = (column(found[name], figure) for name in names)
    return compared(measure, ours, beside, unit, goal)


def cpu_default(bench: Bench) -> list[Row]:
    """1. The default engine's CPU beside everybody else's."""
    found = _polled(bench)
    missing = [name for name in bench.missing if name != FAST]
    others = [name for name in ALL if name in {*found, *missing} - {OURS, FAST, TYPED, *TRACED}]
    first = _beside(bench, found, "per_id", (OURS, TYPED), "us", ("<=", 2.0))
    return [first, *(_beside(bench, found, "per_id", (OURS, name), "us") for name in others)]


def cpu_fast(bench: Bench) -> list[Row]:
    """2. The fast engine's CPU beside aiohttp with the same records."""
    return [_beside(bench, _polled(bench), "per_id", (FAST, TYPED), "us", ("<=", 1.15))]


def cpu_floor(bench: Bench) -> list[Row]:
    """3. The fast engine's CPU beside the least that can be done."""
    return [_beside(bench, _polled(bench), "per_id", (FAST, FLOOR), "us", ("<=", 2.4))]


def wall(bench: Bench) -> list[Row]:
    """4. The time at 50 ms of latency over 20 connections."""
    found = _late(bench)
    rows = [_beside(bench, found, "wall", (name, TYPED), "s", ("<=", 1.05)) for name in (OURS, FAST)]
    rounds = -(-bench.scale.late_ids // (BATCH * CONNECTIONS))
    ideal = rounds * LATENCY / 1000
    for name in found:
        walls = column(found[name], "wall")
        rows.append(compared(f"wall time, {name} beside the ideal", walls, [ideal] * len(walls), "s"))
    return rows


def loop(bench: Bench) -> list[Row]:
    """5. How many times faster than requests in a loop, at 50 ms."""
    found = bench.polls([OURS, FAST, LOOP], bench.scale.late_rounds, bench.scale.loop_ids, LATENCY)
    rows = []
    for name in (OURS, FAST):
        row = _beside(bench, found, "wall", (LOOP, name), "s", (">=", 16))
        rows.append(_turned(row, f"times faster, {name} than {LOOP}"))
    return rows


def _turned(row: Row, measure: str) -> Row:
    """The same with what is ours in its column; the ratio still says how many times faster."""
    return Row(measure, row.beside, row.ours, row.ratio, row.unit, row.goal, row.skipped)


def _long(bench: Bench) -> tuple[Rounds, Rounds]:
    """Our engines with few ids and with many, in turns."""
    if "long" not in bench.kept:
        few: Rounds = {}
        many: Rounds = {}
        for _ in range(bench.scale.long_rounds):
            for ids, all_found in ((_FEW, few), (bench.scale.long_ids, many)):
                for name, told in bench.polls([OURS, FAST], 1, ids).items():
                    all_found.setdefault(name, []).extend(told)
        bench.kept["long"] = few, many
    return bench.kept["long"]


def memory(bench: Bench) -> list[Row]:
    """6. The memory that a long stream takes after its first tenth."""
    _, found = _long(bench)
    goal: Goal = ("<=", 20.0)
    rows = []
    for name in (OURS, FAST):
        measure = f"growth after the first tenth of {bench.scale.long_ids:,} ids, {name}"
        if name in found:
            growth = statistics.median(column(found[name], "growth_after_tenth"))
            rows.append(alone(measure, growth, "MiB", goal))
        else:
            rows.append(skipped(measure, bench.missing[name], "MiB", goal))
    return rows


def scaling(bench: Bench) -> list[Row]:
    """7. Does an id cost the same however many there are?"""
    few, many = _long(bench)
    goal: Goal = ("<=", 1.1)
    rows = []
    for name in (OURS, FAST):
        measure = f"CPU per id, {bench.scale.long_ids:,} ids beside {_FEW:,}, {name}"
        if name in many and name in few:
            sides = column(many[name], "per_id"), column(few[name], "per_id")
            rows.append(compared(measure, *sides, "us", goal))
        else:
            rows.append(skipped(measure, bench.missing[name], goal=goal))
    return rows


def _repeated(rounds: int, measure: Sequence[Callable[[], Measured]]) -> list[list[Measured]] | str:
    """Several measurements in turns, by measurement; or why one of them cannot be made."""
    found: list[list[Measured]] = [[] for _ in measure]
    for _ in range(rounds):
        for place, one in enumerate(measure):
            told = one()
            if "missing" in told:
                return str(told["missing"])
            found[place].append(told)
    return found


def singles(bench: Bench) -> list[Row]:
    """8. Single calls that travel together."""
    ids = bench.scale.singles
    rows = []
    for engine in ("default", "fast"):
        measure = f"CPU per call, {ids:,} calls of status at once, {engine} engine"
        goal: Goal = ("<=", 60e-6)
        found = _repeated(
            bench.scale.late_rounds,
            [lambda engine=engine: bench.measure("singles", engine=engine, url=bench.panel(), ids=ids)],
        )
        if isinstance(found, str):
            rows.append(skipped(measure, found, "us", goal))
        else:
            rows.append(alone(measure, statistics.median(column(found[0], "cpu")) / ids, "us", goal))
    return rows


def imports(bench: Bench) -> list[Row]:
    """12. How long the import takes, beside that of its dependencies."""
    for modules in ("agencia_async", _DEPENDENCIES):
        import_time(modules)  # compiles them
    rounds = [(import_time("agencia_async"), import_time(_DEPENDENCIES)) for _ in range(bench.scale.imports)]
    ours, beside = zip(*rounds, strict=True)
    return [compared("time of the import, beside its dependencies", ours, beside, "ms", ("<=", 1.25))]


def catalogue(bench: Bench) -> list[Row]:
    """13. For how long the event loop stands still while 10,000 services are read."""
    who = (OURS, FAST, "aiohttp")
    found: Rounds = {}
    reasons = {}
    for _ in range(bench.scale.late_rounds):
        for name in who:
            told = bench.measure("catalogue", who=name, url=bench.panel())
            if "missing" in told:
                reasons[name] = told["missing"]
            else:
                found.setdefault(name, []).append(told)
    rows = []
    for name in who:
        goal: Goal | None = None if name == "aiohttp" else ("<=", 0.015)
        measure = f"the loop is held, {name}"
        if name not in found:
            rows.append(skipped(measure, reasons[name], "ms", goal))
            continue
        rows.append(alone(measure, statistics.median(column(found[name], "held")), "ms", goal))
        rows.append(alone(f"wall time, {name}", statistics.median(column(found[name], "wall")), "ms"))
    return rows


def journal(bench: Bench) -> list[Row]:
    """14. What the journal adds to an order."""
    rows = []
    goal: Goal = ("<=", 0.005)
    for at_once, orders, figure, told in (
        (1, bench.scale.orders // 4, "median", "the median call, one at a time"),
        (50, bench.scale.orders, "wall", "wall time per order, 50 at once"),
    ):
        measure = f"added by the journal, {told}"
        found = _repeated(
            bench.scale.late_rounds,
            [
                lambda at_once=at_once, orders=orders, kept=kept: bench.measure(
                    "place", url=bench.panel(), orders=orders, at_once=at_once, journal=kept
                )
                for kept in (True, False)
            ],
        )
        if isinstance(found, str):
            rows.append(skipped(measure, found, "ms", goal))
            continue
        share = orders if figure == "wall" else 1
        ours, beside = ([value / share for value in column(side, figure)] for side in found)
        rows.append(compared(f"with the journal beside without, {told}", ours, beside, "ms"))
        added = statistics.median(mine - other for mine, other in zip(ours, beside, strict=True))
        rows.append(alone(measure, added, "ms", goal))
    return rows


def odd_replies(bench: Bench) -> list[Row]:
    """15. Reading a batch that is not plain, beside one that is."""
    rounds = bench.scale.rounds
    return [
        *reading.compare(reading.odd(), reading.ODD, rounds),
        *reading.compare(reading.dialects(), reading.DIALECT, rounds),
    ]


def no_batches(bench: Bench) -> list[Row]:
    """16. A panel that takes one id in a request: 20,000 ids over 20 connections, at 10 ms."""
    rows = []
    for name in (OURS, FAST):
        url = bench.panel(latency=_SHORT, batches="none")
        told = bench.measure("poll", who=name, url=url, ids=_MANY)
        measure = f"requests in flight at once, {name}"
        if "missing" in told:
            rows.append(skipped(measure, told["missing"], goal=(">=", CONNECTIONS)))
            continue
        counted = bench.counted(url)
        ideal = _MANY * _SHORT / 1000 / CONNECTIONS
        rows += [
            alone(measure, counted["peak"], "", (">=", CONNECTIONS)),
            alone(f"requests for each id, {name}", counted["requests"] / _MANY, "", ("<=", 1.01)),
            compared(f"wall time beside the ideal, {name}", [told["wall"]], [ideal], "s"),
        ]
    return rows


def telemetry(bench: Bench) -> list[Row]:
    """17. The CPU of a poll with an OpenTelemetry hook, beside one without."""
    pairs = [(f"{name}, OpenTelemetry", name) for name in (OURS, FAST)]
    found = bench.polls([name for pair in pairs for name in pair], bench.scale.rounds, bench.scale.ids)
    return [
        _beside(bench, found, "per_id", pair, "us", ("<=", 1.15) if pair[1] == OURS else None)
        for pair in pairs
    ]


def sizes(bench: Bench) -> Rounds:
    """Time and memory of all contestants by the number of ids, at 50 ms."""
    found: Rounds = {}
    for ids in bench.scale.sizes:
        everybody = [name for name in ALL if name not in TRACED]
        who = [name for name in everybody if name not in IN_A_LOOP or ids <= bench.scale.longest_loop]
        for name, told in bench.polls(who, 1, ids, LATENCY).items():
            found.setdefault(name, []).extend({**one, "ids": ids} for one in told)
    return found
