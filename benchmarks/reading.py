"""What it costs to read the reply to a batch of 100 statuses, whatever a panel makes of it.

    python benchmarks/reading.py [OTHER_CHECKOUT]

Each form of the reply stands beside a plain one, read in turns with it in the same process. With another
checkout, the plain reply is read there as well, in a process of its own.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tables import Goal, Row, compared, printed

HERE = Path(__file__).parent.parent
ROUNDS = 15
READS = 30
IDS = [str(number) for number in range(23_501, 23_601)]
STATES = ("Pending", "Processing", "In progress", "Completed", "Partial", "Canceled")
FORM = {"action": "status", "orders": ",".join(IDS)}
WRONG = {"error": "Incorrect order ID"}
ODD: Goal = ("<=", 2.0)
DIALECT: Goal = ("<=", 3.0)
Rows = dict[str, dict[str, object]]


def _status(number: int) -> dict[str, object]:
    return {
        "charge": f"{0.27819 + number / 1000:.5f}",
        "start_count": str(3572 + 13 * number),
        "status": STATES[number % len(STATES)],
        "remains": str(157 + number),
        "currency": "USD",
    }


PLAIN: Rows = {wire_id: _status(number) for number, wire_id in enumerate(IDS)}


def _changed(change: Callable[[str, dict[str, object]], dict[str, object]]) -> bytes:
    return json.dumps({wire_id: change(wire_id, row) for wire_id, row in PLAIN.items()}).encode()


def odd() -> Mapping[str, bytes]:
    """Replies with what real panels do: fields of their own, in an order of their own, wrong ids, gaps."""
    return {
        "an unknown field in each row": _changed(lambda _, row: {**row, "service": "17"}),
        "three unknown fields": _changed(lambda i, row: {"order": i, **row, "link": f"x{i}", "runs_at": ""}),
        "another order of the fields": _changed(lambda _, row: dict(reversed(row.items()))),
        "one wrong id": _changed(lambda i, row: WRONG if i == IDS[50] else row),
        "an unknown field and five wrong ids": _changed(
            lambda i, row: WRONG if i in IDS[::20] else {**row, "service": "17"}
        ),
        "an empty text in a third of the rows": _changed(
            lambda i, row: {**row, "start_count": "" if i in IDS[::3] else row["start_count"]}
        ),
    }


def dialects() -> Mapping[str, bytes]:
    """The same batch in each dialect of the sandbox."""
    from agencia_async.sandbox.dialects import DIALECTS

    return {
        f"dialect {name}": dialect.encodes(dialect.transforms(FORM, PLAIN))
        for name, dialect in DIALECTS.items()
    }


def reader() -> Callable[[bytes], object]:
    """What turns a body into records, in whichever checkout is imported."""
    try:
        from agencia_async._protocol.actions import STATUS
        from agencia_async._protocol.refusals import Refusals
        from agencia_async._protocol.reply import Reply, decipher
    except ImportError:  # a checkout whose modules lay side by side
        from agencia_async._refusals import Refusals  # type: ignore[import-not-found, no-redef]
        from agencia_async._reply import Reply, decipher  # type: ignore[import-not-found, no-redef]

        from agencia_async._protocol import STATUS  # type: ignore[attr-defined, no-redef]
    call, refusals = STATUS.batch(IDS), Refusals()
    return lambda body: decipher(call.reader, Reply(200, {}, body), refusals)


def seconds(read: Callable[[bytes], object], body: bytes) -> float:
    """The least time of several reads."""
    best = float("inf")
    for _ in range(READS):
        began = time.perf_counter()
        read(body)
        best = min(best, time.perf_counter() - began)
    return best / len(IDS)


def compare(bodies: Mapping[str, bytes], goal: Goal, rounds: int = ROUNDS) -> list[Row]:
    """Each body beside the plain one, in turns."""
    read, plain = reader(), json.dumps(PLAIN).encode()
    rows = []
    for name, body in bodies.items():
        if len(read(body)) != len(IDS):  # type: ignore[arg-type]
            raise SystemExit(f"{name}: not all ids were answered")
        pairs = [(seconds(read, body), seconds(read, plain)) for _ in range(rounds)]
        ours, beside = zip(*pairs, strict=True)
        rows.append(compared(name, ours, beside, "us", goal))
    return rows


def _run(checkout: Path) -> float:
    """Seconds for an id of the plain reply, in a process that imports from a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, __file__, "--one"]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure in turns, and print medians and their ratio."""
    if sys.argv[1:] == ["--one"]:
        print(seconds(reader(), json.dumps(PLAIN).encode()))
        return
    rows = [*compare(odd(), ODD), *compare(dialects(), DIALECT)]
    for other in map(Path, sys.argv[1:2]):
        ours, beside = zip(*[(_run(HERE), _run(other)) for _ in range(ROUNDS)], strict=True)
        rows.append(compared(f"plain, beside {other.resolve()}", ours, beside, "us"))
    print(printed(rows))
    print(f"   CPU per id; the plain reply beside it; the median of {ROUNDS} rounds")


if __name__ == "__main__":
    main()
